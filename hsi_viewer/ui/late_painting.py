"""LatePainting: a window in which much changes at once is painted in later turns of the loop."""

from __future__ import annotations

from time import perf_counter

from PySide6.QtCore import QObject, Qt, Slot
from PySide6.QtWidgets import QMainWindow, QWidget
from shiboken6 import isValid

from hsi_viewer.ui.turns import Turns

SECONDS = 0.01  # of painting after which the rest waits for the next turn


class LatePainting(QObject):
    """Paints the middle of a window first, and what is around it in the turns after that.

    To change everything and to paint it takes longer than the interface may block; part by part
    in turns of the event loop of their own it doesn't.
    """

    def __init__(self, window: QMainWindow) -> None:
        super().__init__(window)
        self._window = window
        self._around: list[QWidget] = []
        self._turns = Turns(self)

    @property
    def done(self) -> bool:
        """Whether everything is painted as it changes."""
        return self._turns.done

    @Slot()
    def begin(self) -> None:
        """Paint nothing in this turn of the event loop."""
        self._window.setUpdatesEnabled(False)
        # Other timers that wait for this turn to end go first.
        self._turns.begin(lambda: None, self._paint_middle, self._paint_around)

    def _paint_middle(self) -> None:
        middle = self._window.centralWidget()
        direct = Qt.FindChildOption.FindDirectChildrenOnly
        children = self._window.findChildren(QWidget, options=direct)
        left = set(self._around)  # one of them may have left the window since
        found = [w for w in children if w is not middle and not w.isWindow()]
        self._around += [w for w in found if w not in left]
        for widget in found:
            widget.setUpdatesEnabled(False)
        self._window.setUpdatesEnabled(True)
        if middle is not None:
            middle.repaint()  # Qt 6.11 sometimes forgets what was to be painted later

    def _paint_around(self) -> None:
        end = perf_counter() + SECONDS
        while self._around and perf_counter() < end:
            widget = self._around.pop(0)
            if isValid(widget):
                widget.setUpdatesEnabled(True)
                widget.repaint()
        if self._around:
            self._turns.begin(self._paint_around)
