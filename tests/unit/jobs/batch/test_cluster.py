"""Tiles on the workers of a Dask scheduler."""

from __future__ import annotations

import os
import select
import signal
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import dask
import numpy as np
import pytest
from distributed import LocalCluster
from msgspec import structs

from hsi_viewer.core.errors import SettingError
from hsi_viewer.core.training import TrainingConfig
from hsi_viewer.jobs.apply import options_of
from hsi_viewer.jobs.batch import pools
from hsi_viewer.jobs.batch.run import BatchJob, run_batch
from hsi_viewer.jobs.batch.scenes import Scene
from hsi_viewer.jobs.classify import classify
from hsi_viewer.jobs.job import Job
from tests.patience import PATIENCE
from tests.unit.learning.made import made_scene

PATIENT = {
    "distributed.comm.timeouts.connect": f"{PATIENCE}s",
    "distributed.comm.timeouts.tcp": f"{PATIENCE}s",
    # What a lost worker had to do goes to the other: one that is started for it would take
    # seconds to load the engine.
    "distributed.scheduler.work-stealing": False,
    "distributed.scheduler.worker-saturation": "inf",
}


@pytest.fixture
def job(tmp_path) -> BatchJob:
    """A scene of four tiles, refined."""
    cube, truth = made_scene(50, 44, 8)
    np.save(tmp_path / "scene.npy", cube.read())
    np.save(tmp_path / "truth.npy", truth)
    sources = str(tmp_path / "scene.npy"), str(tmp_path / "truth.npy")
    training = Job(tmp_path / "model", TrainingConfig(device="cpu"), classifier="lda")
    classify(*sources, replace(training, formats=("npy",)))
    options = options_of(Job(tmp_path, TrainingConfig(device="cpu"), refine="full"), 32)
    scenes = [Scene(sources[0])]
    return BatchJob(tmp_path / "model", scenes, tmp_path / "out", options, ("envi", "confidence"))


def maps_of(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.rglob("*.img"))}


def test_a_cluster_makes_the_map_of_one_process(job, tmp_path):
    run_batch(job)
    with LocalCluster(
        n_workers=2,
        threads_per_worker=1,
        processes=False,
        protocol="tcp",
        host="127.0.0.1",
        dashboard_address=":0",
    ) as cluster:
        there = structs.replace(job, output=tmp_path / "there", scheduler=cluster.scheduler_address)
        result = run_batch(there)
    assert (result.computed, [s.status for s in result.scenes]) == (4, ["done"])
    assert maps_of(tmp_path / "there") == maps_of(tmp_path / "out") != {}


@pytest.mark.skipif(os.name == "nt", reason="SIGKILL is not known there")
def test_a_worker_that_is_killed_costs_the_map_nothing(job, tmp_path, monkeypatch):
    """In processes of their own; it is killed with a tile in its hands, before it can finish it."""
    run_batch(job)
    monkeypatch.setattr(pools, "ANSWER", PATIENCE)
    with (
        dask.config.set(PATIENT),
        LocalCluster(
            n_workers=2,
            threads_per_worker=1,
            processes=True,
            host="127.0.0.1",
            dashboard_address=":0",
        ) as cluster,
        ThreadPoolExecutor(1) as thread,
    ):
        there = structs.replace(job, output=tmp_path / "there", scheduler=cluster.scheduler_address)
        running = thread.submit(run_batch, there)
        killed = pid_of_a_busy_worker(cluster)
        os.kill(killed, signal.SIGKILL)
        result = running.result(PATIENCE)
        wait_until(lambda: killed not in [nanny.pid for nanny in cluster.workers.values()])
    assert (result.computed + result.kept, [s.status for s in result.scenes]) == (4, ["done"])
    assert maps_of(tmp_path / "there") == maps_of(tmp_path / "out") != {}


def pid_of_a_busy_worker(cluster: LocalCluster) -> int:
    """A process that the scheduler has given a task, for which it first has to load the engine."""
    busy: list[int] = []

    def look() -> bool:
        for nanny in cluster.workers.values():
            worker = cluster.scheduler.workers.get(nanny.worker_address)
            if worker is not None and worker.processing:
                busy.append(int(nanny.pid))
        return bool(busy)

    wait_until(look)
    return busy[0]


def wait_until(condition: Callable[[], bool]) -> None:
    until = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < until
        select.select([], [], [], 0.01)


def test_a_scheduler_that_does_not_answer_is_named(job, monkeypatch):
    monkeypatch.setattr(pools, "ANSWER", 0.2)
    with pytest.raises(SettingError, match=r"No Dask scheduler answers at tcp://127\.0\.0\.1:9"):
        run_batch(structs.replace(job, scheduler="tcp://127.0.0.1:9"))
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(SettingError, match=r"pip install 'hsi-viewer\[cluster\]'"):
        run_batch(structs.replace(job, resume=True, scheduler="tcp://127.0.0.1:9"))
