"""Clean copies: tiles as they were, and nothing else of what the original holds."""

import errno

import numpy as np
import openslide
import pytest
import tifffile

from atrisys.errors import SlideUnreadable, TooLarge
from atrisys.imaging import deidentify, slides
from atrisys.imaging.clean import tiff
from atrisys.imaging.clean.desk import make, survey
from atrisys.imaging.clean.findings import Sought
from atrisys.imaging.clean.tiff_writer import SHORT
from atrisys.imaging.clean.verify import Traces, check_tiff, check_traces
from atrisys.imaging.codestreams import strip_jpeg
from atrisys.imaging.reader import Box, Plane
from atrisys.imaging.source import FileSource
from given import planted, vendors
from given import slides as given

MAKERS = {
    "svs": lambda path: given.svs(path / "a.svs"),
    "svs with shared tables": lambda path: given.svs(path / "a.svs", shared_tables=True, sparse=True),
    "svs in rgb": lambda path: given.svs(path / "a.svs", colours="rgb"),
    "pyramid": lambda path: given.pyramid(path / "a.tif"),
    "pyramid below its page": lambda path: given.pyramid(path / "a.tif", subifds=True),
    "deflate": lambda path: given.pyramid(path / "a.tif", compression="zlib", predictor=True),
    "not compressed, big endian": lambda path: given.pyramid(path / "a.tif", compression=None, byteorder=">"),
    "bigtiff": lambda path: given.pyramid(path / "a.tif", bigtiff=True),
    "jpeg 2000": lambda path: given.pyramid(path / "a.tif", compression="jpeg2000"),
    "ome": lambda path: given.ome(path / "a.ome.tif"),
    "ome, levels behind": lambda path: given.ome(path / "a.ome.tif", subifds=False, order="XYZTC"),
    "ome, 8 bit": lambda path: given.ome(path / "a.ome.tif", bits=8, compression=None),
}


def cleaned(path, folder, name="Jane Doe.svs"):
    facts = slides.inspect(path)
    to = folder / f"clean{deidentify.clean_suffix(facts.format)}"
    deidentify.make_clean_copy(path, facts.format, name, to)
    return to


def tiles_of(path):
    """Stored tiles of all pages that are tiled, in order; those below a page behind it."""
    with tifffile.TiffFile(path) as tif:
        pages = [one for page in tif.pages for one in (page, *(page.pages or ()))]
        return [
            path.read_bytes()[at : at + size]
            for page in pages
            if page.is_tiled
            for at, size in zip(page.dataoffsets, page.databytecounts, strict=True)
        ]


@pytest.mark.parametrize("kind", MAKERS)
def test_a_clean_copy_has_the_tiles_byte_by_byte_and_the_pixels_of_all_planes(kind, tmp_path):
    path = MAKERS[kind](tmp_path)
    to = cleaned(path, tmp_path)
    tiles, originals = tiles_of(to), tiles_of(path)
    assert len(tiles) == len(originals)
    if kind != "jpeg 2000":
        assert sorted(tiles) == sorted(originals)
    was, made = slides.inspect(path), slides.inspect(to)
    assert (made.format, made.levels, made.mpp_x, made.mpp_z) == (was.format, was.levels, was.mpp_x, was.mpp_z)
    assert (made.magnification, made.fps, made.channel_colors) == (was.magnification, was.fps, was.channel_colors)
    assert made.associated == ()
    for plane in {Plane(), Plane(was.channels - 1, was.depth - 1, was.duration - 1)}:
        for level in range(len(was.levels)):
            box = Box(0, 0, was.width, was.height)
            ours, theirs = (slides.open_slide(one, was.format).read_region(box, level, plane) for one in (to, path))
            np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize("kind", ["svs", "svs with shared tables", "svs in rgb", "pyramid", "bigtiff"])
def test_other_programs_read_the_same_pixels_in_it(kind, tmp_path):
    path = MAKERS[kind](tmp_path)
    to = cleaned(path, tmp_path)
    with openslide.OpenSlide(to) as ours, openslide.OpenSlide(path) as theirs:
        assert ours.level_dimensions == theirs.level_dimensions
        assert not ours.associated_images
        for level, size in enumerate(theirs.level_dimensions):
            pair = [np.asarray(one.read_region((0, 0), level, size)) for one in (ours, theirs)]
            np.testing.assert_array_equal(*pair)
    np.testing.assert_array_equal(tifffile.imread(to, key=0), tifffile.imread(path, key=0))


