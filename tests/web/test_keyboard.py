"""Nobody touches the mouse: from the door to a reviewed annotation and out again."""

import pytest
import shapely

from tools.screens import SCREENS
from web.test_accessibility import DIALOGS, STILL

pytestmark = pytest.mark.browser

CENTRE = 9000, 3000
STOPS = 80


def tab_to(page, wanted):
    """Tab after Tab, until it has the focus."""
    for _ in range(STOPS):
        page.keyboard.press("Tab")
        if wanted.evaluate_all("(all) => all.includes(document.activeElement)"):
            return
    raise AssertionError(f"the keyboard does not come to {wanted}")


def press(page, *keys, times=1):
    for _ in range(times):
        for key in keys:
            page.keyboard.press(key)


def newest(demo):
    return demo.shapes(max=1)[0]


def shape_of(row):
    return shapely.from_wkt(row["location"])


def saved(page):
    return page.expect_response(lambda answer: answer.request.method == "POST" and "/annotation.json" in answer.url)


def test_a_slide_is_annotated_and_reviewed_with_the_keyboard_alone(newcomer, demo):
    page = newcomer.page
    page.goto(demo.told["address"])
    page.get_by_label("User name").wait_for()
    page.keyboard.type(demo.told["username"])
    tab_to(page, page.get_by_label("Password"))
    page.keyboard.type(demo.told["password"])
    press(page, "Enter")
    page.get_by_role("link", name="Demo").wait_for()
    tab_to(page, page.get_by_role("link", name="Demo", exact=True))
    press(page, "Enter")
    page.get_by_role("link", name="demo.svs").wait_for()
    tab_to(page, page.get_by_role("link", name="demo.svs"))
    press(page, "Enter")
    page.locator(".slide > .ol-viewport").wait_for()
    page.goto(f"{demo.viewer}?x={CENTRE[0]}&y={CENTRE[1]}&d=1")
    page.locator(".count", has_text="here").wait_for()
    slide = page.get_by_role("application")
    tab_to(page, slide)

    # A rectangle 96 px wide and 64 px high, from the middle to the right and down.
    press(page, "r", "Space")
    press(page, "ArrowRight", times=6)
    press(page, "ArrowDown", times=4)
    with saved(page):
        press(page, "Space")
    x, y = CENTRE
    assert shape_of(newest(demo)).symmetric_difference(shapely.box(x, y, x + 96, y + 64)).area < 300
    # A polygon, its last corner moved finely; Enter ends it.
    press(page, "m", "p", "Space")
    press(page, "ArrowLeft", times=5)
    press(page, "Space")
    press(page, "ArrowUp", times=5)
    press(page, "Shift+ArrowUp", times=7)
    press(page, "Space")
    with saved(page):
        press(page, "Enter")
    meant = shapely.Polygon([(x, y), (x - 80, y), (x - 80, y - 87)])
    assert shape_of(newest(demo)).symmetric_difference(meant).area < 200
    # What is given up is not drawn.
    before = newest(demo)["id"]
    press(page, "r", "Space", "ArrowUp", "ArrowLeft", "Escape")
    with saved(page):
        press(page, "m", ".", "Space")
    assert shape_of(newest(demo)).distance(shapely.Point(x, y)) < 2
    assert [row["id"] for row in demo.shapes(max=2)][1] == before

    # The arrows move the slide: what lies in its middle is chosen, named and reviewed.
    press(page, "m")
    page.wait_for_timeout(300)
    press(page, "Space")
    page.get_by_role("heading", name=f"Annotation {newest(demo)['id']}").wait_for()
    with page.expect_response("**/term/*.json"):
        press(page, "1")
    assert len(newest(demo)["term"]) == 1
    begin = page.get_by_role("button", name="Start the review")
    if begin.count():
        tab_to(page, begin)
        press(page, "Enter")
        begin.wait_for(state="detached")
    with page.expect_response("**/review.json*") as reviewed:
        press(page, "j")
    assert reviewed.value.ok
    tab_to(page, page.get_by_role("link", name="Back to the project"))
    press(page, "Enter")
    page.wait_for_url("**/project/*")
    tab_to(page, page.get_by_role("button", name="Sign out"))
    press(page, "Enter")
    page.get_by_label("Password").wait_for()
    # At the door the page asks whether somebody is signed in.
    assert [one for one in newcomer.complaints if "401" not in one] == []


def test_a_dialog_takes_the_keyboard_and_gives_it_back(visit, demo):
    page = visit.open(f"{demo.told['address']}/projects")
    page.evaluate("fetch('/api/session/admin/open.json')")
    lost = []
    for name, words in DIALOGS.items():
        page.goto(demo.told["address"] + SCREENS[name].format(**demo.told))
        button = page.get_by_role("button", name=words).first
        button.focus()
        press(page, "Enter")
        page.locator("[role=dialog]:focus-within").wait_for()
        press(page, "Escape")
        page.get_by_role("dialog").wait_for(state="detached")
        if not button.evaluate("(one) => one === document.activeElement"):
            lost.append((name, page.evaluate("() => document.activeElement.outerHTML.slice(0, 200)")))
    assert lost == []


def test_the_first_stop_leads_past_the_menu(visit, demo):
    page = visit.open(f"{demo.told['address']}/projects")
    page.get_by_role("link", name="Demo").wait_for()
    press(page, "Tab")
    page.get_by_role("link", name="Skip to the content").and_(page.locator(":focus")).wait_for()
    press(page, "Enter", "Tab")
    page.locator("main :focus").wait_for()


@pytest.mark.parametrize("name", ["images", "viewer"])
def test_where_the_keyboard_stands_is_seen(visit, demo, name):
    page = visit.open(demo.told["address"] + SCREENS[name].format(**demo.told))
    page.wait_for_load_state("networkidle")
    unseen = []
    for _ in range(18):
        press(page, "Tab")
        if not page.locator(":focus").count():
            continue  # The browser's own.
        page.evaluate(STILL)
        with_it = page.screenshot()
        stop = page.evaluate(
            "() => { const one = document.activeElement; one.blur(); return one.outerHTML.slice(0, 120) }"
        )
        page.evaluate(STILL)
        if page.screenshot() == with_it:
            unseen.append(stop)
    assert unseen == []
