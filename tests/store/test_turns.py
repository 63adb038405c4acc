"""Threads that write take turns, as long as nobody waits long for it."""

import threading

from atrisys.store.turns import Turns


def started(do):
    thread = threading.Thread(target=do)
    thread.start()
    return thread


def test_the_next_one_works_when_the_turn_is_given_on(monkeypatch):
    monkeypatch.setattr("atrisys.store.turns.WAIT_S", 60)
    turns, order, comes = Turns(is_needed=True), [], threading.Event()
    turn = turns.take()

    def other():
        comes.set()
        second = turns.take()
        order.append("second")
        second.give_on()

    waiting = started(other)
    comes.wait()
    order.append("first")
    turn.give_on()
    waiting.join()
    assert order == ["first", "second"]


def test_who_waits_too_long_goes_on_without_and_takes_nobodys_turn_away():
    turns, first_goes, seen = Turns(is_needed=True), threading.Event(), []
    first = turns.take()

    def second():
        turns.take().give_on()
        seen.append("second")
        first_goes.set()

    waiting = started(second)
    # The first one does not move until the second has gone on without.
    assert first_goes.wait(10)
    waiting.join()
    first.give_on()
    first.give_on()
    again = turns.take()
    again.give_on()
    assert seen == ["second"]


def test_where_every_writer_has_a_connection_of_its_own_nobody_waits():
    turns = Turns(is_needed=False)
    turns.take()
    turns.take().give_on()
