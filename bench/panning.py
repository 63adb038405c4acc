"""How smoothly the web page's viewer moves over many shapes, in a browser without a graphics card."""

import re
import statistics
from itertools import pairwise

from playwright.sync_api import Page

from bench.house import House, Sheet
from bench.listing import fill
from bench.report import Line, Section, spread
from bench.shapes import scene
from bench.visitor import NO_BROWSER, SIZE, browsing, find_chromium, new_member, sign_in

TITLE = "Panning over shapes in the viewer"
GOALS = {20_000: 50, 100_000: 30}
SAID = """Headless Chromium (software rendering), a window of 1280 x 800. Nuclei of 30 points at random places of one
image. The slide is dragged to and fro for three seconds while the page counts its own frames; once over the whole
slide, once as near as the page draws each shape. More shapes than that are shown by how dense they lie."""
DRAG_S = 3
SETTLE_MS = 1500
COUNT_FRAMES = """() => {
  const times = [];
  const note = (now) => { times.push(now); window.frames_seen = times; requestAnimationFrame(note); };
  requestAnimationFrame(note);
}"""


def measure(house: House, rounds: int) -> Section:
    section = Section(TITLE, SAID, head=("what", "frames a second", "longest frame", "shown", "goal", ""))
    path = find_chromium()
    if path is None:
        section.notes.append(NO_BROWSER)
        return section
    for count, goal in GOALS.items():
        sheet = house.new_image(f"panning {count}")
        fill(house, sheet, scene(count, sheet.width, sheet.height)[:count], 2_000)
        section.lines += walk(house, sheet, path, count, goal, rounds)
    return section


def walk(house: House, sheet: Sheet, path: str, count: int, goal: int, rounds: int) -> list[Line]:
    name = f"viewer{count}"
    lines = []
    with house.server() as server, browsing(path) as browser:
        password = new_member(house, sheet, server, name)
        page = browser.new_page(viewport=SIZE, locale="en")
        address = f"http://127.0.0.1:{server.port}"
        page.goto(address)
        sign_in(page, name, password)
        whole = max(sheet.width / 980, sheet.height / 750)
        for what, downsample in (("whole slide", whole), ("each shape drawn", whole * min(1, (15_000 / count) ** 0.5))):
            viewer = f"{address}/project/{sheet.project}/image/{sheet.image}"
            page.goto(f"{viewer}?x={sheet.width // 2}&y={sheet.height // 2}&d={downsample:.1f}")
            page.locator(".count", has_text="here").wait_for()
            page.wait_for_timeout(SETTLE_MS)
            shown = told(page.locator(".count").inner_text())
            seen = [drag(page) for _ in range(rounds)]
            rates, longest = [one[0] for one in seen], max(one[1] for one in seen)
            met = statistics.median(rates) >= goal
            lines.append(
                Line(f"{count:,}, {what}", spread(rates, "{:.0f}"), f"{longest:.0f} ms", shown, f"≥ {goal}", met)
            )
    return lines


def told(words: str) -> str:
    """How many shapes the page says lie in the window, and whether each of them is drawn."""
    (count,) = re.findall(r"^[\d,]*\d", words)
    return f"{count}, {'by density' if 'dense' in words else 'one by one'}"


def drag(page: Page) -> tuple[float, float]:
    """Frames a second, and how long the longest took in ms."""
    page.mouse.move(500, 400)
    page.mouse.down()
    page.evaluate(COUNT_FRAMES)
    for step in range(DRAG_S * 60):
        page.mouse.move(500 + 300 * ((step % 120) - 60 if step % 240 < 120 else 60 - (step % 120)) / 60, 400)
        page.wait_for_timeout(1000 / 60)
    times = page.evaluate("() => window.frames_seen")
    page.mouse.up()
    page.wait_for_timeout(SETTLE_MS)
    between = [later - sooner for sooner, later in pairwise(times)]
    return 1000 * len(between) / (times[-1] - times[0]), max(between)
