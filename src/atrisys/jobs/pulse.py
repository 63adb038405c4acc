"""Whether a runner lives: it holds a lock that the system takes away with its process, however that ends."""

import fcntl
import os
import re
import secrets
import socket
from pathlib import Path

from atrisys.store.files import DataFolder


class Pulse:
    """The lock of one runner, and a look at those of others on this machine."""

    def __init__(self, folder: DataFolder) -> None:
        host = re.sub(r"\W", "", socket.gethostname())[:16] or "host"
        self._host, self._folder = host, folder.root / "runners"
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.name = f"{host}-{os.getpid()}-{secrets.token_hex(3)}"
        self._path = self._folder / self.name
        self._file = self._path.open("w")
        fcntl.flock(self._file, fcntl.LOCK_EX)

    def lives(self, runner: str) -> bool | None:
        """Whether another runner on this machine lives, as its lock tells. None: that cannot be known from here."""
        if runner == self.name or not runner.startswith(f"{self._host}-") or "/" in runner:
            return None
        return _is_held(self._folder / runner)

    def clear_dead(self) -> None:
        """Remove the locks of runners that are gone."""
        for path in self._folder.iterdir():
            if self.lives(path.name) is False:
                path.unlink(missing_ok=True)

    def stop(self) -> None:
        self._path.unlink(missing_ok=True)
        self._file.close()


def _is_held(path: Path) -> bool | None:
    try:
        with path.open("r+") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return False
    except BlockingIOError:
        return True
    except OSError:
        return None
