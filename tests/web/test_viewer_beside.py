"""Several slides side by side: they move together, each is drawn on, and the address opens what it says."""

import io
import re
from urllib.parse import parse_qs, urlsplit

import numpy as np
import pytest
import shapely
from PIL import Image
from playwright.sync_api import expect

from given.slides import ome, svs
from web.desk import choose, click, drag, is_painted, is_shown, middle, newest, pull, said, saving, shape_of

pytestmark = pytest.mark.browser

SIZE = 2400, 1800
MPP = 0.25, 0.5


@pytest.fixture(scope="module")
def sections(demo, tmp_path_factory):
    """A project with two sections, the second of half as many pixels for each µm; its number and theirs."""
    ontology = demo.ask(f"/api/project/{demo.told['projectId']}.json")["ontology"]
    project = demo.send("/api/project.json", name="Sections", ontology=ontology)["project"]["id"]
    folder = tmp_path_factory.mktemp("slides")
    for seed, mpp in enumerate(MPP):
        size = {"width": int(SIZE[0] * MPP[0] / mpp), "height": int(SIZE[1] * MPP[0] / mpp)}
        demo.upload(project, svs(folder / f"section {seed + 1}.svs", **size, mpp=mpp, seed=seed))
    images = demo.ask(f"/api/project/{project}/imageinstance.json")
    return project, *sorted(image["id"] for image in images)


def opened(visit, demo, sections, query):
    project, one, other = sections
    page = visit.open(f"{demo.told['address']}/project/{project}/image/{one}?{query.format(other=other)}")
    slides = query.count("beside") + 1
    page.locator(".slide > .ol-viewport").nth(slides - 1).wait_for()
    is_shown(page)
    return page


def test_two_sections_are_chosen_move_together_and_are_drawn_on(visit, demo, sections):
    project, one, other = sections
    page = visit.open(f"{demo.told['address']}/project/{project}")
    for number in (1, 2):
        page.get_by_role("checkbox", name=f"Choose section {number}.svs").check()
    page.get_by_role("link", name="View side by side").click()
    page.locator(".slide > .ol-viewport").nth(1).wait_for()
    at = said(page, None, "x2")
    assert int(at["beside2"]) == other
    assert at["d"] / at["d2"] == pytest.approx(2, rel=0.01)
    assert (at["x"], at["y"]) == pytest.approx((2 * at["x2"], 2 * at["y2"]), abs=3)
    x, y = middle(page)
    page.mouse.move(x, y)
    page.mouse.wheel(0, -300)
    near = said(page, at)
    assert near["d"] < at["d"]
    drag(page, (x, y), (x - 100, y - 50))
    moved = said(page, near)
    assert moved["d"] / moved["d2"] == pytest.approx(2, rel=0.01)
    assert (moved["x"], moved["y"]) == pytest.approx((2 * moved["x2"], 2 * moved["y2"]), abs=5)
    assert moved["x"] > near["x"] + 20
    for place, image in ((1, other), (0, one)):
        x, y = middle(page, place)
        now = said(page)
        suffix = "2" if place else ""
        page.mouse.move(x, y)
        page.keyboard.press("r")
        with saving(page):
            drag(page, (x - 40, y - 20), (x + 40, y + 20))
        down = now[f"d{suffix}"]
        centre = now[f"x{suffix}"], now[f"y{suffix}"]
        meant = shapely.box(centre[0] - 40 * down, centre[1] - 20 * down, centre[0] + 40 * down, centre[1] + 20 * down)
        shape = shape_of(newest(demo, image=image))
        assert shape.symmetric_difference(meant).area < 0.1 * meant.area
    assert visit.complaints == []
    with page.expect_response("**/undo.json*"):
        page.keyboard.press("Control+z")
    assert demo.ask("/api/annotation.json", image=one) == []
    assert len(demo.ask("/api/annotation.json", image=other)) == 1
    page.get_by_role("button", name="Close section 1.svs").click()
    page.wait_for_url(f"**/image/{other}?*")
    assert page.locator(".slide").count() == 1
    page.go_back()
    page.locator(".slide > .ol-viewport").nth(1).wait_for()
    page.go_forward()
    page.wait_for_url(f"**/image/{other}?*")
    page.locator(".slide > .ol-viewport").nth(1).wait_for(state="detached")


