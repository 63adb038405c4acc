"""The same bytes that come at the same time: one on the disk, whoever was faster."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import delete, func, select

from atrisys.access.caller import Caller
from atrisys.access.keys import KeyBox
from atrisys.actions import history, import_slide
from atrisys.actions.add_user import add_user
from atrisys.actions.import_slide import take_in
from atrisys.actions.receive_slide import RECORDED_AT
from atrisys.actions.store_once import stored_once
from atrisys.store.files import DataFolder
from atrisys.store.tables import Storage, UploadedFile
from atrisys.store.tables.files import DEPLOYED
from given import slides
from given.kept import kept_store


@pytest.fixture
def kept(tmp_path):
    with kept_store(tmp_path / "data") as store:
        yield store


@pytest.fixture
def caller(kept):
    with kept.writing() as db:
        user = add_user(db, None, KeyBox(kept.folder.secret()), username="alice")
        return Caller(user.id, "alice", frozenset({"ROLE_USER"}))


def files(store):
    with store.reading() as db:
        names = db.scalars(select(UploadedFile.filename).order_by(UploadedFile.id)).all()
    return [store.folder.path_of(name) for name in names]


def test_the_same_bytes_that_come_at_the_same_time_are_stored_once(kept, caller, tmp_path):
    path, both_are_in = slides.svs(tmp_path / "a.svs", 300, 200), threading.Barrier(2)

    def together(fraction, _message):
        if fraction == RECORDED_AT:
            both_are_in.wait(60)

    takers = [
        threading.Thread(target=take_in, args=(kept, caller, path, name), kwargs={"progress": together})
        for name in ("a.svs", "b.svs")
    ]
    for taker in takers:
        taker.start()
    for taker in takers:
        taker.join()
    there = files(kept)
    assert len(there) == 2
    assert there[0].samefile(there[1])
    assert there[0].read_bytes() == path.read_bytes()
    # Each name goes by itself; nothing is left of how it was done.
    assert {file.name for file in there[0].parent.iterdir()} | {file.name for file in there[1].parent.iterdir()} == {
        file.name for file in there
    }


@pytest.mark.parametrize("in_place", [False, True])
def test_the_same_slide_that_comes_twice_at_the_same_time_is_one_image_and_the_second_is_told(
    kept, caller, tmp_path, monkeypatch, in_place
):
    path, nobody_found_it, look = (
        slides.svs(tmp_path / "a.svs", 300, 200),
        threading.Barrier(2),
        import_slide.find_again,
    )
    looked: list[object] = []

    def both_look(*asked):
        found = look(*asked)
        looked.append(found)
        if len(looked) <= 2:
            nobody_found_it.wait(60)
        return found

    monkeypatch.setattr(import_slide, "find_again", both_look)
    with ThreadPoolExecutor(2) as threads:
        how = {"once": "bytes and name", "in_place": in_place}
        [one], [other] = threads.map(lambda _: take_in(kept, caller, path, "a.svs", **how), range(2))
    assert looked[:2] == [None, None]
    assert {one.was_there, other.was_there} == {True, False}
    assert one.abstract_image_id == other.abstract_image_id
    with kept.reading() as db:
        assert db.scalar(select(func.count(UploadedFile.id))) == 1
    assert len([file for file in kept.folder.files.rglob("*") if file.is_file()]) == (0 if in_place else 1)


def written_down(store, caller, late):
    """A file of the same storage as the others, in a transaction of its own."""
    with store.writing() as db:
        storage, size = db.scalar(select(Storage.id).where(Storage.user_id == caller.id)), late.size
        lasting = store.folder.settle(late.name)
        row = UploadedFile(original_filename="late.svs", ext="svs", filename=lasting, size=size, sha256=late.sha256,
                           user_id=caller.id, storage_id=storage, projects=[], status=DEPLOYED)  # fmt: skip
        history.add(db, caller, row)
    return lasting


def test_one_that_was_written_down_meanwhile_is_found(kept, caller, tmp_path):
    path = slides.svs(tmp_path / "a.svs", 300, 200)
    late = kept.folder.receive_file(path, "svs", 1 << 30)
    with stored_once(kept, [late]):
        take_in(kept, caller, path, "faster.svs")
        written_down(kept, caller, late)
        assert not files(kept)[0].samefile(files(kept)[1])
    assert files(kept)[0].samefile(files(kept)[1])


def test_a_name_that_is_deleted_at_that_moment_does_not_come_back(kept, caller, tmp_path, monkeypatch):
    path, join = slides.svs(tmp_path / "a.svs", 300, 200), DataFolder.store_once
    late = kept.folder.receive_file(path, "svs", 1 << 30)

    def deleted_meanwhile(folder, there, name):
        with kept.writing() as db:
            db.execute(delete(UploadedFile).where(UploadedFile.filename == name))
        return join(folder, there, name)

    with stored_once(kept, [late]):
        take_in(kept, caller, path, "faster.svs")
        lasting = written_down(kept, caller, late)
        monkeypatch.setattr(DataFolder, "store_once", deleted_meanwhile)
    assert not kept.folder.path_of(lasting).exists()
    assert [file.exists() for file in files(kept)] == [True]
