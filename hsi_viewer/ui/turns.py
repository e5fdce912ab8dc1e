"""Turns: one thing after another, each in a turn of the event loop of its own."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, Slot

from hsi_viewer.ui.rest_timer import RestTimer


class Turns(QObject):
    """Does what would block the interface for too long at once; one that fails stops no other."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._steps: list[Callable[[], object]] = []
        self._next = RestTimer(0, self._go_on, self)

    @property
    def done(self) -> bool:
        """Whether nothing is left to do."""
        return not self._steps

    def begin(self, *steps: Callable[[], object]) -> None:
        """Do these, in the place of those that are left."""
        self._steps = list(steps)
        self._next.start()

    def finish(self) -> None:
        """Do at once what is left."""
        while self._steps:
            self._go_on()

    @Slot()
    def _go_on(self) -> None:
        step = self._steps.pop(0)
        if self._steps:
            self._next.start()
        else:
            self._next.stop()
        step()
