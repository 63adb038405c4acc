"""Clean copies of NDPI: levels as they were, nothing else, and readable by the programs that people use."""

import numpy as np
import openslide
import pytest
import tifffile

from atrisys.errors import SlideUnreadable
from atrisys.imaging import deidentify, slides
from atrisys.imaging.clean import ndpi
from atrisys.imaging.clean.desk import make, survey
from atrisys.imaging.clean.ndpi_strips import Strip
from atrisys.imaging.clean.ndpi_writer import NdpiWriter
from atrisys.imaging.clean.tiff_map import TiffMap
from atrisys.imaging.clean.tiff_writer import ASCII, FLOAT, LONG, SHORT, SLONG
from atrisys.imaging.codestreams import NotPure
from atrisys.imaging.reader import Box
from atrisys.imaging.source import FileSource
from given import ndpi as given
from given import planted
from given.slides import tissue

FAR = 5 << 30
"""Beyond what 32 bits can say."""


def cleaned(path, folder, name="Jane Doe.ndpi"):
    to = folder / "clean.ndpi"
    deidentify.make_clean_copy(path, "NDPI", name, to)
    return to


def pixels(path, level=0):
    with openslide.OpenSlide(path) as slide:
        return np.asarray(slide.read_region((0, 0), level, slide.level_dimensions[level]))[..., :3]


@pytest.mark.parametrize("begin", [0, FAR])
def test_the_slide_that_the_tests_make_is_hamamatsus_for_all_who_read_such(begin, tmp_path):
    path = given.slide(tmp_path / "a.ndpi", begin=begin)
    with openslide.OpenSlide(path) as theirs:
        assert theirs.properties["openslide.vendor"] == "hamamatsu"
        assert theirs.level_dimensions[:3] == ((1024, 768), (512, 384), (256, 192))
        told = [theirs.properties[f"openslide.{key}"] for key in ("level[0].tile-width", "mpp-x", "objective-power")]
        assert told == ["64", "0.5", "20"]
    assert np.abs(pixels(path).astype(int) - tissue(1024, 768)).mean() < 1
    with tifffile.TiffFile(path) as tif:
        assert tif.is_ndpi
        assert (tif.pages[0].tilewidth, tif.pages[0].tilelength, len(tif.pages)) == (*given.TILE, 5)
        assert np.abs(tif.pages[0].asarray().astype(int) - pixels(path)).mean() < 0.1
    facts = slides.inspect(path)
    assert (facts.format, facts.magnification, facts.associated) == ("NDPI", 20, ("macro",))
    ours = slides.open_slide(path, "NDPI").read_region(Box(100, 60, 700, 500))
    np.testing.assert_array_equal(ours, pixels(path)[60:560, 100:800])


@pytest.mark.parametrize("begin", [0, FAR])
def test_a_clean_copy_has_the_levels_byte_by_byte_and_nothing_beside_them(begin, tmp_path):
    path = given.slide(tmp_path / "a.ndpi", begin=begin)
    to = cleaned(path, tmp_path)
    assert given.stored_levels(to) == given.stored_levels(path)[:3]
    with openslide.OpenSlide(to) as ours, openslide.OpenSlide(path) as theirs:
        assert ours.level_dimensions == theirs.level_dimensions
        assert not ours.associated_images
        kept = {key: value for key, value in ours.properties.items() if key in theirs.properties}
        assert kept.items() <= theirs.properties.items()
        assert {"openslide.mpp-x", "openslide.mpp-y", "openslide.objective-power"} <= set(kept)
    for level in range(6):
        np.testing.assert_array_equal(pixels(to, level), pixels(path, level))
    with tifffile.TiffFile(to) as ours, tifffile.TiffFile(path) as theirs:
        assert ours.is_ndpi
        np.testing.assert_array_equal(ours.pages[0].asarray(), theirs.pages[0].asarray())
        # The parts are told so that whoever reads a tile need not search for it.
        assert ours.pages[1].dataoffsets[5] - ours.pages[1].dataoffsets[0] == (
            theirs.pages[1].dataoffsets[5] - theirs.pages[1].dataoffsets[0]
        )


