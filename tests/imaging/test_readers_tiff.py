import io
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import openslide
import pytest
import tifffile
from PIL import Image

from atrisys.errors import Invalid, NotFound, TooLarge
from atrisys.imaging import slides
from atrisys.imaging.levels import on_white
from atrisys.imaging.reader import Box, Pixels, Plane, Slide
from atrisys.imaging.readers.tiff import stored
from atrisys.imaging.readers.tiff.whole import WholeTiff
from atrisys.imaging.source import FileSource
from given import slides as given


def opened(path: Path) -> slides.SharedSlide:
    return slides.open_slide(path, slides.inspect(path).format)


def whole(slide: Slide, level: int = 0, plane: Plane = Plane()) -> Pixels:
    at = slide.facts.levels[level]
    step = at.downsample
    pixels = slide.read_region(Box(0, 0, int(at.width * step), int(at.height * step)), level, plane)
    return pixels[: at.height, : at.width]


def by_openslide(path: Path, x: int, y: int, level: int, width: int, height: int) -> Pixels:
    with openslide.OpenSlide(path) as slide:
        return on_white(np.asarray(slide.read_region((x, y), level, (width, height))))


def random_boxes(width: int, height: int, count: int) -> Iterator[Box]:
    rng = np.random.default_rng(7)
    for _ in range(count):
        yield Box(*(int(n) for n in (rng.integers(-50, width), rng.integers(-50, height), *rng.integers(1, 700, 2))))


@given.needs_real
def test_the_real_svs_says_what_openslide_says():
    facts = slides.inspect(given.SVS)
    assert (facts.format, facts.width, facts.height) == ("SVS", 2220, 2967)
    assert (facts.mpp_x, facts.mpp_y, facts.magnification) == (0.499, 0.499, 20)
    assert facts.associated == ("label", "macro", "thumbnail")
    assert facts.metadata["aperio.AppMag"] == "20"
    assert facts.metadata["aperio.MPP"] == "0.4990"
    assert (facts.samples, facts.bits, facts.channels, facts.depth, facts.duration) == (3, 8, 1, 1, 1)
    level = facts.levels[0]
    assert (level.downsample, level.tile_width, level.tile_height) == (1, 240, 240)


@given.needs_real
def test_pixels_of_the_real_svs_equal_openslides():
    slide = opened(given.SVS)
    for box in random_boxes(2220, 2967, 25):
        expected = by_openslide(given.SVS, box.x, box.y, 0, box.width, box.height)
        assert (slide.read_region(box) == expected).all(), box


@given.needs_real
def test_associated_pictures_of_the_real_svs_equal_openslides():
    slide = opened(given.SVS)
    with openslide.OpenSlide(given.SVS) as other:
        for name in ("label", "macro", "thumbnail"):
            assert (slide.read_associated(name) == np.asarray(other.associated_images[name])[..., :3]).all(), name


