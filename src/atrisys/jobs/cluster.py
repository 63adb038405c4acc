"""Jobs on a Dask cluster: each run is a task for its scheduler; on_worker.py does it where it lands.

Of a run no more goes over the wire than its number and its token: a worker reads settings, keys and database's address
of its own. Whoever reaches the scheduler makes workers do anything, so it is trusted, and reached by TLS.
"""

import logging
import time
from collections.abc import Mapping
from typing import Any

from distributed import Client, fire_and_forget
from distributed.security import Security

from atrisys.errors import Misconfigured, Refusal
from atrisys.jobs import on_worker
from atrisys.jobs.pulse import Pulse
from atrisys.settings import Settings
from atrisys.store.queue import Claim
from atrisys.store.session import Store

log = logging.getLogger("atrisys.jobs")

CONNECT_S = 10
"""A scheduler on a busy machine takes its time."""
TRY_AGAIN_S = 15.0


def connect(settings: Settings) -> Client:
    """A client of the scheduler. Raises Misconfigured where that does not answer."""
    try:
        return Client(
            settings.dask_scheduler,
            security=_security(settings),
            timeout=CONNECT_S,
            set_as_default=False,
            name="atrisys",
        )
    except (OSError, ValueError, TypeError, RuntimeError) as error:
        raise Misconfigured(
            "The Dask scheduler at {address} does not answer: {reason}. Look at ATRISYS_DASK_SCHEDULER and the other "
            "ATRISYS_DASK_ settings.",
            address=settings.dask_scheduler,
            reason=str(error) or type(error).__name__,
        ) from error


def _security(settings: Settings) -> Security | None:
    """None: as Dask's own configuration says."""
    files = {
        "tls_ca_file": settings.dask_ca_file,
        "tls_client_cert": settings.dask_cert_file,
        "tls_client_key": settings.dask_key_file,
    }
    if not any(files.values()):
        return None
    return Security(require_encryption=True, **{name: file for name, file in files.items() if file})


def examine_workers(store: Store, known: tuple[int, int] | None) -> dict[str, str]:
    """See place.py."""
    pulse = Pulse(store.folder)
    try:
        client = connect(store.settings)
        try:
            found: Any = client.run(on_worker.examine, pulse.name, known)
            return {str(worker): said for worker, said in found.items()}
        finally:
            client.close(timeout=CONNECT_S)
    finally:
        pulse.stop()


class Cluster:
    """The place where jobs run when a scheduler is named. While it does not answer, they wait."""

    def __init__(self, settings: Settings, rooms: Mapping[str, str]) -> None:
        self._settings, self._rooms = settings, dict(rooms)
        self._client: Any = None
        """Of the library; one that has lost its scheduler is thrown away."""
        self._tried = -TRY_AGAIN_S

    def is_ready(self) -> bool:
        if self._client is not None and self._client.status == "running":
            return True
        if time.monotonic() - self._tried < TRY_AGAIN_S:
            return False
        self.close()
        try:
            self._client = connect(self._settings)
        except Misconfigured as refusal:
            log.warning("jobs wait: %s", refusal)
        self._tried = time.monotonic()
        return self._client is not None

    def begin(self, run: Claim) -> "ClusterWork":
        future = self._client.submit(
            on_worker.run,
            {"job_id": run.job_id, "token": run.token, "name": run.name, "rooms": self._rooms},
            key=f"atrisys-job-{run.job_id}-{run.token.rpartition('/')[2]}",
            pure=False,
            retries=0,
        )
        # Once begun it goes on, whatever becomes of this server.
        fire_and_forget(future)
        return ClusterWork(run, future)

    def close(self) -> None:
        if self._client is not None:
            self._client.close(timeout=CONNECT_S)
            self._client = None


class ClusterWork:
    """One run that the scheduler was given (place.py Work).

    The worker that begins it takes it over (queue.hand_over): from then on it, and not this runner, gives the signs of
    life, cancels and writes down the end; should it be lost, the job is found without a sign of life.
    """

    def __init__(self, run: Claim, future: Any) -> None:
        self.run = run
        self._future = future
        self._let_go = False

    def ended(self) -> bool:
        return self._let_go or self._future.status != "pending"

    def cancel(self) -> None:
        """Here alone: a worker that takes the run over learns from the database that it shall not be done."""
        self._let_go = True

    kill = cancel

    def close(self) -> None:
        self._future.release()

    def why(self) -> Refusal | None:
        if self._future.status == "finished":
            return Refusal("{reason}", reason=str(self._future.result()))
        if self._future.status == "error":
            error = self._future.exception()
            log.error("the cluster did not do job %s: %r", self.run.job_id, error)
            return Refusal("The cluster could not begin this job ({reason}).", reason=type(error).__name__)
        return None
