"""The loops that draw the mask in the script of Cytomine's users (tests/walk/seed_script.py), as they print them."""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from shapely.geometry.base import BaseGeometry


def draw_as_the_script_does(shapes: Iterable[tuple[BaseGeometry, int]], width: int, height: int) -> NDArray[np.uint8]:
    """(height, width) class numbers; the shapes with their classes in the listing's order, image order."""
    mask_img = Image.new("L", (width, height), 0)
    drawer = ImageDraw.Draw(mask_img, "L")
    for poly, class_id in shapes:

        def draw_polygon(geom, class_id=class_id):
            if geom.geom_type == "Polygon":
                exterior = [(x, y) for x, y in np.array(geom.exterior.coords)]
                interiors = [[(x, y) for x, y in np.array(ring.coords)] for ring in geom.interiors]
                drawer.polygon(exterior, fill=int(class_id))
                for hole in interiors:
                    drawer.polygon(hole, fill=0)
            elif geom.geom_type == "MultiPolygon":
                for g in geom.geoms:
                    draw_polygon(g)

        draw_polygon(poly)
    return np.asarray(mask_img)
