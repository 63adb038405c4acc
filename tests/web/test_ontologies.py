"""An ontology beside projects: made, filled, turned round by dragging, renamed, deleted."""

import pytest

pytestmark = pytest.mark.browser


def test_an_ontology_is_made_its_terms_are_moved_and_their_use_is_told(visit, demo):
    address = demo.told["address"]
    page = visit.open(f"{address}/ontologies")
    page.get_by_role("link", name="Demo").first.click()
    page.get_by_role("listitem").filter(has_text="Nucleus").first.get_by_text("annotation").wait_for()

    page.goto(f"{address}/ontologies")
    page.get_by_role("button", name="New ontology").click()
    page.get_by_role("dialog").get_by_label("Name").fill("Kidney")
    page.get_by_role("button", name="Create").click()
    page.get_by_role("heading", name="Kidney").wait_for()
    number = page.url.rsplit("/", 1)[1]

    def parents():
        terms = demo.ask(f"/api/ontology/{number}/term.json")
        names = {term["id"]: term["name"] for term in terms}
        return {term["name"]: names.get(term["parent"]) for term in terms}

    for name in ("Glomerulus", "Sclerosis"):
        page.get_by_role("button", name="Add a term", exact=True).click()
        page.get_by_role("dialog").get_by_label("Name").fill(name)
        page.get_by_role("button", name="Save").click()
        page.get_by_role("button", name=f"Change {name}").wait_for()
    above, below = (page.get_by_role("listitem").filter(has_text=name) for name in ("Glomerulus", "Sclerosis"))
    with page.expect_response("**/relation/parent/term.json"):
        below.drag_to(above)
    assert parents() == {"Glomerulus": None, "Sclerosis": "Glomerulus"}
    above.drag_to(below)
    assert parents() == {"Glomerulus": None, "Sclerosis": "Glomerulus"}
    with page.expect_response("**/relation/parent/term1/**"):
        below.drag_to(page.get_by_role("heading", name="Terms"))
    assert parents() == {"Glomerulus": None, "Sclerosis": None}

    page.get_by_role("button", name="Rename").click()
    page.get_by_role("dialog").get_by_label("Name").fill("Kidney biopsy")
    page.get_by_role("button", name="Save").click()
    page.get_by_role("heading", name="Kidney biopsy").wait_for()
    page.get_by_role("button", name="Delete", exact=True).click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    page.wait_for_url("**/ontologies")
    page.get_by_role("link", name="Demo").first.wait_for()
    assert page.get_by_role("link", name="Kidney").count() == 0
    assert visit.complaints == []


def test_a_term_is_given_a_key_in_the_editor_and_chosen_by_it_in_the_viewer(visit, demo):
    page = visit.open(f"{demo.told['address']}/project/{demo.told['projectId']}/ontology")
    page.get_by_role("button", name="Change Nucleus").click()
    page.get_by_role("dialog").locator(".v-select", has_text="Key in the viewer").click()
    page.get_by_role("option", name="C", exact=True).click()
    page.get_by_role("button", name="Save").click()
    page.get_by_role("listitem").filter(has_text="Nucleus").locator("kbd", has_text="C").wait_for()

    page.goto(demo.viewer)
    page.locator(".count", has_text="here").wait_for()
    page.keyboard.press("c")
    page.get_by_role("radio", name="Nucleus", exact=True).and_(page.locator(":checked")).wait_for()
    page.keyboard.press("c")
    page.get_by_role("radio", name="No term").and_(page.locator(":checked")).wait_for()
    nucleus = next(
        term for term in demo.ask(f"/api/project/{demo.told['projectId']}/term.json") if term["name"] == "Nucleus"
    )
    assert nucleus["shortcut"] == "c"


def test_a_term_is_coloured_in_the_viewer(visit, demo):
    def colour(name):
        terms = demo.ask(f"/api/project/{demo.told['projectId']}/term.json")
        return next(term["color"] for term in terms if term["name"] == name).lower()

    page = visit.open(demo.viewer)
    field = page.get_by_label("Colour of Stroma")
    before = field.input_value()
    assert before == colour("Stroma")
    for new in ("#00aa55", before):
        with page.expect_response("**/api/term/*.json"):
            field.fill(new)
        assert colour("Stroma") == new
    assert visit.complaints == []
