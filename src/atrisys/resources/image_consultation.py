"""Which images people open, and for how long they look."""

from typing import Annotated, Any

from fastapi import Request
from pydantic import BeforeValidator, Field
from sqlalchemy import BigInteger, Select, cast, func, select
from sqlalchemy.orm import Session
from starlette.responses import Response

from atrisys.access.caller import Caller
from atrisys.access.events import note
from atrisys.access.require import require_manager, require_self_or_manager
from atrisys.access.visible import visible
from atrisys.actions.record_activity import record_consultation
from atrisys.errors import Invalid
from atrisys.store.tables import ImageConsultation, ImageInstance, Project, ProjectMember, SecUser
from atrisys.wire.activity import Dates, in_project, names_of, of_member, thumb_of
from atrisys.wire.asking import CurrentUser, Db, Find, PageQuery
from atrisys.wire.bodies import JsonBody, body_schema, read_one
from atrisys.wire.described import gives
from atrisys.wire.dialect import Json, address_of, says_yes
from atrisys.wire.fields import Fields, Model, none_for_empty
from atrisys.wire.reports import csv_table
from atrisys.wire.routes import Routes

routes = Routes(tags=["user activity"])

Row = ImageConsultation
LAST_OPENED = 5
"""Images that are told where the asker does not say how many."""


class ConsultationIn(Fields):
    mode: Annotated[Annotated[str, Field(max_length=64)] | None, BeforeValidator(none_for_empty)] = None


class ConsultationOut(Model):
    user_id: int
    image_id: int
    project_id: int | None
    image_name: str | None
    image_thumb: str
    mode: str | None
    project_connection_id: int | None
    time: int | None
    count_created_annotations: int | None


def _show(db: Session, caller: Caller, address: str, rows: list[Row]) -> list[dict[str, Any]]:
    names = names_of(db, caller, [row.image_id for row in rows])
    return [
        ConsultationOut.of(
            row,
            cytomine_class=row.cytomine_class,
            project_id=names[row.image_id].project_id,
            image_name=names[row.image_id].shown,
            image_thumb=thumb_of(address, row.image_id),
            time=row.time_ms,
        ).wire()
        for row in rows
    ]


@routes.post("/api/imageinstance/{id:int}/consultation.json", openapi_extra=body_schema(ConsultationIn))
@gives(ConsultationOut)
def add_consultation(id: int, body: JsonBody, request: Request, db: Db, user: CurrentUser, find: Find) -> Response:
    """Say that one opens an image; what one had open in its project before is over, and its time is counted."""
    mode = read_one(ConsultationIn, body or {}).mode
    row = record_consultation(db, user, find.other(ImageInstance, id), mode)
    return Json(_show(db, user, address_of(request), [Row(**row)])[0])


@routes.get("/api/project/{id:int}/user/{user_id:int}/imageconsultation.json")
def list_consultations(
    id: int,
    user_id: int,
    request: Request,
    db: Db,
    user: CurrentUser,
    find: Find,
    page: PageQuery,
    distinctImages: str | None = None,
) -> Response:
    """The images that a member opened, the last first; one's own, or a manager's question.

    `distinctImages=true`: each image once.
    """
    project, asked = find(Project, id), find.other(SecUser, user_id)
    require_self_or_manager(db, user, project, asked.id)
    query = _of(project.id).where(Row.user_id == asked.id)
    if says_yes(distinctImages):
        last = select(func.max(Row.id)).where(Row.user_id == asked.id, Row.image_id.in_(in_project(project.id)))
        query = query.where(Row.id.in_(last.group_by(Row.image_id)))
    address = address_of(request)
    return page.stream_rows(
        db, query, Row.created.desc(), Row.id.desc(), show=lambda rows: _show(db, user, address, rows)
    )


def _of(project_id: int) -> Select[ImageConsultation]:
    return select(Row).where(Row.image_id.in_(in_project(project_id)))


@routes.get("/api/project/{id:int}/imageconsultation/count.json")
def count_consultations(id: int, db: Db, find: Find, dates: Dates) -> Response:
    """How often images of a project were opened."""
    asked = Row.image_id.in_(in_project(find(Project, id).id))
    return Json({"total": db.scalar(select(func.count()).where(asked, dates.of(Row.created))) or 0})


