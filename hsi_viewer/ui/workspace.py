"""Workspace: what the controllers share — the open document, the tasks, the messages."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from PySide6.QtCore import QObject, Signal, Slot

from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.errors import HsiError
from hsi_viewer.core.text import message
from hsi_viewer.preferences.settings import Settings
from hsi_viewer.session.document.document import Document
from hsi_viewer.ui.computation import Computation
from hsi_viewer.ui.rest_timer import RestTimer
from hsi_viewer.ui.task_thread import Task, TaskRunner, Work
from hsi_viewer.ui.widgets.choice import Choice


class Workspace(QObject):
    """The open document, or none, and the services around it.

    Signals
    -------
    document_changed() : another cube was opened.
    state_changed() : something changed that commands depend on.
    preferences_changed() : the user has changed preferences; the settings hold them.
    noticed(text, level) : a message for the user.
    announced(text, level, choices) : the same, with the buttons that it is shown with.

    Attributes
    ----------
    works_ahead : whether what may be needed later is prepared while nothing else runs; a window
        of which only a picture is taken has no later.
    """

    document_changed = Signal()
    state_changed = Signal()
    preferences_changed = Signal()
    noticed = Signal(str, str)
    announced = Signal(str, str, object)

    def __init__(self, settings: Settings, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.settings = settings
        self.works_ahead = True
        self.ways_to_log: tuple[Choice, ...] = ()  # buttons of messages about unexpected errors
        self.tasks = TaskRunner(self)
        self.tasks.changed.connect(self.state_changed)
        self._computations: list[Computation] = []
        self._writing: list[Task] = []
        self._document: Document | None = None
        self._present: tuple[int, ...] = ()
        self._soon = RestTimer(0, self.state_changed, self)

    @property
    def document(self) -> Document | None:
        """The open document."""
        return self._document

    def open_document(self, document: Document) -> None:
        """Put a document in the place of the last one."""
        self._document, self._present = document, ()
        for signal in (
            document.history.changed,
            document.legend.changed,
            document.prediction_changed,
            document.truth_changed,
            document.saved_changed,
        ):
            signal.connect(self._on_document_event)
        document.labels.changed.connect(self._on_labels)
        self.document_changed.emit()
        document.cube_changed.connect(self._cancel_stale)
        self._cancel_stale()
        self.state_changed.emit()

    def compute(
        self,
        title: str,
        work: Work,
        on_done: Callable[[Any], None],
        *,
        cube: HyperCube | None = None,
        document: Document | None = None,
        key: str | None = None,
        doing: str = "",
        on_failed: Callable[[Exception], None] | None = None,
        quiet: bool = False,
        patient: bool = False,
    ) -> Task:
        """Compute something of what is open in the background; only the latest result counts.

        For what must be finished once it was asked for, such as a file, there is `perform`.

        Parameters
        ----------
        title : of the task, for the user and the log.
        work : done by a worker.
        on_done : called with the result, in the interface's thread.
        cube, document : what the result belongs to; once another one is open, the work is
            cancelled, and neither its result nor its error is handed on.
        key : work that was started before under the same key is cancelled; by default the title.
            "" if each counts, not only the latest.
        doing : what failed, in the message about an error; by default the title.
        on_failed : called with an error in place of a message.
        quiet : whether the user isn't told that it runs.
        patient : whether it begins only when no picture is being drawn.
        """
        key = title if key is None else key
        self.cancel(key)
        is_current = partial(self._is_open, cube, document)
        task = self.tasks.start(title, work, quiet=quiet, patient=patient)
        return self._expect(task, key, is_current, on_done, doing, on_failed)

    def perform(
        self,
        title: str,
        work: Work,
        on_done: Callable[[Any], None] | None = None,
        *,
        doing: str = "",
        on_failed: Callable[[Exception], None] | None = None,
        quiet: bool = False,
        urgent: bool = False,
        writes: bool = False,
    ) -> Task:
        """Do something in the background that is finished in any case, such as saving a file.

        Nothing replaces it, and its result or error is handed on whichever document is open; the
        parameters are those of `compute`, and `urgent` is for work that a picture waits for.
        Tasks are started directly only by what has to hear of their reports or of a cancel, by
        what may be gone when they end, and by what nobody waits for.

        Parameters
        ----------
        writes : whether it writes what the user keeps. The window isn't closed meanwhile, and the
            scene isn't left while something quiet is written, since that belongs to its session.
            What is written under one title is written in the order in which it was asked for.
        """
        task = self.tasks.start(title, work, quiet=quiet, urgent=urgent, in_order=writes)
        if writes:
            self._writing.append(task)
            task.cancelled.connect(self._on_given_up)
        return self._expect(task, "", lambda: True, on_done or _nothing, doing, on_failed)

    @property
    def writing(self) -> tuple[Task, ...]:
        """What is being written, oldest first; what is quiet belongs to the session."""
        self._writing = [t for t in self._writing if t in self.tasks.running]
        return tuple(self._writing)

    def stop(self, wait_ms: int) -> tuple[str, ...]:
        """Cancel all work and wait for its threads; the titles of what still runs then."""
        alive = self.tasks.cancel_all(wait_ms)
        if not alive:
            self._computations.clear()  # nobody hears of their end any more
        return alive

    def cancel(self, key: str) -> None:
        """Cancel what is being computed under a key."""
        for computation in [c for c in self._computations if key and c.key == key]:
            computation.task.cancel()

    def _expect(
        self,
        task: Task,
        key: str,
        is_current: Callable[[], bool],
        on_done: Callable[[Any], None],
        doing: str,
        on_failed: Callable[[Exception], None] | None,
    ) -> Task:
        failed = on_failed or partial(self.notify_error, doing=doing or task.title)
        self._computations.append(Computation(task, key, is_current, on_done, failed))
        task.ended.connect(self._forget_ended)
        return task

    def _is_open(self, cube: HyperCube | None, document: Document | None) -> bool:
        """Whether a cube and a document, as far as they are given, are the open ones."""
        open_now = self._document
        return (document is None or open_now is document) and (
            cube is None or (open_now is not None and open_now.cube is cube)
        )

    def _cancel_stale(self) -> None:
        for computation in [c for c in self._computations if not c.is_current()]:
            computation.task.cancel()

    @Slot()
    def _on_given_up(self) -> None:
        task = self.sender()
        if isinstance(task, Task) and not task.quiet:
            self.notify(f"{task.title} was cancelled. Files that were complete by then stay.")

    @Slot()
    def _forget_ended(self) -> None:
        self._computations = [c for c in self._computations if c.task.running]

    def notify(self, text: str, level: str = "info", *choices: Choice) -> None:
        """Tell the user something; level is info, success, warning or error.

        Parameters
        ----------
        choices : what can be done about it, as buttons.
        """
        told = message(text)
        self.noticed.emit(told, level)
        self.announced.emit(told, level, choices)

    def notify_error(self, error: Exception, doing: str, *choices: Choice) -> None:
        """Tell the user what went wrong while doing something; `choices` as in `notify`."""
        if isinstance(error, HsiError):
            self.notify(str(error), "error", *choices)
        elif isinstance(error, MemoryError):
            self.notify(f"{doing}: there is not enough memory; close other programs.", "error")
        elif isinstance(error, OSError) and error.filename is not None:
            reason = error.strerror or "the system refuses it"
            self.notify(
                f"{doing}: {error.filename} cannot be used: {reason}. Check that its drive is "
                "still there, and that you may use it.",
                "error",
            )
        else:
            self.notify(
                f"{doing} failed unexpectedly ({type(error).__name__}: {error}). "
                "Your labels are kept; the log has the details.",
                "error",
                *self.ways_to_log,
            )

    def _on_document_event(self) -> None:
        self.state_changed.emit()

    def _on_labels(self, _top: int, _left: int, _bottom: int, _right: int) -> None:
        # A stroke signals each move of the mouse; commands depend on which classes have labels.
        present = self._document.labels.present() if self._document is not None else ()
        if present != self._present:
            self._present = present
            self._soon.start()


def _nothing(_result: object) -> None:
    """For work without a result."""
