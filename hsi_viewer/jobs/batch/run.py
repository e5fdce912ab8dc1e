"""A batch: one model on scene after scene, resumed where it was stopped."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from filelock import FileLock
from msgspec import Struct, field
from msgspec.structs import replace

from hsi_viewer.atomic import replacing
from hsi_viewer.core.classifier import Model
from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.errors import ExportError
from hsi_viewer.core.progress import (
    CancelToken,
    Note,
    Progress,
    ProgressPort,
    SilentPort,
    TaskCancelledError,
)
from hsi_viewer.core.text import counted
from hsi_viewer.core.validation import InvalidError, checked, json_values
from hsi_viewer.io.source_files import SourceFiles, mixed
from hsi_viewer.jobs.batch.compute import Notes, Task, TileDone
from hsi_viewer.jobs.batch.finish import (
    Manifest,
    drop_tiles,
    facts_of,
    finish_scene,
    finished,
    read_manifest,
)
from hsi_viewer.jobs.batch.plan import MANIFEST, TILES, MapOptions, ScenePlan
from hsi_viewer.jobs.batch.planning import digest_for, kept_plan, make_plan, model_digest, opened
from hsi_viewer.jobs.batch.pools import pool_of
from hsi_viewer.jobs.batch.running import STOPPED, Failure, Runner, explained, reason_of
from hsi_viewer.jobs.batch.scenes import Scene, folder_names
from hsi_viewer.jobs.batch.summary import SceneResult, write_summary
from hsi_viewer.jobs.batch.worker_processes import WorkerProcesses
from hsi_viewer.jobs.batch.workload import Workload
from hsi_viewer.jobs.classify import FORMATS, Stopwatch
from hsi_viewer.jobs.job import Job
from hsi_viewer.jobs.job_folder import check_no_results, check_sources, output_folder
from hsi_viewer.learning.classifiers import load_model
from hsi_viewer.learning.model_description import check_model
from hsi_viewer.learning.predictor import move_to_device

KEPT = ".batch"  # folder of what the batch knows of its scenes
SCENES = "scenes.json"


class BatchJob(Struct, frozen=True):
    """One model, many scenes.

    Attributes
    ----------
    model : as of `load_model`.
    scenes : in their order.
    output : folder of the scenes' folders.
    options : how maps are made.
    formats : of `export_prediction`; None writes the usual ones.
    workers, scheduler : as of `pools.pool_of`.
    part : number and count: this call computes every n-th tile; None all.
    assemble : whether tiles are only put together, not computed.
    resume : whether work that was done before counts.
    overwrite : whether results of other calls are replaced.
    token, port : cancel and progress.
    """

    model: Path
    scenes: list[Scene]
    output: Path
    options: MapOptions
    formats: tuple[str, ...] | None = None
    workers: int | WorkerProcesses = 1
    scheduler: str | None = None
    part: tuple[int, int] | None = None
    assemble: bool = False
    resume: bool = False
    overwrite: bool = False
    token: CancelToken = field(default_factory=CancelToken)
    port: ProgressPort = field(default_factory=SilentPort)

    @property
    def wanted(self) -> tuple[str, ...]:
        """The formats that are written, as far as they apply."""
        return self.formats or (*FORMATS, "confidence_tif")

    @property
    def shares_work(self) -> bool:
        """Whether other calls may be at the same scenes."""
        return self.part is not None or self.assemble


class BatchResult(Struct, frozen=True):
    """What a batch has made.

    Attributes
    ----------
    scenes : in their order.
    computed, kept : tiles that were computed, and that were there before.
    seconds : of the whole.
    summary : the table.
    """

    scenes: list[SceneResult]
    computed: int
    kept: int
    seconds: float
    summary: Path

    @property
    def failed(self) -> list[SceneResult]:
        """The scenes without a map that this call should have made."""
        return [scene for scene in self.scenes if scene.status == "failed"]

    def record(self) -> dict[str, Any]:
        """The same as JSON."""
        return {
            "scenes": [scene.record() for scene in self.scenes],
            "tiles_computed": self.computed,
            "tiles_kept": self.kept,
            "seconds": round(self.seconds, 3),
            "files": [str(self.summary.absolute())],
        }

    def text(self) -> str:
        """The same in words."""
        counts = Counter(scene.status for scene in self.scenes)
        parts = [f"{counts[s]} {s}" for s in ("done", "failed", "unfinished") if counts[s]]
        return (
            f"{counted(len(self.scenes), 'scene')}: {', '.join(parts)}. "
            f"{counted(self.computed, 'tile')} computed, {self.kept} kept, in "
            f"{self.seconds:.1f} s.\nTable: {self.summary.absolute()}"
        )


def run_batch(job: BatchJob) -> BatchResult:
    """Map every scene, report those that cannot be, and write the table of all.

    Raises
    ------
    HsiError
        if the model cannot be read, or the folder cannot be written or holds other results.
    TaskCancelledError
        if the token was cancelled; finished tiles stay, for a call that resumes.
    """
    check_model(job.model)
    with output_folder(job.output):
        batch = _Batch(job)
        try:
            return batch.run()
        except (KeyboardInterrupt, TaskCancelledError):
            job.port.report(Note(STOPPED))
            raise


class _Batch:
    def __init__(self, job: BatchJob) -> None:
        self._job = job
        self._started = time.monotonic()
        self._kept = job.output / KEPT
        self.names = self._named()
        job.port.report(Progress("Loading the learning engine"))
        self._model: Model = load_model(job.model)
        move_to_device(self._model, job.options.device)
        self._model_digest = model_digest(job.model)
        if self._model.warning:
            job.port.report(Note(self._model.warning))
        self._results: dict[int, SceneResult] = {}
        self._plans: dict[int, ScenePlan] = {}
        self._files: dict[int, SourceFiles] = {}  # of each scene, as they were planned
        self._left: dict[int, int] = {}  # tiles of each scene that this call still has to do
        self._failures: dict[int, list[Failure]] = {}
        self._numbers = {str(self.folder(i)): i for i in range(len(job.scenes))}
        self._work = Workload(job.scenes, 1, job.port)

    def folder(self, number: int) -> Path:
        """The folder of a scene."""
        return self._job.output.absolute() / self.names[number]

    def run(self) -> BatchResult:
        """Do everything."""
        job = self._job
        with pool_of(job.workers, job.scheduler, job.token) as pool:
            self._work.at_once = max(1, pool.at_once // 2)
            Runner(pool, self._tasks(), job.token, self._ended).run()
        for number in range(len(job.scenes)):
            if number not in self._results:
                self._finish(number)
        results, summary = self._summarised()
        seconds = time.monotonic() - self._started
        return BatchResult(results, self._work.computed, self._work.kept, seconds, summary)

    def _summarised(self) -> tuple[list[SceneResult], Path]:
        """How every scene stands now, and the table of that; one call at a time writes it."""
        with FileLock(self._kept / "summary.lock"):
            for number, result in self._results.items():
                plan = self._plans.get(number)
                if result.status != "done" and plan is not None:
                    manifest = self._finished(number, plan.digest)
                    if manifest is not None:  # another call has finished it since
                        self._end(number, self._done(number, manifest))
            results = [self._results[number] for number in range(len(self._job.scenes))]
            return results, write_summary(self._job.output, self._with_others(results))

    def _with_others(self, results: list[SceneResult]) -> list[SceneResult]:
        """Finished scenes of other calls, in the order in which they were named, and these."""
        others: list[SceneResult] = []
        for scene, name in _known_names(self._kept / SCENES):
            folder = self._job.output.absolute() / name
            manifest = None if name in self.names else read_manifest(folder)
            if manifest is not None:
                number = len(self._job.scenes) + len(others)
                others.append(SceneResult(number, name, scene, folder, "done", manifest=manifest))
        return [*others, *results]

    def _named(self) -> list[str]:
        """The scenes' folders: as an earlier call has named them, if there was one."""
        job = self._job
        self._kept.mkdir(exist_ok=True)
        with FileLock(self._kept / "names.lock"):
            known = _known_names(self._kept / SCENES)
            if known and not (job.resume or job.overwrite or job.shares_work):
                raise ExportError(
                    f"{job.output} contains an earlier batch; add --continue to resume it, "
                    "--overwrite to compute it again, or choose another folder."
                )
            names = folder_names(job.scenes, known)
            rows = {name: scene for scene, name in known}
            rows |= {n: s for n, s in zip(names, job.scenes, strict=True) if not s.flaw}
            text = json.dumps(
                [[s.source, s.rows, s.columns, s.name, name] for name, s in rows.items()], indent=1
            )
            with replacing(self._kept / SCENES) as (new,):
                new.write_text(text, encoding="utf-8")
        return names

    def _tasks(self) -> Iterator[Task]:
        """The tiles to compute, scene after scene; each scene is looked at when its turn comes."""
        for number, scene in enumerate(self._job.scenes):
            self._job.token.check()
            try:
                tasks = self._planned(number, scene)
            except TaskCancelledError:
                raise
            except Exception as error:  # noqa: BLE001 - reported, and the rest goes on
                self._fail(number, error)
                continue
            if not tasks:
                self._finish(number)
            yield from tasks

    def _planned(self, number: int, scene: Scene) -> list[Task]:
        """The tiles of a scene that this call has to compute."""
        job, folder = self._job, self.folder(number)
        cube = opened(scene, job.options)
        self._files[number] = SourceFiles(cube.path)
        self._check(folder, cube)
        digest = digest_for(cube, scene, self._model_digest, job.options)
        with self._lock(number):
            keep = job.resume or job.shares_work
            manifest = self._finished(number, digest) if keep else None
            if manifest is not None:
                drop_tiles(folder)
                self._work.keep(number, len(manifest.tiles))
                self._end(number, self._done(number, manifest))
                return []
            plan = kept_plan(folder, digest, scene, job.model) if keep else None
            if plan is None:
                plan = self._new_plan(number, cube, digest)
        self._plans[number] = plan
        self._work.plan(number, len(plan.windows))
        facts = facts_of(plan, folder)
        there = sum(f is not None for f in facts)
        self._work.keep(number, there)
        missing = [i for i, f in enumerate(facts) if f is None and self._is_mine(number, i)]
        self._left[number] = len(missing)
        return [Task(str(folder), i, digest) for i in missing]

    def _check(self, folder: Path, cube: HyperCube) -> None:
        job = self._job
        if cube.path is not None:
            check_sources(folder, [cube.path])
        if not (job.overwrite or job.resume or job.shares_work):
            check_no_results(folder)

    def _finished(self, number: int, digest: str) -> Manifest | None:
        return finished(self.folder(number), digest, self._job.wanted)

    def _new_plan(self, number: int, cube: HyperCube, digest: str) -> ScenePlan:
        job, folder = self._job, self.folder(number)
        (folder / MANIFEST).unlink(missing_ok=True)
        plan = make_plan(
            cube, job.scenes[number], self._model, job.model, job.options, digest, job.token
        )
        for stale in sorted((folder / TILES).glob("tile-*")):
            stale.unlink()
        plan.write(folder)
        return plan

    def _is_mine(self, number: int, index: int) -> bool:
        """Whether a tile is of the part that this call computes."""
        job = self._job
        if job.assemble:
            return False
        return job.part is None or (number + index) % job.part[1] == job.part[0] - 1

    def _ended(self, task: Task, end: TileDone | Failure) -> None:
        number = self._numbers[task.folder]
        self._left[number] -= 1
        if isinstance(end, Failure):
            self._failures.setdefault(number, []).append(end)
        else:
            self._work.done(number, end)
        if self._left[number] == 0:
            self._finish(number)

    def _finish(self, number: int) -> None:
        """Put a scene together if all of its tiles are there, and note how it stands if not."""
        if number in self._results:
            return
        try:
            self._end(number, self._put_together(number))
            (self._kept / f"{self.names[number]}.error").unlink(missing_ok=True)
        except TaskCancelledError:
            raise
        except Exception as error:  # noqa: BLE001 - reported, and the rest goes on
            self._fail(number, error)

    def _put_together(self, number: int) -> SceneResult:
        plan, folder = self._plans[number], self.folder(number)
        with self._lock(number):
            known = self._finished(number, plan.digest)
            if known is not None:  # another call was faster
                drop_tiles(folder)
                return self._done(number, known)
            facts = [f for f in facts_of(plan, folder) if f is not None]
            if len(facts) < len(plan.windows):
                return self._unfinished(number, len(plan.windows) - len(facts))
            watch = Stopwatch(sum(f.seconds for f in facts))
            with watch.step("read"):
                cube = opened(self._job.scenes[number], self._job.options)
            job = Job(
                folder,
                token=self._job.token,
                port=Notes(),
                formats=self._job.wanted,
                overwrite=True,
                files=[self._files[number]],
            )
            if text := mixed(self._files[number]):
                self._job.port.report(Note(f"{self.names[number]}: {text}"))
            finish_scene(plan, facts, self._model, cube, job, watch)
        manifest = self._finished(number, plan.digest)
        if manifest is None:
            raise ExportError(f"{folder}: the results were changed while they were written.")
        return self._done(number, manifest)

    def _unfinished(self, number: int, missing: int) -> SceneResult:
        """What is to be said of a scene some of whose tiles are missing."""
        failures = self._failures.get(number, [])
        known = self._kept / f"{self.names[number]}.error"
        if self._job.assemble and known.exists():
            return self._result(number, "failed", known.read_text("utf-8"))
        if not failures:
            text = f"{missing} of {len(self._plans[number].windows)} tiles are not computed yet."
            return self._result(number, "unfinished", text)
        return self._failed(number, explained(failures, self._plans[number].windows))

    def _fail(self, number: int, error: Exception) -> None:
        self._end(number, self._failed(number, reason_of(error)))

    def _failed(self, number: int, text: str) -> SceneResult:
        self._work.give_up(number)
        self._job.port.report(Note(f"{self.names[number]}: {text}"))
        with (  # a full disk must not stop the other scenes
            suppress(ExportError),
            replacing(self._kept / f"{self.names[number]}.error") as (new,),
        ):
            new.write_text(text, encoding="utf-8")
        return self._result(number, "failed", text)

    def _end(self, number: int, result: SceneResult) -> None:
        self._results[number] = result
        self._job.port.report(result)

    def _done(self, number: int, manifest: Manifest) -> SceneResult:
        return replace(self._result(number, "done", ""), manifest=manifest)

    def _result(self, number: int, status: str, error: str) -> SceneResult:
        scene = self._job.scenes[number]
        return SceneResult(number, self.names[number], scene, self.folder(number), status, error)

    @contextmanager
    def _lock(self, number: int) -> Iterator[None]:
        """While the block runs, no other call plans this scene or puts it together."""
        with FileLock(self._kept / f"{self.names[number]}.lock"):
            yield


def _known_names(path: Path) -> Sequence[tuple[Scene, str]]:
    """Scenes of earlier calls and their folders."""
    try:
        rows = checked(list[tuple[str, Any, Any, str, str]], json_values(path.read_bytes()))
    except (OSError, InvalidError):
        return []
    return [
        (Scene(source, a and tuple(a), b and tuple(b), name), folder)
        for source, a, b, name, folder in rows
    ]
