"""The inside of a worker: `python -m atrisys.imaging.worker_process MEMORY_MB`, started by `imaging/worker.py`.

It takes one call after another from standard input, answers on standard output, and ends when the pipe does: also when
it is in the middle of something, and also when its parent was killed.
"""

import gc
import importlib
import os
import select
import signal
import sys
import threading
import traceback
from typing import Any, BinaryIO

from atrisys.errors import PictureFailed, Refusal
from atrisys.imaging import messages, telling

GRACE_S = 1.0
"""A worker ends itself so long after its parent should have ended it."""
_PARENT_CHECK_S = 5.0


def main(memory_mb: int) -> None:
    """Serve calls until the pipe ends."""
    asked, answers = _own_pipe()
    _limit(memory_mb)
    threading.Thread(target=_end_with_parent, args=(asked.fileno(), os.getppid()), daemon=True).start()
    _send(answers, {"ready": True})
    telling.listen(lambda fraction: _send(answers, {"progress": fraction}))
    while True:
        try:
            call = messages.unpack(lambda length: _read_exactly(asked, length))
        except EOFError:
            return
        _send(answers, _answer(call, memory_mb))


def _send(pipe: BinaryIO, answer: dict[str, Any]) -> None:
    for part in messages.pack(answer):
        pipe.write(part)
    pipe.flush()


def _own_pipe() -> tuple[BinaryIO, BinaryIO]:
    """The pipe under numbers of its own, so that a library that prints cannot garble it."""
    asked, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 0)
    os.dup2(nothing, 1)
    os.close(nothing)
    return asked, answers


def _limit(memory_mb: int) -> None:
    """Memory is limited by the system, time by an alarm for each call: neither needs the interpreter's help."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    try:
        import resource
    except ImportError:
        return
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    for kind in (resource.RLIMIT_DATA, resource.RLIMIT_AS):
        most = memory_mb << 20
        if kind == resource.RLIMIT_AS:
            most += 2 << 30
        _, hard = resource.getrlimit(kind)
        if hard != resource.RLIM_INFINITY:
            most = min(most, hard)
        resource.setrlimit(kind, (most, hard))


def _end_with_parent(pipe: int, parent: int) -> None:
    """Ends this process when the pipe's other end is gone, or (a forked sibling may hold that end) the parent is."""
    poll = select.poll()
    poll.register(pipe, 0)
    while not poll.poll(_PARENT_CHECK_S * 1000) and os.getppid() == parent:
        pass
    os._exit(0)


def _read_exactly(pipe: BinaryIO, length: int) -> bytearray:
    wanted = bytearray(length)
    view = memoryview(wanted)
    while view.nbytes:
        got = pipe.readinto(view)  # type: ignore[attr-defined]
        if not got:
            raise EOFError
        view = view[got:]
    return wanted


def _answer(call: dict[str, Any], memory_mb: int) -> dict[str, Any]:
    """What the function gave, or in which way it refused or failed."""
    signal.setitimer(signal.ITIMER_REAL, call["timeout_s"] + GRACE_S)
    try:
        module, _, name = call["function"].partition(":")
        return {"value": getattr(importlib.import_module(module), name)(*call["args"])}
    except Refusal as refusal:
        return _answer_of(refusal)
    except MemoryError:
        gc.collect()
        return _answer_of(
            PictureFailed(
                "{name} needs more than {limit} MB of memory to be decoded", name=call["name"], limit=memory_mb
            )
        )
    except Exception as failure:
        gc.collect()
        # Where it happened and as what, not its words: they may quote the slide, which may name somebody.
        where = "".join(traceback.format_tb(failure.__traceback__))[-8000:]
        kind = type(failure).__name__
        return {"failure": kind, "traceback": f"{where}{kind}"}
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def _answer_of(refusal: Refusal) -> dict[str, Any]:
    return {"refusal": type(refusal).__name__, "template": refusal.template, "params": _plain(refusal.params)}


def _plain(params: dict[str, Any]) -> dict[str, Any]:
    return {key: value if isinstance(value, int | float | str | None) else str(value) for key, value in params.items()}


if __name__ == "__main__":
    main(int(sys.argv[1]))
