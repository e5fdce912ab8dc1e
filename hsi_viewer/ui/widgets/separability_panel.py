"""SeparabilityPanel: which classes can be told apart by their labelled spectra."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QColor
from PySide6.QtWidgets import (
    QHBoxLayout,
    QPushButton,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from hsi_viewer.core.assessment.separability import FEW_PIXELS, POOR_JM, SeparabilityReport
from hsi_viewer.core.text import counted
from hsi_viewer.ui.theme import current_theme
from hsi_viewer.ui.widgets.name_room import NameRoom
from hsi_viewer.ui.widgets.row_table import RowTable
from hsi_viewer.ui.widgets.table_filling import filled_at_once
from hsi_viewer.ui.wrapped_label import WrappedLabel

MOST_NAMED = 2
POOR_ROLE = Qt.ItemDataRole.UserRole
HEADERS = ("Classes", "JM", "Angle, rad", "")
TIPS = (
    "",
    "Jeffries-Matusita distance: 0 identical, 2 fully separable",
    "Spectral angle between the means, in radians",
    "",
)
SHORT = {"not separable": "similar", "partly separable": "partly", "separable": ""}


class SeparabilityPanel(QWidget):
    """A table of all pairs, the worst first, under warnings in words.

    Signals
    -------
    compare_requested() : compare the classes as they are labelled now.
    """

    compare_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.compare = QPushButton("Compare classes")
        self.compare.clicked.connect(self.compare_requested)
        self.state = WrappedLabel()
        self.state.setObjectName("muted")
        self.warnings = WrappedLabel()
        self.table = RowTable("Separability of each pair of classes", HEADERS, TIPS, many=True)
        self.table.verticalHeader().setDefaultSectionSize(22)
        self._room = NameRoom(self.table, (1,), (3, 2))
        header = self.table.horizontalHeader()
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        row = QHBoxLayout()
        row.addWidget(self.compare)
        row.addWidget(self.state, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 4, 8, 6)
        layout.addLayout(row)
        layout.addWidget(self.warnings)
        layout.addWidget(self.table, 1)
        self.clear()

    def clear(self) -> None:
        """Show that nothing was compared yet."""
        self.table.setRowCount(0)
        self.warnings.hide()
        self.state.clear()

    def show_state(self, text: str) -> None:
        """Show what the table is worth, e.g. that labels changed."""
        self.state.setText(text)

    def show_report(self, report: SeparabilityReport, name_of: Callable[[int], str]) -> None:
        """Show pairs and warnings."""
        sentences = warnings_of(report, name_of)
        self.warnings.setText("\n".join(sentences))
        self.warnings.setVisible(bool(sentences))
        with filled_at_once(self.table):
            self.table.setRowCount(len(report.pairs))
            for row, pair in enumerate(report.pairs):
                both = f"{name_of(pair.first)} – {name_of(pair.second)}"
                texts = (
                    both,
                    f"{pair.jeffries_matusita:.3f}",
                    f"{pair.angle:.3f}",
                    SHORT[pair.verdict],
                )
                for column, text in enumerate(texts):
                    item = QTableWidgetItem(text)
                    item.setToolTip(f"{both}: {pair.verdict}, angle {pair.angle:.3f} rad")
                    item.setData(POOR_ROLE, pair.jeffries_matusita < POOR_JM)
                    self.table.setItem(row, column, item)
        self._room.share()
        total = sum(report.counts.values())
        self.state.setText(f"{len(report.counts)} classes, {total:,} spectra")
        self.refresh_theme()

    def refresh_theme(self) -> None:
        """Mark the pairs that cannot be told apart in the colour of the theme."""
        poor = QColor(current_theme()["error"])
        for row in range(self.table.rowCount()):
            for column in range(self.table.columnCount()):
                item = self.table.item(row, column)
                if item is not None and item.data(POOR_ROLE):
                    item.setBackground(poor)


def warnings_of(report: SeparabilityReport, name_of: Callable[[int], str]) -> list[str]:
    """Sentences about pairs that cannot be told apart and classes with too few pixels."""
    alike = [p for p in report.pairs if p.jeffries_matusita < POOR_JM]
    sentences = [
        f"“{name_of(p.first)}” and “{name_of(p.second)}” can't be separated by their spectra (JM "
        f"{p.jeffries_matusita:.2f} of 2): merge them, or check their labels."
        for p in alike[:MOST_NAMED]
    ]
    if len(alike) > MOST_NAMED:
        more = counted(len(alike) - MOST_NAMED, "more pair", "is", "are")
        sentences.append(f"{more} as similar: see the table.")
    for class_id in report.few[:MOST_NAMED]:
        count = report.counts[class_id]
        sentences.append(
            f"“{name_of(class_id)}” has only {counted(count, 'labelled pixel')}: "
            f"with fewer than {FEW_PIXELS}, its spread is only a guess."
        )
    if len(report.few) > MOST_NAMED:
        left = len(report.few) - MOST_NAMED
        more = "1 more class has" if left == 1 else f"{left} more classes have"
        sentences.append(f"{more} too few pixels.")
    return sentences
