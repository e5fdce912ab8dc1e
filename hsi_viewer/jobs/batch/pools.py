"""Pools: where tiles are computed: in this process, in others, or on the workers of a cluster."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from typing import Any, Protocol

from hsi_viewer.core.errors import SettingError
from hsi_viewer.core.progress import CancelToken
from hsi_viewer.jobs.batch.compute import Task, TileDone, compute_tile, forget
from hsi_viewer.jobs.batch.worker_processes import WorkerProcesses, worker_processes

ANSWER = 10.0  # seconds in which a scheduler must answer
LOOK_AGAIN = 5.0  # seconds after which the workers of a cluster are counted again


class Pool(Protocol):
    """Computes tiles."""

    @property
    def at_once(self) -> int:
        """Tasks to be submitted at a time."""

    @property
    def is_broken(self) -> bool:
        """Whether a process was lost since the last restart."""

    def submit(self, task: Task) -> Future[TileDone]:
        """Start a task."""

    def restart(self) -> None:
        """Be ready again after processes were lost."""


class OwnProcess:
    """One tile after another in the process that asks for them."""

    at_once, is_broken = 1, False

    def __init__(self, token: CancelToken) -> None:
        self._token = token

    def submit(self, task: Task) -> Future[TileDone]:
        """Compute the tile; the future is done."""
        future: Future[TileDone] = Future()
        try:
            future.set_result(compute_tile(task, self._token))
        except Exception as error:  # noqa: BLE001 - as a process would hand it on
            future.set_exception(error)
        return future

    def restart(self) -> None:
        """Nothing was lost."""


class OtherProcesses:
    """Processes of this machine.

    Parameters
    ----------
    processes : started by the caller, who stops them.
    """

    def __init__(self, processes: WorkerProcesses) -> None:
        self.at_once = 2 * processes.count
        self._processes = processes

    @property
    def is_broken(self) -> bool:
        """Whether a process was lost since the last restart."""
        return self._processes.is_broken

    def submit(self, task: Task) -> Future[TileDone]:
        """Queue a task."""
        return self._processes.executor.submit(compute_tile, task)

    def restart(self) -> None:
        """Start new processes."""
        self._processes.restart()


class Cluster:
    """The workers of a Dask scheduler, which see the same files under the same names."""

    is_broken = False  # the scheduler sees to lost workers

    def __init__(self, client: Any) -> None:
        self._client = client
        self._executor = client.get_executor(pure=False, retries=0)
        self._looked, self._at_once = -math.inf, 1

    @property
    def at_once(self) -> int:
        """Two tasks for each thread of the workers, which come and go."""
        if time.monotonic() - self._looked > LOOK_AGAIN:
            workers = self._client.scheduler_info(n_workers=-1)["workers"].values()
            self._at_once = 2 * max(1, sum(worker["nthreads"] for worker in workers))
            self._looked = time.monotonic()
        return self._at_once

    def submit(self, task: Task) -> Future[TileDone]:
        """Send a task."""
        future: Future[TileDone] = self._executor.submit(compute_tile, task)
        return future

    def restart(self) -> None:
        """The scheduler does that."""


@contextmanager
def pool_of(
    workers: int | WorkerProcesses, scheduler: str | None, token: CancelToken
) -> Iterator[Pool]:
    """Where tiles are computed while the block runs.

    Parameters
    ----------
    workers : number of processes, 1 for this one; or processes that were started before.
    scheduler : address of a Dask scheduler; excludes workers.
    token : that tiles in this process ask.

    Raises
    ------
    SettingError
        if there is no scheduler, or Dask is missing.
    """
    if scheduler is not None:
        with _client(scheduler) as client:
            yield Cluster(client)
        return
    if workers == 1:
        try:
            yield OwnProcess(token)
        finally:
            forget()
        return
    if isinstance(workers, WorkerProcesses):
        yield OtherProcesses(workers)
        return
    with worker_processes(workers) as started:
        if isinstance(started, WorkerProcesses):
            yield OtherProcesses(started)


def _client(address: str) -> Any:
    try:
        from distributed import Client
    except ImportError as error:
        raise SettingError(
            "--scheduler needs Dask; install it with: pip install 'hsi-viewer[cluster]'."
        ) from error
    try:
        return Client(address, timeout=ANSWER, set_as_default=False)  # type: ignore[no-untyped-call, unused-ignore]
    except (OSError, ValueError) as error:
        raise SettingError(
            f"No Dask scheduler answers at {address}; check the address and that it runs."
        ) from error
