"""Work that must be done before the next line, while the window stays alive."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEventLoop, QObject, Slot

from hsi_viewer.core.progress import TaskCancelledError
from hsi_viewer.ui.task_thread import Task, TaskRunner, Work

ALL, NO_INPUT = (
    QEventLoop.ProcessEventsFlag.AllEvents,
    QEventLoop.ProcessEventsFlag.ExcludeUserInputEvents,
)


def awaited(tasks: TaskRunner, title: str, work: Work) -> object:
    """The result of work that a worker does while the event loop continues.

    For the few places where Qt or the caller wants an answer at once, such as closing. It begins
    when earlier work of its title has ended.

    Raises
    ------
    TaskCancelledError
        if the user cancelled it.
    Exception
        what the work raised.
    """
    outcome = _Outcome()
    task = tasks.start(title, work, in_order=True)
    task.succeeded.connect(outcome.take)
    task.failed.connect(outcome.take_error)
    task.cancelled.connect(outcome.end)
    outcome.loop.exec()
    if outcome.error is not None:
        raise outcome.error
    if not outcome.done:
        raise TaskCancelledError
    return outcome.result


def all_done(tasks: Sequence[Task], *, frozen: bool = False) -> bool:
    """Whether running tasks succeed, each of them; the event loop continues until they have ended.

    Parameters
    ----------
    frozen : whether mouse and keys wait meanwhile.
    """
    ends = _Ends(len(tasks))
    for task in tasks:
        task.succeeded.connect(ends.take)
        task.failed.connect(ends.take_failure)
        task.cancelled.connect(ends.take_failure)
    if tasks:
        ends.loop.exec(NO_INPUT if frozen else ALL)
    return not ends.failed


class _Ends(QObject):
    """Counts how many tasks have yet to end; ends the loop."""

    def __init__(self, left: int) -> None:
        super().__init__()
        self.loop = QEventLoop()
        self.left, self.failed = left, 0

    @Slot(object)
    def take(self, _result: object = None) -> None:
        """One has ended."""
        self.left -= 1
        if not self.left:
            self.loop.quit()

    @Slot()
    @Slot(object)
    def take_failure(self, _error: object = None) -> None:
        """One has failed, or was cancelled."""
        self.failed += 1
        self.take()


class _Outcome(QObject):
    """Result of the work; ends the loop."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = QEventLoop()
        self.result: object = None
        self.error: Exception | None = None
        self.done = False

    @Slot(object)
    def take(self, result: object) -> None:
        """It succeeded."""
        self.result, self.done = result, True
        self.loop.quit()

    @Slot(object)
    def take_error(self, error: Exception) -> None:
        """It failed."""
        self.error = error
        self.loop.quit()

    @Slot()
    def end(self) -> None:
        """It was cancelled."""
        self.loop.quit()
