"""Somebody who has never seen the page finds their way by what is on the screen."""

import io
import zipfile
from urllib.parse import urlsplit

import pytest

from given.slides import pyramid, tissue
from web.conftest import visiting
from web.desk import drag, looking_at, middle, newest, saving
from web.test_viewer_together import Member

pytestmark = pytest.mark.browser

EMPTY = 800, 700
"""Beside the tissue, where nothing is drawn yet."""


def test_the_list_of_projects_says_what_one_is_there_and_shows_the_newest_slide(visit, demo):
    page = visit.open(f"{demo.told['address']}/projects")
    row = page.get_by_role("row").filter(has=page.get_by_role("link", name="Demo", exact=True))
    assert "Representative" in row.inner_text()
    picture = row.locator("img")
    picture.wait_for()
    page.wait_for_load_state("networkidle")
    assert picture.evaluate("one => one.naturalWidth") > 0
    assert visit.complaints == []


def test_what_was_drawn_is_chosen_and_named_without_another_tool(visit, demo):
    page = looking_at(visit, demo, *EMPTY)
    before = newest(demo)["id"]
    shown = int(page.locator(".count").inner_text().split()[0].replace("No", "0"))
    page.get_by_role("button", name="Rectangle").click()
    page.get_by_text("Drag from one corner to the opposite one.").wait_for()
    x, y = middle(page)
    with saving(page):
        drag(page, (x - 40, y - 40), (x + 40, y + 40))
    id = newest(demo)["id"]
    assert id != before
    page.get_by_role("heading", name=f"Annotation {id}").wait_for()
    page.get_by_text(f"{shown + 1} shape", exact=False).first.wait_for()
    page.get_by_role("combobox", name="Its terms").click(force=True)
    with page.expect_response(lambda answer: "/term/" in answer.url and answer.request.method == "POST"):
        page.get_by_role("option", name="Stroma").click()
    names = {term["name"]: term["id"] for term in demo.ask(f"/api/project/{demo.told['projectId']}/term.json")}
    assert newest(demo)["term"] == [names["Stroma"]]
    page.keyboard.press("Escape")
    with page.expect_response(lambda answer: answer.request.method == "DELETE"):
        page.get_by_role("button", name="Delete").click()
    page.get_by_role("heading", name=f"Annotation {id}").wait_for(state="detached")
    assert newest(demo)["id"] == before
    assert visit.complaints == []


def test_the_annotations_that_are_listed_are_downloaded_as_a_table(visit, demo):
    address = f"{demo.told['address']}/project/{demo.told['projectId']}/annotations"
    terms = {term["name"]: term["id"] for term in demo.ask(f"/api/project/{demo.told['projectId']}/term.json")}
    page = visit.open(f"{address}?terms={terms['Tumour']}")
    page.get_by_role("button", name="Download the list").click()
    with page.expect_download() as saved:
        page.get_by_role("menuitem", name="Excel").or_(page.get_by_role("link", name="Excel")).first.click()
    assert saved.value.suggested_filename.endswith(".xlsx")
    with zipfile.ZipFile(io.BytesIO(saved.value.path().read_bytes())) as book:
        sheet = book.read("xl/worksheets/sheet1.xml")
    listed = demo.ask("/api/annotation.json", project=demo.told["projectId"], term=terms["Tumour"])
    assert sheet.count(b"<row") == 1 + len(listed) > 1


def test_a_mistyped_address_leads_back_to_the_projects(visit, demo):
    page = visit.open(f"{demo.told['address']}/projetcs")
    page.get_by_role("heading", name="No such page").wait_for()
    page.get_by_role("link", name="To the projects").click()
    page.get_by_role("heading", name="Projects", exact=True).wait_for()
    page.goto(f"{demo.told['address']}/project/1")
    page.get_by_role("heading", name="Project 1", exact=True).wait_for()
    page.get_by_role("link", name="To the projects").click()
    page.get_by_role("heading", name="Projects", exact=True).wait_for()


def test_keys_are_found_by_what_they_do(visit, demo):
    page = looking_at(visit, demo, *EMPTY)
    page.keyboard.press("?")
    keys = page.get_by_role("dialog", name="Keyboard shortcuts")
    keys.get_by_role("searchbox").fill("wand")
    keys.get_by_text("Magic wand").wait_for()
    assert keys.get_by_text("Polygon").count() == 0
    keys.get_by_role("searchbox").fill("make coffee")
    keys.get_by_text("No key does that.").wait_for()
    page.keyboard.press("Escape")
    keys.wait_for(state="detached")


def scale_of_newest(demo, project):
    image = demo.ask(f"/api/project/{project}/imageinstance.json")[0]
    return image["physicalSizeX"], image["physicalSizeY"], image["magnification"]


def test_images_without_a_scale_get_one_in_the_projects_settings(visit, demo, tmp_path):
    project = demo.send("/api/project.json", name="Without a scale")["project"]["id"]
    demo.upload(project, pyramid(tmp_path / "plain.tif", mpp=None))
    page = visit.open(f"{demo.told['address']}/project/{project}/settings")
    these = page.get_by_role("region", name="Scale of the images", exact=True)
    these.get_by_text("1 image has no scale").wait_for()
    these.get_by_label("Size of a pixel").fill("0,25")
    these.get_by_label("Magnification of the objective").fill("40")
    these.get_by_role("button", name="Give it to 1 image").click()
    these.get_by_text("Each image has a scale").wait_for()
    assert scale_of_newest(demo, project) == (0.25, 0.25, 40)

    page.get_by_label("Size of a pixel").first.fill("0.5")
    page.get_by_role("button", name="Save").click()
    page.get_by_text("Saved").wait_for()
    demo.upload(project, pyramid(tmp_path / "later.tif", tissue(800, 600, seed=2), mpp=None))
    assert scale_of_newest(demo, project) == (0.5, 0.5, None)
    assert visit.complaints == []


def test_who_may_only_look_is_told_so_before_they_draw(chromium, demo):
    project = demo.send("/api/project.json", name="To look at", isReadOnly=True)["project"]["id"]
    slide = demo.ask(f"/api/imageinstance/{demo.told['imageId']}.json")["baseImage"]
    image = demo.send("/api/imageinstance.json", project=project, baseImage=slide)["imageinstance"]["id"]
    link = demo.send(f"/api/project/{project}/invitation.json")["link"]
    bob, password = Member(demo), "nine brown horses"
    new = {"username": "bob2", "firstname": "Bob", "lastname": "B", "email": "bob2@example.org", "password": password}
    bob.do("POST", "/api/atrisys/invitation/accept.json", token=urlsplit(link).fragment, **new)
    bob.do("POST", "/api/atrisys/session.json", username="bob2", password=password)
    with visiting(chromium, demo, locale="en") as visit:
        cookies = [{"name": one.name, "value": one.value or "", "url": bob.address} for one in bob.cookies]
        visit.context.add_cookies(cookies)
        page = visit.open(f"{bob.address}/project/{project}/image/{image}")
        page.get_by_text("This project is read-only: you can look and measure").wait_for()
        assert visit.complaints == []
