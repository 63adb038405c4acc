"""Which annotations are meant: containers, people, terms, places, times; as conditions that the database cuts by."""

from collections.abc import Iterator
from dataclasses import dataclass

import shapely
from shapely.geometry.base import BaseGeometry
from sqlalchemy import ColumnElement, false, func, or_, select, true
from sqlalchemy.orm import Session

from atrisys.access.caller import Caller
from atrisys.access.visible import get_annotation, get_row, layers_in, visible
from atrisys.errors import Invalid, NotFound
from atrisys.geometry.frames import LEFT_BOTTOM, LEFT_TOP, Origin, turn_over
from atrisys.store import spatial
from atrisys.store.tables import (
    TERMS_OF,
    AbstractImage,
    AnnotationDomain,
    ImageInstance,
    Project,
    ReviewedAnnotation,
    SliceInstance,
    Tag,
    TagDomainAssociation,
    Term,
    UserAnnotation,
)

MOST_HEIGHTS = 40
"""The shape that a place is asked for with is turned over for each height, and each asks the grid anew."""

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
    after: int | None = None
    before: int | None = None
    excluded: int | None = None
    nothing: bool = False
    """Asks for what no annotation has yet."""


def conditions(db: Session, caller: Caller, wanted: Wanted) -> tuple[Project, list[ColumnElement[bool]]]:
    """The project they lie in, and what the annotations that are wanted, and that the caller may see, have in common.

    Raises:
        Invalid: no container is named, or containers of several projects.
        NotFound: a container, term or annotation that the caller may not see.
    """
    project, images = _container(db, caller, wanted)
    inside = wanted.kind.project_id == project.id if images is None else true()
    layers = layers_in(db, caller, project, kind=wanted.kind)
    return project, [inside, layers, *_filters(db, caller, wanted, images)]


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
    for ids, column in (
        (wanted.images, row.image_id),
        (wanted.slices, row.slice_id),
        (wanted.users, row.user_id),
        (wanted.annotations, row.id),
    ):
        if ids is not None:
            yield column == ids[0] if len(ids) == 1 else column.in_(ids)
    if wanted.reviewers is not None:
        yield ReviewedAnnotation.review_user_id.in_(wanted.reviewers)
    if wanted.not_reviewed:
        yield ~select(ReviewedAnnotation.id).where(ReviewedAnnotation.parent_id == row.id).exists()
    yield from _by_term(db, caller, wanted)
    yield from _by_tag(db, wanted)
    yield from _by_place(db, caller, wanted, images)
    if wanted.nothing:
        yield false()
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
