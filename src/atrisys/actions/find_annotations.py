"""Which annotations are meant: containers, people, terms, places, times; as conditions that the database cuts by."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry
from sqlalchemy import ColumnElement, false, func, or_, select
from sqlalchemy.orm import Session

from atrisys.access.caller import Caller
from atrisys.access.visible import get_annotation, get_row, layers_in, visible
from atrisys.errors import Invalid, NotFound
from atrisys.geometry import grid
from atrisys.geometry.frames import LEFT_BOTTOM, LEFT_TOP, Origin, turn_over
from atrisys.store import spatial
from atrisys.store.planes import RANK, ranks
from atrisys.store.tables import (
    COUNTS_OF,
    TERMS_OF,
    AbstractImage,
    AbstractSlice,
    AnnotationCount,
    AnnotationDomain,
    AnnotationGroup,
    AnnotationLink,
    AnnotationTrack,
    ImageInstance,
    Project,
    ReviewedAnnotation,
    SliceInstance,
    Tag,
    TagDomainAssociation,
    Term,
    Track,
    UserAnnotation,
)

MOST_HEIGHTS = 40
"""The shape that a place is asked for with is turned over for each height, and each asks the grid anew."""

Dimension = Literal["rank", "C", "Z", "T"]
PLACES: dict[Dimension, Any] = {
    "rank": RANK,
    "C": AbstractSlice.channel,
    "Z": AbstractSlice.z_stack,
    "T": AbstractSlice.time,
}

Ids = list[int] | None
"""None is no filter; an empty list lets nothing pass."""


@dataclass(frozen=True)
class Wanted:
    """What somebody asks for. One of the three containers must be named."""

    kind: type[AnnotationDomain] = UserAnnotation
    reviewers: Ids = None
    """Of reviewed annotations: who accepted them."""
    not_reviewed: bool = False
    """Those alone of which there is no reviewed copy."""
    projects: Ids = None
    images: Ids = None
    slices: Ids = None
    users: Ids = None
    users_for_term: Ids = None
    """Whose terms count."""
    terms: Ids = None
    no_term: bool = False
    multiple_term: bool = False
    tracks: Ids = None
    no_track: bool = False
    multiple_track: bool = False
    before_slice: int | None = None
    after_slice: int | None = None
    slice_dimension: Dimension = "rank"
    """By what slices stand before and after others."""
    groups: Ids = None
    tags: Ids = None
    no_tag: bool = False
    annotations: Ids = None
    origin: Origin = LEFT_BOTTOM
    """Of `touching` and `near`; Cytomine's are turned for each image."""
    touching: BaseGeometry | None = None
    touching_annotation: int | None = None
    near: BaseGeometry | None = None
    near_annotation: int | None = None
    within_px: float = 0.0
    min_size: float | None = None
    """What the longer side of the box has at least, in level-0 pixels."""
    after: int | None = None
    before: int | None = None
    excluded: int | None = None


def conditions(db: Session, caller: Caller, wanted: Wanted) -> tuple[Project, list[ColumnElement[bool]]]:
    """The project they lie in, and what the annotations that are wanted, and that the caller may see, have in common.

    Raises:
        Invalid: no container is named, or containers of several projects.
        NotFound: a container, term or annotation that the caller may not see.
    """
    project, images = _container(db, caller, wanted)
    inside = _inside(db, caller, wanted, project, wanted.kind)
    return project, [*inside, *_filters(db, caller, wanted, images)]


def count(db: Session, caller: Caller, wanted: Wanted, project: Project, chosen: list[ColumnElement[bool]]) -> int:
    """How many they are, of what `conditions` gave. The database keeps how many lie where and are whose."""
    anywhere = replace(wanted, projects=None, images=None, slices=None, users=None)
    if anywhere == Wanted(kind=wanted.kind, origin=wanted.origin):
        counts = COUNTS_OF[wanted.kind]
        query = select(counts.total()).where(*_inside(db, caller, wanted, project, counts))
    else:
        query = select(func.count()).select_from(select(wanted.kind.id).where(*chosen).subquery())
    return db.scalar(query) or 0


def _inside(
    db: Session,
    caller: Caller,
    wanted: Wanted,
    project: Project,
    row: type[AnnotationDomain] | type[AnnotationCount],
) -> Iterator[ColumnElement[bool]]:
    """Of annotations, or of their counts: where they lie and whose they are."""
    if not wanted.images and not wanted.slices:
        yield row.project_id == project.id
    yield layers_in(db, caller, project, kind=row)
    for ids, column in ((wanted.images, row.image_id), (wanted.slices, row.slice_id), (wanted.users, row.user_id)):
        if ids is not None:
            yield _among(column, ids)


