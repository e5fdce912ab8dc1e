"""The application on a cube, drawing without rest until it is killed; see test_kill.py.

Prints "start GESTURES DIGEST" once the scene is there, after unsaved work was recovered, and then
"did GESTURES DIGEST" after each gesture.
"""

from __future__ import annotations

import hashlib
import sys
import time

import numpy as np
from PySide6.QtCore import QEventLoop, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from hsi_viewer.app import make_application
from hsi_viewer.preferences.settings import Settings
from hsi_viewer.session.document.document import Document
from hsi_viewer.ui.main_window import MainWindow
from tests.patience import PATIENCE


def digest(document: Document) -> str:
    """Of labels, classes and the place in the history."""
    steps = [s.title for s in document.history.steps]
    state = (document.legend.classes, steps, document.history.count)
    return hashlib.sha256(document.labels.ids.tobytes() + repr(state).encode()).hexdigest()


def wait_for(condition) -> None:
    until = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > until:
            raise TimeoutError
        QApplication.processEvents(QEventLoop.ProcessEventsFlag.WaitForMoreEvents, 20)


class Hands:
    """Gestures at random, by mouse, keys and commands."""

    def __init__(self, window: MainWindow, seed: int) -> None:
        self.random = np.random.default_rng(seed)
        self.window, self.canvas = window, window.context.canvas
        self.rows, self.columns = window.workspace.document.labels.shape

    def one_of(self, things):
        return things[self.random.integers(len(things))]

    def stroke(self) -> None:
        self.window.commands.action(self.one_of(("tool.brush", "tool.eraser"))).trigger()
        points = [self.point() for _ in range(self.random.integers(1, 5))]
        left, view = Qt.MouseButton.LeftButton, self.canvas.viewport()
        QTest.mousePress(view, left, pos=points[0].toPoint())
        for point in points[1:]:
            event = QMouseEvent(
                QMouseEvent.Type.MouseMove,
                point,
                QPointF(view.mapToGlobal(point)),
                Qt.MouseButton.NoButton,
                left,
                Qt.KeyboardModifier.NoModifier,
            )
            QApplication.sendEvent(view, event)
        QTest.mouseRelease(view, left, pos=points[-1].toPoint())

    def point(self) -> QPointF:
        position = self.random.integers((self.rows, self.columns)).tolist()
        return self.canvas.widget_position(*position)

    def choose_class(self) -> None:
        classes = self.window.workspace.document.legend.classes
        if classes:
            self.window.context.labelling.choose_class(self.one_of(classes).id)

    def command(self) -> None:
        names = ("edit.undo", "edit.undo", "edit.redo", "class.add")
        self.window.commands.action(self.one_of(names)).trigger()

    def jump(self) -> None:
        history = self.window.workspace.document.history
        history.go_to(int(self.random.integers(len(history.steps) + 1)))

    def load(self) -> None:
        ids = self.random.integers(0, 4, (self.rows, self.columns)).astype(np.uint16)
        self.window.workspace.document.load_labels(ids)

    def act(self) -> None:
        often = ((self.stroke, 10), (self.command, 4), (self.choose_class, 3))
        seldom = ((self.jump, 1), (self.load, 1))
        self.one_of([what for what, times in (*often, *seldom) for _ in range(times)])()


def report(what: str, strokes: int, document: Document) -> None:
    sys.stdout.write(f"{what} {strokes} {digest(document)}\n")
    sys.stdout.flush()


def main(source: str, seed: int) -> None:
    make_application()
    window = MainWindow(Settings(theme="light"))
    window.workspace.works_ahead = False  # nothing is trained
    window.show()
    wait_for(lambda: not [t for t in window.workspace.tasks.running if "unsaved" in t.title])
    base = 0
    if window.context.offers.offers:
        offer = window.context.offers.offers[0]
        base = int(offer.text.split(" stroke")[0].rsplit(" ", 1)[1].replace(",", ""))
        QTest.mouseClick(offer.buttons[0], Qt.MouseButton.LeftButton)
    else:
        window.open(source)
    wait_for(lambda: window.workspace.document is not None)
    document, recorder = window.workspace.document, window.context.sessions.session.recorder
    report("start", base, document)
    wait_for(lambda: not [t for t in window.workspace.tasks.running if not t.quiet])
    hands = Hands(window, seed)
    while True:
        hands.act()
        assert recorder.journal.drain(PATIENCE)  # within a moment it is on the disk
        report("did", base + recorder.strokes, document)
        QApplication.processEvents()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
