import threading

import pytest
from sqlalchemy import select

from atrisys.store import events
from atrisys.store.events import Noted, event_of
from atrisys.store.tables import Event


def look(id: int = 1, **more) -> dict:
    return event_of(action="viewed", door="web", user_id=7, object_id=id, **more)


def written(store) -> list[int | None]:
    with store.reading() as db:
        return list(db.scalars(select(Event.object_id).order_by(Event.seq)))


def test_the_same_is_noted_once_for_a_while_whatever_the_request(store):
    noted = Noted()
    for request in "ab":
        noted.add(look(1, request_id=request), 60)
        noted.add(look(2, request_id=request), 0)
    assert noted.write(store.writing) == 3
    assert written(store) == [1, 2, 2]
    assert noted.write(store.writing) == 0


def test_many_are_written_in_their_order(store, monkeypatch):
    monkeypatch.setattr(events, "AT_ONCE", 3)
    noted = Noted()
    for id in range(8):
        noted.add(look(id), 60)
    assert noted.write(store.writing) == 8
    assert written(store) == list(range(8))


def test_what_the_database_does_not_take_goes_on_waiting_up_to_a_limit_and_what_was_lost_is_told(
    store, monkeypatch, caplog
):
    monkeypatch.setattr(events, "MOST_WAITING", 2)
    noted = Noted()

    def away():
        raise ConnectionError

    for id in range(5):
        noted.add(look(id), 60)
    with pytest.raises(ConnectionError):
        noted.write(away)
    assert noted.write(store.writing) == 2
    assert written(store) == [0, 1]
    assert "3 events are missing in the log" in caplog.text


def test_no_more_is_remembered_than_a_limit(store, monkeypatch):
    monkeypatch.setattr(events, "MOST_KNOWN", 2)
    noted = Noted()
    for id in (1, 2, 3, 1):
        noted.add(look(id), 60)
    assert len(noted._known) == 2
    noted.write(store.writing)
    assert written(store) == [1, 2, 3, 1]


def test_several_threads_note_and_write_at_once_and_nothing_is_lost_or_doubled(store):
    noted = Noted()

    def note(first: int) -> None:
        for id in range(first, first + 200):
            noted.add(look(id), 60)

    threads = [threading.Thread(target=note, args=(first,)) for first in (0, 200, 400)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        noted.write(store.writing)
    noted.write(store.writing)
    assert sorted(written(store)) == list(range(600))
