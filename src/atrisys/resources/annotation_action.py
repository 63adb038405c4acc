"""What people do with annotations (select them, open them): told by viewers, for managers."""

from typing import Annotated, Any

from pydantic import Field
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from starlette.responses import Response

from atrisys.access.caller import Caller
from atrisys.access.visible import get_row, visible
from atrisys.actions.record_activity import record_action
from atrisys.store.by_ids import pairs_for
from atrisys.store.tables import AnnotationAction, ImageInstance, Project, SecUser, SliceInstance, UserAnnotation
from atrisys.wire.activity import Between, Dates, Moments, in_project
from atrisys.wire.asking import CurrentUser, Db, Find, Finder, PageQuery, Paging
from atrisys.wire.bodies import JsonBody, body_schema, read_one
from atrisys.wire.dialect import Json
from atrisys.wire.fields import Fields, Model
from atrisys.wire.routes import Routes

routes = Routes(tags=["user activity"])

Row = AnnotationAction


class ActionIn(Fields):
    annotation_ident: int
    action: Annotated[str, Field(min_length=1, max_length=255)]


class ActionOut(Model):
    user_id: int
    image_id: int
    slice_id: int
    project_id: int | None
    action: str
    annotation_ident: int
    annotation_class_name: str
    annotation_creator_id: int


def _show(db: Session, rows: list[Row]) -> list[dict[str, Any]]:
    images = select(ImageInstance.id, ImageInstance.project_id)
    projects = pairs_for(db, images, ImageInstance.id, [row.image_id for row in rows])
    return [
        ActionOut.of(row, cytomine_class=row.cytomine_class, project_id=projects.get(row.image_id)).wire()
        for row in rows
    ]


@routes.post("/api/annotation_action.json", openapi_extra=body_schema(ActionIn))
def add_action(body: JsonBody, db: Db, user: CurrentUser, find: Find) -> Response:
    """Say what one has done with an annotation (`select`, or any other word)."""
    fields = read_one(ActionIn, body)
    row = record_action(db, user, find.other(UserAnnotation, fields.annotation_ident), fields.action)
    return Json(_show(db, [Row(**row)])[0])


@routes.get("/api/imageinstance/{id:int}/annotation_action.json")
def list_actions(
    id: int, db: Db, caller: CurrentUser, find: Find, page: PageQuery, moments: Between, user: int | None = None
) -> Response:
    """What people did with annotations of an image, the first first: one's own doing, that of others for managers."""
    return _list(db, caller, find, page, moments, user, Row.image_id == find(ImageInstance, id).id)


@routes.get("/api/sliceinstance/{id:int}/annotation_action.json")
def list_actions_on_slice(
    id: int, db: Db, caller: CurrentUser, find: Find, page: PageQuery, moments: Between, user: int | None = None
) -> Response:
    """The same of one slice."""
    plane = find(SliceInstance, id)
    return _list(db, caller, find, page, moments, user, Row.image_id == plane.image_id, Row.slice_id == plane.id)


def _list(
    db: Session, caller: Caller, find: Finder, page: Paging, moments: Moments, user: int | None, *rules: Any
) -> Response:
    if user is not None:
        rules = (*rules, Row.user_id == find.other(SecUser, user).id)
    query = visible(caller, select(Row)).where(moments.of(Row.created), *rules)
    return page.stream_rows(db, query, Row.created, Row.id, show=lambda rows: _show(db, rows))


@routes.get("/api/project/{id:int}/annotation_action/count.json")
def count_actions(id: int, db: Db, find: Find, dates: Dates, type: str | None = None) -> Response:
    """How many actions there were in a project; `type`: of one kind."""
    asked = [Row.image_id.in_(in_project(find(Project, id).id)), dates.of(Row.created)]
    if type:
        asked.append(Row.action == type)
    return Json({"total": db.scalar(select(func.count()).where(*asked)) or 0})


@routes.get("/api/annotation_action/{id:int}.json")
def show_action(id: int, db: Db, user: CurrentUser) -> Response:
    """One action: one's own, or as a manager anybody's."""
    return Json(_show(db, [get_row(db, user, Row, id)])[0])
