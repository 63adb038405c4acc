from sqlalchemy import select

from atrisys.access.caller import Caller
from atrisys.actions.receive_slide import ignore_progress
from atrisys.actions.watch_folder import Watch
from atrisys.store.tables import ImageInstance
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
