"""A walk over every GET with a slide that is full of a patient's name: no byte of it reaches who may not see its label.

What is in no answer to a contributor: what stands in tags, comments, private parts, holes, label and thumbnail; and
in a blinded project the name of the file as well.
"""

import io
import zipfile
from collections.abc import Iterator

import anyio.from_thread
import pytest

from given import planted, slides
from strangers.addresses import fill
from strangers.asking import sent_with
from strangers.routes import ways
from strangers.world import make_world

LABELS = ("macro", "label", "thumb", "thumbnail")
WAYS_TO_DOWNLOAD = ("clean=true", "clean=false")


@pytest.fixture
def portal() -> Iterator[anyio.from_thread.BlockingPortal]:
    with anyio.from_thread.start_blocking_portal("asyncio") as portal:
        yield portal


def bytes_of(answer) -> bytes:
    """All that an answer says; of a zip also what is packed in it."""
    said = b"\n".join(b"%b: %b" % pair for pair in answer.headers.raw) + b"\n" + answer.content
    if answer.content[:4] == b"PK\x03\x04":
        with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
            said += b"".join(archive.read(entry) for entry in archive.infolist())
    return said


def addresses(app, ids):
    """Every GET; where it takes more than one word each of them."""
    for way in ways(app):
        if way.method != "GET" or way.is_open or "keys" in way.path or "session" in way.path or "admin" in way.path:
            continue
        if "{label}" in way.path:
            yield from ((way, fill(way.path.replace("{label}", label), ids)) for label in LABELS)
        elif way.path.endswith("/download"):
            yield from ((way, f"{fill(way.path, ids)}?{asked}") for asked in WAYS_TO_DOWNLOAD)
        elif "{format}" in way.path:
            path = fill(way.path, ids)
            yield from ((way, path), (way, path.replace(".png", ".jpg")))
        elif "/tile/" in way.path and "{level}" in way.path:
            yield from ((way, fill(way.path.replace("{column}", str(at % 3)).replace("{row}", str(at // 3)), ids))
                        for at in range(6))  # fmt: skip
        else:
            yield way, fill(way.path, ids)


def leaks(app, person, portal, ids, secret) -> tuple[list[str], int]:
    """Where something of the secret came back; and how many answers were 200."""
    found, good = [], 0
    person.portal = portal
    for way, address in addresses(app, ids):
        answer = person.get(address, **({} if "?" in address else sent_with(way, ids)))
        said = bytes_of(answer)
        if told := [one for one in secret if one in said]:
            found.append(f"{address}: {told}")
        good += answer.status_code == 200
    return found, good


@pytest.fixture
def world(given, bob, tmp_path):
    """Alice's, with bob as a contributor; what `planted` made in it."""

    def make(path, **settings):
        hers = make_world(given, "alice", tmp_path, "zeppelin", path=path)
        project = f"/api/project/{hers.ids['project']}"
        assert hers.owner.post(f"{project}/user/{bob.id}.json").status_code == 200
        assert hers.owner.put(f"{project}.json", json=settings).status_code == 200
        return hers

    return make


def test_nothing_of_the_name_in_a_tiff_reaches_a_contributor_or_a_stranger(
    app, world, bob, charlie, portal, tmp_path, caplog
):
    path, secret = planted.svs(tmp_path / "case 7.svs")
    hers = world(path, areImagesDownloadable=True)
    found, good = leaks(app, bob, portal, hers.ids, secret)
    assert not found
    assert good > 100
    found, good = leaks(app, charlie, portal, hers.ids, secret)
    assert not found
    assert not [one for one in secret if one in caplog.text.encode()]


def test_without_the_walls_the_walk_would_find_it(app, world, portal, tmp_path):
    path, secret = planted.svs(tmp_path / "case 7.svs")
    hers = world(path)
    found, _ = leaks(app, hers.owner, portal, hers.ids, secret)
    where = " ".join(found)
    assert "/download?clean=false" in where
    assert "metadata.json" in where
    assert "deidentification.json" in where
    assert "clean=true" not in where
    assert "/tile/" not in where


def test_a_blinded_project_hides_the_name_of_the_file_as_well(app, world, bob, portal, tmp_path):
    path, secret = planted.svs(tmp_path / f"{planted.PATIENT['file']}.svs")
    hers = world(path, areImagesDownloadable=True, blindMode=True)
    found, good = leaks(app, bob, portal, hers.ids, secret | planted.written(planted.PATIENT["file"]))
    assert not found
    assert good > 80


@pytest.mark.long
@slides.needs_real
def test_nothing_of_the_patient_in_a_zipped_dicom_folder_reaches_a_contributor(app, world, bob, portal, tmp_path):
    archive, secret = planted.dicom(tmp_path / "patient", tmp_path / "case 8.zip")
    hers = world(archive, areImagesDownloadable=True)
    found, good = leaks(app, bob, portal, hers.ids, secret)
    assert not found
    assert good > 100


@slides.needs_real
def test_the_words_about_a_broken_slide_name_no_file_of_it(world, bob, store, tmp_path):
    archive, _ = planted.dicom(tmp_path / "patient", tmp_path / "case 8.zip")
    hers = world(archive)
    for file in store.folder.files.rglob(f"{planted.PATIENT['file']}*.dcm"):
        file.write_bytes(file.read_bytes()[:5000])
    answer = bob.get(fill("/api/imageinstance/{id}/window-{x}-{y}-{w}-{h}.{format}", hers.ids))
    assert answer.status_code == 500
    assert planted.PATIENT["file"] not in answer.text
