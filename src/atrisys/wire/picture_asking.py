"""What the address of a picture says: which slide, how large, how it is shown, which shape.

Cytomine's clients spell booleans and nothings in several ways; POST may bring the same parameters as a JSON body, for
shapes that are too long for an address.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Annotated, Any

import shapely
from fastapi import Depends, Request
from shapely.geometry.base import BaseGeometry
from starlette.convertors import Convertor, register_url_convertor
from starlette.responses import Response

from atrisys.access.caller import Caller
from atrisys.access.events import note
from atrisys.access.slide_file import SlideFile, slide_file
from atrisys.errors import Invalid
from atrisys.geometry.frames import LEFT_BOTTOM, turn_over
from atrisys.geometry.wkt import read_wkt
from atrisys.imaging.display import Display, read_display
from atrisys.imaging.encode import JPEG_QUALITY
from atrisys.imaging.reader import Plane, SlideFacts
from atrisys.store.session import Store
from atrisys.store.tables import AbstractImage, AbstractSlice, ImageInstance, SliceInstance
from atrisys.wire.asking import CurrentStore, CurrentUser, Db, Find
from atrisys.wire.bodies import JsonBody
from atrisys.wire.dialect import read_origin, says_yes
from atrisys.wire.routes import Endpoint, Routes, opens_to_picture_cookie

GET, GET_OR_POST = ("GET", "HEAD"), ("GET", "HEAD", "POST")
LARGEST = 2**31
MOST_IDS = 10_000


class _Signed(Convertor[int]):
    """A window may begin left of the slide."""

    regex = "-?[0-9]+"

    def convert(self, value: str) -> int:
        return int(value[:20])

    def to_string(self, value: int) -> str:
        return str(value)


register_url_convertor("signed", _Signed())

_WORDS = {
    "maxSize": "the longest side in pixels, proportions kept; enlarges too",
    "zoom": "how often it is halved, 0 is full resolution; does not count beside maxSize",
    "safe": "true: make it as large as the limits allow rather than refuse",
    "bits": "8, 16, 32 or max (the slide's own depth); without it 8 bits as one wants to look at them",
    "colormap": "name of a colour map, CSS colour or #rrggbb, one for each channel; `!` in front turns it round",
    "inverse": "true: the colour map the other way round",
    "gamma": "0 to 10, 1 is none",
    "contrast": "factor, 1 is none",
    "jpegQuality": "1 to 100",
    "withExterior": "true: what lies beyond the slide is shown white rather than cut off",
    "type": "crop, draw, mask or alphaMask",
    "draw": "true: with the outline",
    "mask": "true: white where the shapes are, black elsewhere",
    "alphaMask": "true: transparent where no shape is",
    "alpha": "percent of that transparency, 100 is whole",
    "color": "of the outline, #rrggbb or 0xrrggbb",
    "thickness": "of the outline",
    "increaseArea": "factor of the width and height that are shown",
    "square": "true: the shorter side is widened to the longer one",
    "location": "WKT in Cytomine's frame (also `geometry`)",
    "clean": "true: a clean copy, also for who may have the original",
    "origin": "left-top: `location` is in image order",
    "annotations": "ids, separated by commas: the shapes that are masked or drawn; without a choice all of them",
    "terms": "ids: shapes with one of these terms",
    "users": "ids: shapes of these people",
    "reviewed": "true: reviewed shapes",
    "channels": "indices, separated by commas",
    "zSlices": "the focal plane",
    "timepoints": "the time",
    "minIntensities": "shown darkest: numbers, AUTO_IMAGE, STRETCH_IMAGE, AUTO_PLANE or STRETCH_PLANE, one a channel",
    "maxIntensities": "shown brightest, likewise",
    "gammas": "one a channel",
    "colormaps": "one a channel",
    "filters": "names, separated by commas: a threshold (OTSU, ISODATA, YEN, MINIMUM, MEAN) or one stain (HE-EOSIN, …)",
}
SIZE = ("maxSize", "safe", "jpegQuality")
CHANNELS = ("channels", "zSlices", "timepoints", "minIntensities", "maxIntensities", "gammas", "colormaps", "filters")
LOOK = ("bits", "colormap", "inverse", "gamma", "contrast", *CHANNELS)
CUT = ("zoom", "type", "draw", "mask", "alphaMask", "alpha", "color", "thickness", "increaseArea", "square")


def picture_at(
    routes: Routes, path: str, words: Sequence[str], methods: Sequence[str] = GET_OR_POST
) -> Callable[[Endpoint], Endpoint]:
    """Decorator of a handler that answers a picture or a file: the key-born cookie opens it.

    Args:
        words: what the query may say.
    """
    said = [
        {"name": name, "in": "query", "required": False, "description": _WORDS[name], "schema": {"type": "string"}}
        for name in words
    ]

    def register(endpoint: Endpoint) -> Endpoint:
        endpoint = opens_to_picture_cookie(endpoint)
        # One route a method, so that each has its own name in the API's description; HEAD goes without saying.
        for method in methods:
            routes.add_api_route(
                path,
                endpoint,
                methods=[method],
                include_in_schema=method != "HEAD",
                openapi_extra={"parameters": said},
                response_class=Response,
            )
        return endpoint

    return register


_NOTHING = ("", "null", "none", "undefined")


class PictureWords:
    """The query's (and body's) words, read one by one; what is no number where one is wanted raises Invalid."""

    def __init__(self, said: Mapping[str, str]) -> None:
        self.said = said

    def text(self, name: str) -> str | None:
        """None where nothing was said."""
        value = self.said.get(name)
        return None if value is None or value.strip().lower() in _NOTHING else value.strip()

    def yes(self, name: str) -> bool:
        return bool(says_yes(self.text(name)))

    def number(self, name: str, usual: float) -> float:
        """Finite or not: those who use it know their limits."""
        value = self.text(name)
        try:
            return usual if value is None else float(value)
        except ValueError:
            raise Invalid("{name} must be a number, not {value}.", name=name, value=value) from None

    def whole(self, name: str) -> int | None:
        number = self.number(name, float("nan"))
        if self.text(name) is None:
            return None
        if not abs(number) < LARGEST or number != int(number):
            raise Invalid("{name} must be a whole number, not {value}.", name=name, value=self.text(name))
        return int(number)

    def ids(self, name: str) -> list[int] | None:
        """The ids of a comma list; None where nothing was said."""
        value = self.text(name)
        if value is None:
            return None
        parts = [part.strip() for part in value.strip("[]").split(",") if part.strip()]
        if not all(part.isdecimal() and len(part) < 19 for part in parts):
            raise Invalid("{name} are ids, separated by commas, not {value}.", name=name, value=value[:80])
        if len(parts) > MOST_IDS:
            raise Invalid("At most {limit} {name} can be named at once.", limit=MOST_IDS, name=name)
        return [int(part) for part in parts]

    @cached_property
    def max_size(self) -> int | None:
        return self.whole("maxSize")

    @cached_property
    def zoom(self) -> int:
        return self.whole("zoom") or 0

    @cached_property
    def quality(self) -> int:
        quality = self.whole("jpegQuality")
        return JPEG_QUALITY if quality is None else quality

    @cached_property
    def safe(self) -> bool:
        return self.yes("safe")

    @cached_property
    def display(self) -> Display:
        """How a picture is shown. Tiles are asked for in the plural, other pictures in the singular: both are read."""
        if self.said.keys().isdisjoint(LOOK):
            # Nearly all of them.
            return Display()
        return read_display(
            bits=self.text("bits"),
            colormap=self.text("colormaps") or self.text("colormap"),
            inverse=self.yes("inverse"),
            gamma=self.text("gammas") or self.text("gamma"),
            contrast=self.number("contrast", 1),
            channels=self.text("channels"),
            low=self.text("minIntensities"),
            high=self.text("maxIntensities"),
            filters=self.text("filters"),
        )

    @cached_property
    def axes(self) -> dict[str, int]:
        """The focal plane (z) and time (t) that are named."""
        named: dict[str, int] = {}
        for name, axis in (("zSlices", "z"), ("timepoints", "t")):
            ids = self.ids(name)
            if ids is not None and len(ids) != 1:
                raise Invalid("A picture shows one plane: {name} is one index, not {value}.", name=name, value=str(ids))
            if ids:
                named[axis] = ids[0]
        return named

    def plane(self, own: Plane) -> Plane:
        """The slice's own focal plane and time, or the ones that are named."""
        return replace(own, **self.axes) if self.axes else own

    def shape(self, facts: SlideFacts) -> BaseGeometry | None:
        """The shape that `location` or `geometry` names, in image order; None where there is none.

        Raises:
            ShapeRefused: it cannot be read.
            Invalid: it lies beyond the slide.
        """
        text = self.text("location") or self.text("geometry")
        if text is None:
            return None
        shape = read_wkt(text)
        if read_origin(self.text("origin")) == LEFT_BOTTOM:
            shape = turn_over(shape, facts.height)
        if not shapely.box(0, 0, facts.width, facts.height).intersects(shapely.box(*shape.bounds)):
            raise Invalid(
                "The shape lies beyond the image ({width} x {height} px).", width=facts.width, height=facts.height
            )
        return shape


