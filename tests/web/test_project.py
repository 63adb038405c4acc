"""The pages of one project: somebody makes it, fills its ontology, asks people in, and takes training data home."""

import io
import re
import zipfile

import pytest
import requests
from playwright.sync_api import expect

from given.slides import svs

pytestmark = pytest.mark.browser


def _new_project(visit, demo, name: str) -> str:
    """The address of the project that the page has made."""
    page = visit.open(f"{demo.told['address']}/projects")
    page.get_by_role("button", name="New project").click()
    page.get_by_role("dialog").get_by_label("Name").fill(name)
    page.get_by_role("button", name="Create").click()
    page.get_by_role("heading", name=name).wait_for()
    return page.url


def _with_slide(demo, project: int) -> int:
    """The demo's slide in that project as well."""
    slide = demo.ask(f"/api/imageinstance/{demo.told['imageId']}.json")["baseImage"]
    return demo.send("/api/imageinstance.json", project=project, baseImage=slide)["imageinstance"]["id"]


def _draw(demo, image: int, x: int) -> None:
    corners = f"{x} 100, {x} 200, {x + 100} 200, {x + 100} 100, {x} 100"
    demo.send("/api/annotation.json", image=image, location=f"POLYGON (({corners}))")


def test_a_project_is_made_with_an_ontology_whose_terms_are_edited(visit, demo):
    address = _new_project(visit, demo, "Mitoses")
    page = visit.open(f"{address}/ontology")
    for name in ("Cell", "Mitosis"):
        page.get_by_role("button", name="Add a term", exact=True).click()
        page.get_by_role("dialog").get_by_label("Name").fill(name)
        page.get_by_role("button", name="Save").click()
        page.get_by_role("button", name=f"Change {name}").wait_for()
    page.get_by_role("button", name="Change Mitosis").click()
    page.get_by_role("dialog").get_by_label("Name").fill("Mitotic figure")
    page.get_by_role("dialog").locator(".v-select").first.click()
    page.get_by_role("option", name="Cell").click()
    page.get_by_role("button", name="Save").click()
    page.get_by_role("button", name="Change Mitotic figure").wait_for()
    project = address.rsplit("/", 1)[1]
    terms = {term["name"]: term for term in demo.ask(f"/api/project/{project}/term.json")}
    assert terms.keys() == {"Cell", "Mitotic figure"}
    assert terms["Mitotic figure"]["parent"] == terms["Cell"]["id"]
    page.get_by_role("button", name="Delete Cell").click()
    page.get_by_role("button", name="Delete", exact=True).click()
    page.get_by_role("button", name="Delete Cell").wait_for(state="detached")
    assert [term["name"] for term in demo.ask(f"/api/project/{project}/term.json")] == ["Mitotic figure"]
    assert visit.complaints == []


def test_a_manager_asks_somebody_in_raises_them_and_takes_them_out(visit, demo):
    keys = {"X-Auth-Token": demo.told["publicKey"], "X-Auth-Secret": demo.told["privateKey"]}
    names = {"username": "bob", "firstname": "Bob", "lastname": "B"}
    bob = {**names, "password": "correct horse", "email": "bob@example.org"}
    requests.get(f"{demo.told['address']}/api/session/admin/open.json", headers=keys, timeout=30).raise_for_status()
    requests.post(f"{demo.told['address']}/api/user.json", json=bob, headers=keys, timeout=30).raise_for_status()
    address = _new_project(visit, demo, "With Bob")
    project = address.rsplit("/", 1)[1]
    page = visit.open(f"{address}/members")

    def role() -> str | None:
        members = demo.ask(f"/api/project/{project}/user.json")
        return next((one["role"] for one in members if one["username"] == "bob"), None)

    page.get_by_label("Find somebody by name").fill("bob")
    page.get_by_role("option", name="Bob B (bob)").click()
    page.get_by_role("button", name="Add as contributor").click()
    row = page.get_by_role("row").filter(has_text="Bob B")
    row.wait_for()
    assert role() == "contributor"
    row.locator(".v-select").click()
    with page.expect_response(lambda answer: answer.url.endswith("/admin.json")):
        page.get_by_role("option", name="Manager").click()
    assert role() == "manager"
    row.get_by_role("button", name="Remove").click()
    page.get_by_role("dialog").get_by_role("button", name="Remove").click()
    row.wait_for(state="detached")
    assert role() is None
    assert visit.complaints == []


def test_settings_are_kept_and_a_project_goes_only_by_its_name(visit, demo):
    address = _new_project(visit, demo, "Short lived")
    page = visit.open(f"{address}/settings")
    page.get_by_role("textbox", name="Name").fill("Blind trial")
    page.get_by_label("Blind:").check()
    page.get_by_label("Read-only:").check()
    page.get_by_role("button", name="Save").click()
    page.get_by_text("Saved.").wait_for()
    kept = demo.ask(f"/api/project/{address.rsplit('/', 1)[1]}.json")
    assert (kept["name"], kept["blindMode"], kept["isReadOnly"]) == ("Blind trial", True, True)
    page.reload()
    page.get_by_role("button", name="Delete the project").click()
    sure = page.get_by_role("dialog").get_by_role("button", name="Delete the project")
    page.get_by_label("Type the project's name to confirm").fill("Short lived")
    assert sure.is_disabled()
    page.get_by_label("Type the project's name to confirm").fill("Blind trial")
    sure.click()
    page.wait_for_url("**/projects")
    page.get_by_role("link", name="Demo").wait_for()
    assert page.get_by_role("link", name="Blind trial").count() == 0


