"""Files that are damaged or made to do harm: refused with a reason, in bounded time, and nobody else notices."""

import os
import struct
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import psutil
import pytest

from atrisys.errors import PictureFailed, SlideUnreadable
from atrisys.imaging import slides, worker
from atrisys.imaging.reader import Box
from atrisys.imaging.readers.openslide import detect
from given import bombs
from given import slides as given


@pytest.fixture(autouse=True)
def everybody_else_goes_on(tmp_path_factory: pytest.TempPathFactory):
    """After each attack a good slide is read, in this same process."""
    here = os.getpid()
    yield
    assert os.getpid() == here
    good = given.pyramid(tmp_path_factory.mktemp("good") / "good.tif", given.tissue(200, 150), (1,), compression="zlib")
    slide = slides.open_slide(good, slides.inspect(good).format)
    assert (slide.read_region(Box(0, 0, 200, 150)) == given.tissue(200, 150)).all()


def refused(path: Path, words: str) -> str:
    started = time.monotonic()
    with pytest.raises(SlideUnreadable, match=words) as refusal:
        slides.inspect(path)
    assert time.monotonic() - started < 20
    assert not isinstance(refusal.value, PictureFailed)
    assert path.name in str(refusal.value)
    return str(refusal.value)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"),
        (bytes(100_000), "nothing but zeros"),
        (b"words and more words", "no slide that we know"),
        (b"%PDF-1.7", "PDF file"),
        (b"PK\x03\x04", "archive.*unpack"),
        (b"\x1f\x8b\x08", "archive.*unpack"),
        (b"<!DOCTYPE html><title>Sign in</title>", "web page"),
        (b'<?xml version="1.0"?><DataObject ObjectType="DPUfsImport">', "iSyntax.*export"),
        (b"SQLite format 3\0" + bytes(1000), "OpenSlide"),
        (b"ZISRAWFILE" + bytes(1000), "cannot be read"),
        (bytes(128) + b"DICM" + bytes(1000), "OpenSlide|cannot be read"),
        (b"II*\0", "cut off"),
        (b"II*\0" + bytes(100), "without a single page"),
        (b"II*\0\xff\xff\xff\xff" + bytes(100), "cut off"),
        (b"[Virtual Microscope Specimen]\n", "OpenSlide|cannot be read"),
    ],
)
@pytest.mark.parametrize("suffix", [".svs", ""])
def test_what_is_no_slide_is_refused_with_words_that_help(tmp_path: Path, content: bytes, words: str, suffix: str):
    path = tmp_path / f"file{suffix}"
    path.write_bytes(content)
    refused(path, words)


def test_a_mirax_slide_without_its_folder_says_what_is_missing(tmp_path: Path):
    (tmp_path / "a.mrxs").write_bytes(b"II*\0"[:2] + b"something else")
    refused(tmp_path / "a.mrxs", "needs the folder a with its Slidedat.ini")


def test_a_folder_and_a_missing_file_are_refused(tmp_path: Path):
    refused(tmp_path, "holds 0 slides")
    refused(tmp_path / "nowhere.svs", "There is no file nowhere.svs")


@pytest.mark.parametrize(
    ("picture", "options", "words"),
    [
        (given.tissue(300, 200).astype(np.float32), {}, "type float32"),
        (given.tissue(300, 200)[..., 0].astype(np.int16), {}, "type int16"),
        (given.tissue(300, 200)[..., 0].copy(), {"photometric": "palette", "colormap": np.zeros((3, 256), np.uint16)},
         "PALETTE"),
    ],
)  # fmt: skip
def test_pixels_of_other_kinds_are_refused_by_name(tmp_path: Path, picture: np.ndarray, options: dict, words: str):
    refused(given.pyramid(tmp_path / "a.tif", picture, (1,), compression="zlib", **options), words)


def slides_of_all_kinds(tmp_path: Path) -> list[Path]:
    return [
        given.svs(tmp_path / "a.svs", width=600, height=400),
        given.pyramid(tmp_path / "b.tif", given.tissue(500, 300), compression="lzw", subifds=True),
        given.ome(tmp_path / "c.ome.tif", width=260, height=200),
    ]


