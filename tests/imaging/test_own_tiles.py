"""The file's own tiles: what is handed on shows, to whoever decodes it, what OpenSlide and tifffile read there."""

import io
import os
from pathlib import Path

import imagecodecs
import numpy as np
import openslide
import pytest
import tifffile
from PIL import Image

from atrisys.errors import Invalid, PictureFailed
from atrisys.imaging import pictures, slides
from atrisys.imaging.levels import on_white
from atrisys.imaging.own_tiles import Place, columns_of, place_of, rows_of
from atrisys.imaging.reader import Box, Plane
from atrisys.imaging.readers.tiff import stored
from atrisys.imaging.tile_pictures import decoded_picture, stored_picture
from atrisys.imaging.tiles import normalised_tile
from atrisys.imaging.write_pyramid import Looks, WrittenLevel, write_pyramid
from given import slides as given


def opened(path: Path) -> slides.SharedSlide:
    return slides.open_slide(path, slides.inspect(path).format)


def places(slide: slides.SharedSlide):
    for number, level in enumerate(slide.facts.levels):
        for row in range(rows_of(level)):
            for column in range(columns_of(level)):
                yield Place(number, column, row)


def seen(jpeg: bytes):
    """As a viewer decodes it, which knows nothing of the file."""
    pixels = imagecodecs.jpeg8_decode(jpeg)
    return pixels if pixels.ndim == 3 else pixels[..., None]


def inside(slide: slides.SharedSlide, place: Place):
    """Which pixels of a tile lie on the slide, and where in its level."""
    level = slide.facts.levels[place.level]
    left, top = place.column * level.tile_width, place.row * level.tile_height
    return left, top, min(level.tile_width, level.width - left), min(level.tile_height, level.height - top)


def handed_on(slide: slides.SharedSlide, place: Place, plane: Plane = Plane()):
    picture = stored_picture(slide, place, plane)
    assert picture is not None, place
    level = slide.facts.levels[place.level]
    pixels = seen(picture.body)
    assert pixels.shape[:2] == (level.tile_height, level.tile_width)
    assert picture.size == (level.tile_width, level.tile_height)
    _, _, width, height = inside(slide, place)
    return pixels[:height, :width]


def by_openslide(path: Path, slide: slides.SharedSlide, place: Place):
    left, top, width, height = inside(slide, place)
    with openslide.OpenSlide(path) as other:
        step = round(other.level_downsamples[place.level])
        return on_white(np.asarray(other.read_region((left * step, top * step), place.level, (width, height))))


@given.needs_real
def test_every_tile_of_the_real_svs_equals_openslides_pixels():
    slide = opened(given.SVS)
    count = 0
    for place in places(slide):
        assert (handed_on(slide, place) == by_openslide(given.SVS, slide, place)).all(), place
        count += 1
    assert count == 130


@pytest.mark.parametrize("shared_tables", [False, True], ids=["own tables", "shared tables"])
@pytest.mark.parametrize("colours", ["ycbcr", "rgb"])
def test_every_tile_of_an_svs_equals_openslides_pixels(tmp_path: Path, colours: str, shared_tables: bool):
    path = given.svs(tmp_path / "a.svs", colours=colours, shared_tables=shared_tables, factors=(1, 4))
    slide = opened(path)
    for place in places(slide):
        assert (handed_on(slide, place) == by_openslide(path, slide, place)).all(), place


def test_every_tile_of_a_philips_slide_equals_openslides_pixels(tmp_path: Path):
    path = given.philips(tmp_path / "a.tiff")
    slide = opened(path)
    assert slide.facts.format == "PHILIPS"
    assert [(level.width, level.height) for level in slide.facts.levels] == [(1024, 768), (512, 384), (256, 192)]
    for place in places(slide):
        assert (handed_on(slide, place) == by_openslide(path, slide, place)).all(), place
    with openslide.OpenSlide(path) as other:
        for level, size in enumerate(other.level_dimensions):
            wanted = on_white(np.asarray(other.read_region((0, 0), level, size)))
            assert (slide.read_region(Box(0, 0, 1024, 768), level) == wanted).all(), level


@pytest.mark.parametrize("shared_tables", [False, True], ids=["own tables", "shared tables"])
@pytest.mark.parametrize("colours", ["ycbcr", "rgb"])
def test_other_viewers_see_no_green(tmp_path: Path, colours: str, shared_tables: bool):
    slide = opened(given.svs(tmp_path / "a.svs", colours=colours, shared_tables=shared_tables))
    picture = stored_picture(slide, Place(0, 2, 3))
    assert picture
    shown = np.asarray(Image.open(io.BytesIO(picture.body)).convert("RGB")).astype(int)
    wanted = given.tissue(900, 700)[3 * given.TILE : 4 * given.TILE, 2 * given.TILE : 3 * given.TILE]
    assert np.abs(shown - wanted).mean() < 1.5