def test_no_byte_of_a_planted_name_is_in_the_copy(tmp_path):
    path, secret = planted.svs(tmp_path / "a.svs")
    whole = path.read_bytes()
    assert sum(one in whole for one in secret) > 12
    clean = cleaned(path, tmp_path).read_bytes()
    assert not [one for one in secret if one in clean]


@given.needs_real
def test_no_byte_of_a_patient_is_in_the_copy_of_a_dicom_slide(tmp_path):
    path, secret = planted.dicom(tmp_path / "patient")
    whole = b"".join(file.read_bytes() for file in path.iterdir())
    assert sum(one in whole for one in secret) >= 4
    to = cleaned(path, tmp_path)
    clean = b"".join(file.read_bytes() + file.name.encode() for file in to.iterdir())
    assert not [one for one in secret if one in clean]
    assert b"1.2.826.0.1.3680043.8.498" not in clean
    with openslide.OpenSlide(next(to.iterdir())) as ours, openslide.OpenSlide(next(given.DICOM.iterdir())) as theirs:
        assert ours.level_dimensions == theirs.level_dimensions
        assert ours.properties["openslide.mpp-x"] == theirs.properties["openslide.mpp-x"]
        pair = [np.asarray(one.read_region((0, 0), 0, ours.dimensions)) for one in (ours, theirs)]
        np.testing.assert_array_equal(*pair)
    frames = slides.open_slide(to, "DICOM"), slides.open_slide(given.DICOM, "DICOM")
    assert frames[0].read_stored_tile(0, 3, 4) == frames[1].read_stored_tile(0, 3, 4) is not None


@given.needs_real
def test_a_clean_copy_can_be_cleaned_again(tmp_path):
    for number, path in enumerate((given.SVS, given.ome(tmp_path / "a.ome.tif"), given.DICOM)):
        folders = tmp_path / f"{number}", tmp_path / f"{number} again"
        for folder in folders:
            folder.mkdir()
        assert cleaned(cleaned(path, folders[0]), folders[1]).exists()


