"""What knows the database: shapes that a query asks about, and the turns that writers take."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
import shapely
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from atrisys.store import spatial
from atrisys.store.session import Store


def test_two_threads_never_share_a_prepared_shape():
    wkb, both = shapely.to_wkb(shapely.box(0, 0, 9, 9)), threading.Barrier(2)

    def prepared(_: int) -> tuple[int, bool]:
        shape = spatial._prepared(wkb)
        both.wait(10)
        return id(shape), spatial._prepared(wkb) is shape

    with ThreadPoolExecutor(2) as threads:
        (one, kept), (other, kept_too) = threads.map(prepared, range(2))
    assert one != other
    assert kept
    assert kept_too


@pytest.fixture
def sqlite(kept: Store) -> Store:
    if kept.engine.dialect.name != "sqlite":
        pytest.skip("only SQLite's writers take turns")
    return kept


def test_writers_of_one_process_take_turns_and_readers_do_not_wait(sqlite: Store):
    began, order = threading.Event(), []

    def second() -> None:
        began.set()
        with sqlite.writing() as db:
            db.execute(text("SELECT 1"))
            order.append("second")

    with sqlite.writing() as db:
        db.execute(text("SELECT 1"))
        thread = threading.Thread(target=second)
        thread.start()
        assert began.wait(10)
        with sqlite.reading() as other:
            assert other.execute(text("SELECT 1")).scalar_one() == 1
        order.append("first")
    thread.join(30)
    assert order == ["first", "second"]


def test_a_writer_that_fails_passes_the_turn_on(sqlite: Store):
    def fail() -> None:
        with sqlite.writing() as db:
            db.execute(text("SELECT 1"))
            raise LookupError

    for _ in range(3):
        with pytest.raises(LookupError):
            fail()
    with sqlite.writing() as db:
        assert db.execute(text("SELECT 1")).scalar_one() == 1


def test_a_database_without_room_is_told_from_one_that_asks_nonsense(sqlite: Store):
    with sqlite.session(writes=True) as db:
        db.execute(text("PRAGMA max_page_count = 1"))
        with pytest.raises(OperationalError) as found:
            db.execute(text("CREATE TABLE much AS SELECT zeroblob(1000000) AS content"))
        assert "is full" in str(spatial.disk_trouble(found.value))
    with sqlite.reading() as db, pytest.raises(OperationalError) as missing:
        db.execute(text("SELECT * FROM much"))
    assert spatial.disk_trouble(missing.value) is None


def test_a_database_that_cannot_be_written_says_so(sqlite: Store):
    with sqlite.session(writes=True) as db:
        db.execute(text("PRAGMA query_only = 1"))
        with pytest.raises(OperationalError) as found:
            db.execute(text("CREATE TABLE much (content)"))
    assert "cannot be written now (attempt to write a readonly database)" in str(spatial.disk_trouble(found.value))
