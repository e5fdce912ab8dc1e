"""Processes of this machine that compute tiles; they load the engine while their starter does.

Knows nothing of the engine, which takes seconds to import: the command line starts the processes
before it imports the rest of a batch.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing.connection import wait
from multiprocessing.process import BaseProcess


class WorkerProcesses:
    """Processes that end with this one, however it ends.

    Parameters
    ----------
    count : how many.

    Attributes
    ----------
    executor : takes what they compute.
    """

    def __init__(self, count: int) -> None:
        self.count = count
        self.executor = self._started()

    def _started(self) -> ProcessPoolExecutor:
        context = multiprocessing.get_context("spawn")  # nothing of ours survives a fork
        pool = ProcessPoolExecutor(self.count, mp_context=context, initializer=_obey_parent)
        for _ in range(self.count):  # a process is started for each, as none is idle yet
            pool.submit(load_engine)
        return pool

    @property
    def is_broken(self) -> bool:
        """Whether a process was lost; the executor does not always tell all who wait for it."""
        return not all(process.is_alive() for process in self._processes())

    def _processes(self) -> list[BaseProcess]:
        return list((getattr(self.executor, "_processes", None) or {}).values())

    def restart(self) -> None:
        """Start new processes in the place of those that were lost."""
        self.stop()
        self.executor = self._started()

    def stop(self) -> None:
        """End the processes at once; unfinished tiles leave no file.

        Also those that were started while another was lost, which the executor would wait for.
        """
        for process in self._processes():
            process.terminate()
        self.executor.shutdown(wait=True, cancel_futures=True)


@contextmanager
def worker_processes(count: int) -> Iterator[int | WorkerProcesses]:
    """Processes while the block runs; 1 for one, which is the process that asks."""
    if count == 1:
        yield 1
        return
    processes = WorkerProcesses(count)
    try:
        yield processes
    finally:
        processes.stop()


def load_engine() -> int:
    """Import what tiles are computed with; returns the id of the process."""
    import hsi_viewer.jobs.batch.compute  # noqa: F401

    return os.getpid()


def _obey_parent() -> None:
    """Let this process end when the one that started it does, even by a kill, and only then."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C reaches both, and the parent stops us
    parent = multiprocessing.parent_process()
    if parent is None:
        return

    def watch() -> None:
        wait([parent.sentinel])
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
