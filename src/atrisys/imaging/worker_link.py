"""One worker as its parent sees it: a process, the pipe to it, and its end."""

import fcntl
import logging
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

from atrisys.errors import (
    ConversionFailed,
    Invalid,
    NotFound,
    PictureFailed,
    PictureMissing,
    Refusal,
    SlideFlat,
    SlideUnreadable,
    TooLarge,
)
from atrisys.imaging import messages

log = logging.getLogger(__name__)

_REFUSALS: dict[str, type[Refusal]] = {
    kind.__name__: kind
    for kind in (
        *(ConversionFailed, Invalid, NotFound, PictureFailed),
        *(PictureMissing, SlideFlat, SlideUnreadable, TooLarge),
    )
}
_PIPE_BYTES = 1 << 20
_MOST_KEYS = 32
_START_S = 30.0
"""Starting Python on a machine that is busy may take its time; it is not the slide's."""
_KNOWN = ("PATH", "HOME", "LANG", "TZ", "TMPDIR", "SYSTEMROOT", "VIRTUAL_ENV", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")
_ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MALLOC_ARENA_MAX": "2"}


class WorkerLost(Exception):
    """The worker did not answer: `late`, or it is gone."""

    def __init__(self, words: str, late: bool = False) -> None:
        super().__init__(words)
        self.late = late


class Link:
    """A worker of our own. For one thread at a time."""

    def __init__(self, memory_mb: int, key: str = "") -> None:
        self.keys = {key}
        """Slides it was asked for: it may have them open."""
        self.calls = 0
        self.sound = True
        """False once a call did not end as it should: what comes next over the pipe cannot be told apart."""
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "atrisys.imaging.worker_process", str(memory_mb)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            bufsize=0,
            env=_environment(),
            start_new_session=True,
        )
        assert self._process.stdin
        assert self._process.stdout
        self._to, self._from = self._process.stdin.fileno(), self._process.stdout.fileno()
        for pipe in (self._to, self._from):
            os.set_blocking(pipe, False)
            _widen(pipe)

    def remember(self, key: str) -> None:
        """Note a slide that it has open now."""
        if len(self.keys) >= _MOST_KEYS:
            self.keys.clear()
        self.keys.add(key)

    @property
    def pid(self) -> int:
        return self._process.pid

    def ask(
        self,
        function: str,
        args: tuple[Any, ...],
        name: str,
        timeout_s: float,
        progress: Callable[[float], None] | None = None,
    ) -> Any:
        """One call, answered. Raises WorkerLost where it is not, PictureFailed or a Refusal where it is refused.

        `progress`: called with the fraction done, where the function tells it (`telling.tell`).
        """
        was_sound, self.sound = self.sound, False
        if not self.calls:
            self._answer(time.monotonic() + _START_S)
        self.calls += 1
        give_up = time.monotonic() + timeout_s
        call = {"function": function, "args": args, "name": name, "timeout_s": timeout_s}
        for part in messages.pack(call):
            self._write(part, give_up)
        answer = self._answer(give_up)
        while isinstance(answer, dict) and "progress" in answer:
            if progress:
                progress(min(1.0, max(0.0, float(answer["progress"]))))
            answer = self._answer(give_up)
        self.sound = was_sound
        return _value_of(answer, name)

    def end(self) -> None:
        """Kill it, whatever it does."""
        self.sound = False
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe:
                pipe.close()

    def _answer(self, give_up: float) -> Any:
        try:
            return messages.unpack(lambda length: self._read(length, give_up))
        except messages.Garbled as reason:
            raise WorkerLost(f"its answer is garbled: {reason}") from reason

    def _write(self, part: messages.Buffer, give_up: float) -> None:
        view = memoryview(part).cast("B")
        while view.nbytes:
            self._wait(self._to, select.POLLOUT, give_up)
            try:
                view = view[os.write(self._to, view[:_PIPE_BYTES]) :]
            except BlockingIOError:
                continue
            except BrokenPipeError as reason:
                raise WorkerLost(self._how_it_ended()) from reason

    def _read(self, length: int, give_up: float) -> bytearray:
        wanted = bytearray(length)
        view = memoryview(wanted)
        while view.nbytes:
            self._wait(self._from, select.POLLIN, give_up)
            try:
                got = os.readv(self._from, [view])
            except BlockingIOError:
                continue
            if not got:
                raise WorkerLost(self._how_it_ended())
            view = view[got:]
        return wanted

    def _wait(self, pipe: int, event: int, give_up: float) -> None:
        poll = select.poll()
        poll.register(pipe, event)
        left = give_up - time.monotonic()
        if left <= 0 or not poll.poll(left * 1000):
            raise WorkerLost("no answer in time", late=True)

    def _how_it_ended(self) -> str:
        try:
            status = self._process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            return "it closed its pipe"
        if status >= 0:
            return f"exit status {status}"
        try:
            return signal.Signals(-status).name
        except ValueError:
            return f"signal {-status}"


def _value_of(answer: Any, name: str) -> Any:
    """The value, or the refusal raised here as it was raised there."""
    if not isinstance(answer, dict):
        raise PictureFailed("{name} could not be read: the decoder gave no answer", name=name)
    if "refusal" in answer:
        raise _REFUSALS.get(str(answer["refusal"]), PictureFailed)(str(answer["template"]), **answer["params"])
    if "failure" in answer:
        # Not by its name, which may be a patient's in a folder of DICOM files.
        log.warning("a worker could not read a slide: %s", answer.get("traceback"))
        raise PictureFailed("{name} could not be read ({reason})", name=name, reason=str(answer["failure"]))
    return answer.get("value")


def _environment() -> dict[str, str]:
    """No secrets of the server's go down there."""
    kept = {key: value for key, value in os.environ.items() if key in _KNOWN or key.startswith(("PYTHON", "LC_"))}
    return kept | _ONE_THREAD


def _widen(pipe: int) -> None:
    widen = getattr(fcntl, "F_SETPIPE_SZ", None)
    if widen is not None:
        try:
            fcntl.fcntl(pipe, widen, _PIPE_BYTES)
        except OSError:
            log.debug("the pipe to a worker keeps its size")
