"""One tile of one scene: the task that any process can do, knowing the scene's folder alone."""

from __future__ import annotations

import os
import threading
import time
from functools import lru_cache
from pathlib import Path

from msgspec import Struct

from hsi_viewer.core.classifier import Model
from hsi_viewer.core.cube.real_values import real_valued
from hsi_viewer.core.errors import FileError, ModelError
from hsi_viewer.core.progress import CancelToken, Note
from hsi_viewer.jobs.batch.plan import TILES, ScenePlan, read_plan
from hsi_viewer.jobs.batch.planning import map_settings, model_digest
from hsi_viewer.jobs.batch.tile_file import TileFacts, tile_facts, tile_path, write_tile
from hsi_viewer.learning.classifiers import load_model
from hsi_viewer.learning.predictor import move_to_device
from hsi_viewer.learning.tile_mapper import SceneStatistics, TileMapper

_one_at_a_time = threading.Lock()  # a process computes one tile at a time, which bounds its memory


class Task(Struct, frozen=True):
    """One tile to compute.

    Attributes
    ----------
    folder : of the scene's results.
    index : of the tile.
    digest : of the scene's plan.
    """

    folder: str
    index: int
    digest: str


class TileDone(Struct, frozen=True):
    """A tile that is in its file.

    Attributes
    ----------
    facts : about the tile, as its file gives them.
    computed : False if the file was there before.
    process : id of the process that did it.
    """

    facts: TileFacts
    computed: bool
    process: int


def compute_tile(task: Task, token: CancelToken | None = None) -> TileDone:
    """Compute a tile and write its file, unless it is there.

    Raises
    ------
    HsiError
        if the scene cannot be read, or isn't what was planned.
    TaskCancelledError
        if the token was cancelled.
    """
    folder = Path(task.folder)
    path = tile_path(folder / TILES, task.index)
    known = tile_facts(path, task.digest)
    if known is not None:
        return TileDone(known, computed=False, process=os.getpid())
    with _one_at_a_time:
        started = time.process_time()
        plan = _plan(folder, task.digest)
        kept = Notes()
        prediction = _mapper(task.folder, task.digest).tile(task.index, token, kept)
        facts = write_tile(
            path,
            prediction,
            task.digest,
            time.process_time() - started,
            kept.texts,
            probabilities=plan.options.probabilities,
        )
    return TileDone(facts, computed=True, process=os.getpid())


class Notes:
    """A port that keeps what is noted, and nothing else."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    def report(self, item: object) -> None:
        """Keep a note."""
        if isinstance(item, Note):
            self.texts.append(item.text)


def forget() -> None:
    """Drop the model and the scene that this process keeps from task to task."""
    _mapper.cache_clear()
    _model.cache_clear()


def _plan(folder: Path, digest: str) -> ScenePlan:
    plan = read_plan(folder)
    if plan is None or plan.digest != digest:
        raise FileError(f"{folder}: the plan of this scene was replaced; start the command again.")
    return plan


@lru_cache(maxsize=1)
def _mapper(folder: str, digest: str) -> TileMapper:
    plan = _plan(Path(folder), digest)
    cube = plan.options.used_of(real_valued(plan.scene.opened()))
    if (cube.rows, cube.columns) != plan.shape:
        raise FileError(f"{plan.source} was replaced while it was mapped; start the command again.")
    model = _model(plan.model, plan.model_digest, plan.options.device)
    statistics = SceneStatistics.of_record(plan.statistics)
    return TileMapper(model, cube, map_settings(plan.options), statistics)


@lru_cache(maxsize=1)
def _model(path: str, digest: str, device: str) -> Model:
    if model_digest(Path(path)) != digest:
        raise ModelError(f"{path}: the model was replaced meanwhile; start the command again.")
    model = load_model(Path(path))
    move_to_device(model, device)
    return model
