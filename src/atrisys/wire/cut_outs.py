"""A shape cut out of its slide, in one of four ways: crop, mask, alpha mask, with its outline drawn."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from shapely.geometry.base import BaseGeometry
from starlette.requests import Request
from starlette.responses import Response

from atrisys.access.slide_file import SlideFile
from atrisys.errors import Invalid
from atrisys.imaging import outlines, pictures
from atrisys.imaging.crops import Bounds, allowed_size, box_around, output_size
from atrisys.imaging.display import Display
from atrisys.imaging.encode import format_of
from atrisys.imaging.pictures import Picture
from atrisys.imaging.reader import Box, Plane
from atrisys.imaging.slides import SharedSlide
from atrisys.wire.picture_asking import PictureWords
from atrisys.wire.pictures import Work, is_quick, picture_answer

Way = Literal["crop", "draw", "mask", "alphamask"]


@dataclass(frozen=True)
class Wishes:
    """What an address says of a picture with shapes, whatever slide it is of."""

    way: Way
    format: str
    """As `encode` names it."""
    max_size: int | None
    zoom: int
    quality: int
    safe: bool
    display: Display
    axes: dict[str, int]
    increase_area: float
    square: bool
    alpha: float
    color: str
    thickness: float
    said: tuple[tuple[str, str], ...]
    """All words, for the ETag."""

    @property
    def size(self) -> dict[str, Any]:
        """How large and how well it is to be made, as the picture functions take it."""
        return {"max_size": self.max_size, "zoom": self.zoom, "quality": self.quality, "safe": self.safe}

    def plane(self, own: Plane) -> Plane:
        """See `PictureWords.plane`."""
        return replace(own, **self.axes) if self.axes else own


def read_wishes(
    words: PictureWords, format: str, way: Way | None = None, usual_size: int | None = None, usual_format: str = "jpg"
) -> Wishes:
    """Raises Invalid where a word cannot be used.

    Args:
        format: the address' ending.
        way: where the address says it; else the query does.
        usual_size: where nobody asks for another one; None: full resolution.
        usual_format: where the ending is none of ours.
    """
    way = way or _way_of(words)
    sized = words.max_size is not None or words.text("zoom") is not None
    return Wishes(
        way=way,
        format=format_of(format, "png" if way == "alphamask" else usual_format, alpha=way == "alphamask"),
        max_size=words.max_size if sized else usual_size,
        zoom=words.zoom,
        quality=words.quality,
        safe=words.safe,
        display=words.display,
        axes=words.axes,
        increase_area=words.number("increaseArea", 1),
        square=words.yes("square"),
        alpha=words.number("alpha", 100),
        color=words.text("color") or "#000000",
        thickness=words.number("thickness", 1),
        said=tuple(sorted(words.said.items())),
    )


def _way_of(words: PictureWords) -> Way:
    """`type=mask`, or `mask=true` as older clients say it."""
    kind = (words.text("type") or "").lower()
    if kind in ("crop", "draw", "mask", "alphamask"):
        return kind
    if kind:
        raise Invalid("There is no type {type}: it is crop, draw, mask or alphaMask.", type=kind)
    if words.yes("alphaMask"):
        return "alphamask"
    if words.yes("mask"):
        return "mask"
    return "draw" if words.yes("draw") else "crop"


def cut_out(
    request: Request,
    slide: SlideFile,
    wishes: Wishes,
    bounds: Bounds,
    shapes: Sequence[BaseGeometry],
    *marks: object,
) -> Response:
    """The answer with the picture of the rectangle around shapes (in image order).

    Args:
        bounds: of the shapes.
        shapes: a plain crop needs none.
        marks: what it depends on beside the slide and what was asked.
    """
    facts, way, kind = slide.facts, wishes.way, wishes.format
    box = box_around(bounds, (facts.width, facts.height), wishes.increase_area, wishes.square)
    plane = wishes.plane(slide.plane)

    def plain(opened: SharedSlide) -> Picture:
        return pictures.crop(opened, (), box, plane, kind, display=wishes.display, **wishes.size)

    make = maker(slide, shapes, box, wishes, plain)
    planned = allowed_size(output_size(box, facts, wishes.max_size, wishes.zoom), box, kind, wishes.safe)
    work = Work(make, planned, kind, slide.path.name, is_quick(box, planned))
    return picture_answer(request, work, way, kind, slide.mark, wishes.said, *marks)


def maker(
    slide: SlideFile,
    shapes: Sequence[BaseGeometry],
    box: Box,
    wishes: Wishes,
    plain: Callable[[SharedSlide], Picture],
) -> Callable[[], Picture]:
    """What makes the picture of a rectangle with shapes in one of the ways.

    Args:
        box: what is shown, in level-0 pixels.
        plain: makes the picture without the shapes.
    """
    way, kind, size, plane = wishes.way, wishes.format, wishes.size, wishes.plane(slide.plane)
    shown: dict[str, Any] = {"display": wishes.display, **size}

    def make() -> Picture:
        if way == "mask":
            return pictures.mask(slide.facts, shapes, box, kind, **size)
        with slide.reading() as opened:
            if way == "alphamask":
                return pictures.alphamask(opened, shapes, box, plane, kind, wishes.alpha, **shown)
            if way == "draw":
                line = {"color": wishes.color, "thickness": wishes.thickness}
                return outlines.outlined(opened, shapes, box, plane, kind, **line, **shown)
            return plain(opened)

    return make
