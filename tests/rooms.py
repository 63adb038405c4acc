"""Rooms that do what a test asks of them, in real child processes."""

import ctypes
import os
import signal
import time
from pathlib import Path
from typing import Any

from atrisys.errors import Invalid, Refusal
from atrisys.jobs.context import JobContext
from atrisys.store.session import Store
from atrisys.store.tables import Job

ROOMS = {"test": "rooms"}


def run(context: JobContext) -> dict[str, Any]:
    asked = context.arguments
    _witness(asked, f"begun {context.job_id} {os.getpid()}")
    do = asked["do"]
    if do == "refuse":
        raise Invalid("{thing} cannot be done.", thing="This")
    if do == "break":
        raise ZeroDivisionError("a secret of the house")
    if do == "die":
        os.kill(os.getpid(), signal.SIGKILL)
    if do == "deaf":
        time.sleep(120)
    if do == "held":
        # Through ctypes' PyDLL the interpreter is not let go of.
        ctypes.PyDLL(None).sleep(300)
    if do == "hoard":
        held = []
        while True:
            held.append(bytearray(16 << 20))
    if do == "flood":
        for _ in range(20):
            context.log("x" * 1_000_000)
    if do == "tell too much":
        return {"told": "x" * 2_000_000}
    if do == "half":
        (context.result_folder / "half.txt").write_text("half")
        raise Invalid("{thing} is only half made.", thing="It")
    if do == "nap":
        end = time.monotonic() + asked["seconds"]
        while time.monotonic() < end:
            context.progress(0.5, "napping")
            time.sleep(0.02)
    context.log("a line")
    context.progress(0.9, "nearly there")
    (context.result_folder / "made.txt").write_text(f"by {context.caller.username}")
    _witness(asked, f"done {context.job_id}")
    return {
        "file": "made.txt",
        "name": "結果.txt",
        "caller": context.caller.id,
        "door": context.caller.door,
        "environment": sorted(os.environ),
    }


def given_up(_store: Store, job: Job, reason: Refusal) -> None:
    _witness(job.arguments, f"given up {job.id}: {reason}")


def _witness(asked: dict[str, Any], line: str) -> None:
    with Path(asked["witness"]).open("a") as file:
        file.write(line + "\n")
