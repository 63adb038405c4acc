"""What opening the web page and a slide costs, and how long a drawing takes until it is saved."""

import statistics
from typing import Any

from playwright.sync_api import Browser, Page, Request

from bench.house import House, Server, Sheet
from bench.report import Line, Section, spread
from bench.visitor import NO_BROWSER, SIZE, browsing, find_chromium, new_member, sign_in

TITLE = "Opening the web page"
SAID = """Headless Chromium (software rendering), a window of 1280 x 800, the server on loopback. The first load is what
goes over the line, compressed, into a browser that was never here: the page, its scripts and styles. The picture of a
slide is full when the last tile of the first view has come, from the moment its address is opened, in a browser that
knows neither the page nor the slide. A drawing is saved when the page says so, from the moment the pen is lifted."""
HEAD = ("what", "measured", "goal", "")
NAME = "visitor"
FIRST_LOAD_KB, FULL_PICTURE_S, SAVED_MS = 600, 1.0, 150
STROKES = 5
LAST_TILE_MS = """() => Math.max(...performance.getEntriesByType('resource')
  .filter((one) => one.name.includes('/tile/')).map((one) => one.responseEnd))"""
SAVED_AFTER_MS = """() => { window.saved_after = new Promise((done) => {
  let begun;
  addEventListener('pointerup', () => (begun = performance.now()), { once: true, capture: true });
  const seen = new MutationObserver(() => {
    if (begun === undefined || document.querySelector('[data-state]').dataset.state !== 'saved') return;
    seen.disconnect();
    done(performance.now() - begun);
  });
  seen.observe(document.body, { subtree: true, attributeFilter: ['data-state'] });
}) }"""


def measure(house: House, rounds: int) -> Section:
    section = Section(TITLE, SAID, head=HEAD)
    path = find_chromium()
    if path is None:
        section.notes.append(NO_BROWSER)
        return section
    sheet = house.new_image("opening")
    with house.server() as server, browsing(path) as browser:
        password = new_member(house, sheet, server, NAME)
        session = entered(browser, server, password)
        section.lines += first_loads(browser, server, sheet, session)
        section.lines.append(full_picture(browser, server, sheet, session, rounds))
        section.lines.append(pen_up_to_saved(browser, server, sheet, session, rounds))
    return section


def entered(browser: Browser, server: Server, password: str) -> Any:
    """The session of somebody who signed in, for browsers that know nothing else."""
    page = browser.new_page(locale="en")
    page.goto(address(server))
    sign_in(page, NAME, password)
    return page.context.storage_state()


def address(server: Server) -> str:
    return f"http://127.0.0.1:{server.port}"


def viewer(server: Server, sheet: Sheet, place: str = "") -> str:
    return f"{address(server)}/project/{sheet.project}/image/{sheet.image}{place}"


def fresh(browser: Browser, session: Any = None) -> Page:
    return browser.new_context(viewport=SIZE, locale="en", storage_state=session).new_page()


def first_loads(browser: Browser, server: Server, sheet: Sheet, session: Any) -> list[Line]:
    project = f"{address(server)}/project/{sheet.project}"
    pages = (
        ("sign-in page", address(server), None),
        ("projects", f"{address(server)}/projects", session),
        ("a project", project, session),
        ("the viewer, when it is opened", viewer(server, sheet), session),
    )
    lines = [
        judged(f"first load: {what}", [first_load_kb(fresh(browser, cookies), where)], "{:.0f}", "kB", FIRST_LOAD_KB)
        for what, where, cookies in pages
    ]
    # There is no goal for the viewer: nobody loads it who opens no slide.
    lines[-1].goal, lines[-1].met = "", None
    return lines


def first_load_kb(page: Page, where: str) -> float:
    """Compressed bytes of the page's own files; what it asks the API and the slide for is not counted."""
    files: list[Request] = []
    page.on("requestfinished", lambda request: files.append(request))
    page.goto(where)
    page.wait_for_load_state("networkidle")
    own = [file for file in files if file.resource_type == "document" or "/assets/" in file.url]
    size = sum(file.sizes()["responseBodySize"] for file in own)
    page.context.close()
    return size / 1000


def full_picture(browser: Browser, server: Server, sheet: Sheet, session: Any, rounds: int) -> Line:
    seconds = []
    for _ in range(rounds + 1):
        page = fresh(browser, session)
        page.goto(viewer(server, sheet))
        page.wait_for_load_state("networkidle")
        seconds.append(page.evaluate(LAST_TILE_MS) / 1000)
        page.context.close()
    # The first of them warms the server up.
    return judged("first full picture of a slide", seconds[1:], "{:.2f}", "s", FULL_PICTURE_S)


def pen_up_to_saved(browser: Browser, server: Server, sheet: Sheet, session: Any, rounds: int) -> Line:
    page = fresh(browser, session)
    page.goto(viewer(server, sheet, f"?x={sheet.width // 2}&y={sheet.height // 2}&d=1"))
    page.locator(".count", has_text="here").wait_for()
    page.keyboard.press("r")
    taken = [draw(page, number) for number in range(rounds * STROKES + 1)]
    page.context.close()
    return judged("pen-up to saved", taken[1:], "{:.0f}", "ms", SAVED_MS)


def draw(page: Page, number: int) -> float:
    """A rectangle; milliseconds until it was saved."""
    x, y = 150 + 40 * (number % 15), 150 + 60 * (number // 15)
    page.evaluate(SAVED_AFTER_MS)
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 15, y + 20)
    page.mouse.move(x + 30, y + 40)
    page.mouse.up()
    return page.evaluate("() => window.saved_after")


def judged(what: str, values: list[float], form: str, unit: str, goal: float) -> Line:
    met = statistics.median(values) < goal
    return Line(what, spread(values, form, f" {unit}"), goal=f"< {goal:g} {unit}", met=met)
