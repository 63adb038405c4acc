import io
import os
import threading
import zipfile

import numpy as np
import openslide
import pytest
from sqlalchemy import select

from atrisys.access import clean_copy
from atrisys.access.caller import caller_for
from atrisys.errors import NotAllowed
from atrisys.jobs import make_clean_copy
from atrisys.jobs.context import JobContext
from atrisys.store import queue
from atrisys.store.tables import Job, SecUser, UploadedFile
from atrisys.store.tables.files import READ
from events import about
from given import planted, slides


@pytest.fixture
def file(tmp_path):
    return slides.svs(tmp_path / "切片 1.svs")


def of(taken):
    return f"/api/imageinstance/{taken.image_instance_ids[0]}/download"


def base_of(taken):
    return f"/api/abstractimage/{taken.abstract_image_id}/download"


def test_a_manager_gets_the_bytes_and_the_name_back(given, alice, file):
    taken = given.slide(alice, given.project(alice), path=file)
    for path in (of(taken), base_of(taken)):
        answer = alice.get(path)
        assert answer.content == file.read_bytes()
        assert "filename*=UTF-8''%E5%88%87%E7%89%87%201.svs" in answer.headers["content-disposition"]
        assert answer.headers["content-type"] == "application/octet-stream"
        part = alice.get(path, headers={"Range": "bytes=100-199"})
        assert (part.status_code, part.content) == (206, file.read_bytes()[100:200])
        assert alice.head(path).headers["content-length"] == str(file.stat().st_size)


@pytest.fixture
def taken(given, alice, file):
    return given.slide(alice, given.project(alice), path=file)


def part(alice, taken, said, **more):
    return alice.get(of(taken), headers={"range": said, **more})


def test_a_download_goes_on_where_it_ended(alice, taken, file):
    whole, content = alice.get(of(taken)), file.read_bytes()
    assert whole.headers["accept-ranges"] == "bytes"
    assert whole.headers["cache-control"] == "private, no-cache"
    for said, wanted in (
        ("bytes=5-9", slice(5, 10)),
        ("bytes=1000-", slice(1000, None)),
        ("bytes=-7", slice(-7, None)),
    ):
        got = part(alice, taken, said)
        begin, end, _ = wanted.indices(len(content))
        assert (got.status_code, got.content) == (206, content[wanted])
        assert got.headers["content-range"] == f"bytes {begin}-{end - 1}/{len(content)}"
        assert got.headers["etag"] == whole.headers["etag"]
    several = part(alice, taken, "bytes=0-3, 10-12")
    assert several.headers["content-type"].startswith("multipart/byteranges")
    assert content[:4] in several.content
    assert content[10:13] in several.content


def test_it_goes_on_only_in_the_same_file(alice, taken, file):
    etag, content = alice.get(of(taken)).headers["etag"], file.read_bytes()
    assert part(alice, taken, "bytes=5-9", **{"if-range": etag}).content == content[5:10]
    for other in ('"other"', f"W/{etag}", "Mon, 23 Nov 2020 22:04:02 GMT"):
        whole = part(alice, taken, "bytes=5-9", **{"if-range": other})
        assert (whole.status_code, whole.content) == (200, content), other


def test_who_has_the_file_is_not_sent_it_again(alice, charlie, taken):
    etag = alice.get(of(taken)).headers["etag"]
    for known in (etag, f'"x", W/{etag}', "*"):
        answer = alice.get(of(taken), headers={"if-none-match": known, "range": "bytes=0-1"})
        assert (answer.status_code, answer.content, answer.headers["etag"]) == (304, b"", etag)
    assert alice.get(of(taken), headers={"if-none-match": '"x"'}).status_code == 200
    assert charlie.get(of(taken), headers={"if-none-match": etag}).status_code == 404


