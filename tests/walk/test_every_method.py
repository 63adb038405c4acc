"""Every method of every class of the official Python client 4.3.0, run against a real server, each seen by its effect.

every/ledger.py looks through the client's package, so that a class or a method that nobody thought of fails here.
"""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from walk.plain_slide import write_plain_slide
from walk.running import CHECKOUT, Account, Running, new_server, run_client

pytestmark = [pytest.mark.clients, pytest.mark.long]

LEFT_OUT = re.compile(r"^\| (?P<method>\w+) \| `(?P<path>[^`]+)` \|.*\| left out: (?P<why>.+) \|$", re.MULTILINE)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with new_server(tmp_path_factory.mktemp("every")) as running:
        yield running


@pytest.fixture(scope="module")
def cast(server: Running) -> dict[str, Account]:
    roles = {"ada": "admin", "alice": "user", "bob": "user", "charlie": "user"}
    return {name: server.add_user(name, role) for name, role in roles.items()}


@pytest.fixture(scope="module")
def report(server: Running, cast: dict[str, Account], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("driven")
    world = {
        "host": server.address,
        "keys": {name: [one.public_key, one.private_key] for name, one in cast.items()},
        "slide": str(write_plain_slide(folder / "slide.tif")),
    }
    return run_client("4.3.0", "every/drive.py", [json.dumps(world)], folder, within_s=1200)


def test_no_method_filter_or_option_of_the_client_is_forgotten(report: dict[str, Any]):
    known, seen = set(report["known"]), set(report["seen"])
    assert len(known) > 1000
    assert known - seen == set(), "nobody looked at what these do"
    assert seen - known == set(), "the client has no such thing, or a theme broke off"


def test_every_method_was_really_entered(report: dict[str, Any]):
    methods = {key for key in report["known"] if re.fullmatch(r"[\w.]+", key)}
    assert methods - set(report["called"]) == set()


def test_the_server_says_afterwards_what_was_done(report: dict[str, Any]):
    pairs = [(key, saw, wanted) for key, both in report["seen"].items() for saw, wanted in both]
    wrong = [f"{key}\n  saw    {saw}\n  wanted {wanted}" for key, saw, wanted in pairs if saw != wanted]
    assert not wrong, "\n".join(wrong)


def left_out() -> list[tuple[str, str, str]]:
    """Method, address and reason, as docs/cytomine-routes.md tells them."""
    text = (CHECKOUT / "docs" / "cytomine-routes.md").read_text(encoding="utf-8")
    return [found.group("method", "path", "why") for found in LEFT_OUT.finditer(text)]


def test_what_is_left_out_is_refused_with_words(server: Running, cast: dict[str, Account]):
    rows = left_out()
    assert len(rows) > 100
    wrong = []
    for method, path, why in rows:
        answer = server.ask(re.sub(r"\{\w+\}", "1", path), cast["alice"], method=method)
        is_json = answer.headers.get("content-type", "").startswith("application/json")
        body = answer.json() if is_json and answer.content else {}
        told = [bool(body.get(word)) for word in ("errors", "message", "code")]
        if answer.status_code not in (404, 405, 501) or not all(told):
            wrong.append(f"{method} {path} ({why}): {answer.status_code} {answer.text[:200]}")
    assert not wrong, "\n".join(wrong)