def test_files_that_are_cut_off_are_refused_wherever_they_end(tmp_path: Path):
    for path in slides_of_all_kinds(tmp_path):
        content = path.read_bytes()
        for part in range(1, 20):
            cut = tmp_path / f"cut{path.suffix}"
            cut.write_bytes(content[: len(content) * part // 20])
            refused(cut, "cut off")


def test_a_file_that_lacks_its_last_byte_is_refused(tmp_path: Path):
    path = given.svs(tmp_path / "a.svs")
    path.write_bytes(path.read_bytes()[:-1])
    refused(path, "cut off")


def survive(path: Path) -> bool:
    """Inspect and read a damaged file; True where it still could be read. Anything but a refusal is a bug."""
    try:
        facts = slides.inspect(path)
        slide = slides.open_slide(path, facts.format)
        for level in range(len(facts.levels)):
            slide.read_region(Box(0, 0, 300, 300), level)
    except SlideUnreadable:
        return False
    return True


def test_flipped_bits_end_in_pixels_or_in_a_refusal(tmp_path: Path):
    rng = np.random.default_rng(11)
    for path in slides_of_all_kinds(tmp_path):
        content = path.read_bytes()
        for number in range(25):
            damaged = bytearray(content)
            for at in rng.integers(0, len(content), 1 + number):
                damaged[at] ^= 1 << rng.integers(0, 8)
            flipped = tmp_path / f"flipped {number}{path.suffix}"
            flipped.write_bytes(damaged)
            survive(flipped)


def test_flipped_bits_in_the_tables_end_in_pixels_or_in_a_refusal(tmp_path: Path):
    rng = np.random.default_rng(12)
    for path in slides_of_all_kinds(tmp_path):
        content = path.read_bytes()
        start = struct.unpack_from("<I", content, 4)[0]
        outcomes = set()
        for number in range(40):
            damaged = bytearray(content)
            at = start + int(rng.integers(0, 220))
            damaged[at] ^= int(rng.integers(1, 256))
            flipped = tmp_path / f"flipped {number}{path.suffix}"
            flipped.write_bytes(damaged)
            outcomes.add(survive(flipped))
        assert False in outcomes


@pytest.mark.long
@pytest.mark.parametrize("seed", range(4))
def test_flipped_bits_at_length(tmp_path: Path, seed: int):
    rng = np.random.default_rng(seed)
    for path in slides_of_all_kinds(tmp_path):
        content = path.read_bytes()
        start = struct.unpack_from("<I", content, 4)[0]
        for number in range(400):
            damaged = bytearray(content)
            low, high = (start, min(len(content), start + 600)) if number % 2 else (0, len(content))
            for at in rng.integers(low, high, int(rng.integers(1, 6))):
                damaged[at] = rng.integers(0, 256)
            flipped = tmp_path / f"flipped{path.suffix}"
            flipped.write_bytes(damaged)
            os.utime(flipped, (seed, number))
            survive(flipped)


def tiff_page(tags: dict[int, tuple[int, int, int]], after: int) -> bytes:
    """One page of a little-endian TIFF: tag → type, count, value."""
    entries = b"".join(struct.pack("<HHII", tag, *tags[tag]) for tag in sorted(tags))
    return struct.pack("<H", len(tags)) + entries + struct.pack("<I", after)


def tiled(width: int = 256, height: int = 256, tile: int = 256, offsets: int = 1, at: int = 0) -> dict:
    """Tags of a tiled page, grey, uncompressed."""
    return {
        256: (4, 1, width), 257: (4, 1, height), 258: (3, 1, 8), 259: (3, 1, 1), 262: (3, 1, 1), 277: (3, 1, 1),
        322: (4, 1, tile), 323: (4, 1, tile), 324: (4, offsets, at), 325: (4, offsets, at),
    }  # fmt: skip


def endless_loop() -> bytes:
    return b"II*\0\x08\0\0\0" + tiff_page(tiled(), 8)


def two_pages_in_a_circle() -> bytes:
    first = tiff_page(tiled(), 0)
    other = 8 + len(first)
    return b"II*\0\x08\0\0\0" + tiff_page(tiled(), other) + tiff_page(tiled(), 8)


def many_pages(count: int = 65_000) -> bytes:
    size = len(tiff_page(tiled(at=8), 0))
    pages = [tiff_page(tiled(at=8), 8 + (n + 1) * size if n + 1 < count else 0) for n in range(count)]
    return b"II*\0\x08\0\0\0" + b"".join(pages)


def many_pages_in_strips() -> bytes:
    tags = {256: (4, 1, 64), 257: (4, 1, 64), 258: (3, 1, 8), 259: (3, 1, 1), 262: (3, 1, 1), 277: (3, 1, 1),
            273: (4, 1, 8), 278: (4, 1, 64), 279: (4, 1, 64)}  # fmt: skip
    size = len(tiff_page(tags, 0))
    return b"II*\0\x08\0\0\0" + b"".join(
        tiff_page(tags, 8 + (n + 1) * size if n < 64_999 else 0) for n in range(65_000)
    )


def giant_width() -> bytes:
    return b"II*\0\x08\0\0\0" + tiff_page(tiled(width=1 << 31, height=1 << 31), 0)


def giant_tile() -> bytes:
    return b"II*\0\x08\0\0\0" + tiff_page(tiled(1 << 30, 1 << 30, tile=1 << 30), 0)


def giant_table() -> bytes:
    return b"II*\0\x08\0\0\0" + tiff_page(tiled(1 << 20, 1 << 20, tile=16, offsets=(1 << 32) - 1, at=8), 0)


def tile_of_no_size() -> bytes:
    return b"II*\0\x08\0\0\0" + tiff_page(tiled(tile=0), 0)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (endless_loop, "no end"),
        (two_pages_in_a_circle, "no end"),
        (many_pages, "damaged"),
        (many_pages_in_strips, "strips"),
        (giant_width, "cannot be"),
        (giant_tile, "cannot be"),
        (giant_table, "damaged|cannot be|cut off"),
        (tile_of_no_size, "strips"),
    ],
)
def test_bombs_are_refused_at_once_and_take_no_memory(tmp_path: Path, make: Callable[[], bytes], words: str):
    path = tmp_path / "bomb.tif"
    path.write_bytes(make())
    old = worker.pool().limits
    worker.configure(worker.Limits(workers=1, timeout_s=30, memory_mb=512))
    try:
        before = worker_cpu_s()
        refused(path, words)
        assert worker_cpu_s() - before < 2
    finally:
        worker.configure(old)


