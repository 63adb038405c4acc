"""Where shapes are too many to be drawn one by one: the large ones are, and a box finds all that lie in it."""

import io

import pytest
import shapely
from PIL import Image
from playwright.sync_api import expect

from web.desk import choose, drag, looking_at, middle, shape_of

pytestmark = pytest.mark.browser

CENTRE, DOWNSAMPLE = (6000, 4500), 13
ORANGE = 255, 179, 0
"""Of shapes without a term."""


def place(page, x, y):
    """Where on the page a place of the slide is."""
    across, down = middle(page)
    return across + (x - CENTRE[0]) / DOWNSAMPLE, down + (y - CENTRE[1]) / DOWNSAMPLE


def box(page, x, y, side):
    page.keyboard.down("Shift")
    drag(page, place(page, x, y), place(page, x + side, y + side))
    page.keyboard.up("Shift")


def test_large_shapes_are_outlined_over_the_density_and_a_box_finds_the_small_ones(visit, demo):
    area = shapely.box(1000, 800, 2600, 2000)
    sent = {"image": demo.told["imageId"], "location": area.wkt, "origin": "left-top"}
    large = demo.send("/api/annotation.json", **sent)["annotation"]["id"]
    page = looking_at(visit, demo, *CENTRE, DOWNSAMPLE)
    page.locator(".count", has_text="up to").wait_for()
    expect(page.locator(".count")).to_contain_text("largest are outlined")
    page.wait_for_load_state("networkidle")
    x, y = place(page, 1000, 1400)
    seen = Image.open(io.BytesIO(page.screenshot(clip={"x": x - 3, "y": y, "width": 6, "height": 1}))).convert("RGB")
    assert min(sum(abs(a - b) for a, b in zip(seen.getpixel((k, 0)), ORANGE, strict=True)) for k in range(6)) < 60
    choose(page, place(page, 1800, 1400), large)
    page.keyboard.press("Escape")

    window = shapely.box(2600, 2600, 3000, 3000)
    rows = demo.shapes(bbox="2600,2600,3000,3000", max=0)
    inside = [row for row in rows if window.contains(shapely.box(*shape_of(row).bounds).centroid)]
    box(page, 2600, 2600, 400)
    heading = page.get_by_role("heading", name="shapes chosen")
    heading.wait_for()
    # The corners are whole pixels of the screen.
    assert int(heading.inner_text().split()[0]) == pytest.approx(len(inside), abs=0.25 * len(inside))
    assert len(inside) > 10
    page.keyboard.press("Escape")
    box(page, 2600, 2600, 5000)
    page.get_by_text("1,000 at most are chosen at once").wait_for()
    expect(heading).to_have_count(0)
    page.keyboard.press("Escape")
    box(page, 100, 100, 300)
    page.get_by_text("No shape has its middle in this box.").wait_for()
    assert visit.complaints == []