@routes.get("/api/project/{id:int}/lastImages.json")
def list_last_images(id: int, db: Db, user: CurrentUser, find: Find, page: PageQuery) -> Response:
    """The image that each member opened last; for managers."""
    project = find(Project, id)
    require_manager(db, user, project)
    last = of_member(project.id)
    query = (
        select(SecUser, last["lastImage"], last["lastConsultation"])
        .join(ProjectMember, ProjectMember.user_id == SecUser.id)
        .where(ProjectMember.project_id == project.id)
    )
    rows, total = page.rows(db, query, SecUser.id, columns=last)
    names = names_of(db, user, [image for _, image, _ in rows if image])
    found = [
        {
            "user": member.id,
            "image": image,
            "imageName": names[image].shown if image else None,
            "created": None if created is None else str(created),
        }
        for member, image, created in rows
    ]
    return page.answer(found, total)


@routes.get("/api/imageconsultation/resume.json")
def sum_up_consultations(
    request: Request,
    db: Db,
    caller: CurrentUser,
    find: Find,
    page: PageQuery,
    user: int | None = None,
    project: int | None = None,
    export: str | None = None,
) -> Response:
    """How often and how long somebody looked at each image of a `project`; oneself, or a manager's question (`user`).

    `export=csv`: as a file.
    """
    if project is None:
        raise Invalid("Name a project.")
    found, asked = find.other(Project, project), find.other(SecUser, caller.id if user is None else user)
    require_self_or_manager(db, caller, found, asked.id)
    sums = {
        "time": _sum(Row.time_ms),
        "countCreatedAnnotations": _sum(Row.count_created_annotations),
        "first": func.min(Row.created),
        "last": func.max(Row.created),
        "frequency": func.count(Row.id),
    }
    query = (
        select(ImageInstance.id, *sums.values())
        .join(Row, Row.image_id == ImageInstance.id)
        .where(ImageInstance.project_id == found.id, Row.user_id == asked.id)
        .group_by(ImageInstance.id)
    )
    total = db.scalar(select(func.count()).select_from(query.subquery())) or 0
    query = query.order_by(func.max(Row.created).desc(), ImageInstance.id.desc()).offset(page.offset)
    rows = db.execute(query.limit(page.length) if page.length else query).all()
    names, address = names_of(db, caller, [row[0] for row in rows]), address_of(request)
    lines = [
        {
            "project": found.id,
            "user": asked.id,
            "image": row[0],
            **dict(zip(sums, row[1:], strict=True)),
            "imageName": names[row[0]].shown,
            "imageThumb": thumb_of(address, row[0]),
        }
        for row in rows
    ]
    if export == "csv":
        note(request.app.state.store, caller, "exported", Project, found.id, what="consultations as csv")
        head = ("image", "imageName", *sums)
        return csv_table(f"consultations of {asked.username}", head, [[line[name] for name in head] for line in lines])
    return page.answer(lines, total)


def _sum(column: Any) -> Any:
    return cast(func.coalesce(func.sum(column), 0), BigInteger)


@routes.get("/api/imageinstance/method/lastopened.json")
def list_last_opened(request: Request, db: Db, user: CurrentUser, page: PageQuery) -> Response:
    """The images that the caller opened last: five, where `max` does not say otherwise."""
    when = func.max(Row.created)
    query = visible(user, select(Row.image_id, when), Row).where(Row.user_id == user.id).group_by(Row.image_id)
    total = db.scalar(select(func.count()).select_from(query.subquery())) or 0
    query = query.order_by(when.desc(), Row.image_id.desc()).offset(page.offset).limit(page.length or LAST_OPENED)
    rows = db.execute(query).all()
    names, address = names_of(db, user, [row[0] for row in rows]), address_of(request)
    found = [
        {
            "id": id,
            "date": date,
            "thumb": thumb_of(address, id),
            "instanceFilename": names[id].name,
            "blindedName": names[id].blinded,
            "project": names[id].project_id,
        }
        for id, date in rows
    ]
    return page.answer(found, total)
