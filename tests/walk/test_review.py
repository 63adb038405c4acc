"""The official Python client, unmodified, and annotations that are accepted in review."""

import pytest

from walk.plain_slide import write_plain_slide
from walk.running import run_client
from walk.world import Walk

pytestmark = pytest.mark.clients
SQUARE = "POLYGON ((10 10, 10 30, 30 30, 30 10, 10 10))"


def test_an_annotation_is_accepted_listed_shown_reshaped_and_deleted(walk: Walk, tmp_path):
    ontology = tmp_path / "ontology.json"
    ontology.write_text('{"name": "Reviewed", "terms": []}', encoding="utf-8")
    project = walk.running.add_project("Reviewed", ["alice:manager"], ontology)
    slide = write_plain_slide(tmp_path / "reviewed.tif")
    keys = [walk.alice.public_key, walk.alice.private_key]
    words = [walk.running.address, *keys, str(project), str(slide)]
    assert run_client("4.3.0", "review_script.py", words, tmp_path) == {
        "before the review": True,
        "accepted": True,
        "listed": [[True, SQUARE, True]],
        "fetched": [True, SQUARE],
        "pictures": [True, True, True],
        "reshaped": SQUARE.replace("30", "50"),
        "left alone": SQUARE,
        "deleted": True,
        "left": 0,
    }
