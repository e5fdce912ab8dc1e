"""SampleFigures: accuracy and areas of the map by its reference points, with intervals."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import (
    QHeaderView,
    QLabel,
    QPushButton,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from hsi_viewer.core.assessment.sample_assessment import (
    SampleAssessment,
    areas_table,
    sample_table,
)
from hsi_viewer.ui.widgets.copy_table import CopyTable
from hsi_viewer.ui.widgets.table_filling import filled_at_once
from hsi_viewer.ui.wrapped_label import WrappedLabel

TIPS = (
    "",
    "User's accuracy: share of the mapped area that is right",
    "Producer's accuracy: share of the true area that is mapped so",
    "As counted in the map, with its errors",
    "Estimated by the reference points, without bias",
)


class SampleFigures(QWidget):
    """Hidden until there is a sample; says why there is no figure while points lack a label.

    Signals
    -------
    save_requested(TextTable) : a table should be saved as CSV.
    """

    save_requested = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._found: SampleAssessment | None = None
        self._name_of: Callable[[int], str] = str
        self.title = WrappedLabel("On reference points drawn at random")
        self.overall = QLabel()
        self.overall.setObjectName("figure")
        self.overall.setAccessibleName("Overall accuracy, estimated")
        self.words = WrappedLabel()
        self.words.setObjectName("muted")
        self.table = CopyTable("Accuracy and area by class", self._copied)
        self.table.verticalHeader().hide()
        self.save_button = QPushButton("Save estimates…")
        self.save_button.setToolTip("Save every estimate with its interval as CSV")
        self.save_button.clicked.connect(self._on_save)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 6)
        layout.setSpacing(4)
        for widget in (self.title, self.overall, self.words, self.table, self.save_button):
            layout.addWidget(widget)
        self.show_sample(None, "", str)

    def show_sample(
        self, found: SampleAssessment | None, reason: str, name_of: Callable[[int], str]
    ) -> None:
        """Show estimates, or the reason why there are none; nothing without either."""
        self._found, self._name_of = found, name_of
        self.setVisible(found is not None or bool(reason))
        for widget in (self.overall, self.table, self.save_button):
            widget.setVisible(found is not None)
        self.words.setText(reason)
        if found is None:
            return
        estimates = found.estimates
        overall = estimates.overall
        self.overall.setText(f"{100 * overall.value:.1f} %")
        texts = [
            f"Overall accuracy, 95 % interval {100 * overall.low:.1f} to {100 * overall.high:.1f} "
            f"%; {estimates.points:,} points. {found.method}",
            *found.notes,
        ]
        self.words.setText("\n".join(texts))
        self._fill(found)

    def _fill(self, found: SampleAssessment) -> None:
        shown = areas_table(found, self._name_of)
        self.table.setColumnCount(len(shown.head))
        self.table.setHorizontalHeaderLabels(list(shown.head))
        for column, tip in enumerate(TIPS):
            header = self.table.horizontalHeaderItem(column)
            if header:
                header.setToolTip(tip)
        with filled_at_once(self.table):
            self.table.setRowCount(len(shown.rows))
            for row, cells in enumerate(shown.rows):
                for column, text in enumerate(cells):
                    item = QTableWidgetItem(text)
                    item.setToolTip(text)
                    self.table.setItem(row, column, item)
        view = self.table.horizontalHeader()
        view.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        height = self.table.rowHeight(0) * (min(len(shown.rows), 6) + 2)
        self.table.setMinimumHeight(height)

    @Slot()
    def _on_save(self) -> None:
        if self._found is not None:
            self.save_requested.emit(sample_table(self._found, self._name_of))

    def _copied(self) -> str:
        return "" if self._found is None else areas_table(self._found, self._name_of).tabs()
