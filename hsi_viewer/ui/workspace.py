"""Workspace: what the controllers share — the open document, the tasks, the messages."""

from __future__ import annotations

from PySide6.QtCore import QObject, QTimer, Signal

from hsi_viewer.core.errors import HsiError
from hsi_viewer.core.text import message
from hsi_viewer.preferences.settings import Settings
from hsi_viewer.session.document.document import Document
from hsi_viewer.ui.task_thread import TaskRunner


class Workspace(QObject):
    """The open document, or none, and the services around it.

    Signals
    -------
    document_changed() : another cube was opened.
    state_changed() : something changed that commands depend on.
    preferences_changed() : the user has changed preferences; the settings hold them.
    noticed(text, level) : a message for the user.
    """

    document_changed = Signal()
    state_changed = Signal()
    preferences_changed = Signal()
    noticed = Signal(str, str)

    def __init__(self, settings: Settings, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.settings = settings
        self.tasks = TaskRunner(self)
        self.tasks.changed.connect(self.state_changed)
        self._document: Document | None = None
        self._present: tuple[int, ...] = ()
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(0)
        self._soon.timeout.connect(self.state_changed)

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
        self.state_changed.emit()

    def notify(self, text: str, level: str = "info") -> None:
        """Tell the user something; level is info, success, warning or error."""
        self.noticed.emit(message(text), level)

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
        # A stroke tells of each move of the mouse; commands depend on which classes have labels.
        present = self._document.labels.present() if self._document is not None else ()
        if present != self._present:
            self._present = present
            self._soon.start()
