"""Colour maps by name: how an intensity becomes a colour."""

import re
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from atrisys.errors import Invalid

Ramp = NDArray[np.float64]
"""(steps, 3): red, green and blue, 0 to 1, for intensities from 0 to the highest."""

_STOPS = {
    "GRAY": "000000 ffffff",
    "JET": "000080 0000ff 0080ff 00ffff 80ff80 ffff00 ff8000 ff0000 800000",
    "COOL": "00ffff ff00ff",
    "SPRING": "ff00ff ffff00",
    "SUMMER": "008066 ffff66",
    "AUTUMN": "ff0000 ffff00",
    "WINTER": "0000ff 00ff80",
    "VIRIDIS": "440154 482878 3e4989 31688e 26828e 1f9e89 35b779 6ece58 b5de2b fde725",
    "PLASMA": "0d0887 46039f 7201a8 9c179e bd3786 d8576b ed7953 fb9f3a fdca26 f0f921",
    "INFERNO": "000004 1b0c41 4a0c6b 781c6d a52c60 cf4446 ed6925 fb9b06 f7d13d fcffa4",
    "MAGMA": "000004 180f3d 440f76 721f81 9e2f7f cd4071 f1605d fd9668 feca8d fcfdbf",
}
"""Colours at even distances; between them runs a line."""

_ALIASES = {"GREY": "GRAY", "GRAYS": "GRAY", "GREYS": "GRAY", "NONE": "GRAY", "DEFAULT": "GRAY"}


def names() -> tuple[str, ...]:
    """Every name that is a colour map of its own; CSS colours come on top."""
    return (*sorted((*_STOPS, "HOT")), "DEFAULT", "NONE")


@lru_cache(maxsize=32)
def ramp(name: str, steps: int = 256) -> Ramp:
    """The colours of a map from the lowest intensity to the highest.

    Args:
        name: any case: one of `names()`, a CSS colour or `#rrggbb` (a ramp from black to it); with `!` in front the
            map runs the other way.
        steps: how many intensities there are.

    Returns:
        (steps, 3), red, green and blue, 0 to 1.

    Raises:
        Invalid: no such map.

    Source: names as Cytomine's colormaps.
    """
    turned = name.strip().upper()
    plain = turned.lstrip("!")
    plain = _ALIASES.get(plain, plain)
    at = np.linspace(0, 1, steps)
    if (len(turned) - len(turned.lstrip("!"))) % 2:
        at = at[::-1]
    if plain == "HOT":
        return np.stack([np.clip(at * 8 / 3, 0, 1), np.clip(at * 8 / 3 - 1, 0, 1), np.clip(at * 4 - 3, 0, 1)], axis=1)
    stops = _stops(plain)
    if stops is None:
        raise Invalid(
            "There is no colour map {name}: choose one of {names}, a CSS colour such as RED, or #rrggbb; "
            "an exclamation mark in front turns it round",
            name=name,
            names=", ".join(names()),
        )
    where = np.linspace(0, 1, len(stops))
    return np.stack([np.interp(at, where, stops[:, part]) for part in range(3)], axis=1)


def _stops(name: str) -> Ramp | None:
    if name in _STOPS:
        return np.array([_rgb(code) for code in _STOPS[name].split()])
    colour = css_colour(name)
    return None if colour is None else np.array([(0.0, 0.0, 0.0), colour])


def css_colour(name: str) -> tuple[float, float, float] | None:
    """Red, green and blue of a CSS name, `#rgb`, `#rrggbb` or `0xrrggbb`, 0 to 1; None for anything else."""
    code = re.sub(r"^(#|0x)", "#", name.strip().lower())
    if not code.startswith("#"):
        from PIL.ImageColor import colormap

        known = colormap.get(code)
        code = known if isinstance(known, str) else ""
    if re.fullmatch(r"#[0-9a-f]{3}", code):
        code = "#" + "".join(2 * digit for digit in code[1:])
    return _rgb(code[1:]) if re.fullmatch(r"#[0-9a-f]{6}", code) else None


def _rgb(code: str) -> tuple[float, float, float]:
    red, green, blue = (part / 255 for part in bytes.fromhex(code))
    return red, green, blue
