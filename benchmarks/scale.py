"""Many tiles and many scenes by one process and by two: python -m benchmarks.scale.

Two processes are compared with one, each with one thread: one core against two. That is how apply
works, so that a map does not depend on the number of cores; the row "cores that 1 process uses"
shows it. The clock runs from the start of the command to its end, with the import of the engine,
the plan, and the files of the map, which one process does in either case.

Each run writes its rows to results/scale.csv at once, and what it made stays in a folder until all
is measured: a call after a stop goes on. Wall-clock figures are only worth something when nothing
else runs; the column load says how busy the machine was, and processor time tells on a busy one,
too, whether two processes do more work than one. Two runs that share nothing show what the cores of
the machine allow: cores of a shared machine give less than twice of one.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from scipy.ndimage import gaussian_filter

from benchmarks.big_scene import drop_from_memory, write_big_scene
from benchmarks.speed import generated
from benchmarks.table import Table
from benchmarks.tile_costs import bytes_read, bytes_written, tile_memory
from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.postprocess.map_regions import map_regions
from hsi_viewer.core.progress import CancelToken
from hsi_viewer.io.opening import open_cube
from hsi_viewer.io.writers.cube_writer import write_cube
from hsi_viewer.jobs.batch.compute import Task, compute_tile, forget
from hsi_viewer.jobs.batch.plan import MapOptions
from hsi_viewer.jobs.batch.planning import digest_for, make_plan, model_digest, opened
from hsi_viewer.jobs.batch.scenes import Scene
from hsi_viewer.learning.classifiers import load_model

KEYS = ("part", "size", "figure")
VALUES = ("value", "unit", "goal", "load")
BANDS, CLASSES, PER_CLASS = 100, 9, 30
TRAINED = 300  # rows and columns of the scene that the model is trained on
SCENES = 40
MIB = 2.0**20
RUNS = {1: "1 process", 2: "2 processes"}
ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
MAP = (20_000, 2_000)  # rows and columns of the map whose regions become polygons
NOISE = 0.005  # share of its pixels that have any class, as a map of single pixels has them
# A small process between: the peak memory of one that is started counts that of its starter.
WATCH = (
    "import resource, subprocess, sys; subprocess.run(sys.argv[1:], check=True); "
    "used = resource.getrusage(resource.RUSAGE_CHILDREN); "
    "print(used.ru_utime + used.ru_stime, used.ru_maxrss)"
)
Made = Callable[[], list[Path]]  # makes the scenes, unless they are there
PARTS = ("polygons", "scenes", "scene", "reading", "disk", "writing", "memory", "sparse")
SPARSE = (25_000, 20_000, 100)  # 100 GB of uint16, nearly all of it no data


@dataclass(frozen=True)
class Run:
    """What one call took.

    Attributes
    ----------
    wall, processor : seconds; the second of all processes together.
    memory : bytes of the largest process.
    """

    wall: float
    processor: float
    memory: float


class Measured:
    """The table, and what is missing in it."""

    def __init__(self) -> None:
        self._table = Table("scale", KEYS, VALUES)

    def add(self, part: str, size: str, figure: str, value: float, unit: str, goal: str) -> None:
        """Write one figure."""
        load = round(os.getloadavg()[0], 1)
        row = {"part": part, "size": size, "figure": figure, "value": value, "unit": unit}
        self._table.add(**row, goal=goal, load=load)
        print(part, size, figure, f"{value:.4g} {unit}", f"(goal {goal})" if goal else "")

    def has(self, part: str, size: str, figure: str) -> bool:
        """Whether a figure is there."""
        return self._table.has(part=part, size=size, figure=figure)


def apply(model: Path, scenes: list[Path], output: Path, workers: int) -> Run:
    """Map scenes in processes of their own, refined, which is the dearer way."""
    for scene in scenes:
        drop_from_memory(scene.with_suffix(".img"))
    command = [sys.executable, "-m", "hsi_viewer.cli", "apply", str(model), *map(str, scenes)]
    command += ["-o", str(output), "--workers", str(workers), "--refine", "full", "--quiet"]
    command += ["--format", "envi,confidence", "--device", "cpu", "--overwrite"]
    return watched(command)


def watched(command: list[str]) -> Run:
    """Run a command with one thread in each of its processes."""
    start = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", WATCH, *command],
        check=True,
        capture_output=True,
        text=True,
        env={**os.environ, **dict.fromkeys(ONE_THREAD, "1")},
    )
    wall = time.perf_counter() - start
    processor, memory = map(float, done.stdout.split())
    return Run(wall, processor, memory * 1024)


def two_against_one(
    measured: Measured, part: str, size: str, model: Path, made: Made, folder: Path
) -> None:
    """The same scenes by one process and by two; the maps must be the same."""
    if measured.has(part, size, "speed-up"):
        return
    scenes = made()
    runs = [_one_run(measured, part, size, model, scenes, folder, n) for n in (1, 2)]
    maps = [sorted((folder / f"{part} {n}").rglob("*.img")) for n in (1, 2)]
    assert len(maps[0]) == 2 * len(scenes)
    assert [p.read_bytes() for p in maps[0]] == [p.read_bytes() for p in maps[1]]
    one, two = runs
    cores = one.processor / one.wall
    measured.add(part, size, "cores that 1 process uses", cores, "", "<= 1.05")
    share = two.processor / one.processor
    measured.add(part, size, "processor time of 2 to that of 1", share, "", "")
    measured.add(part, size, "peak memory", max(one.memory, two.memory) / MIB, "MiB", "<= 2048")
    both = _twice_at_once(model, scenes, folder / f"{part} twice")
    measured.add(part, size, "speed-up of two runs that share nothing", 2 * one.wall / both, "", "")
    measured.add(part, size, "speed-up", one.wall / two.wall, "", ">= 1.8")


def _twice_at_once(model: Path, scenes: list[Path], folder: Path) -> float:
    """Seconds of two runs of one process each at once: what two cores of this machine can do."""
    start = time.perf_counter()
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda n: apply(model, scenes, folder / str(n), 1), range(2)))
    seconds = time.perf_counter() - start
    shutil.rmtree(folder)
    return seconds


def _one_run(
    measured: Measured,
    part: str,
    size: str,
    model: Path,
    scenes: list[Path],
    folder: Path,
    processes: int,
) -> Run:
    """One of the runs; one that an earlier call has finished is taken from its note."""
    note = folder / f"{part} {processes}.json"
    if note.exists():
        return Run(**json.loads(note.read_text("utf-8")))
    run = apply(model, scenes, folder / f"{part} {processes}", processes)
    if not measured.has(part, size, RUNS[processes]):
        measured.add(part, size, RUNS[processes], run.wall, "s", "")
    note.write_text(json.dumps(asdict(run)), encoding="utf-8")
    return run


def disk(measured: Measured, size: str, made: Made) -> None:
    """How long it takes to read the scene once, one byte after the other."""
    figure = "the file read once, from the disk"
    if measured.has("reading", size, figure):
        return
    data = made()[0].with_suffix(".img")
    drop_from_memory(data)
    start = time.perf_counter()
    with data.open("rb", buffering=0) as file:
        while file.read(64 << 20):
            pass
    measured.add("reading", size, figure, time.perf_counter() - start, "s", "")


def sparse(measured: Measured, model: Path, folder: Path) -> None:
    """A sparse scene of 100 GB: planned, its first and last tiles computed, the rest estimated."""
    size = "x".join(map(str, SPARSE))
    if measured.has("sparse", size, "whole scene by 1 process, extrapolated"):
        return
    scene = Scene(str(write_big_scene(folder, SPARSE, "bil", groups=20)))
    options = MapOptions("full", "scene", "cpu", 512, probabilities=False)
    start = time.perf_counter()
    trained, cube = load_model(model), opened(scene, options)
    digest = digest_for(cube, scene, model_digest(model), options)
    plan = make_plan(cube, scene, trained, model, options, digest, CancelToken())
    output = folder / "sparse"
    plan.write(output)
    measured.add("sparse", size, "planning", time.perf_counter() - start, "s", "")
    last = len(plan.windows) - 1
    seconds = [compute_tile(Task(str(output), index, digest)).facts.seconds for index in (0, last)]
    forget()
    measured.add("sparse", size, "tiles", len(plan.windows), "", "")
    measured.add("sparse", size, "first tile", seconds[0], "s of processor time", "")
    measured.add("sparse", size, "last tile", seconds[1], "s of processor time", "")
    hours = seconds[0] * len(plan.windows) / 3600
    measured.add("sparse", size, "whole scene by 1 process, extrapolated", hours, "h", "")


def polygons(measured: Measured, folder: Path) -> None:
    """The regions of a large map as polygons: time and memory."""
    size = "x".join(map(str, MAP))
    if measured.has("polygons", size, "peak memory"):
        return
    rng, best = np.random.default_rng(0), np.full(MAP, -np.inf, np.float32)
    ids = np.zeros(MAP, np.uint8)
    for k in range(4):
        field = gaussian_filter(rng.standard_normal(MAP, np.float32), 4)
        ids[field > best] = k + 1
        np.maximum(best, field, out=best)
    noisy = rng.random(MAP, np.float32) < NOISE
    ids[noisy] = rng.integers(1, 5, int(noisy.sum()))
    np.save(folder / "map.npy", ids)
    files = [str(folder / "map.npy"), str(folder / "map.gpkg")]
    command = [sys.executable, "-m", "hsi_viewer.cli", "polygons", *files]
    run = watched([*command, "--overwrite", "--quiet"])
    count = float(len(map_regions(ids.astype(np.uint16))))
    measured.add("polygons", size, "regions", count, "", "")
    measured.add("polygons", size, "time", run.wall, "s", "")
    measured.add("polygons", size, "peak memory", run.memory / MIB, "MiB", "<= 1024")


def trained_model(folder: Path) -> Path:
    """A model of the default classifier, trained on a scene of the same kind."""
    from hsi_viewer.cli import main

    if (folder / "model" / "report.json").exists():
        return folder / "model"
    cube, truth = generated(TRAINED, TRAINED, BANDS, CLASSES)
    rng = np.random.default_rng(1)
    labels = np.zeros_like(truth)
    for k in range(1, CLASSES + 1):
        chosen = rng.choice(np.flatnonzero(truth == k), PER_CLASS, replace=False)
        labels.flat[chosen] = k
    write_cube(cube, folder / "trained.hdr")
    np.save(folder / "labels.npy", labels)
    sources = [str(folder / "trained.hdr"), "--labels", str(folder / "labels.npy")]
    target = str(folder / "model")
    done = main(["classify", *sources, "-o", target, "--device", "cpu", "-q", "--overwrite"])
    assert done == 0
    return folder / "model"


def main(arguments: list[str] | None = None) -> int:
    """Measure what isn't in the table yet."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--side", type=int, default=4000, help="of the large scene, in pixels")
    parser.add_argument("--small", type=int, default=300, help="of the forty scenes, in pixels")
    parser.add_argument(
        "--folder",
        type=Path,
        default=Path(tempfile.gettempdir()) / "hsi-viewer-scale",
        help="for scenes and maps; kept after a stop, removed at the end",
    )
    parser.add_argument("--only", nargs="+", choices=PARTS, help="of the measurements")
    wanted = parser.parse_args(arguments)
    measured, folder = Measured(), wanted.folder / f"{wanted.side}-{wanted.small}"
    folder.mkdir(parents=True, exist_ok=True)
    model = trained_model(folder)
    large, small = (f"{n}x{n}x{BANDS}" for n in (wanted.side, wanted.small))

    def many() -> list[Path]:
        return _small(folder, wanted.small)

    def one() -> list[Path]:
        return _large(folder, wanted.side)

    parts: dict[str, Callable[[], None]] = {
        "polygons": lambda: polygons(measured, folder),
        "scenes": lambda: two_against_one(measured, f"{SCENES} scenes", small, model, many, folder),
        "scene": lambda: two_against_one(measured, "one scene", large, model, one, folder),
        "reading": lambda: bytes_read(measured, large, model, one),
        "disk": lambda: disk(measured, large, one),
        "writing": lambda: bytes_written(measured, large, model, one, folder),
        "memory": lambda: tile_memory(measured, folder, watched),
        "sparse": lambda: sparse(measured, model, folder),
    }
    for name in wanted.only or PARTS:
        parts[name]()
    shutil.rmtree(folder)
    return 0


def _large(folder: Path, side: int) -> list[Path]:
    path = folder / "large.hdr"
    if not path.exists():
        cube, _ = generated(side, side, BANDS, CLASSES, folder / "large.raw")
        write_cube(cube, path)
        (folder / "large.raw").unlink()
    return [path]


def _small(folder: Path, side: int) -> list[Path]:
    paths = [folder / f"small{n:02d}.hdr" for n in range(SCENES)]
    cube, _ = generated(side, side, BANDS, CLASSES)
    for n, path in enumerate(paths):
        if path.exists():
            continue
        write_cube(HyperCube.from_array(np.roll(cube.read(), 7 * n, axis=0)), path)
        assert open_cube(path).shape == cube.shape
    return paths


if __name__ == "__main__":
    sys.exit(main())
