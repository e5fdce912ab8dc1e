"""Where exported files go: a folder that can be browsed for, and a name."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QLineEdit, QPushButton, QWidget


class FolderRow(QWidget):
    """A line with a folder and a button that looks for another.

    Attributes
    ----------
    line : what is typed.
    """

    def __init__(self, folder: str) -> None:
        super().__init__()
        self._start = Path(folder)
        self.line = QLineEdit(folder)
        self.line.setMinimumWidth(360)
        self.line.setAccessibleName("Folder")
        browse = QPushButton("Browse…")
        browse.clicked.connect(self._browse)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.line, 1)
        row.addWidget(browse)
        self.setFocusProxy(self.line)

    def path(self) -> Path:
        """The folder; one without a place is in the folder that was offered."""
        return self._start / Path(self.line.text().strip()).expanduser()

    @Slot()
    def _browse(self) -> None:
        path = QFileDialog.getExistingDirectory(self, "Export to", self.line.text())
        if path:
            self.line.setText(path)


def name_line(name: str) -> QLineEdit:
    """A line with a name of files."""
    line = QLineEdit(name)
    line.setAccessibleName("Name of the files")
    return line