def _among(column: Any, ids: list[int]) -> ColumnElement[bool]:
    return column == ids[0] if len(ids) == 1 else column.in_(ids)


def _container(db: Session, caller: Caller, wanted: Wanted) -> tuple[Project, list[int] | None]:
    """The project that the containers lie in, and the images that they name; None for the whole project."""
    images: set[int] = set()
    projects: set[int] = set()
    for kind, ids in ((ImageInstance, wanted.images), (SliceInstance, wanted.slices)):
        rows = list(db.scalars(visible(caller, select(kind).where(kind.id.in_(ids or [])))))
        if missing := set(ids or []) - {row.id for row in rows}:
            raise NotFound("{kind} {id} was not found.", kind=kind.__name__, id=min(missing))
        images |= {row.id if isinstance(row, ImageInstance) else row.image_id for row in rows}
        projects |= {row.project_id for row in rows}
    projects |= {get_row(db, caller, Project, id).id for id in wanted.projects or []}
    if not projects:
        raise Invalid("Name a project, an image, images, a slice or slices.")
    if len(projects) > 1:
        raise Invalid("The images or slices of one listing must belong to one project.")
    return db.get_one(Project, projects.pop()), sorted(images) if wanted.images or wanted.slices else None


def _filters(db: Session, caller: Caller, wanted: Wanted, images: list[int] | None) -> Iterator[ColumnElement[bool]]:
    row = wanted.kind
    if wanted.annotations is not None:
        yield _among(row.id, wanted.annotations)
    if wanted.reviewers is not None:
        yield ReviewedAnnotation.review_user_id.in_(wanted.reviewers)
    if wanted.not_reviewed:
        yield ~select(ReviewedAnnotation.id).where(ReviewedAnnotation.parent_id == row.id).exists()
    yield from _by_term(db, caller, wanted)
    yield from _by_track(db, caller, wanted)
    if wanted.groups is not None:
        yield _in_groups(db, caller, wanted.kind, wanted.groups)
    yield from _by_tag(db, wanted)
    yield from _by_place(db, caller, wanted, images)
    if wanted.min_size is not None:
        yield row.grid_level >= int(grid.levels(np.array([wanted.min_size]))[0])
        yield or_(row.max_x - row.min_x >= wanted.min_size, row.max_y - row.min_y >= wanted.min_size)
    if wanted.after is not None:
        yield row.created >= wanted.after
    if wanted.before is not None:
        yield row.created <= wanted.before
    if wanted.excluded is not None:
        yield row.id != wanted.excluded


def _by_term(db: Session, caller: Caller, wanted: Wanted) -> Iterator[ColumnElement[bool]]:
    """Terms, no term and several terms widen each other."""
    row, link = wanted.kind, TERMS_OF[wanted.kind]
    links = select(link.annotation_id)
    if wanted.users_for_term is not None:
        links = links.where(link.user_id.in_(wanted.users_for_term))
    either: list[ColumnElement[bool]] = []
    if wanted.terms is not None:
        seen = set(db.scalars(visible(caller, select(Term.id).where(Term.id.in_(wanted.terms)), Term)))
        if missing := set(wanted.terms) - seen:
            raise NotFound("{kind} {id} was not found.", kind="Term", id=min(missing))
        either.append(row.id.in_(links.where(link.term_id.in_(wanted.terms))))
    elif wanted.users_for_term is not None:
        either.append(row.id.in_(links))
    if wanted.no_term:
        either.append(~select(link.id).where(link.annotation_id == row.id).exists())
    if wanted.multiple_term:
        several = select(func.count(link.term_id.distinct())).where(link.annotation_id == row.id)
        either.append(several.scalar_subquery() > 1)
    if either:
        yield or_(*either)


