"""LibraryPanel: the spectra of the loaded libraries, searched and ranked against the picked one."""

from __future__ import annotations

from collections.abc import Sequence
from math import inf, isnan
from typing import Any

from msgspec import Struct
from PySide6.QtCore import (
    QAbstractTableModel,
    QModelIndex,
    QPersistentModelIndex,
    QSortFilterProxyModel,
    Qt,
    Signal,
    Slot,
)
from PySide6.QtWidgets import (
    QAbstractItemView,
    QCheckBox,
    QHBoxLayout,
    QHeaderView,
    QLineEdit,
    QPushButton,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from hsi_viewer.core.spectra.library_match import Match
from hsi_viewer.ui.widgets.allowed import allow
from hsi_viewer.ui.widgets.name_room import NameRoom
from hsi_viewer.ui.wrapped_label import WrappedLabel

Index = QModelIndex | QPersistentModelIndex
COLUMNS = (
    ("Name", "Name in the library"),
    ("Angle, rad", "Spectral angle (SAM) in radians: 0 is the same shape"),
    ("Corr.", "Pearson's correlation: 1 is best"),
    ("Shape", "Correlation after continuum removal: 1 is the same absorption bands"),
)
HINT = "Open a library to compare it with the picked spectrum."


class LibraryRow(Struct, frozen=True):
    """One spectrum: which library (position) and which of its spectra, and how it compares."""

    library: int
    index: int
    name: str
    library_name: str
    match: Match | None = None


class LibraryModel(QAbstractTableModel):
    """Rows of all libraries, sorted here: a proxy would ask Python for each comparison."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._rows: list[LibraryRow] = []
        self._column, self._order = 1, Qt.SortOrder.AscendingOrder

    def show(self, rows: Sequence[LibraryRow]) -> None:
        """Show other rows."""
        self.beginResetModel()
        self._rows = self._in_order(rows)
        self.endResetModel()

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        """Sort by a column; what is selected stays selected."""
        self._column, self._order = column, order
        self.layoutAboutToBeChanged.emit()
        before = self.persistentIndexList()
        chosen = [self._rows[index.row()] for index in before]
        self._rows = self._in_order(self._rows)
        rows = {id(row): number for number, row in enumerate(self._rows)}
        after = [
            self.index(rows[id(row)], index.column())
            for row, index in zip(chosen, before, strict=True)
        ]
        self.changePersistentIndexList(before, after)
        self.layoutChanged.emit()

    def _in_order(self, rows: Sequence[LibraryRow]) -> list[LibraryRow]:
        descending = self._order == Qt.SortOrder.DescendingOrder
        return sorted(rows, key=lambda row: self._sort_value(row, self._column), reverse=descending)

    def row(self, row: int) -> LibraryRow:
        """One of the rows."""
        return self._rows[row]

    def rowCount(self, parent: Index | None = None) -> int:
        """Number of spectra."""
        return 0 if parent is not None and parent.isValid() else len(self._rows)

    def columnCount(self, parent: Index | None = None) -> int:
        """Number of columns."""
        return 0 if parent is not None and parent.isValid() else len(COLUMNS)

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        """Titles and what they mean."""
        if orientation == Qt.Orientation.Horizontal and section < len(COLUMNS):
            if role == Qt.ItemDataRole.DisplayRole:
                return COLUMNS[section][0]
            if role == Qt.ItemDataRole.ToolTipRole:
                return f"{COLUMNS[section][1]}. Click to sort, best first."
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Texts."""
        row, column = self._rows[index.row()], index.column()
        if role == Qt.ItemDataRole.ToolTipRole:
            figures = [
                f"{title} {self.index(index.row(), k).data()}"
                for k, (title, *_) in enumerate(COLUMNS)
                if k
            ]
            return "\n".join((row.name, row.library_name, *(figures if row.match else ())))
        if role == Qt.ItemDataRole.TextAlignmentRole and column:
            return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        if role != Qt.ItemDataRole.DisplayRole:
            return None
        if column == 0:
            return row.name
        value = self._value(row, column)
        return "–" if value is None or isnan(value) else f"{value:.3f}"

    @staticmethod
    def _value(row: LibraryRow, column: int) -> float | None:
        if row.match is None:
            return None
        return (row.match.angle, row.match.correlation, row.match.shape)[column - 1]

    def _sort_value(self, row: LibraryRow, column: int) -> str | float:
        if column == 0:
            return row.name.casefold()
        value = self._value(row, column)
        if value is None or isnan(value):
            return inf
        return value if column == 1 else -value


class FilteredRows(QSortFilterProxyModel):
    """Rows whose names are searched for, in the order of the model."""

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        """Let the model sort."""
        self.sourceModel().sort(column, order)


class LibraryPanel(QWidget):
    """Asks for libraries and shows what of them looks like the picked spectrum.

    Signals
    -------
    open_requested(), close_requested() : load a library, drop all.
    plot_requested(rows) : draw these spectra (list of LibraryRow).
    """

    open_requested = Signal()
    close_requested = Signal()
    plot_requested = Signal(list)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.open_button = QPushButton("Open a library…")
        self.open_button.clicked.connect(self.open_requested)
        self.close_button = QPushButton("Close all")
        self.close_button.setToolTip("Close all libraries")
        self.close_button.clicked.connect(self.close_requested)
        self.search = QLineEdit()
        self.search.setPlaceholderText("Search names")
        self.search.setAccessibleName("Search the libraries")
        self.search.setClearButtonEnabled(True)
        self.compared = WrappedLabel(HINT)
        self.compared.setObjectName("muted")
        self.model = LibraryModel(self)
        self.sorted = FilteredRows(self)
        self.sorted.setSourceModel(self.model)
        self.sorted.setFilterCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        self.sorted.setFilterKeyColumn(0)
        self.search.textChanged.connect(self.sorted.setFilterFixedString)
        self.table = QTableView()
        self.table.setTabKeyNavigation(False)  # Tab goes on to the next control
        self.table.setAccessibleName("Spectra of the libraries")
        self.table.setModel(self.sorted)
        self.table.setSortingEnabled(True)
        self.table.sortByColumn(1, Qt.SortOrder.AscendingOrder)
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.table.setShowGrid(False)
        self.table.setAlternatingRowColors(True)
        self.table.setWordWrap(False)
        self.table.verticalHeader().hide()
        self.table.verticalHeader().setDefaultSectionSize(22)
        header = self.table.horizontalHeader()
        header.setHighlightSections(False)
        header.setMinimumSectionSize(24)
        header.setResizeContentsPrecision(0)  # of the rows that are seen: there may be thousands
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        for column in (1, 2, 3):
            header.setSectionResizeMode(column, QHeaderView.ResizeMode.ResizeToContents)
        self._room = NameRoom(self.table, (1,), (2, 3))
        self.table.doubleClicked.connect(self.plot_chosen)
        self.table.selectionModel().selectionChanged.connect(self._update_buttons)
        self.scale = QCheckBox("Scale to picked spectrum")
        self.scale.setChecked(True)
        self.scale.setToolTip(
            "Scale each drawn spectrum to fit the picked one as closely as possible"
        )
        self.plot_button = QPushButton("Plot")
        self.plot_button.setToolTip("Draw the selected spectra in the plot (double-click)")
        self.plot_button.clicked.connect(self.plot_chosen)
        self._lay_out()
        self._update_buttons()

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        head.addWidget(self.open_button)
        head.addWidget(self.close_button)
        head.addStretch(1)
        foot = QHBoxLayout()
        foot.addWidget(self.scale, 1)
        foot.addWidget(self.plot_button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 4, 8, 6)
        layout.addLayout(head)
        layout.addWidget(self.search)
        layout.addWidget(self.compared)
        layout.addWidget(self.table, 1)
        layout.addLayout(foot)

    def show_rows(self, rows: Sequence[LibraryRow]) -> None:
        """Show the spectra of all libraries; the selection is kept where the rows are the same."""
        chosen = {(r.library, r.index) for r in self.chosen()}
        self.model.show(rows)
        self._room.share()
        if chosen:
            flag = self.table.selectionModel().SelectionFlag
            for row in range(self.sorted.rowCount()):
                index = self.sorted.index(row, 0)
                at = self.model.row(self.sorted.mapToSource(index).row())
                if (at.library, at.index) in chosen:
                    self.table.selectionModel().select(index, flag.Select | flag.Rows)
        self._update_buttons()

    def show_compared(self, name: str) -> None:
        """Show which spectrum the ranks are of; "" for none yet."""
        if name:
            self.compared.setText(f"Compared with {name}. Click a column to rank by it.")
        elif self.model.rowCount():
            self.compared.setText("Click a pixel with the navigate tool to rank the spectra.")
        else:
            self.compared.setText(HINT)

    def chosen(self) -> list[LibraryRow]:
        """The selected rows, in the order shown."""
        rows = sorted(index.row() for index in self.table.selectionModel().selectedRows())
        found = (self.sorted.mapToSource(self.sorted.index(r, 0)).row() for r in rows)
        return [self.model.row(r) for r in found]

    @Slot()
    def plot_chosen(self) -> None:
        """Ask for the selected spectra to be drawn."""
        if self.chosen():
            self.plot_requested.emit(self.chosen())

    @Slot()
    def _update_buttons(self) -> None:
        allow(self.plot_button, "" if self.chosen() else "Choose spectra in the list")
        allow(self.close_button, "" if self.model.rowCount() else "No library is open")
