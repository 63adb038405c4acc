"""Threads that the event loop hands work to, and what comes of it back.

The standard executor does the same for anybody who asks, by two futures and several locks a task, which took some
hundredths of a small request's time.
"""

import asyncio
import atexit
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from queue import SimpleQueue
from typing import Any, NamedTuple

ENDED_WITHIN_S, LOOK_AFTER_S = 1.0, 0.02


class _Task(NamedTuple):
    loop: asyncio.AbstractEventLoop
    answer: "asyncio.Future[Any]"
    do: Callable[..., Any]
    given: tuple[Any, ...]


class Threads:
    """At most so many, each started when all others are busy; who was busy last is the first to be so again."""

    def __init__(self, most: int, name: str) -> None:
        self._most, self._name = most, name
        self._lock = threading.Lock()
        self._all: list[_Thread] = []
        self._idle: list[_Thread] = []
        self._waiting: deque[_Task] = deque()
        self._has_ended = False
        atexit.register(self.end)

    def run(self, do: Callable[..., Any], *given: Any) -> "asyncio.Future[Any]":
        """What it returns or raises, in the loop that asks. Whose future is cancelled before its turn is not begun."""
        if self._has_ended:
            raise RuntimeError("These threads have ended.")
        loop = asyncio.get_running_loop()
        task = _Task(loop, loop.create_future(), do, given)
        with self._lock:
            if self._idle:
                self._idle.pop().tasks.put(task)
            elif len(self._all) < self._most:
                self._all.append(_Thread(self, f"{self._name} {len(self._all)}", task))
            else:
                self._waiting.append(task)
        return task.answer

    def take_back(self, answer: "asyncio.Future[Any]") -> bool:
        """Whether that was not begun yet: then it never will be, and the answer is for the caller to give."""
        with self._lock:
            for task in self._waiting:
                if task.answer is answer:
                    self._waiting.remove(task)
                    return True
        return False

    def next_for(self, thread: "_Thread") -> _Task | None:
        """What waits; where nothing does, the thread is idle from now on."""
        with self._lock:
            if self._waiting:
                return self._waiting.popleft()
            if self._has_ended:
                thread.tasks.put(None)
            else:
                self._idle.append(thread)
            return None

    def wait_until_idle(self, seconds: float) -> bool:
        """Whether all that was begun is done, at the latest then."""
        end = time.monotonic() + seconds
        while len(self._idle) < len(self._all):
            if time.monotonic() > end:
                return False
            time.sleep(LOOK_AFTER_S)
        return True

    def end(self) -> None:
        """Let those go that have nothing to do, and the others once they have."""
        with self._lock:
            self._has_ended = True
            idle, self._idle = self._idle, []
        for thread in idle:
            thread.tasks.put(None)
        for thread in idle:
            thread.join(ENDED_WITHIN_S)


class _Thread(threading.Thread):
    def __init__(self, threads: Threads, name: str, task: _Task) -> None:
        # One that hangs in a decoder keeps no process from ending.
        super().__init__(name=name, daemon=True)
        self._threads = threads
        self.tasks: SimpleQueue[_Task | None] = SimpleQueue()
        self.tasks.put(task)
        self.start()

    def run(self) -> None:
        while (task := self.tasks.get()) is not None:
            while task is not None:
                told = task
                result, error = (None, None) if told.answer.cancelled() else _outcome(told.do, told.given)
                # It can be given the next one as soon as anybody hears of this one.
                task = self._threads.next_for(self)
                # A loop that has ended waits for nothing.
                with suppress(RuntimeError):
                    told.loop.call_soon_threadsafe(_tell, told.answer, result, error)
                del told, result, error


def _outcome(do: Callable[..., Any], given: tuple[Any, ...]) -> tuple[Any, BaseException | None]:
    """What it gives, or what it raises. An error knows this frame: nothing here may know the error or the task."""
    try:
        return do(*given), None
    except StopIteration:
        # A future takes any other.
        return None, RuntimeError("What was done in a thread raised StopIteration.")
    except BaseException as raised:
        return None, raised


def _tell(answer: "asyncio.Future[Any]", result: Any, error: BaseException | None) -> None:
    if answer.done():
        return
    if error is None:
        answer.set_result(result)
    else:
        answer.set_exception(error)
