"""SampleDialog: how many reference points are drawn, and from which classes."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import Slot
from PySide6.QtWidgets import (
    QAbstractItemView,
    QCheckBox,
    QDialog,
    QFormLayout,
    QHeaderView,
    QLabel,
    QSpinBox,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from hsi_viewer.core.assessment.reference_sample import LEAST_IN_CLASS, USERS
from hsi_viewer.core.labels.classes import ClassLegend
from hsi_viewer.core.text import counted
from hsi_viewer.jobs.sampling import SamplePlan
from hsi_viewer.ui.dialogs import accept_button, accept_or_cancel, muted, resize_for_text
from hsi_viewer.ui.widgets.choice_box import ChoiceBox
from hsi_viewer.ui.widgets.decimal_box import DecimalBox
from hsi_viewer.ui.widgets.table_filling import filled_at_once
from hsi_viewer.ui.wrapped_label import WrappedLabel

KINDS = (
    ("By area, with a least number for rare classes", "recommended"),
    ("By area alone", "proportional"),
    ("As many in each class", "equal"),
)
COUNTING = "Counting the pixels of the classes…"
ABOUT = (
    "Points are drawn at random from each class of the map. Once all are labelled, by what you can "
    "see or know, the accuracy of the map and the areas of the classes follow without bias, with "
    "intervals (Olofsson et al. 2014)."
)
HEAD = ("Class", "Map pixels", "Expected user's, %", "Points")


class SampleDialog(QDialog):
    """Asks for the wanted interval and shows at once how many points it takes.

    Parameters
    ----------
    replaced : points with an answer of a sample that would be replaced.
    """

    def __init__(self, parent: QWidget, replaced: int = 0) -> None:
        super().__init__(parent)
        self.setWindowTitle("Draw a reference sample")
        self._sizes: dict[int, int] = {}
        self.interval = _percent(5.0, 0.1, 25.0, "Half-width of the wanted 95 % interval")
        self.interval.setPrefix("± ")
        self.interval.setToolTip("Of the overall accuracy; the number of points follows from it")
        self.expected = _percent(100 * USERS, 1.0, 100.0, "User's accuracy that is expected")
        self.expected.setToolTip(
            "Share of the map's pixels that are right; the table can give another one to a class"
        )
        self.kind = ChoiceBox()
        self.kind.setAccessibleName("Points are shared")
        for words, value in KINDS:
            self.kind.addItem(words, value)
        self.least = _number(LEAST_IN_CLASS, 2, 10_000, "Points of each class at least")
        self.seed = _number(0, 0, 2**31 - 1, "Seed")
        self.table = QTableWidget(0, len(HEAD))
        self.table.setTabKeyNavigation(False)  # Tab goes on to the next control
        self.table.setAccessibleName("Points of the classes")
        self.table.setHorizontalHeaderLabels(list(HEAD))
        self.table.verticalHeader().hide()
        self.table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
        header = self.table.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self.count = WrappedLabel(COUNTING)
        self.at_once = QCheckBox("Label the points now, without seeing the map")
        self.at_once.setChecked(True)
        self.buttons = accept_or_cancel(self, "Draw")
        form = QFormLayout()
        form.addRow("Overall accuracy", self.interval)
        form.addRow("Expected accuracy", self.expected)
        form.addRow("Points are shared", self.kind)
        form.addRow("Each class at least", self.least)
        form.addRow("Seed", self.seed)
        layout = QVBoxLayout(self)
        layout.addWidget(muted(ABOUT))
        layout.addLayout(form)
        layout.addWidget(self.table, 1)
        layout.addWidget(self.count)
        if replaced:
            layout.addWidget(
                QLabel(f"This replaces a sample with {counted(replaced, 'labelled point')}.")
            )
        layout.addWidget(self.at_once)
        layout.addWidget(self.buttons)
        accept_button(self.buttons).setEnabled(False)
        for spin in (self.interval, self.expected, self.least):
            spin.valueChanged.connect(self._refresh)
        self.expected.valueChanged.connect(self._on_expected)
        self.kind.currentIndexChanged.connect(self._refresh)
        resize_for_text(self, 560, 600)

    def show_sizes(self, sizes: Mapping[int, int], legend: ClassLegend) -> None:
        """List the classes of the map, and say how many points there will be."""
        self._sizes = dict(sizes)
        with filled_at_once(self.table):
            self.table.setRowCount(len(sizes))
            for row, (class_id, pixels) in enumerate(sizes.items()):
                spin = _percent(self.expected.value(), 1.0, 100.0, f"Of {legend.name_of(class_id)}")
                spin.valueChanged.connect(self._refresh)
                name = QTableWidgetItem(legend.name_of(class_id))
                name.setToolTip(name.text())
                self.table.setItem(row, 0, name)
                self.table.setItem(row, 1, QTableWidgetItem(f"{pixels:,}"))
                self.table.setCellWidget(row, 2, spin)
                self.table.setItem(row, 3, QTableWidgetItem())
        self._refresh()

    def plan(self) -> SamplePlan:
        """What is asked for."""
        by_class = {
            class_id: spin.value() / 100
            for row, class_id in enumerate(self._sizes)
            if isinstance(spin := self.table.cellWidget(row, 2), DecimalBox)
        }
        return SamplePlan(
            interval=self.interval.value() / 100,
            kind=self.kind.currentData(),
            least=self.least.value(),
            expected=self.expected.value() / 100,
            by_class=by_class,
            seed=self.seed.value(),
        )

    @Slot()
    def _on_expected(self) -> None:
        for row in range(self.table.rowCount()):
            spin = self.table.cellWidget(row, 2)
            if isinstance(spin, DecimalBox):
                spin.setValue(self.expected.value())

    @Slot()
    def _refresh(self) -> None:
        self.least.setEnabled(self.kind.currentData() == "recommended")
        if not self._sizes:
            return
        plan = self.plan()
        points, needed = plan.points(self._sizes), plan.needed(self._sizes)
        for row, class_id in enumerate(self._sizes):
            item = self.table.item(row, 3)
            if item is not None:
                item.setText(f"{points[class_id]:,}")
        total = sum(points.values())
        text = f"{total:,} points."
        if total > needed:
            text += f" The interval alone needs {needed:,}; rare classes get more."
        self.count.setText(text)
        accept_button(self.buttons).setEnabled(True)


def _percent(value: float, low: float, high: float, name: str) -> DecimalBox:
    spin = DecimalBox()
    spin.setRange(low, high)
    spin.setDecimals(1)
    spin.setSuffix(" %")
    spin.setValue(value)
    spin.setAccessibleName(name)
    return spin


def _number(value: int, low: int, high: int, name: str) -> QSpinBox:
    spin = QSpinBox()
    spin.setRange(low, high)
    spin.setValue(value)
    spin.setAccessibleName(name)
    return spin
