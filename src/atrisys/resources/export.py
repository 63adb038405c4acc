"""Training data over HTTP: of one image at once, of a project as a job or as a zip that is made while it is sent."""

from collections.abc import Iterator
from typing import Annotated, Any

from fastapi import Depends, Query
from sqlalchemy.orm import Session
from starlette.responses import Response

from atrisys.access.caller import Caller
from atrisys.access.events import note, record
from atrisys.actions.export_training_data import Exporting, begin, chosen, class_map_of, stream_mask, wanted_from
from atrisys.actions.training_records import Sheet, open_sheet, read_records
from atrisys.actions.zip_training_data import zip_training_data
from atrisys.exports.class_map import ClassMap
from atrisys.exports.geojson import write_geojson
from atrisys.exports.records import Problem
from atrisys.geometry.frames import LEFT_TOP, Origin
from atrisys.store import queue
from atrisys.store.session import Store
from atrisys.store.tables import ImageInstance, Project
from atrisys.wire.asking import CurrentStore, CurrentUser, Db, Find, Finder
from atrisys.wire.bodies import JsonBody, body_schema, read_one
from atrisys.wire.described import gives
from atrisys.wire.dialect import Json
from atrisys.wire.downloads import attachment
from atrisys.wire.fields import Fields, show
from atrisys.wire.jobs import WholeJobOut
from atrisys.wire.routes import Routes, opens_to_picture_cookie, takes_export_seat
from atrisys.wire.streaming import Stream

routes = Routes(tags=["export"])

JOB = "export_training_data"
OriginQuery = Annotated[Origin, Query(description="where GeoJSON's coordinates begin")]


class Kinds(Fields):
    """Which files of each image; without a choice masks and GeoJSON."""

    masks: bool = False
    geojson: bool = False
    pictures: bool = False


async def _kinds(masks: bool = False, geojson: bool = False, pictures: bool = False) -> Kinds:
    return Kinds(masks=masks, geojson=geojson, pictures=pictures)


class ExportIn(Kinds):
    """What a project's training data shall be."""

    images: list[int] | None = None
    """Image instances; all of the project by default."""
    class_map: dict[str, Any] | None = None
    """Numbers of terms, 0–255; by default they count from 1 by the terms' ids."""
    origin: Origin = LEFT_TOP


@routes.post("/api/atrisys/project/{id:int}/export", openapi_extra=body_schema(ExportIn))
@routes.post("/api/atrisys/project/{id:int}/export.json", openapi_extra=body_schema(ExportIn))
@gives(WholeJobOut)
def start_export(id: int, body: JsonBody, db: Db, store: CurrentStore, user: CurrentUser, find: Find) -> Response:
    """Start an export as a job; its result is a zip. Any member may."""
    project = find.other(Project, id)
    asked = read_one(ExportIn, body if body is not None else {})
    said = {**asked.model_dump(exclude={"class_map"}), "classMap": asked.class_map}
    begin(store, user, project.id, wanted_from(said))
    job = queue.submit(db, user_id=user.id, name=JOB, arguments=said, project_id=project.id)
    record(db, user, "exported", Project, project.id, what=_what(asked))
    return Json(show(db, job))


@routes.get("/api/atrisys/project/{id:int}/export.zip")
@opens_to_picture_cookie
@takes_export_seat
def download_export(
    id: int,
    store: CurrentStore,
    user: CurrentUser,
    find: Find,
    kinds: Annotated[Kinds, Depends(_kinds)],
    image: Annotated[list[int] | None, Query(description="only these image instances")] = None,
    origin: OriginQuery = LEFT_TOP,
) -> Response:
    """The same as one zip that is made while it is sent: for projects that do not take long."""
    project = find(Project, id)
    said = {**kinds.model_dump(), "images": image, "origin": origin}
    exporting = begin(store, user, project.id, wanted_from(said))
    note(store, user, "exported", Project, project.id, what=_what(kinds))
    name = f"{project.name} training data.zip"
    return Stream(_zip(store, exporting), media_type="application/zip", headers=attachment(name))


def _what(kinds: Kinds) -> str:
    return ", ".join(chosen(kinds.model_dump(include=set(Kinds.model_fields))))


def _zip(store: Store, exporting: Exporting) -> Iterator[bytes]:
    with store.folder.scratch() as scratch:
        yield from zip_training_data(exporting, scratch, lambda _fraction, _words: None)


@routes.get("/api/atrisys/imageinstance/{id:int}/annotations.geojson")
@opens_to_picture_cookie
@takes_export_seat
def download_geojson(
    id: int, db: Db, store: CurrentStore, user: CurrentUser, find: Find, origin: OriginQuery = LEFT_TOP
) -> Response:
    """One image's annotations as GeoJSON, which says its origin."""
    sheet, classes = _open(db, user, find, id, mask=False)
    pieces = _geojson(store, sheet, classes, origin)
    note(store, user, "exported", ImageInstance, id, what="geojson")
    return Stream(pieces, media_type="application/geo+json", headers=attachment(f"{id}.geojson"))


@routes.get("/api/atrisys/imageinstance/{id:int}/mask.png")
@opens_to_picture_cookie
@takes_export_seat
def download_mask(id: int, db: Db, store: CurrentStore, user: CurrentUser, find: Find) -> Response:
    """One image's label mask at full resolution: 0 is background, terms count from 1 by their id, 255 has no term."""
    sheet, classes = _open(db, user, find, id, mask=True)
    problems: list[Problem] = []
    pieces = stream_mask(db, sheet, classes, problems)
    note(store, user, "exported", ImageInstance, id, what="masks")
    headers = {**attachment(f"{id}_mask.png"), "X-Left-Out": str(len(problems))}
    return Stream(pieces, media_type="image/png", headers=headers)


def _open(db: Session, user: Caller, find: Finder, id: int, *, mask: bool) -> tuple[Sheet, ClassMap]:
    image = find(ImageInstance, id)
    project = db.get_one(Project, image.project_id)
    return open_sheet(db, user, project, image), class_map_of(db, project, masks=mask)


def _geojson(store: Store, sheet: Sheet, classes: ClassMap, origin: Origin) -> Iterator[bytes]:
    """Read while it is sent, in a transaction of its own."""
    with store.reading() as db:
        yield from write_geojson(read_records(db, sheet, classes), sheet.record, origin, [])
