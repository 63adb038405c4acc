from itertools import product
from pathlib import Path

import numpy as np
import pytest

from atrisys.errors import Invalid, SlideUnreadable
from atrisys.imaging import slides
from atrisys.imaging.reader import Box, Plane
from given import bombs
from given import slides as given


def opened(path: Path) -> slides.SharedSlide:
    return slides.open_slide(path, slides.inspect(path).format)


@pytest.mark.parametrize("subifds", [True, False], ids=["levels in SubIFDs", "levels behind all planes"])
@pytest.mark.parametrize("order", ["XYCZT", "XYZCT", "XYTZC", "XYZTC"])
def test_each_plane_of_each_level_is_where_the_xml_says(tmp_path: Path, order: str, subifds: bool):
    slide = opened(given.ome(tmp_path / "a.ome.tif", order=order, subifds=subifds, factors=(1, 2, 4)))
    assert (slide.facts.channels, slide.facts.depth, slide.facts.duration) == (2, 3, 2)
    assert [level.downsample for level in slide.facts.levels] == [1, 2, 4]
    for c, z, t in product(range(2), range(3), range(2)):
        picture = given.plane(c, z, t, 500, 300)
        for level, factor in enumerate((1, 2, 4)):
            pixels = slide.read_region(Box(0, 0, 500, 300), level, Plane(c, z, t))
            assert pixels.dtype == np.uint16
            assert (pixels[..., 0] == given.shrink(picture, factor)).all(), (c, z, t, level)


@pytest.mark.parametrize("compression", [None, "lzw", "zstd"])
def test_planes_of_8_bits_are_read(tmp_path: Path, compression: str | None):
    slide = opened(given.ome(tmp_path / "a.ome.tif", bits=8, compression=compression))
    assert (slide.facts.bits, slide.facts.samples, slide.facts.colorspace) == (8, 1, "GRAY")
    pixels = slide.read_region(Box(100, 50, 200, 100), 0, Plane(1, 2, 1))
    assert (pixels[..., 0] == given.plane(1, 2, 1, 500, 300, 8)[50:150, 100:300]).all()


def test_jpeg_planes_are_told_apart_too(tmp_path: Path):
    """Their tiles are read in the server's process, from a table for each plane."""
    slide = opened(given.ome(tmp_path / "a.ome.tif", bits=8, compression="jpeg"))
    for c, z, t in product(range(2), range(3), range(2)):
        pixels = slide.read_region(Box(0, 0, 500, 300), 0, Plane(c, z, t))
        expected = given.plane(c, z, t, 500, 300, 8)
        assert np.abs(pixels[..., 0].astype(int) - expected).mean() < 8, (c, z, t)
        assert slide.read_stored_tile(0, 1, 1, Plane(c, z, t))


def test_sizes_names_and_colours_come_from_the_xml(tmp_path: Path):
    facts = slides.inspect(given.ome(tmp_path / "a.ome.tif", channels=3))
    assert facts.format == "OMETIFF"
    assert facts.mpp_x == pytest.approx(0.325)
    assert facts.mpp_y == pytest.approx(0.325)
    assert facts.mpp_z == pytest.approx(2)
    assert facts.fps == pytest.approx(2)
    assert facts.magnification == 63
    assert facts.channel_names == ("DAPI", "FITC", "Cy5")
    assert facts.channel_colors == ("#0000ff", "#00ff00", "#ff0000")
    assert facts.metadata["ome.Pixels.Type"] == "uint16"
    assert facts.metadata["ome.Image.AcquisitionDate"] == "2026-01-02T03:04:05"


@pytest.mark.parametrize("compression", ["jpeg", "zlib"])
def test_rgb_is_one_channel_of_three_samples(tmp_path: Path, compression: str):
    import tifffile

    picture, path = given.tissue(500, 300), tmp_path / "a.ome.tif"
    metadata = {"axes": "YXS", "PhysicalSizeX": 0.5, "PhysicalSizeXUnit": "µm", "PhysicalSizeY": 0.5}
    with tifffile.TiffWriter(path, ome=True) as tif:
        tif.write(picture, tile=(128, 128), compression=compression, photometric="rgb", metadata=metadata, subifds=1)
        tif.write(given.shrink(picture, 2), tile=(128, 128), compression=compression, photometric="rgb", subfiletype=1)
    slide = opened(path)
    assert (slide.facts.channels, slide.facts.samples, slide.facts.colorspace) == (1, 3, "RGB")
    assert [(level.width, level.height) for level in slide.facts.levels] == [(500, 300), (250, 150)]
    pixels = slide.read_region(Box(0, 0, 500, 300)).astype(int)
    assert np.abs(pixels - picture).mean() < (3 if compression == "jpeg" else 1e-9)


def test_of_several_images_the_largest_is_the_slide_and_others_are_its_pictures(tmp_path: Path):
    import tifffile

    path = tmp_path / "a.ome.tif"
    with tifffile.TiffWriter(path, ome=True) as tif:
        for name, width in (("label image", 100), ("slide", 400), ("macro image", 200)):
            tif.write(given.tissue(width, 150), tile=(128, 128), photometric="rgb", compression="zlib",
                      metadata={"axes": "YXS", "Name": name})  # fmt: skip
    slide = opened(path)
    assert (slide.facts.width, slide.facts.associated) == (400, ("label", "macro"))
    assert (slide.read_region(Box(0, 0, 400, 150)) == given.tissue(400, 150)).all()
    assert (slide.read_associated("macro") == given.tissue(200, 150)).all()


