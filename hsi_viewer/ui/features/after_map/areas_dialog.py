"""AreasDialog: pixels, share and area of each class of the map."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QGuiApplication, QIcon
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QHeaderView,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from hsi_viewer.core.assessment.areas import ClassArea
from hsi_viewer.core.labels.classes import ClassLegend
from hsi_viewer.ui.dialogs import muted
from hsi_viewer.ui.widgets.region_panel import swatch

HEAD = ("Class", "Pixels", "Share", "Area")
AS_COUNTED = "As counted in the map: the errors of the map are in these figures."
NO_AREA = "The scene gives no area of a pixel."
HECTARE = 10_000.0


class AreasDialog(QDialog):
    """A table that follows the map while it is open.

    Signals
    -------
    save_requested() : write it as CSV.
    """

    save_requested = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("Areas of the classes")
        self.table = QTableWidget(0, len(HEAD))
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
        self.copy = self.buttons.addButton("Copy", QDialogButtonBox.ButtonRole.ActionRole)
        self.save.clicked.connect(self.save_requested)
        self.copy.clicked.connect(self._copy)
        self.buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.addWidget(self.table, 1)
        layout.addWidget(self.note)
        layout.addWidget(self.buttons)
        self.resize(560, 420)
        self.areas: tuple[ClassArea, ...] = ()

    def show_areas(self, areas: Sequence[ClassArea], legend: ClassLegend) -> None:
        """List the classes in the order of the legend; none while the map is counted."""
        self.areas = tuple(areas)
        known = any(area.square_metres is not None for area in areas)
        self.table.setColumnHidden(3, not known)
        self.note.setText(AS_COUNTED if known or not areas else f"{AS_COUNTED} {NO_AREA}")
        self.table.setRowCount(len(areas))
        for row, area in enumerate(areas):
            name = QTableWidgetItem(legend.name_of(area.class_id))
            if area.class_id in legend:
                name.setIcon(QIcon(swatch(legend[area.class_id])))
            self.table.setItem(row, 0, name)
            texts = (f"{area.pixels:,}", f"{100 * area.share:.2f} %", area_text(area.square_metres))
            for column, text in enumerate(texts, start=1):
                item = QTableWidgetItem(text)
                item.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
                self.table.setItem(row, column, item)
        for button in (self.save, self.copy):
            button.setEnabled(bool(areas))

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


def area_text(square_metres: float | None) -> str:
    """An area with its unit."""
    if square_metres is None:
        return ""
    if square_metres >= 100 * HECTARE:
        return f"{square_metres / 1e6:,.3f} km²"
    if square_metres >= HECTARE:
        return f"{square_metres / HECTARE:,.2f} ha"
    return f"{square_metres:,.1f} m²"
