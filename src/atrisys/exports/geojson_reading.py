"""Annotations read from GeoJSON: our own without loss, and that of others (QuPath's bare lists among them).

The file is gone through twice, first for where its features lie, then feature by feature; so a file of any size takes
little memory, its origin is known before the first shape is, and one bad feature is only that.
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from decimal import Decimal, localcontext
from pathlib import Path
from typing import Any, BinaryIO

import orjson
import shapely
from shapely.geometry.base import BaseGeometry

from atrisys.errors import Invalid, ShapeNotClosed, ShapeRefused, ShapeUnreadable
from atrisys.exports.geojson import EXACT
from atrisys.exports.json_layout import Layout, find_layout
from atrisys.exports.records import UNLABELED, Problem
from atrisys.geometry.frames import LEFT_BOTTOM, LEFT_TOP, Origin, check_origin
from atrisys.geometry.wkt import KINDS, check_numbers, flat
from atrisys.imaging.reader import Plane

LARGEST_FEATURE = 128 << 20
"""Bytes of one feature; a shape of a million points has half of it."""
_LARGEST_MEMBER = 1 << 20
_KINDS = ("Point", "LineString", "Polygon", "MultiPoint", "MultiLineString", "MultiPolygon")


@dataclass(frozen=True, slots=True)
class ReadAnnotation:
    """One feature of a file."""

    number: int
    """Its place in the file, from 1."""
    shape: BaseGeometry
    """In image order, as it stands in the file: not yet checked against its picture (see `geometry/check.py`)."""
    terms: tuple[str, ...] = ()
    source: str | None = None
    parent_id: int | None = None
    """Id of the annotation that it corrects, where the file was written."""
    plane: Plane = Plane()  # noqa: RUF009
    annotation_id: int | None = None
    """Its id where the file was written."""
    image_id: int | None = None
    """Its image's id where the file was written."""


class AnnotationFile:
    """A GeoJSON file that was looked through: iterate over it for its annotations and problems, as often as needed."""

    def __init__(
        self, source: Path | BinaryIO, layout: Layout, height: int, origin: Origin, given: Origin | None, about: Any
    ) -> None:
        self._source, self._layout, self._height = source, layout, height
        self._given: Origin | None = given
        self.origin: Origin = origin
        """Of features that do not say their own."""
        self.image: Mapping[str, Any] = about if isinstance(about, dict) else {}
        """What the file says of its picture: id, name, width, height, …; empty in files of others."""

    def __len__(self) -> int:
        return len(self._layout.starts)

    def __iter__(self) -> Iterator[ReadAnnotation | Problem]:
        with _opened(self._source) as file:
            for number, (start, end) in enumerate(zip(self._layout.starts, self._layout.ends, strict=True), 1):
                try:
                    yield self._read(number, _bytes_of(file, start, end, LARGEST_FEATURE))
                except (Invalid, RecursionError) as refusal:
                    yield Problem(None, str(refusal), number)

    def _read(self, number: int, text: bytes) -> ReadAnnotation:
        feature = _object(text, "The feature")
        properties = feature.get("properties")
        properties = properties if isinstance(properties, dict) else {}
        geometry = feature.get("geometry")
        if feature.get("type") != "Feature" or not isinstance(geometry, dict):
            raise ShapeUnreadable("It is no Feature with a geometry.")
        if self._origin_of(properties) == LEFT_BOTTOM:
            geometry = _turned_over(text, self._height)
        return ReadAnnotation(
            number,
            _shape(geometry),
            _terms(properties),
            _text(properties.get("source")),
            _whole(properties.get("parent_id")),
            _plane(properties.get("plane") or geometry.get("plane")),
            _whole(properties.get("annotation_id")),
            _whole(properties.get("image_id")),
        )

    def _origin_of(self, properties: Mapping[str, Any]) -> Origin:
        said = properties.get("origin")
        if said is None:
            return self.origin
        origin = check_origin(said)
        if self._given and origin != self._given:
            raise _contradiction(origin, self._given)
        return origin


def read_geojson(source: Path | BinaryIO, height: int, origin: Origin | None = None) -> AnnotationFile:
    """Look through a GeoJSON file: a FeatureCollection, one Feature, or a bare list of features.

    Args:
        source: a path, or a file open for reading that can seek and stays open while it is iterated over.
        height: of the picture that the annotations are for, in level-0 pixels.
        origin: of the coordinates, for a file that does not say it.

    Returns:
        The file. Iterating gives a `ReadAnnotation` for each feature, or a `Problem` with its number.

    Raises:
        Invalid: no JSON, no features, cut off; an origin that neither the file nor the caller gives, or that they
            give differently; left-bottom coordinates of a picture of another height.
    """
    given = None if origin is None else check_origin(origin)
    with _opened(source) as file:
        file.seek(0)
        layout = find_layout(file)
        members = {name: _member(file, layout, name) for name in ("type", "origin", "image") if name in layout.members}
        if not layout.has_features:
            if members.get("type") != "Feature":
                raise Invalid("The file has no features. Send a GeoJSON FeatureCollection.")
            layout.starts.append(0)
            layout.ends.append(file.seek(0, 2))
        found = _find_origin(file, layout, members.get("origin"), given)
    about = members.get("image")
    other = about.get("height") if isinstance(about, dict) else None
    if found == LEFT_BOTTOM and other not in (None, height):
        raise Invalid(
            "The file's coordinates count from the bottom of a picture of {other} pixels, but this one has {height}. "
            "Choose the picture that the annotations belong to.",
            other=other,
            height=height,
        )
    return AnnotationFile(source, layout, height, found, given, about)


