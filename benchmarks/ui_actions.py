"""What benchmarks/ui.py does to a window, and what it measures of it.

All figures are of the interface's own thread, from an event to the repainted viewport: by the
clock, and the time that a core was at work for it, which is what the clock would say if no other
process wanted the core. A heartbeat in the event loop tells how long it was ever kept waiting.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PySide6.QtCore import QCoreApplication, QEvent, QObject, QPoint, QPointF, Qt, QTimer
from PySide6.QtGui import QMouseEvent, QWheelEvent
from PySide6.QtWidgets import QApplication, QWidget

LEFT, MIDDLE, NONE = Qt.MouseButton.LeftButton, Qt.MouseButton.MiddleButton, Qt.MouseButton.NoButton
BEAT_MS = 1
WAIT_SECONDS = 120.0


class Span(NamedTuple):
    """Seconds by the clock, and seconds of work of this thread."""

    clock: float
    work: float


def now() -> Span:
    """The present time."""
    return Span(time.perf_counter(), time.thread_time())


def since(began: Span) -> Span:
    """The time that has gone by."""
    end = now()
    return Span(end.clock - began.clock, end.work - began.work)


class Heartbeat:
    """Seconds between the beats of a timer in the event loop."""

    def __init__(self) -> None:
        self.gaps: list[Span] = []
        self._last = now()
        self._timer = QTimer()
        self._timer.timeout.connect(self._beat)
        self._timer.start(BEAT_MS)

    def _beat(self) -> None:
        self.gaps.append(since(self._last))
        self._last = now()

    def begin(self) -> None:
        """Forget what was before."""
        self.gaps.clear()
        self._last = now()

    def longest(self) -> list[Span]:
        """The longest gaps by clock and by work; the count begins anew."""
        found = Span(max(g.clock for g in self.gaps), max(g.work for g in self.gaps))
        self.gaps.clear()
        return [found]


def memory_mb() -> dict[str, float]:
    """Resident memory of this process in MB: now, at its highest, and the anonymous part."""
    lines = Path("/proc/self/status").read_text().splitlines()
    found = dict(line.split(":", 1) for line in lines if ":" in line)
    return {k: int(found[k].split()[0]) / 1e3 for k in ("VmRSS", "VmHWM", "RssAnon")}


class Painted(QObject):
    """Notes when a widget has been painted for the first time after something is true.

    Attributes
    ----------
    at : the time, or None before it.
    """

    def __init__(self, widget: QWidget, after: Callable[[], bool]) -> None:
        super().__init__(widget)
        self.at: Span | None = None
        self._after = after
        widget.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Let the widget paint, and look at the clock."""
        if event.type() != QEvent.Type.Paint or not self._after():
            return False
        watched.removeEventFilter(self)
        QCoreApplication.sendEvent(watched, event)
        self.at = now()
        return True

    def after(self, began: Span) -> Span:
        """How long that took."""
        assert self.at is not None
        return Span(self.at.clock - began.clock, self.at.work - began.work)


class Hands:
    """Mouse and wheel on the canvas of a window, with a stop-watch."""

    def __init__(self, window) -> None:  # noqa: ANN001 - the window is imported late
        self.window, self.canvas = window, window.context.canvas
        self.viewport = window.context.canvas.viewport()
        self.rng = np.random.default_rng(0)

    def wait(self, done: Callable[[], bool]) -> None:
        """Let the event loop run until something is true."""
        end = time.perf_counter() + WAIT_SECONDS
        while not done():
            QApplication.processEvents()
            if time.perf_counter() > end:
                raise TimeoutError
            time.sleep(0.002)

    def rest(self, heart: Heartbeat) -> None:
        """Wait until the event loop has nothing to do: fifty short beats on end."""
        self.wait(lambda: len(heart.gaps) > 50 and max(g.work for g in heart.gaps[-50:]) < 0.005)

    def drawn(self) -> None:
        """Wait until every visible tile is there."""
        self.viewport.repaint()
        tiles = self.window.context.viewing.tiles

        def complete() -> bool:
            if tiles.idle:
                self.viewport.repaint()  # asks for what may be missing still
            return bool(tiles.idle)

        self.wait(complete)

    def send(self, kind: QMouseEvent.Type, at: QPointF, button=NONE, held=NONE) -> Span:  # noqa: ANN001
        """Send a mouse event; seconds until the viewport has been painted again."""
        event = QMouseEvent(
            kind,
            at,
            QPointF(self.viewport.mapToGlobal(at)),
            button,
            held,
            Qt.KeyboardModifier.NoModifier,
        )
        began = now()
        QApplication.sendEvent(self.viewport, event)
        QApplication.processEvents()
        return since(began)

    def drag(self, button: Qt.MouseButton, path: list[QPointF]) -> list[Span]:
        """Seconds of each move of a drag."""
        self.send(QMouseEvent.Type.MouseButtonPress, path[0], button, button)
        times = [self.send(QMouseEvent.Type.MouseMove, at, NONE, button) for at in path[1:]]
        self.send(QMouseEvent.Type.MouseButtonRelease, path[-1], button)
        return times

    def walk(self, steps: int, reach: float) -> list[QPointF]:
        """A random walk inside the viewport, in screen pixels."""
        size = np.array([self.viewport.width(), self.viewport.height()], float)
        positions = [size / 2]
        for _ in range(steps):
            positions.append(np.clip(positions[-1] + self.rng.normal(0, reach, 2), 20, size - 20))
        return [QPointF(float(x), float(y)) for x, y in positions]

    def pan(self, steps: int) -> list[Span]:
        """Drag the scene along, stroke by stroke, always on to where nothing was drawn yet."""
        width, height = self.viewport.width(), self.viewport.height()
        times: list[Span] = []
        while len(times) < steps:
            down = [QPointF(width / 2, height - 30 - 18.0 * k) for k in range(int(height / 24))]
            times += self.drag(MIDDLE, down)
        return times[:steps]

    def zoom(self, steps: int) -> Iterator[Span]:
        """Turn the wheel in and out."""
        for k in range(steps):
            at = QPointF(self.viewport.rect().center())
            event = QWheelEvent(
                at,
                QPointF(self.viewport.mapToGlobal(at)),
                QPoint(),
                QPoint(0, 120 if k % 40 < 20 else -120),
                NONE,
                Qt.KeyboardModifier.NoModifier,
                Qt.ScrollPhase.NoScrollPhase,
                False,
            )
            began = now()
            QApplication.sendEvent(self.viewport, event)
            QApplication.processEvents()
            yield since(began)

    def spectra(self, number: int) -> Iterator[Span]:
        """Seconds from a move to the spectrum in the plot."""
        probes = self.window.context.viewing._probes
        for at in self.walk(number, 60):
            began = now()
            self.send(QMouseEvent.Type.MouseMove, at)
            while not probes.idle:
                time.sleep(0.0002)
                QApplication.processEvents()
            QApplication.processEvents()
            yield since(began)

    def brush(self, steps: int) -> list[Span]:
        """Seconds from each move of a stroke to the painted pixels."""
        return self.drag(LEFT, self.walk(steps, 12))


