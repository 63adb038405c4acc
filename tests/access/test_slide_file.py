import os

import pytest
from sqlalchemy import select

from atrisys.access.slide_file import slide_file
from atrisys.errors import PictureFailed, PictureMissing, SlideUnreadable
from atrisys.imaging.reader import Box, Plane
from atrisys.store.tables import AbstractImage, AbstractSlice, ImageInstance, SliceInstance, UploadedFile
from given import slides


@pytest.fixture
def taken(given, alice, tmp_path):
    return given.slide(alice, given.project(alice), folder=tmp_path)


@pytest.fixture
def stack(given, alice, tmp_path):
    """Two channels, three focal planes, two times."""
    return given.slide(alice, given.project(alice), path=slides.ome(tmp_path / "stack.ome.tif"))


def image_of(db, taken):
    return db.get_one(ImageInstance, taken.image_instance_ids[0])


def test_a_slide_is_read_through_its_file(db, store, taken):
    file = slide_file(db, store.folder, image_of(db, taken))
    assert (file.facts.width, file.facts.height, file.plane) == (900, 700, Plane())
    assert (file.base_id, file.image_id, file.slice_id) == (taken.abstract_image_id, taken.image_instance_ids[0], None)
    with file.reading() as slide:
        assert slide.read_region(Box(0, 0, 30, 20)).shape == (20, 30, 3)


def test_every_row_that_shows_a_slide_leads_to_the_same_file(db, store, taken):
    image = image_of(db, taken)
    piece = db.scalars(select(SliceInstance).where(SliceInstance.image_id == image.id)).one()
    rows = image, piece, db.get_one(AbstractImage, image.base_image_id), db.get_one(AbstractSlice, piece.base_slice_id)
    files = [slide_file(db, store.folder, row) for row in rows]
    assert len({(file.path, file.mark, file.plane) for file in files}) == 1
    assert [file.image_id for file in files] == [image.id, image.id, None, None]
    assert [file.slice_id for file in files] == [None, piece.id, None, None]


def test_an_image_is_shown_by_the_middle_of_the_planes_that_its_project_has(db, store, stack):
    image = image_of(db, stack)
    file = slide_file(db, store.folder, image)
    assert file.plane == Plane(1, 1, 1)
    assert slide_file(db, store.folder, db.get_one(AbstractImage, image.base_image_id)).plane == Plane(1, 1, 1)
    query = select(SliceInstance, AbstractSlice).join(AbstractSlice, AbstractSlice.id == SliceInstance.base_slice_id)
    for piece, plane in db.execute(query.where(SliceInstance.image_id == image.id)).all():
        if plane.channel == 1 or plane.time == 1:
            db.delete(piece)
    db.commit()
    file = slide_file(db, store.folder, image)
    assert file.plane == Plane(0, 1, 0)
    assert db.get_one(AbstractSlice, db.get_one(SliceInstance, file.slice_id).base_slice_id).z_stack == 1


def test_an_image_whose_planes_are_all_gone_is_missing(db, store, stack):
    image = image_of(db, stack)
    for piece in db.scalars(select(SliceInstance).where(SliceInstance.image_id == image.id)).all():
        db.delete(piece)
    db.commit()
    with pytest.raises(PictureMissing):
        slide_file(db, store.folder, image)


def test_records_without_a_file_and_files_that_are_gone_are_missing(given, alice, db, store, taken):
    with pytest.raises(PictureMissing):
        slide_file(db, store.folder, given.image(given.project(alice), alice))
    image = image_of(db, taken)
    file = slide_file(db, store.folder, image)
    file.path.unlink()
    with pytest.raises(PictureMissing, match=f"image {image.base_image_id}"):
        slide_file(db, store.folder, image)
    with pytest.raises(PictureMissing, match=f"image {image.base_image_id}"), file.reading():
        raise AssertionError("read")


def test_a_plane_in_another_file_than_its_image_is_not_shown_as_this_one(given, alice, db, store, taken):
    piece = db.scalars(select(AbstractSlice).where(AbstractSlice.image_id == taken.abstract_image_id)).one()
    piece.uploaded_file_id = given.uploaded_file(alice, b"another").id
    db.commit()
    with pytest.raises(PictureMissing, match="another file"):
        slide_file(db, store.folder, piece)


def test_the_mark_changes_with_the_file(db, store, taken):
    image = image_of(db, taken)
    before = slide_file(db, store.folder, image)
    os.utime(before.path, ns=(1, 1))
    assert slide_file(db, store.folder, image).mark != before.mark


@pytest.mark.parametrize("kind", [SlideUnreadable, PictureFailed])
def test_failures_name_the_image_and_never_the_file(db, store, taken, kind):
    file = slide_file(db, store.folder, image_of(db, taken))
    assert db.scalars(select(UploadedFile.filename)).first() in str(file.path)
    with pytest.raises(PictureFailed) as failed, file.reading():
        raise kind("{name} is damaged ({reason})", name=file.path.name, reason=f"cannot read {file.path}: 5")
    said = failed.value.message
    assert said.startswith(f"image {file.base_id} is damaged (cannot read image {file.base_id}: 5")
    with pytest.raises(PictureFailed) as failed, file.reading():
        raise kind(f"broken {file.path}")
    for message in (said, failed.value.message):
        assert file.path.name not in message
        assert str(store.folder.root) not in message