def seen(corners, *, centre, down, degrees=0, mirrored=False):
    """What lies on a slide where corners lie on its screen, counted from the middle, y downwards."""
    turn = np.deg2rad(-degrees)
    about = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    return shapely.Polygon(np.array(corners) * [-1 if mirrored else 1, 1] @ about.T * down + centre)


def test_a_mirrored_slide_is_drawn_on_and_what_was_drawn_is_put_on_another(visit, demo, sections):
    _, one, other = sections
    page = opened(visit, demo, sections, "x=1200&y=900&d=2&r=90&mirror=1&beside2={other}&x2=600&y2=450&d2=0.5&apart=1")
    x, y = middle(page)
    page.keyboard.press("p")
    corners = (20, 10), (120, 10), (120, 60), (20, 40)
    for right, down in corners:
        click(page, (x + right, y + down))
    with saving(page):
        page.keyboard.press("Enter")
    meant = seen(corners, centre=(1200, 900), down=2, degrees=90, mirrored=True)
    drawn = newest(demo, image=one)
    assert shape_of(drawn).symmetric_difference(meant).area < 0.05 * meant.area
    page.keyboard.press("m")
    choose(page, (x + 70, y + 30), drawn["id"])
    page.keyboard.press("Control+c")
    page.keyboard.press("y")
    with saving(page):
        page.keyboard.press("Control+v")
    put = newest(demo, image=other)
    # 2 px of 0.25 µm for each of the first screen, 0.5 px of 0.5 µm of the other: twice as large on it.
    grown = [(70 + 2 * (right - 70), 35 + 2 * (down - 35)) for right, down in corners]
    meant = seen(grown, centre=(600, 450), down=0.5)
    assert shape_of(put).symmetric_difference(meant).area < 0.05 * meant.area
    page.wait_for_url(re.compile(rf"annotation={drawn['id']}&.*annotation2={put['id']}"))
    page.reload()
    page.get_by_role("heading", name=f"Annotation {put['id']}").wait_for()
    assert visit.complaints == []


def test_the_list_and_the_picture_lead_to_one_another_and_the_look_is_remembered(visit, demo, sections):
    project, one, _ = sections
    for k in range(12):
        square = shapely.box(100 + 150 * k, 300, 200 + 150 * k, 400).wkt
        demo.send("/api/annotation.json", image=one, location=square, origin="left-top")
    listed = [row["id"] for row in demo.ask("/api/annotation.json", image=one)]
    page = opened(visit, demo, sections, "x=150&y=350&d=1")
    page.get_by_text("List of annotations").click()
    rows = page.locator(".shapes button")
    expect(rows).to_have_count(8)
    rows.nth(2).click()
    page.get_by_role("heading", name=f"Annotation {listed[2]}").wait_for()
    page.wait_for_url(f"**annotation={listed[2]}*")
    page.keyboard.press("n")
    page.get_by_role("heading", name=f"Annotation {listed[3]}").wait_for()
    expect(rows.nth(3)).to_have_attribute("aria-current", "true")
    opened(visit, demo, sections, "x=150&y=350&d=1")
    page.get_by_text("List of annotations").click()
    x, y = middle(page)
    choose(page, (x - 50 + 1, y), listed[11])
    expect(page.locator(".shapes button[aria-current]")).to_have_count(1)
    page.get_by_role("slider", name="Brightness").press("ArrowRight")
    page.wait_for_url("**look=0.01*")
    page.get_by_role("button", name="Show Tumour", exact=True).click()
    page.wait_for_url("**hide=*")
    page.reload()
    page.get_by_role("heading", name=f"Annotation {listed[11]}").wait_for()
    expect(page.get_by_role("button", name="Show Tumour", exact=True)).to_have_attribute("aria-pressed", "false")
    page.get_by_text("List of annotations").click()
    page.get_by_role("link", name="As a wall of crops").click()
    page.wait_for_url(f"**/project/{project}/annotations?images={one}")
    page.locator(f"a.crop[href*='annotation={listed[0]}']").click()
    page.get_by_role("heading", name=f"Annotation {listed[0]}").wait_for()
    expect(page.get_by_role("slider", name="Brightness")).to_have_attribute("aria-valuenow", "0.01")
    page.get_by_role("button", name="As scanned").click()
    assert visit.complaints == []


