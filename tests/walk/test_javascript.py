"""The official JavaScript client, unmodified, against a real server: every model, every collection, every method."""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from given import slides
from walk.running import CHECKOUT, COMMAND_WITHIN_S, Account, Running, new_server
from walk.world import ONTOLOGY

pytestmark = [pytest.mark.long, pytest.mark.clients]

CLIENT = CHECKOUT / ".clients" / "javascript"
ROUTES = CHECKOUT / "docs" / "cytomine-routes.md"
SIGNS_IN = "password: correct horse battery"
NOT_SERVED = "There is nothing at"
ROW = re.compile(r"\| (?P<method>[A-Z]+) \| `(?P<path>[^`]+)` \| (?P<clients>[^|]*) \| [^|]* \| (?P<state>[^|]*) \|")
"""One line of the table of Cytomine's routes."""
NOT_CALLED = {
    # Refuse by themselves: what they would ask for does not exist.
    "UserPosition.fetch", "UserPosition#fetch", "UserPosition#save", "UserPosition#update", "UserPosition#delete",
    # Ask `this` for what only an object has, and fail before any request.
    "Storage.addUser", "Storage.removeUser",
    # Of Keycloak, which ATrISys has not.
    "MyAccount.fetch", "MyAccount#update", "MyAccount.fetchCredentials",
    # Of servers before 4.0.
    "AbstractImage#fetchImageServers", "AbstractImage#fetchHistogramStats", "AbstractImage#extractHistogram",
    "Annotation#fetchProfileProjections", "ImageInstance#fetchLayersInOtherProjects", "ImageInstance#copyMetadata",
    "ImageInstance#copyData", "Storage.create",
}  # fmt: skip
"""Methods of the client that ask a server for nothing that is served."""
NOT_ASKED = {
    # Addresses that the client could make but asks another way.
    *("GET /api/annotation.json", "GET /api/annotation/search.json", "POST /api/property.json"),
    *("POST /api/imageinstance/{image}/review.json", "POST /api/annotation/{annotation}/review.json"),
    *("POST /api/annotationtrack/{annotation}/{track}.json", "POST /api/configuration/key/{key}.json"),
    *("GET /api/attachedfile.json", "GET /api/domain/{domainClassName}/{domainIdent}/sharedannotation.json"),
    *("GET /api/imageinstance/{id}/preview.{format}", "GET /api/abstractimage/{id}/preview.{format}"),
    "GET /api/companionfile/{id}/download",
    # Only by methods that fail before any request, or by a class that is not exported.
    *("POST /api/storage/{storage}/user/{user}.json", "DELETE /api/storage/{storage}/user/{user}.json"),
    "GET /api/imageserver/{id}.json",
}
"""Served for the client's sake, and tried in tests/resources."""


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    node = shutil.which("node") or shutil.which("node", path=str(CHECKOUT / ".venv" / "bin"))
    if node is None or not (CLIENT / ".ready").exists():
        pytest.skip("the official JavaScript client is not set up: run `make clients`")
    folder = tmp_path_factory.mktemp("javascript")
    with new_server(folder) as server:
        (folder / "world.json").write_text(json.dumps(_world(server, folder)), encoding="utf-8")
        yield _run(node, [str(CLIENT), server.address, str(folder / "world.json")], folder)


def _world(server: Running, folder: Path) -> dict[str, Any]:
    """Alice's project, with bob in it, and a slide; passwords for those who sign in."""
    accounts = {name: _with_password(server, name, role) for name, role in (("alice", "user"), ("ada", "admin"))}
    people = {name: server.add_user(name).id for name in ("bob", "charlie")}
    ontology = folder / "skin.json"
    ontology.write_text(json.dumps(ONTOLOGY), encoding="utf-8")
    project = server.add_project("walk & more", ["alice:manager", "bob:contributor"], ontology)
    (line,) = server.import_slides([slides.svs(folder / "plain.svs", width=300, height=200)], project)
    alice = accounts["alice"]
    first = {kind: server.ask(f"/api/{kind}.json", alice).json()[0]["id"] for kind in ("term", "storage")}
    filters = server.ask("/api/imagefilter.json", alice).json()
    image = line["imageInstance"]
    passwords = {name: [name, SIGNS_IN] for name in accounts}
    return {**passwords, **people, **first, "filter": filters[0]["id"], "project": project, "image": image}


def _with_password(server: Running, name: str, role: str) -> Account:
    words = ("user", "add", name, "--role", role, "--password-stdin")
    made = json.loads(server.command(*words, stdin=f"{SIGNS_IN}\n"))
    return Account(made["id"], made["username"], made["publicKey"], made["privateKey"])


