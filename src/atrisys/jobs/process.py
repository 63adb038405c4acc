"""Jobs as processes of this machine: one for each run, ended with all that it has started."""

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping

from atrisys.errors import Refusal
from atrisys.settings import Settings
from atrisys.store.queue import Claim

KNOWN = ("PATH", "HOME", "LANG", "TZ", "TMPDIR", "SYSTEMROOT", "VIRTUAL_ENV", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")


class ThisMachine:
    """The place where jobs run without a cluster."""

    def __init__(self, settings: Settings, rooms: Mapping[str, str]) -> None:
        self._settings, self._rooms = settings, rooms

    def is_ready(self) -> bool:
        return True

    def begin(self, run: Claim) -> "JobProcess":
        try:
            return JobProcess(run, self._settings, self._rooms)
        except OSError as error:
            raise Refusal("The job could not be started: {reason}.", reason=error.strerror or str(error)) from error

    def close(self) -> None:
        """Nothing is held here."""


class JobProcess:
    """One run (place.py Work). Started at once."""

    def __init__(self, run: Claim, settings: Settings, rooms: Mapping[str, str]) -> None:
        self.run = run
        self._asked_to_end = False
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "atrisys.jobs.child", str(run.job_id)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            env=_environment(),
            start_new_session=True,
        )
        # Through the pipe: an environment can be read from outside, and a database's address holds a password.
        order = {
            "settings": settings.model_dump(mode="json"),
            "job_id": run.job_id,
            "token": run.token,
            "name": run.name,
            "rooms": dict(rooms),
        }
        self._say(json.dumps(order))

    @property
    def pid(self) -> int:
        return self._process.pid

    def ended(self) -> bool:
        return self._process.poll() is not None

    def cancel(self) -> None:
        if not self._asked_to_end:
            self._asked_to_end = True
            self._say("cancel")

    def kill(self) -> None:
        if not self.ended():
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        self.close()

    def close(self) -> None:
        if self._process.stdin:
            with contextlib.suppress(BrokenPipeError):
                self._process.stdin.close()

    def why(self) -> Refusal:
        return Refusal(
            "The process that did this job ended unexpectedly ({how}); perhaps it ran out of memory.",
            how=self._how_it_ended(),
        )

    def _how_it_ended(self) -> str:
        status = self._process.returncode
        if status is None or status >= 0:
            return f"exit status {status}"
        try:
            return signal.Signals(-status).name
        except ValueError:
            return f"signal {-status}"

    def _say(self, line: str) -> None:
        assert self._process.stdin
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.write(line.encode() + b"\n")
            self._process.stdin.flush()


def _environment() -> dict[str, str]:
    """No secrets of the server's, nothing that could change what the job does."""
    return {key: value for key, value in os.environ.items() if key in KNOWN or key.startswith(("PYTHON", "LC_"))}
