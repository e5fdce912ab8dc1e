"""WishQueue: work of which only the latest wishes matter, done one after the other by a worker."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from functools import partial

from PySide6.QtCore import QObject, Signal, Slot

from hsi_viewer.core.progress import CancelToken, ProgressPort
from hsi_viewer.ui.task_thread import TaskRunner

LINGER_SECONDS = 1.0  # starting a thread takes milliseconds, and the mouse moves on


@dataclass(frozen=True)
class Granted:
    """A wish and what came of it: a result, or the error that was raised."""

    wish: Hashable
    result: object = None
    error: Exception | None = None


class WishQueue(QObject):
    """Grants wishes in a worker, the first of the list first; a new list replaces the last one.

    Signals
    -------
    granted(Granted) : in the interface's thread; a wish that was withdrawn while the worker was
        at it is granted all the same.
    dropped() : the wishes were cancelled, with all other tasks of the window.

    Parameters
    ----------
    tasks : where the worker runs.
    title : of the work, for the log.
    grant : makes a result of a wish; called in the worker.
    """

    granted = Signal(object)
    dropped = Signal()

    def __init__(
        self,
        tasks: TaskRunner,
        title: str,
        grant: Callable[[Hashable], object],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._tasks, self._title, self._grant = tasks, title, grant
        self._changed = threading.Condition()
        self._wishes: deque[Hashable] = deque()
        self._run = 0  # number of the present worker; earlier ones were cancelled
        self._alive = False
        self.current: Hashable = None

    def ask(self, wishes: Iterable[Hashable]) -> None:
        """Wish these things and nothing else any more."""
        with self._changed:
            self._wishes = deque(wishes)
            start = bool(self._wishes) and not self._alive
            self._alive = self._alive or start
            run = self._run
            self._changed.notify()
        if start:
            task = self._tasks.start(self._title, partial(self._work, run), quiet=True)
            task.reported.connect(self._on_granted)
            task.cancelled.connect(self._on_cancelled)

    @property
    def idle(self) -> bool:
        """Whether nothing is wished and nothing is under way."""
        with self._changed:
            return not self._wishes and self.current is None

    def _work(self, run: int, _token: CancelToken, port: ProgressPort) -> None:
        while (wish := self._next(run)) is not None:
            try:
                port.report(Granted(wish, self._grant(wish)))
            except Exception as error:  # noqa: BLE001 - whoever wished decides
                port.report(Granted(wish, error=error))

    def _next(self, run: int) -> Hashable:
        """The next wish; None when the worker is to end, after a while without any."""
        with self._changed:
            if run == self._run:
                self.current = None
            while run == self._run:
                if self._wishes:
                    self.current = self._wishes.popleft()
                    return self.current
                if not self._changed.wait(LINGER_SECONDS) and not self._wishes:
                    self._alive = self._alive and run != self._run
                    return None
            return None

    @Slot(object)
    def _on_granted(self, granted: Granted) -> None:
        self.granted.emit(granted)

    @Slot()
    def _on_cancelled(self) -> None:
        """The task was cancelled together with others: what is wished next gets a new one."""
        with self._changed:
            self._run += 1
            self._wishes.clear()
            self._alive, self.current = False, None
            self._changed.notify_all()
        self.dropped.emit()
