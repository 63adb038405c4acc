"""NDPI made to do harm: refused, or served for what it is, in seconds and little memory; and never a copy in doubt."""

import struct
from collections.abc import Callable
from pathlib import Path

import pytest

from atrisys.errors import SlideUnreadable
from atrisys.imaging import deidentify, slides, worker
from atrisys.imaging.clean.tiff_map import TiffMap
from atrisys.imaging.source import FileSource
from given import ndpi

Spoil = Callable[[bytearray, TiffMap], None]


def made(folder: Path, spoil: Spoil) -> Path:
    path = ndpi.slide(folder / "a.ndpi", 256, 192, (1,))
    whole, source = bytearray(path.read_bytes()), FileSource(path)
    spoil(whole, TiffMap(source, path.name, is_ndpi=True))
    source.close()
    path.write_bytes(whole)
    return path


def entry(tables: TiffMap, tag: int) -> int:
    """Where the first page says it."""
    first = tables.ifds[0]
    return first.extent[0] + 2 + 12 * list(first.entries).index(tag)


def pointer(tables: TiffMap, page: int) -> int:
    """Where a page says what follows it."""
    ifd = tables.ifds[page]
    return ifd.extent[0] + 2 + 12 * len(ifd.entries)


def endless(whole: bytearray, tables: TiffMap) -> None:
    struct.pack_into("<Q", whole, pointer(tables, -1), tables.ifds[0].extent[0])


def far_away(whole: bytearray, tables: TiffMap) -> None:
    struct.pack_into("<Q", whole, pointer(tables, 0), (1 << 64) - 2)


def wide(whole: bytearray, tables: TiffMap) -> None:
    struct.pack_into("<I", whole, entry(tables, 256) + 8, 1 << 31)


def giant(whole: bytearray, tables: TiffMap) -> None:
    """2^30 px a side, as sizes beyond JPEG's own are written: the picture says none."""
    for tag in (256, 257, 278):
        struct.pack_into("<I", whole, entry(tables, tag) + 8, 1 << 30)
    at = whole.index(b"\xff\xc0") + 5
    whole[at : at + 4] = bytes(4)


def starts_without_number(whole: bytearray, tables: TiffMap) -> None:
    struct.pack_into("<I", whole, entry(tables, 65426) + 4, (1 << 32) - 1)


def many_pages(whole: bytearray, tables: TiffMap) -> None:
    last = tables.ifds[-1]
    at, size = last.extent
    table, place = bytes(whole[at : at + size]), pointer(tables, -1)
    for _ in range(65_000):
        whole += bytes(len(whole) % 2)
        here = len(whole)
        struct.pack_into("<Q", whole, place, here)
        whole += table
        place = here + 2 + 12 * len(last.entries)
    struct.pack_into("<Q", whole, place, 0)


@pytest.fixture
def little_memory():
    old = worker.pool().limits
    worker.configure(worker.Limits(workers=1, timeout_s=60, memory_mb=512))
    yield
    worker.configure(old)


@pytest.mark.usefixtures("little_memory")
@pytest.mark.parametrize("spoil", [endless, far_away, wide, giant])
def test_bombs_are_refused_with_words(tmp_path, spoil):
    with pytest.raises(SlideUnreadable, match=r"a\.ndpi"):
        slides.inspect(made(tmp_path, spoil))


@pytest.mark.usefixtures("little_memory")
@pytest.mark.parametrize("spoil", [starts_without_number, many_pages])
def test_what_is_read_all_the_same_is_given_no_copy_where_it_makes_no_sense(tmp_path, spoil):
    path = made(tmp_path, spoil)
    facts = slides.inspect(path)
    assert (facts.width, facts.height) == (256, 192)
    with pytest.raises(SlideUnreadable, match="no sense"):
        deidentify.make_clean_copy(path, "NDPI", "a", tmp_path / "clean.ndpi")
    assert not (tmp_path / "clean.ndpi").exists()


def test_who_cut_off_a_file_is_told(tmp_path):
    path = ndpi.slide(tmp_path / "a.ndpi", 256, 192, (1, 2))
    whole = path.read_bytes()
    for part in (1, 3, 6, 9):
        path.write_bytes(whole[: len(whole) * part // 10])
        with pytest.raises(SlideUnreadable):
            slides.inspect(path)
