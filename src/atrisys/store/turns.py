"""Turns: of the threads of a process that write, one works at a time, and gives its turn on while the disk works.

Python lets one of them run at a time anyway, and they wait for one writing connection. Two that take the interpreter
from each other at each call into the database and the geometry write no more than one alone; taking turns, a tenth
more (two clients, arrays of 15 annotations).
"""

import threading

WAIT_S = 0.01
"""Whoever has no turn by then goes on without: what takes long holds nobody up."""


class Turns:
    """Those of one process. Safe to use from several threads."""

    def __init__(self, is_needed: bool) -> None:
        """
        Args:
            is_needed: the database has but one connection for those who write.
        """
        self._one = threading.Lock() if is_needed else None

    def take(self) -> "Turn":
        """When it is ours, at the latest after a while."""
        return Turn(self._one if self._one is not None and self._one.acquire(timeout=WAIT_S) else None)


class Turn:
    """One request's, until the block ends at the latest; of who goes on without, none."""

    def __init__(self, held: "threading.Lock | None" = None) -> None:
        self._held = held

    def __enter__(self) -> "Turn":
        return self

    def __exit__(self, *_: object) -> None:
        self.give_on()

    def give_on(self) -> None:
        """A second time does nothing."""
        held, self._held = self._held, None
        if held is not None:
            held.release()
