"""Default layers: whose annotations are shown to whoever opens an image of a project."""

from sqlalchemy import select
from sqlalchemy.orm import Session
from starlette.responses import Response

from atrisys.access.caller import Caller
from atrisys.access.require import require_manager
from atrisys.actions import history
from atrisys.actions.edit_members import find_member
from atrisys.errors import NotFound
from atrisys.store.tables import Project, ProjectDefaultLayer
from atrisys.wire.answers import saved
from atrisys.wire.asking import CurrentUser, Db, Find, Finder, PageQuery, shown
from atrisys.wire.bodies import JsonBody, body_schema, read_changes, read_one
from atrisys.wire.fields import Fields, Model, show
from atrisys.wire.routes import Routes

routes = Routes(tags=["default layer"])


class DefaultLayerIn(Fields):
    user_id: int
    hide_by_default: bool = False


class DefaultLayerEdit(Fields):
    hide_by_default: bool | None = None


class DefaultLayerOut(Model, of=ProjectDefaultLayer):
    project_id: int
    user_id: int
    hide_by_default: bool


@routes.get("/api/project/{id:int}/defaultlayer.json")
def list_layers(id: int, db: Db, find: Find, page: PageQuery) -> Response:
    """The default layers of a project."""
    query = select(ProjectDefaultLayer).where(ProjectDefaultLayer.project_id == find(Project, id).id)
    return page.of(db, query, DefaultLayerOut, ProjectDefaultLayer.id)


@routes.get("/api/project/{id:int}/defaultlayer/{layer:int}.json")
def show_layer(id: int, layer: int, db: Db, find: Find) -> Response:
    """One default layer."""
    return shown(db, _layer(find, find.other(Project, id), layer))


@routes.post("/api/project/{id:int}/defaultlayer.json", openapi_extra=body_schema(DefaultLayerIn))
def add_layer(id: int, body: JsonBody, db: Db, user: CurrentUser, find: Find) -> Response:
    """Make a member's layer a default one; managers do."""
    fields, project = read_one(DefaultLayerIn, body), _managed(db, user, find, id)
    member = find_member(db, project, fields.user_id)
    row = ProjectDefaultLayer(project_id=project.id, user_id=member.user_id, hide_by_default=fields.hide_by_default)
    return saved(db, "added", history.add(db, user, row))


@routes.put("/api/project/{id:int}/defaultlayer/{layer:int}.json", openapi_extra=body_schema(DefaultLayerEdit))
def edit_layer(id: int, layer: int, body: JsonBody, db: Db, user: CurrentUser, find: Find) -> Response:
    """Say whether a default layer is hidden at first; managers do."""
    row = _layer(find, _managed(db, user, find, id), layer)
    return saved(db, "edited", history.edit(db, user, row, **read_changes(DefaultLayerEdit, body)))


@routes.delete("/api/project/{id:int}/defaultlayer/{layer:int}.json")
def remove_layer(id: int, layer: int, db: Db, user: CurrentUser, find: Find) -> Response:
    """Make a layer one like others again; managers do."""
    row = _layer(find, _managed(db, user, find, id), layer)
    wire = show(db, row)
    return saved(db, "deleted", history.delete(db, user, row), wire)


def _managed(db: Session, user: Caller, find: Finder, id: int) -> Project:
    project = find.other(Project, id)
    require_manager(db, user, project)
    return project


def _layer(find: Finder, project: Project, id: int) -> ProjectDefaultLayer:
    row = find(ProjectDefaultLayer, id)
    if row.project_id != project.id:
        raise NotFound("{kind} {id} was not found.", kind="ProjectDefaultLayer", id=id)
    return row