def _find_origin(file: BinaryIO, layout: Layout, said: object, given: Origin | None) -> Origin:
    if said is None and given is None and len(layout.starts):
        said = _origin_of_the_first(file, layout)
    if said is not None:
        origin = check_origin(said)
        if given and given != origin:
            raise _contradiction(origin, given)
        return origin
    if given is None and len(layout.starts):
        raise Invalid(
            "The file does not say where its coordinates begin. Say it: {top} (y counts down: QuPath and most others) "
            "or {bottom} (y counts up: Cytomine's wire).",
            top=LEFT_TOP,
            bottom=LEFT_BOTTOM,
        )
    return given or LEFT_TOP


def _origin_of_the_first(file: BinaryIO, layout: Layout) -> object:
    try:
        feature = _object(_bytes_of(file, layout.starts[0], layout.ends[0], LARGEST_FEATURE), "The feature")
    except Invalid:
        return None
    properties = feature.get("properties")
    return properties.get("origin") if isinstance(properties, dict) else None


def _contradiction(said: Origin, given: Origin) -> Invalid:
    return Invalid(
        "The file says that its coordinates begin {said}, not {given}. Leave the origin out.", said=said, given=given
    )


def _opened(source: Path | BinaryIO) -> AbstractContextManager[BinaryIO]:
    return source.open("rb") if isinstance(source, Path) else nullcontext(source)


def _bytes_of(file: BinaryIO, start: int, end: int, most: int) -> bytes:
    if end - start > most:
        raise Invalid("It has more than {most} bytes.", most=most)
    file.seek(start)
    return file.read(end - start)


def _member(file: BinaryIO, layout: Layout, name: str) -> Any:
    try:
        return orjson.loads(_bytes_of(file, *layout.members[name], _LARGEST_MEMBER))
    except ValueError:
        raise Invalid("The file's member {name} cannot be read.", name=name) from None


def _object(text: bytes, what: str) -> dict[str, Any]:
    try:
        read = orjson.loads(text.removeprefix(b"\xef\xbb\xbf"))
    except ValueError as error:
        raise ShapeUnreadable("{what} is no JSON that can be read: {reason}.", what=what, reason=str(error)) from None
    if not isinstance(read, dict):
        raise ShapeUnreadable("{what} is no JSON object.", what=what)
    return read


def _turned_over(text: bytes, height: int) -> dict[str, Any]:
    """The feature's geometry in image order, worked out from its decimals as they are written."""
    geometry = json.loads(text.removeprefix(b"\xef\xbb\xbf"), parse_float=Decimal, parse_int=Decimal)["geometry"]

    def turned(nested: Any) -> Any:
        if not isinstance(nested, list):
            raise ShapeUnreadable("Its coordinates are no numbers.")
        if len(nested) >= 2 and isinstance(nested[0], Decimal) and isinstance(nested[1], Decimal):
            return [float(nested[0]), float(height - nested[1])]
        return [turned(inner) for inner in nested]

    with localcontext(EXACT) as context:
        context.clear_traps()
        return {**geometry, "coordinates": turned(geometry.get("coordinates"))}


def _shape(geometry: dict[str, Any]) -> BaseGeometry:
    kind = geometry.get("type")
    if kind not in _KINDS:
        raise ShapeRefused("A {kind} cannot be an annotation, only one of {kinds}.", kind=str(kind)[:40], kinds=KINDS)
    try:
        shape = shapely.from_geojson(orjson.dumps({"type": kind, "coordinates": geometry.get("coordinates")}))
    except (shapely.errors.ShapelyError, ValueError, TypeError) as error:
        if "closed" in str(error):
            raise ShapeNotClosed("A ring is not closed. Repeat its first point as its last.") from None
        raise ShapeUnreadable("Its coordinates cannot be read: {reason}.", reason=str(error)) from None
    check_numbers(shape)
    return flat(shape)


def _terms(properties: Mapping[str, Any]) -> tuple[str, ...]:
    """Names of terms: our own list, or the class as a script of Cytomine's users or QuPath writes it."""
    terms = properties.get("terms")
    if isinstance(terms, list):
        return tuple(term for term in terms if isinstance(term, str))
    name = properties.get("class_name")
    if isinstance(name, str):
        return () if name == UNLABELED else (name,)
    classification = properties.get("classification")
    if not isinstance(classification, dict):
        return (classification,) if isinstance(classification, str) and classification else ()
    names = classification.get("names")
    if isinstance(names, list) and names:
        return (": ".join(str(name) for name in names),)
    name = classification.get("name")
    return (name,) if isinstance(name, str) and name else ()


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _whole(value: object) -> int | None:
    return value if type(value) is int else None


def _plane(value: object) -> Plane:
    """QuPath writes channel −1 for all channels."""
    if not isinstance(value, dict):
        return Plane()
    c, z, t = (max(0, _whole(value.get(name)) or 0) for name in ("c", "z", "t"))
    return Plane(c, z, t)
