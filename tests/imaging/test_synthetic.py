"""The synthetic slide is what its plan says: the same for everybody, dark where nuclei are, and read as any other."""

import numpy as np
import openslide
import pytest
import shapely
from PIL import Image, ImageDraw

from atrisys.imaging.slides import inspect
from atrisys.imaging.synthetic import KINDS, plan_slide
from atrisys.imaging.synthetic_slide import write_slide

WIDTH, HEIGHT = 2300, 1700


@pytest.fixture(scope="module")
def plan():
    return plan_slide(WIDTH, HEIGHT)


@pytest.fixture(scope="module")
def path(plan, tmp_path_factory):
    path = tmp_path_factory.mktemp("synthetic") / "slide.svs"
    write_slide(path, plan)
    return path


@pytest.fixture(scope="module")
def pixels(path):
    with openslide.OpenSlide(path) as slide:
        return np.asarray(slide.read_region((0, 0), 0, slide.dimensions).convert("RGB")).astype(int)


def drawn(shapes):
    picture = Image.new("1", (WIDTH, HEIGHT))
    pen = ImageDraw.Draw(picture)
    for shape in shapes:
        pen.polygon(list(shape.exterior.coords), fill=1)
        for hole in shape.interiors:
            pen.polygon(list(hole.coords), fill=0)
    return np.asarray(picture)


def test_the_same_seed_gives_the_same_slide(plan, path, tmp_path):
    write_slide(tmp_path / "again.svs", plan_slide(WIDTH, HEIGHT))
    assert (tmp_path / "again.svs").read_bytes() == path.read_bytes()
    assert plan_slide(WIDTH, HEIGHT, seed=1).regions != plan.regions


def test_the_usual_slide_has_some_twenty_thousand_nuclei_and_regions_with_holes():
    plan = plan_slide()
    assert 18_000 <= len(plan.nuclei) <= 25_000
    assert {kind for kind in KINDS if (plan.nuclei.kind == KINDS.index(kind)).sum() > 1000} == set(KINDS)
    assert {region.name for region in plan.regions} == {"Tissue", "Stroma", "Tumour", "Lymphoid aggregate"}
    assert any(len(tumour.interiors) == 3 for tumour in plan.named("Tumour"))


def test_every_shape_is_whole_and_lies_on_the_slide(plan):
    shapes = np.array([*plan.nuclei.outlines(), *(region.shape for region in plan.regions)])
    assert shapely.is_valid(shapes).all()
    assert shapely.box(0, 0, WIDTH, HEIGHT).contains(shapes).all()


def test_nuclei_lie_inside_their_own_tissue(plan):
    outlines = np.array(plan.nuclei.outlines())
    for kind, name in enumerate(("Tumour", "Lymphoid aggregate", "Stroma")):
        room = shapely.union_all(plan.named(name))
        assert shapely.contains(room, outlines[plan.nuclei.kind == kind]).all()


def test_mask_and_slide_lie_over_one_another(plan, pixels):
    nuclei = drawn(plan.nuclei.outlines())
    blue_grey = pixels.sum(axis=2) < 390
    overlap = (nuclei & blue_grey).sum() / (nuclei | blue_grey).sum()
    assert overlap > 0.85
    assert overlap > 2 * (nuclei[::-1] & blue_grey).sum() / (nuclei[::-1] | blue_grey).sum()


def test_tissue_is_coloured_and_glass_is_not(plan, pixels):
    tissue = drawn(plan.named("Tissue"))
    colourful = pixels.max(axis=2) - pixels.min(axis=2) > 25
    assert colourful[tissue].mean() > 0.95
    assert colourful[~tissue].mean() < 0.05


def test_it_is_read_as_an_aperio_slide_with_its_scale(plan, path):
    facts = inspect(path)
    assert (facts.format, facts.width, facts.height) == ("SVS", WIDTH, HEIGHT)
    assert (facts.mpp_x, facts.magnification, facts.associated) == (0.5, 20.0, ("thumbnail",))
    assert [level.downsample for level in facts.levels] == pytest.approx([1, 4], rel=0.01)


def test_lower_levels_show_the_same_picture(path):
    with openslide.OpenSlide(path) as slide:
        width, height = slide.level_dimensions[1]
        full = slide.read_region((0, 0), 0, (width * 4, height * 4)).convert("RGB").resize((width, height), Image.BOX)
        lower = slide.read_region((0, 0), 1, (width, height)).convert("RGB")
    off = np.abs(np.asarray(full).astype(int) - np.asarray(lower))[:-2, :-2]
    assert off.mean() < 3
