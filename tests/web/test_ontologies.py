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
