"""A shape cut out of its slide, in one of four ways: crop, mask, alpha mask, with its outline drawn."""

from collections.abc import Callable, Sequence
from typing import Any, Literal

from shapely.geometry.base import BaseGeometry
from starlette.responses import Response

from atrisys.access.slide_file import SlideFile
from atrisys.errors import Invalid
from atrisys.imaging import outlines, pictures
from atrisys.imaging.crops import allowed_size, crop_box, output_size
from atrisys.imaging.encode import format_of
from atrisys.imaging.pictures import Picture
from atrisys.imaging.reader import Box
from atrisys.imaging.slides import SharedSlide
from atrisys.wire.picture_asking import Asked
from atrisys.wire.pictures import Work, is_quick, picture_answer

Way = Literal["crop", "draw", "mask", "alphamask"]


def way_of(asked: Asked) -> Way:
    """`type=mask`, or `mask=true` as older clients say it."""
    kind = (asked.text("type") or "").lower()
    if kind in ("crop", "draw", "mask", "alphamask"):
        return kind
    if kind:
        raise Invalid("There is no type {type}: it is crop, draw, mask or alphaMask.", type=kind)
    if asked.yes("alphaMask"):
        return "alphamask"
    if asked.yes("mask"):
        return "mask"
    return "draw" if asked.yes("draw") else "crop"


def size_of(asked: Asked, max_size: int | None) -> dict[str, Any]:
    """How large a picture is to be, as the picture functions take it."""
    return {"max_size": max_size, "zoom": asked.zoom, "quality": asked.quality, "safe": asked.safe}


def outline_of(asked: Asked) -> dict[str, Any]:
    return {"color": asked.text("color") or "#000000", "thickness": asked.number("thickness", 1)}


def cut_out(
    asked: Asked,
    slide: SlideFile,
    shapes: Sequence[BaseGeometry],
    format: str,
    way: Way,
    max_size: int | None,
    *marks: object,
) -> Response:
    """The answer with the picture of the rectangle around shapes (in image order).

    Args:
        max_size: where nobody asks for another size; None: full resolution.
        marks: what it depends on beside the slide and what was asked.
    """
    facts = slide.facts
    if asked.max_size is not None or asked.text("zoom") is not None:
        max_size = asked.max_size
    box = crop_box(shapes, (facts.width, facts.height), asked.number("increaseArea", 1), asked.yes("square"))
    kind = format_of(format, "png" if way == "alphamask" else "jpg", alpha=way == "alphamask")
    size, display, plane = size_of(asked, max_size), asked.display, asked.plane(slide.plane)

    def plain(opened: SharedSlide) -> Picture:
        return pictures.crop(opened, shapes, box, plane, kind, display=display, **size)

    make = maker(asked, slide, shapes, box, kind, way, size, plain)
    planned = allowed_size(output_size(box, facts, max_size, asked.zoom), box, kind, asked.safe)
    work = Work(make, planned, kind, slide.path.name, is_quick(box, planned))
    return picture_answer(asked.request, work, way, kind, slide.mark, sorted(asked.said.items()), *marks)


def maker(
    asked: Asked,
    slide: SlideFile,
    shapes: Sequence[BaseGeometry],
    box: Box,
    format: str,
    way: Way,
    size: dict[str, Any],
    plain: Callable[[SharedSlide], Picture],
) -> Callable[[], Picture]:
    """What makes the picture of a rectangle with shapes in one of the ways; its words are read here and now.

    Args:
        box: what is shown, in level-0 pixels.
        plain: makes the picture without the shapes.
    """
    display, alpha, line = asked.display, asked.number("alpha", 100), outline_of(asked)
    plane = asked.plane(slide.plane)

    def make() -> Picture:
        if way == "mask":
            return pictures.mask(slide.facts, shapes, box, format, **size)
        with slide.reading() as opened:
            if way == "alphamask":
                return pictures.alphamask(opened, shapes, box, plane, format, alpha, display=display, **size)
            if way == "draw":
                return outlines.outlined(opened, shapes, box, plane, format, display=display, **line, **size)
            return plain(opened)

    return make
