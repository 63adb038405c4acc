"""What the API's description says of answers and filters is what comes."""

from collections.abc import Iterator
from typing import Any

import anyio.from_thread
import pytest

from browser import Browser
from fitting import Description
from given.annotations import SQUARE
from people import Person
from strangers.addresses import fill
from strangers.asking import sent_with
from strangers.routes import ways
from strangers.walking import undone
from strangers.world import make_world

LARGE = "POLYGON ((5 5, 5 55, 55 55, 55 5, 5 5))"
ALL_COLUMNS = {
    f"show{name}": True for name in ["Meta", "WKT", "GIS", "Term", "Track", "Link", "User", "Image", "Slice"]
}
UNSEEN = {
    # Both want a job that failed, and answer as the cancelling of one does.
    "POST /api/atrisys/job/{id}/retry.json",
    "POST /api/atrisys/uploadedfile/{id}/retry.json",
}
"""What is described and not asked for here."""


class Asker:
    """Asks, looks whether the answer fits, and remembers what was asked for."""

    def __init__(self, description: Description) -> None:
        self.description = description
        self.answered: set[str] = set()
        self.described = {
            f"{method.upper()} {path}"
            for path, methods in description.paths.items()
            for method in methods
            if description.of_answer(method, path) is not None
        }

    def heed(self, name: str, answer: Any) -> Any:
        """The answer's JSON; nothing of one that is a refusal."""
        if answer.status_code != 200:
            return None
        said = answer.json()
        schema = self.description.of_answer(*name.split(" "))
        assert schema is not None, name
        assert self.description.misfits(said, schema) == [], name
        self.answered.add(name)
        return said

    def ask(self, who: Person | Browser, name: str, *ids: Any, **sent: Any) -> Any:
        """`name`: method and path, whose places `ids` fill in order."""
        method, path = name.split(" ")
        for id in ids:
            start = path.index("{")
            path = f"{path[:start]}{id}{path[path.index('}') + 1 :]}"
        answer = who.request(method, path, **sent)
        assert answer.status_code == 200, (name, answer.text)
        return self.heed(name, answer)


@pytest.fixture
def description(nobody) -> Description:
    return Description(nobody.get("/api/openapi.json").json())


@pytest.fixture
def portal() -> Iterator[anyio.from_thread.BlockingPortal]:
    """One event loop for a whole walk."""
    with anyio.from_thread.start_blocking_portal("asyncio") as portal:
        yield portal


def test_every_described_answer_fits_its_description(app, store, given, tmp_path, nobody, description, portal):
    hers, asker = make_world(given, "alice", tmp_path, "zeppelin", role="ROLE_SUPER_ADMIN"), Asker(description)
    hers.owner.portal = portal
    for way in ways(app):
        if str(way) in asker.described:
            with undone(store):
                answer = hers.owner.request(way.method, fill(way.path, hers.ids), **sent_with(way, hers.ids))
            asker.heed(str(way), answer)
    _annotations(asker, given, hers.owner, hers.ids)
    _people(asker, app, given, nobody, hers.owner, hers.ids["project"])
    _others(asker, given, hers.owner, hers.ids)
    assert asker.described - asker.answered == UNSEEN
    assert len(asker.answered) > 150


def _annotations(asker: Asker, given: Any, alice: Person, ids: Any) -> None:
    image, term = ids["imageinstance"], ids["term"]
    for origin in ("left-top", "left-bottom"):
        for query in ({}, {"reviewed": True}):
            said = {"image": image, "origin": origin, **ALL_COLUMNS, **query}
            asker.ask(alice, "GET /api/annotation.json", params=said)
            asker.ask(alice, "GET /api/annotation/search.json", params=said)
    asker.ask(alice, "GET /api/annotation/included.json", params={"image": image, "geometry": LARGE})
    for name in ("POST /api/userannotation.json", "POST /api/annotation.json"):
        asker.ask(alice, name, json=[{"image": image, "location": SQUARE}])
    drawn = asker.ask(alice, "POST /api/annotation.json", json={"image": image, "location": LARGE})["annotation"]["id"]
    command = asker.ask(alice, "POST /api/annotation/{id}/term/{term_id}.json", drawn, term)["command"]
    asker.ask(alice, "GET /api/command/{id}/undo.json", command)
    for kind in ("/api/command", "/command"):
        asker.ask(alice, f"GET {kind}/{{id}}/redo.json", command)
        asker.ask(alice, "GET /api/command/{id}/undo.json", command)
    for method in ("GET", "POST", "PUT"):
        asker.ask(alice, f"{method} /api/annotation/{{id}}/review.json", drawn)
        asker.ask(alice, "DELETE /api/annotation/{id}/review.json", drawn)
    line = {"location": "LINESTRING (0 30, 60 30)"}
    split = asker.ask(alice, "POST /api/atrisys/annotation/{id}/split.json", drawn, json=line)
    parts = {"annotations": [drawn, *split["parts"]]}
    asker.ask(alice, "POST /api/atrisys/annotation/merge.json", json=parts)
    alice.delete(f"/api/annotation/{drawn}.json")
    asker.ask(alice, "POST /api/atrisys/undelete/{kind}/{id}.json", "userannotation", drawn)


