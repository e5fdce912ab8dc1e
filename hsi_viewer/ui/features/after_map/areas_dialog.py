"""AreasDialog: pixels, share and area of each class of the map."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QGuiApplication, QIcon
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from hsi_viewer.core.assessment.areas import UNITS, AreaUnit, ClassArea, suited_unit
from hsi_viewer.core.assessment.sample_assessment import (
    NO_SAMPLE,
    SampleAssessment,
    reference_name,
)
from hsi_viewer.core.labels.classes import ClassLegend
from hsi_viewer.ui.dialogs import muted, resize_for_text
from hsi_viewer.ui.widgets.choice_box import ChoiceBox
from hsi_viewer.ui.widgets.region_panel import swatch
from hsi_viewer.ui.widgets.table_filling import filled_at_once

HEAD = ("Class", "Pixels", "Share", "Area", "Estimated (95 % interval)")
AS_COUNTED = "As counted in the map: the errors of the map are in these figures."
NO_AREA = "The scene gives no area of a pixel."
DIGITS = {"m²": 1, "ha": 2, "km²": 3, "acres": 2}


class AreasDialog(QDialog):
    """A table that follows the map while it is open.

    Signals
    -------
    save_requested() : write it as CSV.
    sample_requested() : draw reference points, by which areas can be estimated.
    unit_chosen(str) : write areas in another unit; "auto" for the one that suits each.
    """

    save_requested = Signal()
    sample_requested = Signal()
    unit_chosen = Signal(str)

    def __init__(self, parent: QWidget, unit: AreaUnit = "auto") -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("Areas of the classes")
        self.table = QTableWidget(0, len(HEAD))
        self.table.setTabKeyNavigation(False)  # Tab goes on to the next control
        self.table.setAccessibleName("Areas of the classes")
        self.table.setHorizontalHeaderLabels(list(HEAD))
        self.table.verticalHeader().hide()
        self.table.setEditTriggers(QTableWidget.EditTrigger.NoEditTriggers)
        header = self.table.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self.table.setShowGrid(False)
        self.note = muted(AS_COUNTED)
        self.buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        self.save = self.buttons.addButton("Save as CSV…", QDialogButtonBox.ButtonRole.ActionRole)
        self.sample = self.buttons.addButton(
            "Reference sample…", QDialogButtonBox.ButtonRole.ActionRole
        )
        self.sample.setToolTip("Draw points at random, by which areas are estimated without bias")
        self.sample.clicked.connect(self.sample_requested)
        self.copy = self.buttons.addButton("Copy", QDialogButtonBox.ButtonRole.ActionRole)
        self.save.clicked.connect(self.save_requested)
        self.copy.clicked.connect(self._copy)
        self.buttons.rejected.connect(self.reject)
        self.unit = ChoiceBox()
        self.unit.addItem("Suited to the size", "auto")
        for name in UNITS:
            self.unit.addItem(name, name)
        self.unit.setCurrentIndex(self.unit.findData(unit))
        self.unit.currentIndexChanged.connect(self._on_unit)
        label = QLabel("&Unit of area")
        label.setBuddy(self.unit)
        self._of_unit = (label, self.unit)
        units = QHBoxLayout()
        units.addWidget(label)
        units.addWidget(self.unit)
        units.addStretch(1)
        layout = QVBoxLayout(self)
        layout.addLayout(units)
        layout.addWidget(self.table, 1)
        layout.addWidget(self.note)
        layout.addWidget(self.buttons)
        resize_for_text(self, 640, 420)
        self.areas: tuple[ClassArea, ...] = ()
        self._shown: tuple[ClassArea, ...] = ()
        self._estimates: SampleAssessment | None = None

    def show_areas(
        self,
        areas: Sequence[ClassArea],
        legend: ClassLegend,
        found: SampleAssessment | None = None,
        reason: str = "",
    ) -> None:
        """List the classes in the order of the legend; none while the map is counted.

        Parameters
        ----------
        found : what a labelled reference sample says, or None.
        reason : why a sample says nothing yet; "" without one.
        """
        self._estimates = found
        estimated = self._estimated()
        counted = {area.class_id for area in areas}
        areas = [
            *areas,
            *(ClassArea(i, 0, None, 0.0) for i in estimated if areas and i not in counted),
        ]
        self._shown = tuple(areas)
        self.areas = tuple(area for area in areas if area.class_id in counted)
        known = any(area.square_metres is not None for area in areas)
        self.table.setColumnHidden(3, not known)
        for widget in self._of_unit:
            widget.setVisible(known)
        self.table.setColumnHidden(4, found is None)
        note = AS_COUNTED if known or not areas else f"{AS_COUNTED} {NO_AREA}"
        if found is not None:
            note = " ".join([f"{AS_COUNTED} Estimated by points.", found.method, *found.notes])
        self.note.setText(note if found is not None else f"{note} {reason or NO_SAMPLE}")
        with filled_at_once(self.table):
            self.table.setRowCount(len(areas))
            for row, area in enumerate(areas):
                name = QTableWidgetItem(reference_name(legend)(area.class_id))
                if area.class_id in legend:
                    name.setIcon(QIcon(swatch(legend[area.class_id])))
                name.setToolTip(name.text())
                self.table.setItem(row, 0, name)
                texts = (
                    f"{area.pixels:,}",
                    f"{100 * area.share:.2f} %",
                    area_text(area.square_metres, self.unit.currentData()),
                    estimated.get(area.class_id, ""),
                )
                for column, text in enumerate(texts, start=1):
                    item = QTableWidgetItem(text)
                    item.setTextAlignment(
                        Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
                    )
                    self.table.setItem(row, column, item)
        for button in (self.save, self.copy):
            button.setEnabled(bool(areas))

    @Slot()
    def _on_unit(self) -> None:
        """Write the areas that are shown in the unit that is chosen."""
        unit: AreaUnit = self.unit.currentData()
        estimated = self._estimated()
        model = self.table.model()
        for row, area in enumerate(self._shown):
            model.setData(model.index(row, 3), area_text(area.square_metres, unit))
            model.setData(model.index(row, 4), estimated.get(area.class_id, ""))
        self.unit_chosen.emit(unit)

    @Slot()
    def _copy(self) -> None:
        """The table as text with tabs, which spreadsheets take."""
        model = self.table.model()
        columns = [c for c in range(len(HEAD)) if not self.table.isColumnHidden(c)]
        rows = [
            [str(model.data(model.index(row, c))) for c in columns]
            for row in range(self.table.rowCount())
        ]
        lines = ["\t".join(cells) for cells in ([HEAD[c] for c in columns], *rows)]
        QGuiApplication.clipboard().setText("\n".join(lines))

    def _estimated(self) -> dict[int, str]:
        """Estimated areas by class id, with their intervals."""
        found, unit = self._estimates, self.unit.currentData()
        if found is None:
            return {}
        texts = {}
        for class_id, area in zip(found.estimates.class_ids, found.areas, strict=True):
            values = (area.value, area.low, area.high)
            if found.unit == "pixels":
                value, low, high = (f"{x:,.0f}" for x in values)
            else:
                value, low, high = (area_text(x * UNITS[found.unit], unit) for x in values)
            texts[class_id] = f"{value} ({low} to {high})"
        return texts


def area_text(square_metres: float | None, unit: AreaUnit = "auto") -> str:
    """An area with its unit."""
    if square_metres is None:
        return ""
    name = suited_unit(square_metres) if unit == "auto" else unit
    return f"{square_metres / UNITS[name]:,.{DIGITS[name]}f} {name}"