class Asked(PictureWords):
    """A request for a picture, and its words."""

    def __init__(self, request: Request, said: Mapping[str, str]) -> None:
        super().__init__(said)
        self.request = request


async def _asked(request: Request, body: JsonBody) -> Asked:
    said: dict[str, str] = dict(request.query_params)
    if body is not None and not isinstance(body, dict):
        raise Invalid("An object is expected, not {value}.", value=str(body)[:80])
    for name, value in (body or {}).items():
        said[name] = ",".join(map(str, value)) if isinstance(value, list) else "" if value is None else str(value)
    return Asked(request, said)


PictureAsked = Annotated[Asked, Depends(_asked)]


def slide_of(
    kind: type[AbstractImage] | type[AbstractSlice] | type[ImageInstance] | type[SliceInstance], *, looks: bool = True
) -> Any:
    """A dependency: the file behind the object whose id is in the address, for who may see it.

    Args:
        looks: the answer shows the slide, which the log shall tell.
    """

    async def found(id: int, db: Db, store: CurrentStore, caller: CurrentUser, find: Find) -> SlideFile:
        slide = slide_file(db, store.folder, find(kind, id))
        if looks:
            note_look(store, caller, slide)
        return slide

    return Depends(found)


def note_look(store: Store, caller: Caller, slide: SlideFile, what: str | None = None) -> None:
    """That somebody looks at a slide, wherever they were shown it."""
    if slide.image_id is None:
        note(store, caller, "viewed", AbstractImage, slide.base_id, what=what)
    else:
        note(store, caller, "viewed", ImageInstance, slide.image_id, what=what)