def _people(asker: Asker, app: Any, given: Any, nobody: Person, alice: Person, project: Any) -> None:
    bob = given.person("bob")
    browser = Browser(app)
    account = {"username": "bob", "password": "correct horse"}
    asker.ask(browser, "POST /api/atrisys/session.json", json=account)
    asker.ask(browser, "GET /api/atrisys/session.json")
    new = {"password": "another correct horse", "oldPassword": account["password"]}
    asker.ask(bob, "PUT /api/user/{name}/password.json", bob.id, json=new)
    asker.ask(bob, "PUT /api/user/{name}.json", "current", json={"firstname": "Bob"})
    for part in ("", "/admin"):
        asker.ask(alice, f"POST /api/project/{{id}}/user/{{user_id}}{part}.json", project, bob.id)
    for part in ("/admin", ""):
        asker.ask(alice, f"DELETE /api/project/{{id}}/user/{{user_id}}{part}.json", project, bob.id)
    asker.ask(alice, "PUT /api/user/{id}/role/{role}/define.json", bob.id, "ROLE_GUEST")
    for method in ("POST", "DELETE"):
        asker.ask(alice, f"{method} /api/user/{{name}}/lock.json", bob.id)
    asker.ask(alice, "DELETE /api/user/{name}.json", bob.id)
    token = asker.ask(alice, "POST /api/project/{id}/invitation.json", project, json={})["token"]
    asker.ask(nobody, "POST /api/atrisys/invitation.json", json={"token": token})
    dora = {"token": token, "username": "dora", "password": "a long new password"}
    asker.ask(nobody, "POST /api/atrisys/invitation/accept.json", json=dora)


def _others(asker: Asker, given: Any, alice: Person, ids: Any) -> None:
    ontology = given.ontology(alice)
    for name in ("relation/parent/term", "relation/term", f"relation/{ids['relation']}/term"):
        one, other = given.term(ontology), given.term(ontology)
        ends = {"term1": one.id, "term2": other.id}
        path = name.replace(str(ids["relation"]), "{relation}")
        asker.ask(alice, f"POST /api/{path}.json", *[ids["relation"]] * path.count("{"), json=ends)
    asker.ask(alice, "DELETE /api/ontology/{id}.json", ontology.id)
    for method, end in (("POST", "/cancel"), ("DELETE", "")):
        job = given.job(alice)
        asker.ask(alice, f"{method} /api/atrisys/job/{{id}}{end}.json", job.id)
    storage = ids["storage"]
    made = {"originalFilename": "new.svs", "storage": storage}
    file = asker.ask(alice, "POST /api/uploadedfile.json", json=made)["uploadedfile"]["id"]
    asker.ask(alice, "DELETE /api/uploadedfile/{id}.json", file)
    asker.ask(alice, "GET /api/abstractimage.json", params={"project": ids["project"]})
    elsewhere = given.project(alice).id
    asker.ask(alice, "POST /api/imageinstance.json", json={"project": elsewhere, "baseImage": ids["abstractimage"]})


def test_every_described_filter_filters(given, tmp_path, description):
    hers = make_world(given, "alice", tmp_path, "zeppelin")
    seen = 0
    for path, methods in description.paths.items():
        for parameter in methods.get("get", {}).get("parameters", ()):
            if parameter.get("style") == "deepObject":
                asked = {f"{parameter['name']}[in]": "-1"}
                sizes = [hers.owner.get(fill(path, hers.ids), params=query).json()["size"] for query in ({}, asked)]
                assert sizes[0] > 0, path
                assert sizes[1] == 0, path
                seen += 1
    assert seen >= 10