@pytest.mark.parametrize("subifds", [False, True], ids=["chain", "below the first"])
@pytest.mark.parametrize("tile", [128, 240, 512])
def test_every_tile_of_a_plain_pyramid_equals_tifffiles_pixels(tmp_path: Path, tile: int, subifds: bool):
    path = given.pyramid(tmp_path / "a.tif", tile=tile, subifds=subifds)
    slide = opened(path)
    with tifffile.TiffFile(path) as tif:
        levels = [level.asarray() for level in tif.series[0].levels] if subifds else [p.asarray() for p in tif.pages]
    for place in places(slide):
        left, top, width, height = inside(slide, place)
        wanted = levels[place.level][top : top + height, left : left + width]
        assert (handed_on(slide, place) == wanted).all(), place


def test_every_tile_of_every_plane_of_an_ome_tiff_equals_tifffiles_pixels(tmp_path: Path):
    path = given.ome(tmp_path / "a.ome.tif", bits=8, compression="jpeg", depth=2, duration=1)
    slide = opened(path)
    with tifffile.TiffFile(path) as tif:
        stacks = [[page.asarray() for page in tif.pages], [page.pages[0].asarray() for page in tif.pages]]
    for c, z in ((0, 0), (1, 0), (1, 1)):
        for place in places(slide):
            left, top, width, height = inside(slide, place)
            wanted = stacks[place.level][z * 2 + c][top : top + height, left : left + width, None]
            assert (handed_on(slide, place, Plane(c, z)) == wanted).all(), (c, z, place)


def test_every_tile_of_our_own_pyramids_is_handed_on(tmp_path: Path):
    picture, path = given.tissue(700, 500), tmp_path / "a.tif"
    levels = [picture, given.shrink(picture, 2)]
    with path.open("wb") as file:
        write_pyramid(file, [WrittenLevel(p.shape[1], p.shape[0], [p]) for p in levels], Looks())
    slide = opened(path)
    for place in places(slide):
        left, top, width, height = inside(slide, place)
        wanted = levels[place.level][top : top + height, left : left + width]
        assert np.abs(handed_on(slide, place) - wanted.astype(int)).mean() < 4, place


@pytest.mark.parametrize("compression", ["zlib", "jpeg2000", None])
def test_where_tiles_are_no_jpeg_the_levels_own_pixels_are_encoded(tmp_path: Path, compression: str | None):
    slide = opened(given.pyramid(tmp_path / "a.tif", compression=compression, factors=(1, 3)))
    for place in (Place(0, 0, 0), Place(0, 7, 5), Place(1, 1, 1), Place(1, 2, 1)):
        assert stored_picture(slide, place) is None
        shown = seen(decoded_picture(slide, place).body)
        assert shown.shape == (given.TILE, given.TILE, 3)
        left, top, width, height = inside(slide, place)
        wanted = given.shrink(given.tissue(900, 700), (1, 3)[place.level])[top : top + height, left : left + width]
        assert np.abs(shown[:height, :width] - wanted.astype(int)).mean() < 4, place
        assert (shown[height + 16 :] > 250).all(), "white beyond the edge"


def test_a_tile_that_was_not_scanned_is_white(tmp_path: Path):
    slide = opened(given.svs(tmp_path / "a.svs", sparse=True))
    assert stored_picture(slide, Place(0, 0, 0)) is None
    assert (seen(decoded_picture(slide, Place(0, 0, 0)).body) == 255).all()
    assert stored_picture(slide, Place(0, 1, 0))


@pytest.mark.parametrize("place", [Place(2, 0, 0), Place(-1, 0, 0), Place(0, 8, 0), Place(0, 0, 6), Place(0, -1, 0)])
def test_tiles_that_are_not_there_are_refused(tmp_path: Path, place: Place):
    slide = opened(given.svs(tmp_path / "a.svs"))
    for make in (stored_picture, decoded_picture):
        with pytest.raises(Invalid):
            make(slide, place)
    assert not slide.has_stored_tile(place.level, place.column, place.row)
    assert slide.read_stored_tile_at_once(place.level, place.column, place.row) is None


def test_what_is_read_at_once_is_what_is_read(tmp_path: Path):
    slide = opened(given.svs(tmp_path / "a.svs", shared_tables=True))
    for place in places(slide):
        asked = (place.level, place.column, place.row)
        assert slide.has_stored_tile(*asked)
        # None where the folder for tests is on a file system that cannot say whether one would wait.
        assert slide.read_stored_tile_at_once(*asked) in (slide.read_stored_tile(*asked), None)


def test_a_long_tile_is_never_read_while_everybody_waits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    slide = opened(given.svs(tmp_path / "a.svs"))
    monkeypatch.setattr(stored, "MOST_AT_ONCE", 100)
    assert slide.read_stored_tile_at_once(0, 0, 0) is None
    assert slide.read_stored_tile(0, 0, 0)


# --- where grids agree -----------------------------------------------------------------------------------------------


