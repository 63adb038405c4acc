"""Slides of all kinds that are damaged in many ways; the same ones for the same numbers.

for number in range(500):
    name, content = mutants.mutant(originals, number)
"""

import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np

from given import dicoms, mirax, ndpi, slides

SEED = 373
_EDGE = 1500
_EXTREMES = (0, 1, 0x7FFF, 0xFFFF, 0x10000, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)
Files = dict[str, bytes]
"""The files of one slide; its entry file first."""


def originals(folder: Path) -> list[Files]:
    """Whole slides, each of another kind, as small as may be: their tables are much of them."""
    picture = slides.tissue(300, 200)
    plain = {"picture": picture, "factors": (1, 2), "tile": 64}
    single = [
        slides.svs(folder / "aperio.svs", 300, 200, tile=64, shared_tables=True),
        slides.pyramid(folder / "jpeg.tif", subifds=True, **plain),
        slides.pyramid(folder / "zlib.tif", compression="zlib", bigtiff=True, **plain),
        slides.pyramid(folder / "jpeg 2000.tif", compression="jpeg2000", **plain),
        slides.pyramid(folder / "lzw.tif", compression="lzw", byteorder=">", **plain),
        slides.ome(folder / "fluorescence.ome.tif", 200, 150, channels=2, depth=1, duration=2, tile=64),
        slides.philips(folder / "philips.tif", picture, (1, 2), tile=64),
        dicoms.volume(folder / "dicom.dcm", tile=64),
        ndpi.slide(folder / "hamamatsu.ndpi", 256, 192, (1, 2)),
    ]
    return [{path.name: path.read_bytes()} for path in single] + [hamamatsu(folder), mirax.slide()]


def hamamatsu(folder: Path) -> Files:
    """A VMS slide of one JPEG, with its map and its macro picture."""
    from PIL import Image

    for name, width, height in (("own.jpg", 512, 384), ("map.jpg", 128, 96)):
        picture = Image.fromarray(slides.tissue(width, height))
        picture.save(folder / name, quality=90, subsampling="4:2:2", restart_marker_blocks=4)
    (folder / "a.vms").write_text(
        "[Virtual Microscope Specimen]\nNoLayers=1\nNoJpegColumns=1\nNoJpegRows=1\nImageFile=own.jpg\nMapFile=map.jpg\n"
        "MacroImage=map.jpg\nSourceLens=40\nPhysicalWidth=100000\nPhysicalHeight=80000\n"
    )
    return {name: (folder / name).read_bytes() for name in ("a.vms", "own.jpg", "map.jpg")}


def mutant(whole: list[Files], number: int) -> tuple[str, bytes]:
    """One damaged slide as it is sent: by itself, or zipped where it is several files.

    Args:
        whole: what `originals` made.
        number: which; the kinds take turns.

    Returns:
        Its name and its bytes.
    """
    rng = np.random.default_rng((SEED, number))
    files = dict(whole[number % len(whole)])
    other = next(iter(whole[int(rng.integers(len(whole)))].values()))
    change = _CHANGES[int(rng.integers(len(_CHANGES)))]
    name = list(files)[int(rng.integers(len(files)))]
    if len(files) == 1:
        return f"{number} {name}", change(files[name], other, rng)
    inside = rng.random() < 0.8
    if inside:
        files[name] = change(files[name], other, rng)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for one, content in files.items():
            archive.writestr(one, content)
    return f"{number}.zip", packed.getvalue() if inside else change(packed.getvalue(), other, rng)


def _place(content: bytes, rng: np.random.Generator) -> int:
    """Near the beginning or the end, where the tables are, as often as anywhere."""
    low, high = ((0, _EDGE), (-_EDGE, 0), (0, 0))[int(rng.integers(3))]
    first = max(0, len(content) + low) if low < 0 else low
    return int(rng.integers(first, min(high, len(content)) or len(content)))


def _cut_off(content: bytes, _other: bytes, rng: np.random.Generator) -> bytes:
    return content[: _place(content, rng)]


def _flip_bits(content: bytes, _other: bytes, rng: np.random.Generator) -> bytes:
    damaged = bytearray(content)
    for _ in range(int(rng.integers(1, 12))):
        damaged[_place(content, rng)] ^= 1 << int(rng.integers(8))
    return bytes(damaged)


def _put_extremes(content: bytes, _other: bytes, rng: np.random.Generator) -> bytes:
    damaged = bytearray(content)
    for _ in range(int(rng.integers(1, 4))):
        at, size = _place(content, rng), int(rng.choice((2, 4)))
        number = int(rng.choice(_EXTREMES)) & ((1 << 8 * size) - 1)
        damaged[at : at + size] = number.to_bytes(size, "little")
    return bytes(damaged)


def _splice(content: bytes, other: bytes, rng: np.random.Generator) -> bytes:
    """The beginning of one with the end of another, or a piece of another in its middle."""
    at, begin = _place(content, rng), _place(other, rng)
    if rng.random() < 0.5:
        return content[:at] + other[begin:]
    piece = other[begin : begin + int(rng.integers(1, 2000))]
    return content[:at] + piece + content[at + len(piece) :]


def _shift(content: bytes, _other: bytes, rng: np.random.Generator) -> bytes:
    """A piece is left out, or stands there twice."""
    at, length = _place(content, rng), int(rng.integers(1, 500))
    back = at + length if rng.random() < 0.5 else max(0, at - length)
    return content[:at] + content[back:]


_CHANGES: tuple[Callable[[bytes, bytes, np.random.Generator], bytes], ...] = (
    _cut_off, _flip_bits, _flip_bits, _put_extremes, _put_extremes, _splice, _shift,
)  # fmt: skip
