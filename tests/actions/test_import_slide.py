"""Importing without HTTP, as the command line does. (What uploads do stands in tests/resources/test_upload.py.)"""

import errno
import os
import shutil
import zipfile
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import select

from atrisys.access.caller import at_the_command_line
from atrisys.actions.convert_flat import Limits
from atrisys.actions.import_slide import check_place, put_down, take_in, take_up
from atrisys.actions.record_slide import SlideRecord
from atrisys.errors import ConversionFailed, DiskRefuses, Invalid, NotAllowed, NotFound, SlideUnreadable
from atrisys.imaging import slides as imaging_slides
from atrisys.imaging import worker
from atrisys.imaging.find import entry_of
from atrisys.imaging.reader import Box
from atrisys.imaging.slides import SharedSlide, facts_from, find_slides, open_slide
from atrisys.store.tables import AbstractImage, Change, ImageInstance, UploadedFile
from given import flats, slides, vendors


@pytest.fixture
def left(store):
    return lambda: {path for path in store.folder.files.rglob("*") if path.is_file()}


def test_a_file_is_copied_and_its_progress_told(given, store, alice, db, tmp_path):
    project, path, steps = given.project(alice), slides.svs(tmp_path / "a.svs"), []
    [taken] = take_in(store, alice.caller, path, "a.svs", project_ids=[project.id], progress=lambda *s: steps.append(s))
    assert path.exists()
    image = db.get(AbstractImage, taken.abstract_image_id)
    assert image.storage_id == given.storage_of(alice).id
    [instance] = db.scalars(select(ImageInstance).where(ImageInstance.project_id == project.id))
    assert taken.image_instance_ids == (instance.id,)
    assert [fraction for fraction, _ in steps] == sorted(fraction for fraction, _ in steps)
    assert {message for _, message in steps} >= {"Copying", "Reading the slide"}


def test_what_was_kept_can_be_opened_and_read(given, store, alice, db, tmp_path):
    taken = given.slide(alice, folder=tmp_path)
    image, file = db.get(AbstractImage, taken.abstract_image_id), db.get(UploadedFile, taken.uploaded_file_id)
    slide = open_slide(store.folder.path_of(file.filename), image.format)
    # What the file says of itself is in the record alone.
    assert slide.facts == facts_from({**image.facts, "metadata": {}})
    assert image.facts["metadata"]


@pytest.mark.parametrize("in_place", [False, True])
def test_who_opens_it_first_needs_no_worker(given, store, alice, db, tmp_path, monkeypatch, in_place):
    path = slides.svs(tmp_path / "a.svs")
    [taken] = take_in(store, alice.caller, path, "a.svs", in_place=in_place)
    file = db.get(UploadedFile, taken.uploaded_file_id)
    where = path if in_place else store.folder.path_of(file.filename)
    monkeypatch.setattr(worker, "call", None)
    assert SharedSlide(where, "SVS", kept=store.tiles).read_stored_tile(0, 0, 0)


def test_a_slide_that_was_put_down_is_made_ready_as_well(given, store, alice, db, tmp_path, monkeypatch):
    received = store.folder.receive_file(slides.svs(tmp_path / "a.svs"), "svs", 1 << 30)
    row, _ = put_down(store, alice.caller, received, "a.svs", check_place(db, alice.caller, None, []))
    take_up(store, alice.caller, row.id)
    monkeypatch.setattr(worker, "call", None)
    assert SharedSlide(store.folder.path_of(row.filename), "SVS", kept=store.tiles).read_stored_tile(0, 0, 0)


def test_what_goes_wrong_afterwards_undoes_no_import(given, store, alice, db, tmp_path, monkeypatch):
    def fail(*_: object, **__: object) -> None:
        raise ValueError("said")

    monkeypatch.setattr(imaging_slides, "open_once", fail)
    [taken] = take_in(store, alice.caller, slides.svs(tmp_path / "a.svs"), "a.svs")
    assert db.get(AbstractImage, taken.abstract_image_id) is not None


@slides.needs_real
def test_a_dicom_folder_is_one_image_and_stays_readable(given, store, alice, db):
    [taken] = take_in(store, alice.caller, slides.DICOM, "cmu-1 dicom")
    image, file = db.get(AbstractImage, taken.abstract_image_id), db.get(UploadedFile, taken.uploaded_file_id)
    assert (image.original_filename, image.width, file.content_type) == ("cmu-1 dicom", 2220, "DICOM")
    assert open_slide(store.folder.path_of(file.filename), image.format).facts.width == 2220
    assert file.size == sum(path.stat().st_size for path in slides.DICOM.iterdir())


