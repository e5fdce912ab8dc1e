"""One model on one scene, without a window; a scene of many tiles as a batch of one."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from hsi_viewer.core.classifier import Model
from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.labels.classes import ClassLegend
from hsi_viewer.core.progress import Note, TaskCancelledError
from hsi_viewer.core.validation import json_values
from hsi_viewer.jobs.batch.compute import Task, TileDone
from hsi_viewer.jobs.batch.finish import drop_tiles, facts_of, finish_scene, finished
from hsi_viewer.jobs.batch.plan import MapOptions
from hsi_viewer.jobs.batch.planning import (
    digest_for,
    kept_plan,
    map_settings,
    model_digest,
    plan_of,
)
from hsi_viewer.jobs.batch.pools import pool_of
from hsi_viewer.jobs.batch.running import STOPPED, Failure, Runner
from hsi_viewer.jobs.batch.scenes import Scene
from hsi_viewer.jobs.batch.worker_processes import WorkerProcesses
from hsi_viewer.jobs.batch.workload import Workload
from hsi_viewer.jobs.classify import (
    FORMATS,
    JobResult,
    Stopwatch,
    check_folder,
    note_region,
    note_warnings,
    opened,
    write_map,
)
from hsi_viewer.jobs.job import Job
from hsi_viewer.jobs.job_folder import check_no_model, output_folder
from hsi_viewer.jobs.job_labels import read_test_labels, to_be_scored
from hsi_viewer.learning.classifiers import load_model
from hsi_viewer.learning.model_description import check_model
from hsi_viewer.learning.predictor import move_to_device
from hsi_viewer.learning.tile_mapper import SIDE, TileMapper


def apply_model(
    model_path: Path,
    cube_source: str,
    job: Job,
    *,
    workers: int | WorkerProcesses = 1,
    side: int = SIDE,
    resume: bool = False,
) -> JobResult:
    """Map a cube with a model that `classify` has written.

    The map does not depend on the machine's cores or on `workers`. Tiles of a call that was
    stopped are not computed again.

    Parameters
    ----------
    workers : processes that map a scene of many tiles: how many, or those started before.
    side : of a tile, in pixels.
    resume : whether finished results in the folder are kept, if they are of the same.

    Raises
    ------
    HsiError
        if a file cannot be read, the model does not fit the cube, or the folder cannot be
        written.
    """
    check_model(model_path)
    if not job.overwrite:
        check_no_model(job.output, model_path)
    watch, test = Stopwatch(), None
    with watch.step("read"):
        cube = opened(cube_source, job)
        if job.test is not None:
            test = read_test_labels(job.test, cube, job)
        if not resume:
            check_folder(job)
    with output_folder(job.output):
        job.announce("Loading the learning engine")

        model = load_model(model_path)
        move_to_device(model, job.config.device)
        scored = None if test is None else to_be_scored(test, ClassLegend(model.legend))
        note_warnings(cube, (scored,), job)
        note_region(cube, job)
        options = options_of(job, side)
        mapper = TileMapper(model, cube, map_settings(options), token=job.token)
        ids = None if scored is None else scored.ids
        if len(mapper.windows) > 1:
            one = _Tiled(Scene(cube_source), cube, model, model_path, options, mapper)
            return one.mapped(job, workers, watch, ids, resume=resume)
        prediction = mapper.tile(0, job.token, job)
        if model.warning:
            job.report(Note(model.warning))
        sources = {"cube": cube_source, "model": str(model_path)}
        return write_map(model, prediction, cube, job, watch, sources, ids)


def options_of(job: Job, side: int = SIDE) -> MapOptions:
    """How maps are made, from the settings of a job."""
    return MapOptions(
        refine="off" if job.refinement is False else str(job.refinement),
        standardise=job.standardise,
        device=job.config.device,
        side=side,
        probabilities="probabilities" in (job.formats or ()),
        region=_absolute(job.region),
        mask=_absolute(job.mask),
    )


def _absolute(source: str | None) -> str | None:
    """A file as every process of a batch finds it."""
    if source is None or not Path(source).exists():
        return source
    return str(Path(source).absolute())


class _Tiled(Struct, frozen=True):
    """A scene that is mapped tile by tile into the folder of its job."""

    scene: Scene
    cube: HyperCube
    model: Model
    model_path: Path
    options: MapOptions
    mapper: TileMapper

    def mapped(
        self,
        job: Job,
        workers: int | WorkerProcesses,
        watch: Stopwatch,
        test: NDArray[np.uint16] | None,
        *,
        resume: bool,
    ) -> JobResult:
        digest = digest_for(self.cube, self.scene, model_digest(self.model_path), self.options)
        kept = finished(job.output, digest, job.formats or FORMATS) if resume else None
        if kept is not None and test is None:
            drop_tiles(job.output)
            return JobResult(json_values((job.output / "report.json").read_bytes()))
        plan = kept_plan(job.output, digest, self.scene, self.model_path)
        if plan is None:
            plan = plan_of(self.mapper, self.scene, self.model_path, self.options, digest)
            plan.write(job.output)
        there = facts_of(plan, job.output)
        count = workers if isinstance(workers, int) else workers.count
        work = Workload([self.scene], count, job)
        work.plan(0, len(there))
        work.keep(0, sum(facts is not None for facts in there))
        missing = [i for i, facts in enumerate(there) if facts is None]
        tasks = (Task(str(job.output.absolute()), i, digest) for i in missing)

        def ended(_task: Task, end: TileDone | Failure) -> None:
            if isinstance(end, Failure):
                raise end.error
            work.done(0, end)

        try:
            with pool_of(workers, None, job.token) as pool:
                Runner(pool, tasks, job.token, ended).run()
        except (KeyboardInterrupt, TaskCancelledError):
            job.report(Note(STOPPED))
            raise
        facts = [known for known in facts_of(plan, job.output) if known is not None]
        return finish_scene(plan, facts, self.model, self.cube, job, watch, test)
