"""apply on many scenes as users run it: several processes, kill -9, parts, a cluster of Dask."""

from __future__ import annotations

import json
import os
import random
import select
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest

from hsi_viewer.cli import main
from hsi_viewer.learning import trainer
from tests.patience import PATIENCE
from tests.unit.cli.schemas import fitting
from tests.unit.learning.made import SMALL, made_scene

PROJECT = Path(__file__).resolve().parents[2]
KILLS = int(os.environ.get("HSI_KILL_ROUNDS", "1"))
OPTIONS = ("--refine", "full", "--tile", "32", "--format", "envi,confidence", "--device", "cpu")
TILES = 9 + 1


@pytest.fixture(scope="module")
def files(tmp_path_factory) -> Path:
    """A model, a scene of nine tiles, and one of one."""
    folder = tmp_path_factory.mktemp("scenes")
    cube, truth = made_scene(90, 70, 12)
    np.save(folder / "large.npy", cube.read())
    np.save(folder / "small.npy", cube.read()[:25, 20:60])
    np.save(folder / "truth.npy", np.where(np.arange(70) % 9 == 0, truth, 0))
    labelled = [str(folder / "large.npy"), "--labels", str(folder / "truth.npy")]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(trainer, "recipe_for", lambda _config: SMALL)
        model = str(folder / "model")
        assert main(["classify", *labelled, "-o", model, "--device", "cpu", "--format", "npy"]) == 0
    return folder


@pytest.fixture(scope="module")
def reference(files) -> dict[str, bytes]:
    """The maps of one process that nothing has stopped."""
    assert main(command(files, files / "reference")) == 0
    return maps_of(files / "reference")


def command(files: Path, output: Path, *options: str) -> list[str]:
    scenes = [str(files / "large.npy"), str(files / "small.npy")]
    return ["apply", str(files / "model"), *scenes, "-o", str(output), *OPTIONS, *options]


def maps_of(folder: Path) -> dict[str, bytes]:
    found = {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*.img"))}
    assert len(found) == 4
    return found


def started(line: list[str]) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, "-m", "hsi_viewer.cli", *line],
        cwd=PROJECT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_three_processes_make_the_map_of_one_whatever_cannot_be_read(
    files, reference, tmp_path, capsys
):
    """Good, bad, good: what is bad costs the others nothing."""
    (tmp_path / "bad.npy").write_bytes(b"not an array")
    scenes = [str(files / "large.npy"), str(tmp_path / "bad.npy"), str(files / "small.npy")]
    line = ["apply", str(files / "model"), *scenes, "-o", str(tmp_path / "out"), *OPTIONS]
    capsys.readouterr()
    assert main([*line, "--workers", "3", "--json"]) == 1
    record = fitting(capsys.readouterr().out, "batch")
    assert [s["status"] for s in record["scenes"]] == ["done", "failed", "done"]
    assert "bad.npy" in record["scenes"][1]["error"]
    assert (record["tiles_computed"], record["tiles_kept"]) == (TILES, 0)
    assert maps_of(tmp_path / "out") == reference


def test_two_parts_at_once_make_the_map_of_one_process(files, reference, tmp_path):
    output = tmp_path / "out"
    parts = [started(command(files, output, "--part", part, "--json")) for part in ("1/2", "2/2")]
    records = []
    for part in parts:
        out, told = part.communicate(timeout=PATIENCE)
        assert part.returncode == 0, told
        records.append(fitting(out, "batch"))
    assert sum(record["tiles_computed"] for record in records) == TILES
    assert {s["status"] for record in records for s in record["scenes"]} <= {"done", "unfinished"}
    assert maps_of(output) == reference


def test_a_folder_stands_for_its_scenes(files, reference, tmp_path, capsys):
    """As named one by one; anything else is left out with a warning, by every part alike."""
    model, scenes = str(files / "model"), tmp_path / "flight"
    scenes.mkdir()
    for name in ("large.npy", "small.npy", "truth.npy"):
        (scenes / name).write_bytes((files / name).read_bytes())
    for part in ("1/2", "2/2"):
        line = ["apply", model, str(scenes), "-o", str(tmp_path / "out"), *OPTIONS, "--json"]
        assert main([*line, "--part", part]) == 0
        record = fitting(capsys.readouterr().out, "batch")
        assert [s["name"] for s in record["scenes"]] == ["large", "small"]
        assert record["warnings"] == [f"{scenes}: left out: truth.npy (a single band)."]
    assert maps_of(tmp_path / "out") == reference


