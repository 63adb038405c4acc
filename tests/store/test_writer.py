"""The kept writing connection: one session has it at a time, and what goes wrong in one leaves nothing for the next."""

import sqlite3
import threading
from typing import Any

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import OperationalError, PendingRollbackError
from sqlalchemy.exc import TimeoutError as NoConnection

from atrisys.store import writer
from atrisys.store.ids import take_ids
from atrisys.store.session import Store
from atrisys.store.tables import IdSequence
from atrisys.store.writer import Writer, WritingSession


def last_number(store: Store) -> int:
    with store.reading() as db:
        return db.scalars(select(IdSequence.last)).one()


def test_the_connection_is_kept_from_one_transaction_to_the_next(fresh):
    seen = []
    for _ in range(2):
        with fresh.writing() as db:
            take_ids(db)
            seen.append(db.connection())
    assert seen[0] is seen[1]


def test_a_session_that_asks_nothing_holds_nobody_up(fresh):
    with fresh.session(writes=True), fresh.writing() as db:
        take_ids(db)
    assert last_number(fresh) == 101


def test_a_session_goes_on_in_further_transactions(fresh):
    with fresh.session(writes=True) as db:
        for _ in range(3):
            take_ids(db)
            db.commit()
            with fresh.writing() as other:
                take_ids(other)
    assert last_number(fresh) == 106


def test_a_savepoint_that_ends_does_not_give_the_connection_away(fresh):
    with fresh.writing() as db:
        with db.begin_nested():
            take_ids(db)
        with pytest.raises(ZeroDivisionError), db.begin_nested():
            take_ids(db, 10 // 0)
        assert not fresh._writer._one.acquire(blocking=False)
        take_ids(db)
    assert last_number(fresh) == 102


def test_who_waits_too_long_is_told_so(fresh):
    writer = Writer(fresh.writers, wait_s=0.05)
    with WritingSession(writer) as first:
        first.execute(text("SELECT 1"))
        with WritingSession(writer) as second, pytest.raises(NoConnection):
            second.execute(text("SELECT 1"))
    with WritingSession(writer) as third:
        third.execute(text("SELECT 1"))
    writer.close()


@pytest.mark.parametrize("refuses", ["do_commit", "do_rollback"])
def test_a_transaction_that_cannot_be_ended_leaves_nothing_behind(fresh, monkeypatch, refuses):
    """A session that joined its remains would keep nothing, and no other process could write."""
    kept = []

    def refuse(_connection: object) -> None:
        raise sqlite3.OperationalError("disk I/O error")

    def write() -> None:
        with fresh.writing() as db:
            kept.append(db.connection())
            take_ids(db)
            monkeypatch.setattr(fresh.writers.dialect, refuses, refuse)
            if refuses == "do_rollback":
                raise ZeroDivisionError

    with pytest.raises((OperationalError, sqlite3.OperationalError, ZeroDivisionError)):
        write()
    monkeypatch.undo()
    with sqlite3.connect(fresh.folder.database, timeout=0, isolation_level=None) as beside:
        beside.execute("BEGIN IMMEDIATE")
        beside.execute("ROLLBACK")
    for _ in range(2):
        with fresh.writing() as db:
            assert db.connection() is not kept[0]
            take_ids(db)
    assert last_number(fresh) == 102


def test_a_commit_for_which_there_is_no_room_leaves_nothing_behind(fresh, monkeypatch):
    """SQLite undoes it by itself, and a request's session is closed after it, no more."""

    def refuse(connection: Any) -> None:
        connection.rollback()
        raise sqlite3.OperationalError("database or disk is full")

    db = fresh.session(writes=True)
    take_ids(db)
    monkeypatch.setattr(fresh.writers.dialect, "do_commit", refuse)
    with pytest.raises(OperationalError):
        db.commit()
    db.close()
    monkeypatch.undo()
    for _ in range(2):
        with fresh.writing() as db:
            take_ids(db)
    assert last_number(fresh) == 102


def test_a_connection_that_was_lost_is_made_anew(fresh):
    kept = []

    def lose() -> None:
        with fresh.writing() as db:
            kept.append(db.connection())
            kept[0].invalidate()

    with pytest.raises(PendingRollbackError):
        lose()
    with fresh.writing() as db:
        assert db.connection() is not kept[0]
        take_ids(db)
    assert last_number(fresh) == 101


def test_a_store_is_closed_beside_a_session_that_hangs(fresh, monkeypatch):
    monkeypatch.setattr(writer, "CLOSED_WITHIN_S", 0.05)
    with fresh.session(writes=True) as db:
        take_ids(db)
        fresh.close()


def test_what_several_threads_write_is_all_there(fresh):
    def write() -> None:
        for _ in range(25):
            with fresh.writing() as db:
                take_ids(db)

    threads = [threading.Thread(target=write) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert last_number(fresh) == 200