def test_a_jpeg_tile_that_claims_to_be_giant_never_reaches_the_decoder_here(tmp_path: Path):
    """65,520 x 65,520 px from some hundred bytes: 12 GB, if one believed it."""
    path = given.svs(tmp_path / "a.svs", width=1200, height=900, factors=(1,))
    slide = slides.open_slide(path, slides.inspect(path).format)
    stored = slide.read_stored_tile(0, 2, 5)
    assert stored is not None
    content = bytearray(path.read_bytes())
    at = content.index(stored[18:]) + stored[18:].index(b"\xff\xc0")
    content[at + 5 : at + 9] = b"\xff\xf0\xff\xf0"
    stat = path.stat()
    path.write_bytes(content)
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    before = peak_mb()
    with pytest.raises(PictureFailed):
        slide.read_region(Box(2 * given.TILE, 5 * given.TILE, 60, 60))
    assert peak_mb() - before < 100
    assert slide.read_region(Box(0, 0, 300, 300)).std() > 1


def worker_cpu_s() -> float:
    """What the only worker has taken; its own time, since other tests may run on the same cores."""
    times = psutil.Process(worker.call("os:getpid")).cpu_times()
    return times.user + times.system


def peak_mb() -> float:
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


@given.needs_real
def test_a_dicom_folder_whose_volume_is_cut_off_is_refused(tmp_path: Path):
    for file in given.DICOM.iterdir():
        content = file.read_bytes()
        (tmp_path / file.name).write_bytes(content if len(content) < 500_000 else content[:400_000])
    refused(next(tmp_path.glob("*48407*")), "damaged|cannot be read|OpenSlide")