def test_a_full_disk_is_said_in_words(tmp_path, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(tiff.TiffWriter, "put", full)
    with pytest.raises(TooLarge, match="no room"):
        make(str(given.svs(tmp_path / "a.svs")), "SVS", "a.svs", str(tmp_path / "clean.svs"))


@given.needs_real
def test_a_real_slide_comes_out_clean(tmp_path):
    to = cleaned(given.SVS, tmp_path)
    with openslide.OpenSlide(to) as ours, openslide.OpenSlide(given.SVS) as theirs:
        assert {"openslide.mpp-x", "openslide.objective-power"} <= set(ours.properties)
        pair = [np.asarray(one.read_region((0, 0), 0, ours.dimensions)) for one in (ours, theirs)]
        np.testing.assert_array_equal(*pair)


def test_the_report_says_what_where_and_how_many_bytes(tmp_path):
    path, _ = planted.svs(tmp_path / "a.svs")
    found = deidentify.survey(path, "SVS", "Jane Doe.svs")
    by_kind = {kind: [one for one in found if one.kind == kind] for kind in {one.kind for one in found}}
    assert {one.where for one in by_kind["picture"]} == {"page 1, thumbnail", "page 2, label"}
    assert by_kind["name"][0].value == "Jane Doe.svs"
    texts = {one.where: one.value for one in by_kind["text"]}
    assert planted.PLACES["description"] in texts["page 0, tag 270 ImageDescription"]
    assert texts["page 0, tag 315 Artist"] == planted.PLACES["latin"]
    assert texts["page 0, tag 65001"] == planted.PLACES["wide"]
    assert texts["page 0, tag 65003"] == planted.PLACES["inline"]
    assert by_kind["comment"][0].where == "level 0, 6 tiles"
    assert by_kind["comment"][0].size > 6 * 3 * len(planted.PLACES["comment"])
    assert sum(one.size for one in by_kind["hole"]) > len(planted.PLACES["hole"]) * 2
    assert all(planted.PLACES[place] not in one.where for place in planted.PLACES for one in found)
    assert [one.kind for one in deidentify.survey(cleaned(path, tmp_path), "SVS", "clean.svs")] == ["name", "text"]


@pytest.mark.parametrize("format", vendors.MAKERS)
def test_formats_that_cannot_be_cleaned_are_refused_with_words_and_told_of(format, tmp_path):
    path = vendors.MAKERS[format](tmp_path)
    with pytest.raises(SlideUnreadable, match=f"its format .{format}. is not one"):
        deidentify.make_clean_copy(path, format, "a", tmp_path / "clean")
    assert not (tmp_path / "clean").exists()
    found = deidentify.survey(path, format, "Jane Doe")
    assert ("name", "Jane Doe") in [(one.kind, one.value) for one in found]
    texts = " ".join(one.value or "" for one in found if one.kind == "text")
    assert {"BIF": "ScannerModel", "MRXS": "SLIDE_ID", "PHILIPS": "PHILIPS", "SCN": "creationDate",
            "TRESTLE": "MedScan", "VMS": "SourceLens"}[format] in texts  # fmt: skip
    if format == "VMS":
        assert [one.where for one in found if one.kind == "picture"] == ["macro"]
        assert {"own.jpg", "map.jpg"} <= {one.value for one in found if one.kind == "name"}


def test_a_kind_that_nobody_can_look_through_is_refused_with_words(tmp_path):
    path = vendors.mirax_folder(tmp_path)
    with pytest.raises(SlideUnreadable, match="SVSLIDE"):
        deidentify.survey(path, "SVSLIDE", "a")


def test_tiles_of_which_one_cannot_tell_where_they_end_are_refused(tmp_path):
    with pytest.raises(SlideUnreadable, match="where they end"):
        cleaned(given.pyramid(tmp_path / "a.tif", compression="lzw"), tmp_path)


def test_tiles_that_lie_over_each_other_are_refused(tmp_path):
    path = given.pyramid(tmp_path / "a.tif", compression=None, factors=(1,))
    with tifffile.TiffFile(path) as tif:
        tag = tif.pages[0].tags["TileOffsets"]
        at, first = tag.valueoffset, tag.value[0]
    whole = bytearray(path.read_bytes())
    for number in range(len(tag.value)):
        whole[at + 4 * number : at + 4 * number + 4] = (first + 2 * (number % 7)).to_bytes(4, "little")
    path.write_bytes(bytes(whole[: first + 60_000]))
    with pytest.raises(SlideUnreadable, match="over each other"):
        make(str(path), "PYRTIFF", "a.tif", str(tmp_path / "clean.tif"))


def test_a_copy_in_doubt_is_not_given_out_and_nothing_is_left_of_it(tmp_path):
    # The name that people know the slide by stands in its pixels: nobody can say that this is chance.
    picture = np.zeros((256, 256, 3), np.uint8)
    picture[0, :5] = np.frombuffer(b"Janet Doe 12345", np.uint8).reshape(5, 3)
    path = given.pyramid(tmp_path / "a.tif", picture, factors=(1,), compression=None)
    with pytest.raises(SlideUnreadable, match="not given out"):
        cleaned(path, tmp_path, "Janet Doe 12345.svs")
    assert [file.name for file in tmp_path.iterdir()] == ["a.tif"]


def _mutated(rng, whole: bytes) -> bytes:
    """Some bytes changed, or the end cut off."""
    changed = bytearray(whole)
    for at in rng.integers(0, len(changed), rng.integers(1, 30)):
        changed[at] = rng.integers(0, 256)
    return bytes(changed[: rng.integers(len(changed) // 2, len(changed) + 1)]) if rng.random() < 0.1 else bytes(changed)


@pytest.mark.long
def test_no_damaged_slide_lets_a_planted_name_through(tmp_path):
    path, secret = planted.svs(tmp_path / "a.svs")
    whole, rng, made = path.read_bytes(), np.random.default_rng(11), 0
    tables = whole.index(planted.PLACES["latin"].encode("latin-1"))
    for _ in range(1500):
        part = whole[:tables] + _mutated(rng, whole[tables:]) if rng.random() < 0.7 else _mutated(rng, whole)
        # Names that were changed themselves are another matter.
        left = [one for one in secret if one in part]
        path.write_bytes(part)
        to = tmp_path / "clean.svs"
        try:
            survey(str(path), "SVS", "x.svs")
            make(str(path), "SVS", "x.svs", str(to))
        except (SlideUnreadable, MemoryError):
            to.unlink(missing_ok=True)
            continue
        clean, made = to.read_bytes(), made + 1
        to.unlink()
        assert not [one for one in left if one in clean]
    assert made > 100


@given.needs_real
@pytest.mark.long
def test_no_damaged_dicom_slide_lets_a_patient_through(tmp_path):
    folder, secret = planted.dicom(tmp_path / "patient")
    entry = max(folder.iterdir(), key=lambda file: file.stat().st_size)
    whole, rng, made = entry.read_bytes(), np.random.default_rng(12), 0
    for number in range(300):
        part = _mutated(rng, whole[:9000]).ljust(9000, b"\0") + whole[9000:]
        left = [one for one in secret if one in part]
        entry.write_bytes(part)
        to = tmp_path / f"clean {number}"
        try:
            survey(str(entry), "DICOM", "x")
            make(str(entry), "DICOM", "x", str(to))
        except (SlideUnreadable, MemoryError):
            continue
        made += 1
        clean = b"".join(file.read_bytes() for file in to.iterdir())
        assert not [one for one in left if one in clean]
    assert made > 10


# --- the verification itself can fail --------------------------------------------------------------------------------


@pytest.fixture
def clean(tmp_path):
    return cleaned(given.svs(tmp_path / "a.svs"), tmp_path)


def check(path, beside_pixels=()):
    check_tiff(FileSource(path), beside_pixels, "x")


def test_a_clean_copy_passes(clean):
    check(clean)


def test_a_byte_that_nothing_refers_to_is_found(clean):
    clean.write_bytes(clean.read_bytes() + b"\0\0\1")
    with pytest.raises(SlideUnreadable, match="nothing refers"):
        check(clean)


def test_a_tag_too_many_is_found(clean, monkeypatch, tmp_path):
    monkeypatch.setattr(tiff, "_numbers", lambda page: {315: (SHORT, [1])})
    with pytest.raises(SlideUnreadable, match="a tag too many"):
        make(str(given.svs(tmp_path / "b.svs")), "SVS", "b.svs", str(tmp_path / "spoilt.svs"))


def test_a_comment_in_a_tile_is_found(clean, monkeypatch, tmp_path):
    path, _ = planted.svs(tmp_path / "b.svs")
    monkeypatch.setitem(tiff.BY_TIFF_COMPRESSION, 7, lambda stored, _size: stored)
    spoilt = tiff.TiffCleaning(path)
    spoilt.write(tmp_path / "spoilt.svs")
    monkeypatch.setitem(tiff.BY_TIFF_COMPRESSION, 7, lambda stored, _size: strip_jpeg(stored))
    with pytest.raises(SlideUnreadable, match="more than its pixels"):
        check(tmp_path / "spoilt.svs")


def test_a_word_in_the_tables_is_found_and_the_same_in_pixels_is_chance(clean):
    with pytest.raises(SlideUnreadable, match="still in it"):
        check(clean, [b"Aperio"])
    check(clean, [b"\xff\xd8\xff\xee"])


def test_traces_are_found_wherever_they_lie(tmp_path):
    (tmp_path / "large").write_bytes(bytes((1 << 20) - 5) + b"Janet Doe" + bytes(100))
    source = FileSource(tmp_path / "large")
    with pytest.raises(SlideUnreadable):
        check_traces(source, [b"Janet Doe", b"Nobody"], "x")
    check_traces(source, [b"Janet Doo", b"Nobody"], "x")
    for text in (b"Jane", b"xJane", b"xxJane..", b"\0\0\0Jane"):
        assert Traces([b"Jane", b"other"]).found_in(text)
    assert not Traces([b"Jane"]).found_in(b"Jan")
    assert not Traces([]).found_in(b"Jane")


def test_words_are_sought_in_all_encodings_and_our_own_are_not():
    sought = Sought()
    sought.add_text("Patient = Müller-Lüdenscheidt|AppMag = 40\nAperio Image")
    everywhere, _ = sought.patterns("Aperio Image Library|AppMag = 40")
    for encoding in ("utf-8", "latin-1", "utf-16-le", "utf-16-be"):
        assert "Müller-Lüdenscheidt".encode(encoding) in everywhere
    assert b"Aperio" not in everywhere
    assert b"AppMag" not in everywhere
