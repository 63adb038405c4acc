"""Work on a picture is handed to threads only where there are cores for it."""

import os
import threading
import weakref

import numpy as np

from atrisys.imaging import ahead
from atrisys.imaging.ahead import IN_HAND, InHand, count_together, make_ahead


def made_by(most: int = 3):
    """Names of the threads in which ten pieces are made, one after another."""
    return make_ahead(lambda number: (number, threading.current_thread().name), range(10), most)


def test_a_picture_alone_is_made_in_threads_and_comes_in_order():
    pieces = list(made_by())
    assert [number for number, _ in pieces] == list(range(10))
    assert all(name.startswith("picture") for _, name in pieces)


def test_where_others_are_being_made_it_is_made_at_once_and_comes_in_order(monkeypatch):
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    other = made_by()
    next(other)
    pieces = list(made_by())
    assert [number for number, _ in pieces] == list(range(10))
    assert {name for _, name in pieces} == {threading.current_thread().name}
    assert [number for number, _ in other] == list(range(1, 10))
    assert all(name.startswith("picture") for _, name in made_by())


def test_one_that_was_counted_while_it_waited_is_not_counted_twice(monkeypatch):
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    with IN_HAND, IN_HAND.known():
        assert all(name.startswith("picture") for _, name in made_by())
        with IN_HAND:
            assert {name for _, name in made_by()} == {threading.current_thread().name}
    assert all(name.startswith("picture") for _, name in made_by())
    assert IN_HAND.total() == 0


def test_pictures_of_other_processes_count_as_well(monkeypatch):
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    monkeypatch.setattr(ahead, "IN_HAND", InHand())
    counts = [0, 0]

    def tell(number: int) -> None:
        counts[0] += number

    count_together(tell, lambda: sum(counts))
    assert all(name.startswith("picture") for _, name in made_by())
    counts[1] = 1
    assert {name for _, name in made_by()} == {threading.current_thread().name}
    assert counts == [0, 1]


def test_one_that_nobody_takes_to_its_end_no_longer_counts(monkeypatch):
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    left = made_by()
    next(left)
    left.close()
    first, second = made_by(), made_by()
    assert next(first)[1].startswith("picture")
    assert next(second)[1] == threading.current_thread().name


def test_what_was_given_is_held_no_longer_than_it_is_worked_on(monkeypatch):
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    other = made_by()
    next(other)
    given: list[weakref.ref[np.ndarray]] = []

    def bands():
        for _ in range(5):
            assert not [one for one in given if one() is not None]
            band = np.zeros(3)
            given.append(weakref.ref(band))
            yield band
            del band

    assert list(make_ahead(len, bands(), 3)) == [3] * 5
    other.close()
