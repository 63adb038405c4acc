"""Where people look on slides: told by viewers once a second, for managers, and for members who follow a broadcast."""

from collections.abc import Callable, Sequence
from typing import Annotated, Any, Literal

import shapely
from fastapi import Request
from pydantic import Field
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from starlette.responses import Response

from atrisys.access.caller import Caller
from atrisys.access.require import require_self_or_manager
from atrisys.access.visible import get_row, may_follow, visible
from atrisys.actions.canvas import canvas_of
from atrisys.actions.record_activity import is_noted, note_follower, record_position
from atrisys.geometry.frames import LEFT_TOP, Origin, turn_over
from atrisys.store.table import now_ms
from atrisys.store.tables import (
    AbstractImage,
    Follower,
    ImageInstance,
    Project,
    ProjectMember,
    SecUser,
    SliceInstance,
    UserPosition,
)
from atrisys.wire.accounts import show_to_anybody
from atrisys.wire.activity import LOOKS_MS, Between, Moments
from atrisys.wire.asking import CurrentStore, CurrentUser, Db, Find, PageQuery, Paging
from atrisys.wire.bodies import JsonBody, body_schema, read_one
from atrisys.wire.described import Part, gives, lists, sometimes
from atrisys.wire.dialect import Json, origin_of, read_origin, says_yes
from atrisys.wire.fields import Fields, Model
from atrisys.wire.routes import Routes, counts_as_unsafe, only_reads

routes = Routes(tags=["user activity"])

Row = UserPosition
Coordinate = Annotated[float, Field(ge=-1e9, le=1e9, allow_inf_nan=False)]


class PositionIn(Fields):
    top_left_x: Coordinate
    top_left_y: Coordinate
    top_right_x: Coordinate
    top_right_y: Coordinate
    bottom_right_x: Coordinate
    bottom_right_y: Coordinate
    bottom_left_x: Coordinate
    bottom_left_y: Coordinate
    zoom: Annotated[int, Field(ge=-100, le=100)]
    rotation: Annotated[float, Field(ge=-1e6, le=1e6, allow_inf_nan=False)] = 0
    broadcast: bool = False
    origin: str | None = None

    def shape(self) -> shapely.Polygon:
        names = ("top_left", "top_right", "bottom_right", "bottom_left")
        return shapely.Polygon([(getattr(self, f"{name}_x"), getattr(self, f"{name}_y")) for name in names])


class PositionOut(Model):
    user_id: int
    image_id: int
    slice_id: int
    project_id: int
    zoom: int
    rotation: float
    broadcast: bool
    location: str
    x: float
    y: float


class Framed(Part):
    """The frame of what is told, where it is not Cytomine's."""

    origin: Literal["left-top"] = sometimes()


class Presence(Part):
    """Of somebody who looks at an image now."""

    full_name: str
    follows_me: bool


@routes.post("/api/imageinstance/{id:int}/position.json", openapi_extra=body_schema(PositionIn))
@gives(PositionOut, Framed)
def add_position(id: int, body: JsonBody, db: Db, user: CurrentUser) -> Response:
    """Say where one looks on an image. `broadcast`: every member may follow, not managers alone."""
    return _add(db, user, id, None, body)


@routes.post("/api/sliceinstance/{id:int}/position.json", openapi_extra=body_schema(PositionIn))
@gives(PositionOut, Framed)
def add_position_on_slice(id: int, body: JsonBody, db: Db, user: CurrentUser, find: Find) -> Response:
    """The same on one slice."""
    plane = find.other(SliceInstance, id)
    return _add(db, user, plane.image_id, plane.id, body)


def _add(db: Session, user: Caller, image_id: int, slice_id: int | None, body: Any) -> Response:
    fields = read_one(PositionIn, body)
    canvas = canvas_of(db, user, image_id)
    origin, shape = read_origin(fields.origin), fields.shape()
    if origin != LEFT_TOP:
        shape = turn_over(shape, canvas.height)
    x, y = (float(value) for value in shapely.get_coordinates(shape)[:4].mean(axis=0))
    row = record_position(
        db,
        user,
        image_id=canvas.image_id,
        slice_id=slice_id or canvas.reference,
        location=shapely.to_wkt(shape, rounding_precision=-1),
        x=x,
        y=y,
        zoom=fields.zoom,
        rotation=fields.rotation,
        broadcast=fields.broadcast,
    )
    return Json(_shower(canvas.project_id, canvas.height, origin)([Row(**row)])[0])


