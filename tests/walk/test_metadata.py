"""The official Python clients, unmodified, and what they say of objects of every kind."""

from pathlib import Path
from typing import Any

import pytest

from walk.plain_slide import write_plain_slide
from walk.running import run_client
from walk.world import Walk

pytestmark = pytest.mark.clients

KINDS = {
    *("project", "storage", "ontology", "term", "uploaded file", "abstract image", "image", "slice", "annotation"),
    "user",
}


@pytest.fixture(scope="module", params=["2.3.4", "3.1.0", "4.3.0"])
def visit(request: pytest.FixtureRequest, walk: Walk, tmp_path_factory: pytest.TempPathFactory) -> Any:
    version, folder = request.param, tmp_path_factory.mktemp("metadata")
    ontology = folder / "ontology.json"
    ontology.write_text(f'{{"name": "Described by {version}", "terms": []}}', encoding="utf-8")
    project = walk.running.add_project(f"Described by {version}", ["alice:manager"], ontology)
    slide = write_plain_slide(folder / "described.tif")
    keys = [walk.alice.public_key, walk.alice.private_key]
    words = [walk.running.address, *keys, str(project), str(slide)]
    return {"project": project, "folder": folder, **run_client(version, "metadata_script.py", words, folder)}


def test_tags_are_made_renamed_listed_and_deleted(visit: Any):
    project = visit["project"]
    assert visit["tags saved"] is True
    assert visit["tag"] == [f"seen by {project}", "alice", f"seen by {project}"]
    assert visit["tag renamed"] == f"marked by {project}"
    assert visit["tag twice"] is True
    assert visit["tags listed"] == ["a", "b", "c"]
    assert visit["tag deleted"] is True
    assert visit["tags of project"] == 2
    assert visit["tags cleared"] == [True] * 3


def test_objects_of_every_kind_have_properties(visit: Any):
    assert set(visit["objects"]) == KINDS
    for name, said in visit["objects"].items():
        assert said["properties"] == {
            "saved": ["stain", "5", True],
            "updated": "H&E",
            "fetched": "H&E",
            "by key": "H&E",
            "bulk": True,
            "listed": [21, "value 7"],
            "deleted": True,
            "gone": True,
        }, name


def test_objects_of_every_kind_have_one_description(visit: Any):
    for name, said in visit["objects"].items():
        assert said["description"] == {
            "none": True,
            "saved": "<b>first</b>",
            "twice": True,
            "updated": "second",
            "fetched": "second",
            "deleted": True,
            "gone": True,
        }, name


def test_objects_of_every_kind_bear_tags(visit: Any):
    project = visit["project"]
    names = [f"marked by {project}", *(f"{name} of {project}" for name in "abc")]
    for name, said in visit["objects"].items():
        assert said["tags"] == {
            "saved": [True, names[0], True],
            "bulk": True,
            "listed": names,
            "fetched": names[0],
            "deleted": True,
            "left": 3,
        }, name
    assert visit["annotations by tag"] is True


def test_objects_of_every_kind_have_files_whose_bytes_come_back(visit: Any):
    folder: Path = visit["folder"]
    for name, said in visit["objects"].items():
        assert said["files"] == {
            "saved": ["notes.txt", True],
            "listed": ["notes.txt"],
            "fetched": "notes.txt",
            "downloaded": True,
            "updated": [True, True],
            "deleted": True,
            "left": 0,
        }, name
        assert (folder / f"{name}.bin").read_text() == "notes"
        assert (folder / f"{name}-again.bin").read_text() == "better notes"


def test_what_is_said_of_an_annotation_goes_with_it(visit: Any):
    assert visit["annotation deleted"] is True
    assert visit["properties of it"] is True