@slides.needs_real
def test_a_zip_of_a_dicom_series_without_a_folder_bears_the_zips_name(store, alice, tmp_path):
    with zipfile.ZipFile(tmp_path / "case.zip", "w") as archive:
        for path in slides.DICOM.iterdir():
            archive.write(path, path.name)
    [taken] = take_in(store, alice.caller, tmp_path / "case.zip", "case.zip")
    assert taken.name == "case"
    assert (tmp_path / "case.zip").exists()


@pytest.mark.parametrize("zipped", [False, True])
@pytest.mark.parametrize("format", ["MRXS", "VMS"])
def test_a_slide_of_several_files_comes_as_they_are_or_as_a_zip(store, alice, db, tmp_path, format, zipped):
    folder = tmp_path / "case"
    folder.mkdir()
    source = vendors.MAKERS[format](folder)
    true = open_slide(source, format).read_region(Box(40, 30, 200, 150))
    if zipped:
        source = Path(shutil.make_archive(str(tmp_path / "case"), "zip", folder))
    [taken] = take_in(store, alice.caller, source, source.name)
    shutil.rmtree(folder)
    image, file = db.get(AbstractImage, taken.abstract_image_id), db.get(UploadedFile, taken.uploaded_file_id)
    assert (image.format, image.original_filename) == (format, f"a.{format.lower()}")
    kept = open_slide(entry_of(store.folder.path_of(file.filename)), format)
    np.testing.assert_array_equal(kept.read_region(Box(40, 30, 200, 150)), true)


def test_pictures_in_a_zip_become_pyramids_and_each_lies_below_its_own(given, store, alice, db, left, tmp_path):
    before, project = left(), given.project(alice)
    with zipfile.ZipFile(tmp_path / "two.zip", "w") as archive:
        for name in ("a.png", "b.png"):
            archive.write(flats.png(tmp_path / name, slides.tissue(300, 200)), name)
        archive.writestr("c.png", (tmp_path / "a.png").read_bytes()[:3000])
    received = store.folder.receive_file(tmp_path / "two.zip", "zip", 1 << 30)
    root, _ = put_down(store, alice.caller, received, "two.zip", check_place(db, alice.caller, None, [project.id]))
    steps = []
    taken = take_up(store, alice.caller, root.id, progress=lambda *step: steps.append(step))
    assert [one.name for one in taken if not one.error] == ["a.png", "b.png"]
    assert [fraction for fraction, _ in steps] == sorted(fraction for fraction, _ in steps)
    [broken] = (one for one in taken if one.error)
    assert "c.png" in str(broken.error)
    rows = db.scalars(select(UploadedFile).where(UploadedFile.parent_id == root.id).order_by(UploadedFile.id)).all()
    assert [row.status for row in rows] == [104, 104, 31]
    again = take_up(store, alice.caller, root.id)
    assert [one for one in again if not one.error] == taken[:2]
    assert len(left() - before) == 4
    assert alice.delete(f"/api/project/{project.id}.json").status_code == 200
    assert alice.delete(f"/api/uploadedfile/{root.id}.json").status_code == 200
    assert left() == before


def test_a_picture_beside_a_slide_is_no_slide_but_pictures_alone_are(tmp_path):
    picture = flats.png(tmp_path / "photo.png", slides.tissue(300, 200))
    (tmp_path / "deep").mkdir()
    flats.jpeg(tmp_path / "deep" / "photo.jpg", slides.tissue(300, 200))
    assert [path.name for path, _ in find_slides([tmp_path])] == ["photo.png", "photo.jpg"]
    slides.svs(tmp_path / "deep" / "a.svs")
    assert [path.name for path, _ in find_slides([tmp_path])] == ["a.svs"]
    assert find_slides([picture]) == [(picture, "PNG")]


def test_a_picture_whose_conversion_fails_leaves_nothing(store, alice, left, monkeypatch, tmp_path):
    before, path = left(), flats.png(tmp_path / "a.png", slides.tissue(700, 520))
    monkeypatch.setattr(Limits, "of", lambda _settings: Limits(seconds=60, bytes=10_000))
    with pytest.raises(ConversionFailed, match=r"a\.png could not be made a pyramid"):
        take_in(store, alice.caller, path, "a.png")
    assert (left(), list(store.folder.tmp.iterdir())) == (before, [])