def test_no_byte_of_a_planted_name_is_in_the_copy(tmp_path):
    path, secret = planted.ndpi(tmp_path / "a.ndpi")
    whole = path.read_bytes()
    assert sum(one in whole for one in secret) > 12
    clean = cleaned(path, tmp_path).read_bytes()
    assert not [one for one in secret if one in clean]
    np.testing.assert_array_equal(pixels(tmp_path / "clean.ndpi"), pixels(path))


def test_the_report_tells_what_where(tmp_path):
    path, _ = planted.ndpi(tmp_path / "a.ndpi")
    found = deidentify.survey(path, "NDPI", "Jane Doe.ndpi")
    assert [one.where for one in found if one.kind == "picture"] == ["page 3, macro", "page 4, map of the focus"]
    texts = {one.where: one.value for one in found if one.kind == "text"}
    assert texts["page 0, tag 65427"] == f"{planted.TEXT}-17"
    assert texts["page 0, tag 65442"] == planted.PLACES["private"]
    assert [one.where for one in found if one.kind == "comment"] == ["level 0", "level 1", "level 2"]
    assert sum(one.size for one in found if one.kind == "hole") > 2 * len(planted.PLACES["hole"])
    left = deidentify.survey(cleaned(path, tmp_path), "NDPI", "clean")
    assert {(one.kind, one.value) for one in left} == {("name", "clean"), ("text", "Hamamatsu")}


def test_a_copy_that_passes_four_gigabytes_is_read_by_all(tmp_path):
    path, to = given.slide(tmp_path / "a.ndpi", 512, 384, (1,)), tmp_path / "b.ndpi"
    jpeg = given.stored_levels(path)[0]
    strip = Strip(source := FileSource(path), path.read_bytes().index(jpeg), len(jpeg))
    with to.open("wb") as file:
        out = NdpiWriter(file)
        file.seek(FAR)
        at = out.next_place()
        file.write(b"".join(strip.pieces()))
        out.add_table({
            256: (LONG, [512]), 257: (LONG, [384]), 258: (SHORT, [8] * 3), 259: (SHORT, [7]), 262: (SHORT, [6]),
            271: (ASCII, b"Hamamatsu\0"), 273: (LONG, [at]), 277: (SHORT, [3]), 278: (LONG, [384]),
            279: (LONG, [len(jpeg)]), 530: (SHORT, [2, 1]), 65420: (LONG, [1]), 65421: (FLOAT, [20]),
            65424: (SLONG, [0]), 65426: (LONG, strip.starts()),
        })  # fmt: skip
    source.close()
    np.testing.assert_array_equal(pixels(to), pixels(path))
    np.testing.assert_array_equal(tifffile.imread(to, key=0), tifffile.imread(path, key=0))
    tables = TiffMap(source := FileSource(to), "b.ndpi", is_ndpi=True)
    assert tables.numbers(tables.ifds[0].entries[273]).tolist() == [at] == [FAR]
    source.close()


@pytest.mark.long
def test_a_level_of_more_than_four_gigabytes_tells_the_upper_halves_of_its_parts(tmp_path):
    jpeg = given.stored_levels(given.slide(tmp_path / "a.ndpi", 512, 384, (1,)))[0]
    path = tmp_path / "strip"
    with path.open("wb") as file:
        file.write(jpeg[:-2])
        file.seek(FAR)
        file.write(b"\xff\xd3 \xff\xd9")
    strip = Strip(source := FileSource(path), 0, FAR + 5)
    assert sum(map(len, strip.pieces())) == FAR + 5
    source.close()
    assert strip.starts()[-1] == FAR + 2
    tags = ndpi._table_of(strip)
    (_, lower), (_, upper) = tags[65426], tags[65432]
    assert (int(upper[-1]) << 32) + int(lower[-1]) == FAR + 2
    assert not any(upper[:-1])


def test_a_mark_across_two_pieces_is_found(tmp_path, monkeypatch):
    jpeg = given.stored_levels(given.slide(tmp_path / "a.ndpi", 256, 192, (1,)))[0]
    (tmp_path / "strip").write_bytes(jpeg + b"behind")
    source = FileSource(tmp_path / "strip")
    whole = Strip(source, 0, len(jpeg) + 6)
    assert b"".join(whole.pieces()) == jpeg
    for size in (7, 64, 1001):
        monkeypatch.setattr("atrisys.imaging.clean.ndpi_strips._PIECE", size)
        strip = Strip(source, 0, len(jpeg) + 6)
        assert b"".join(strip.pieces()) == jpeg
        np.testing.assert_array_equal(strip.starts(), whole.starts())
    source.close()
    assert len(whole.starts()) == 256 * 192 // (64 * 8)


