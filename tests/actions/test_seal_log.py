import threading

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError

from atrisys.access.caller import Caller
from atrisys.actions import history, keep_log, seal_log
from atrisys.store import spatial
from atrisys.store.events import event_of, write_events
from atrisys.store.session import Store
from atrisys.store.tables import Change, Event, Seal, SecRole
from given.kept import kept_store

NOBODY = Caller(1, "somebody", frozenset())


@pytest.fixture(autouse=True)
def small_batches(monkeypatch):
    monkeypatch.setattr(seal_log, "BATCH", 2)
    monkeypatch.setattr(seal_log, "REST_S", 0)


def write_some(store: Store, *names: str) -> None:
    """For each name a change and an event."""
    for name in names:
        with store.writing() as db:
            history.add(db, NOBODY, SecRole(authority=name))
            write_events(db, [event_of(action="viewed", door="web", class_name="SecRole", what=name)])


def with_seals(store: Store) -> Store:
    write_some(store, "a", "b", "c", "d", "e")
    assert seal_log.seal_log(store) == lines(store) == 10
    return store


@pytest.fixture
def sealed(store):
    return with_seals(store)


@pytest.fixture
def kept(tmp_path):
    """The same where transactions are really kept, for what several do at once."""
    with kept_store(tmp_path / "data") as store:
        yield with_seals(store)


def lines(store) -> int:
    with store.reading() as db:
        return sum(db.scalar(select(func.count()).select_from(kind)) for kind in (Change, Event))


def seals(store) -> list[Seal]:
    with store.reading() as db:
        return list(db.scalars(select(Seal).order_by(Seal.number)))


def tamper(store, *statements: str) -> None:
    """As somebody who owns the database, and takes its guards away first."""
    with store.writing() as db:
        connection = db.connection()
        for table in ("change", "event", "seal"):
            spatial.append_freely(connection, table)
        for statement in statements:
            assert db.execute(text(statement)).rowcount > 0, statement


def problem(store, known: str = "") -> str:
    return seal_log.verify_log(store, known).problem


def middle(store, table: str) -> int:
    """The number of a line that the second seal covers."""
    second = seals(store)[1]
    with store.reading() as db:
        query = f"SELECT max(seq) FROM {table} WHERE seq > {second.after_seq} AND seq <= {second.to_seq}"
        return db.execute(text(query)).scalar_one()


def test_a_log_that_nobody_touched_holds(sealed):
    said = []
    found = seal_log.verify_log(sealed, report=lambda done, words: said.append(done))
    assert (found.problem, found.lines, found.unsealed) == ("", 10, 0)
    assert found.seals == len(seals(sealed)) >= 3
    assert found.last == seals(sealed)[-1].mac
    assert said == sorted(said)
    assert said[-1] == 1


def test_what_came_later_is_sealed_later_also_by_another_process(kept):
    before = seals(kept)
    write_some(kept, "f")
    assert seal_log.verify_log(kept).unsealed == 2
    again = Store(kept.settings)
    try:
        assert seal_log.seal_log(again) == 2
        assert seal_log.seal_log(again) == 0
    finally:
        again.close()
    now = seals(kept)
    assert [seal.mac for seal in now[: len(before)]] == [seal.mac for seal in before]
    assert now[-1].after_seq == before[-1].to_seq
    found = seal_log.verify_log(kept, before[-1].mac)
    assert (found.problem, found.lines, found.unsealed) == ("", 12, 0)


@pytest.mark.parametrize("deed", ["UPDATE {} SET {} = {}", "DELETE FROM {}"])
@pytest.mark.parametrize("table", ["change", "event", "seal"])
def test_the_database_refuses_to_change_or_remove_a_line(sealed, table, deed):
    with pytest.raises(DBAPIError, match=f"{table} is append-only"), sealed.writing() as db:
        db.execute(text(deed.format(table, "created", "created")))
    assert problem(sealed) == ""


CHANGED = [
    f"UPDATE change SET {one} WHERE seq = {{change}}"
    for one in (
        *("user_id = 2", "created = created + 1", "object_id = 3", "version = 9", "owner_id = 5", "container_id = 4"),
        *("door = 'job'", "request_id = 'x'", "class_name = 'Term'", "before = '{{}}'", "after = '{{}}'"),
        "transaction_id = 1",
    )
] + [
    f"UPDATE event SET {one} WHERE seq = {{event}}"
    for one in (
        *("user_id = 2", "created = created + 1", "action = 'exported'", "what = NULL", "address = '10.0.0.1'"),
        *("door = 'job'", "request_id = 'x'", "class_name = 'Term'", "object_id = 3"),
    )
]


@pytest.mark.parametrize("statement", CHANGED)
def test_a_changed_line_breaks_the_seal_over_it(sealed, statement):
    tamper(sealed, statement.format(change=middle(sealed, "change"), event=middle(sealed, "event")))
    found = seal_log.verify_log(sealed)
    assert found.problem.startswith("Seal 2 ")
    assert "does not fit its lines" in found.problem
    assert found.seals == 1


@pytest.mark.parametrize("table", ["change", "event"])
def test_a_removed_line_is_missed(sealed, table):
    tamper(sealed, f"DELETE FROM {table} WHERE seq = {middle(sealed, table)}")
    assert "removed or added" in problem(sealed)


def test_a_line_that_is_slipped_in_is_found(sealed):
    columns = "created, user_id, door, request_id, action, class_name, object_id, what, address"
    for number in (-5, seals(sealed)[0].to_seq + 1):
        with sealed.writing() as db:
            free = number
            while db.get(Event, free) is not None or db.get(Change, free) is not None:
                free += 1
            db.execute(text(f"INSERT INTO event (seq, {columns}) SELECT {free}, {columns} FROM event LIMIT 1"))
        assert "removed or added" in problem(sealed)


