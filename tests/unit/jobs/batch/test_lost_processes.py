"""Processes that are lost while they compute tiles: nothing waits for them, nothing is left out."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from concurrent.futures import BrokenExecutor, Future

import pytest

from hsi_viewer.core.progress import CancelToken
from hsi_viewer.jobs.batch import running, worker_processes
from hsi_viewer.jobs.batch.compute import Task
from hsi_viewer.jobs.batch.running import ATTEMPTS, Failure, Runner, explained
from hsi_viewer.jobs.batch.worker_processes import WorkerProcesses
from tests.patience import PATIENCE

TASKS = [Task("scene", index, "") for index in range(5)]


class MadePool:
    """Answers at once; what it does at each submission can be told."""

    at_once, is_broken = 2, False

    def __init__(self, *does: str) -> None:
        self._does = iter(does)
        self.restarts = 0

    def submit(self, task: Task) -> Future:
        what = next(self._does, "answers")
        if what == "is broken":
            raise BrokenExecutor
        future: Future = Future()
        if what == "answers":
            future.set_result(task)
        else:
            self.is_broken = True
        return future

    def restart(self) -> None:
        self.restarts += 1
        self.is_broken = False


def ends(pool: MadePool, monkeypatch) -> list[tuple[int, bool]]:
    """The index of each task, and whether it ended well, after a run."""
    monkeypatch.setattr(running, "LOOK", 0.0)
    found: list[tuple[int, bool]] = []
    Runner(
        pool,
        iter(TASKS),
        CancelToken(),
        lambda task, end: found.append((task.index, not isinstance(end, Failure))),
    ).run()
    return sorted(found)


@pytest.mark.parametrize(
    "does",
    [
        ["is broken"],  # a process was lost before there was anything to do
        ["answers", "answers", "is broken"],
        ["is broken"] * ATTEMPTS,
        ["never answers"],  # submitted in the moment of the loss
        ["answers", "never answers", "never answers"],
        ["never answers", "never answers", "is broken", "never answers"],
    ],
)
def test_what_was_lost_is_tried_again(does, monkeypatch):
    pool = MadePool(*does)
    assert ends(pool, monkeypatch) == [(index, True) for index in range(len(TASKS))]
    assert pool.restarts >= 1


@pytest.mark.parametrize("what", ["is broken", "never answers"])
def test_processes_that_are_lost_every_time_end_in_failures(what, monkeypatch):
    pool = MadePool(*[what] * 1000)
    assert ends(pool, monkeypatch) == [(index, False) for index in range(len(TASKS))]


def test_a_lost_process_is_explained_with_its_tile():
    windows = [((0, 9), (0, 9)), ((0, 9), (9, 20))]
    told = explained([Failure(TASKS[1], BrokenExecutor("x"))], windows)
    assert told.startswith("Failed three times: rows 0 to 9, columns 9 to 20: the process that")
    assert "fewer --workers or a smaller --tile" in told


@pytest.fixture
def processes(monkeypatch) -> Iterator[WorkerProcesses]:
    monkeypatch.setattr(worker_processes, "load_engine", os.getpid)
    processes = WorkerProcesses(1)
    yield processes
    processes.stop()


@pytest.mark.skipif(os.name == "nt", reason="SIGKILL is not known there")
def test_a_restart_ends_what_the_executor_has_not_ended(processes):
    """A process that starts while another is lost: the executor waits for it, and it for work."""
    (worker,) = processes._processes()
    assert processes.executor.submit(os.getpid).result(PATIENCE) == worker.pid
    assert not processes.is_broken
    late, tried = type(worker)(target=signal.pause), threading.Event()
    late.start()
    end = late.terminate
    late.terminate = lambda: end() if tried.is_set() else tried.set()  # too early the first time
    processes.executor._processes[late.pid] = late
    worker.kill()
    assert tried.wait(PATIENCE)
    deadline = time.monotonic() + PATIENCE  # its end is told by whichever thread asks first
    while not processes.is_broken:
        assert time.monotonic() < deadline
    restart = threading.Thread(target=processes.restart, daemon=True)
    restart.start()
    restart.join(PATIENCE)
    assert not restart.is_alive()
    assert not late.is_alive()
    assert not processes.is_broken
    assert processes.executor.submit(os.getpid).result(PATIENCE) != worker.pid