def test_planes_in_other_files_are_refused_and_those_files_never_opened(tmp_path: Path):
    secret = given.ome(tmp_path / "secret.ome.tif")
    path = given.ome(tmp_path / "a.ome.tif", elsewhere=secret.name)
    with pytest.raises(SlideUnreadable, match="lacks 1 of its 12 planes: they lie in other files"):
        slides.inspect(path)


def test_planes_in_other_files_are_refused_also_where_the_file_does_not_say_its_own_name(tmp_path: Path):
    path = given.ome(tmp_path / "a.ome.tif", elsewhere="b.ome.tif")
    path.write_bytes(path.read_bytes().replace(b'UUID="urn:uuid:own"', b'Uuid="urn:uuid:own"'))
    blocks = b'<TiffData IFD="0" PlaneCount="11"/>'
    assert blocks in path.read_bytes()
    named = b"<TiffData><UUID>o</UUID></TiffData>"
    path.write_bytes(path.read_bytes().replace(blocks, named.ljust(len(blocks))))
    with pytest.raises(SlideUnreadable, match="lie in other files"):
        slides.inspect(path)


def test_a_file_that_was_renamed_still_holds_its_planes(tmp_path: Path):
    path = given.ome(tmp_path / "a.ome.tif", elsewhere="a.ome.tif")
    path.write_bytes(path.read_bytes().replace(b">urn:uuid:other<", b">urn:uuid:own  <"))
    moved = path.rename(tmp_path / "renamed.tif")
    assert slides.inspect(moved).depth == 3


def test_xml_with_entities_is_refused(tmp_path: Path):
    path = given.ome(tmp_path / "a.ome.tif", names=("&lol;", "b"))
    head = b'<?xml version="1.0" encoding="UTF-8"?>'
    bomb = b'<!DOCTYPE a [<!ENTITY b "c">]>'.ljust(len(head))
    path.write_bytes(path.read_bytes().replace(head, bomb))
    with pytest.raises(SlideUnreadable, match="declares entities"):
        slides.inspect(path)


def test_of_very_long_texts_the_beginning_is_kept(tmp_path: Path):
    name = "n" * 1_000_000
    facts = slides.inspect(given.ome(tmp_path / "a.ome.tif", names=(name, "b")))
    assert facts.channel_names == ("n" * 255, "b")
    assert len(facts.metadata["tiff.ImageDescription"]) == 20_000


@pytest.mark.parametrize("texts", [1, 200])
def test_what_the_xml_says_is_cut_as_the_tags_are(tmp_path: Path, texts: int):
    said = "".join(f'<M K="key {k}">{"t" * 100_000}</M>' for k in range(texts))
    annotations = f"<StructuredAnnotations>{said}</StructuredAnnotations>"
    path = given.ome(tmp_path / "a.ome.tif", more_xml=annotations)
    metadata = slides.inspect(path).metadata
    assert metadata["ome.key 0"] == "t" * 20_000
    assert sum(map(len, metadata.values())) <= 1 << 20


@pytest.mark.parametrize(
    ("was", "is_now", "reason"),
    [
        (b'SizeX="500"', b'SizeX="900"', "says 900 x 300 px"),
        (b'SizeT="2"', b'SizeT="9"', "lacks"),
        (b'SizeZ="3"', b'SizeZ="x"', "no numbers"),
        (b'SizeZ="3"', b'SizeZ="0"', "cannot be"),
        (b"</Pixels>", b"</Pixelz>", "cannot be read"),
    ],
)
def test_xml_that_does_not_fit_the_pages_is_refused(tmp_path: Path, was: bytes, is_now: bytes, reason: str):
    path = given.ome(tmp_path / "a.ome.tif")
    path.write_bytes(path.read_bytes().replace(was, is_now))
    with pytest.raises(SlideUnreadable, match=reason):
        slides.inspect(path)


def test_planes_beyond_the_last_are_refused(tmp_path: Path):
    slide = opened(given.ome(tmp_path / "a.ome.tif"))
    for plane in (Plane(c=2), Plane(z=3), Plane(t=2), Plane(c=-1)):
        with pytest.raises(Invalid):
            slide.read_region(Box(0, 0, 10, 10), 0, plane)


@pytest.mark.parametrize("times", [{}, {"planes": 1000, "blocks": 1, "images": 20_000}], ids=["blocks", "images"])
def test_planes_that_are_named_again_and_again_are_not_counted_for_hours(tmp_path: Path, times: dict):
    with pytest.raises(SlideUnreadable, match="sizes in its OME-XML that cannot be"):
        slides.inspect(bombs.ome_that_repeats_itself(tmp_path / "a.ome.tif", **times))


@pytest.mark.parametrize("block", ['IFD="-3"', 'IFD="0" FirstT="-1"'])
def test_planes_before_the_first_one_are_refused(tmp_path: Path, block: str):
    path = bombs.ome_that_repeats_itself(tmp_path / "a.ome.tif", 2, 2)
    assert slides.inspect(path).duration == 2
    content = path.read_bytes()
    one = b'<TiffData IFD="0" PlaneCount="2"/>'
    path.write_bytes(content.replace(one * 2, f"<TiffData {block}/>".encode().ljust(2 * len(one))))
    with pytest.raises(SlideUnreadable, match="sizes in its OME-XML that cannot be"):
        slides.inspect(path)
