"""NameRoom: the names of a narrow list get the room of columns that can be done without."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QObject
from PySide6.QtWidgets import QHeaderView, QTableView, QTreeView

from hsi_viewer.ui.cut_names import cut_apart

LEAST = 40  # letters of a name that are seen before other columns are; its tool tip has them all


class NameRoom(QObject):
    """Hides columns of a list, the last one first, until its names can be read.

    Names that are still too long are cut where they stay different, mostly in the middle.

    Parameters
    ----------
    view : whose first column has the names and takes what the others leave.
    kept : columns that are always seen.
    spare : columns that a narrow list does without, the one that is seen longest first.
    """

    def __init__(
        self, view: QTableView | QTreeView, kept: Sequence[int], spare: Sequence[int]
    ) -> None:
        super().__init__(view)
        self._view, self._kept, self._spare = view, kept, spare
        view.viewport().installEventFilter(self)

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:
        """Follow the width of the list."""
        if event.type() == QEvent.Type.Resize:
            self.share()
        return False

    def share(self) -> None:
        """Show the columns that there is room for beside the names; to be called for other rows."""
        view, letter = self._view, self._view.fontMetrics().averageCharWidth()
        names = max(self._needed(0), self._head(0))
        left = view.viewport().width() - min(names, LEAST * letter)
        for column in (*self._kept, *self._spare):
            view.setColumnHidden(column, False)  # else it has no size
            left -= max(self._needed(column), self._head(column))
            view.setColumnHidden(column, column in self._spare and left < 0)
        cut_apart(view)

    def _needed(self, column: int) -> int:
        return self._view.sizeHintForColumn(column)

    def _head(self, column: int) -> int:
        return self._header().sectionSizeHint(column)

    def _header(self) -> QHeaderView:
        view = self._view
        return view.header() if isinstance(view, QTreeView) else view.horizontalHeader()
