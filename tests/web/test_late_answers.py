"""Answers that come when whoever asked has gone on: they take nobody back, and change nothing of what is there now."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Page, Route

from web.desk import ADDRESS_AT_REST, choose, is_chosen, looking_at, middle, pull, square

pytestmark = pytest.mark.browser

PLACE = 1400, 700


@contextmanager
def holding(page: Page, address: str, method: str = "GET") -> Iterator[Callable[[], None]]:
    """What is asked there is answered when what is yielded is called, and not before."""
    held: list[Route] = []

    def hold(route: Route) -> None:
        if route.request.method == method:
            held.append(route)
        else:
            route.continue_()

    def answer() -> None:
        while not held:
            page.wait_for_timeout(10)
        asked = held[0].request
        with page.expect_response(lambda found: found.request == asked):
            for one in held:
                one.continue_()
        page.evaluate(ADDRESS_AT_REST)

    page.route(address, hold)
    yield answer
    page.unroute(address)


def test_a_slide_that_is_left_before_it_is_there_is_not_opened(visit, demo):
    page = visit.page
    told = []
    page.on("request", lambda asked: told.append(asked.url) if "/consultation" in asked.url else None)
    with holding(page, "**/tiles.json*") as answer:
        visit.open(demo.viewer)
        page.get_by_role("link", name="Back to the project").click()
        page.get_by_role("link", name="demo.svs").wait_for()
        answer()
    assert told == []
    # A slide takes the Space key; this page scrolls by it.
    space = "new KeyboardEvent('keydown', { key: ' ', bubbles: true, cancelable: true })"
    assert page.evaluate(f"() => document.body.dispatchEvent({space})")
    assert visit.complaints == []


def test_whoever_leaves_a_slide_that_still_moves_gets_where_they_go(visit, demo):
    page = looking_at(visit, demo, *PLACE)
    with holding(page, "**/StoragePage*.js") as answer:
        page.get_by_role("link", name="Storage").click()
        x, y = middle(page)
        pull(page, (x, y), (x + 100, y))
        page.evaluate(ADDRESS_AT_REST)
        answer()
    page.wait_for_url("**/storage")
    page.get_by_role("heading", name="Storage").wait_for()


def test_a_comment_that_is_sent_takes_nothing_of_the_one_that_is_written_elsewhere(visit, demo):
    page = looking_at(visit, demo, *PLACE)
    first, second = square(page, demo, at=(-200, 0)), square(page, demo, at=(200, 0))
    x, y = middle(page)
    page.keyboard.press("v")
    choose(page, (x - 259, y), first)
    field = page.get_by_label("Write a comment")
    with holding(page, f"**/annotation/{first}/comment.json*", "POST") as answer:
        field.fill("One.")
        page.get_by_role("button", name="Send").click()
        choose(page, (x + 141, y), second)
        field.fill("Two, which is not sent yet")
        answer()
    assert field.input_value() == "Two, which is not sent yet"
    assert [row["comment"] for row in demo.ask(f"/api/atrisys/annotation/{first}/comment.json")] == ["One."]


def test_a_comment_that_is_refused_late_is_told_and_kept(visit, demo):
    page = looking_at(visit, demo, *PLACE)
    first, second = square(page, demo, at=(-200, -200)), square(page, demo, at=(200, -200))
    x, y = middle(page)
    page.keyboard.press("v")
    choose(page, (x - 259, y - 200), first)
    field = page.get_by_label("Write a comment")
    held = []
    page.route(f"**/annotation/{first}/comment.json*", lambda one: held.append(one))
    field.fill("Not heard yet.")
    with page.expect_request(lambda asked: asked.method == "POST"):
        page.get_by_role("button", name="Send").click()
    choose(page, (x + 141, y - 200), second)
    for one in held:
        one.abort()
    page.get_by_text("What you wrote is kept").wait_for()
    page.unroute_all()
    choose(page, (x - 259, y - 200), first)
    assert field.input_value() == "Not heard yet."
    with page.expect_response(lambda answer: answer.request.method == "POST"):
        page.get_by_role("button", name="Send").click()
    page.get_by_role("heading", name="1 comment", exact=True).wait_for()
    assert field.input_value() == ""


def test_who_begins_to_write_keeps_the_keyboard_when_it_turns_out_whose_thread_it_is(visit, demo):
    """That of what a reviewer accepted is the thread of what it was made of."""
    page = looking_at(visit, demo, *PLACE)
    drawn = square(page, demo, at=(0, 200))
    demo.send(f"/api/imageinstance/{demo.told['imageId']}/review.json")
    accepted = demo.send(f"/api/annotation/{drawn}/review.json")["reviewedannotation"]["id"]
    demo.send(f"/api/atrisys/annotation/{drawn}/comment.json", comment="Of both.")
    # It is asked for when the address leads to it, and once more when it is chosen.
    details = []

    def second(route):
        details.append(route)
        if len(details) == 1:
            route.continue_()

    page.route(f"**/annotation/{accepted}.json*", second)
    page.goto(f"{demo.viewer}?annotation={accepted}")
    is_chosen(page, accepted)
    page.keyboard.press("Shift+C")
    page.keyboard.type("Mine")
    field = page.get_by_label("Write a comment")
    assert field.evaluate("(one) => one === document.activeElement")
    for one in details[1:]:
        one.continue_()
    page.get_by_role("listitem").filter(has_text="Of both.").first.wait_for()
    assert field.evaluate("(one) => one === document.activeElement")
    assert field.input_value() == "Mine"


def test_who_goes_elsewhere_while_something_is_made_stays_there(visit, demo):
    page = visit.open(f"{demo.told['address']}/ontologies")
    with holding(page, "**/api/ontology.json*", "POST") as answer:
        page.get_by_role("button", name="New ontology").click()
        dialog = page.get_by_role("dialog")
        dialog.get_by_label("Name").fill("Made late")
        dialog.get_by_role("button", name="Create").click()
        page.keyboard.press("Escape")
        page.get_by_role("link", name="Projects").click()
        page.wait_for_url("**/projects")
        answer()
    assert page.url.endswith("/projects")
    assert [one["name"] for one in demo.ask("/api/ontology.json", max=0) if one["name"] == "Made late"] == ["Made late"]