@pytest.mark.parametrize("shared_tables", [False, True], ids=["own tables", "shared tables"])
@pytest.mark.parametrize("colours", ["ycbcr", "rgb"])
def test_all_levels_of_an_svs_equal_openslides_pixels(tmp_path: Path, colours: str, shared_tables: bool):
    path = given.svs(tmp_path / "a.svs", colours=colours, shared_tables=shared_tables, factors=(1, 4, 16))
    slide = opened(path)
    assert [level.downsample for level in slide.facts.levels] == [1, 4, 16]
    for number, level in enumerate(slide.facts.levels):
        expected = by_openslide(path, 0, 0, number, level.width, level.height)
        assert (whole(slide, number) == expected).all(), number
    for box in random_boxes(900, 700, 10):
        box = Box(box.x // 16 * 16, box.y // 16 * 16, box.width * 4, box.height * 4)
        expected = by_openslide(path, box.x, box.y, 1, box.width // 4, box.height // 4)
        assert (slide.read_region(box, 1) == expected).all(), box


@pytest.mark.parametrize("shared_tables", [False, True], ids=["own tables", "shared tables"])
@pytest.mark.parametrize("colours", ["ycbcr", "rgb"])
def test_colours_are_those_that_were_stored(tmp_path: Path, colours: str, shared_tables: bool):
    """RGB in a JPEG that does not say so turns green where it is taken for YCbCr."""
    slide = opened(given.svs(tmp_path / "a.svs", colours=colours, shared_tables=shared_tables))
    assert np.abs(whole(slide) - given.tissue(900, 700).astype(int)).mean() < 1.5


@pytest.mark.parametrize("shared_tables", [False, True], ids=["own tables", "shared tables"])
@pytest.mark.parametrize("colours", ["ycbcr", "rgb"])
def test_stored_tiles_stand_alone_and_look_the_same_in_any_viewer(tmp_path: Path, colours: str, shared_tables: bool):
    slide = opened(given.svs(tmp_path / "a.svs", colours=colours, shared_tables=shared_tables))
    for number, column, row in ((0, 0, 0), (0, 3, 2), (1, 1, 0)):
        step = round(slide.facts.levels[number].downsample)
        stored = slide.read_stored_tile(number, column, row)
        assert stored is not None
        seen = np.asarray(Image.open(io.BytesIO(stored)).convert("RGB"))
        side = given.TILE * step
        expected = slide.read_region(Box(column * side, row * side, side, side), number)
        inside = seen.shape[0] - max(0, (row + 1) * given.TILE - slide.facts.levels[number].height)
        across = seen.shape[1] - max(0, (column + 1) * given.TILE - slide.facts.levels[number].width)
        assert seen.shape == (given.TILE, given.TILE, 3)
        assert np.abs(seen[:inside, :across] - expected[:inside, :across].astype(int)).max() <= 3


def test_stored_tiles_keep_their_compressed_bytes(tmp_path: Path):
    path = given.svs(tmp_path / "a.svs")
    stored = opened(path).read_stored_tile(0, 1, 1)
    assert stored is not None
    assert len(stored) > 1000
    assert stored[18:] in path.read_bytes()  # behind the start and the marker of colours


def test_there_are_no_stored_tiles_where_tiles_are_no_jpeg_or_were_not_scanned(tmp_path: Path):
    assert opened(given.pyramid(tmp_path / "a.tif", compression="zlib")).read_stored_tile(0, 0, 0) is None
    sparse = opened(given.svs(tmp_path / "a.svs", sparse=True))
    assert sparse.read_stored_tile(0, 0, 0) is None
    assert sparse.read_stored_tile(0, 1, 0)
    with pytest.raises(Invalid):
        sparse.read_stored_tile(0, 8, 0)
    with pytest.raises(Invalid):
        sparse.read_stored_tile(2, 0, 0)


def test_tiles_that_were_not_scanned_are_white(tmp_path: Path):
    slide = opened(given.svs(tmp_path / "a.svs", sparse=True))
    pixels = slide.read_region(Box(0, 0, 256, 128))
    assert (pixels[:, : given.TILE] == 255).all()
    assert (pixels[:, given.TILE :] != 255).any()


def test_beyond_the_edge_all_is_white(tmp_path: Path):
    slide = opened(given.svs(tmp_path / "a.svs"))
    pixels = slide.read_region(Box(-100, 600, 1100, 200))
    assert pixels.shape == (200, 1100, 3)
    assert (pixels[:, :100] == 255).all()
    assert (pixels[100:] == 255).all()
    assert (pixels[:, 1000:] == 255).all()
    assert (pixels[:100, 100:1000] == whole(slide)[600:]).all()
    assert (slide.read_region(Box(5000, 5000, 3, 2)) == 255).all()
    assert slide.read_region(Box(0, 0, 0, 0)).shape == (0, 0, 3)


@pytest.mark.parametrize(
    "compression", [None, "zlib", "lzw", "zstd", "lzma", "packbits", "jpeg2000", "webp", "jpegxl", 33005]
)
def test_pixels_that_were_stored_without_loss_come_back_as_they_were(tmp_path: Path, compression: str | int | None):
    picture = given.tissue(500, 400)
    slide = opened(given.pyramid(tmp_path / "a.tif", picture, (1, 2), compression=compression))
    assert slide.facts.format == "PYRTIFF"
    assert (whole(slide) == picture).all()
    assert (whole(slide, 1) == given.shrink(picture, 2)).all()


@pytest.mark.parametrize(
    "options",
    [
        {"predictor": 2},
        {"subifds": True},
        {"planarconfig": "separate"},
        {"byteorder": ">"},
        {"bigtiff": True},
        {"subifds": True, "bigtiff": True, "byteorder": ">"},
    ],
    ids=str,
)
def test_all_ways_to_lay_out_a_pyramid_give_the_same_pixels(tmp_path: Path, options: dict):
    picture = given.tissue(500, 400)
    if options.get("planarconfig"):
        picture_in = np.ascontiguousarray(np.moveaxis(picture, -1, 0))
        slide = opened(given.pyramid(tmp_path / "a.tif", picture_in, (1,), compression="zlib", **options))
    else:
        slide = opened(given.pyramid(tmp_path / "a.tif", picture, (1, 2, 4), compression="zlib", **options))
        assert [(level.width, level.height) for level in slide.facts.levels] == [(500, 400), (250, 200), (125, 100)]
        assert (whole(slide, 2) == given.shrink(picture, 4)).all()
    assert (whole(slide) == picture).all()


def test_alpha_is_laid_on_white(tmp_path: Path):
    colour = given.tissue(300, 200)
    alpha = np.zeros((200, 300, 1), np.uint8)
    alpha[:, 100:] = 255
    path = given.pyramid(
        tmp_path / "a.tif", np.dstack([colour, alpha]), (1,), compression="zlib", extrasamples=["unassalpha"]
    )
    pixels = whole(opened(path))
    assert (pixels[:, :100] == 255).all()
    assert (pixels[:, 100:] == colour[:, 100:]).all()


@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize("compression", ["zlib", "jpeg"])
def test_grey_slides_have_one_sample_of_their_own_depth(tmp_path: Path, bits: int, compression: str):
    if (bits, compression) == (16, "jpeg"):
        compression = "jpeg2000"
    picture = given.plane(1, 0, 0, 500, 400, bits)
    slide = opened(given.pyramid(tmp_path / "a.tif", picture, (1,), compression=compression))
    assert (slide.facts.samples, slide.facts.bits, slide.facts.colorspace) == (1, bits, "GRAY")
    pixels = whole(slide)
    assert pixels.shape == (400, 500, 1)
    assert pixels.dtype == picture.dtype
    if compression == "jpeg":
        assert np.abs(pixels[..., 0] - picture.astype(int)).mean() < 5
    else:
        assert (pixels[..., 0] == picture).all()
    assert (slide.read_region(Box(-10, 0, 5, 5)) == 0).all()


def test_where_zero_means_white_the_picture_is_turned_round(tmp_path: Path):
    picture = given.plane(0, 0, 0, 300, 200, 8)
    slide = opened(given.pyramid(tmp_path / "a.tif", picture, (1,), compression="zlib", photometric="miniswhite"))
    assert (whole(slide)[..., 0] == 255 - picture).all()


def test_rgb_of_16_bits_is_given_in_8(tmp_path: Path):
    picture = given.tissue(300, 200).astype(np.uint16) << 8 | 0x5A
    slide = opened(given.pyramid(tmp_path / "a.tif", picture, (1,), compression="zlib"))
    assert (slide.facts.bits, slide.facts.samples) == (8, 3)
    assert (whole(slide) == given.tissue(300, 200)).all()


def test_old_jpeg_2000_of_aperio_keeps_its_colours(tmp_path: Path):
    """Compression 33003 stores YCbCr and says so nowhere: left alone, tissue turns green."""
    import imagecodecs
    import tifffile

    picture = given.tissue(512, 384)
    ycbcr = np.asarray(Image.fromarray(picture).convert("YCbCr"))
    tiles = [
        imagecodecs.jpeg2k_encode(ycbcr[y : y + 128, x : x + 128].copy(), codecformat="j2k", mct=False, reversible=True)
        for y in range(0, 384, 128)
        for x in range(0, 512, 128)
    ]
    path = tmp_path / "a.svs"
    words = "Aperio Image Library v10 \r\n512x384 (128x128) J2K/YUV16 Q=70|AppMag = 20|MPP = 0.5"
    with tifffile.TiffWriter(path) as tif:
        tif.write(iter(tiles), shape=picture.shape, dtype=np.uint8, tile=(128, 128), compression=33003,
                  photometric="rgb", description=words, metadata=None)  # fmt: skip
    slide = opened(path)
    assert (slide.facts.format, slide.facts.mpp_x, slide.facts.magnification) == ("SVS", 0.5, 20)
    assert np.abs(whole(slide) - picture.astype(int)).max() <= 3


@pytest.mark.parametrize(("mpp", "read"), [(0.25, 0.25), (10.0, 10.0), (264.6, None), (None, None)])
def test_only_a_resolution_that_a_microscope_may_have_is_believed(
    tmp_path: Path, mpp: float | None, read: float | None
):
    facts = slides.inspect(given.pyramid(tmp_path / "a.tif", given.tissue(200, 150), (1,), mpp=mpp))
    assert facts.mpp_x == (pytest.approx(read, rel=1e-4) if read else None)


def test_an_svs_says_its_facts(tmp_path: Path):
    facts = slides.inspect(given.svs(tmp_path / "slide", mpp=0.2528, magnification=40, factors=(1, 4)))
    assert (facts.format, facts.mpp_x, facts.magnification) == ("SVS", 0.2528, 40)
    assert facts.metadata["aperio.ScanScope ID"] == "GIVEN"
    assert facts.associated == ("label", "macro", "thumbnail")
    assert [(level.width, level.height) for level in facts.levels] == [(900, 700), (225, 175)]


def test_pictures_levels_and_planes_that_do_not_exist_are_refused(tmp_path: Path):
    slide = opened(given.pyramid(tmp_path / "a.tif"))
    with pytest.raises(NotFound):
        slide.read_associated("label")
    for level, plane in ((3, Plane()), (-1, Plane()), (0, Plane(c=1)), (0, Plane(z=1)), (0, Plane(t=-1))):
        with pytest.raises(Invalid):
            slide.read_region(Box(0, 0, 9, 9), level, plane)
    with pytest.raises(TooLarge):
        slide.read_region(Box(0, 0, 100_000, 100_000))


def test_both_ways_to_read_jpeg_tiles_give_the_same_pixels(tmp_path: Path):
    """In the server's process from the table of tiles, and in a worker from the file."""
    path = given.svs(tmp_path / "a.svs", shared_tables=True)
    here, there = opened(path), WholeTiff(FileSource(path))
    for box in random_boxes(900, 700, 10):
        assert (here.read_region(box, 1) == there.read_region(box, 1)).all()
    there.close()


def scattered(path: Path, to: Path) -> Path:
    """The same slide, whose first level's tiles lie in the opposite order, with room between them."""
    stored = path.read_bytes()
    with tifffile.TiffFile(path) as tif:
        page = tif.pages.first
        extents, table = zip(page.dataoffsets, page.databytecounts, strict=True), page.tags["TileOffsets"].valueoffset
    whole, offsets = bytearray(stored), []
    for offset, length in reversed(list(extents)):
        whole += bytes(20_000)
        offsets.insert(0, len(whole))
        whole += stored[offset : offset + length]
    whole[table : table + 4 * len(offsets)] = np.array(offsets, "<u4").tobytes()
    to.write_bytes(whole)
    return to


def test_tiles_beside_each_other_are_read_at_once_where_they_follow_one_another(tmp_path: Path, monkeypatch):
    path = given.svs(tmp_path / "a.svs", 900, 96, factors=(1,), tile=48)
    wanted, asked = whole(WholeTiff(FileSource(path))), []
    slides_there = [opened(path), opened(scattered(path, tmp_path / "b.svs"))]
    read = FileSource.read
    monkeypatch.setattr(FileSource, "read", lambda *where: asked.append(where) or read(*where))
    counts = []
    for slide in slides_there:
        asked.clear()
        assert (whole(slide) == wanted).all()
        counts.append(len(asked))
    # Two rows of 19 tiles, of which at most 16 are read at once.
    assert counts == [4, 38]


def test_the_tiles_of_a_large_region_are_shared_out_evenly(tmp_path: Path, monkeypatch):
    slide, shares = opened(given.svs(tmp_path / "a.svs", 900, 700, factors=(1,), tile=48)), []

    class Pool:
        def map(self, place: Callable[[list[tuple[int, range]]], None], several: list[list[tuple[int, range]]]):
            shares.extend(sum(len(columns) for _, columns in some) for some in several)
            return map(place, several)

    monkeypatch.setattr(stored, "_cores", lambda: 2)
    monkeypatch.setattr(stored, "_pool", Pool)
    by_two = whole(slide)
    monkeypatch.setattr(stored, "_cores", lambda: 1)
    assert (by_two == whole(slide)).all()
    assert sum(shares) == 19 * 15
    assert abs(shares[0] - shares[1]) <= stored.LONGEST_RUN
