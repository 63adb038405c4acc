"""What may be done with a picture before it is sent: thresholds, and one stain taken out of many."""

from collections.abc import Callable
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from atrisys.errors import NotFound
from atrisys.imaging.reader import Pixels

Filter = Callable[[Pixels], Pixels]
"""uint8 (height, width, 1 or 3) to another of the same height and width."""
Counts = NDArray[np.int64]
"""How many pixels have each of the 256 intensities."""
Threshold = Callable[[Counts], float]

MOST_SMOOTHING = 10_000
"""Then there are no two hills."""

_DENSITIES = {
    "HE": {"HEMATOXYLIN": (0.644211, 0.716556, 0.266844), "EOSIN": (0.092789, 0.954111, 0.283111)},
    "HDAB": {"HEMATOXYLIN": (0.650, 0.704, 0.286), "DAB": (0.268, 0.570, 0.776)},
    "HEDAB": {"HEMATOXYLIN": (0.65, 0.70, 0.29), "EOSIN": (0.07, 0.99, 0.11), "DAB": (0.27, 0.57, 0.78)},
    "GIEMSA": {"METHYLBLUE": (0.834750, 0.513556, 0.196330), "EOSIN": (0.092789, 0.954111, 0.283111)},
    "RGB": {"RED": (0, 1, 1), "GREEN": (1, 0, 1), "BLUE": (1, 1, 0)},
    "CMY": {"CYAN": (1, 0, 0), "MAGENTA": (0, 1, 0), "YELLOW": (0, 0, 1)},
}
"""How much red, green and blue each stain swallows. Source: A. C. Ruifrok and D. A. Johnston, Quantification of
histochemical staining by color deconvolution, 2001; HE, HDAB and GIEMSA as common programs have them since."""

STAINS = {f"{mixed}-{stain}": (mixed, stain) for mixed, stains in _DENSITIES.items() for stain in stains}
_ALIASES = {
    "BINARY": "ISODATA",
    **{f"{mixed}-HAEMATOXYLIN": f"{mixed}-HEMATOXYLIN" for mixed in ("HE", "HDAB", "HEDAB")},
    **{f"{colour[0]}_RGB": f"RGB-{colour}" for colour in _DENSITIES["RGB"]},
    **{f"{colour[0]}_CMY": f"CMY-{colour}" for colour in _DENSITIES["CMY"]},
}
"""As older web pages of Cytomine name them."""


def filter_name(word: str) -> str:
    """A filter's own name.

    Args:
        word: as somebody asks for it, any case; older names too.

    Returns:
        One of `THRESHOLDS` or `STAINS`.

    Raises:
        NotFound: there is no such filter.

    Source: Cytomine's filters.
    """
    name = word.strip().upper()
    name = _ALIASES.get(name, name)
    if name not in THRESHOLDS and name not in STAINS:
        known = ", ".join([*THRESHOLDS, *STAINS])
        raise NotFound("There is no filter {name}: choose one of {known}", name=word[:80], known=known)
    return name


def brightness(pixels: Pixels) -> NDArray[np.uint32]:
    """How bright each pixel is.

    Args:
        pixels: (height, width, 3), RGB of any depth.

    Returns:
        (height, width) in the range of the samples.

    Source: ITU-R BT.601.
    """
    red, green, blue = (pixels[..., part].astype(np.uint32) for part in range(3))
    return (299 * red + 587 * green + 114 * blue + 500) // 1000


def threshold_filter(name: str, overview: Pixels) -> Filter:
    """White where a pixel is brighter than a threshold, else black.

    Args:
        name: one of `THRESHOLDS`.
        overview: a small picture of the whole slide, shown alike: the threshold is found there, so that it is the same
            in every tile.

    Returns:
        A filter whose pictures have one channel.
    """
    limit = THRESHOLDS[name](np.bincount(_greys(overview).ravel(), minlength=256))
    return lambda pixels: np.where(_greys(pixels) > limit, np.uint8(255), np.uint8(0))[..., None]


