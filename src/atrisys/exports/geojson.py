"""GeoJSON of one slide's annotations, written so that `geojson_reading` gives back the very same annotations.

A FeatureCollection whose member `origin` says where coordinates begin (each feature says it too, for programs that drop
what they do not know). Left-bottom coordinates are height − y, written with all the decimals that this has: they
are more than a float holds, and with them the way back is exact.
"""

from collections.abc import Iterable, Iterator
from decimal import Context, Decimal, Inexact, localcontext
from typing import Any, cast

import numpy as np
import orjson
import shapely

from atrisys.exports.batches import Shapes, batches, shapes_of
from atrisys.exports.records import AnnotationRecord, ImageRecord, Problem
from atrisys.geometry.frames import LEFT_TOP, Origin, check_origin
from atrisys.imaging.reader import Plane

EXACT = Context(prec=1200, traps=[Inexact])
"""Decimal arithmetic in which no difference of a height and a float is ever rounded."""


def write_geojson(
    records: Iterable[AnnotationRecord], image: ImageRecord, origin: Origin, problems: list[Problem]
) -> Iterator[bytes]:
    """Write a slide's annotations as a GeoJSON FeatureCollection, piece by piece.

    Args:
        records: in the order in which they shall stand; shapes in image order. Read once, some thousand at a time.
        image: the slide they lie on.
        origin: of the coordinates written: left-top (image order) or left-bottom (Cytomine's wire, y' = height − y).
        problems: annotations that cannot be written are added to it.

    Returns:
        UTF-8 text in pieces. Properties of each feature: image_id, annotation_id, class_id and class_name, which
        scripts of Cytomine's users write; origin; terms (names of all of them); and, where there are such, source,
        parent_id and plane (c, z, t).

    Raises:
        Invalid: an origin that is none of the two.
    """
    return _pieces(records, image, check_origin(origin), problems)


def _pieces(
    records: Iterable[AnnotationRecord], image: ImageRecord, origin: Origin, problems: list[Problem]
) -> Iterator[bytes]:
    about = {
        "id": image.id,
        "name": image.name,
        "width": image.width,
        "height": image.height,
        "mpp_x": image.mpp_x,
        "mpp_y": image.mpp_y,
        "magnification": image.magnification,
        "case": image.case,
    }
    start = {"type": "FeatureCollection", "origin": origin, "unit": "px", "image": about}
    yield orjson.dumps(start, default=str)[:-1] + b',"features":['
    comma = b"\n"
    for batch in batches(records):
        features = _features(batch, image.height, origin, problems)
        if features:
            yield comma + b",\n".join(features)
            comma = b",\n"
    yield b"\n]}\n"


def _features(batch: list[AnnotationRecord], height: int, origin: Origin, problems: list[Problem]) -> list[bytes]:
    shapes, reasons = shapes_of(batch)
    shapes = cast(Shapes, shapely.force_2d(shapes))
    points, owner = shapely.get_coordinates(shapes, return_index=True)
    reasons |= dict.fromkeys(owner[~np.isfinite(points).all(axis=1)].tolist(), "A coordinate is no finite number.")
    reasons |= dict.fromkeys(np.flatnonzero(shapely.is_empty(shapes)).tolist(), "The shape is empty.")
    good = np.array([i not in reasons for i in range(len(batch))], bool)
    texts = np.full(len(batch), None, object)
    texts[good] = _geometries(shapes[good], height, origin)
    features: list[bytes] = []
    for i, (record, text) in enumerate(zip(batch, texts, strict=True)):
        try:
            if i not in reasons:
                features.append(_feature(record, text, origin))
        except (TypeError, ValueError) as error:
            reasons[i] = f"Its properties cannot be written ({error})."
    problems += [Problem(batch[i].id, reason) for i, reason in sorted(reasons.items())]
    return features


def _feature(record: AnnotationRecord, geometry: str, origin: Origin) -> bytes:
    properties: dict[str, Any] = {
        "image_id": record.image_id,
        "annotation_id": record.id,
        "class_id": record.class_id,
        "class_name": record.class_name,
        "origin": origin,
        "terms": record.terms,
    }
    if record.source is not None:
        properties["source"] = record.source
    if record.parent_id is not None:
        properties["parent_id"] = record.parent_id
    if record.plane != Plane():
        properties["plane"] = record.plane
    feature = {"type": "Feature", "properties": properties, "geometry": orjson.Fragment(geometry)}
    return orjson.dumps(feature)


def _geometries(shapes: Shapes, height: int, origin: Origin) -> list[str]:
    if origin == LEFT_TOP:
        return cast("list[str]", shapely.to_geojson(shapes).tolist())
    with localcontext(EXACT):
        return [_turned_over(shape, Decimal(height)) for shape in shapes]


def _turned_over(shape: Any, height: Decimal) -> str:
    """The geometry's text with y' = height − y in full."""
    geometry = shapely.geometry.mapping(shape)

    def text(nested: Any) -> str:
        if isinstance(nested[0], float):
            return f"[{nested[0]!r},{height - Decimal(repr(nested[1])):f}]"
        return f"[{','.join(map(text, nested))}]"

    return f'{{"type":"{geometry["type"]}","coordinates":{text(geometry["coordinates"])}}}'
