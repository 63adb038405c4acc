"""A real Dask cluster on this machine: a scheduler and workers, each a process of its own, stopped by its id."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from atrisys.settings import Settings
from walk.running import free_port


class DaskCluster:
    """Workers find the rooms of the tests, and the installation that their environment names."""

    def __init__(self, folder: Path, settings: Settings, tls: Mapping[str, str] | None = None) -> None:
        """`tls`: the files `ca-file`, `cert` and `key`."""
        folder.mkdir()
        self._folder, self._settings = folder, settings
        self._tls = [word for name, file in (tls or {}).items() for word in (f"--tls-{name}", file)]
        self._port = free_port()
        self.address = f"{'tls' if tls else 'tcp'}://127.0.0.1:{self._port}"
        self.workers: list[subprocess.Popen[bytes]] = []
        self._scheduler: subprocess.Popen[bytes] | None = None

    def start_scheduler(self) -> None:
        self._scheduler = self._start("scheduler", "scheduler", "--port", str(self._port))

    def stop_scheduler(self) -> None:
        if self._scheduler is not None:
            self._scheduler.kill()
            self._scheduler.wait()

    def start_worker(self, **environment: str) -> "subprocess.Popen[bytes]":
        name = f"worker-{len(self.workers)}"
        words = ["worker", self.address, "--nthreads", "1", "--no-nanny", "--local-directory", self._folder / name]
        found = {
            "ATRISYS_DATA": str(self._settings.data),
            "ATRISYS_DATABASE_URL": self._settings.database_url,
            **environment,
        }
        self.workers.append(self._start(name, *words, **found))
        return self.workers[-1]

    def stop(self) -> None:
        for worker in self.workers:
            worker.kill()
            worker.wait()
        self.stop_scheduler()

    def said(self) -> str:
        """All that the cluster's processes have written."""
        return "\n".join(path.read_text(errors="replace") for path in self._folder.glob("*.out"))

    def _start(self, name: str, *words: object, **environment: str) -> "subprocess.Popen[bytes]":
        here = ["--host", "127.0.0.1", "--dashboard-address", "127.0.0.1:0"]
        kept = {key: value for key, value in os.environ.items() if not key.startswith("ATRISYS_")}
        with (self._folder / f"{name}.out").open("ab") as out:
            return subprocess.Popen(
                [sys.executable, "-m", "dask", *map(str, words), *here, *self._tls],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                env=kept | environment,
            )
