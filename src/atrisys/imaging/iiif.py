"""IIIF Image API 3.0, level 1 and some of level 2: what its words ask for, and how a slide is described in them."""

import math
import re
from typing import Any

from atrisys.errors import Invalid
from atrisys.imaging.crops import LONGEST_SIDE
from atrisys.imaging.deep_zoom import tile_side
from atrisys.imaging.own_tiles import Tile, tile_of
from atrisys.imaging.reader import Box, SlideFacts

CONTEXT = "http://iiif.io/api/image/3/context.json"
FORMATS = ("jpg", "png", "webp")
_NUMBER = r"\d{1,9}(?:\.\d{1,9})?"
_PIXELS = re.compile(r"(\d{1,9}),(\d{1,9}),(\d{1,9}),(\d{1,9})", re.ASCII)
_PERCENTS = re.compile(rf"pct:({_NUMBER}),({_NUMBER}),({_NUMBER}),({_NUMBER})", re.ASCII)
_PERCENT = re.compile(rf"pct:({_NUMBER})", re.ASCII)
_SIDES = re.compile(r"(!?)(\d{0,9}),(\d{0,9})", re.ASCII)


def describe(facts: SlideFacts, address: str) -> dict[str, Any]:
    """The image information document.

    Args:
        address: under which the image is asked for, without a slash at its end.

    Source: IIIF Image API 3.0, chapter 5.
    """
    side, longest = tile_side(facts), max(facts.width, facts.height)
    last = max(0, math.ceil(math.log2(longest / side)))
    sizes = ((-(-facts.width >> halved), -(-facts.height >> halved)) for halved in range(last, -1, -1))
    return {
        "@context": CONTEXT,
        "id": address,
        "type": "ImageService3",
        "protocol": "http://iiif.io/api/image",
        "profile": "level1",
        "width": facts.width,
        "height": facts.height,
        "maxWidth": LONGEST_SIDE,
        "maxHeight": LONGEST_SIDE,
        "sizes": [{"width": width, "height": height} for width, height in sizes if max(width, height) <= LONGEST_SIDE],
        "tiles": [{"width": side, "height": side, "scaleFactors": [1 << halved for halved in range(last + 1)]}],
        "extraFormats": ["png", "webp"],
        "extraFeatures": ["regionByPct", "sizeByPct", "sizeByConfinedWh"],
    }


def tile(facts: SlideFacts, region: str, size: str, rotation: str, quality: str, format: str) -> Tile:
    """What an address asks for.

    Args:
        region, size: see `read_region` and `read_size`.
        rotation: 0.
        quality: `default`.
        format: one of FORMATS.

    Raises:
        Invalid: a word that is not understood.

    Source: IIIF Image API 3.0, chapter 4.
    """
    box = read_region(facts, region)
    wanted = read_size(box, size)
    for value, known in ((rotation, ("0",)), (quality, ("default",)), (format, FORMATS)):
        if value not in known:
            raise Invalid("{value} is not done here: {known} is", value=value[:80], known=", ".join(known))
    return tile_of(facts, box, wanted, format)


def read_region(facts: SlideFacts, region: str) -> Box:
    """The rectangle that is asked for, cut to the slide.

    Args:
        region: `full`, `square`, `x,y,w,h` or `pct:x,y,w,h`.

    Returns:
        Level-0 pixels, origin top left.

    Raises:
        Invalid: another word, or a rectangle without area on the slide.
    """
    width, height = facts.width, facts.height
    if region == "full":
        return Box(0, 0, width, height)
    if region == "square":
        side = min(width, height)
        return Box((width - side) // 2, (height - side) // 2, side, side)
    if found := _PIXELS.fullmatch(region):
        x, y, across, down = map(int, found.groups())
    elif found := _PERCENTS.fullmatch(region):
        parts = [float(part) / 100 for part in found.groups()]
        x, y, across, down = (_half_up(part * side) for part, side in zip(parts, (width, height) * 2, strict=True))
    else:
        raise Invalid("{value} is no region: full, square, x,y,w,h or pct:x,y,w,h are understood", value=region[:80])
    across, down = min(across, width - x), min(down, height - y)
    if across < 1 or down < 1:
        raise Invalid("The region {value} lies beyond the image or has no area", value=region[:80])
    return Box(x, y, across, down)


def read_size(box: Box, size: str) -> tuple[int, int]:
    """How large the picture of a region is to be; it is never enlarged.

    Args:
        box: the region, in level-0 pixels.
        size: `max`, `w,`, `,h`, `w,h`, `!w,h` or `pct:n`.

    Returns:
        (width, height), each at least 1.

    Raises:
        Invalid: another word, larger than the region, or than the limit of 10,000 px a side.
    """
    whole = (box.width, box.height)
    if size == "max":
        return _within(whole, min(1.0, LONGEST_SIDE / max(whole)))
    if found := _PERCENT.fullmatch(size):
        asked = _within(whole, float(found[1]) / 100)
    elif (found := _SIDES.fullmatch(size)) and (found[2] or found[3]) and not (found[1] and not all(found.groups())):
        asked = _from_sides(whole, found[2], found[3], confined=bool(found[1]))
    else:
        raise Invalid("{value} is no size: max, w, or ,h or w,h or !w,h or pct:n are understood", value=size[:80])
    if not (0 < asked[0] <= whole[0] and 0 < asked[1] <= whole[1]):
        raise Invalid("The size {value} has no area or is larger than the region", value=size[:80])
    if max(asked) > LONGEST_SIDE:
        raise Invalid("The size {value} is beyond the limit of {limit} px a side", value=size[:80], limit=LONGEST_SIDE)
    return asked


def _from_sides(whole: tuple[int, int], width: str, height: str, confined: bool) -> tuple[int, int]:
    if confined:
        return _within(whole, min(1.0, int(width) / whole[0], int(height) / whole[1]))
    if not height:
        return int(width), max(1, _half_up(whole[1] * int(width) / whole[0]))
    if not width:
        return max(1, _half_up(whole[0] * int(height) / whole[1])), int(height)
    return int(width), int(height)


def _within(whole: tuple[int, int], scale: float) -> tuple[int, int]:
    if not scale:
        return 0, 0
    return max(1, _half_up(whole[0] * scale)), max(1, _half_up(whole[1] * scale))


def _half_up(value: float) -> int:
    return math.floor(value + 0.5)
