"""Windows: any rectangle of a slide, also the whole of it at full resolution; plain, or with annotations as a mask."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

import shapely
from fastapi import Depends
from shapely.geometry.base import BaseGeometry
from sqlalchemy import select
from sqlalchemy.orm import Session
from starlette.responses import Response

from atrisys.access.caller import Caller
from atrisys.access.slide_file import SlideFile
from atrisys.access.visible import visible
from atrisys.actions.find_annotations import Wanted, conditions
from atrisys.errors import Invalid, NotFound
from atrisys.geometry.frames import LEFT_TOP
from atrisys.geometry.wkt import as_array
from atrisys.imaging import pictures
from atrisys.imaging.crops import allowed_size, output_size, window_box
from atrisys.imaging.pictures import Picture
from atrisys.imaging.reader import Box
from atrisys.imaging.slides import SharedSlide
from atrisys.store.tables import (
    AbstractImage,
    AbstractSlice,
    AnnotationDomain,
    ImageInstance,
    ReviewedAnnotation,
    SliceInstance,
    UserAnnotation,
)
from atrisys.wire.asking import CurrentUser, Db
from atrisys.wire.cut_outs import maker, read_wishes
from atrisys.wire.picture_asking import CUT, LOOK, SIZE, Asked, PictureAsked, picture_at, slide_of
from atrisys.wire.pictures import Work, is_quick, picture_answer
from atrisys.wire.routes import Routes

routes = Routes(tags=["picture"])

WORDS = (*SIZE, *LOOK, "withExterior", *CUT[:-2], "location", "origin")
WITH_ANNOTATIONS = (*SIZE, *LOOK, "withExterior", *CUT[:-2], "annotations", "terms", "users", "reviewed")
MOST_EXTERIOR = 4
"""A window may be so many times as wide and high as its slide; what lies beyond the slide costs time too."""


async def _box(x: int, y: int, w: int, h: int) -> Box:
    """Cytomine's order; but `window-{W}-{H}-0-0`, as README.md has it, would have no area: width, height, x, y."""
    return Box(w, h, x, y) if w == h == 0 and x and y else Box(x, y, w, h)


Where = Annotated[Box, Depends(_box)]
Slide = Annotated[SlideFile, slide_of(AbstractImage)]
SlidePlane = Annotated[SlideFile, slide_of(AbstractSlice)]
Image = Annotated[SlideFile, slide_of(ImageInstance)]
ImagePlane = Annotated[SlideFile, slide_of(SliceInstance)]


@picture_at(routes, "/api/abstractimage/{id:int}/window-{x:signed}-{y:signed}-{w:signed}-{h:signed}.{format}", WORDS)
@picture_at(routes, "/api/abstractimage/{id:int}/camera-{x:signed}-{y:signed}-{w:signed}-{h:signed}.{format}", WORDS)
def show_window_of_slide(
    slide: Slide, box: Where, format: str, asked: PictureAsked, db: Db, user: CurrentUser
) -> Response:
    """A rectangle of the slide: x, y, width and height in pixels, y counted from the top."""
    return _window(slide, box, format, asked, db, user)


@picture_at(routes, "/api/abstractslice/{id:int}/window-{x:signed}-{y:signed}-{w:signed}-{h:signed}.{format}", WORDS)
@picture_at(routes, "/api/abstractslice/{id:int}/camera-{x:signed}-{y:signed}-{w:signed}-{h:signed}.{format}", WORDS)
def show_window_of_slide_plane(
    slide: SlidePlane, box: Where, format: str, asked: PictureAsked, db: Db, user: CurrentUser
) -> Response:
    """A rectangle of one plane of the slide: x, y, width and height in pixels, y counted from the top."""
    return _window(slide, box, format, asked, db, user)


@picture_at(
    routes, "/api/imageinstance/{id:int}/window-{x:signed}-{y:signed}-{w:signed}-{h:signed}.{format}", WITH_ANNOTATIONS
)
@picture_at(
    routes, "/api/imageinstance/{id:int}/camera-{x:signed}-{y:signed}-{w:signed}-{h:signed}.{format}", WITH_ANNOTATIONS
)
def show_window(slide: Image, box: Where, format: str, asked: PictureAsked, db: Db, user: CurrentUser) -> Response:
    """A rectangle of the image: x, y, width and height in pixels, y counted from the top.

    `window-{width}-{height}-0-0` is the whole of it. With `mask`, `alphaMask` or `draw` it shows annotations.
    """
    return _window(slide, box, format, asked, db, user)