def _shower(project_id: int, height: int, origin: Origin) -> Callable[[Sequence[Row]], list[dict[str, Any]]]:
    """How positions on one image are shown, in the frame that was asked for."""
    up = {"origin": LEFT_TOP} if origin == LEFT_TOP else {}

    def show(rows: Sequence[Row]) -> list[dict[str, Any]]:
        places = _locations([row.location for row in rows], height, origin)
        return [
            PositionOut.of(
                row,
                cytomine_class=row.cytomine_class,
                project_id=project_id,
                location=place,
                y=row.y if origin == LEFT_TOP else height - row.y,
            ).wire()
            | up
            for row, place in zip(rows, places, strict=True)
        ]

    return show


def _locations(kept: list[str], height: int, origin: Origin) -> list[str]:
    if origin == LEFT_TOP or not kept:
        return kept
    return list(shapely.to_wkt(turn_over(shapely.from_wkt(kept), height), rounding_precision=-1))


@routes.get("/api/imageinstance/{id:int}/positions.json")
@routes.get("/api/imageinstance/{id:int}/position.json")
def list_positions(
    id: int,
    request: Request,
    db: Db,
    caller: CurrentUser,
    find: Find,
    page: PageQuery,
    moments: Between,
    user: int | None = None,
    slice: int | None = None,
    showDetails: str | None = None,
) -> Response:
    """Where people looked on an image, the last first: one's own positions, of others for managers.

    `user`, `slice`, `afterThan`, `beforeThan` (epoch ms) cut it down; `showDetails=false` counts equal ones instead.
    `origin=left-top` gives image order.
    """
    image = find(ImageInstance, id)
    rules = [Row.slice_id == find.other(SliceInstance, slice).id] if slice is not None else []
    if user is not None:
        rules.append(Row.user_id == find.other(SecUser, user).id)
    return _list(request, db, caller, page, image, moments, showDetails, *rules)


@routes.get("/api/sliceinstance/{id:int}/positions.json")
def list_positions_on_slice(
    id: int,
    request: Request,
    db: Db,
    caller: CurrentUser,
    find: Find,
    page: PageQuery,
    moments: Between,
    user: int | None = None,
    showDetails: str | None = None,
) -> Response:
    """The same of one slice."""
    plane = find(SliceInstance, id)
    rules = [Row.slice_id == plane.id]
    if user is not None:
        rules.append(Row.user_id == find.other(SecUser, user).id)
    return _list(request, db, caller, page, find.other(ImageInstance, plane.image_id), moments, showDetails, *rules)


def _list(
    request: Request,
    db: Session,
    user: Caller,
    page: Paging,
    image: ImageInstance,
    moments: Moments,
    details: str | None,
    *rules: Any,
) -> Response:
    asked = (Row.image_id == image.id, moments.of(Row.created), *rules)
    height, origin = _height(db, image), origin_of(request)
    if says_yes(details) is not False:
        query = visible(user, select(Row)).where(*asked)
        return page.stream_rows(
            db, query, Row.created.desc(), Row.id.desc(), show=_shower(image.project_id, height, origin)
        )
    same = (Row.location, Row.zoom, Row.rotation)
    query = visible(user, select(*same, func.count()), Row).where(*asked).group_by(*same)
    total = db.scalar(select(func.count()).select_from(query.subquery())) or 0
    query = query.order_by(func.count().desc(), func.max(Row.id).desc()).offset(page.offset)
    rows = db.execute(query.limit(min(page.length or MOST_PLACES, MOST_PLACES))).all()
    places = _locations([row[0] for row in rows], height, origin)
    found = [
        {"location": place, "zoom": row[1], "rotation": row[2], "frequency": row[3], "image": image.id}
        for place, row in zip(places, rows, strict=True)
    ]
    return page.answer(found, total)


MOST_PLACES = 10_000
"""Different views that one answer counts, the most frequent ones."""


def _height(db: Session, image: ImageInstance) -> int:
    return db.scalar(select(AbstractImage.height).where(AbstractImage.id == image.base_image_id)) or 0


@routes.get("/api/position/{id:int}.json")
@gives(PositionOut, Framed)
def show_position(id: int, request: Request, db: Db, user: CurrentUser, find: Find) -> Response:
    """One position: one's own, or as a manager anybody's."""
    row = get_row(db, user, Row, id)
    image = find.other(ImageInstance, row.image_id)
    return Json(_shower(image.project_id, _height(db, image), origin_of(request))([row])[0])


