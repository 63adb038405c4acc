"""Several slides side by side: they move together, each is drawn on, and the address opens what it says."""

import time
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
import shapely

from given.slides import svs
from web.test_viewer import drag, is_saved, shape_of

pytestmark = pytest.mark.browser

SIZE = 2400, 1800
MPP = 0.25, 0.5


@pytest.fixture(scope="module")
def sections(demo, tmp_path_factory):
    """A project with two sections, the second of half as many pixels for each µm; its number and theirs."""
    ontology = demo.ask(f"/api/project/{demo.told['projectId']}.json")["ontology"]
    project = demo.send("/api/project.json", name="Sections", ontology=ontology)["project"]["id"]
    storage = demo.ask("/api/storage.json")[0]["id"]
    keys = {"X-Auth-Token": demo.told["publicKey"], "X-Auth-Secret": demo.told["privateKey"]}
    for seed, mpp in enumerate(MPP):
        size = {"width": int(SIZE[0] * MPP[0] / mpp), "height": int(SIZE[1] * MPP[0] / mpp)}
        path = svs(tmp_path_factory.mktemp("slides") / f"section {seed + 1}.svs", **size, mpp=mpp, seed=seed)
        query = {"idStorage": storage, "idProject": project, "sync": "true"}
        sent = {"files[]": path.open("rb")}
        address = f"{demo.told['address']}/upload"
        requests.post(address, params=query, files=sent, headers=keys, timeout=60).raise_for_status()
    images = demo.ask(f"/api/project/{project}/imageinstance.json")
    return project, *sorted(image["id"] for image in images)


def opened(visit, demo, sections, query):
    project, one, other = sections
    page = visit.open(f"{demo.told['address']}/project/{project}/image/{one}?{query.format(other=other)}")
    for place in range(page.locator(".slide").count()):
        page.locator(".slide > .ol-viewport").nth(place).wait_for()
    page.locator(".count", has_text="here").wait_for()
    return page


def middle(page, place):
    box = page.locator(".slide > .ol-viewport").nth(place).bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def said(page, before=None):
    """What the address says, once it has come to rest, and no longer where it was `before`."""
    end, url = time.monotonic() + 20, ""
    while time.monotonic() < end:
        url, last = page.url, url
        now = {name: float(value) for name, (value,) in parse_qs(urlsplit(url).query).items() if name != "hide"}
        if url == last and now != before:
            return now
        page.wait_for_timeout(500)
    raise AssertionError(f"The address does not come to rest: {url}")


def newest(demo, image):
    asked = {"image": image, "origin": "left-top", "showWKT": True, "showTerm": True, "max": 1}
    return demo.ask("/api/annotation.json", **asked)[0]


def test_two_sections_are_chosen_move_together_and_are_drawn_on(visit, demo, sections):
    project, one, other = sections
    page = visit.open(f"{demo.told['address']}/project/{project}")
    for number in (1, 2):
        page.get_by_role("checkbox", name=f"Choose section {number}.svs").check()
    page.get_by_role("link", name="View side by side").click()
    page.locator(".slide > .ol-viewport").nth(1).wait_for()
    at = said(page)
    assert int(at["beside2"]) == other
    assert at["d"] / at["d2"] == pytest.approx(2, rel=0.01)
    assert (at["x"], at["y"]) == pytest.approx((2 * at["x2"], 2 * at["y2"]), abs=3)
    x, y = middle(page, 0)
    page.mouse.move(x, y)
    page.mouse.wheel(0, -300)
    zoomed = said(page, at)
    drag(page, (x, y), (x - 100, y - 50))
    moved = said(page, zoomed)
    assert moved["d"] < at["d"]
    assert moved["d"] / moved["d2"] == pytest.approx(2, rel=0.01)
    assert (moved["x"], moved["y"]) == pytest.approx((2 * moved["x2"], 2 * moved["y2"]), abs=5)
    assert moved["x"] > at["x"] + 20
    for place, image in ((1, other), (0, one)):
        x, y = middle(page, place)
        now = said(page)
        suffix = "2" if place else ""
        page.mouse.move(x, y)
        page.keyboard.press("r")
        drag(page, (x - 40, y - 20), (x + 40, y + 20))
        is_saved(page)
        down = now[f"d{suffix}"]
        centre = now[f"x{suffix}"], now[f"y{suffix}"]
        meant = shapely.box(centre[0] - 40 * down, centre[1] - 20 * down, centre[0] + 40 * down, centre[1] + 20 * down)
        shape = shape_of(newest(demo, image))
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
