"""axe-core looks at every page as WCAG 2.2 AA asks, in both languages and both themes. Only tests load it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tools.screens import SCREENS
from web.conftest import SIZE, visiting

pytestmark = pytest.mark.browser

AXE = Path(__file__).parents[2] / "web/node_modules/axe-core/axe.min.js"
LEVELS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
CONTRAST = ["color-contrast"]
LOOK = "(levels) => axe.run(document, { resultTypes: ['violations'], runOnly: levels })"
STILL = """() => Promise.allSettled(document.getAnimations()
  .filter((one) => one.effect.getComputedTiming().endTime !== Infinity).map((one) => one.finished))"""
"""Colours that change slowly are not looked at on their way."""
ELSEWHERE = ("sign-in", "viewer-near")
"""The door is looked at below, and the viewer is the same near and far."""
NARROW = {"width": 320, "height": 640}
PAST_THE_EDGE = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
DIALOGS = {
    "projects": "New project",
    "images": "Add from a storage",
    "ontology": "Add a term",
    "members": "Invite by a link",
    "ontologies": "New ontology",
    "people": "Add somebody",
    "viewer": "Keyboard shortcuts",
}


def faults(page: Any, rules: list[str] = LEVELS) -> list[str]:
    """What axe finds wrong: the rule, and where."""
    if not page.evaluate("() => 'axe' in window"):
        # Through the debugging protocol, which the page's policy does not bind.
        page.evaluate(AXE.read_text(encoding="utf-8"))
    page.evaluate(STILL)
    return [
        f"{one['id']}: {node['target'][0]} {node['failureSummary']}"
        for one in page.evaluate(LOOK, rules)["violations"]
        for node in one["nodes"]
    ]


def in_both_themes(page: Any, rules: list[str]) -> list[str]:
    """In the dark one only whether it can be read: nothing else is different there."""
    found = faults(page, rules)
    page.emulate_media(color_scheme="dark")
    page.locator(".v-application.v-theme--dark").wait_for()
    found += [f"dark: {one}" for one in faults(page, CONTRAST)]
    page.emulate_media(color_scheme="light")
    return found


@contextmanager
def looking(chromium: Any, demo: Any, language: str, **who: Any) -> Iterator[tuple[Any, list[str]]]:
    """A page that does not move, and what is looked for: how a page is built is the same in every language."""
    still = {"color_scheme": "light", "reduced_motion": "reduce"}
    with visiting(chromium, demo, locale=language, **still, **who) as visit:
        yield visit.page, LEVELS if language == "en" else CONTRAST


@pytest.mark.parametrize("language", ["en", "zh-TW"])
def test_every_page_can_be_read_and_used_by_all(chromium, demo, session, language):
    with looking(chromium, demo, language, storage_state=session) as (page, rules):
        page.goto(demo.told["address"] + "/projects")
        page.evaluate("fetch('/api/session/admin/open.json')")
        found, titles = {}, set()
        for name, path in SCREENS.items():
            if name in ELSEWHERE:
                continue
            page.goto(demo.told["address"] + path.format(**demo.told))
            page.wait_for_load_state("networkidle")
            found[name] = in_both_themes(page, rules)
            titles.add(page.title())
            page.set_viewport_size(NARROW)
            if page.evaluate(PAST_THE_EDGE) > 0:
                found[name].append("wider than a screen of 320 px")
            page.set_viewport_size(SIZE)
            if language == "en" and name in DIALOGS:
                page.get_by_role("button", name=DIALOGS[name]).first.click()
                page.get_by_role("dialog").wait_for()
                found[f"{name}, {DIALOGS[name]}"] = in_both_themes(page, rules)
        assert {name: faults for name, faults in found.items() if faults} == {}
        # The window's title tells one page from another; what stands behind the `?` is the same page.
        assert len(titles) == len({SCREENS[name].partition("?")[0] for name in found if name in SCREENS})


@pytest.mark.parametrize("language", ["en", "zh-TW"])
def test_the_doors_too(chromium, demo, language):
    link = demo.send(f"/api/project/{demo.told['projectId']}/invitation.json")["link"]
    with looking(chromium, demo, language) as (page, rules):
        for address in (demo.told["address"], link):
            page.goto(address)
            page.locator("form").wait_for()
            assert in_both_themes(page, rules) == []
