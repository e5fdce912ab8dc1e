"""Start and hover of the window: python -m benchmarks.ui.

Writes benchmarks/results/ui.csv, one row a figure: median and 99th percentile. A start is
measured in a process of its own, from before the interpreter starts to the first painted
window, several times; the goals are those of the issue that asked for the figures.
"""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

RESULTS = Path(__file__).parent / "results" / "ui.csv"
SAMPLE = "sample:indian-pines"
STARTS = 7
HOVERS = 600
GOALS_MS = {"window up": 1500.0, "scene shown after it": 1000.0, "hover frame": 1000 / 60}


def child(began: float) -> None:
    """Start the window, open the sample scene, hover over it; print seconds as JSON."""
    from hsi_viewer.app import make_application
    from hsi_viewer.session.settings import Settings
    from hsi_viewer.ui.main_window import MainWindow
    from hsi_viewer.ui.theme import apply_theme

    app = make_application()
    apply_theme(app, "light")
    window = MainWindow(Settings(theme="light"))
    window.show()
    window.open(SAMPLE)
    window.repaint()
    up = time.time() - began
    torch_at_start = "torch" in sys.modules
    while window.workspace.document is None:
        app.processEvents()
    window.repaint()
    shown = time.time() - began - up
    while window.workspace.tasks._tasks:  # torch is imported now; hover is measured after it
        app.processEvents()
    frames = list(hover_frames(window))
    window.may_leave = lambda: True  # type: ignore[method-assign]
    window.close()
    print(json.dumps({"up": up, "shown": shown, "torch": torch_at_start, "frames": frames}))


def hover_frames(window) -> Iterator[float]:  # noqa: ANN001 - the window is imported late
    """Seconds from each mouse move to the repainted window."""
    from PySide6.QtCore import QPointF, Qt
    from PySide6.QtGui import QMouseEvent
    from PySide6.QtWidgets import QApplication

    rng = np.random.default_rng(0)
    row, column = 70.0, 70.0
    viewport = window.canvas.viewport()
    for _ in range(HOVERS):
        row, column = (float(np.clip(v + rng.normal(0, 3), 0, 144)) for v in (row, column))
        point = QPointF(window.canvas.widget_position(row, column))
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
        window.plot.repaint()
        window.canvas.repaint()
        yield time.perf_counter() - began


def main() -> int:
    """Measure, print and write the table."""
    environment = {**os.environ, "QT_QPA_PLATFORM": os.environ.get("QT_QPA_PLATFORM", "offscreen")}
    ups, showns, frames = [], [], []
    for n in range(STARTS + 1):
        command = [sys.executable, "-m", "benchmarks.ui", "child", repr(time.time())]
        out = subprocess.run(command, check=True, capture_output=True, text=True, env=environment)
        found = json.loads(out.stdout.splitlines()[-1])
        assert not found["torch"], "torch was imported before the window was up"
        if n:  # the first warms the disk's cache
            ups.append(found["up"])
            showns.append(found["shown"])
            frames += found["frames"]
    RESULTS.parent.mkdir(exist_ok=True)
    with RESULTS.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["figure", "runs", "median_ms", "p99_ms", "goal_ms"])
        for (name, goal), values in zip(GOALS_MS.items(), (ups, showns, frames), strict=True):
            ms = 1000 * np.asarray(values)
            row = [
                name,
                ms.size,
                f"{np.median(ms):.1f}",
                f"{np.percentile(ms, 99):.1f}",
                f"{goal:.1f}",
            ]
            writer.writerow(row)
            print("  ".join(str(v).rjust(10) for v in row))
    return 0


if __name__ == "__main__":
    if sys.argv[1:2] == ["child"]:
        child(float(sys.argv[2]))
    else:
        raise SystemExit(main())
