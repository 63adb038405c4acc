import pytest
from sqlalchemy import select

from atrisys.actions.add_image_instance import add_image_instance
from atrisys.errors import Duplicate
from atrisys.store.tables import Change, SliceInstance


def test_an_image_in_a_project_has_all_planes_of_its_slide(given, alice, db):
    project = given.project(alice)
    base = given.abstract_image(alice, planes=[(0, 0, 0), (1, 0, 0), (0, 1, 0)])
    image = add_image_instance(db, alice.caller, project, base, magnification=20.0)
    assert (image.instance_filename, image.user_id, image.magnification) == (base.original_filename, alice.id, 20)
    planes = db.scalars(select(SliceInstance).where(SliceInstance.image_id == image.id)).all()
    assert len({plane.base_slice_id for plane in planes}) == 3
    assert {plane.project_id for plane in planes} == {project.id}
    logged = db.scalars(select(Change.object_id).where(Change.class_name == "SliceInstance"))
    assert {plane.id for plane in planes} <= set(logged)


def test_a_slide_without_planes_makes_an_image_without_slices(given, alice, db):
    image = add_image_instance(db, alice.caller, given.project(alice), given.abstract_image(alice, planes=[]))
    assert db.scalars(select(SliceInstance).where(SliceInstance.image_id == image.id)).all() == []


def test_a_project_has_a_slide_but_once(given, alice, db):
    project, base = given.project(alice), given.abstract_image(alice)
    add_image_instance(db, alice.caller, project, base)
    with pytest.raises(Duplicate, match=f"Image {base.id} is already in project {project.id}"):
        add_image_instance(db, alice.caller, project, base)
