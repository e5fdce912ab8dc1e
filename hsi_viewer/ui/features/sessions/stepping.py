"""StepController: undo and redo; what a large step comes to is worked out by a worker."""

from __future__ import annotations

from PySide6.QtCore import QObject, Slot

from hsi_viewer.core.labels.history import LabelChange, Step
from hsi_viewer.core.labels.label_edit import LabelEdit
from hsi_viewer.core.labels.prepared_edit import PreparedEdit
from hsi_viewer.core.progress import CancelToken, ProgressPort
from hsi_viewer.session.document.document import Document
from hsi_viewer.ui.task_thread import Task
from hsi_viewer.ui.workspace import Workspace

LARGE = 500_000  # pixels that an edit may change in the interface's thread: in 15 ms


class StepController(QObject):
    """Takes steps back and carries them out again, as many as are asked for."""

    def __init__(self, workspace: Workspace, parent: QObject) -> None:
        super().__init__(parent)
        self._workspace = workspace
        self._task: Task | None = None
        self._document: Document | None = None
        self._target, self._count = 0, 0
        self._step: Step | None = None

    @Slot()
    def undo(self) -> None:
        """Undo the last step."""
        self._move(-1)

    @Slot()
    def redo(self) -> None:
        """Redo what was undone last."""
        self._move(1)

    def _move(self, by: int) -> None:
        document = self._workspace.document
        if document is not None:
            under_way = self._task is not None and document is self._document
            self.go_to((self._target if under_way else document.history.count) + by)

    @Slot(int)
    def go_to(self, count: int) -> None:
        """Undo or redo until a number of steps are done."""
        document = self._workspace.document
        if document is None:
            return
        self._target = min(max(count, 0), len(document.history.steps))
        if self._task is None or document is not self._document:
            self._document = document
            self._go_on()

    def _go_on(self) -> None:
        """Take all small steps on the way; leave a large one to a worker first."""
        self._task = None
        document, target = self._document, self._target
        if document is None or document is not self._workspace.document:
            return
        history = document.history
        while history.count != target:
            back = target < history.count
            steps, count = history.steps, history.count
            way = steps[target:count][::-1] if back else steps[count:target]
            small = next((k for k, step in enumerate(way) if _edit_of(step)), len(way))
            if small:
                history.go_to(count - small if back else count + small)
                continue
            self._prepare(document, way[0], back=back)
            return

    def _prepare(self, document: Document, step: Step, *, back: bool) -> None:
        labels, before = document.labels, document.labels.snapshot()
        edit = _edit_of(step)
        if edit is None:
            return
        wanted = edit.reverse if back else edit
        self._step, self._count = step, document.history.count + (-1 if back else 1)

        def work(_token: CancelToken, _port: ProgressPort) -> PreparedEdit:
            return labels.prepare(wanted, before)

        title = f"Undo “{step.title}”" if back else f"Redo “{step.title}”"
        self._task = self._workspace.perform(
            title, work, self._on_prepared, on_failed=self._on_failed
        )
        self._task.cancelled.connect(self._on_cancelled)

    def _on_prepared(self, prepared: PreparedEdit) -> None:
        document, self._task = self._document, None
        if document is None or document is not self._workspace.document:
            return
        if not prepared.before.current or self._step not in document.history.steps:
            return  # the user has continued: what was asked for is out of date
        document.labels.expect(prepared)
        document.history.go_to(self._count)
        document.labels.expect(None)
        self._go_on()

    def _on_failed(self, error: Exception) -> None:
        self._task = None
        self._workspace.notify_error(error, "Undo")

    @Slot()
    def _on_cancelled(self) -> None:
        self._task = None


def _edit_of(step: Step) -> LabelEdit | None:
    """The large edit of a step; None for a small step, or one that has to be merged."""
    changes = [e for e in step.edits if isinstance(e, LabelChange)]
    if len(changes) == 1 and changes[0].edit.pixels.size > LARGE and changes[0].is_of_labels:
        return changes[0].edit
    return None
