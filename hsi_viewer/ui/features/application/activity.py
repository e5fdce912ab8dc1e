"""ActivityController: shows in the busy bar what runs, its progress and when it will be done."""

from __future__ import annotations

import time

from msgspec.structs import replace
from PySide6.QtCore import QObject, QTimer, Slot

from hsi_viewer.core.progress import Progress
from hsi_viewer.core.time_left import TimeLeft
from hsi_viewer.ui.task_thread import Task, TaskRunner
from hsi_viewer.ui.widgets.busy_bar import Activity, BusyBar

TICK_MS = 500  # the time left counts down between reports


class ActivityController(QObject):
    """Binds the tasks that the user should see to the bar."""

    def __init__(self, tasks: TaskRunner, bar: BusyBar, parent: QObject) -> None:
        super().__init__(parent)
        self._tasks, self._bar = tasks, bar
        self._known: dict[Task, tuple[Activity, TimeLeft]] = {}
        self._next_key = 0
        self._clock = QTimer(self)
        self._clock.setInterval(TICK_MS)
        self._clock.timeout.connect(self._show)
        tasks.started.connect(self._on_started)
        tasks.changed.connect(self._on_changed)
        bar.cancel_requested.connect(self._on_cancel)

    @property
    def shown(self) -> tuple[Task, ...]:
        """Running tasks that the user sees, the latest first."""
        return tuple(t for t in reversed(self._tasks.running) if not t.quiet)

    def cancel_all(self) -> None:
        """Cancel every task that the user sees."""
        for task in self.shown:
            task.cancel()

    @Slot(object)
    def _on_started(self, task: Task) -> None:
        if not task.quiet:
            self._known[task] = (Activity(self._next_key, task.title), TimeLeft())
            self._next_key += 1
            task.reported.connect(self._on_report)

    @Slot(object)
    def _on_report(self, item: object) -> None:
        task = self.sender()
        if isinstance(item, Progress) and isinstance(task, Task) and task in self._known:
            activity, left = self._known[task]
            left.update(item.fraction, time.monotonic(), item.message)
            activity = replace(activity, message=item.message, fraction=item.fraction)
            self._known[task] = (activity, left)
            self._show()

    @Slot()
    def _on_changed(self) -> None:
        shown = self.shown
        self._known = {t: known for t, known in self._known.items() if t in shown}
        if shown:
            self._clock.start()
        else:
            self._clock.stop()
        self._show()

    @Slot()
    def _show(self) -> None:
        now = time.monotonic()
        known = [self._known[t] for t in self.shown if t in self._known]
        self._bar.show_activities([replace(a, seconds=left.seconds(now)) for a, left in known])

    @Slot(int)
    def _on_cancel(self, key: int) -> None:
        for task, (activity, _) in list(self._known.items()):
            if activity.key == key:
                task.cancel()
