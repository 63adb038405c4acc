"""Annotations to send: the polygons of bench/masks.py, as the client writes them."""

from functools import lru_cache

import numpy as np
import orjson
import shapely

from bench import masks
from bench.house import Sheet

API = "/api/annotation.json"


@lru_cache(maxsize=1)
def scene(count: int, width: int, height: int, seed: int = 20) -> np.ndarray:
    """`count` nuclei of 30 points, coordinates to a hundredth of a pixel, at random places; WKB keeps them small."""
    shapes = masks.nuclei(np.random.default_rng(seed), count, width, height)
    return np.array(shapely.to_wkb(shapes), object)


def bodies(sheet: Sheet, shapes: np.ndarray, size: int) -> list[bytes]:
    """Arrays of `size` annotations, each with one term, as the official client's bulk save sends them."""
    texts = [shapely.to_wkt(shape, rounding_precision=2) for shape in shapely.from_wkb(shapes)]
    return [
        orjson.dumps(
            [
                {
                    "location": text,
                    "image": sheet.image,
                    "project": sheet.project,
                    "term": [sheet.terms[number % len(sheet.terms)]],
                }
                for number, text in enumerate(texts[start : start + size], start)
            ]
        )
        for start in range(0, len(texts), size)
    ]
