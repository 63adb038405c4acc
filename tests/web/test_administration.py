"""Administration: people come, rise, are locked and get passwords; jobs are looked at; the log is read."""

import re

import pytest

from web.conftest import visiting

pytestmark = pytest.mark.browser

PASSWORD = "nine brown horses"


@pytest.fixture
def admin(visit, demo):
    """Whoever runs the demo may be an administrator, and says so."""
    page = visit.open(f"{demo.told['address']}/admin")
    begin, people = (
        page.get_by_role("button", name="Be an administrator now"),
        page.get_by_role("button", name="Add somebody"),
    )
    begin.or_(people).wait_for()
    if begin.is_visible():
        begin.click()
    people.wait_for()
    return page


def test_somebody_is_added_rises_is_locked_and_gets_a_new_password(admin, visit, demo, chromium):
    admin.get_by_role("button", name="Add somebody").click()
    form = admin.get_by_role("dialog")
    for label, text in {
        "User name": "charlie",
        "First name": "Charlie",
        "Last name": "C",
        "Mail": "charlie@example.org",
    }.items():
        form.get_by_label(label).fill(text)
    form.get_by_label("Password", exact=True).fill(PASSWORD)
    form.get_by_role("button", name="Add", exact=True).click()
    row = admin.get_by_role("row").filter(has_text="charlie")
    row.wait_for()

    def charlie():
        return next(one for one in demo.ask("/api/user.json", withRoles=True) if one["username"] == "charlie")

    row.locator(".v-select").click()
    with admin.expect_response("**/define.json"):
        admin.get_by_role("option", name="Guest").click()
    assert charlie()["role"] == "ROLE_GUEST"
    row.get_by_role("button", name="Lock charlie", exact=True).click()
    admin.get_by_role("dialog").get_by_role("button", name="Lock", exact=True).click()
    row.get_by_role("button", name="Unlock charlie").click()
    row.get_by_role("button", name="Lock charlie", exact=True).wait_for()
    assert charlie()["enabled"]
    row.get_by_role("button", name="Reset the password of charlie").click()
    made_up = admin.get_by_role("dialog").get_by_label("Password", exact=True).input_value()
    assert len(made_up) > 20
    admin.get_by_role("dialog").get_by_role("button", name="Save").click()
    admin.get_by_role("dialog").wait_for(state="detached")
    with visiting(chromium, demo, locale="en") as theirs:
        theirs.page.goto(demo.told["address"])
        theirs.page.get_by_label("User name").fill("charlie")
        theirs.page.get_by_label("Password").fill(made_up)
        theirs.page.get_by_role("button", name="Sign in").click()
        theirs.page.locator("header nav").wait_for()
        assert theirs.page.get_by_role("link", name="Administration").count() == 0
        theirs.page.goto(f"{demo.told['address']}/admin")
        theirs.page.get_by_text("Only administrators see this.").wait_for()

    admin.get_by_role("tab", name="Change log").click()
    admin.get_by_role("combobox", name="What").fill("account")
    admin.get_by_role("option", name="account", exact=True).click()
    admin.get_by_role("option").first.wait_for(state="hidden")
    # A list that is closing may take the next click for itself, but no key.
    admin.get_by_role("combobox", name="Action").press("ArrowDown")
    admin.get_by_role("option", name="added").click()
    found = admin.get_by_text(re.compile(r"^\d+ lines?$"))
    found.wait_for()
    admin.get_by_role("button", name="History of account").first.click()
    history = admin.get_by_role("dialog")
    history.get_by_role("cell", name="charlie", exact=True).first.wait_for()
    assert not {PASSWORD, made_up} & set(history.inner_text().split())
    history.get_by_role("button", name="Close").click()
    assert visit.complaints == []


def test_jobs_are_listed_with_their_logs_and_begun_again(admin, visit, demo):
    demo.send(f"/api/atrisys/project/{demo.told['projectId']}/export.json", geojson=True)
    started = demo.ask("/api/atrisys/job.json", max=1)[0]
    demo.send(f"/api/atrisys/job/{started['id']}/cancel.json")
    admin.get_by_role("tab", name="Jobs").click()
    admin.get_by_role("row").filter(has_text=str(started["id"])).get_by_text("Cancelled").wait_for()
    admin.get_by_role("button", name=f"Try job {started['id']} again").click()
    admin.get_by_role("row").filter(has_text=str(started["id"])).get_by_text("Done").wait_for()
    admin.get_by_role("button", name=f"Log of job {started['id']}").click()
    admin.get_by_role("dialog").locator("pre").wait_for()
    assert visit.complaints == []
