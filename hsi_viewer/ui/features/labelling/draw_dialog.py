"""DrawDialog: how training pixels are drawn from a ground truth."""

from __future__ import annotations

from PySide6.QtCore import Slot
from PySide6.QtWidgets import (
    QCheckBox,
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from hsi_viewer.core.labels.sampling import REACH, Draw
from hsi_viewer.ui.widgets.allowed import allow
from hsi_viewer.ui.widgets.choice_box import ChoiceBox
from hsi_viewer.ui.widgets.decimal_box import DecimalBox
from hsi_viewer.ui.wrapped_label import WrappedLabel

NOTES = {
    "random": "Pixels anywhere in each class, at most half of it; all others are test pixels. "
    "Optimistic: many test pixels touch training pixels.",
    "fields": "Training pixels come from some fields, test pixels from others, and no test pixel "
    f"is within {REACH} pixels of a training pixel, the reach of the network, where the scene "
    "has room: an honest estimate.",
}


class DrawDialog(QDialog):
    """Asks for a ground truth, the number of training pixels, the protocol and the seed.

    Parameters
    ----------
    ground_truth : file of the scene's own ground truth, or "".
    folder : where browsing begins.
    has_truth : whether one is loaded, to draw from.
    """

    def __init__(
        self, ground_truth: str, folder: str, parent: QWidget, *, has_truth: bool = False
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle("Training pixels from a ground truth")
        self._folder = folder
        self.loaded = QCheckBox("Use the ground truth loaded for scoring", self)
        self.loaded.setVisible(has_truth)
        self.file = QLineEdit(ground_truth)
        self.file.setPlaceholderText("Label file or regions of this scene")
        self.file.setAccessibleName("Ground truth file")
        self.file.setMinimumWidth(320)
        self.browse = QPushButton("Browse…")
        self.browse.clicked.connect(self._browse)
        self.count = DecimalBox()
        self.count.setDecimals(0)
        self.count.setRange(1, 100_000)
        self.count.setValue(10)
        self.count.setAccessibleName("Training pixels per class")
        self.unit = ChoiceBox()
        self.unit.addItem("pixels of each class", "pixels")
        self.unit.addItem("% of each class", "percent")
        self.unit.setAccessibleName("Pixels or percent")
        self.protocol = ChoiceBox()
        self.protocol.addItem("Random pixels", "random")
        self.protocol.addItem("Separate fields", "fields")
        self.protocol.setAccessibleName("Split into training and test pixels")
        self.number = QSpinBox()
        self.number.setRange(0, 2**31 - 1)
        self.number.setAccessibleName("Random seed")
        self.note = WrappedLabel()
        self.note.setObjectName("muted")
        kept = QLabel("Existing labels are replaced; undo restores them.")
        kept.setObjectName("muted")
        self.buttons = QDialogButtonBox(
            QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel
        )
        self.buttons.button(QDialogButtonBox.StandardButton.Ok).setText("Draw")
        self.buttons.accepted.connect(self.accept)
        self.buttons.rejected.connect(self.reject)
        self.file.textChanged.connect(self._update)
        self.loaded.toggled.connect(self._update)
        self.protocol.currentIndexChanged.connect(self._update)
        self.unit.currentIndexChanged.connect(self._on_unit)
        row = QHBoxLayout()
        row.addWidget(self.file, 1)
        row.addWidget(self.browse)
        amount = QHBoxLayout()
        amount.addWidget(self.count)
        amount.addWidget(self.unit, 1)
        form = QFormLayout()
        form.addRow("Ground truth", row)
        form.addRow("", self.loaded)
        form.addRow("Draw", amount)
        form.addRow("From", self.protocol)
        form.addRow("", self.note)
        form.addRow("Seed", self.number)
        layout = QVBoxLayout(self)
        layout.addLayout(form)
        layout.addWidget(kept)
        layout.addWidget(self.buttons)
        self.loaded.setChecked(has_truth and not ground_truth)
        self._update()

    def source(self) -> str:
        """The chosen ground truth; "" for the one that is loaded."""
        return "" if self.loaded.isChecked() else self.file.text().strip()

    def draw(self) -> Draw:
        """The chosen protocol of drawing."""
        return Draw(
            self.count.value(),
            self.unit.currentData(),
            self.protocol.currentData(),
            self.number.value(),
        )

    @Slot()
    def _browse(self) -> None:
        from hsi_viewer.io.regions.import_export import import_filters

        filters = [f"{name} ({' '.join(patterns)})" for name, patterns in import_filters()]
        path, _ = QFileDialog.getOpenFileName(
            self, "Ground truth", self._folder, ";;".join(filters)
        )
        if path:
            self.file.setText(path)

    @Slot()
    def _on_unit(self) -> None:
        percent = self.unit.currentData() == "percent"
        self.count.setDecimals(1 if percent else 0)
        self.count.setRange(0.1 if percent else 1, 50 if percent else 100_000)

    @Slot()
    def _update(self) -> None:
        loaded = self.loaded.isChecked()
        self.file.setEnabled(not loaded)
        self.browse.setEnabled(not loaded)
        self.note.setText(NOTES[self.protocol.currentData()])
        ready = loaded or bool(self.file.text().strip())
        accept = self.buttons.button(QDialogButtonBox.StandardButton.Ok)
        allow(accept, "" if ready else "Choose a file with a ground truth first")
