"""At a slide on the screen: it is looked at and drawn on, and the server asked what it has of that, y downwards."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qs
from weakref import WeakKeyDictionary

import shapely
from playwright.sync_api import Page, Response

from web.conftest import Demo, Visit

Spot = tuple[float, float]
DOUBLE_CLICK_MS = 300
"""Two clicks in a quarter of a second are a double click for the map, wherever they are."""
REST_MS = 150
"""Who lets go while moving throws the slide."""
ADDRESS_AT_REST = """() => new Promise((done) => {
  let [last, calm] = ["", 0];
  const look = () => {
    const now = location.search.slice(1);
    calm = now === last ? calm + 1 : 0;
    last = now;
    if (calm < 3) setTimeout(look, 100);
    else done(now);
  };
  look();
})"""
"""The page writes it a tenth of a second after the last movement."""
_clicked: "WeakKeyDictionary[Page, float]" = WeakKeyDictionary()


def looking_at(visit: Visit, demo: Demo, x: float, y: float, downsample: float = 1, degrees: float = 0) -> Page:
    page = visit.open(f"{demo.viewer}?x={x}&y={y}&d={downsample}&r={degrees}")
    is_shown(page)
    return page


def is_shown(page: Page) -> None:
    """The slide is there, and what lies on it."""
    page.locator(".slide > .ol-viewport").first.wait_for()
    page.locator(".count", has_text="here").wait_for()


def is_painted(page: Page) -> None:
    """The slide's tiles have come, and are on the screen."""
    page.wait_for_load_state("networkidle")
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")


def middle(page: Page, place: int = 0) -> Spot:
    """Of the map; where several slides stand side by side, of one of them."""
    box = page.locator(".slide > .ol-viewport").nth(place).bounding_box()
    assert box
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def click(page: Page, place: Spot, **how: Any) -> None:
    """A click that is none of a double click."""
    since_ms = 1000 * (time.monotonic() - _clicked.get(page, 0))
    if since_ms < DOUBLE_CLICK_MS:
        page.wait_for_timeout(DOUBLE_CLICK_MS - since_ms)
    page.mouse.click(*place, **how)
    _clicked[page] = time.monotonic()


def drag(page: Page, start: Spot, *ways: Spot) -> None:
    page.mouse.move(*start)
    page.mouse.down()
    for way in ways:
        page.mouse.move(*way, steps=8)
    page.mouse.up()


def pull(page: Page, start: Spot, end: Spot, button: Any = "left") -> None:
    """Moves the slide: rests before letting go."""
    page.mouse.move(*start)
    page.mouse.down(button=button)
    page.mouse.move(*end, steps=25)
    page.wait_for_timeout(REST_MS)
    page.mouse.up(button=button)


def draw(page: Page, corners: Any) -> None:
    """A polygon, its corners counted in pixels of the screen from the middle of the map."""
    x, y = middle(page)
    page.keyboard.press("p")
    for right, down in corners:
        click(page, (x + right, y + down))
    page.keyboard.press("Enter")
    page.keyboard.press("m")


def said(page: Page, before: dict[str, float] | None = None, *names: str) -> dict[str, float]:
    """What the address says, once it says something else than before, all that is named too, and has come to rest."""
    for _ in range(60):
        now = {name: float(value) for name, (value,) in parse_qs(page.evaluate(ADDRESS_AT_REST)).items()}
        if {"x", *names} <= now.keys() and now != before:
            return now
    raise AssertionError(f"it still says {page.url}")


@contextmanager
def saving(page: Page) -> Iterator[None]:
    """What is drawn or changed herein is sent to the server, and saved thereafter."""
    with page.expect_response(_saves):
        yield
    is_saved(page)


def _saves(answer: Response) -> bool:
    return answer.request.method in ("POST", "PUT") and "/api/annotation" in answer.url


def is_saved(page: Page) -> None:
    page.locator("[data-state=saved]").wait_for()


def square(page: Page, demo: Demo, half: float = 60, at: Spot = (0, 0)) -> int:
    """A square that was drawn around a point, counted from the middle; chosen."""
    x, y = middle(page)
    page.keyboard.press("r")
    with saving(page):
        drag(page, (x + at[0] - half, y + at[1] - half), (x + at[0] + half, y + at[1] + half))
    page.keyboard.press("m")
    id = newest(demo)["id"]
    choose(page, (x + at[0] - half + 1, y + at[1]), id)
    return id


def choose(page: Page, place: Spot, id: int) -> None:
    """Clicks a shape, and sees it chosen."""
    click(page, place)
    is_chosen(page, id)


def is_chosen(page: Page, id: int) -> None:
    page.get_by_role("heading", name=f"Annotation {id}").wait_for()


def newest(demo: Demo, **query: Any) -> dict[str, Any]:
    return demo.shapes(max=1, **query)[0]


def shape_of(row: dict[str, Any]) -> Any:
    return shapely.from_wkt(row["location"])


def shapes_at(demo: Demo, *ids: int) -> list[Any]:
    """As the server has them among the newest; None: it has none of that number."""
    rows = {row["id"]: row for row in demo.shapes(max=20)}
    return [shape_of(rows[id]) if id in rows else None for id in ids]
