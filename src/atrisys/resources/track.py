"""Tracks: what is followed through the slices of an image."""

from typing import Annotated

from fastapi import Request
from pydantic import Field
from sqlalchemy import select
from sqlalchemy.orm import Session
from starlette.responses import Response

from atrisys.access.caller import Caller
from atrisys.access.require import require_editor, require_user
from atrisys.access.visible import get_row
from atrisys.actions import history
from atrisys.store.tables import AnnotationTrack, ImageInstance, Project, Track
from atrisys.wire.answers import saved
from atrisys.wire.asking import CurrentUser, Db, Find, PageQuery, shown
from atrisys.wire.bodies import JsonBody, add_one_or_many, body_schema, read_changes
from atrisys.wire.fields import Fields, Model, show
from atrisys.wire.routes import Routes

routes = Routes(tags=["track"])

Name = Annotated[str, Field(min_length=1, max_length=255)]
Color = Annotated[str, Field(pattern=r"^#[0-9A-Fa-f]{6}$")]


class TrackIn(Fields):
    name: Name
    color: Color
    image_id: int


class TrackEdit(Fields):
    name: Name | None = None
    color: Color | None = None


class TrackOut(Model, of=Track):
    name: str
    color: str
    image_id: int
    project_id: int


@routes.get("/api/project/{id:int}/track.json")
def list_tracks_of_project(id: int, db: Db, find: Find, page: PageQuery) -> Response:
    """The tracks of all images of a project."""
    return page.of(db, select(Track).where(Track.project_id == find(Project, id).id), TrackOut, Track.id)


@routes.get("/api/imageinstance/{id:int}/track.json")
def list_tracks_of_image(id: int, db: Db, find: Find, page: PageQuery) -> Response:
    """The tracks of one image."""
    return page.of(db, select(Track).where(Track.image_id == find(ImageInstance, id).id), TrackOut, Track.id)


@routes.get("/api/track/{id:int}.json")
def show_track(id: int, db: Db, find: Find) -> Response:
    """One track."""
    return shown(db, find(Track, id))


@routes.post("/api/track.json", openapi_extra=body_schema(TrackIn, many=True))
def add_track(body: JsonBody, request: Request, db: Db, user: CurrentUser) -> Response:
    """Add one track to an image, or an array of them; the name must be new on the image.

    In a restricted project contributors do so on images that they added.
    """
    return add_one_or_many(request, db, TrackIn, body, lambda fields: _add(fields, db, user), name="Track")


def _add(fields: TrackIn, db: Session, user: Caller) -> Track:
    image = get_row(db, user, ImageInstance, fields.image_id, lock=True)
    _require_editor(db, user, image)
    track = Track(name=fields.name, color=fields.color.upper(), image_id=image.id, project_id=image.project_id)
    return history.add(db, user, track)


@routes.put("/api/track/{id:int}.json", openapi_extra=body_schema(TrackEdit))
def edit_track(id: int, body: JsonBody, db: Db, user: CurrentUser, find: Find) -> Response:
    """Rename or recolour a track."""
    track = find(Track, id)
    _require_editor(db, user, db.get_one(ImageInstance, track.image_id))
    changes = read_changes(TrackEdit, body)
    if "color" in changes:
        changes["color"] = changes["color"].upper()
    return saved(db, "edited", history.edit(db, user, track, **changes))


@routes.delete("/api/track/{id:int}.json")
def remove_track(id: int, db: Db, user: CurrentUser, find: Find) -> Response:
    """Delete a track; the annotations on it stay."""
    track = find(Track, id)
    _require_editor(db, user, db.get_one(ImageInstance, track.image_id))
    wire = show(db, track)
    history.delete_where(db, user, AnnotationTrack, AnnotationTrack.track_id == track.id)
    history.delete(db, user, track)
    return saved(db, "deleted", track, wire)


def _require_editor(db: Session, user: Caller, image: ImageInstance) -> None:
    require_user(user)
    require_editor(db, user, db.get_one(Project, image.project_id), image.user_id)
