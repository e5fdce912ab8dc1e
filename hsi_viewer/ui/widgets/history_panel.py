"""HistoryPanel: every stroke as a row; a click goes to how it was after it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QAbstractListModel, QModelIndex, QPersistentModelIndex, Qt, Signal, Slot
from PySide6.QtGui import QColor, QFont, QShowEvent
from PySide6.QtWidgets import QListView, QVBoxLayout, QWidget

from hsi_viewer.ui.cut_names import elide
from hsi_viewer.ui.theme import current_theme, icon
from hsi_viewer.ui.wrapped_label import WrappedLabel

Index = QModelIndex | QPersistentModelIndex


class _Rows(QAbstractListModel):
    """Row 0 is the start; row n is how it was after n steps."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.titles: tuple[str, ...] = ()
        self.count = 0

    def show(self, titles: tuple[str, ...], count: int) -> None:
        """Take other rows; where only the place in them changed, only that is drawn."""
        if titles == self.titles:
            self.count = count
            self.dataChanged.emit(self.index(0), self.index(len(titles) - 1))
            return
        self.beginResetModel()
        self.titles, self.count = titles, count
        self.endResetModel()

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - as Qt declares it
        """Number of rows."""
        return 0 if parent.isValid() else len(self.titles)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Title, and how it is drawn: bold where we are, grey where it was undone."""
        row = index.row()
        if role == Qt.ItemDataRole.DisplayRole:
            return self.titles[row]
        if role == Qt.ItemDataRole.FontRole and row == self.count:
            bold = QFont()
            bold.setBold(True)
            return bold
        if role == Qt.ItemDataRole.ForegroundRole and row > self.count:
            return QColor(current_theme()["muted"])
        if role == Qt.ItemDataRole.AccessibleTextRole:
            state = "now" if row == self.count else "undone" if row > self.count else "done"
            return f"{self.titles[row]}, {state}"
        if role == Qt.ItemDataRole.ToolTipRole:
            what = "Go back or forward to this step" if row != self.count else "The current state"
            return f"{self.titles[row]}\n{what}"
        if role == Qt.ItemDataRole.DecorationRole and row == self.count:
            return icon("arrow-right-bold")
        return None


class HistoryPanel(QWidget):
    """The list of strokes.

    Signals
    -------
    chosen(count) : return to the state after that many steps.
    appeared() : the panel can be seen now.
    """

    chosen = Signal(int)
    appeared = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rows = _Rows(self)
        self.list = QListView()
        elide(self.list)
        self.list.setModel(self._rows)
        self.list.setUniformItemSizes(True)
        self.list.setAccessibleName("History")
        self.list.clicked.connect(self._on_row)
        self.list.activated.connect(self._on_row)
        self.empty = WrappedLabel("Every change to labels or classes is listed here.")
        self.empty.setObjectName("muted")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 2, 8, 6)
        layout.addWidget(self.list, 1)
        layout.addWidget(self.empty)

    def show_steps(self, titles: Sequence[str], count: int, start: str) -> None:
        """Show the steps.

        Parameters
        ----------
        titles : of all that can be reached, oldest first.
        count : how many of them are done.
        start : title of the row before the first.
        """
        self._rows.show((start, *titles), count)
        self.empty.setVisible(not titles)
        here = self._rows.index(count)
        self.list.setCurrentIndex(here)
        self.list.scrollTo(here)

    def rows(self) -> list[tuple[str, str]]:
        """Titles and "done", "now" or "undone", as they are shown."""
        states = ("done", "now", "undone")
        return [
            (title, states[(row >= self._rows.count) + (row > self._rows.count)])
            for row, title in enumerate(self._rows.titles)
        ]

    def showEvent(self, event: QShowEvent) -> None:
        """Ask for the steps: while it was hidden none were shown."""
        super().showEvent(event)
        self.appeared.emit()

    @Slot(QModelIndex)
    def _on_row(self, index: QModelIndex) -> None:
        if index.row() != self._rows.count:
            self.chosen.emit(index.row())
