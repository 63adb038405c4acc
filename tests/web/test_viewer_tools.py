"""Moving with any tool in the hand, and the later tools: drawn on the screen, asked of the server."""

import re
from urllib.parse import parse_qs, urlsplit

import pytest
import shapely

from web.desk import (
    choose,
    click,
    drag,
    is_painted,
    is_saved,
    looking_at,
    middle,
    newest,
    pull,
    saving,
    shape_of,
    shapes_at,
    square,
)

pytestmark = pytest.mark.browser

PLACE = 800, 2600
"""Beside the tissue, where nothing is drawn yet."""
NEAR = 10
AMONG = 6000, 4500


@pytest.fixture
def page(visit, demo):
    return looking_at(visit, demo, *PLACE)


def comes_to(page, x, y):
    """The address says that the view is there, nearly: a drag begins with the second move of the mouse."""

    def is_there(url):
        said = parse_qs(urlsplit(url).query)
        return all(abs(int(said[name][0]) - meant) <= NEAR for name, meant in (("x", x), ("y", y)))

    page.wait_for_url(is_there, timeout=10_000)


def test_the_slide_is_moved_whatever_the_tool_and_nothing_is_drawn(page, demo):
    before = newest(demo)["id"]
    x, y = middle(page)
    page.keyboard.press("b")
    page.mouse.move(x, y)
    page.keyboard.down("Space")
    pull(page, (x, y), (x - 100, y - 50))
    page.keyboard.up("Space")
    comes_to(page, PLACE[0] + 100, PLACE[1] + 50)
    page.keyboard.press("p")
    pull(page, (x, y), (x + 100, y + 50), button="middle")
    comes_to(page, *PLACE)
    page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("Shift+ArrowLeft")
    page.keyboard.press("ArrowDown")
    box = page.locator(".slide > .ol-viewport").bounding_box()
    comes_to(page, PLACE[0], PLACE[1] + 0.1 * box["height"])
    page.keyboard.press("m")
    assert newest(demo)["id"] == before


def done(page, path, act):
    """Does something that is one request."""
    with page.expect_response(f"**/{path}*"):
        act()


def is_of_another(answer, id):
    """The page has asked for an annotation, and not for that one."""
    named = re.search(r"/api/annotation/(\d+)\.json", answer.url)
    return answer.request.method == "GET" and named is not None and int(named[1]) != id


def test_an_area_is_split_merged_again_and_all_is_taken_back(page, demo):
    id = square(page, demo, at=(-200, -100))
    x, y = middle(page)
    page.keyboard.press("x")
    click(page, (x - 180, y - 200))
    click(page, (x - 180, y))
    with page.expect_response(lambda answer: is_of_another(answer, id)):
        page.keyboard.press("Enter")
    part = newest(demo)["id"]
    left, top = PLACE[0] - 260, PLACE[1] - 160
    both = shapely.box(left, top, left + 80, top + 120), shapely.box(left + 80, top, left + 120, top + 120)
    assert part != id
    for now, meant in zip(shapes_at(demo, id, part), both, strict=True):
        assert now.symmetric_difference(meant).area < 0.03 * meant.area
    page.keyboard.press("m")
    choose(page, (x - 220, y - 100), id)
    page.keyboard.down("Shift")
    click(page, (x - 160, y - 100))
    page.keyboard.up("Shift")
    page.get_by_role("heading", name="2 shapes chosen").wait_for()
    done(page, "merge.json", lambda: page.keyboard.press("Shift+M"))
    page.get_by_role("heading", name=f"Annotation {id}").wait_for()
    whole, gone = shapes_at(demo, id, part)
    assert (whole.area, gone) == (pytest.approx(120 * 120, rel=0.03), None)
    for number in (2, 1):
        done(page, "undo.json", lambda: page.keyboard.press("Control+z"))
        assert [shape is not None for shape in shapes_at(demo, id, part)] == [True, number == 2]


def test_several_in_a_box_are_named_and_deleted_in_one_step_each(page, demo):
    ids = [square(page, demo, half=20, at=(dx, 200)) for dx in (0, 60, 120)]
    x, y = middle(page)
    page.keyboard.press("Escape")
    page.keyboard.down("Shift")
    drag(page, (x - 30, y + 150), (x + 90, y + 250))
    page.keyboard.up("Shift")
    page.get_by_role("heading", name="2 shapes chosen").wait_for()
    done(page, "annotation/term.json", lambda: page.keyboard.press("1"))
    rows = {row["id"]: row["term"] for row in demo.shapes(max=5)}
    assert [len(rows[id]) for id in ids] == [1, 1, 0]
    done(page, "annotation/delete.json", lambda: page.keyboard.press("Delete"))
    assert [shape is not None for shape in shapes_at(demo, *ids)] == [False, False, True]
    done(page, "undo.json", lambda: page.keyboard.press("Control+z"))
    assert None not in shapes_at(demo, *ids)


def test_what_is_drawn_with_two_keys_held_excludes_or_cuts_along_it(page, demo):
    id = square(page, demo, at=(200, -100))
    x, y = middle(page)
    page.keyboard.press("r")
    for keys, start, path in (
        (("Shift", "Alt"), 230, f"annotation/{id}.json"),
        (("Control", "Alt"), 150, "split.json"),
    ):
        for key in keys:
            page.keyboard.down(key)
        done(page, path, lambda start=start: drag(page, (x + start, y - 120), (x + start + 60, y - 80)))
        for key in keys:
            page.keyboard.up(key)
        is_saved(page)
    beside, part = shapely.box(1030, 2480, 1090, 2520), shapely.box(950, 2480, 1010, 2520)
    meant = shapely.box(940, 2440, 1060, 2560).symmetric_difference(beside)
    now, inside = shapes_at(demo, id, newest(demo)["id"])
    assert inside.symmetric_difference(part).area < 0.06 * part.area
    assert now.symmetric_difference(meant.difference(part)).area < 0.06 * meant.area


