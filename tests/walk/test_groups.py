"""The official Python client, unmodified, and tracks and groups."""

from typing import Any

import pytest

from walk.plain_slide import write_plain_slide
from walk.running import run_client
from walk.world import Walk

pytestmark = pytest.mark.clients


@pytest.fixture(scope="module")
def visit(walk: Walk, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("groups")
    project = walk.running.add_project("Followed and grouped", ["alice:manager"])
    slide = write_plain_slide(folder / "followed.tif")
    keys = [walk.alice.public_key, walk.alice.private_key]
    words = [walk.running.address, *keys, str(project), str(slide)]
    return run_client("4.3.0", "groups_script.py", words, folder)


def test_tracks_are_made_followed_and_deleted(visit: dict[str, Any]):
    assert visit["tracks"] == {
        "saved": ["nucleus", "#123456", True, True],
        "fetched": "nucleus",
        "updated": "nucleus 1",
        "project": ["nucleus 1"],
        "imageinstance": ["nucleus 1"],
        "linked": [True, True],
        "link fetched": True,
        "listed": [[True, True]],
        "shown": True,
        "link deleted": True,
        "left": 0,
        "deleted": True,
        "gone": True,
    }


def test_image_groups_are_made_filled_and_deleted(visit: dict[str, Any]):
    assert visit["image groups"] == {
        "saved": ["block", True, 0],
        "updated": "block 1",
        "project": ["block 1"],
        "linked": [True, True, "block 1"],
        "link fetched": True,
        "imagegroup": [True],
        "imageinstance": [True],
        "images": [True],
        "fetched": 1,
        "link deleted": True,
        "left": 0,
        "deleted": True,
        "gone": True,
    }
