"""Shapes that are changed on the screen: brushed, moved, taken back, kept through a bad line, decided between two."""

import pytest
import requests
import shapely

from web.desk import choose, drag, is_saved, is_shown, looking_at, middle, newest, saving, shape_of, square

pytestmark = pytest.mark.browser

PLACE = 800, 700
"""Beside the tissue, where nothing is drawn yet."""
AMONG = 6000, 4500


@pytest.fixture
def page(visit, demo):
    return looking_at(visit, demo, *PLACE)


def shape_now(demo, id):
    return shape_of(next(row for row in demo.shapes(max=5) if row["id"] == id))


def test_brush_and_eraser_grow_and_shrink_the_chosen_shape_and_all_is_taken_back(page, demo):
    id = square(page, demo)
    first = shape_now(demo, id)
    x, y = middle(page)
    page.keyboard.press("b")
    for _ in range(4):
        page.keyboard.press("]")
    with saving(page):
        drag(page, (x + 50, y), (x + 150, y))
    grown = shape_now(demo, id)
    assert grown.area > first.area * 1.2
    assert grown.covers(first.buffer(-1))
    assert grown.contains(shapely.Point(PLACE[0] + 150, PLACE[1]))
    page.keyboard.press("e")
    with saving(page):
        drag(page, (x - 90, y), (x + 10, y))
    shrunk = shape_now(demo, id)
    assert not shrunk.contains(shapely.Point(PLACE[0] - 10, PLACE[1]))
    assert shrunk.contains(shapely.Point(PLACE[0] + 150, PLACE[1]))
    for meant in (grown, first):
        with page.expect_response("**/undo.json*"):
            page.keyboard.press("Control+z")
        page.get_by_role("button", name="Redo").and_(page.locator(":enabled")).wait_for()
        assert shape_now(demo, id).symmetric_difference(meant).area < 1
    with page.expect_response("**/redo.json*"):
        page.keyboard.press("Control+y")
    assert shape_now(demo, id).symmetric_difference(grown).area < 1


def test_modifiers_add_and_cut_and_corners_and_places_are_moved(page, demo):
    id = square(page, demo, at=(-250, 150))
    x, y = middle(page)
    page.keyboard.press("o")
    page.keyboard.down("Control")
    with saving(page):
        drag(page, (x - 280, y + 120), (x - 220, y + 180))
    page.keyboard.up("Control")
    holed = shape_now(demo, id)
    assert len(holed.interiors) == 1
    page.keyboard.press("v")
    with saving(page):
        page.keyboard.press("Shift+F")
    assert len(shape_now(demo, id).interiors) == 0
    with saving(page):
        drag(page, (x - 250, y + 150), (x - 210, y + 130))
    moved = shape_now(demo, id)
    assert moved.centroid.distance(shapely.Point(PLACE[0] - 210, PLACE[1] + 130)) < 5
    corner = moved.bounds[0] - PLACE[0] + x, moved.bounds[1] - PLACE[1] + y
    with saving(page):
        drag(page, corner, (corner[0] - 50, corner[1] - 50))
    assert shape_now(demo, id).area > moved.area + 1_000


def test_what_was_drawn_without_a_line_is_sent_by_the_next_page(visit, page, demo):
    before = newest(demo)["id"]
    visit.context.set_offline(True)
    x, y = middle(page)
    page.keyboard.press("r")
    drag(page, (x + 200, y + 200), (x + 260, y + 260))
    page.locator("[data-state=offline]").wait_for()
    page.on("dialog", lambda dialog: dialog.accept())
    page.goto("about:blank")
    visit.context.set_offline(False)
    assert newest(demo)["id"] == before
    with saving(page):
        looking_at(visit, demo, *PLACE)
    assert [row["id"] > before for row in demo.shapes(max=2)] == [True, False]


@pytest.mark.parametrize(("choice", "is_mine"), [("Take theirs", False), ("Keep mine", True)])
def test_two_people_at_one_shape_choose(page, demo, choice, is_mine):
    id = square(page, demo, at=(250, -150))
    theirs = "POLYGON ((1050 300, 1050 400, 1150 400, 1050 300))"
    keys = {"X-Auth-Token": demo.told["publicKey"], "X-Auth-Secret": demo.told["privateKey"]}
    changed = {"location": theirs, "origin": "left-top"}
    page.route("**/api/atrisys/changes*", lambda route: route.abort())
    address = f"{demo.told['address']}/api/annotation/{id}.json"
    requests.put(address, json=changed, headers=keys, timeout=30).raise_for_status()
    x, y = middle(page)
    page.keyboard.press("b")
    drag(page, (x + 290, y - 150), (x + 350, y - 150))
    page.locator("[data-state=conflict]").wait_for()
    assert shape_now(demo, id).equals(shapely.from_wkt(theirs))
    page.get_by_role("button", name=choice).click()
    is_saved(page)
    page.locator("[role=alert]", has_text="somebody else").wait_for(state="detached")
    assert shape_now(demo, id).equals(shapely.from_wkt(theirs)) != is_mine


def test_what_others_draw_appears_and_what_is_hidden_does_not(visit, demo):
    page = looking_at(visit, demo, *AMONG)
    x, y = middle(page)
    theirs = []
    with page.expect_response(lambda answer: answer.url.endswith(f"/api/annotation/{theirs[-1]}.json")):
        for location in ("POINT (10 10)", f"POINT ({AMONG[0] + 10} {AMONG[1] + 10})"):
            new = {"image": demo.told["imageId"], "location": location, "origin": "left-top"}
            theirs.append(demo.send("/api/annotation.json", **new)["annotation"]["id"])
    choose(page, (x + 10, y + 10), theirs[-1])
    count = page.locator(".count").first
    seen = number(count)
    page.get_by_role("button", name="Show Tumour nucleus").click()
    page.wait_for_function("before => document.querySelector('.count').innerText !== before", arg=count.inner_text())
    is_shown(page)
    assert 0 < number(count) < seen / 2


def number(count):
    return int(count.inner_text().split()[0].replace(",", ""))
