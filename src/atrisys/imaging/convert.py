"""A flat picture made a tiled pyramid by libvips. Runs in a worker of its own alone; `imaging/slides.py` asks."""

import os
import signal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from atrisys.errors import ConversionFailed, SlideUnreadable
from atrisys.imaging.recognise import looks_like
from atrisys.imaging.telling import tell

if TYPE_CHECKING:
    from atrisys.imaging.flat import Flat

QUALITY = 90
"""Of JPEG: from here on libvips leaves colours at full resolution."""
TILE = 256


def convert(path: str, target: str, most_bytes: int) -> None:
    """Write the pyramid of a flat picture.

    RGB of 8 bits goes into JPEG tiles; all else (grey, 16 bits, palettes) is kept to the last bit, deflated.
    Transparent pixels become white, colours of a palette and CMYK become RGB, black and white becomes 0 and 255. Of
    what the file says of itself only the size of its pixels is kept, and the OME-XML that tells its planes apart.

    Args:
        path: the picture.
        target: a file in a folder of its own, where libvips may put what it needs on the way.
        most_bytes: that any file may have here.

    Raises:
        SlideUnreadable, TooLarge: before it is decoded: it is none that can be converted.
        ConversionFailed: while it was.
    """
    _limit(Path(target).parent, most_bytes)
    import pyvips

    from atrisys.imaging.flat import known_mpp, open_flat

    entry = Path(path)
    pyvips.cache_set_max(0)
    try:
        flat = open_flat(entry, looks_like(entry))
        image = _as_kept(flat.image, entry.name)
        mpp = known_mpp(flat)
        image = image.copy(xres=1e3 / mpp[0] if mpp else 1.0, yres=1e3 / mpp[1] if mpp else 1.0)
        if flat.ome_xml is not None:
            image = image.copy()
            image.set_type(pyvips.GValue.gstr_type, "image-description", flat.ome_xml)
    except pyvips.Error as reason:
        raise SlideUnreadable("{name} cannot be decoded ({reason})", name=entry.name, reason=_words(reason)) from reason
    image.set_progress(True)
    image.signal_connect("eval", lambda _image, progress: tell(progress.percent / 100))
    try:
        image.tiffsave(target, **_options(flat, image))
    except pyvips.Error as reason:
        raise ConversionFailed(
            "{name} could not be made a pyramid ({reason})", name=entry.name, reason=_words(reason)
        ) from reason


def _limit(folder: Path, most_bytes: int) -> None:
    """For this process, which ends with the call."""
    os.environ |= {"TMPDIR": str(folder), "VIPS_CONCURRENCY": "2"}
    try:
        import resource
    except ImportError:
        return
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (most_bytes, most_bytes))


def _as_kept(image: Any, name: str) -> Any:
    """Grey or RGB, of 8 or 16 bits."""
    if image.format not in ("uchar", "ushort"):
        raise SlideUnreadable(
            "{name} has pixels of type {kind}; whole numbers of 8 or 16 bits without sign are read",
            name=name, kind=image.format,
        )  # fmt: skip
    if image.interpretation in ("cmyk", "lab", "labs"):
        image = image.colourspace("srgb")
    if image.hasalpha():
        image = image.flatten(background=65_535 if image.format == "ushort" else 255)
    if image.bands not in (1, 3):
        raise SlideUnreadable(
            "{name} has {samples} samples a pixel; grey and RGB are read", name=name, samples=image.bands
        )
    return image


def _options(flat: "Flat", image: Any) -> dict[str, Any]:
    is_photo = image.format == "uchar" and image.bands == 3 and not flat.drawn
    packed = (
        {"compression": "jpeg", "Q": QUALITY} if is_photo else {"compression": "deflate", "predictor": "horizontal"}
    )
    planes = {"keep": "icc"}
    if flat.ome_xml is not None:
        planes = {"keep": "other", "subifd": True, "page_height": flat.page_height}
    return {
        "tile": True, "tile_width": TILE, "tile_height": TILE, "pyramid": True, "bigtiff": True,
    } | packed | planes  # fmt: skip


def _words(reason: Exception) -> str:
    """What libvips says, without where our files lie."""
    text = " ".join(str(getattr(reason, "detail", reason)).split())
    return " ".join(word for word in text.split(" ") if "/" not in word)[:300]
