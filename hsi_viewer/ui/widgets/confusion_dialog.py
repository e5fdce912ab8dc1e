"""ConfusionDialog: the confusion matrix with totals, in pixels or percent, copied and saved."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QSize, Qt, Signal, Slot
from PySide6.QtGui import QColor
from PySide6.QtWidgets import (
    QDialog,
    QHBoxLayout,
    QPushButton,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from hsi_viewer.core.assessment.accuracy import AccuracyReport
from hsi_viewer.core.assessment.confusion_table import TextTable, Unit, confusion_table
from hsi_viewer.core.text import MOST_OF_NAME, counted
from hsi_viewer.ui.theme import current_theme
from hsi_viewer.ui.widgets.choice_box import ChoiceBox
from hsi_viewer.ui.widgets.copy_table import CopyTable
from hsi_viewer.ui.wrapped_label import WrappedLabel

UNITS: tuple[tuple[str, Unit], ...] = (
    ("Pixels", "pixels"),
    ("Percent of each row (the true class)", "row percent"),
    ("Percent of each column (the mapped class)", "column percent"),
)
LEAST, MOST = QSize(480, 260), QSize(1100, 700)
NOTE = "Rows: truth. Columns: class map."


class ConfusionDialog(QDialog):
    """The whole matrix: truth in rows, the map in columns, totals, user's and producer's accuracy.

    Signals
    -------
    save_requested(TextTable) : the table as it is shown.

    Parameters
    ----------
    title : what was scored.
    """

    save_requested = Signal(object)

    def __init__(
        self,
        report: AccuracyReport,
        name_of: Callable[[int], str],
        parent: QWidget | None,
        title: str = "",
    ) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("Confusion matrix")
        self._report, self._name_of = report, name_of
        self.table = CopyTable(f"Confusion matrix. {NOTE}", lambda: self.text_table().tabs())
        self.table.verticalHeader().hide()
        self.unit = ChoiceBox()
        self.unit.setAccessibleName("Unit of the cells")
        for text, unit in UNITS:
            self.unit.addItem(text, unit)
        self.unit.currentIndexChanged.connect(self._fill)
        self.copy_button = QPushButton("Copy")
        self.copy_button.setToolTip("Copy the whole table with its headers (Ctrl+C)")
        self.copy_button.clicked.connect(self.table.copy)
        self.save_button = QPushButton("Save as CSV…")
        self.save_button.clicked.connect(self._on_save)
        note = WrappedLabel(f"{title} {NOTE}".strip())
        note.setObjectName("muted")
        row = QHBoxLayout()
        row.addWidget(self.unit)
        row.addStretch(1)
        row.addWidget(self.copy_button)
        row.addWidget(self.save_button)
        layout = QVBoxLayout(self)
        layout.addWidget(note)
        layout.addWidget(self.table, 1)
        layout.addLayout(row)
        self._fill()
        self._fit()

    def _fit(self) -> None:
        """Show the whole table, up to a size that a small screen has."""
        table, layout = self.table, self.layout()
        heads, bars = table.horizontalHeader(), table.verticalScrollBar().sizeHint().width()
        room = layout.minimumSize() - table.minimumSizeHint() if layout else QSize()
        width = heads.length() + bars + 2 * table.frameWidth() + room.width()
        height = heads.sizeHint().height() + table.verticalHeader().length() + bars + room.height()
        self.resize(QSize(width, height).expandedTo(LEAST).boundedTo(MOST))

    def text_table(self) -> TextTable:
        """The table as it is shown."""
        return confusion_table(self._report, self._name_of, self.unit.currentData())

    @Slot()
    def _on_save(self) -> None:
        self.save_requested.emit(self.text_table())

    @Slot()
    def _fill(self) -> None:
        shown, report, theme = self.text_table(), self._report, current_theme()
        classes = len(report.class_ids)
        self.table.setRowCount(len(shown.rows))
        self.table.setColumnCount(len(shown.head))
        for c, text in enumerate(shown.head):
            head = QTableWidgetItem(text)
            head.setToolTip(text)
            self.table.setHorizontalHeaderItem(c, head)
        for r, cells in enumerate(shown.rows):
            for c, text in enumerate(cells):
                item = QTableWidgetItem(text)
                item.setToolTip(text)
                if c:
                    item.setTextAlignment(Qt.AlignmentFlag.AlignCenter)
                if r < classes and 1 <= c <= classes + 1:
                    self._paint(item, r, c - 1, theme["accent" if c - 1 == r else "red"])
                self.table.setItem(r, c, item)
        self.table.resizeColumnsToContents()
        names = MOST_OF_NAME * self.table.fontMetrics().averageCharWidth()
        for column in range(self.table.columnCount()):
            self.table.setColumnWidth(column, min(self.table.columnWidth(column), names))

    def _paint(self, item: QTableWidgetItem, row: int, column: int, colour: str) -> None:
        """Colour a cell by its share of the true class, and say in words what it is."""
        report = self._report
        whole = column < len(report.class_ids)
        count = int(report.matrix[row, column]) if whole else int(report.unclassified[row])
        mapped = self._name_of(report.class_ids[column]) if whole else "unclassified"
        true = self._name_of(report.class_ids[row])
        item.setToolTip(f"{counted(count, 'pixel')} of {true} mapped as {mapped}")
        if count:
            shade = QColor(colour)
            shade.setAlphaF(0.12 + 0.5 * count / int(report.truth_counts[row]))
            item.setBackground(shade)
