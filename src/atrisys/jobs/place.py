"""Where jobs run, as their runner sees it: a process of this machine (process.py) or a Dask cluster (cluster.py)."""

from collections.abc import Mapping
from importlib import import_module
from types import ModuleType
from typing import Protocol

from atrisys.errors import Misconfigured, Refusal
from atrisys.settings import Settings
from atrisys.store.queue import Claim
from atrisys.store.session import Store


class Work(Protocol):
    """One run of a job, begun already."""

    @property
    def run(self) -> Claim: ...

    def ended(self) -> bool:
        """Nothing of it is at work any longer."""
        ...

    def cancel(self) -> None:
        """Ask it to end by itself; asking twice is asking once."""
        ...

    def kill(self) -> None:
        """End it and all that it has started, whatever they do."""
        ...

    def close(self) -> None:
        """Let go of what was needed to watch it; called when it has ended."""
        ...

    def why(self) -> Refusal | None:
        """What to tell of one that has ended without saying how; None: it was never begun, and somebody else may.

        Asked after `ended` alone.
        """
        ...


class Place(Protocol):
    """Begins runs."""

    def is_ready(self) -> bool:
        """Whether a run can be begun now. Jobs wait until it can."""
        ...

    def begin(self, run: Claim) -> Work:
        """Raises Refusal where this run cannot be begun at all."""
        ...

    def close(self) -> None: ...


def place_for(settings: Settings, rooms: Mapping[str, str]) -> Place:
    """As the settings say: a cluster where one is named, else this machine. Raises Misconfigured."""
    if settings.dask_scheduler:
        return _cluster_code().Cluster(settings, rooms)
    from atrisys.jobs.process import ThisMachine

    return ThisMachine(settings, rooms)


def examine_workers(store: Store, known: tuple[int, int] | None) -> dict[str, str]:
    """What keeps each worker of the cluster from doing this installation's jobs; empty where nothing does.

    `known`: an account: its id, and when it was made. Raises Misconfigured where the scheduler does not answer.
    """
    return _cluster_code().examine_workers(store, known)


def _cluster_code() -> ModuleType:
    try:
        return import_module("atrisys.jobs.cluster")
    except ModuleNotFoundError as error:
        raise Misconfigured(
            "A Dask cluster (ATRISYS_DASK_SCHEDULER) needs its library. Install it with: pip install 'atrisys[cluster]'"
        ) from error
