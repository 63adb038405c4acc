"""Which parts of Cytomine's web page are shown: to whom on the whole, and to managers and contributors in a project.

What a project says is kept as a property of it, as Cytomine keeps it. It hides what people see; it takes no right away.
"""

from typing import Annotated, Any

from pydantic import BaseModel, Field, RootModel, ValidationError
from sqlalchemy import select
from sqlalchemy.orm import Session
from starlette.responses import Response

from atrisys.access.caller import Caller
from atrisys.access.require import is_manager, require_manager
from atrisys.actions import history
from atrisys.store.tables import Project, Property
from atrisys.store.tables.metadata import about
from atrisys.wire.asking import CurrentUser, Db, Find
from atrisys.wire.bodies import JsonBody, body_schema, read_one
from atrisys.wire.dialect import Json
from atrisys.wire.routes import Routes

routes = Routes(tags=["custom UI"])

PROPERTY = "@CUSTOM_UI_PROJECT"
EVERYBODY = ("dashboard", "project", "activity", "help")
USERS = ("ontology", "storage", "feedback", "explore")
ADMINISTRATORS = ("admin",)
NOBODY = ("search", "software")
"""Parts that have nothing behind them here."""

PARTS = {
    "project": "images-tab annotations-tab jobs-tab activities-tab information-tab configuration-tab report-tab "
    "annotations-term-piegraph annotations-term-bargraph annotations-users-graph annotated-slides-term-graph "
    "annotated-slides-users-graph annotation-graph users-global-activities-graph users-heatmap-graph",
    "project-explore": "image-overview image-description image-tags image-tracks image-properties "
    "image-attached-files image-slide-preview image-original-filename image-metadata image-layers hide-tools overview "
    "info digital-zoom link color-manipulation ontology review job property follow guided-tour slide-label "
    "annotation-main annotation-geometry-info annotation-info annotation-comments annotation-preview "
    "annotation-properties annotation-description annotation-panel annotation-terms annotation-tags "
    "annotation-attached-files annotation-creation-info annotation-tracks",
    "project-tools": "main select point line freehand-line arrow rectangle diamond circle polygon freehand-polygon "
    "magic freehand union diff fill rule edit resize rotate move delete screenshot copy-paste undo-redo",
}
"""The parts of a project's pages, by what their names begin with."""
FOR_MANAGERS = ("project-activities-tab", "project-configuration-tab")
FOR_NOBODY = ("project-jobs-tab",)


class Shown(BaseModel):
    """To whom a part is shown."""

    ADMIN_PROJECT: bool
    CONTRIBUTOR_PROJECT: bool


Part = Annotated[str, Field(pattern=r"^[\w-]{1,64}$")]


class Parts(RootModel[Annotated[dict[Part, Shown], Field(max_length=500)]]):
    """The parts of a project's pages by name."""


def _usual() -> dict[str, Shown]:
    names = [f"{before}-{name}" for before, several in PARTS.items() for name in several.split()]
    return {
        name: Shown(ADMIN_PROJECT=name not in FOR_NOBODY, CONTRIBUTOR_PROJECT=name not in (*FOR_NOBODY, *FOR_MANAGERS))
        for name in names
    }


@routes.get("/custom-ui/config.json")
@routes.get("/api/custom-ui/config.json")
def show_parts(db: Db, user: CurrentUser, find: Find, project: int = 0) -> Response:
    """Which parts the caller is shown, with those of a `project` where one is named."""
    shown = {
        **dict.fromkeys(EVERYBODY, True),
        **dict.fromkeys(USERS, user.is_user),
        **dict.fromkeys(ADMINISTRATORS, user.is_admin),
        **dict.fromkeys(NOBODY, False),
    }
    if project:
        row = find.other(Project, project)
        word = "ADMIN_PROJECT" if is_manager(db, user, row.id) else "CONTRIBUTOR_PROJECT"
        shown |= {name: getattr(part, word) for name, part in _parts(db, row).items()}
    return Json(shown)


@routes.get("/custom-ui/project/{project:int}.json")
@routes.get("/api/custom-ui/project/{project:int}.json")
def show_parts_of_project(project: int, db: Db, find: Find) -> Response:
    """To whom each part of a project's pages is shown."""
    return _answer(_parts(db, find.other(Project, project)))


@routes.post("/custom-ui/project/{project:int}.json", openapi_extra=body_schema(Parts))
@routes.post("/api/custom-ui/project/{project:int}.json", openapi_extra=body_schema(Parts))
def set_parts_of_project(project: int, body: JsonBody, db: Db, user: CurrentUser, find: Find) -> Response:
    """Say to whom each part is shown; managers do. Parts that are not named are shown as usual."""
    row = find.other(Project, project)
    require_manager(db, user, row)
    _keep(db, user, row, read_one(Parts, body))
    return _answer(_parts(db, row))


def _keep(db: Session, user: Caller, project: Project, parts: Parts) -> None:
    value, kept = parts.model_dump_json(), _kept(db, project)
    if kept is None:
        history.add(db, user, Property(**about(project), key=PROPERTY, value=value))
    else:
        history.edit(db, user, kept, value=value)


def _kept(db: Session, project: Project) -> Property | None:
    said = select(Property).where(Property.domain_ident == project.id, Property.key == PROPERTY)
    return db.scalar(said.order_by(Property.id.desc()).limit(1))


def _parts(db: Session, project: Project) -> dict[str, Shown]:
    """As usual where nothing is kept, or what somebody made of the property cannot be read."""
    kept = _kept(db, project)
    try:
        own = Parts.model_validate_json(kept.value).root if kept else {}
    except ValidationError:
        own = {}
    return _usual() | own


def _answer(parts: dict[str, Shown]) -> Response:
    answer: dict[str, Any] = {name: part.model_dump() for name, part in parts.items()}
    return Json(answer)
