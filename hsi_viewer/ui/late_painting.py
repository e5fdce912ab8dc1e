"""LatePainting: a window in which much changes at once is painted in later turns of the loop."""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter

from PySide6.QtCore import QObject, Qt, Slot
from PySide6.QtWidgets import QMainWindow, QWidget
from shiboken6 import isValid

from hsi_viewer.ui.rest_timer import RestTimer

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
        self._steps: list[Callable[[], None]] = []
        self._next = RestTimer(0, self._go_on, self)

    @property
    def done(self) -> bool:
        """Whether everything is painted as it changes."""
        return not self._steps

    @Slot()
    def begin(self) -> None:
        """Paint nothing in this turn of the event loop."""
        self._window.setUpdatesEnabled(False)
        self._steps = [lambda: None, self._paint_middle, self._paint_around]  # first other timers
        self._next.start()

    @Slot()
    def _go_on(self) -> None:
        self._steps.pop(0)()
        if self._steps:
            self._next.start()

    def _paint_middle(self) -> None:
        middle = self._window.centralWidget()
        direct = Qt.FindChildOption.FindDirectChildrenOnly
        children = self._window.findChildren(QWidget, options=direct)
        self._around = [w for w in children if w is not middle and not w.isWindow()]
        for widget in self._around:
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
            self._steps = [self._paint_around]