def disk_mb() -> float:
    """Megabytes that this process has had read from the disk."""
    lines = Path("/proc/self/io").read_text().splitlines()
    return int(dict(line.split(": ") for line in lines)["read_bytes"]) / 1e6


def measure_opening(source: str) -> dict[str, object]:
    """Open a scene in a window of its own; seconds, and megabytes read, by figure."""
    window, found = opened(source)
    close(window)
    return found


def opened(source: str):  # noqa: ANN201 - the window is imported late
    """A window with a scene, and what its opening took."""
    from hsi_viewer.app import make_application
    from hsi_viewer.core.garbage import no_collection
    from hsi_viewer.preferences.settings import Settings
    from hsi_viewer.ui.main_window import MainWindow
    from hsi_viewer.ui.theme import apply_theme

    app = make_application()
    apply_theme(app, "light")
    with no_collection():  # as the application starts
        window = MainWindow(Settings(theme="light", tour_seen=True))
        window.resize(1920, 1080)
        window.show()
    hands = Hands(window)
    heart = Heartbeat()
    hands.rest(heart)  # the window's first painting belongs to the start
    start, read = memory_mb(), disk_mb()
    heart.begin()
    painted = Painted(hands.viewport, lambda: window.workspace.document is not None)
    began, used = now(), os.times()
    window.open(source)
    hands.wait(lambda: painted.at is not None)
    first, first_read, first_used = painted.after(began), disk_mb() - read, os.times()
    hands.wait(lambda: not window.context.viewing.picture.coarse)
    hands.drawn()
    sharp = since(began)
    trainer = "hsi_viewer.learning.trainer"  # its import belongs to the opening
    hands.wait(lambda: trainer in sys.modules and not window.workspace.tasks._tasks)
    found: dict[str, object] = {
        "first picture": [first],
        "sharp picture": [sharp],
        "processor until first picture": [
            first_used.user + first_used.system - used.user - used.system
        ],
        "stall while opening": heart.longest(),
        "read until first picture": first_read,
    }
    window.benchmark = hands, heart, start
    return window, found


def close(window) -> None:  # noqa: ANN001
    """Close a window without questions."""
    window.workspace.document.abandon()  # not offered at the next start
    window.may_leave = lambda: True
    window.close()


def measure(source: str) -> dict[str, object]:
    """Open a scene in a window of its own, use it, and give seconds by figure."""
    window, found = opened(source)
    hands, heart, start = window.benchmark
    heart.gaps.clear()
    window.context.canvas.zoom(1.0 / max(window.context.canvas.magnification(), 1e-6))
    hands.drawn()
    heart.gaps.clear()
    found["pan frame"] = hands.pan(300)
    hands.drawn()
    found["zoom frame"] = list(hands.zoom(160))
    hands.drawn()
    found["stall while panning and zooming"] = heart.longest()
    found["spectrum"] = list(hands.spectra(200))
    for prepare in (
        window.commands.action("class.add").trigger,
        lambda: window.context.labelling.set_brush_size(25),
        lambda: window.context.labelling.use_tool("brush"),
    ):
        prepare()
        QApplication.processEvents()
    found["brush, one to one"] = hands.brush(200)
    window.context.canvas.fit()
    hands.drawn()
    found["brush, whole scene"] = hands.brush(200)
    found["stall while hovering and painting"] = heart.longest()
    end = memory_mb()
    found["memory"] = end["VmRSS"] - start["VmRSS"]
    found["highest memory"] = end["VmHWM"] - start["VmRSS"]
    found["anonymous memory"] = end["RssAnon"] - start["RssAnon"]
    close(window)
    return found
