"""PolygonsDialog: how the regions of the map become polygons."""

from __future__ import annotations

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import (
    QCheckBox,
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QVBoxLayout,
    QWidget,
)

from hsi_viewer.core.text import counted
from hsi_viewer.ui.dialogs import accept_or_cancel, muted
from hsi_viewer.ui.widgets.decimal_box import DecimalBox
from hsi_viewer.ui.widgets.option_box import OptionBox
from hsi_viewer.ui.wrapped_label import WrappedLabel

SAVE = QDialogButtonBox.StandardButton.Save
EXACT = "Along the pixels"
COUNTING = "Counting the regions…"


class PolygonsDialog(QDialog):
    """Asks for smoothing, attributes and a table of objects.

    Signals
    -------
    clean_requested() : clean the map first.
    """

    clean_requested = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle("Polygons of the map")
        self.smooth = DecimalBox()
        self.smooth.setRange(0, 20)
        self.smooth.setSingleStep(0.5)
        self.smooth.setDecimals(1)
        self.smooth.setSuffix(" pixels")
        self.smooth.setSpecialValueText(EXACT)
        self.smooth.setAccessibleName("Corners that borders lose")
        self.smooth.setToolTip("Neighbours keep a common border without gaps")
        self.confidence = QCheckBox("Mean confidence of each polygon")
        self.confidence.setChecked(True)
        self.objects = QCheckBox("A table of objects beside it (CSV)")
        self.spectra = OptionBox("with the mean spectrum of each")
        self.objects.toggled.connect(self._on_objects)
        self._on_objects(False)
        self.count = WrappedLabel(COUNTING)
        form = QFormLayout()
        form.addRow("Borders", self.smooth)
        form.addRow("Attributes", self.confidence)
        form.addRow("", self.objects)
        form.addRow("", self.spectra)
        self.buttons = accept_or_cancel(self, "Save…", SAVE)
        self.clean = self.buttons.addButton(
            "Clean the map first…", QDialogButtonBox.ButtonRole.ActionRole
        )
        self.clean.clicked.connect(self.clean_requested)
        layout = QVBoxLayout(self)
        layout.addWidget(self.count)
        layout.addLayout(form)
        layout.addWidget(muted("Class, pixels and area of each polygon are always written."))
        layout.addWidget(self.buttons)
        self.buttons.button(SAVE).setEnabled(False)
        self.setMinimumWidth(440)

    @Slot(bool)
    def _on_objects(self, wanted: bool) -> None:
        self.spectra.allow("" if wanted else "It is written into the table of objects")

    def show_count(self, polygons: int, small: int, least: int) -> None:
        """Say how many polygons there will be, and how many of them are tiny."""
        tiny = f", {small:,} of them of fewer than {least} pixels" if small else ""
        self.count.setText(f"{counted(polygons, 'polygon')}{tiny}.")
        self.buttons.button(SAVE).setEnabled(polygons > 0)
        self.adjustSize()
