"""CleanPanel: how the class map is cleaned, and what that changes."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QHideEvent, QIcon, QShowEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFormLayout,
    QHBoxLayout,
    QHeaderView,
    QPushButton,
    QSizePolicy,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from hsi_viewer.core.labels.classes import LabelClass
from hsi_viewer.core.postprocess.clean import Cleaning
from hsi_viewer.ui.widgets.choice_box import ChoiceBox
from hsi_viewer.ui.widgets.decimal_box import DecimalBox
from hsi_viewer.ui.widgets.region_panel import swatch
from hsi_viewer.ui.widgets.table_filling import filled_at_once
from hsi_viewer.ui.wrapped_label import WrappedLabel

WINDOWS = (("Off", 1), ("3 × 3 pixels", 3), ("5 × 5 pixels", 5), ("7 × 7 pixels", 7))
UNITS = (("pixels", 0.0), ("m²", 1.0), ("ha", 10_000.0))  # square metres in one
OPEN, CLOSE, INTO = 1, 2, 3
EXPLAINED = {
    OPEN: "it loses what is thinner than 3 pixels to the nearest class",
    CLOSE: "it fills its gaps of less than 3 pixels",
}
HINT = "Choose what is done; the map on the image shows what comes of it."
TARGET = 62  # pixels of a class to merge into: its colour; the tool tip names it
ITEM = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable


class CleanPanel(QWidget):
    """Asks for the steps of cleaning and says how many pixels change.

    Signals
    -------
    changed() : other steps are wanted, or the preview is shown or hidden.
    apply_requested() : keep the result.
    visibility_changed() : the panel came into view or left it.
    """

    changed = Signal()
    apply_requested = Signal()
    visibility_changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._classes: tuple[LabelClass, ...] = ()
        self.majority = ChoiceBox()
        for text, side in WINDOWS:
            self.majority.addItem(text, side)
        self.majority.setToolTip("Each pixel gets the most frequent class around it")
        self.minimum = DecimalBox()
        self.minimum.setDecimals(0)
        self.minimum.setRange(0, 1e9)
        self.minimum.setMinimumWidth(0)
        self.minimum.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.minimum.setSpecialValueText("Off")
        self.minimum.setToolTip("Smaller regions go to the class that they border on most")
        self.unit = ChoiceBox()
        for text, metres in UNITS:
            self.unit.addItem(text, metres)
        self.corners = QCheckBox("Connect at corners")
        self.corners.setToolTip("Pixels that touch at a corner only are of one region, too")
        self.table = QTableWidget(0, 4)
        self.table.setTabKeyNavigation(False)  # Tab goes on to the next control
        self.table.setHorizontalHeaderLabels(["Class", "Open", "Close", "Merge"])
        merged = self.table.horizontalHeaderItem(INTO)
        if merged is not None:
            merged.setToolTip("The class that this one is merged into")
        self.table.setObjectName("tight")
        self.table.verticalHeader().hide()
        self.table.setMinimumHeight(130)  # a low dock is rolled
        header = self.table.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        header.sectionResized.connect(  # for names of several lines, once all widths are known
            self.table.resizeRowsToContents, Qt.ConnectionType.QueuedConnection
        )
        self.preview = QCheckBox("Show the preview on the image")
        self.preview.setChecked(True)
        self.summary = WrappedLabel(HINT)
        self.apply_button, self.reset_button = QPushButton("Apply"), QPushButton("Reset")
        self.apply_button.setObjectName("primary")
        self.apply_button.clicked.connect(self.apply_requested)
        self.reset_button.clicked.connect(self.reset)
        for widget, name in (
            (self.majority, "Majority filter"),
            (self.minimum, "Smallest region that stays"),
            (self.unit, "Unit of the smallest region"),
            (self.table, "Classes to open, close or merge"),
        ):
            widget.setAccessibleName(name)
        self._lay_out()
        self.majority.currentIndexChanged.connect(self.changed)
        self.minimum.valueChanged.connect(self.changed)
        self.unit.currentIndexChanged.connect(self._on_unit)
        self.corners.toggled.connect(self.changed)
        self.preview.toggled.connect(self.changed)
        self.table.itemChanged.connect(self.changed)
        self.allow_areas(known=False)

    def _lay_out(self) -> None:
        smallest, buttons, form = QHBoxLayout(), QHBoxLayout(), QFormLayout()
        smallest.addWidget(self.minimum, 1)
        smallest.addWidget(self.unit)
        form.addRow("Majority filter", self.majority)
        form.addRow("Smallest region", smallest)
        form.addRow("", self.corners)
        buttons.addWidget(self.apply_button, 1)
        buttons.addWidget(self.reset_button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 4, 8, 6)
        layout.addLayout(form)
        layout.addWidget(self.table, 1)
        layout.addWidget(self.preview)
        layout.addWidget(self.summary)
        layout.addLayout(buttons)

    def show_classes(self, classes: Sequence[LabelClass]) -> None:
        """List the classes of the map; what was chosen for those that stay is kept."""
        if tuple(classes) == self._classes:
            return
        before = self.cleaning()
        self._classes = tuple(classes)
        self.table.blockSignals(True)
        with filled_at_once(self.table):
            self.table.setRowCount(len(classes))
            for row, shown in enumerate(classes):
                name = QTableWidgetItem(QIcon(swatch(shown)), shown.name)
                name.setFlags(ITEM)
                name.setToolTip(shown.name)
                self.table.setItem(row, 0, name)
                for column, chosen in ((OPEN, before.open), (CLOSE, before.close)):
                    item = QTableWidgetItem()
                    item.setFlags(ITEM | Qt.ItemFlag.ItemIsUserCheckable)
                    on = shown.id in chosen
                    what = "Open" if column == OPEN else "Close"
                    item.setToolTip(f"{what} {shown.name}: {EXPLAINED[column]}")
                    item.setCheckState(Qt.CheckState.Checked if on else Qt.CheckState.Unchecked)
                    self.table.setItem(row, column, item)
                targets = self._targets(shown, before.merge.get(shown.id))
                self.table.setCellWidget(row, INTO, targets)
        self.table.blockSignals(False)
        self.table.resizeRowsToContents()

    def _targets(self, shown: LabelClass, chosen: int | None) -> QComboBox:
        """The classes that a class can become."""
        box = ChoiceBox()
        box.setAccessibleName(f"{shown.name} becomes")
        box.setMaximumWidth(TARGET)
        box.addItem("–", 0)
        for other in self._classes:
            if other.id != shown.id:
                box.addItem(QIcon(swatch(other)), other.name, other.id)
        box.setCurrentIndex(max(0, box.findData(chosen)))
        box.currentIndexChanged.connect(self.changed)
        box.currentTextChanged.connect(partial(_explain, box, shown.name))
        _explain(box, shown.name, box.currentText())
        return box

    def cleaning(self) -> Cleaning:
        """What is chosen; a class that becomes another one which becomes a third is that one."""
        into: dict[int, int] = {}
        chosen: dict[int, list[int]] = {OPEN: [], CLOSE: []}
        for row, shown in enumerate(self._classes):
            box = self.table.cellWidget(row, INTO)
            if isinstance(box, QComboBox) and box.currentData():
                into[shown.id] = box.currentData()
            for column, ids in chosen.items():
                item = self.table.item(row, column)
                if item is not None and item.checkState() == Qt.CheckState.Checked:
                    ids.append(shown.id)
        metres, least = self.unit.currentData(), self.minimum.value()
        by_area = metres > 0 and least > 0
        return Cleaning(
            {old: new for old in into if (new := _end(old, into)) != old},
            tuple(chosen[OPEN]),
            tuple(chosen[CLOSE]),
            self.majority.currentData(),
            0.0 if by_area else least,
            least * metres if by_area else None,
            corners=self.corners.isChecked(),
        )

    @property
    def anything(self) -> bool:
        """Whether any step is chosen."""
        chosen = self.cleaning()
        return chosen != Cleaning(corners=chosen.corners)

    def allow_areas(self, *, known: bool) -> None:
        """Offer square metres and hectares, or only pixels."""
        model = self.unit.model()
        for number, (_, metres) in enumerate(UNITS):
            if metres:
                model.item(number).setEnabled(known)  # type: ignore[attr-defined]
        if not known and self.unit.currentData():
            self.unit.setCurrentIndex(0)
        self.unit.setToolTip("" if known else "The scene gives no area of a pixel")

    def show_result(self, text: str, *, ready: bool) -> None:
        """Say what changes; `ready`: whether that can be kept."""
        self.summary.setText(text or HINT)
        self.apply_button.setEnabled(ready)

    @Slot()
    def reset(self) -> None:
        """Choose no step."""
        self.blockSignals(True)
        self.majority.setCurrentIndex(0)
        self.minimum.setValue(0)
        self.unit.setCurrentIndex(0)
        self.corners.setChecked(False)
        classes, self._classes = self._classes, ()
        self.show_classes(classes)
        self.blockSignals(False)
        self.changed.emit()

    @Slot()
    def _on_unit(self) -> None:
        self.minimum.setDecimals(2 if self.unit.currentText() == "ha" else 0)
        self.changed.emit()

    def showEvent(self, event: QShowEvent) -> None:
        """Tell that it is seen."""
        super().showEvent(event)
        self.visibility_changed.emit()

    def hideEvent(self, event: QHideEvent) -> None:
        """Tell that it isn't seen any more."""
        super().hideEvent(event)
        self.visibility_changed.emit()


def _explain(box: QComboBox, name: str, into: str) -> None:
    """Name both classes where the list is too narrow for one."""
    box.setToolTip(f"Merge {name} into {into}" if box.currentData() else f"Merge {name}")


def _end(start: int, into: dict[int, int]) -> int:
    """The class that a chain ends with; of a circle, the first class."""
    seen, now = {start}, into[start]
    while now in into and now not in seen:
        seen.add(now)
        now = into[now]
    return min(seen) if now in seen else now
