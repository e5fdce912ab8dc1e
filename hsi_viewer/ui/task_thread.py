"""Background work: the only file that makes a QThread."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QObject, QThread, Signal, Slot

from hsi_viewer.core.progress import CancelToken, ProgressPort, TaskCancelledError
from hsi_viewer.ui.rest_timer import RestTimer

log = logging.getLogger(__name__)

REST_MS = 50  # between an urgent task and those that waited for it

Work = Callable[[CancelToken, ProgressPort], Any]


class _TaskThread(QThread):
    """Runs one piece of work and emits exactly one of succeeded, cancelled, failed."""

    reported = Signal(object)
    succeeded = Signal(object)
    cancelled = Signal()
    failed = Signal(object)

    def __init__(self, work: Work, token: CancelToken, parent: QObject) -> None:
        super().__init__(parent)
        self._work = work
        self._token = token

    def report(self, item: object) -> None:
        """Pass a worker's report on to the user interface's thread."""
        if not self._token.cancelled:
            self.reported.emit(item)

    def run(self) -> None:
        """Do the work."""
        try:
            self._token.check()
            result = self._work(self._token, self)
        except TaskCancelledError:
            self.cancelled.emit()
        except Exception as error:  # noqa: BLE001 - whatever went wrong is shown to the user
            self.failed.emit(error)
        else:
            self.succeeded.emit(result)


class Task(QObject):
    """One job: its handlers run in the user interface's thread.

    After `cancel` no report and no result is handed on any more, however late the worker ends.

    Signals
    -------
    reported(object), succeeded(object), cancelled(), failed(Exception), ended().
    """

    reported = Signal(object)
    succeeded = Signal(object)
    cancelled = Signal()
    failed = Signal(object)
    ended = Signal()

    def __init__(
        self,
        title: str,
        work: Work,
        parent: QObject,
        *,
        quiet: bool = False,
        background: bool = False,
    ) -> None:
        super().__init__(parent)
        self.title = title
        self.quiet, self.background = quiet, background
        self._token = CancelToken()
        self._ended = False
        self._thread = _TaskThread(work, self._token, self)
        self._thread.reported.connect(self._on_reported)
        self._thread.succeeded.connect(self._on_succeeded)
        self._thread.cancelled.connect(self.cancel)
        self._thread.failed.connect(self._on_failed)
        self._thread.finished.connect(self._on_finished)

    def start(self) -> None:
        """Start the worker."""
        self._thread.start()

    @Slot()
    def cancel(self) -> None:
        """Stop listening at once and ask the worker to end."""
        if not self._ended:
            self._ended = True
            self._token.cancel()
            self.cancelled.emit()

    @property
    def running(self) -> bool:
        """True until a result, an error or a cancel."""
        return not self._ended

    def wait(self, milliseconds: int) -> bool:
        """Wait for the worker to leave; False if it still lives then."""
        return self._thread.wait(milliseconds)

    @Slot(object)
    def _on_reported(self, item: object) -> None:
        if not self._ended:
            self.reported.emit(item)

    @Slot(object)
    def _on_succeeded(self, result: object) -> None:
        if not self._ended:
            self._ended = True
            self.succeeded.emit(result)

    @Slot(object)
    def _on_failed(self, error: Exception) -> None:
        if not self._ended:
            self._ended = True
            # As text: a record that holds the error holds all that the worker had, cubes included.
            details = "".join(traceback.format_exception(error)).rstrip()
            log.error("%s failed\n%s", self.title, details)
            self.failed.emit(error)

    @Slot()
    def _on_finished(self) -> None:
        # Emitted a moment before the thread is gone, and a thread must be gone to be deleted.
        self._thread.wait()
        self.ended.emit()


class TaskRunner(QObject):
    """Starts tasks and keeps them until their threads have left.

    Signals
    -------
    started(Task), changed() : a task started or settled.
    """

    started = Signal(object)
    changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._tasks: list[Task] = []
        self._urgent: list[Task] = []
        self._waiting: list[Task] = []
        self._in_line: list[Task] = []  # behind one of the same title
        # What an urgent task has brought is painted first.
        self._rest = RestTimer(REST_MS, self._start_waiting, self)

    def start(
        self,
        title: str,
        work: Work,
        *,
        quiet: bool = False,
        background: bool = False,
        urgent: bool = False,
        patient: bool = False,
        in_order: bool = False,
    ) -> Task:
        """Start work in a thread of its own; connect to the task's signals right after.

        Events are delivered later, from the event loop, so nothing is missed. A quiet task is
        not shown to the user: neither its start nor its end is a change. Nobody waits for one in
        the background: what is seen does not depend on it. A patient one begins when no urgent
        one runs, so that it takes neither the disk nor the processor from a picture. One in order
        begins when the last one of its title has left: of two that write a file, the one that was
        asked for last has the last word.
        """
        task = Task(title, work, self, quiet=quiet, background=background)
        self._tasks.append(task)
        if urgent:
            self._urgent.append(task)
            task.ended.connect(self._rest.start)
        if not quiet:
            for signal in (task.succeeded, task.failed):
                signal.connect(self._announce)
            task.cancelled.connect(self._announce)
        task.ended.connect(self._forget_ended)
        if in_order and self._is_behind(task):
            self._in_line.append(task)
        elif patient and (self._something_urgent() or self._rest.isActive()):
            self._waiting.append(task)
        else:
            task.start()
        self.started.emit(task)
        if not quiet:
            self.changed.emit()
        return task

    @property
    def running(self) -> tuple[Task, ...]:
        """Tasks without a result yet, oldest first."""
        return tuple(t for t in self._tasks if t.running)

    def cancel_all(self, wait_ms: int = 5000) -> tuple[str, ...]:
        """Cancel every task and wait for the threads; the titles of those that still live."""
        for task in self._tasks:
            task.cancel()
        self._waiting.clear()
        self._in_line.clear()
        alive = tuple(t.title for t in self._tasks if not t.wait(wait_ms))
        if not alive:
            self._forget_ended()
        return alive

    def _something_urgent(self) -> bool:
        self._urgent = [t for t in self._urgent if t in self._tasks]
        return bool(self._urgent)

    @Slot()
    def _start_waiting(self) -> None:
        if not self._something_urgent():
            waiting, self._waiting = self._waiting, []
            for task in (t for t in waiting if t in self._tasks):
                task.start()  # a cancelled one, too: it ends at once, and is forgotten then

    @Slot()
    def _announce(self) -> None:
        self.changed.emit()

    @Slot()
    def _forget_ended(self) -> None:
        # One that has ended but not delivered its result yet is still running to everybody else.
        for task in [t for t in self._tasks if not t.running and t.wait(0)]:
            self._tasks.remove(task)
            task.deleteLater()
        self._in_line = [t for t in self._in_line if t in self._tasks]  # not cancelled meanwhile
        for task in [t for t in self._in_line if not self._is_behind(t)]:
            self._in_line.remove(task)
            task.start()

    def _is_behind(self, task: Task) -> bool:
        earlier = self._tasks[: self._tasks.index(task)]
        return any(t.title == task.title for t in earlier)
