"""The scale of a slide is set by hand in the viewer, says so, and goes back to the file's."""

import re

import pytest
from playwright.sync_api import expect

from web.test_accessibility import faults

pytestmark = pytest.mark.browser

FIELD = "Size of a pixel"


def size_of(demo):
    image = demo.ask(f"/api/imageinstance/{demo.told['imageId']}.json")
    return image["physicalSizeX"], image["physicalSizeY"]


def saved(page, demo):
    path = f"/api/imageinstance/{demo.told['imageId']}.json"
    return page.expect_response(
        lambda answer: answer.request.method == "PUT" and answer.url.endswith(path), timeout=120_000
    )


def test_a_slide_is_calibrated_and_goes_back_to_what_its_file_says(visit, demo):
    page = visit.open(f"{demo.viewer}?x=4000&y=3000&d=4")
    before = size_of(demo)
    bar = page.get_by_role("button", name="Scale bar")
    power = page.get_by_role("button", name="Magnification")
    bar.wait_for()
    names = [bar.get_attribute("aria-label"), power.get_attribute("aria-label")]
    assert "by hand" not in names[0]

    bar.focus()
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name="Calibrate")
    dialog.get_by_text(re.compile(r"The file itself says: .*µm/px")).wait_for()
    assert faults(page) == []
    field = dialog.get_by_label(FIELD)
    field.fill("wide")
    dialog.get_by_text("Write a number above 0").wait_for()
    assert dialog.get_by_role("button", name="Save").is_disabled()
    # Whatever the file says, twice that is another scale.
    field.fill(str(2 * before[0]))
    with saved(page, demo):
        page.keyboard.press("Enter")
    dialog.wait_for(state="detached")
    assert size_of(demo) == (2 * before[0], 2 * before[0])
    page.get_by_role("button", name=re.compile("Scale bar.*set by hand")).wait_for()
    page.get_by_text("(set by hand)").wait_for()
    assert power.get_attribute("aria-label") != names[1]
    expect(bar).to_be_focused()
    assert faults(page) == []

    page.reload()
    page.get_by_text("(set by hand)").wait_for()
    bar.click()
    with saved(page, demo):
        page.get_by_role("button", name="As in the file").click()
    page.get_by_text("(set by hand)").wait_for(state="detached")
    assert size_of(demo) == before
    assert [bar.get_attribute("aria-label"), power.get_attribute("aria-label")] == names


def test_where_nothing_is_known_the_bar_says_so_and_how_to_set_it(visit, demo):
    def unknown(route):
        answer = route.fetch()
        route.fulfill(response=answer, json={**answer.json(), "physicalSizeX": None, "physicalSizeY": None})

    for path in (f"/api/imageinstance/{demo.told['imageId']}.json", "/api/abstractimage/*.json"):
        visit.page.route(f"**{path}", unknown)
    page = visit.open(demo.viewer)
    bar = page.get_by_role("button", name=re.compile(r"Scale bar: .* px \(scale unknown\)"))
    bar.click()
    dialog = page.get_by_role("dialog", name="Calibrate")
    assert dialog.get_by_label(FIELD).input_value() == ""
