"""A job's process as its runner sees it."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping

from atrisys.settings import Settings
from atrisys.store.queue import Claim

KNOWN = ("PATH", "HOME", "LANG", "TZ", "TMPDIR", "SYSTEMROOT", "VIRTUAL_ENV", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")


class JobProcess:
    """Started at once, watched through `ended`, ended with `cancel` or `kill`."""

    def __init__(self, run: Claim, settings: Settings, rooms: Mapping[str, str]) -> None:
        self.run = run
        self.cancelled_at: float | None = None
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
        """Ask it to end by itself."""
        if self.cancelled_at is None:
            self.cancelled_at = time.monotonic()
            self._say("cancel")

    def kill(self) -> None:
        """End it and all that it has started, whatever they do."""
        if not self.ended():
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        self.close()

    def close(self) -> None:
        if self._process.stdin:
            with contextlib.suppress(BrokenPipeError):
                self._process.stdin.close()

    def how_it_ended(self) -> str:
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
