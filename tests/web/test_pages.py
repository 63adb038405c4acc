import pytest

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("visit", ["en", "zh-TW"], indirect=True)
def test_every_page_opens_in_both_languages_under_the_policy_and_asks_nobody_else(visit, demo):
    address = demo.told["address"]
    page = visit.open(f"{address}/account")
    page.get_by_text(demo.told["publicKey"]).first.wait_for()
    assert demo.told["privateKey"] not in page.content()
    page.goto(f"{address}/projects")
    page.get_by_role("link", name="Demo").wait_for()
    page.get_by_role("link", name="Demo").click()
    page.get_by_role("img", name="demo.svs").wait_for()
    page.get_by_role("link", name="demo.svs").click()
    page.locator(".slide > .ol-viewport").wait_for()
    page.wait_for_url("**/project/*/image/*?*d=*")
    assert visit.complaints == []
    assert visit.hosts == {address.removeprefix("http://")}


def test_the_private_key_is_shown_on_demand_and_stands_in_the_examples(visit, demo):
    page = visit.open(f"{demo.told['address']}/account")
    page.get_by_role("button", name="Show the private key").click()
    curl = page.locator("pre").first
    assert f"X-Auth-Secret: {demo.told['privateKey']}" in curl.inner_text()
    assert f"{demo.told['address']}/api/project.json" in curl.inner_text()


def test_somebody_signs_in_is_led_to_what_they_asked_for_and_signs_out(newcomer, demo):
    page = newcomer.page
    page.goto(f"{demo.told['address']}/account")
    newcomer.sign_in()
    page.get_by_role("heading", name="API keys").wait_for()
    page.get_by_role("button", name="Sign out", exact=True).click()
    page.get_by_label("Password", exact=True).wait_for()
    page.goto(f"{demo.told['address']}/projects")
    page.get_by_label("Password", exact=True).wait_for()


def test_who_types_at_once_is_not_led_to_another_field(newcomer, demo):
    page = newcomer.page
    for _ in range(5):
        page.goto(demo.told["address"])
        page.get_by_label("Password").fill("a password")
        # The library would put the focus elsewhere some moments later.
        page.wait_for_timeout(50)
        assert page.get_by_label("Password").evaluate("field => field === document.activeElement")


def test_the_cursor_stands_in_the_first_field(newcomer, demo):
    page = newcomer.page
    page.goto(demo.told["address"])
    page.get_by_label("User name").wait_for()
    page.keyboard.type("ada")
    assert page.get_by_label("User name").input_value() == "ada"


def test_a_wrong_password_is_told(newcomer, demo):
    page = newcomer.page
    page.goto(demo.told["address"])
    page.get_by_label("User name").fill("nobody at all")
    page.get_by_label("Password").fill("not the password")
    page.get_by_role("button", name="Sign in").click()
    page.locator(".v-alert").wait_for()
    assert page.locator(".v-alert").inner_text().strip()


def test_language_and_theme_are_chosen_and_kept(visit, demo):
    page = visit.open(f"{demo.told['address']}/projects")
    page.locator(".v-application.v-theme--light").wait_for()
    page.get_by_role("button", name="Light or dark").click()
    page.get_by_role("button", name="Language").click()
    page.get_by_role("option", name="繁體中文").click()
    page.get_by_role("heading", name="專案").wait_for()
    page.reload()
    page.get_by_role("heading", name="專案").wait_for()
    page.locator(".v-application.v-theme--dark").wait_for()
    assert page.locator("html").get_attribute("lang") == "zh-TW"


def test_projects_and_images_are_searched(visit, demo):
    page = visit.open(f"{demo.told['address']}/projects")
    page.get_by_role("searchbox").fill("no such name")
    page.get_by_text("No project has “no such name” in its name.").wait_for()
    page.wait_for_url("**?search=no+such+name")
    page.go_back()
    page.get_by_role("link", name="Demo").wait_for()
    assert page.get_by_role("searchbox").input_value() == ""
    page.go_forward()
    page.get_by_text("No project has “no such name” in its name.").wait_for()
    page.get_by_role("searchbox").fill("dem")
    page.get_by_role("link", name="Demo").click()
    page.get_by_role("link", name="demo.svs").wait_for()
    page.get_by_role("searchbox").fill("no such name")
    page.get_by_text("No image has “no such name” in its name.").wait_for()


def test_what_does_not_exist_is_told_as_such(visit, demo):
    page = visit.open(f"{demo.told['address']}/project/999999999")
    page.get_by_text("This does not exist, or you may not see it.").wait_for()
    page = visit.open(f"{demo.told['address']}/project/{demo.told['projectId']}/image/999999999")
    page.get_by_role("link", name="To the projects").wait_for()
    assert page.get_by_role("toolbar").count() == 0, "there is nothing to draw on"


@pytest.mark.parametrize("visit", ["zh-TW"], indirect=True)
def test_in_chinese_the_family_name_comes_first(visit, demo):
    page = visit.open(f"{demo.told['address']}/account")
    labels = [page.get_by_label(words, exact=True) for words in ("姓氏", "名字")]
    labels[0].wait_for()
    family, given = (label.bounding_box() for label in labels)
    assert family["y"] < given["y"]


def test_an_address_of_cytomine_leads_to_ours(visit, demo):
    told = demo.told
    page = visit.open(f"{told['address']}/projects")
    page.goto("about:blank")
    page.goto(f"{told['address']}/#/project/{told['projectId']}/image/{told['imageId']}/annotation/1")
    page.locator(".slide > .ol-viewport").wait_for()
    assert page.url.startswith(demo.viewer)
