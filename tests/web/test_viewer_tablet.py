"""A tablet: fingers move, zoom and choose, a pen draws; all is reached, upright and lying, and large enough to hit."""

import math

import pytest
import shapely

from web.conftest import visiting
from web.desk import DOUBLE_CLICK_MS, is_chosen, is_saved, middle, newest, said, shape_of

pytestmark = pytest.mark.browser

UPRIGHT, LYING = (820, 1180), (1180, 820)
CENTRE = 9000, 7800
"""Where the other walks do not draw."""


@pytest.fixture
def tablet(chromium, demo, session, request):
    width, height = request.param
    options = {"size": {"width": width, "height": height}, "has_touch": True, "is_mobile": True}
    with visiting(chromium, demo, locale="en", storage_state=session, **options) as visit:
        page = visit.open(f"{demo.viewer}?x={CENTRE[0]}&y={CENTRE[1]}&d=2")
        page.locator(".count", has_text="here").wait_for()
        yield visit
        assert visit.complaints == []


class Hand:
    """Fingers and a pen on the glass, as the browser hears them from the machine."""

    def __init__(self, visit):
        self.page = visit.page
        self.protocol = visit.context.new_cdp_session(visit.page)

    def touch(self, kind, *points):
        places = [{"x": x, "y": y, "id": id} for id, (x, y) in enumerate(points)]
        self.protocol.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": places})

    def move(self, *ways, steps=8):
        """Fingers go from one place to another together."""
        self.touch("touchStart", ways[0][0])
        if len(ways) > 1:
            self.touch("touchStart", *(start for start, _ in ways))
        for step in range(1, steps + 1):
            part = step / steps
            self.touch("touchMove", *((x + (to_x - x) * part, y + (to_y - y) * part) for (x, y), (to_x, to_y) in ways))
            # A finger takes longer than a frame; who rests before letting go does not throw the slide.
            self.page.wait_for_timeout(20)
        self.page.wait_for_timeout(150)
        for left in range(len(ways) - 1, -1, -1):
            self.touch("touchEnd", *(end for _, end in ways[:left]))

    def draw(self, *places):
        """With the pen."""

        def tell(kind, place, buttons):
            x, y = place
            pen = {"pointerType": "pen", "force": 0.5, "button": "left", "buttons": buttons, "clickCount": 1}
            self.protocol.send("Input.dispatchMouseEvent", {"type": kind, "x": x, "y": y, **pen})

        tell("mousePressed", places[0], 1)
        for place in places[1:]:
            tell("mouseMoved", place, 1)
        tell("mouseReleased", places[-1], 0)


@pytest.mark.parametrize("tablet", [UPRIGHT], indirect=True)
def test_fingers_zoom_turn_no_drawing_into_a_scribble_and_move_where_a_pen_draws(tablet, demo):
    page, hand = tablet.page, Hand(tablet)
    before = len(demo.shapes(max=0, bbox="8000,6800,10000,8800"))
    x, y = middle(page)
    start = said(page)
    for tool in ("move", "brush", "polygon"):
        if tool != "move":
            page.get_by_role("toolbar").get_by_role("button").nth({"brush": 8, "polygon": 2}[tool]).tap()
        hand.move(((x - 40, y), (x - 120, y)), ((x + 40, y), (x + 120, y)))
        near = said(page, start)
        assert near["d"] == pytest.approx(start["d"] / 3, rel=0.2)
        hand.move(((x - 120, y), (x - 40, y)), ((x + 120, y), (x + 40, y)))
        start = said(page, near)
    assert math.hypot(start["x"] - CENTRE[0], start["y"] - CENTRE[1]) < 80
    page.get_by_role("button", name="Forget what is being drawn").tap()

    page.get_by_role("button", name="Rectangle").tap()
    hand.draw((x - 60, y - 40), (x, y), (x + 60, y + 40))
    is_saved(page)
    drawn = newest(demo)
    down = start["d"]
    place = start["x"], start["y"]
    meant = shapely.box(place[0] - 60 * down, place[1] - 40 * down, place[0] + 60 * down, place[1] + 40 * down)
    assert shape_of(drawn).symmetric_difference(meant).area < 0.08 * meant.area
    hand.move(((x, y), (x + 100, y + 60)))
    moved = said(page, start)
    assert (moved["x"], moved["y"]) == pytest.approx((start["x"] - 100 * down, start["y"] - 60 * down), abs=20 * down)
    assert len(demo.shapes(max=0, bbox="8000,6800,10000,8800")) == before + 1

    page.get_by_role("toolbar").get_by_role("button").first.tap()
    page.touchscreen.tap(x + 100, y + 60)
    page.get_by_role("heading", name=f"Annotation {drawn['id']}").wait_for()


@pytest.mark.parametrize("tablet", [UPRIGHT], indirect=True)
def test_a_finger_chooses_several(tablet, demo):
    page = tablet.page
    (x, y), (across, down) = middle(page), CENTRE
    ids = []
    for right in (-300, 300):
        square = shapely.box(across + right - 60, down + 400, across + right + 60, down + 520)
        demo.send("/api/annotation.json", image=demo.told["imageId"], location=square.wkt, origin="left-top")
        ids.append(newest(demo)["id"])
    page.reload()
    page.locator(".count", has_text="here").wait_for()
    left, right = ((x + to / 2, y + 460 / 2) for to in (-300, 300))
    page.touchscreen.tap(*left)
    is_chosen(page, ids[0])
    page.get_by_label("Choose several").check()
    page.wait_for_timeout(DOUBLE_CLICK_MS)
    page.touchscreen.tap(*right)
    page.get_by_text("2 shapes chosen").wait_for()
    page.wait_for_timeout(DOUBLE_CLICK_MS)
    page.touchscreen.tap(*left)
    is_chosen(page, ids[1])


SMALL = """() => [...document.querySelectorAll("button, a[href], input, [role=button], [role=slider], summary")]
  .filter((one) => one.checkVisibility())
  .map((one) => [one.ariaLabel || one.innerText || one.className, one.getBoundingClientRect()])
  .filter(([, { width, height }]) => width && height && Math.min(width, height) < 24)
  .map(([name]) => name)"""


@pytest.mark.parametrize("tablet", [UPRIGHT, LYING], indirect=True)
def test_all_panels_are_reached_with_a_finger_and_a_finger_hits_what_is_there(tablet):
    page, hand = tablet.page, Hand(tablet)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert page.evaluate(SMALL) == []
    side = page.locator(".side").bounding_box()
    last = page.get_by_role("slider", name="Gamma")
    for _ in range(12):
        box = last.bounding_box()
        if box["y"] + box["height"] <= side["y"] + side["height"]:
            break
        x = side["x"] + side["width"] / 2
        hand.move(((x, side["y"] + side["height"] - 60), (x, side["y"] + 60)))
    else:
        raise AssertionError("the last panel is never reached")
    width = page.locator(".slide > .ol-viewport").bounding_box()["width"]
    assert width > 0.55 * page.viewport_size["width"]
