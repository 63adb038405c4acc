"""Work on pictures that goes on in threads while the last piece is being sent."""

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import copy_context
from functools import cache
from threading import RLock, local
from typing import TypeVar

Given = TypeVar("Given")
Made = TypeVar("Made")


@cache
def _makers() -> ThreadPoolExecutor:
    """Shared by all pictures of this process, so that many of them do not take more cores than there are."""
    return ThreadPoolExecutor(max(2, min(4, os.cpu_count() or 2)), thread_name_prefix="picture")


@cache
def _readers() -> ThreadPoolExecutor:
    """Apart from the makers: a slide that is slow to read must not hold up the pictures of others."""
    return ThreadPoolExecutor(8, thread_name_prefix="picture-read")


if hasattr(os, "register_at_fork"):  # threads stay behind when a process is copied
    os.register_at_fork(after_in_child=_makers.cache_clear)
    os.register_at_fork(after_in_child=_readers.cache_clear)


class InHand:
    """How many pictures are being made and sent now, or wait for a thread that will make them."""

    def __init__(self) -> None:
        self._count, self._lock, self._here = 0, RLock(), local()
        self.tell: Callable[[int], None] = self._add
        self.total: Callable[[], int] = lambda: self._count

    def __enter__(self) -> None:
        with self._lock:
            self.tell(1)

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self.tell(-1)

    def are_enough(self) -> bool:
        """More than one, and as many as there are cores."""
        count = self.total()
        return count > 1 and count >= (os.cpu_count() or 1)

    @contextmanager
    def known(self) -> Iterator[None]:
        """What this thread makes inside was counted while it waited."""
        before, self._here.is_known = self._is_known(), True
        try:
            yield
        finally:
            self._here.is_known = before

    def unless_known(self) -> AbstractContextManager[None]:
        return nullcontext() if self._is_known() else self

    def _is_known(self) -> bool:
        return getattr(self._here, "is_known", False)

    def _add(self, number: int) -> None:
        self._count += number


IN_HAND = InHand()


def count_together(tell: Callable[[int], None], total: Callable[[], int]) -> None:
    """Processes that share the cores count all their pictures (before the first is made).

    Args:
        tell: adds to those of this process.
        total: those of all.
    """
    IN_HAND.tell, IN_HAND.total = tell, total


def read_ahead(bands: Iterator[Given]) -> Iterator[Given]:
    """The same bands, each being read while the one before it is worked on."""
    coming = _readers().submit(copy_context().run, next, bands, None)
    try:
        while (band := coming.result()) is not None:
            coming = _readers().submit(copy_context().run, next, bands, None)
            yield band
    finally:
        _let_go([coming])


def make_ahead(make: Callable[[Given], Made], given: Iterable[Given], most: int) -> Iterator[Made]:
    """Make one thing of each that is given, in threads.

    Where there are other pictures for the cores, in this thread: handing work over costs and gains nothing.

    Args:
        make: safe to be called from several threads.
        given: read as far as it is worked on.
        most: so many are begun, or wait to be taken.

    Returns:
        What was made, in the order of what was given.
    """
    begun: deque[Future[Made]] = deque()
    with IN_HAND.unless_known():
        try:
            for one in given:
                if IN_HAND.are_enough():
                    while begun:
                        yield begun.popleft().result()
                    made = make(one)
                    # Not to be held while the next one is read.
                    del one
                    yield made
                    continue
                begun.append(_makers().submit(make, one))
                del one
                if len(begun) >= most:
                    yield begun.popleft().result()
            while begun:
                yield begun.popleft().result()
        finally:
            _let_go(begun)


def _let_go(begun: Iterable[Future[Made]]) -> None:
    """Nobody takes these any more: what has not begun never will, what has is waited for, so that nothing is torn."""
    wait([future for future in begun if not future.cancel()])
