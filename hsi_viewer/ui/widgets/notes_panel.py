"""NotesPanel: plain text of the user's."""

from __future__ import annotations

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QPlainTextEdit, QVBoxLayout, QWidget


class NotesPanel(QWidget):
    """A page to write on.

    Signals
    -------
    typed(text) : the user changed it.
    """

    typed = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.text = QPlainTextEdit()
        self.text.setAccessibleName("Notes")
        self.text.setPlaceholderText(
            "Where and when the scene was taken, what the classes mean, what is still to do…"
        )
        self.text.setTabChangesFocus(True)
        self.text.textChanged.connect(self._on_text)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 2, 8, 6)
        layout.addWidget(self.text)

    def show_text(self, text: str, enabled: bool) -> None:
        """Show a text, unless it is already shown."""
        self.text.setEnabled(enabled)
        if text != self.text.toPlainText():
            self.text.blockSignals(True)
            self.text.setPlainText(text)
            self.text.blockSignals(False)

    @Slot()
    def _on_text(self) -> None:
        self.typed.emit(self.text.toPlainText())