def test_where_the_disk_takes_no_more_no_picture_is_at_fault(store, alice, left, monkeypatch, tmp_path):
    before, path = left(), flats.png(tmp_path / "a.png", slides.tissue(700, 520))

    def break_off(*_, **__):
        monkeypatch.setattr(os, "fsync", refuse)
        raise ConversionFailed("a.png could not be made a pyramid (write error)")

    def refuse(_handle):
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr("atrisys.imaging.slides.convert", break_off)
    with pytest.raises(DiskRefuses, match="cannot be written now"):
        take_in(store, alice.caller, path, "a.png")
    assert (left(), list(store.folder.tmp.iterdir())) == (before, [])


def test_an_import_of_a_picture_that_is_undone_leaves_neither_it_nor_its_pyramid(
    store, alice, left, breaks_late, tmp_path
):
    before, path = left(), flats.png(tmp_path / "a.png", slides.tissue(300, 200))
    with pytest.raises(RuntimeError, match="went away"):
        take_in(store, alice.caller, path, "a.png")
    assert left() == before


def test_every_row_stands_in_the_change_log_under_its_maker(given, store, alice, db, tmp_path):
    taken = given.slide(alice, given.project(alice), folder=tmp_path)
    ids = [taken.uploaded_file_id, taken.abstract_image_id, *taken.image_instance_ids]
    rows = db.scalars(select(Change).where(Change.object_id.in_(ids))).all()
    assert len(rows) == 3
    assert {(row.user_id, row.transaction_id) for row in rows} == {(alice.id, rows[0].transaction_id)}


def test_at_the_command_line_one_may_put_slides_into_projects_of_others(given, store, alice, bob, tmp_path):
    project, path = given.project(bob), slides.svs(tmp_path / "a.svs")
    with pytest.raises(NotFound):
        take_in(store, alice.caller, path, "a.svs", project_ids=[project.id])
    [taken] = take_in(store, at_the_command_line(alice.caller), path, "a.svs", project_ids=[project.id])
    assert len(taken.image_instance_ids) == 1


def test_who_has_no_storage_must_name_one(given, store, alice, tmp_path):
    guest = given.person(role="ROLE_GUEST")
    path = slides.svs(tmp_path / "a.svs")
    with pytest.raises(NotAllowed):
        take_in(store, guest.caller, path, "a.svs")
    with pytest.raises(Invalid, match="no storage"):
        take_in(store, at_the_command_line(guest.caller), path, "a.svs")
    storage = given.storage_of(alice)
    assert take_in(store, at_the_command_line(guest.caller), path, "a.svs", storage_id=storage.id)


def test_a_missing_file_and_an_empty_folder_are_refused(store, alice, left, tmp_path):
    before = left()
    (tmp_path / "empty").mkdir()
    for path in (tmp_path / "missing.svs", tmp_path / "empty"):
        with pytest.raises(SlideUnreadable):
            take_in(store, alice.caller, path, path.name)
    assert left() == before


def test_a_zip_without_a_slide_is_refused_by_its_name(store, alice, left, tmp_path):
    before = left()
    with zipfile.ZipFile(tmp_path / "b.zip", "w") as archive:
        archive.writestr("notes.txt", "no slide")
        archive.writestr("inner.zip", "a zip in a zip is not unpacked")
    with pytest.raises(SlideUnreadable, match=r"b\.zip holds no slide"):
        take_in(store, alice.caller, tmp_path / "b.zip", "b.zip")
    assert left() == before


@pytest.fixture
def waiting(store, alice, db, tmp_path):
    """An uploaded file that a job is to look at."""
    received = store.folder.receive_file(slides.svs(tmp_path / "a.svs"), "svs", 1 << 30)
    row, _ = put_down(store, alice.caller, received, "a.svs", check_place(db, alice.caller, None, []))
    return row


@pytest.fixture
def breaks_late(monkeypatch):
    """Everything is written down and every byte in its place, and then the transaction is undone."""
    record = SlideRecord.of

    def breaks(self, *arguments):
        record(self, *arguments)
        raise RuntimeError("the database went away")

    with monkeypatch.context() as patched:
        patched.setattr(SlideRecord, "of", breaks)
        yield patched


def test_an_import_that_is_undone_keeps_the_bytes_that_were_there_before(store, alice, waiting, left, breaks_late):
    before = left()
    with pytest.raises(RuntimeError, match="went away"):
        take_up(store, alice.caller, waiting.id)
    assert left() == before
    breaks_late.undo()
    [taken] = take_up(store, alice.caller, waiting.id)
    assert taken.abstract_image_id is not None


def test_an_import_that_is_undone_leaves_none_of_the_bytes_that_it_brought(store, alice, left, breaks_late, tmp_path):
    before, path = left(), slides.svs(tmp_path / "a.svs")
    with pytest.raises(RuntimeError, match="went away"):
        take_in(store, alice.caller, path, "a.svs")
    assert left() == before