def test_the_wall_shows_crops_of_the_chosen_term_that_lead_to_the_slide(visit, demo):
    page = visit.open(f"{demo.told['address']}/project/{demo.told['projectId']}/annotations")
    drawn = demo.ask(f"/api/project/{demo.told['projectId']}/userannotation/count.json")["total"]
    page.get_by_text(f"{drawn:,} annotations").wait_for()
    page.get_by_role("combobox", name="Terms").click()
    page.get_by_role("option", name="Lymphoid aggregate").click()
    page.keyboard.press("Escape")
    crop = page.get_by_role("img", name="Lymphoid aggregate").first
    crop.wait_for()
    page.wait_for_function("picture => picture.naturalWidth > 0", arg=crop.element_handle())
    expect(page.locator("li img:not([alt*='Lymphoid aggregate'])")).to_have_count(0)
    crop.click()
    page.locator(".slide > .ol-viewport").wait_for()
    assert "d=1" in page.url
    assert visit.complaints == []


def test_chosen_annotations_change_their_term_and_go_together_and_come_back(visit, demo):
    address = _new_project(visit, demo, "Wall")
    project = int(address.rsplit("/", 1)[1])
    ontology = demo.ask(f"/api/project/{project}.json")["ontology"]
    term = demo.send("/api/term.json", name="Vessel", color="#00ff00", ontology=ontology)["term"]["id"]
    image = _with_slide(demo, project)
    for x in (100, 300, 500):
        _draw(demo, image, x)

    def terms() -> list[list[int]]:
        return sorted(row["term"] for row in demo.ask("/api/annotation.json", project=project, showTerm=True))

    page = visit.open(f"{address}/annotations")
    for place in (0, 1):
        page.get_by_role("checkbox").nth(place).check()
    page.get_by_text("2 chosen").wait_for()
    page.locator(".v-select").filter(has_text="Give them a term").click()
    page.get_by_role("option", name="Vessel").click()
    page.get_by_text("2 annotations have their new term.").wait_for()
    assert terms() == [[], [term], [term]]
    page.get_by_role("button", name="Choose all shown").click()
    page.get_by_role("button", name="Delete").click()
    page.get_by_text("3 annotations were deleted.").wait_for()
    assert terms() == []
    page.get_by_role("button", name="Undo").click()
    page.get_by_text("3 annotations", exact=True).wait_for()
    assert terms() == [[], [term], [term]]
    assert visit.complaints == []


def test_an_export_is_started_watched_and_downloaded(visit, demo):
    address = _new_project(visit, demo, "Exported")
    _draw(demo, _with_slide(demo, int(address.rsplit("/", 1)[1])), 100)
    page = visit.open(f"{address}/export")
    page.get_by_role("button", name="Start the export").click()
    link = page.get_by_role("link", name="Download")
    link.wait_for(timeout=60_000)
    with page.expect_download() as download:
        link.click()
    names = zipfile.ZipFile(io.BytesIO(download.value.path().read_bytes())).namelist()
    assert any(name.endswith("_mask.png") for name in names)
    assert any(name.endswith(".geojson") for name in names)
    assert visit.complaints == []


def test_images_stand_in_a_table_that_the_server_sorts_and_the_browser_remembers(visit, demo, tmp_path):
    address = _new_project(visit, demo, "Table")
    project = int(address.rsplit("/", 1)[1])
    most = _with_slide(demo, project)
    demo.upload(project, svs(tmp_path / "few.svs", width=600, height=400))
    images = demo.ask(f"/api/project/{project}/imageinstance.json")
    few = next(image["id"] for image in images if image["id"] != most)
    for image, x in ((few, 100), (most, 100), (most, 300)):
        _draw(demo, image, x)
    page = visit.open(address)
    page.get_by_role("checkbox", name="Choose few.svs").check()
    page.get_by_role("button", name="Table").click()
    page.wait_for_url("**?view=table")
    expect(page.get_by_role("checkbox", name="Choose few.svs")).to_be_checked()
    first = page.get_by_role("row").nth(1)

    def stands_first(image: int) -> None:
        link = f"/project/{project}/image/{image}"
        expect(first.get_by_role("link")).to_have_attribute("href", re.compile(f"{link}$"))

    stands_first(few)
    for image in (few, most):
        with page.expect_response(lambda answer: "sort=numberOfAnnotations" in answer.url):
            page.get_by_role("columnheader", name="Annotations", exact=True).click()
        stands_first(image)
    asked = {"sort": "numberOfAnnotations", "order": "desc", "max": 1}
    [told] = demo.ask(f"/api/project/{project}/imageinstance.json", **asked)
    assert (told["id"], told["numberOfAnnotations"]) == (most, 2)
    cells = first.get_by_role("cell").all_inner_texts()
    assert cells[3] == f"{told['width']:,} × {told['height']:,} px"
    assert cells[6:8] == ["2", "0"]
    page.get_by_role("searchbox", name="Search by name").fill("few")
    stands_first(few)
    expect(page.get_by_role("row")).to_have_count(2)
    visit.open(address)
    page.wait_for_url("**?view=table")
    expect(page.get_by_role("row")).to_have_count(3)
    expect(page.get_by_role("tab", name="Images")).to_have_attribute("aria-current", "page")
    assert visit.complaints == []