def test_a_slide_is_opened_beside_and_what_it_is_shifted_by_stays(visit, demo, sections):
    page = opened(visit, demo, sections, "")
    alone = said(page)
    page.keyboard.press("Shift+V")
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("searchbox").fill("section 2")
    dialog.get_by_text("section 2.svs").click()
    page.locator(".slide > .ol-viewport").nth(1).wait_for()
    together = said(page, alone, "x2")
    assert (together["x"], together["y"]) == (alone["x"], alone["y"])
    assert together["d"] / together["d2"] == pytest.approx(2, rel=0.01)
    page.keyboard.press("Shift+Y")
    x, y = middle(page, 1)
    pull(page, (x, y), (x - 60, y))
    shifted = said(page, together | {"apart": 1})
    assert (shifted["x"], shifted["apart"]) == (together["x"], 1)
    assert shifted["x2"] > together["x2"] + 30 * shifted["d2"]
    page.keyboard.press("Shift+Y")
    x, y = middle(page)
    pull(page, (x, y), (x - 50, y - 20))
    now = said(page, {name: value for name, value in shifted.items() if name != "apart"})
    ways = [[(now[axis + n] - shifted[axis + n]) * mpp for axis in "xy"] for n, mpp in zip(("", "2"), MPP, strict=True)]
    assert ways[0] == pytest.approx(ways[1], abs=1)
    assert ways[0][0] > 20 * shifted["d"] * MPP[0]


def test_of_very_many_changes_both_slides_hear_at_once_and_load_again_once(visit, demo, sections):
    _, one, _ = sections
    asked = []
    visit.page.on("request", lambda request: "/changes?" in request.url and asked.append(request.url))
    with visit.page.expect_response("**/changes?*"):
        page = opened(visit, demo, sections, "x=2300&y=1750&d=0.25&beside2={other}")
    expect(page.locator(".count")).to_contain_text("No shapes here")
    boxes = [shapely.box(2300 + k % 30, 1740 + k // 30, 2301 + k % 30, 1741 + k // 30).wkt for k in range(600)]
    demo.send_many("/api/annotation.json", [{"image": one, "location": box, "origin": "left-top"} for box in boxes])
    expect(page.locator(".count")).to_contain_text("600 shapes here", timeout=20_000)
    news = [parse_qs(urlsplit(url).query) for url in asked]
    assert len([query for query in news if "since" not in query]) <= 2
    assert len([query for query in news if query.get("since", ["0"]) != ["0"] and "offset" in query]) == 1
    assert visit.complaints == []


def test_channels_are_laid_over_one_another_in_colours_of_ones_choice(visit, demo, sections, tmp_path):
    project = sections[0]
    demo.upload(project, ome(tmp_path / "stack.ome.tif", width=600, height=400, depth=1, duration=1))
    image = max(image["id"] for image in demo.ask(f"/api/project/{project}/imageinstance.json"))
    page = visit.open(f"{demo.told['address']}/project/{project}/image/{image}?x=300&y=200&d=0.5")
    page.locator(".slide > .ol-viewport").wait_for()
    with page.expect_response(lambda answer: "channels=0" in answer.url) as tile:
        page.get_by_label("Laid over one another").check()
    assert tile.value.ok
    page.get_by_label("Colour of DAPI").fill("#ff0000")
    page.get_by_label("FITC", exact=True).uncheck()
    page.wait_for_url(lambda url: parse_qs(urlsplit(url).query).get("channels") == ["0:ff0000"])
    page.reload()
    expect(page.get_by_label("Colour of DAPI")).to_have_value("#ff0000")
    is_painted(page)
    x, y = middle(page)
    box = {"x": x - 100, "y": y - 100, "width": 200, "height": 200}
    red, green, blue = np.asarray(Image.open(io.BytesIO(page.screenshot(clip=box))).convert("RGB")).mean(axis=(0, 1))
    assert red > 30
    assert max(green, blue) < 15
    assert visit.complaints == []
