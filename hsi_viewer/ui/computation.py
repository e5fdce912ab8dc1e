"""Computation: a task whose result is wanted only while what it was computed of is open."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QObject, Slot

from hsi_viewer.ui.task_thread import Task


class Computation(QObject):
    """Hands the result of a task on, unless it is stale by then.

    Parameters
    ----------
    task : what computes; the computation lives as long as it.
    key : work under the same key replaces it.
    is_current : whether the result is still wanted.
    on_done, on_failed : called in the interface's thread with the result, or the error.
    """

    def __init__(
        self,
        task: Task,
        key: str,
        is_current: Callable[[], bool],
        on_done: Callable[[Any], None],
        on_failed: Callable[[Exception], None],
    ) -> None:
        super().__init__(task)
        self.task, self.key, self.is_current = task, key, is_current
        self._on_done, self._on_error = on_done, on_failed
        task.succeeded.connect(self._on_succeeded)
        task.failed.connect(self._on_failed)

    @Slot(object)
    def _on_succeeded(self, result: object) -> None:
        if self.is_current():
            self._on_done(result)

    @Slot(object)
    def _on_failed(self, error: Exception) -> None:
        if self.is_current():
            self._on_error(error)
