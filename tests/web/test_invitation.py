import pytest

pytestmark = pytest.mark.browser

PASSWORD = "a long new password"


def test_who_opens_the_link_of_a_manager_has_an_account_and_works_in_the_project(visit, newcomer, demo):
    page = visit.open(f"{demo.told['address']}/project/{demo.told['projectId']}/members")
    page.get_by_role("button", name="Invite by a link").click()
    link = page.get_by_label("Link", exact=True).input_value()
    assert link.startswith(f"{demo.told['address']}/invitation#")

    invited = newcomer.page
    invited.goto(link)
    invited.get_by_text("invites you into the project Demo").wait_for()
    invited.get_by_label("User name").fill("dora")
    invited.get_by_label("New password").fill(PASSWORD)
    invited.get_by_label("The same password again").fill("another")
    invited.get_by_text("The two passwords differ.").wait_for()
    invited.get_by_label("The same password again").fill(PASSWORD)
    invited.get_by_role("button", name="Join the project").click()
    invited.wait_for_url(f"**/project/{demo.told['projectId']}")
    invited.get_by_role("img", name="demo.svs").wait_for()
    assert newcomer.complaints == []

    invited.goto(link)
    invited.reload()
    invited.get_by_text("This invitation does not hold").wait_for()