def nucleus(demo):
    """The largest of the demo's nuclei about the middle, on whose place nothing else lies."""
    x, y = AMONG
    rows = [shape_of(row) for row in demo.shapes(bbox=f"{x - 400},{y - 400},{x + 400},{y + 400}")]
    alone = [
        one
        for one in rows
        if one.area < 10_000 and sum(one.intersects(other) for other in rows if other.area < 10_000) == 1
    ]
    return max(alone, key=lambda one: one.area)


@pytest.mark.parametrize("degrees", [0, 30])
def test_the_wand_finds_a_nucleus_and_grows_and_shrinks_it(visit, demo, degrees):
    meant = nucleus(demo)
    spot = meant.representative_point()
    page = looking_at(visit, demo, round(spot.x), round(spot.y), 0.25, degrees)
    is_painted(page)
    x, y = middle(page)
    page.keyboard.press("w")
    with saving(page):
        page.mouse.click(x, y)
    found = newest(demo)
    assert shape_of(found).intersection(meant).area > 0.7 * shape_of(found).union(meant).area
    page.keyboard.down("Shift")
    with saving(page):
        pull(page, (x, y), (x + 200, y))
    page.keyboard.up("Shift")
    assert shapes_at(demo, found["id"])[0].area > 1.1 * shape_of(found).area
    page.keyboard.down("Control")
    with saving(page):
        page.mouse.click(x, y)
    page.keyboard.up("Control")
    (left,) = shapes_at(demo, found["id"])
    assert left.area > 0
    assert not left.contains(meant.representative_point())
    done(page, f"annotation/{found['id']}.json", lambda: page.keyboard.press("Delete"))


def test_the_brush_keeps_out_of_neighbours(page, demo):
    id = square(page, demo, at=(200, 150))
    x, y = middle(page)
    page.keyboard.press("Escape")
    page.keyboard.press("b")
    page.get_by_label("Keep out of neighbours").check()
    with saving(page):
        drag(page, (x + 80, y + 150), (x + 320, y + 150))
    brushed, neighbour = shape_of(newest(demo)), shapes_at(demo, id)[0]
    assert brushed.intersection(neighbour).area < 1
    assert brushed.geom_type == "MultiPolygon"
    assert brushed.bounds[2] - brushed.bounds[0] > 240


def test_terms_are_counted_on_the_whole_slide_searched_and_kept_as_the_latest(page, demo):
    counted = demo.ask(f"/api/atrisys/imageinstance/{demo.told['imageId']}/terms.json")
    names = {term["id"]: term["name"] for term in demo.ask(f"/api/project/{demo.told['projectId']}/term.json")}
    most = max(counted["terms"], key=lambda row: row["number"])
    page.get_by_title(f"{names[most['term']]}: {most['number']:,} on this slide").wait_for()
    page.get_by_role("radio", name="Stroma", exact=True).check()
    page.get_by_role("radio", name="Tumour", exact=True).check()
    latest = page.get_by_role("group", name="Terms used last")
    assert latest.get_by_role("button").all_inner_texts()[:2] == ["Tumour", "Stroma"]
    latest.get_by_role("button", name="Stroma").click()
    assert page.get_by_role("radio", name="Stroma", exact=True).is_checked()


def test_one_goes_to_a_place_and_to_a_magnification(page):
    page.keyboard.press("g")
    page.get_by_role("textbox", name="Go to").fill("3000, 2000")
    page.keyboard.press("Enter")
    comes_to(page, 3000, 2000)
    page.keyboard.press("g")
    page.get_by_role("textbox", name="Go to").fill("10x")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Magnification 10×").wait_for()
    page.keyboard.press("PageDown")
    page.get_by_role("button", name="Magnification 5×").wait_for()
    page.keyboard.press("g")
    page.get_by_role("textbox", name="Go to").fill("nowhere")
    page.keyboard.press("Enter")
    page.get_by_text("neither a magnification").wait_for()


def test_terms_are_given_and_taken_in_a_menu_beside_the_shape(page, demo):
    id = square(page, demo, half=30, at=(-300, 200))
    x, y = middle(page)
    page.keyboard.press("Escape")
    page.mouse.click(x - 300, y + 200, button="right")
    menu = page.get_by_role("dialog", name="Terms of the chosen shape")
    for name in ("Tumour", "Stroma"):
        done(page, "term/*.json", lambda name=name: menu.get_by_role("button", name=name, exact=True).click())
    assert len(next(row for row in demo.shapes(max=5) if row["id"] == id)["term"]) == 2
    page.keyboard.press("Escape")
    menu.wait_for(state="hidden")
    page.keyboard.press("t")
    menu.get_by_role("searchbox").fill("stro")
    menu.get_by_role("button", name="Stroma", exact=True, pressed=True).wait_for()
    done(page, "term/*.json", lambda: menu.get_by_role("button", name="Stroma", exact=True).click())
    assert len(next(row for row in demo.shapes(max=5) if row["id"] == id)["term"]) == 1
