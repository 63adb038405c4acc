import os

import pytest
from sqlalchemy import select

from atrisys.access.caller import Caller
from atrisys.actions.receive_slide import ignore_progress
from atrisys.actions.watch_folder import Watch
from atrisys.store.tables import AbstractImage, ImageInstance
from given import slides


def caller_of(person):
    return Caller(person.id, "alice", frozenset({"ROLE_USER"}))


def rounds(watch):
    """Twice, since a slide is whole that has not changed."""
    return [outcome for _ in range(2) for outcome in watch.round(lambda _path: ignore_progress)]


def test_a_link_out_of_the_folder_is_not_followed_and_said_once(given, alice, store, db, tmp_path):
    project, folder = given.project(alice), tmp_path / "scanner"
    folder.mkdir()
    (folder / "link.svs").symlink_to(slides.svs(tmp_path / "secret.svs"))
    for link in (False, True):
        watch = Watch(store, caller_of(alice), folder, project.id, link=link, still_s=0)
        outcomes = rounds(watch)
        assert [str(outcome.error) for outcome in outcomes] == [
            "link.svs is a link to a file outside the watched folder and is not taken in."
        ] * (not link)
        assert rounds(watch) == []
    assert db.scalars(select(ImageInstance)).all() == []


def test_a_link_within_the_folder_is_a_slide_as_any_other(given, alice, store, db, tmp_path):
    project, folder = given.project(alice), tmp_path / "scanner"
    (folder / ".kept").mkdir(parents=True)
    (folder / "link.svs").symlink_to(slides.svs(folder / ".kept" / "a.svs"))
    watch = Watch(store, caller_of(alice), folder, project.id, still_s=0)
    assert [outcome.error for outcome in rounds(watch)] == [None]
    assert db.scalars(select(ImageInstance.instance_filename)).all() == ["link.svs"]


@pytest.mark.parametrize("link", [False, True])
def test_the_same_bytes_under_another_name_are_the_image_that_is_there(given, alice, store, db, tmp_path, link):
    project, other, folder = given.project(alice), given.project(alice), tmp_path / "scanner"
    folder.mkdir()
    first = slides.svs(folder / "first.svs")
    watch = Watch(store, caller_of(alice), folder, project.id, link=link, still_s=0)
    (image,) = (taken for outcome in rounds(watch) for taken in outcome.taken)
    (folder / "second.svs").write_bytes(first.read_bytes())
    slides.svs(folder / "another.svs", seed=3)
    outcomes = {outcome.path.name: outcome.taken[0] for outcome in rounds(watch)}
    assert outcomes["second.svs"].was_there
    assert outcomes["second.svs"].image_instance_ids == image.image_instance_ids
    assert not outcomes["another.svs"].was_there
    assert rounds(watch) == []
    names = select(ImageInstance.instance_filename).where(ImageInstance.project_id == project.id)
    assert sorted(db.scalars(names)) == ["another.svs", "first.svs"]
    # In another project it appears too: the slide that is there, once.
    again = Watch(store, caller_of(alice), folder, other.id, link=link, still_s=0)
    assert len({outcome.taken[0].abstract_image_id for outcome in rounds(again)}) == 2
    assert len(db.scalars(select(AbstractImage)).all()) == 2


def test_a_linked_slide_that_changed_is_no_reason_to_leave_the_same_bytes_out(given, alice, store, db, tmp_path):
    project, folder = given.project(alice), tmp_path / "scanner"
    folder.mkdir()
    path = slides.svs(folder / "a.svs")
    watch = Watch(store, caller_of(alice), folder, project.id, link=True, still_s=0)
    rounds(watch)
    os.utime(path, (1, 1))
    (outcome,) = rounds(watch)
    assert not outcome.taken[0].was_there
    assert len(db.scalars(select(ImageInstance)).all()) == 2
