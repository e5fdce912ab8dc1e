"""Start and use of the window: python -m benchmarks.ui [--only PART].

Writes benchmarks/results/ui.csv, one row a figure: median, 99th percentile and highest, beside the
goal of the issue that asked for it. A start is measured in a process of its own, from before the
interpreter starts to the first painted window, several times. Then the sample scene and three
sparse scenes of 24 GB (see big_scene.py), one of each interleave, are opened and used in a window
of 1920 x 1080; labels for 40 million pixels are loaded, undone and saved; and files of 4 GB are
opened that are on the disk and not in memory; and two sessions are opened in turns. Frames are
measured by the clock and by the work of the interface's thread, which is what the clock would say
on a machine that does nothing else; `load` is how many processes wanted a core meanwhile. Starts
are measured by the clock alone. Big scenes need 5 GB of temporary room.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.big_scene import ORDERS, drop_from_memory, write_big_scene, write_full_scenes

RESULTS = Path(__file__).parent / "results" / "ui.csv"
COLUMNS = (
    "scene",
    "figure",
    "unit",
    "runs",
    "median",
    "p99",
    "highest",
    "p99_work",
    "highest_work",
    "goal",
    "load",
)
SAMPLE = "sample:indian-pines"
PARTS = ("start", "sample", *ORDERS, "cold", "labels", "scenes")
SCENES = {
    "start": "sample",
    "sample": "sample",
    "cold": "4 GB, cold",
    "labels": "24 GB bsq",
    "scenes": "two scenes",
}  # that the parts use
STARTS = 7
HOVERS = 600
MS = 1000.0
GOALS_MS = {
    "window up": 1500.0,
    "scene shown after it": 1000.0,
    "hover frame": MS / 60,
    "pan frame": MS / 30,
    "zoom frame": MS / 30,
    "spectrum": 50.0,
    "brush, one to one": 16.0,
    "brush, whole scene": 16.0,
    "first picture": 1000.0,
    "stall while opening": 50.0,
    "stall: loading 40 million labels": 50.0,
    "stall: undo of it": 50.0,
    "stall: redo of it": 50.0,
    "stall: list of regions": 50.0,
    "stall: saving labels": 50.0,
    "stall: saving": 50.0,
    "stall: Compare begins": 50.0,
    "stall while panning and zooming": 50.0,
    "stall while hovering and painting": 50.0,
    "switch to sample": 1000.0,
    "switch to 24 GB": 1000.0,
    "stall while switching": 50.0,
}
GOALS_MB = {"memory": 1073.7, "highest memory": 1073.7}


def start(began: float) -> None:
    """Start the window, open the sample scene, hover over it; print seconds as JSON."""
    from hsi_viewer.core.garbage import no_collection

    with no_collection():  # as `hsi-viewer open` does
        from hsi_viewer.app import make_application
        from hsi_viewer.preferences.settings import Settings
        from hsi_viewer.ui.main_window import MainWindow
        from hsi_viewer.ui.theme import apply_theme

        app = make_application()
        apply_theme(app, "light")
        window = MainWindow(Settings(theme="light", tour_seen=True))
        window.show()
    window.open(SAMPLE)
    window.repaint()
    up = time.time() - began
    torch_at_start = "torch" in sys.modules
    while window.workspace.document is None:
        app.processEvents()
    window.repaint()
    shown = time.time() - began - up
    trainer = "hsi_viewer.learning.trainer"  # imported now; hover is measured after it
    while trainer not in sys.modules or window.workspace.tasks._tasks:
        app.processEvents()
    frames = list(hover_frames(window))
    window.workspace.document.abandon()  # not offered at the next start
    window.may_leave = lambda: True  # type: ignore[method-assign]
    window.close()
    assert not torch_at_start, "torch was imported before the window was up"
    figures = {"window up": [up], "scene shown after it": [shown], "hover frame": frames}
    print(json.dumps(figures))


def hover_frames(window) -> Iterator[float]:  # noqa: ANN001 - the window is imported late
    """Seconds from each mouse move to the repainted window."""
    from PySide6.QtCore import QPointF, Qt
    from PySide6.QtGui import QMouseEvent
    from PySide6.QtWidgets import QApplication

    rng = np.random.default_rng(0)
    row, column = 70.0, 70.0
    viewport = window.context.canvas.viewport()
    for _ in range(HOVERS):
        row, column = (float(np.clip(v + rng.normal(0, 3), 0, 144)) for v in (row, column))
        point = QPointF(window.context.canvas.widget_position(row, column))
        event = QMouseEvent(
            QMouseEvent.Type.MouseMove,
            point,
            QPointF(viewport.mapToGlobal(point)),
            Qt.MouseButton.NoButton,
            Qt.MouseButton.NoButton,
            Qt.KeyboardModifier.NoModifier,
        )
        began = time.perf_counter()
        QApplication.sendEvent(viewport, event)
        QApplication.processEvents()
        window.context.plot.viewport().repaint()
        viewport.repaint()
        yield time.perf_counter() - began


def use(source: str) -> None:
    """Use a scene; print its figures as JSON."""
    from benchmarks.ui_actions import measure

    print(json.dumps(measure(source)))


def label(source: str) -> None:
    """Label all of a scene; print the stalls as JSON."""
    from benchmarks.ui_stalls import measure_labels

    print(json.dumps(measure_labels(source)))


def switch() -> None:
    """Open the scenes of the panel Scenes in turns; print the figures as JSON."""
    from benchmarks.ui_scenes import measure_switching

    print(json.dumps(measure_switching()))


def first_sight(source: str) -> None:
    """Open a scene of which nothing is in memory; print its figures as JSON."""
    from benchmarks.ui_actions import measure_opening

    print(json.dumps(measure_opening(source)))


def run_child(*arguments: str) -> dict[str, Any]:
    """Run a part of this module in a process of its own, with settings and a cache of its own."""
    with tempfile.TemporaryDirectory() as home:
        homes = {f"XDG_{kind}_HOME": home for kind in ("CONFIG", "CACHE", "DATA", "STATE")}
        environment = {"QT_QPA_PLATFORM": "offscreen", **os.environ, **homes}
        environment.pop("PYTHONDONTWRITEBYTECODE", None)  # users have compiled files
        command = [sys.executable, "-m", "benchmarks.ui", *arguments]
        out = subprocess.run(command, check=True, capture_output=True, text=True, env=environment)
    found: dict[str, Any] = json.loads(out.stdout.splitlines()[-1])
    return found


def measure_part(part: str) -> dict[str, Any]:
    """The figures of a part: lists of seconds, or megabytes."""
    if part == "start":
        run_child("start", repr(time.time()))  # warms the disk's cache
        runs = [run_child("start", repr(time.time())) for _ in range(STARTS)]
        return {name: [v for run in runs for v in run[name]] for name in runs[0]}
    if part == "sample":
        return run_child("use", SAMPLE)
    if part == "scenes":
        return run_child("switch")
    with tempfile.TemporaryDirectory() as folder:
        if part == "cold":
            return measure_cold(Path(folder))
        if part == "labels":
            return run_child("label", str(write_big_scene(Path(folder))))
        header = write_big_scene(Path(folder), interleave=part)
        return run_child("use", str(header))


def measure_cold(folder: Path) -> dict[str, Any]:
    """Figures of files of 4 GB whose every byte is on the disk, with none of it in memory."""
    found: dict[str, Any] = {}
    for header in write_full_scenes(folder):
        drop_from_memory(header.with_suffix(".img"))
        name = header.stem.removeprefix("full_")
        figures = run_child("first", str(header))
        found |= {f"{figure}, {name}": value for figure, value in figures.items()}
    return found


def rows_of(part: str, figures: dict[str, Any]) -> Iterator[dict[str, object]]:
    """Rows of the table."""
    named = {
        "start": "sample",
        "sample": "sample",
        "cold": "4 GB, cold",
        "labels": "24 GB bsq",
        "scenes": "two scenes",
    }
    scene = named.get(part, f"24 GB {part}")
    load = f"{os.getloadavg()[0]:.1f}"
    for name, values in figures.items():
        if isinstance(values, list):
            spans = MS * np.asarray(values)
            clock, work = spans.reshape(len(values), -1)[:, [0, -1]].T
            found = np.median(clock), np.percentile(clock, 99), clock.max()
            found = *found, np.percentile(work, 99), work.max()
            numbers = [f"{v:.1f}" for v in found]
            unit, goal = "ms", GOALS_MS.get(name.partition(",")[0], GOALS_MS.get(name))
        else:
            numbers, unit, goal = [f"{values:.0f}"] * 5, "MB", GOALS_MB.get(name)
        runs = len(values) if isinstance(values, list) else 1
        aim = "" if goal is None else f"{goal:.1f}"
        yield dict(zip(COLUMNS, (scene, name, unit, runs, *numbers, aim, load), strict=True))


def main() -> int:
    """Measure, print and write the table; rows of parts that are left out stay."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", choices=PARTS, nargs="+", default=PARTS)
    RESULTS.parent.mkdir(exist_ok=True)
    for part in parser.parse_args().only:
        new = list(rows_of(part, measure_part(part)))
        replaced = {(row["scene"], row["figure"]) for row in new}
        old = []
        if RESULTS.exists():
            with RESULTS.open(newline="", encoding="utf-8") as file:
                old = [r for r in csv.DictReader(file) if tuple(r) == COLUMNS]
        kept = [r for r in old if (r["scene"], r["figure"]) not in replaced]
        with RESULTS.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
            writer.writeheader()
            writer.writerows([*kept, *new])
        for row in new:
            print("  ".join(str(v).rjust(9) for v in row.values()))
    return 0


if __name__ == "__main__":
    if sys.argv[1:2] == ["start"]:
        start(float(sys.argv[2]))
    elif sys.argv[1:2] == ["use"]:
        use(sys.argv[2])
    elif sys.argv[1:2] == ["label"]:
        label(sys.argv[2])
    elif sys.argv[1:2] == ["switch"]:
        switch()
    elif sys.argv[1:2] == ["first"]:
        first_sight(sys.argv[2])
    else:
        raise SystemExit(main())