def test_a_rectangle_is_a_tile_of_the_file_only_where_it_is_just_that(tmp_path: Path):
    facts = opened(given.svs(tmp_path / "a.svs")).facts  # 900 x 700, tiles of 128, levels 1 and 4
    assert place_of(facts, Box(256, 384, 128, 128), (128, 128)) == Place(0, 2, 3)
    assert place_of(facts, Box(0, 0, 512, 512), (128, 128)) == Place(1, 0, 0)
    for box, size in (
        (Box(0, 0, 256, 256), (128, 128)),
        (Box(1, 0, 128, 128), (128, 128)),
        (Box(0, 64, 128, 128), (128, 128)),
        (Box(0, 0, 128, 127), (128, 127)),
        (Box(0, 0, 128, 128), (64, 64)),
        (Box(896, 0, 128, 128), (128, 128)),
        (Box(512, 0, 512, 512), (128, 128)),
    ):
        assert place_of(facts, box, size) is None, (box, size)


def test_normalised_tiles_are_the_files_own_where_the_grids_agree(tmp_path: Path):
    path = given.pyramid(tmp_path / "a.tif", given.tissue(1100, 900), factors=(1, 2, 4), tile=256)
    slide = opened(path)
    agreed = 0
    for zoom, tx, ty in ((3, 0, 0), (3, 3, 2), (3, 4, 0), (2, 1, 0), (1, 0, 0), (0, 0, 0)):
        picture = stored_picture(slide, normalised_tile(slide.facts, zoom, tx, ty))
        decoded = seen(pictures.tile(slide, zoom, tx, ty, format="jpg", quality=100).body)
        if picture is not None:
            agreed += 1
            assert np.abs(seen(picture.body) - decoded.astype(int)).mean() < 1.5
    assert agreed == 3


# --- damage ----------------------------------------------------------------------------------------------------------


def changed(path: Path, change) -> slides.SharedSlide:
    """The slide as it was inspected, then changed behind our back."""
    format = slides.inspect(path).format
    change(path)
    return slides.open_slide(path, format)


def test_a_tile_beyond_the_files_end_costs_its_own_requests_alone(tmp_path: Path):
    def lie(path: Path) -> None:
        with tifffile.TiffFile(path, mode="r+") as tif:
            tag = tif.pages[0].aspage().tags["TileOffsets"]
            tag.overwrite((path.stat().st_size - 10, 2**32 - 2, *tag.value[2:]))

    slide = changed(given.svs(tmp_path / "a.svs"), lie)
    for column in (0, 1):
        with pytest.raises(PictureFailed, match="beyond the file's end"):
            stored_picture(slide, Place(0, column, 0))
        with pytest.raises(PictureFailed):
            decoded_picture(slide, Place(0, column, 0))
        assert slide.read_stored_tile_at_once(0, column, 0) is None
    assert handed_on(slide, Place(0, 2, 0)).shape


def test_a_file_that_was_cut_off_gives_the_tiles_that_are_left(tmp_path: Path):
    path = given.svs(tmp_path / "a.svs", factors=(1,))
    with tifffile.TiffFile(path) as tif:
        last = tif.pages[0].aspage().dataoffsets[40]
    slide = slides.open_slide(path, slides.inspect(path).format)
    assert handed_on(slide, Place(0, 0, 0)).shape

    os.truncate(path, last + 20)
    with pytest.raises(PictureFailed):
        stored_picture(slide, Place(0, 40 % 8, 40 // 8))
    assert handed_on(slide, Place(0, 0, 0)).shape


def test_half_a_tile_is_not_handed_on_as_a_whole_one(tmp_path: Path):
    def shorten(path: Path) -> None:
        with tifffile.TiffFile(path, mode="r+") as tif:
            tag = tif.pages[0].aspage().tags["TileByteCounts"]
            tag.overwrite((tag.value[0] // 2, *tag.value[1:]))

    slide = changed(given.svs(tmp_path / "a.svs"), shorten)
    assert stored_picture(slide, Place(0, 0, 0)) is None
    assert slide.read_stored_tile_at_once(0, 0, 0) is None
    assert stored_picture(slide, Place(0, 0, 0)) is None
    assert handed_on(slide, Place(0, 1, 0)).shape


def test_a_tile_that_claims_to_be_as_long_as_the_file_is_not_read(tmp_path: Path):
    def lengthen(path: Path) -> None:
        with tifffile.TiffFile(path, mode="r+") as tif:
            tag = tif.pages[0].aspage().tags["TileByteCounts"]
            tag.overwrite((20 << 20, *tag.value[1:]))
        with path.open("ab") as file:
            file.truncate(64 << 20)

    slide = changed(given.svs(tmp_path / "a.svs"), lengthen)
    assert slide.read_stored_tile_at_once(0, 0, 0) is None
    assert stored_picture(slide, Place(0, 0, 0)) is None
    assert handed_on(slide, Place(0, 1, 0)).shape
