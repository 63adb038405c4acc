"""The kept writing connection: one session has it at a time, and what goes wrong in one leaves nothing for the next."""

import threading

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as NoConnection

from atrisys.settings import Settings
from atrisys.store import upgrade
from atrisys.store.ids import take_ids
from atrisys.store.session import Store
from atrisys.store.tables import IdSequence
from atrisys.store.writer import Writer, WritingSession


@pytest.fixture
def fresh(tmp_path):
    store = Store(Settings(data=tmp_path, database_url=""))
    upgrade.prepare(store)
    yield store
    store.close()


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


def test_a_transaction_that_was_left_open_is_not_joined(fresh):
    """A session that joined one would keep nothing."""
    with fresh.writing() as db:
        kept = db.connection()
    kept.exec_driver_sql("SELECT 1")
    assert kept.in_transaction()
    with fresh.writing() as db:
        assert db.connection() is not kept
        take_ids(db)
    assert last_number(fresh) == 101


def test_a_driver_that_was_left_in_a_transaction_is_not_used_again(fresh):
    with fresh.writing() as db:
        kept = db.connection()
        driver = kept.connection.driver_connection
    driver.execute("BEGIN IMMEDIATE")
    with fresh.writing() as db:
        assert db.connection() is not kept
        take_ids(db)
    assert last_number(fresh) == 101


def test_a_rollback_that_fails_gives_the_connection_back(fresh, monkeypatch):
    def fail(_connection: object) -> None:
        raise OperationalError("ROLLBACK", {}, Exception("disk I/O error"))

    def lose_all() -> None:
        with fresh.writing() as db:
            take_ids(db)
            monkeypatch.setattr(fresh.writers.dialect, "do_rollback", fail)
            raise ZeroDivisionError

    with pytest.raises((OperationalError, ZeroDivisionError)):
        lose_all()
    monkeypatch.undo()
    with fresh.writing() as db:
        take_ids(db)
    assert last_number(fresh) == 101


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