@given.needs_real
def test_flipped_bits_in_dicom_end_in_pixels_or_in_a_refusal(tmp_path: Path):
    rng, volume = np.random.default_rng(5), next(given.DICOM.glob("*48407*"))
    content = volume.read_bytes()
    for number in range(15):
        damaged = bytearray(content)
        for at in rng.integers(132, 6000 if number % 2 else len(content), 3):
            damaged[at] ^= 1 << rng.integers(0, 8)
        (tmp_path / f"{number}").mkdir()
        path = tmp_path / f"{number}" / "volume.dcm"
        path.write_bytes(damaged)
        survive(path)


@pytest.mark.parametrize("way", ["../secret.jpg", "/etc/passwd", "..\\secret.jpg", "sub/secret.jpg"])
def test_a_slide_that_names_files_outside_its_folder_is_not_opened(tmp_path, way):
    entry = tmp_path / "slide" / "a.vms"
    entry.parent.mkdir()
    (tmp_path / "secret.jpg").write_bytes(b"\xff\xd8\xff\xd9")
    entry.write_text(
        "[Virtual Microscope Specimen]\nNoLayers=1\nNoJpegColumns=1\nNoJpegRows=1\nImageFile=own.jpg\nMapFile=own.jpg\n"
        f"MacroImage={way}\n"
    )
    with pytest.raises(SlideUnreadable, match="outside its own folder"):
        slides.inspect(entry)


@pytest.mark.parametrize("before", ["# a remark\n", "\n\n", "\v", "\f\n", "\0\n", "\ufeff", "\ufeff#\n"])
@pytest.mark.parametrize("space", ["", " ", "\v", "\f"])
def test_nothing_in_an_index_hides_that_it_names_files_outside(tmp_path, before, space):
    index, entry = tmp_path / "slide" / "a" / "Slidedat.ini", tmp_path / "slide" / "a.mrxs"
    index.parent.mkdir(parents=True)
    entry.write_bytes(b"\xff\xd8\xff\xd9")
    index.write_text(f"{before}[DATAFILE]\nFILE_COUNT = 1\nFILE_0{space}= ../../secret.dat\n", encoding="utf-8")
    with pytest.raises(SlideUnreadable, match="outside its own folder"):
        detect(entry)
    index.unlink()
    entry.write_text(f"{before}[Virtual Microscope Specimen]\nImageFile{space}=../secret.jpg\n", encoding="utf-8")
    with pytest.raises(SlideUnreadable, match="outside its own folder"):
        detect(entry)


def test_no_refusal_of_a_slide_tells_where_our_files_lie(tmp_path):
    entry = tmp_path / "a.vms"
    entry.write_text("[Virtual Microscope Specimen]\nNoLayers=1\nNoJpegColumns=1\nNoJpegRows=1\nImageFile=gone.jpg\n")
    with pytest.raises(SlideUnreadable) as refused:
        slides.inspect(entry)
    assert str(tmp_path) not in refused.value.message


def test_a_tile_that_wants_more_memory_than_there_is_costs_itself_alone(tmp_path):
    path = bombs.one_bad_tile(tmp_path / "a.tif", bombs.jpeg_head(65_000) + b"\xff\xd9")
    old = worker.pool().limits
    worker.configure(worker.Limits(workers=1, timeout_s=30, memory_mb=512))
    try:
        slide = slides.open_slide(path, slides.inspect(path).format)
        column, row = bombs.BAD_TILE
        with pytest.raises(PictureFailed, match=r"512 MB|damaged"):
            slide.read_region(Box(column * given.TILE, row * given.TILE, 100, 100))
        assert slide.read_region(Box(0, 0, column * given.TILE, 400)).std() > 1
    finally:
        worker.configure(old)


def test_a_page_that_is_its_own_smaller_copy_again_and_again_is_one_level(tmp_path):
    assert len(slides.inspect(bombs.levels_in_a_circle(tmp_path / "a.tif")).levels) == 1
