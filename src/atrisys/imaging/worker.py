"""Decoders that may crash, hang or eat memory run here: in processes of their own, which are ended and replaced.

    worker.call("package.module:function", argument, …)

runs the function in one of a few workers. A call that takes too long or takes its worker down costs that call a
`PictureFailed`; a slide that did so may from then on, for a while, keep one worker at most, so that others go on.
Workers start on first use, never as forks (they know nothing of the server) and end with this process.
"""

import atexit
import os
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from atrisys.errors import PictureFailed
from atrisys.imaging.worker_link import Link, WorkerLost

SUSPECT_S = 300
"""How long a slide that took a worker down is kept to one worker."""

PATIENCE_S = 1.0
"""When all workers are busy for longer, a slide that has none gets a spare one: another's hanging is not its fault."""


ALONE_AT_ONCE = 2
"""So many workers of their own may a process have beside the pool's."""


@dataclass(frozen=True)
class Limits:
    """What workers may take."""

    workers: int = 2
    """As many again may be started for a while, as spares."""
    timeout_s: float = 30
    """For one call; another for waiting until a worker is free."""
    memory_mb: int = 4096


class Pool:
    """A few workers that are lent to one call at a time. Safe to use from several threads."""

    def __init__(self, limits: Limits = Limits()) -> None:
        self.limits = limits
        self._free: list[Link] = []
        self._count = 0
        self._busy_for: dict[str, int] = {}
        self._suspects: dict[str, float] = {}
        self._changed = threading.Condition()
        self._closed = False

    def call(self, function: str, *args: Any, key: str = "", timeout_s: float | None = None) -> Any:
        """Run a function in a worker.

        Args:
            function: `package.module:name`, importable there; takes and gives what `messages.pack` knows.
            key: the slide (its path): its calls prefer the worker that has it open, and its failures are its own.
            timeout_s: instead of the pool's limit.

        Returns:
            What the function returned; tuples have become lists.

        Raises:
            PictureFailed: it took too long, took its worker down, broke with an exception, or no worker became free.
            Refusal: any that the function raised, as it was raised.
        """
        timeout_s = timeout_s or self.limits.timeout_s
        name = Path(key).name or function
        for last_try in (False, True):
            link = self._take(key, name, timeout_s, fresh=last_try)
            innocent = link.calls > 0 and not last_try
            try:
                answer = link.ask(function, args, name, timeout_s)
            except WorkerLost as lost:
                # An earlier slide may have left the worker ailing: a fresh one shows whether it is this slide's doing.
                if innocent and not lost.late:
                    continue
                self._suspect(key)
                raise _failed(lost, name, timeout_s) from lost
            finally:
                self._give_back(link, key)
            return answer
        raise AssertionError("not reached")

    def close(self) -> None:
        """End the workers; calls under way fail."""
        with self._changed:
            self._closed = True
            free, self._free = self._free, []
            self._changed.notify_all()
        for link in free:
            link.end()

    def pids(self) -> list[int]:
        """The process ids of the workers that are free at the moment."""
        with self._changed:
            return [link.pid for link in self._free]

    def _take(self, key: str, name: str, timeout_s: float, fresh: bool) -> Link:
        began = time.monotonic()
        with self._changed:
            while not self._may_start(key, time.monotonic() - began):
                left = began + timeout_s - time.monotonic()
                self._changed.wait(max(0, min(left, PATIENCE_S)))
                if self._closed or left <= 0:
                    raise PictureFailed("{name} could not be read: all decoders are busy; try again", name=name)
            self._busy_for[key] = self._busy_for.get(key, 0) + 1
            if self._free:
                familiar = [link for link in self._free if key in link.keys]
                link = (familiar or self._free)[-1]
                self._free.remove(link)
                link.remember(key)
                if not fresh:
                    return link
                link.end()
            else:
                self._count += 1
        try:
            return Link(self.limits.memory_mb, key)
        except BaseException:
            self._leave(key, gone=True)
            raise

    def _may_start(self, key: str, waited_s: float) -> bool:
        most, has_none = self.limits.workers, not self._busy_for.get(key)
        usual = self._count < most or (self._free and self._count == most)
        spare = has_none and (self._free or (waited_s >= PATIENCE_S and self._count < 2 * most))
        if self._closed or not (usual or spare):
            return False
        if self._suspects.get(key, 0) < time.monotonic():
            self._suspects.pop(key, None)
            return True
        return has_none

    def _give_back(self, link: Link, key: str) -> None:
        with self._changed:
            surplus = self._count > self.limits.workers and self._free
            keep = link.sound and not self._closed and not surplus
        if not keep:
            link.end()
        self._leave(key, gone=not keep, link=link if keep else None)

    def _leave(self, key: str, gone: bool, link: Link | None = None) -> None:
        with self._changed:
            self._busy_for[key] -= 1
            if not self._busy_for[key]:
                del self._busy_for[key]
            self._count -= gone
            if link:
                self._free.append(link)
            self._changed.notify_all()

    def _suspect(self, key: str) -> None:
        with self._changed:
            if key:
                self._suspects[key] = time.monotonic() + SUSPECT_S


def _failed(lost: WorkerLost, name: str, timeout_s: float) -> PictureFailed:
    if lost.late:
        return PictureFailed("{name}: decoding took longer than {limit} s and was ended", name=name, limit=timeout_s)
    return PictureFailed("{name}: the decoder crashed ({reason})", name=name, reason=str(lost))


_limits = Limits()
_pool: Pool | None = None
_pool_lock = threading.Lock()
_alone = threading.BoundedSemaphore(ALONE_AT_ONCE)


def configure(limits: Limits) -> None:
    """Set this process's limits (the application does so once, from its settings); workers that run are ended."""
    global _limits, _pool
    with _pool_lock:
        old, _pool, _limits = _pool, None, limits
    if old:
        old.close()


def pool() -> Pool:
    """This process's workers."""
    global _pool
    with _pool_lock:
        if _pool is None:
            _pool = Pool(_limits)
        return _pool


def call(function: str, *args: Any, key: str = "", timeout_s: float | None = None) -> Any:
    """Run a function in one of this process's workers; see `Pool.call`."""
    return pool().call(function, *args, key=key, timeout_s=timeout_s)


def call_alone(
    function: str, *args: Any, name: str, timeout_s: float, progress: Callable[[float], None] | None = None
) -> Any:
    """Run a function that takes minutes in a worker of its own, which ends with it; the others stay free for pictures.

    Args:
        function: as `Pool.call` takes it; what it gives to `telling.tell` is handed to `progress`.
        name: of the file, for what is said to people.
        timeout_s: for the call; those who wait until it is their turn wait as long as it takes.
        progress: may raise, which ends the worker.

    Raises: as `Pool.call`.
    """
    with _alone:
        link = Link(pool().limits.memory_mb)
        try:
            return link.ask(function, args, name, timeout_s, progress)
        except WorkerLost as lost:
            raise _failed(lost, name, timeout_s) from lost
        finally:
            link.end()


def _forget_after_fork() -> None:
    """A fork has its parent's pipes in hand: it must not talk through them."""
    global _pool, _pool_lock, _alone
    _pool, _pool_lock, _alone = None, threading.Lock(), threading.BoundedSemaphore(ALONE_AT_ONCE)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_after_fork)


@atexit.register
def close() -> None:
    """End this process's workers, so that nobody waits for what they do; others start where they are needed again."""
    global _pool
    with _pool_lock:
        ending, _pool = _pool, None
    if ending:
        ending.close()
