"""What is handed to the driver belongs to the session's transaction, and fails as the framework's statements fail."""

import pytest
from sqlalchemy import BigInteger, bindparam, delete, insert, select, text
from sqlalchemy.exc import DataError, IntegrityError, OperationalError

from atrisys.store import driver, spatial
from atrisys.store.fixed import Fixed
from atrisys.store.tables import IdSequence

NAMES = Fixed(select(IdSequence.name).order_by(IdSequence.name))
_ONE = Fixed(select(IdSequence.name).where(IdSequence.last == bindparam("last", type_=BigInteger)))


def _insert(connection):
    """The text that puts a row in, and how a row is handed to it."""
    compiled = insert(IdSequence.__table__).compile(dialect=connection.dialect)
    order = compiled.positiontup
    return str(compiled), lambda row: tuple(row[name] for name in order) if order else row


def test_it_sees_and_is_part_of_what_the_session_does(store):
    with store.session(writes=True) as db:
        db.add(IdSequence(name="mine", last=0))
        db.flush()
        assert ("mine",) in NAMES.rows(db)
        db.rollback()
        assert ("mine",) not in NAMES.rows(db)


def test_after_its_end_a_session_begins_anew(store):
    with store.session(writes=True) as db:
        first = driver.connection_of(db)
        assert driver.connection_of(db) is first
        db.commit()
        assert "connection" not in db.info
        assert NAMES.rows(db)


def test_what_a_savepoint_holds_goes_with_it(store):
    with store.session(writes=True) as db:
        assert NAMES.rows(db) == [("id",)]
        words, row = _insert(driver.connection_of(db))
        savepoint = db.begin_nested()
        driver.run(driver.connection_of(db), words, row({"name": "mine", "last": 0}))
        assert len(NAMES.rows(db)) == 2
        savepoint.rollback()
        assert NAMES.rows(db) == [("id",)]


def test_a_connection_will_do(store):
    with store.asking() as connection:
        assert NAMES.rows(connection) == [("id",)]


@pytest.mark.parametrize("run", [driver.run, lambda connection, text, row: driver.run_many(connection, text, [row])])
def test_what_the_database_refuses_is_told_as_ever_and_without_values(store, run):
    with store.session(writes=True) as db:
        words, row = _insert(driver.connection_of(db))
        with pytest.raises(IntegrityError) as told, db.begin_nested():
            run(driver.connection_of(db), words, row({"name": "id", "last": 123454321}))
        assert "123454321" not in str(told.value)
        assert NAMES.rows(db) == [("id",)]


def test_questions_see_what_was_kept_meanwhile(real_store):
    with real_store.asking() as connection, real_store.session(writes=True) as db:
        assert NAMES.rows(connection) == [("id",)]
        db.add(IdSequence(name="mine", last=0))
        db.commit()
        assert len(NAMES.rows(connection)) == 2
        db.execute(delete(IdSequence).where(IdSequence.name == "mine"))
        db.commit()
        assert NAMES.rows(connection) == [("id",)]


def test_a_number_that_no_column_holds_is_told_as_ever(store):
    """SQLite's driver refuses it itself, and not as the database's error."""
    with store.session(writes=True) as db, pytest.raises((OverflowError, DataError)):
        _ONE.rows(db, last=2**63)


def test_a_connection_that_was_cut_off_is_not_used_again(real_store):
    with real_store.session(writes=True) as db, real_store.session(writes=False) as other:
        if not spatial.is_postgres(driver.connection_of(db)):
            pytest.skip("SQLite has no server that could cut a connection off")
        number = db.scalar(text("select pg_backend_pid()"))
        other.execute(text("select pg_terminate_backend(:number)"), {"number": number})
        with pytest.raises(OperationalError, match="terminating") as told:
            NAMES.rows(db)
        assert told.value.connection_invalidated
        db.rollback()
        assert NAMES.rows(db) == [("id",)]
