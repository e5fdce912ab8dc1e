"""RowTable: a list of rows with columns of text, chosen as a whole."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableWidget, QWidget


class RowTable(QTableWidget):
    """Rows without a grid; columns are as wide as their texts, and some take the rest.

    Parameters
    ----------
    name : for screen readers.
    titles : of the columns.
    tips : of the titles, "" for none.
    wide : the columns that take the rest.
    many : whether several rows can be chosen.
    editable : whether cells can be typed into, unless an item says otherwise.
    """

    def __init__(
        self,
        name: str,
        titles: Sequence[str],
        tips: Sequence[str] = (),
        *,
        wide: Collection[int] = (0,),
        many: bool = False,
        editable: bool = False,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(0, len(titles), parent)
        self.setAccessibleName(name)
        self.setTabKeyNavigation(False)  # Tab goes on to the next control
        self.setHorizontalHeaderLabels(list(titles))
        for column, tip in enumerate(tips):
            item = self.horizontalHeaderItem(column)
            if item is not None:
                item.setToolTip(tip)
        self.verticalHeader().hide()
        self.setShowGrid(False)
        self.setTextElideMode(Qt.TextElideMode.ElideMiddle)  # names of a list often begin alike
        self.setWordWrap(False)  # else a long name is cut at its first space
        if not editable:
            self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        modes = QAbstractItemView.SelectionMode
        self.setSelectionMode(modes.ExtendedSelection if many else modes.SingleSelection)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        header = self.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        for column in wide:
            header.setSectionResizeMode(column, QHeaderView.ResizeMode.Stretch)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter is of the row, and presses no button of a dialog besides."""
        super().keyPressEvent(event)
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            event.accept()
