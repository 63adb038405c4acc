"""The official Python client 4.3.0, unmodified, and what it hears of people."""

from typing import Any

import pytest

from walk.plain_slide import write_plain_slide
from walk.running import run_client
from walk.world import Walk

pytestmark = pytest.mark.clients


@pytest.fixture(scope="module")
def visit(walk: Walk, tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = tmp_path_factory.mktemp("people")
    project = walk.running.add_project("Watched", ["alice:manager"])
    (line,) = walk.running.import_slides([write_plain_slide(folder / "watched.tif")], project)
    keys = [walk.alice.public_key, walk.alice.private_key]
    words = [walk.running.address, *keys, str(project), str(line["imageInstance"])]
    return {"image": line["imageInstance"], **run_client("4.3.0", "people_script.py", words, folder)}


def test_what_a_viewer_tells_is_taken_down(visit: Any):
    assert visit["recorded"] == [True] * 4


def test_positions_actions_connections_and_consultations_are_read_back(visit: Any):
    assert visit["seen"] == {
        "position": "POLYGON ((10 30, 30 30, 30 10, 10 10, 10 30))",
        "positions": [2],
        "after": 0,
        "counted": [1],
        "on slice": 1,
        "action": "select",
        "actions": [True],
        "connections": [[True, "script"]],
        "consultations": [[visit["image"], "view"]],
    }
