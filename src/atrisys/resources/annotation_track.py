"""Which annotations lie on which tracks."""

from typing import Any

from fastapi import Request
from pydantic import AliasChoices, Field
from sqlalchemy import select
from sqlalchemy.orm import Session
from starlette.responses import Response

from atrisys.access.caller import Caller
from atrisys.access.require import require_annotation_editor, require_user
from atrisys.access.visible import get_row, visible
from atrisys.actions import history
from atrisys.actions.follow_track import follow_track
from atrisys.errors import NotFound
from atrisys.store.tables import AnnotationTrack, Track, UserAnnotation
from atrisys.wire.answers import saved
from atrisys.wire.asking import CurrentUser, Db, Find, Finder, PageQuery, shown
from atrisys.wire.bodies import JsonBody, add_one_or_many, body_schema
from atrisys.wire.fields import Fields, Model, show, shows
from atrisys.wire.routes import Routes

routes = Routes(tags=["annotation track"])


class AnnotationTrackIn(Fields):
    annotation_id: int = Field(validation_alias=AliasChoices("annotationIdent", "annotation"))
    track_id: int


class AnnotationTrackOut(Model):
    annotation_ident: int
    annotation_class_name: str = UserAnnotation.cytomine_class
    track_id: int
    slice_id: int


@shows(AnnotationTrack)
def show_link(_db: Session, link: AnnotationTrack) -> dict[str, Any]:
    return AnnotationTrackOut.of(link, annotation_ident=link.annotation_id).wire()


@routes.get("/api/track/{id:int}/annotationtrack.json")
def list_links_of_track(id: int, db: Db, user: CurrentUser, find: Find, page: PageQuery) -> Response:
    """The annotations on a track, as far as the caller sees their layers."""
    query = visible(user, select(AnnotationTrack)).where(AnnotationTrack.track_id == find(Track, id).id)
    rows, total = page.rows(db, query, AnnotationTrack.id)
    return page.answer([show_link(db, row) for row in rows], total)


@routes.get("/api/annotation/{id:int}/annotationtrack.json")
def list_links_of_annotation(id: int, db: Db, find: Find, page: PageQuery) -> Response:
    """The tracks that an annotation lies on; what was accepted in review lies on none."""
    query = select(AnnotationTrack).where(AnnotationTrack.annotation_id == find.annotation(id).id)
    rows, total = page.rows(db, query, AnnotationTrack.id)
    return page.answer([show_link(db, row) for row in rows], total)


@routes.get("/api/annotationtrack/{annotation:int}/{track:int}.json")
def show_one(annotation: int, track: int, db: Db, find: Find) -> Response:
    """One annotation on one track."""
    return shown(db, _link(db, find, annotation, track))


@routes.post("/api/annotationtrack.json", openapi_extra=body_schema(AnnotationTrackIn, many=True))
def add_links(body: JsonBody, request: Request, db: Db, user: CurrentUser) -> Response:
    """Put an annotation on a track of its image, or an array of them; a track has one on each slice at most.

    What lies on layers that the caller does not see takes no place. Whoever may edit the annotation may, but no guest.
    """
    return add_one_or_many(
        request,
        db,
        AnnotationTrackIn,
        body,
        lambda fields: _add(db, user, fields.annotation_id, fields.track_id),
        name="AnnotationTrack",
    )


@routes.post("/api/annotationtrack/{annotation:int}/{track:int}.json")
def add_link(annotation: int, track: int, db: Db, user: CurrentUser) -> Response:
    """The same with both in the address, as the clients ask."""
    return saved(db, "added", _add(db, user, annotation, track))


def _add(db: Session, user: Caller, annotation_id: int, track_id: int) -> AnnotationTrack:
    annotation = get_row(db, user, UserAnnotation, annotation_id, lock=True)
    track = get_row(db, user, Track, track_id)
    require_user(user)
    require_annotation_editor(db, user, annotation)
    return follow_track(db, user, annotation, track)


@routes.delete("/api/annotationtrack/{annotation:int}/{track:int}.json")
def remove_link(annotation: int, track: int, db: Db, user: CurrentUser, find: Find) -> Response:
    """Take an annotation off a track; both stay."""
    link = _link(db, find, annotation, track)
    find.check_version(link)
    require_user(user)
    require_annotation_editor(db, user, db.get_one(UserAnnotation, link.annotation_id))
    wire = show(db, link)
    return saved(db, "deleted", history.delete(db, user, link), wire)


def _link(db: Session, find: Finder, annotation_id: int, track_id: int) -> AnnotationTrack:
    annotation, track = find.other(UserAnnotation, annotation_id), find.other(Track, track_id)
    link = db.scalar(
        select(AnnotationTrack).where(
            AnnotationTrack.annotation_id == annotation.id, AnnotationTrack.track_id == track.id
        )
    )
    if link is None:
        raise NotFound("Annotation {annotation} is not on track {track}.", annotation=annotation.id, track=track.id)
    return link