def _by_track(db: Session, caller: Caller, wanted: Wanted) -> Iterator[ColumnElement[bool]]:
    """Tracks, no track and several tracks widen each other; what lies before or after a slice narrows."""
    row, link = wanted.kind, AnnotationTrack
    own = select(link.id).where(link.annotation_id == row.id)
    either: list[ColumnElement[bool]] = []
    if wanted.tracks is not None:
        seen = set(db.scalars(visible(caller, select(Track.id).where(Track.id.in_(wanted.tracks)), Track)))
        if missing := set(wanted.tracks) - seen:
            raise NotFound("{kind} {id} was not found.", kind="Track", id=min(missing))
        either.append(row.id.in_(select(link.annotation_id).where(link.track_id.in_(wanted.tracks))))
    if wanted.no_track:
        either.append(~own.exists())
    if wanted.multiple_track:
        several = select(func.count()).where(link.annotation_id == row.id)
        either.append(several.scalar_subquery() > 1)
    if either:
        yield or_(*either)
    for id, is_before in ((wanted.before_slice, True), (wanted.after_slice, False)):
        if id is not None:
            place = PLACES[wanted.slice_dimension]
            border = db.scalar(ranks(place).where(SliceInstance.id == get_row(db, caller, SliceInstance, id).id))
            yield _place_of(row, place) < border if is_before else _place_of(row, place) > border


def _in_groups(db: Session, caller: Caller, row: type[AnnotationDomain], ids: list[int]) -> ColumnElement[bool]:
    group, link = AnnotationGroup, AnnotationLink
    seen = set(db.scalars(visible(caller, select(group.id).where(group.id.in_(ids)), group)))
    if missing := set(ids) - seen:
        raise NotFound("{kind} {id} was not found.", kind="AnnotationGroup", id=min(missing))
    return row.id.in_(select(link.annotation_id).where(link.group_id.in_(ids)))


def _place_of(row: type[AnnotationDomain], place: Any) -> Any:
    """Of the slice that an annotation lies on."""
    return ranks(place).where(SliceInstance.id == row.slice_id).correlate(row).scalar_subquery()


def order(wanted: Wanted) -> tuple[Any, ...]:
    """The newest first; what lies on tracks along them."""
    newest_first = wanted.kind.id.desc()
    return (newest_first,) if wanted.tracks is None else (_place_of(wanted.kind, RANK), newest_first)


def _by_tag(db: Session, wanted: Wanted) -> Iterator[ColumnElement[bool]]:
    """Tags and no tag widen each other."""
    row, link = wanted.kind, TagDomainAssociation
    either: list[ColumnElement[bool]] = []
    if wanted.tags is not None:
        if missing := set(wanted.tags) - set(db.scalars(select(Tag.id).where(Tag.id.in_(wanted.tags)))):
            raise NotFound("{kind} {id} was not found.", kind="Tag", id=min(missing))
        either.append(row.id.in_(select(link.domain_ident).where(link.tag_id.in_(wanted.tags))))
    if wanted.no_tag:
        either.append(~select(link.id).where(link.domain_ident == row.id).exists())
    if either:
        yield or_(*either)


def _by_place(db: Session, caller: Caller, wanted: Wanted, images: list[int] | None) -> Iterator[ColumnElement[bool]]:
    if wanted.touching is not None:
        yield _touching(db, wanted, images, wanted.touching, 0.0)
    if wanted.near is not None:
        yield _touching(db, wanted, images, wanted.near, wanted.within_px)
    for id, within in ((wanted.touching_annotation, 0.0), (wanted.near_annotation, wanted.within_px)):
        if id is not None:
            other = get_annotation(db, caller, id)
            inside = images or [other.image_id]
            yield spatial.touching(db.connection(), inside, shapely.from_wkb(other.shape), within, wanted.kind)


def _touching(
    db: Session, wanted: Wanted, images: list[int] | None, shape: BaseGeometry, within: float
) -> ColumnElement[bool]:
    """The shape turned into image order, once for all images of the same height."""
    named = ImageInstance.project_id.in_(wanted.projects or []) if images is None else ImageInstance.id.in_(images)
    if wanted.origin == LEFT_TOP:
        return spatial.touching(db.connection(), select(ImageInstance.id).where(named), shape, within, wanted.kind)
    sized = select(ImageInstance.id).join(AbstractImage, AbstractImage.id == ImageInstance.base_image_id).where(named)
    heights = db.scalars(sized.with_only_columns(AbstractImage.height).distinct().limit(MOST_HEIGHTS + 1)).all()
    if len(heights) > MOST_HEIGHTS:
        raise Invalid(
            "A place is asked for in images of more than {most} different heights. Name fewer images, or ask with "
            "origin=left-top.",
            most=MOST_HEIGHTS,
        )
    each = [
        spatial.touching(
            db.connection(),
            sized.where(AbstractImage.height == height),
            turn_over(shape, height or 0),
            within,
            wanted.kind,
        )
        for height in heights
    ]
    return or_(false(), *each)
