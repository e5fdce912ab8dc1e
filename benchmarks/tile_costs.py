"""What one tile costs in memory, and a map in bytes that are read and written; for scale.py."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.speed import generated
from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.progress import CancelToken
from hsi_viewer.core.training import TrainingConfig
from hsi_viewer.jobs.batch.compute import Task, compute_tile, forget
from hsi_viewer.jobs.batch.plan import MapOptions
from hsi_viewer.jobs.batch.planning import digest_for, make_plan, model_digest, opened
from hsi_viewer.jobs.batch.run import BatchJob, run_batch
from hsi_viewer.jobs.batch.scenes import Scene, folder_names
from hsi_viewer.learning.classifiers import load_model
from hsi_viewer.learning.tile_mapper import SIDE, MapSettings, TileMapper
from hsi_viewer.learning.trainer import fit

if TYPE_CHECKING:
    from benchmarks.scale import Measured, Run

MIB = 2.0**20
VALUE_BYTES = 2 + 4  # of a pixel of the map: its class and its confidence
# Bands and classes; of 280 bands, the window of a tile is held in memory.
SIZES = ((280, 9), (400, 9), (1000, 9), (100, 400))
SMALL, CLASSES, PER_CLASS = 240, 9, 30  # the scene that the large one repeats
BLOCK, PER_BLOCK = 12, 5  # of many classes, each has a block of so many pixels a side, and labels
AROUND = 120  # pixels around the tile in the middle that are written: more than it looks at


def options_for(refine: str) -> MapOptions:
    """How the maps are made."""
    return MapOptions(refine, "training", "cpu", SIDE, probabilities=False)


class _Counting:
    """A source that counts the bytes that are read from it."""

    def __init__(self, cube: HyperCube) -> None:
        self._source, self.shape, self.dtype, self.bytes = cube.source, cube.shape, cube.dtype, 0

    def read(self, rows: slice, columns: slice, bands: NDArray[np.intp] | None) -> NDArray[Any]:
        values = self._source.read(rows, columns, bands)
        self.bytes += values.nbytes
        return values


def bytes_read(measured: Measured, size: str, model: Path, made: Callable[[], list[Path]]) -> None:
    """What one inner tile reads, to what is in it; with and without refinement."""
    for refine in ("none", "full"):
        figure = f"bytes read of a tile to its own, refine {refine}"
        if measured.has("reading", size, figure):
            continue
        cube = opened(Scene(str(made()[0])), options_for(refine))
        counting = _Counting(cube)
        settings = MapSettings(refine)
        mapper = TileMapper(load_model(model), replace(cube, source=counting), settings)
        index = len(mapper.windows) // 2
        counting.bytes = 0
        mapper.tile(index)
        rows, columns = mapper.windows[index]
        own = (rows.stop - rows.start) * (columns.stop - columns.start)
        factor = counting.bytes / (own * cube.bands * cube.dtype.itemsize)
        measured.add("reading", size, figure, factor, "", "")


def bytes_written(
    measured: Measured, size: str, model: Path, made: Callable[[], list[Path]], folder: Path
) -> None:
    """What the tiles write, and what the map that is made of them does, to the values of the map.

    All that this process hands to the system counts, what is written twice or removed again, too.
    """
    figures = [f"bytes written for {what}, to those of the map" for what in ("the tiles", "files")]
    if measured.has("writing", size, figures[1]):
        return
    scene, options, output = Scene(str(made()[0])), options_for("none"), folder / "written"
    trained, cube = load_model(model), opened(scene, options)
    digest = digest_for(cube, scene, model_digest(model), options)
    of_scene = output / folder_names([scene], [])[0]
    plan = make_plan(cube, scene, trained, model, options, digest, CancelToken())
    plan.write(of_scene)
    before = _written()
    for index in range(len(plan.windows)):
        compute_tile(Task(str(of_scene), index, digest))
    forget()
    tiles = _written()
    job = BatchJob(model, [scene], output, options, ("envi", "confidence"), resume=True)
    result = run_batch(job)
    assert (result.computed, result.kept) == (0, len(plan.windows)), result.text()
    own = cube.rows * cube.columns * VALUE_BYTES
    measured.add("writing", size, figures[0], (tiles - before) / own, "", "")
    measured.add("writing", size, figures[1], (_written() - tiles) / own, "", "")


def _written() -> int:
    """Bytes that this process has handed to the system so far; of Linux only."""
    lines = Path("/proc/self/io").read_text("ascii").splitlines()
    return int(next(line for line in lines if line.startswith("wchar")).split()[1])


def tile_memory(measured: Measured, folder: Path, watched: Callable[[list[str]], Run]) -> None:
    """Peak memory of a process that maps one tile with neighbours on all sides, refined."""
    figure = "peak memory of an inner tile, refine full"
    for bands, classes in SIZES:
        size = f"{SIDE}x{SIDE}x{bands} float32"
        size += f", {classes} classes" * (classes != CLASSES)
        if measured.has("memory", size, figure):
            continue
        model, scene = _model_and_scene(folder, bands, classes)
        run = watched([sys.executable, "-m", "benchmarks.tile_costs", str(model), str(scene)])
        measured.add("memory", size, figure, run.memory / MIB, "MiB", "<= 2048")


def _model_and_scene(folder: Path, bands: int, classes: int) -> tuple[Path, Path]:
    """A model, and a scene of three by three tiles that has values around that in the middle."""
    name = f"{bands} {classes}"
    model, scene = folder / f"model {name}", folder / f"inner {name}.hdr"
    cube, truth = (
        generated(SMALL, SMALL, bands, CLASSES) if classes == CLASSES else blocks(bands, classes)
    )
    values = cube.read().astype(np.float32)
    labels, rng = np.zeros_like(truth), np.random.default_rng(1)
    for k in range(1, classes + 1):
        count = PER_CLASS if classes == CLASSES else PER_BLOCK
        labels.flat[rng.choice(np.flatnonzero(truth == k), count, replace=False)] = k
    fit(HyperCube.from_array(values), labels, TrainingConfig(device="cpu")).save(model)
    side, first, last = 3 * SIDE, SIDE - AROUND, 2 * SIDE + AROUND
    fields = f"samples = {side}\nlines = {side}\nbands = {bands}\ndata type = 4\nbyte order = 0"
    scene.write_text(f"ENVI\n{fields}\ninterleave = bip\nheader offset = 0\n", encoding="ascii")
    with scene.with_suffix(".img").open("wb") as file:
        file.truncate(side * side * bands * 4)
        for row in range(first, last):
            file.seek((row * side + first) * bands * 4)
            file.write(values[row % SMALL, np.arange(first, last) % SMALL].tobytes())
    return model, scene


def blocks(bands: int, classes: int) -> tuple[HyperCube, NDArray[np.uint16]]:
    """A block of each of many classes, with a spectrum each, noise, uint16, and their classes."""
    rng, across = np.random.default_rng(0), SMALL // BLOCK
    rows, columns = np.mgrid[:SMALL, :SMALL] // BLOCK
    truth = ((rows * across + columns) % classes + 1).astype(np.uint16)
    spectra = rng.uniform(0, 8000, (classes + 1, bands))
    noisy = spectra[truth] + rng.normal(0, 150, (SMALL, SMALL, bands))
    return HyperCube.from_array(np.clip(noisy, 0, 65535).astype(np.uint16)), truth


def map_the_middle(model: str, scene: str) -> None:
    """Map the tile in the middle of a scene."""
    cube = opened(Scene(scene), options_for("full"))
    mapper = TileMapper(load_model(Path(model)), cube, MapSettings("full"))
    middle = 3 * SIDE // 2
    mapper.tile(
        next(i for i, w in enumerate(mapper.windows) if all(p.start <= middle < p.stop for p in w))
    )


if __name__ == "__main__":
    map_the_middle(*sys.argv[1:])
