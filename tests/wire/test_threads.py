"""Threads for requests: what is done there comes back to the loop that asked."""

import asyncio
import gc
import threading
import weakref
from contextlib import suppress

import pytest

from atrisys.wire.threads import Threads


@pytest.fixture
def threads():
    made = Threads(2, "test")
    yield made
    made.end()


def test_what_comes_of_it_comes_back(threads):
    async def ask() -> int:
        return await threads.run(lambda a, b: a * b, 6, 7)

    assert asyncio.run(ask()) == 42


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, StopIteration])
def test_what_it_raises_comes_back(threads, error):
    def fail() -> None:
        raise error("said")

    async def ask() -> None:
        with pytest.raises(RuntimeError if error is StopIteration else error):
            await threads.run(fail)
        # The thread is still good.
        assert await threads.run(lambda: 1) == 1

    asyncio.run(ask())


def test_an_error_is_not_held_once_it_was_told(threads):
    held: list[weakref.ref[Exception]] = []

    class Told(Exception):
        def __init__(self) -> None:
            held.append(weakref.ref(self))

    def fail() -> None:
        raise Told

    async def ask() -> None:
        with suppress(Told):
            await threads.run(fail)

    gc.disable()
    try:
        asyncio.run(ask())
        threads.end()
        assert held[0]() is None
    finally:
        gc.enable()


def test_the_thread_that_was_busy_last_is_taken_and_no_more_are_started_than_are_needed(threads):
    async def ask() -> set[str]:
        return {await threads.run(lambda: threading.current_thread().name) for _ in range(20)}

    assert asyncio.run(ask()) == {"test 0"}


def test_more_work_than_threads_waits_its_turn(threads):
    gate, at_work, most = threading.Event(), [], []

    def work(number: int) -> int:
        at_work.append(number)
        most.append(len(at_work))
        gate.wait(10)
        at_work.remove(number)
        return number

    async def ask() -> list[int]:
        asked = [threads.run(work, number) for number in range(10)]
        while len(most) < 2:
            await asyncio.sleep(0.01)
        gate.set()
        return await asyncio.gather(*asked)

    assert asyncio.run(ask()) == list(range(10))
    assert max(most) == 2


def test_what_nobody_waits_for_any_longer_is_not_begun(threads):
    gate, begun = threading.Event(), []

    async def ask() -> None:
        busy = [threads.run(gate.wait, 10) for _ in range(2)]
        dropped, kept = threads.run(begun.append, "dropped"), threads.run(begun.append, "kept")
        dropped.cancel()
        gate.set()
        await asyncio.gather(*busy, kept)

    asyncio.run(ask())
    assert begun == ["kept"]


def test_what_was_not_begun_can_be_taken_back(threads):
    done, end = [], threading.Event()

    def work(number: int) -> int:
        done.append(number)
        end.wait(10)
        return number

    async def ask() -> list[int]:
        asked = [threads.run(work, number) for number in range(4)]
        assert [threads.take_back(answer) for answer in asked[:3]] == [False, False, True]
        assert not threads.take_back(asked[2])
        asked[2].set_result(-1)
        end.set()
        return await asyncio.gather(*asked)

    assert asyncio.run(ask()) == [0, 1, -1, 3]
    assert sorted(done) == [0, 1, 3]


def test_a_loop_that_has_ended_waits_for_nothing():
    gate, alone = threading.Event(), Threads(1, "test")

    async def leave() -> None:
        alone.run(gate.wait, 10)

    asyncio.run(leave())
    gate.set()

    async def ask() -> int:
        return await asyncio.wait_for(alone.run(lambda: 2), 10)

    assert asyncio.run(ask()) == 2
    alone.end()


def test_threads_without_work_end_and_take_no_more(threads):
    async def ask() -> threading.Thread:
        return await threads.run(threading.current_thread)

    thread = asyncio.run(ask())
    threads.end()
    thread.join(10)
    assert not thread.is_alive()
    with pytest.raises(RuntimeError):
        asyncio.run(ask())


def test_what_was_begun_is_waited_for(threads):
    gate, done = threading.Event(), []

    def work() -> None:
        gate.wait(10)
        done.append(True)

    async def leave() -> None:
        threads.run(work)

    asyncio.run(leave())
    assert not threads.wait_until_idle(0.05)
    gate.set()
    assert threads.wait_until_idle(10)
    assert done