def _run(node: str, words: list[str], folder: Path) -> dict[str, Any]:
    told = folder / "report.json"
    script = Path(__file__).with_name("javascript_script.mjs")
    environment = {"PATH": os.environ.get("PATH", ""), "HOME": str(folder), "REPORT": str(told)}
    done = subprocess.run(
        [node, str(script), *words], env=environment, capture_output=True, text=True, timeout=COMMAND_WITHIN_S
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return json.loads(told.read_text(encoding="utf-8"))


WHOLE = {"saved": True, "fetched": True, "changed": True, "listed": True, "gone": True, "unlisted": True}
NOT_CHANGED = {name: value for name, value in WHOLE.items() if name != "changed"}
LIVES = {
    **dict.fromkeys(
        (
            *("project", "ontology", "term", "storage", "uploaded file", "abstract image", "abstract slice"),
            *("image instance", "track", "image group", "annotation", "tag", "property", "default layer", "user"),
            *("configuration", "companion file", "slice instance"),
        ),
        WHOLE,
    ),
    **dict.fromkeys(("tag of an object", "attached file", "representative"), NOT_CHANGED),
    "description": {"saved": True, "fetched": True, "changed": True, "gone": True},
    "image filter of a project": {"saved": True, "listed": True, "unlisted": True},
}
"""Models that are saved, fetched, changed, found in lists, and deleted, as far as the client has it."""
SEEN = {
    "ping": True,
    "ui": "object",
    "signature": 28,
    "keys": ["primaryKey", "secondaryKey"],
    "of a file": [0],
    "companions of a file": 0,
    "several annotations": [
        "POLYGON ((10 10, 10 30, 30 30, 30 10, 10 10))",
        "POLYGON ((25 10, 25 30, 50 30, 50 10, 25 10))",
    ],
    "parent of a term": [True, None],
    "terms of an annotation": [True, True, 0],
    "an annotation on a track": [True, 1, 1, 1, 0],
    "groups": [True, True, None, 2, 1, 2, True, 1, 1, 1, 1, True],
    "comments": ["Look.", 1, "Look."],
    "shapes": [True, 0, True],
    "undo": [1, True, True],
    "review": [True, "ReviewedAnnotation", 1, 1, 1, True, 1, 1, 0, False],
    "addresses": [True] * 14,
    "a report of annotations": True,
    "members": [["alice", "bob", "charlie"], 3, 2, 1, True, 2, 2, 4, 1],
    "storages": [["alice", "bob"], ["alice"], "ADMINISTRATION"],
    "activity": [3, [3, 2], 1, 1, 1, 1, 1, 1, [True], 1, 0, 1, 2, 1, 1, 1, 1],
    "counted over time": [True] * 7,
    "index of a slice": 1,
    "index of an image": 1,
    "statistics": [[0, 1, 1, 1], [1, 1], [["grade"], [], [[20, 20, "2"]]]],
    "history": [5, 5],
    "pictures": [True, True, 3, 3, 3, 3],
    "a histogram of a slice": 2,
    "around an image": ["object", "object", True, True, 1, True, True, True, True, True],
    "lists of projects": [1, 1, 1, 4, 4],
    "pages": [True, True, True, True],
    "filters, encoded twice": ["walk & more"],
    "ui of a project": {"ADMIN_PROJECT": True, "CONTRIBUTOR_PROJECT": False},
    "a cleared ontology": None,
    "new keys": True,
    "admin session": [True, True],
    "roles": ["ROLE_GUEST", "ROLE_GUEST", 2, 1],
    "the server": [1, True, True, 0, 16, 0, True],
}
"""What the client sees of what it did."""


def test_every_model_makes_its_way_there_and_back(report):
    assert {name: seen for name, seen in _done(report).items() if name in LIVES} == _expected(report, LIVES)


def test_the_client_sees_the_effect_of_all_that_it_does(report):
    assert {name: seen for name, seen in _done(report).items() if name not in LIVES} == _expected(report, SEEN)


def _done(report: dict[str, Any]) -> dict[str, Any]:
    """All steps but those whose route is not served; the page of Cytomine's routes says which ones are."""
    return {name: seen for name, seen in report["steps"].items() if NOT_SERVED not in str(seen)}


def _expected(report: dict[str, Any], table: dict[str, Any]) -> dict[str, Any]:
    return {name: seen for name, seen in table.items() if NOT_SERVED not in str(report["steps"][name])}


def test_no_method_of_the_client_was_forgotten(report):
    assert set(report["uncalled"]) == NOT_CALLED


def test_every_route_that_the_client_asks_for_was_asked_and_answered(report):
    answered = {(method, path) for method, path, status in report["requests"] if status == 200}
    rows = [row for row in ROW.finditer(ROUTES.read_text(encoding="utf-8")) if "JavaScript" in row["clients"]]
    served = [row for row in rows if row["state"].strip() == "served"]
    assert len(served) > 250
    assert {f"{row['method']} {row['path']}" for row in served if not _is_among(row, answered)} == NOT_ASKED
    assert {status for _, _, status in report["requests"]} == {200, 404}


def _is_among(row: re.Match[str], answered: set[tuple[str, str]]) -> bool:
    pattern = re.compile(re.sub(r"\\{\w+\\}", "[^/]+", re.escape(row["path"])))
    return any(method == row["method"] and pattern.fullmatch(path) for method, path in answered)