@picture_at(
    routes, "/api/sliceinstance/{id:int}/window-{x:signed}-{y:signed}-{w:signed}-{h:signed}.{format}", WITH_ANNOTATIONS
)
@picture_at(
    routes, "/api/sliceinstance/{id:int}/camera-{x:signed}-{y:signed}-{w:signed}-{h:signed}.{format}", WITH_ANNOTATIONS
)
def show_window_of_plane(
    slide: ImagePlane, box: Where, format: str, asked: PictureAsked, db: Db, user: CurrentUser
) -> Response:
    """A rectangle of one plane of the image: x, y, width and height in pixels, y counted from the top."""
    return _window(slide, box, format, asked, db, user)


def _window(slide: SlideFile, asked_box: Box, format: str, asked: Asked, db: Session, user: Caller) -> Response:
    facts, exterior, wishes = slide.facts, asked.yes("withExterior"), read_wishes(asked, format, usual_format="png")
    if facts.depth > 1 and (projection := asked.text("projection")):
        raise Invalid("Projections of focal planes ({projection}) are not made.", projection=projection)
    box = window_box(asked_box, (facts.width, facts.height), exterior)
    _check_extent(box, slide)
    way, kind, plane = wishes.way, wishes.format, wishes.plane(slide.plane)
    chosen = [] if way == "crop" else _chosen(db, user, slide, asked, box)

    def plain(opened: SharedSlide) -> Picture:
        return pictures.window(opened, box, plane, kind, exterior=exterior, display=wishes.display, **wishes.size)

    make = maker(slide, [one.shape for one in chosen], box, wishes, plain)
    wanted = output_size(box, facts, wishes.max_size, wishes.zoom)
    planned = allowed_size(wanted, box, kind, wishes.safe, window=way == "crop")
    work = Work(make, planned, kind, slide.path.name, is_quick(box, planned))
    marks = [(one.id, one.version) for one in chosen]
    return picture_answer(asked.request, work, way, kind, asked_box, slide.mark, wishes.said, marks)


def _check_extent(box: Box, slide: SlideFile) -> None:
    """Raises Invalid where hardly any of a window is on its slide."""
    facts = slide.facts
    if box.width > MOST_EXTERIOR * facts.width or box.height > MOST_EXTERIOR * facts.height:
        raise Invalid(
            "A window of {width} x {height} px is too wide for an image of {image_width} x {image_height} px: it may "
            "be {times} times as large.",
            width=box.width, height=box.height, image_width=facts.width, image_height=facts.height,
            times=MOST_EXTERIOR,
        )  # fmt: skip


@dataclass(frozen=True)
class _Shape:
    """An annotation, or the shape that was sent."""

    id: int
    version: int
    shape: BaseGeometry


def _chosen(db: Session, user: Caller, slide: SlideFile, asked: Asked, box: Box) -> Sequence[_Shape]:
    """The shapes that a window shows: the one that was sent, or annotations that the caller sees and has chosen."""
    sent = asked.shape(slide.facts)
    if sent is not None:
        return [_Shape(0, 0, sent)]
    if slide.image_id is None:
        raise Invalid("Annotations lie on images of projects. Ask for a window of one, or send a location.")
    named, kind = asked.ids("annotations"), ReviewedAnnotation if asked.yes("reviewed") else UserAnnotation
    if named is not None:
        _check_seen(db, user, slide.image_id, named, kind)
    alone = slide.slice_id is None or named is not None
    wanted = Wanted(
        kind=kind,
        images=[slide.image_id] if alone else None,
        slices=None if alone else [slide.slice_id or 0],
        annotations=named,
        terms=asked.ids("terms"),
        users=asked.ids("users"),
        touching=shapely.box(box.x, box.y, box.x + box.width, box.y + box.height),
        origin=LEFT_TOP,
    )
    query = select(kind.id, kind.version, kind.shape)
    _, chosen = conditions(db, user, wanted)
    rows = db.execute(query.where(*chosen).order_by(kind.id)).all()
    shapes = shapely.from_wkb(as_array([row.shape for row in rows]))
    return [_Shape(row.id, row.version, shape) for row, shape in zip(rows, shapes, strict=True)]


def _check_seen(db: Session, user: Caller, image_id: int, ids: Sequence[int], kind: type[AnnotationDomain]) -> None:
    """Raises NotFound where one of them is not on this image for the caller."""
    query = select(kind.id).where(kind.id.in_(ids), kind.image_id == image_id)
    missing = set(ids) - set(db.scalars(visible(user, query, kind)))
    if missing:
        raise NotFound("{kind} {id} was not found.", kind=kind.__name__, id=min(missing))
