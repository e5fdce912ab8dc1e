"""WrappedBox: a question whose long words, such as paths, are broken."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMessageBox, QWidget

from hsi_viewer.core.text import with_breaks


class WrappedBox(QMessageBox):
    """A message box of plain text; its texts are asked for as they were given."""

    def __init__(self, icon: QMessageBox.Icon, parent: QWidget) -> None:
        super().__init__(parent)
        self._text = self._informative = ""
        self.setIcon(icon)
        self.setWindowTitle("HSI Viewer")
        self.setTextFormat(Qt.TextFormat.PlainText)  # names of files may look like HTML

    def setText(self, text: str) -> None:
        """Show the question."""
        self._text = text
        super().setText(with_breaks(text))

    def text(self) -> str:
        """The question as it was given."""
        return self._text

    def setInformativeText(self, text: str) -> None:
        """Show more about it."""
        self._informative = text
        super().setInformativeText(with_breaks(text))

    def informativeText(self) -> str:
        """That as it was given."""
        return self._informative
