"""The official Python clients from PyPI, unmodified, against a real server: connect, list, upload, draw, download."""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from walk.plain_slide import SIZE, write_plain_slide
from walk.running import run_client
from walk.world import Walk

pytestmark = pytest.mark.clients

DEPLOYED = 100


@dataclass(frozen=True)
class Visit:
    """One client's way through a project of its own."""

    version: str
    report: dict[str, Any]
    folder: Path
    slide: Path


@pytest.fixture(scope="module", params=["2.3.4", "3.1.0", "4.3.0"])
def visit(request: pytest.FixtureRequest, walk: Walk, tmp_path_factory: pytest.TempPathFactory) -> Visit:
    version, folder = request.param, tmp_path_factory.mktemp("client")
    ontology = folder / "ontology.json"
    ontology.write_text(f'{{"name": "Of client {version}", "terms": []}}', encoding="utf-8")
    project = walk.running.add_project(f"Of client {version}", ["alice:manager"], ontology)
    slide = write_plain_slide(folder / "uploaded slide.tif")
    keys = [walk.alice.public_key, walk.alice.private_key]
    words = [walk.running.address, *keys, str(project), str(slide)]
    return Visit(version, run_client(version, "client_script.py", words, folder), folder, slide)


def test_it_connects_with_its_own_way_of_signing(visit: Visit):
    assert visit.report["user"] == "alice"
    assert visit.report["keys"] is True


def test_it_lists_projects_images_and_storages(visit: Visit):
    assert visit.report["project"] == f"Of client {visit.version}"
    assert visit.report["images before"] == 0
    assert visit.report["storages"] == 1


def test_it_uploads_a_slide_and_sees_it_in_the_project(visit: Visit):
    upload = visit.report["upload"]
    assert upload == {"status": DEPLOYED, "name": "uploaded slide.tif", "abstract": list(SIZE), "listed": True}
    assert visit.report["image"]["size"] == list(SIZE)
    assert visit.report["image"]["name"] == "uploaded slide.tif"
    assert visit.report["slice"] is True


def test_it_downloads_pictures_and_the_file_itself(visit: Visit):
    assert all(visit.report[what] is True for what in ("thumb", "window", "download", "crop", "mask", "crop again"))
    with Image.open(visit.folder / "thumb.png") as thumb, Image.open(visit.folder / "window.png") as window:
        assert max(thumb.size) == 200
        assert window.size == (120, 90)
    with Image.open(visit.folder / "crop.png") as crop, Image.open(visit.folder / "mask.png") as mask:
        assert crop.size == mask.size == (30, 30)
        assert set(mask.convert("L").tobytes()) == {255}
    assert (visit.folder / "crop again.png").exists() is False
    assert (visit.folder / "crop-again.png").read_bytes() == (visit.folder / "crop.png").read_bytes()
    assert digest(visit.folder / "original.bin") == digest(visit.slide)


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_it_draws_edits_labels_and_deletes(visit: Visit):
    report = visit.report
    assert report["annotation"]["location"] == "POLYGON ((10 10, 10 40, 40 40, 40 10, 10 10))"
    assert len(report["annotation"]["term"]) == 1
    assert report["edited"] == "POLYGON ((50 10, 50 40, 80 40, 80 10, 50 10))"
    assert len(report["link"]) == 2
    assert report["terms"] is True
    assert report["unlinked"] is True
    assert report["deleted"] is True
    assert report["gone"] is True


def test_it_undoes_and_redoes_its_last_command(visit: Visit):
    messages, location = visit.report["undone"]
    assert [message.split()[0] for message in messages] == ["UserAnnotation", "AnnotationTerm"]
    assert location == visit.report["edited"]
    assert visit.report["redone"] == [2, True]


def test_it_saves_a_collection_whose_last_chunk_is_empty(visit: Visit):
    assert visit.report["bulk"] is True
    assert visit.report["listed"] == 31
    assert visit.report["left"] == 30


def test_a_wrong_key_reads_nothing(visit: Visit):
    assert visit.report["stranger"] is True
