"""Workspace: what the controllers share — the open document, the tasks, the messages."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from hsi_viewer.core.errors import HsiError
from hsi_viewer.session.document import Document
from hsi_viewer.session.settings import Settings
from hsi_viewer.ui.task_thread import TaskRunner


class Workspace(QObject):
    """The open document, or none, and the services around it.

    Signals
    -------
    document_changed() : another cube was opened.
    state_changed() : something changed that commands depend on.
    noticed(text, level) : a message for the user.
    """

    document_changed = Signal()
    state_changed = Signal()
    noticed = Signal(str, str)

    def __init__(self, settings: Settings, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.settings = settings
        self.tasks = TaskRunner(self)
        self.tasks.changed.connect(self.state_changed)
        self._document: Document | None = None

    @property
    def document(self) -> Document | None:
        """The open document."""
        return self._document

    def open_document(self, document: Document) -> None:
        """Put a document in the place of the last one."""
        self._document = document
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
        self.state_changed.emit()

    def notify(self, text: str, level: str = "info") -> None:
        """Tell the user something; level is info, success, warning or error."""
        self.noticed.emit(text, level)

    def notify_error(self, error: Exception, doing: str) -> None:
        """Tell the user what went wrong while doing something."""
        if isinstance(error, HsiError):
            self.notify(str(error), "error")
        elif isinstance(error, MemoryError):
            self.notify(f"{doing}: there is not enough memory; close other programs.", "error")
        else:
            self.notify(
                f"{doing} failed unexpectedly ({type(error).__name__}: {error}). "
                "Your labels are kept; the log has the details.",
                "error",
            )

    def _on_document_event(self) -> None:
        self.state_changed.emit()

    def _on_labels(self, _top: int, _left: int, _bottom: int, _right: int) -> None:
        self.state_changed.emit()
