"""Put annotations on tracks: each track has one on a slice at most, as far as who puts it there sees.

What lies on a hidden layer does not count for who does not see it: a refusal would tell that it is there.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from atrisys.access.caller import Caller
from atrisys.access.require import require_user
from atrisys.access.visible import visible
from atrisys.actions import history
from atrisys.errors import Duplicate, Invalid, NotFound, Refusal
from atrisys.store.by_ids import pairs_for, rows_for
from atrisys.store.ids import take_turn
from atrisys.store.tables import AnnotationTrack, Track, UserAnnotation


def follow_track(db: Session, caller: Caller, annotation: UserAnnotation, track: Track) -> AnnotationTrack:
    """Rights are the door's business. Raises Invalid where the track is of another image, Duplicate."""
    if annotation.image_id != track.image_id:
        raise _of_another_image(track.id, annotation.image_id)
    if _taken(db, caller, [track.id]) & {(track.id, annotation.slice_id)}:
        raise _taken_already(track.id, annotation.slice_id)
    link = AnnotationTrack(annotation_id=annotation.id, track_id=track.id, slice_id=annotation.slice_id)
    link.project_id, link.layer_id = annotation.project_id, annotation.user_id
    return history.add(db, caller, link)


def refuse_tracks(
    db: Session, caller: Caller, rows: Mapping[int, Mapping[str, Any]], tracks: Mapping[int, Sequence[int]]
) -> dict[int, Refusal]:
    """Of annotations that are to be drawn onto tracks: which cannot be, each with its refusal.

    Args:
        rows: their columns, by their places; `tracks`: where they shall go, for those that go onto some.
    """
    named = {track for some in tracks.values() for track in some}
    if not named:
        return {}
    images = pairs_for(db, visible(caller, select(Track.id, Track.image_id), Track), Track.id, named)
    taken = _taken(db, caller, named)
    refused: dict[int, Refusal] = {}
    for place, some in tracks.items():
        row = rows[place]
        try:
            require_user(caller)
            for track in some:
                _check(track, images.get(track), row["image_id"])
            for track in some:
                if (track, row["slice_id"]) in taken:
                    raise _taken_already(track, row["slice_id"])
            taken.update((track, row["slice_id"]) for track in some)
        except Refusal as refusal:
            refused[place] = refusal
    return refused


def _check(track: int, its_image: int | None, image_id: int) -> None:
    if its_image is None:
        raise NotFound("{kind} {id} was not found.", kind="Track", id=track)
    if its_image != image_id:
        raise _of_another_image(track, image_id)


def _taken(db: Session, caller: Caller, tracks: Iterable[int]) -> set[tuple[int, int]]:
    """Places that have one already. Nobody else writes until the transaction ends, so that none is taken twice."""
    take_turn(db)
    link = AnnotationTrack
    seen = visible(caller, select(link.track_id, link.slice_id), link)
    return {(row[0], row[1]) for row in rows_for(db, seen, link.track_id, tracks)}


def _of_another_image(track: int, image_id: int) -> Invalid:
    return Invalid("Track {track} is not of image {image}.", track=track, image=image_id)


def _taken_already(track: int, slice_id: int) -> Duplicate:
    return Duplicate("Track {track} has an annotation on slice {slice} already.", track=track, slice=slice_id)
