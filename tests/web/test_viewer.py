"""Drawn with a mouse on the screen, asked of the server: y downwards from the top left throughout."""

import io

import numpy as np
import pytest
import shapely
from PIL import Image

from web.desk import (
    choose,
    drag,
    draw,
    is_painted,
    is_saved,
    is_shown,
    looking_at,
    middle,
    newest,
    pull,
    said,
    saving,
    shape_of,
    square,
)

pytestmark = pytest.mark.browser

CENTRE = 4000, 3000
TRIANGLE = ((-150, -100), (120, -80), (30, 140))


@pytest.fixture
def page(visit, demo):
    return looking_at(visit, demo, *CENTRE)


@pytest.mark.parametrize(("downsample", "degrees"), [(1, 0), (2, 0), (1, 90)])
def test_a_polygon_lies_where_it_was_drawn(visit, demo, downsample, degrees):
    page = looking_at(visit, demo, *CENTRE, downsample, degrees)
    page.get_by_role("radio", name="Nucleus", exact=True).check()
    with saving(page):
        draw(page, TRIANGLE)
    turn = np.deg2rad(-degrees)
    about = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    meant = shapely.Polygon(np.array(TRIANGLE) @ about.T * downsample + CENTRE)
    row = newest(demo)
    assert shape_of(row).symmetric_difference(meant).area < 0.03 * meant.area
    names = {term["id"]: term["name"] for term in demo.ask(f"/api/project/{demo.told['projectId']}/term.json")}
    assert [names[term] for term in row["term"]] == ["Nucleus"]


def test_the_slide_on_the_screen_is_the_slide_right_side_up(visit, demo):
    page = looking_at(visit, demo, 6000, 2400, 4)
    is_painted(page)
    x, y = (int(one) for one in middle(page))
    box = {"x": x - 200, "y": y - 150, "width": 400, "height": 300}
    seen = grey(Image.open(io.BytesIO(page.screenshot(clip=box))))
    place = f"window-{6000 - 800}-{2400 - 600}-1600-1200.png"
    window = Image.open(io.BytesIO(demo.ask(f"/api/imageinstance/{demo.told['imageId']}/{place}").content))
    true = grey(window.resize((400, 300)))
    assert alike(seen, true) > 0.6
    assert alike(seen, true) > 2 * max(alike(seen, true[::-1]), alike(seen, true[:, ::-1]))


def grey(picture):
    return np.asarray(picture.convert("L").resize((100, 75)), dtype=float)


def alike(one, other):
    return np.corrcoef(one.ravel(), other.ravel())[0, 1]


def test_opening_a_slide_counts_in_its_projects_activity(visit, demo):
    def count():
        return demo.ask(f"/api/project/{demo.told['projectId']}/imageconsultation/count.json")["total"]

    before = count()
    with visit.page.expect_response("**/consultation.json"):
        looking_at(visit, demo, *CENTRE)
    assert count() == before + 1


def test_what_cannot_be_saved_stays_and_is_sent_once_again(visit, page, demo):
    before = newest(demo)["id"]
    visit.context.set_offline(True)
    draw(page, TRIANGLE)
    page.locator("[data-state=offline]").wait_for()
    page.get_by_text("The server could not be reached").first.wait_for()
    assert newest(demo)["id"] == before
    # Nobody presses anything: it is sent when the server is heard again.
    visit.context.set_offline(False)
    is_saved(page)
    assert [row["id"] > before for row in demo.shapes(max=2)] == [True, False]


def test_whose_session_ends_at_a_slide_goes_on_and_loses_nothing(visit, page, demo):
    before = square(page, demo, at=(200, 150))
    cookies = visit.context.cookies()
    visit.context.clear_cookies()
    draw(page, TRIANGLE)
    page.get_by_text("You are signed out").first.wait_for()
    assert newest(demo)["id"] == before
    # What is on the page is still used: the shape that is chosen, its terms and its thread.
    page.keyboard.press("v")
    x, y = middle(page)
    choose(page, (x + 200 - 59, y + 150), before)
    here = said(page)
    pull(page, (x, y - 100), (x + 40, y - 100))
    assert said(page, here)["x"] != here["x"]
    # Somebody signs in again, in another tab.
    visit.context.add_cookies(cookies)
    with saving(page):
        page.get_by_role("button", name="Try again").first.click()
    assert newest(demo)["id"] > before
    page.get_by_role("link", name="Back to the project").click()
    page.get_by_role("button", name="Sign out").wait_for()
    assert [one for one in visit.complaints if "401" not in one] == []


def test_a_shape_is_chosen_named_anew_deleted_and_brought_back(page, demo):
    with saving(page):
        draw(page, ((-300, -260), (-60, -260), (-60, -200), (-300, -200)))
    id = newest(demo)["id"]
    x, y = middle(page)
    choose(page, (x - 300 + 1, y - 230), id)
    names = {term["id"]: term["name"] for term in demo.ask(f"/api/project/{demo.told['projectId']}/term.json")}
    for number, key in enumerate("12", 1):
        with page.expect_response("**/term/*.json"):
            page.keyboard.press(key)
        page.locator(".v-select__selection").nth(number - 1).wait_for()
    first, second = newest(demo)["term"]
    page.locator(".v-select", has_text="Its terms").click()
    with page.expect_response("**/term/*.json"):
        page.get_by_role("option", name=names[first], exact=True).click()
    page.keyboard.press("Escape")
    assert newest(demo)["term"] == [second]
    choose(page, (x - 300 + 1, y - 230), id)
    with page.expect_response(lambda answer: answer.request.method == "DELETE"):
        page.keyboard.press("Delete")
    page.get_by_role("heading", name=f"Annotation {id}").wait_for(state="detached")
    assert newest(demo)["id"] != id
    with page.expect_response("**/undo.json*"):
        page.keyboard.press("Control+z")
    assert newest(demo)["id"] == id
    page.reload()
    is_shown(page)
    with page.expect_response("**/redo.json*"):
        page.keyboard.press("Control+Shift+z")
    assert newest(demo)["id"] != id


def test_the_other_tools_draw_too(page, demo):
    x, y = middle(page)
    page.keyboard.press("r")
    with saving(page):
        drag(page, (x - 50, y - 40), (x + 50, y + 40))
    assert shape_of(newest(demo)).symmetric_difference(shapely.box(3950, 2960, 4050, 3040)).area < 300
    page.keyboard.press("d")
    with saving(page):
        drag(page, (x + 100, y), (x + 200, y), (x + 200, y + 100), (x + 100, y + 100))
    assert shape_of(newest(demo)).intersection(shapely.box(4100, 3000, 4200, 3100)).area > 9_000
    page.keyboard.press(".")
    with saving(page):
        page.mouse.click(x + 20, y - 30)
    assert shape_of(newest(demo)).distance(shapely.Point(4020, 2970)) < 2