@pytest.mark.parametrize("spoil", [
    lambda jpeg: jpeg[:-2], lambda jpeg: jpeg[:40], lambda jpeg: b"GIF" + jpeg, lambda jpeg: b"\xff\xd8\xff\xd9" + jpeg,
    lambda jpeg: jpeg[:-2] + jpeg[jpeg.index(b"\xff\xc4") :],
])  # fmt: skip
def test_a_strip_of_which_one_cannot_tell_where_it_ends_is_refused(spoil, tmp_path):
    jpeg = given.stored_levels(given.slide(tmp_path / "a.ndpi", 256, 192, (1,)))[0]
    (tmp_path / "strip").write_bytes(spoil(jpeg))
    source = FileSource(tmp_path / "strip")
    with pytest.raises(NotPure):
        list(Strip(source, 0, len(jpeg)).pieces())
    source.close()


def test_levels_that_are_the_same_bytes_are_refused(tmp_path):
    path = given.slide(tmp_path / "a.ndpi", factors=(1, 2, 4))
    whole = bytearray(path.read_bytes())
    tables = TiffMap(source := FileSource(path), "a", is_ndpi=True)
    source.close()
    for ifd in tables.ifds[1:]:
        for tag in (273, 279, 65421):
            at, size = ifd.entries[tag].extent
            first = tables.ifds[0].entries[tag].extent[0]
            whole[at : at + size] = whole[first : first + size]
    path.write_bytes(whole)
    with pytest.raises(SlideUnreadable, match="over each other"):
        make(str(path), "NDPI", "a.ndpi", str(tmp_path / "clean.ndpi"))


@pytest.mark.parametrize("wrong", ["a byte more", "an upper half", "a word", "a comment", "a start"])
def test_a_copy_with_anything_more_is_found(wrong, tmp_path):
    path = given.slide(tmp_path / "a.ndpi", 256, 192, (1, 2))
    to = cleaned(path, tmp_path)
    tables = TiffMap(source := FileSource(to), "clean", is_ndpi=True)
    source.close()
    first, whole = tables.ifds[0], bytearray(to.read_bytes())
    at, size = first.extent
    if wrong == "a byte more":
        whole += b"\0x"
    elif wrong == "an upper half":
        whole[at + size - 4 * len(first.entries)] = 65
    elif wrong == "a word":
        whole[first.entries[271].extent[0]] = 66
    elif wrong == "a comment":
        jpeg = given.stored_levels(to)[0]
        place = whole.index(jpeg) + jpeg.index(b"\xff\xdb")
        whole[place + 1] = 0xFE
    else:
        whole[first.entries[65426].extent[0]] ^= 2
    to.write_bytes(whole)
    source = FileSource(to)
    with pytest.raises(SlideUnreadable, match="not given out"):
        ndpi._check(source, [], "clean")
    source.close()


@pytest.mark.long
def test_no_damaged_slide_lets_a_planted_name_through(tmp_path):
    path, secret = planted.ndpi(tmp_path / "a.ndpi")
    whole, rng, made = path.read_bytes(), np.random.default_rng(13), 0
    tables = whole.index(planted.PLACES["private"].encode()) - 2000
    for _ in range(1000):
        part = bytearray(whole)
        for _ in range(int(rng.integers(1, 5))):
            place = int(rng.integers(tables, len(whole))) if rng.random() < 0.7 else int(rng.integers(0, len(whole)))
            part[place] = int(rng.integers(0, 256))
        left = [one for one in secret if one in part]
        path.write_bytes(part)
        to = tmp_path / "clean.ndpi"
        try:
            survey(str(path), "NDPI", "x.ndpi")
            make(str(path), "NDPI", "x.ndpi", str(to))
        except (SlideUnreadable, MemoryError):
            to.unlink(missing_ok=True)
            continue
        clean, made = to.read_bytes(), made + 1
        to.unlink()
        assert not [one for one in left if one in clean]
    assert made > 100