def test_nothing_tells_that_and_when_the_same_bytes_came_with_somebody_elses_file(given, alice, charlie, db, file):
    names = select(UploadedFile.filename).order_by(UploadedFile.id.desc())
    given.slide(alice, given.project(alice), path=file)
    hers = given.store.folder.path_of(db.scalars(names).first())
    os.utime(hers, (1_000_000_000, 1_000_000_000))
    taken = given.slide(charlie, given.project(charlie), path=file)
    assert given.store.folder.path_of(db.scalars(names).first()).stat().st_ino == hers.stat().st_ino
    answer = charlie.get(of(taken))
    assert answer.content == file.read_bytes()
    assert "last-modified" not in answer.headers
    assert "2001" not in str(answer.headers)


def test_what_lies_beyond_the_file_is_refused_with_its_size(alice, taken, file):
    size = file.stat().st_size
    for said in (f"bytes={size}-", f"bytes={10**17}-{10**18 - 1}", "bytes=-0"):
        answer = part(alice, taken, said)
        assert (answer.status_code, answer.headers["content-range"]) == (416, f"bytes */{size}"), said
    assert part(alice, taken, f"bytes={size - 1}-{10**17}").status_code == 206


@pytest.mark.parametrize(
    "said",
    [
        "bytes", "bytes=", "bytes=-", "bytes=a-b", "bytes=9-5", "bytes=5-9,", "bytes=+5-9", "pages=1-2", "bytes=5-9-12",
        f"bytes={'9' * 5000}-", "bytes=" + ",".join(f"{n}-{n}" for n in range(0, 1000, 2)),
    ],
)  # fmt: skip
def test_what_is_no_range_is_passed_over(alice, taken, file, said):
    answer = part(alice, taken, said)
    assert (answer.status_code, answer.content) == (200, file.read_bytes())


def test_a_contributor_downloads_where_the_project_says_so(given, alice, bob, file):
    project = given.project(alice, [bob])
    taken = given.slide(alice, project, path=file)
    assert bob.get(of(taken)).status_code == 403
    assert bob.get(base_of(taken)).status_code == 403
    alice.put(f"/api/project/{project.id}.json", json={"areImagesDownloadable": True})
    for path in (of(taken), base_of(taken)):
        answer = bob.get(path)
        assert f'filename="{taken.abstract_image_id}.svs"' in answer.headers["content-disposition"]
        assert b"ScanScope" in file.read_bytes()
        assert b"ScanScope" not in answer.content
        part = bob.get(path, headers={"Range": "bytes=100-199"})
        assert (part.status_code, part.content) == (206, answer.content[100:200])
        assert bob.head(path).headers["content-length"] == str(len(answer.content))


def test_a_manager_gets_a_clean_copy_for_the_asking(given, alice, file, tmp_path):
    taken = given.slide(alice, given.project(alice), path=file)
    answer = alice.get(f"{of(taken)}?clean=true")
    assert answer.content != file.read_bytes()
    (tmp_path / "clean.svs").write_bytes(answer.content)
    with openslide.OpenSlide(tmp_path / "clean.svs") as clean, openslide.OpenSlide(file) as original:
        assert clean.level_dimensions == original.level_dimensions
        assert not clean.associated_images
        size = clean.dimensions
        ours, theirs = (np.asarray(one.read_region((0, 0), 0, size)) for one in (clean, original))
        np.testing.assert_array_equal(ours, theirs)


def test_a_clean_copy_is_made_once_and_its_folder_is_swept(given, alice, store, file):
    taken = given.slide(alice, given.project(alice), path=file)
    before = set(store.folder.clean.iterdir())
    alice.get(f"{of(taken)}?clean=true")
    (kept,) = set(store.folder.clean.iterdir()) - before
    kept.write_bytes(b"as it was kept")
    assert alice.get(f"{of(taken)}?clean=true").content == b"as it was kept"
    os.utime(kept, (1, 1))
    store.folder.sweep(3600)
    assert not kept.exists()
    assert alice.get(f"{of(taken)}?clean=true").content.startswith(b"II")