def test_two_lines_that_change_places_are_found(sealed):
    first, second = middle(sealed, "event"), seals(sealed)[2].to_seq
    with sealed.reading() as db:
        second = db.scalar(select(func.max(Event.seq)).where(Event.seq <= second))
    tamper(
        sealed,
        f"UPDATE event SET seq = -1 WHERE seq = {first}",
        f"UPDATE event SET seq = {first} WHERE seq = {second}",
        f"UPDATE event SET seq = {second} WHERE seq = -1",
    )
    assert problem(sealed).startswith("Seal 2 ")


def test_seals_cannot_be_taken_out_or_made_anew_without_the_secret(sealed):
    tamper(sealed, "DELETE FROM seal WHERE number = 2")
    assert problem(sealed) == "Seal 2 is missing."


def test_lines_and_their_seal_taken_out_together_and_counted_anew_are_found(sealed):
    second = seals(sealed)[1]
    between = f"seq > {second.after_seq} AND seq <= {second.to_seq}"
    tamper(
        sealed,
        f"DELETE FROM change WHERE {between}",
        f"DELETE FROM event WHERE {between}",
        "DELETE FROM seal WHERE number = 2",
        f"UPDATE seal SET after_seq = {second.after_seq} WHERE number = 3",
        "UPDATE seal SET number = 2 WHERE number = 3",
    )
    assert problem(sealed).startswith("Seal 2 ")


def test_an_end_that_was_cut_off_is_found_by_a_seal_that_was_kept_elsewhere(sealed, caplog):
    write_some(sealed, "f")
    with caplog.at_level("INFO", logger="atrisys"):
        seal_log.seal_log(sealed)
    last = seals(sealed)[-1]
    told = [record.getMessage() for record in caplog.records]
    assert told == [f"seal {last.number} over the log up to line {last.to_seq}: {last.mac}"]
    assert problem(sealed, last.mac) == ""
    tamper(
        sealed,
        f"DELETE FROM change WHERE seq > {last.after_seq}",
        f"DELETE FROM event WHERE seq > {last.after_seq}",
        f"DELETE FROM seal WHERE number = {last.number}",
    )
    assert problem(sealed) == ""
    assert "cut off" in problem(sealed, last.mac)
    seal_log.seal_log(sealed)
    assert "cut off" in problem(sealed, last.mac)


def test_another_installations_secret_makes_other_seals(sealed, monkeypatch):
    monkeypatch.setattr(sealed.folder, "secret", lambda: bytes(32))
    assert problem(sealed).startswith("Seal 1 ")


def test_of_two_who_seal_at_once_one_does(kept, monkeypatch):
    write_some(kept, "f", "g")
    both, inner = threading.Barrier(2), seal_log._work_out

    def worked_out(*args):
        both.wait(timeout=30)
        return inner(*args)

    monkeypatch.setattr(seal_log, "BATCH", 5_000)
    monkeypatch.setattr(seal_log, "_work_out", worked_out)
    done, before = [], len(seals(kept))
    threads = [threading.Thread(target=lambda: done.append(seal_log._seal_some(kept))) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    monkeypatch.setattr(seal_log, "_work_out", inner)
    assert sorted(done) == [0, 4]
    assert len(seals(kept)) == before + 1
    assert problem(kept) == ""


def test_a_fresh_seal_of_somebody_else_will_do(sealed):
    write_some(sealed, "f")
    assert seal_log.seal_log(sealed, every_s=3600) == 0
    assert seal_log.seal_log(sealed, is_wanted=lambda: False) == 0
    assert seal_log.seal_log(sealed) == 2


def test_a_line_that_is_written_while_somebody_seals_is_sealed_the_next_time(kept):
    write_some(kept, "f")
    if kept.settings.database_url:
        with kept.writing() as db:
            history.add(db, NOBODY, SecRole(authority="late"))
            db.flush()
            assert seal_log.seal_log(kept) == 2
        assert seal_log.verify_log(kept).unsealed == 1
    else:
        assert seal_log.seal_log(kept) == 2
        with kept.writing() as db:
            history.add(db, NOBODY, SecRole(authority="late"))
    assert seal_log.seal_log(kept) == 1
    assert problem(kept) == ""


def test_the_keeper_writes_what_was_noted_and_seals_it(kept, monkeypatch):
    monkeypatch.setattr(keep_log, "WRITE_S", 0.01)
    monkeypatch.setattr(keep_log, "SEAL_S", 0.0)
    kept.noted.add(event_of(action="viewed", door="web", user_id=1), 60)
    kept.noted.add(event_of(action="viewed", door="web", user_id=1), 60)
    keeper = keep_log.LogKeeper(kept).start()
    try:
        waiting = threading.Event()
        while seals(kept)[-1].created and seal_log.verify_log(kept).lines < 11:
            waiting.wait(0.02)
    finally:
        keeper.stop()
    assert (problem(kept), lines(kept)) == ("", 11)


def test_what_was_noted_last_is_written_when_the_keeper_stops(kept):
    keeper = keep_log.LogKeeper(kept).start()
    kept.noted.add(event_of(action="viewed", door="web", user_id=1), 60)
    keeper.stop()
    assert lines(kept) == 11


def test_the_log_is_read_whole_and_in_order(sealed):
    with sealed.reading() as db:
        found = list(seal_log.read_log(db, 0))
    assert [line["seq"] for line in found] == sorted(line["seq"] for line in found)
    assert [line["log"] for line in found] == ["change", "event"] * 5
    assert '"authority":"a"' in found[0]["after"]
    with sealed.reading() as db:
        assert list(seal_log.read_log(db, found[7]["seq"])) == found[8:]
