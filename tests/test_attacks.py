"""What one tries who knows the API well: rights that were, and words that are not theirs to say."""

from typing import Any

import pytest

from given.annotations import SQUARE
from strangers.addresses import fill, kinds_in
from strangers.asking import sent_with
from strangers.routes import ways
from strangers.world import World, make_world
from tables import sheet_of

HERS_ALONE = ("/associated/", "uploadedfile", "/atrisys/job/", "/attachedfile/{id}.json")
"""What a contributor is not shown of her world, or what is no picture."""


@pytest.fixture
def hers(given, tmp_path) -> World:
    return make_world(given, "alice", tmp_path, "zeppelin")


def test_who_was_taken_out_is_shown_no_picture_and_no_file_any_more(app, hers, bob):
    """Whatever was answered before: no cookie and no kept tile outlives the membership of who asks for it."""
    member = f"/api/project/{hers.ids['project']}/user/{bob.id}.json"
    assert hers.owner.post(member).status_code == 200
    settings = {"areImagesDownloadable": True}
    assert hers.owner.put(f"/api/project/{hers.ids['project']}.json", json=settings).status_code == 200
    addresses = [
        (fill(way.path, hers.ids), sent_with(way, hers.ids))
        for way in ways(app)
        if way.method == "GET"
        and way.is_picture
        and kinds_in(way.path)
        and not any(one in way.path for one in HERS_ALONE)
    ]
    shown = [address for address, sent in addresses if bob.get(address, **sent).status_code == 200]
    assert len(shown) > len(addresses) * 0.9
    assert hers.owner.delete(member).status_code == 200
    assert {bob.get(address, **sent).status_code for address, sent in addresses} == {404}


def _state(person: Any, address: str) -> dict[str, Any]:
    answer = person.get(address)
    assert answer.status_code == 200, answer.text
    return answer.json()


FORGED = {
    "id": 1,
    "created": "1",
    "updated": "1",
    "deleted": "1",
    "version": 99,
    "class": "x",
    "creator": 1,
    "owner": 1,
}
KEPT = ("id", "created", "deleted", "class", "user", "image", "ontology", "reviewUser")
"""What is decided by the server, whatever a body says."""


SAID = {
    "project": {"name": "renamed", "user": 1, "numberOfImages": 9},
    "imageinstance": {"instanceFilename": "renamed", "user": 1, "baseImage": 1, "reviewUser": 1},
    "annotation": {"location": "POINT (5 5)", "user": 1, "image": 1, "reviewed": True},
    "track": {"name": "renamed", "image": 1},
    "imagegroup": {"name": "renamed"},
    "term": {"name": "renamed", "ontology": 1},
    "ontology": {"name": "renamed", "user": 1},
    "storage": {"name": "renamed"},
    "uploadedfile": {"originalFilename": "renamed.svs", "user": 1},
    "abstractimage": {"magnification": 40, "user": 1},
    "tag": {"name": "renamed", "user": 1},
}
"""What is sent with a whole model of each kind, besides FORGED."""


def test_a_body_decides_nothing_that_is_the_servers_to_decide(hers):
    for kind, said in SAID.items():
        address = f"/api/{kind}/{hers.ids[kind]}.json"
        before = _state(hers.owner, address)
        body = {key: value for key, value in {**before, **FORGED, **said}.items() if value is not None}
        answer = hers.owner.put(address, json=body)
        assert answer.status_code in (200, 400, 403, 404), (kind, answer.text)
        after = _state(hers.owner, address)
        assert {key: after.get(key) for key in KEPT} == {key: before.get(key) for key in KEPT}, kind
        assert after["version"] in (before["version"], before["version"] + 1), kind


def test_nobody_lifts_their_own_role_by_a_body(bob):
    me = _state(bob, "/api/user/current.json")
    body = {
        **me,
        **FORGED,
        "role": "ROLE_ADMIN",
        "admin": True,
        "adminByNow": True,
        "roles": ["ROLE_ADMIN"],
        "enabled": True,
    }
    assert bob.put("/api/user/current.json", json={**body, "id": me["id"]}).status_code == 200
    after = _state(bob, "/api/user/current.json")
    assert (after["admin"], after["user"], after["id"], after["created"]) == (False, True, me["id"], me["created"])
    assert bob.get("/api/stats/all.json").status_code == 403


def test_a_list_is_filtered_and_sorted_by_no_path_into_another_table(given, alice):
    given.project(alice)
    for key in ("ontology.name", "ontology__name", "user.privateKey", "members.user.email", "creator_id"):
        for word in (f"{key}[ilike]", f"{key}[equals]"):
            assert alice.get("/api/project.json", params={word: "no such thing"}).json()["size"] == 1
        assert alice.get("/api/project.json", params={"sort": key}).json()["size"] == 1


# --- names that are more than names ----------------------------------------------------------------------------------

FORMULA = "=cmd|'/c calc'!A1"
TEMPLATE = "{name.__class__} {{7*7}} ${7*7} <%= 7*7 %> %(name)s %n"


@pytest.fixture
def tables(given, alice, bob):
    """Every address that hands out a table, in a project where whatever can be named is named as a formula."""
    bob.put("/api/user/current.json", json={"firstname": FORMULA, "lastname": "Brown"})
    ontology = given.ontology(alice)
    project = given.project(alice, [bob], ontology=ontology, name=FORMULA)
    image = given.image(project, alice, original_filename=FORMULA)
    given.annotation(image, bob, SQUARE, [given.term(ontology, FORMULA)])
    visit = given.connection(project, bob, os=FORMULA, browser=FORMULA, browser_version=FORMULA)
    given.consultation(image, bob, project_connection_id=visit.id, mode=FORMULA)
    path = f"/api/project/{project.id}"
    return {
        f"{path}/annotation/download": "format",
        f"{path}/user/download": "format",
        f"{path}/connectionHistory/{bob.id}.json": "export",
        f"/api/projectConnection/{visit.id}.json": "export",
        f"/api/imageconsultation/resume.json?project={project.id}&user={bob.id}": "export",
    }


def test_no_cell_of_any_table_is_a_formula(alice, tables):
    for address, word in tables.items():
        text = _table(alice, address, word, "csv").content.decode()
        assert FORMULA in text, address
        assert FORMULA not in text.replace(f"'{FORMULA}", ""), address
        if word == "format":
            cells = {cell for row in sheet_of(_table(alice, address, word, "xls").content) for cell in row}
            assert any(FORMULA in str(cell) for cell in cells), address


def _table(person: Any, address: str, word: str, format: str) -> Any:
    answer = person.get(f"{address}{'&' if '?' in address else '?'}{word}={format}")
    assert answer.status_code == 200, (address, answer.text)
    return answer


def test_every_address_that_exports_is_tried_here(alice, tables):
    """A new one is to be told above."""
    api = alice.get("/api/openapi.json").json()["paths"]
    gets = [said.get("get", {}).get("parameters", ()) for said in api.values()]
    exporting = [one for words in gets for one in words if one["name"] == "export"]
    assert len(exporting) == list(tables.values()).count("export")


@pytest.mark.parametrize("language", ["en", "zh-TW"])
def test_a_name_that_is_a_template_stays_as_it_is_in_models_and_refusals(given, alice, language):
    ontology = given.ontology(alice)
    said = {"name": TEMPLATE, "ontology": ontology.id, "color": "#00FF00"}
    assert alice.post("/api/term.json", json=said).json()["term"]["name"] == TEMPLATE
    again = alice.post("/api/term.json", json=said, headers={"accept-language": language})
    assert again.status_code == 409
    assert TEMPLATE in again.json()["message"]