@pytest.fixture
def run(store):
    """Does the next job that waits, as its starter's."""

    def run(person):
        claim = queue.claim(store, "here", "now", 1)
        with store.reading() as db:
            job = db.get_one(Job, claim.job_id)
            caller = caller_for(db, db.get_one(SecUser, person.id), "job", "job", "a job")
        more = {"arguments": job.arguments, "project_id": None, "asked_to_stop": threading.Event()}
        result = make_clean_copy.run(JobContext(store, caller, claim, **more))
        queue.finish(store, claim, queue.DONE, "", result)
        return result

    return run


def test_the_copy_of_a_large_slide_is_a_job_of_whoever_may_download_it(
    given, alice, bob, charlie, nobody, file, run, monkeypatch
):
    monkeypatch.setattr(clean_copy, "LARGE_BYTES", 1000)
    project = given.project(alice, [bob])
    taken = given.slide(alice, project, path=file)
    asked = f"/api/atrisys/imageinstance/{taken.image_instance_ids[0]}/cleancopy.json"
    assert (nobody.post(asked).status_code, charlie.post(asked).status_code) == (401, 404)
    assert bob.post(asked).status_code == 403
    alice.put(f"/api/project/{project.id}.json", json={"areImagesDownloadable": True})
    for path in (of(taken), base_of(taken)):
        refused = bob.get(path)
        assert (refused.status_code, refused.json()["code"]) == (503, "copy_missing")
        assert int(refused.headers["retry-after"]) > 0
    job = bob.post(asked).json()["job"]
    assert bob.get(f"/api/atrisys/job/{job}.json").json()["name"] == "make_clean_copy"
    assert run(bob) == {"abstractImage": taken.abstract_image_id}
    copy = bob.get(of(taken))
    assert copy.status_code == 200
    assert b"ScanScope" not in copy.content
    assert bob.post(f"/api/atrisys/abstractimage/{taken.abstract_image_id}/cleancopy.json").status_code == 200
    assert charlie.post(f"/api/atrisys/abstractimage/{taken.abstract_image_id}/cleancopy.json").status_code == 404


def test_who_lost_the_right_meanwhile_is_made_no_copy(given, alice, bob, file, run):
    project = given.project(alice, [bob], are_images_downloadable=True)
    taken = given.slide(alice, project, path=file)
    assert bob.post(f"/api/atrisys/imageinstance/{taken.image_instance_ids[0]}/cleancopy.json").status_code == 200
    alice.put(f"/api/project/{project.id}.json", json={"areImagesDownloadable": False})
    with pytest.raises(NotAllowed):
        run(bob)


def test_no_job_is_begun_for_a_format_that_cannot_be_cleaned(given, alice, tmp_path):
    taken = given.slide(alice, path=slides.philips(tmp_path / "a.tif"))
    answer = alice.post(f"/api/atrisys/abstractimage/{taken.abstract_image_id}/cleancopy.json")
    assert (answer.status_code, answer.json()["code"]) == (400, "slide_unreadable")
    assert alice.get("/api/atrisys/jobs").json()["collection"] == []


def test_a_format_that_cannot_be_cleaned_is_refused_with_words(given, alice, bob, tmp_path):
    project = given.project(alice, [bob], are_images_downloadable=True)
    taken = given.slide(alice, project, path=slides.philips(tmp_path / "secret name.tif"))
    answer = bob.get(of(taken))
    assert (answer.status_code, answer.json()["code"]) == (400, "slide_unreadable")
    assert answer.json()["errors"].startswith(f"image {taken.abstract_image_id} cannot be cleaned")
    assert "secret" not in answer.text
    assert alice.get(of(taken)).status_code == 200