def stain_filter(name: str) -> Filter:
    """One stain alone, as it would look without the others.

    Args:
        name: one of `STAINS`.

    Returns:
        A filter for pictures of three channels.
    """
    mixed, stain = STAINS[name]
    densities = np.array(list(_DENSITIES[mixed].values()), np.float64)
    if len(densities) == 2:  # what neither swallows
        densities = np.vstack([densities, np.cross(*densities)])
    number = list(_DENSITIES[mixed]).index(stain)
    share = np.linalg.inv(densities)[:, number]
    # What of each sample's density is this stain's: tables, since a sample has 256 values only.
    density = -np.log(np.maximum(np.arange(256), 1) / 255)
    tables = (density[:, None] * share).astype(np.float32)
    swallows = densities[number].astype(np.float32)

    def alone(pixels: Pixels) -> Pixels:
        amount = sum(tables[:, part][cast(NDArray[np.uint8], pixels[..., part])] for part in range(3))
        light = np.exp(-np.maximum(amount, 0)[..., None] * swallows)
        return np.floor(light * 255 + 0.5).astype(np.uint8)

    return alone


def _greys(pixels: Pixels) -> NDArray[np.integer]:
    return brightness(pixels) if pixels.shape[2] == 3 else pixels[..., 0].astype(np.uint32)


def _otsu(counts: Counts) -> float:
    """Where the two halves differ most. Source: N. Otsu, 1979."""
    below, above, mean_below, mean_above = _halves(counts)
    return float(np.argmax(below * above * (mean_below - mean_above) ** 2))


def _isodata(counts: Counts) -> float:
    """The first that lies in the middle between the means of its halves. Source: T. W. Ridler, S. Calvard, 1978."""
    below, above, mean_below, mean_above = _halves(counts)
    middle = (mean_below + mean_above) / 2
    at = np.arange(255)
    found = np.flatnonzero((below > 0) & (above > 0) & (middle >= at) & (middle < at + 1))
    return float(found[0]) if len(found) else _mean(counts)


def _yen(counts: Counts) -> float:
    """The most that the halves can still say. Source: J. C. Yen, F. J. Chang, S. Chang, 1995."""
    share = counts / max(1, counts.sum())
    first, square = np.cumsum(share), np.cumsum(share**2)
    rest = np.cumsum((share**2)[::-1])[::-1]
    with np.errstate(divide="ignore", invalid="ignore"):
        said = np.log((square[:-1] * rest[1:]) ** -1.0 * (first[:-1] * (1 - first[:-1])) ** 2)
    return float(np.argmax(np.where(np.isfinite(said), said, -np.inf)))


def _minimum(counts: Counts) -> float:
    """The valley between two hills, smoothed until there are two. Source: J. M. S. Prewitt, M. L. Mendelsohn, 1966."""
    smooth, tops = counts.astype(np.float64), _tops(counts)
    for _ in range(MOST_SMOOTHING):
        if len(tops) <= 2:
            break
        wide = np.pad(smooth, 1, mode="edge")
        smooth = (wide[:-2] + wide[1:-1] + wide[2:]) / 3
        tops = _tops(smooth)
    if len(tops) != 2:
        return _mean(counts)
    return float(tops[0] + np.argmin(smooth[tops[0] : tops[1] + 1]))


def _tops(counts: NDArray[Any]) -> NDArray[np.intp]:
    """Where it falls after it rose; of a flat top, its beginning."""
    slope = np.sign(np.diff(np.pad(counts, 1)))
    turns = np.flatnonzero(slope)
    return turns[:-1][(slope[turns[:-1]] > 0) & (slope[turns[1:]] < 0)]


def _mean(counts: Counts) -> float:
    return float(np.average(np.arange(256), weights=counts))


def _halves(counts: Counts) -> tuple[NDArray[np.float64], ...]:
    """For each threshold below 255: how many pixels lie on either side, and the mean of either."""
    at = np.arange(256)
    below, weighed = np.cumsum(counts)[:-1], np.cumsum(counts * at)[:-1]
    above = counts.sum() - below
    mean_below = weighed / np.maximum(below, 1)
    mean_above = ((counts * at).sum() - weighed) / np.maximum(above, 1)
    return below.astype(np.float64), above.astype(np.float64), mean_below, mean_above


THRESHOLDS: dict[str, Threshold] = {
    "OTSU": _otsu, "ISODATA": _isodata, "YEN": _yen, "MINIMUM": _minimum, "MEAN": _mean,
}  # fmt: skip
