"""Nobody touches the mouse: from the door to a reviewed annotation and out again."""

import pytest
import shapely

from tools.screens import SCREENS
from web.conftest import SIZE
from web.desk import is_chosen, is_painted, is_shown, looking_at, newest, shape_of
from web.test_accessibility import DIALOGS, STILL

pytestmark = pytest.mark.browser

CENTRE, ELSEWHERE = (9000, 3000), (9600, 3000)
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


def saved(page):
    return page.expect_response(lambda answer: answer.request.method == "POST" and "/annotation.json" in answer.url)


def test_one_comes_from_the_door_to_a_slide_and_out_again(newcomer, demo):
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
    is_shown(page)
    tab_to(page, page.get_by_role("application"))
    tab_to(page, page.get_by_role("link", name="Back to the project"))
    # One question of the project's page is answered only when they have gone.
    late = []
    page.route("**/online/user.json*", lambda route: late.append(route))
    press(page, "Enter")
    page.get_by_role("link", name="demo.svs").wait_for()
    tab_to(page, page.get_by_role("button", name="Sign out"))
    press(page, "Enter")
    page.get_by_label("Password").wait_for()
    with page.expect_response("**/online/user.json*"):
        late[0].continue_()
    page.get_by_label("Password").wait_for()
    # At the door the page asks whether somebody is signed in.
    assert [one for one in newcomer.complaints if "401" not in one] == []


def at_slide(visit, demo, place=CENTRE):
    page = looking_at(visit, demo, *place)
    tab_to(page, page.get_by_role("application"))
    return page


def test_shapes_are_drawn_and_given_up(visit, demo):
    slide = at_slide(visit, demo)
    # A rectangle 96 px wide and 64 px high, from the middle to the right and down.
    press(slide, "r", "Space")
    press(slide, "ArrowRight", times=6)
    press(slide, "ArrowDown", times=4)
    with saved(slide):
        press(slide, "Space")
    x, y = CENTRE
    assert shape_of(newest(demo)).symmetric_difference(shapely.box(x, y, x + 96, y + 64)).area < 300
    # A polygon, its last corner moved finely; Enter ends it.
    press(slide, "m", "p", "Space")
    press(slide, "ArrowLeft", times=5)
    press(slide, "Space")
    press(slide, "ArrowUp", times=5)
    press(slide, "Shift+ArrowUp", times=7)
    press(slide, "Space")
    with saved(slide):
        press(slide, "Enter")
    meant = shapely.Polygon([(x, y), (x - 80, y), (x - 80, y - 87)])
    assert shape_of(newest(demo)).symmetric_difference(meant).area < 200
    before = newest(demo)["id"]
    press(slide, "r", "Space", "ArrowUp", "ArrowLeft", "Escape")
    with saved(slide):
        press(slide, "m", ".", "Space")
    assert shape_of(newest(demo)).distance(shapely.Point(x, y)) < 2
    assert [row["id"] for row in demo.shapes(max=2)][1] == before


def test_what_lies_in_the_middle_is_chosen_named_and_reviewed(visit, demo):
    point = f"POINT ({ELSEWHERE[0]} {ELSEWHERE[1]})"
    demo.send("/api/annotation.json", image=demo.told["imageId"], location=point, origin="left-top")
    slide = at_slide(visit, demo, ELSEWHERE)
    press(slide, "Space")
    is_chosen(slide, newest(demo)["id"])
    with slide.expect_response("**/term/*.json"):
        press(slide, "1")
    assert len(newest(demo)["term"]) == 1
    begin = slide.get_by_role("button", name="Start the review")
    if begin.count():
        tab_to(slide, begin)
        press(slide, "Enter")
        begin.wait_for(state="detached")
    with slide.expect_response("**/review.json*") as reviewed:
        press(slide, "j")
    assert reviewed.value.ok


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
    is_painted(page)
    unseen = []
    for _ in range(18):
        press(page, "Tab")
        stop = page.locator(":focus")
        if not stop.count():
            continue  # The browser's own.
        page.evaluate(STILL)
        around = about(stop.bounding_box())
        with_it = page.screenshot(clip=around)
        words = page.evaluate(
            "() => { const one = document.activeElement; one.blur(); return one.outerHTML.slice(0, 120) }"
        )
        page.evaluate(STILL)
        if page.screenshot(clip=around) == with_it:
            unseen.append(words)
    assert unseen == []


def about(box, room=16):
    """The part of the screen where that is, and what is drawn around it."""
    left, top = max(box["x"] - room, 0), max(box["y"] - room, 0)
    right, bottom = (
        min(box["x"] + box["width"] + room, SIZE["width"]),
        min(box["y"] + box["height"] + room, SIZE["height"]),
    )
    return {"x": left, "y": top, "width": right - left, "height": bottom - top}