def test_a_member_gets_a_copy_of_hamamatsus_without_a_name(given, alice, bob, charlie, tmp_path):
    path, secret = planted.ndpi(tmp_path / "Jane Doe.ndpi")
    project = given.project(alice, [bob], are_images_downloadable=True)
    taken = given.slide(alice, project, path=path)
    copy = bob.get(of(taken))
    assert f"{taken.abstract_image_id}.ndpi" in copy.headers["content-disposition"]
    assert not [one for one in (*secret, b"Jane") if one in copy.content]
    (tmp_path / "copy.ndpi").write_bytes(copy.content)
    with openslide.OpenSlide(tmp_path / "copy.ndpi") as ours, openslide.OpenSlide(path) as theirs:
        pair = [np.asarray(one.read_region((0, 0), 1, (512, 384))) for one in (ours, theirs)]
        np.testing.assert_array_equal(*pair)
    assert alice.get(of(taken)).content == path.read_bytes()
    assert charlie.get(of(taken)).status_code == 404


def test_the_file_of_a_blinded_project_goes_to_its_managers_alone(given, alice, bob, file):
    project = given.project(alice, [bob], blind_mode=True, are_images_downloadable=True)
    taken = given.slide(alice, project, path=file)
    assert bob.get(of(taken)).status_code == 403
    assert bob.get(base_of(taken)).status_code == 403
    assert alice.get(of(taken)).status_code == 200


def test_readers_of_the_storage_download_the_slide(given, alice, charlie, file):
    taken = given.slide(alice, path=file)
    assert charlie.get(base_of(taken)).status_code == 404
    given.storage_member(given.storage_of(alice), charlie, READ)
    answer = charlie.get(base_of(taken))
    assert answer.status_code == 200
    assert b"ScanScope" not in answer.content


def test_the_manager_of_another_project_with_the_slide_may_not_use_this_one(given, alice, bob, charlie, file):
    ours = given.project(alice, [charlie])
    theirs = given.project(bob)
    taken = given.slide(alice, ours, path=file)
    from_bob = bob.get(of(taken))
    assert from_bob.status_code == 404
    assert charlie.get(of(taken)).status_code == 403
    assert bob.get(base_of(taken)).status_code == 404
    assert theirs.id != ours.id


def test_the_cookie_opens_downloads(given, alice, nobody, file):
    taken = given.slide(alice, given.project(alice), path=file)
    assert nobody.get(of(taken)).status_code == 401
    alice.get(f"/api/imageinstance/{taken.image_instance_ids[0]}.json")
    nobody.cookies = alice.cookies
    assert nobody.get(of(taken)).content == file.read_bytes()


def test_a_slide_without_a_file_has_no_download(given, alice):
    image = given.image(given.project(alice), alice)
    answer = alice.get(f"/api/imageinstance/{image.id}/download")
    assert (answer.status_code, answer.json()["code"]) == (404, "picture_missing")


def test_each_download_is_logged(given, alice, file, store):
    taken = given.slide(alice, given.project(alice), path=file)
    alice.get(of(taken))
    assert about(store, "downloaded") == [(alice.id, "AbstractImage", taken.abstract_image_id, "original")]


def test_a_stranger_downloads_nothing(given, alice, charlie, file):
    taken = given.slide(alice, given.project(alice, are_images_downloadable=True), path=file)
    assert charlie.get(of(taken)).status_code == 404
    assert charlie.get(base_of(taken)).status_code == 404


@slides.needs_real
def test_a_slide_of_several_files_comes_as_a_zip(given, alice):
    taken = given.slide(alice, given.project(alice), path=slides.DICOM)
    answer = alice.get(of(taken))
    assert answer.headers["content-type"] == "application/zip"
    assert 'filename="cmu-1-small-region-dicom.zip"' in answer.headers["content-disposition"]
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        sizes = sorted(entry.file_size for entry in archive.infolist())
    assert sizes == sorted(path.stat().st_size for path in slides.DICOM.glob("*.dcm"))