def test_a_folder_of_one_scene_gives_it_a_folder_too(files, tmp_path):
    (tmp_path / "flight").mkdir()
    (tmp_path / "flight" / "small.npy").write_bytes((files / "small.npy").read_bytes())
    line = ["apply", str(files / "model"), str(tmp_path / "flight"), "-o", str(tmp_path / "out")]
    assert main([*line, *OPTIONS]) == 0
    assert (tmp_path / "out" / "small" / "class_map.img").is_file()
    assert (tmp_path / "out" / "summary.csv").is_file()


@pytest.mark.skipif(os.name == "nt", reason="SIGKILL is not known there")
def test_killed_at_any_moment_the_map_is_the_same(files, reference, tmp_path, capsys):
    """The client is killed, and every other time a worker before; finished tiles are kept."""
    chance = random.Random(0)  # noqa: S311 - nothing secret
    folders = [tmp_path / "0"]
    for number in range(KILLS):
        output = folders[-1]
        before = tiles_of(output)
        client = started(command(files, output, "--workers", "2", "--continue"))
        wait_for_tiles(client, output, chance.randrange(1, 4))
        if number % 2 == 0:
            before = tiles_of(output) | before
            kill(chance.choice(workers_of(client.pid) or [client.pid]))
            wait_for_tiles(client, output, 1)
        processes = children_of(client.pid)
        client.kill()
        client.communicate()
        wait_until_ended(processes)
        assert_kept(before, output)
        if (output / "summary.csv").exists():
            assert maps_of(output) == reference
            folders.append(tmp_path / str(len(folders)))
    before = tiles_of(folders[-1])
    capsys.readouterr()
    assert main(command(files, folders[-1], "--continue", "--json")) == 0
    record = fitting(capsys.readouterr().out, "batch")
    assert (record["tiles_computed"], record["tiles_kept"]) == (TILES - len(before), len(before))
    assert_kept(before, folders[-1])
    assert maps_of(folders[-1]) == reference


def wait_for_tiles(client: subprocess.Popen, output: Path, more: int) -> None:
    """Wait until some more tiles are there than now, or the client has ended."""
    wanted, until = len(finished_tiles(output)) + more, time.monotonic() + PATIENCE
    while client.poll() is None and len(finished_tiles(output)) < wanted:
        assert time.monotonic() < until
        with suppress(subprocess.TimeoutExpired):
            client.wait(0.02)


def kill(process: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(process, signal.SIGKILL)


def finished_tiles(output: Path) -> list[Path]:
    return list(output.glob("*/tiles/tile-*.safetensors"))


def tiles_of(output: Path) -> dict[str, tuple[int, ...]]:
    """What tells each tile that is finished from one that is computed again; by scene and number.

    Nothing for those whose scene is put together: their files are gone.
    """
    found: dict[str, tuple[int, ...]] = {}
    for folder in output.glob("*/"):
        if (folder / "manifest.json").exists():
            tiles = json.loads((folder / "manifest.json").read_text("utf-8"))["tiles"]
            found |= {f"{folder.name} {n}": () for n in range(len(tiles))}
            continue
        for path in folder.glob("tiles/tile-*.safetensors"):
            number = int(path.stem.rpartition("-")[2])
            found[f"{folder.name} {number}"] = ()
            with suppress(FileNotFoundError):  # its scene was put together meanwhile
                facts = path.stat()
                found[f"{folder.name} {number}"] = (facts.st_ino, facts.st_mtime_ns)
    return found


def assert_kept(before: dict[str, tuple[int, ...]], output: Path) -> None:
    """Nothing that was finished before is missing now, and no file was written again."""
    now = tiles_of(output)
    assert before.keys() <= now.keys()
    assert [name for name in before if now[name] not in (before[name], ())] == []


def workers_of(process: int) -> list[int]:
    """Processes of a client that compute, not those that look after them."""
    found = []
    for child in children_of(process):
        with suppress(OSError):
            if b"spawn_main" in Path(f"/proc/{child}/cmdline").read_bytes():
                found.append(child)
    return found


def children_of(process: int) -> list[int]:
    """Processes that a process has started, and theirs; of Linux only."""
    found = []
    for path in Path("/proc").glob(f"{process}/task/*/children"):
        with suppress(OSError):  # it has ended meanwhile
            for child in path.read_text().split():
                found += [int(child), *children_of(int(child))]
    return found


def wait_until_ended(processes: list[int]) -> None:
    """Wait until processes are gone, as those must be whose client was killed."""
    until = time.monotonic() + PATIENCE
    for process in processes:
        while is_running(process):
            assert time.monotonic() < until, f"process {process} is still running"
            select.select([], [], [], 0.02)


def is_running(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
