"""CopyTable: a table of figures that Ctrl+C copies whole, with its headers."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, Qt, Slot
from PySide6.QtGui import QGuiApplication, QKeyEvent, QKeySequence
from PySide6.QtWidgets import QAbstractItemView, QTableWidget, QWidget


class CopyTable(QTableWidget):
    """Not edited and not selected: what is copied is always the whole table.

    Parameters
    ----------
    name : for screen readers.
    text : what is copied, cells separated by tabs; "" for nothing.
    """

    def __init__(self, name: str, text: Callable[[], str], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._text = text
        self.setAccessibleName(name)
        self.setTabKeyNavigation(False)  # Tab goes on to the next control
        self.setToolTip("Ctrl+C copies the whole table with its headers")
        self.verticalHeader().setDefaultSectionSize(24)
        self.setShowGrid(False)
        self.setWordWrap(False)  # else a long name is cut at its first hyphen
        self.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    @Slot()
    def copy(self) -> None:
        """Put the whole table on the clipboard."""
        if text := self._text():
            QGuiApplication.clipboard().setText(text)

    def event(self, event: QEvent) -> bool:
        """Keep Ctrl+C for the table where the window has it for regions."""
        if (
            event.type() == QEvent.Type.ShortcutOverride
            and isinstance(event, QKeyEvent)
            and event.matches(QKeySequence.StandardKey.Copy)
        ):
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Copy."""
        if event.matches(QKeySequence.StandardKey.Copy):
            self.copy()
        else:
            super().keyPressEvent(event)