@routes.get("/api/imageinstance/{id:int}/position/{user_id:int}.json")
@counts_as_unsafe
@only_reads
@gives(PositionOut, Framed, or_nothing=True)
def follow(
    id: int,
    user_id: int,
    request: Request,
    db: Db,
    user: CurrentUser,
    find: Find,
    store: CurrentStore,
    broadcast: str | None = None,
    slice: int | None = None,
    sliceId: int | None = None,
) -> Response:
    """Where somebody looks now, or `{}`; whoever asks counts as their follower for a while.

    A manager follows anybody, others those who broadcast. `broadcast=true`: only while they do.
    """
    image, followed = find(ImageInstance, id), find.other(SecUser, user_id)
    fresh = [Row.image_id == image.id, Row.user_id == followed.id, Row.created > now_ms() - LOOKS_MS]
    fresh += [Row.slice_id == find.other(SliceInstance, one).id for one in (slice, sliceId) if one is not None]
    # The last one of all, so that whoever ends a broadcast is followed no further.
    query = select(Row).where(Row.id == select(func.max(Row.id)).where(*fresh).scalar_subquery(), may_follow(user))
    if says_yes(broadcast):
        query = query.where(Row.broadcast)
    row = db.scalar(query)
    if row is None:
        return Json({})
    answer = Json(_shower(image.project_id, _height(db, image), origin_of(request))([row])[0])
    if row.user_id != user.id and not is_noted(db, image.id, row.user_id, user.id):
        place = image.id, row.user_id, user.id
        # The connection goes back first: who holds one and waits for another may wait for each other.
        db.rollback()
        with store.writing() as writing:
            note_follower(writing, *place)
    return answer


@routes.get("/api/imageinstance/{id:int}/followers/{user_id:int}.json")
def list_followers(id: int, user_id: int, db: Db, user: CurrentUser, find: Find, page: PageQuery) -> Response:
    """Who follows somebody on an image now (ids, as text); one's own followers, or a manager's question."""
    image, followed = find(ImageInstance, id), find.other(SecUser, user_id)
    require_self_or_manager(db, user, find.other(Project, image.project_id), followed.id)
    members = select(ProjectMember.user_id).where(ProjectMember.project_id == image.project_id)
    query = select(Follower.follower_id).where(
        Follower.image_id == image.id,
        Follower.followed_id == followed.id,
        Follower.last_seen > now_ms() - LOOKS_MS,
        Follower.follower_id.in_(members),
    )
    rows, total = page.rows(db, select(SecUser).where(SecUser.id.in_(query)), SecUser.id)
    return page.answer([str(row.id) for row in rows], total)


@routes.get("/api/imageinstance/{id:int}/online.json")
def list_online(
    id: int, db: Db, user: CurrentUser, find: Find, broadcast: str | None = None, slice: int | None = None
) -> Response:
    """Who looks at an image now (ids): oneself, those who broadcast, and for managers all."""
    image = find(ImageInstance, id)
    query = select(Row.user_id).distinct().where(Row.image_id == image.id, Row.created > now_ms() - LOOKS_MS)
    query = query.where(may_follow(user))
    if says_yes(broadcast):
        query = query.where(Row.broadcast)
    if slice is not None:
        query = query.where(Row.slice_id == find.other(SliceInstance, slice).id)
    return Json({"users": list(db.scalars(query.order_by(Row.user_id)))})


FOLLOWS_MS = 15_000
"""Who asked for somebody's position so lately follows them; a follower is noted every ten seconds."""


@routes.get("/api/atrisys/imageinstance/{id:int}/present.json")
@lists(PositionOut, Framed, Presence)
def list_present(id: int, request: Request, db: Db, user: CurrentUser, find: Find, page: PageQuery) -> Response:
    """Who looks at an image now, and where: oneself, those who broadcast, and for managers all.

    Each with their last position, their `fullName`, and whether they follow the caller (`followsMe`).
    """
    image = find(ImageInstance, id)
    last = select(func.max(Row.id)).where(Row.image_id == image.id, Row.created > now_ms() - LOOKS_MS)
    last = last.group_by(Row.user_id)
    follows = (
        select(Follower.last_seen > now_ms() - FOLLOWS_MS)
        .where(Follower.image_id == image.id, Follower.followed_id == user.id, Follower.follower_id == Row.user_id)
        .correlate(Row)
    )
    query = select(Row, SecUser, follows.scalar_subquery()).join(SecUser, SecUser.id == Row.user_id)
    found, total = page.rows(db, query.where(Row.id.in_(last), may_follow(user)), Row.user_id)
    shown = _shower(image.project_id, _height(db, image), origin_of(request))([row for row, _, _ in found])
    answer = [
        {**one, "fullName": show_to_anybody(db, person)["name"], "followsMe": bool(following)}
        for one, (_, person, following) in zip(shown, found, strict=True)
    ]
    return page.answer(answer, total)
