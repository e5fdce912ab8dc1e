"""FigureDialog: which view becomes a picture, as what, and how fine."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QLineEdit,
    QVBoxLayout,
    QWidget,
)

FORMATS = (("PNG image", "png"), ("SVG drawing", "svg"))
SCALES = (("Screen resolution", 1.0), ("2× resolution", 2.0), ("4× resolution", 4.0))


class FigureDialog(QDialog):
    """Asks for a view, a format, a title and a legend.

    Parameters
    ----------
    views : names of the views that can be saved; chosen : index of the first choice.
    title : suggested.
    """

    def __init__(
        self, views: Sequence[str], chosen: int, title: str, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle("Save as an image")
        self.views = QComboBox()
        self.views.addItems(list(views))
        self.views.setCurrentIndex(chosen)
        self.views.setAccessibleName("View to save")
        self.format = QComboBox()
        self.format.setAccessibleName("Image format")
        for text, name in FORMATS:
            self.format.addItem(text, name)
        self.scale = QComboBox()
        self.scale.setAccessibleName("Image resolution")
        for text, factor in SCALES:
            self.scale.addItem(text, factor)
        self.scale.setCurrentIndex(1)
        self.title = QLineEdit(title)
        self.title.setAccessibleName("Image title")
        self.title.setClearButtonEnabled(True)
        self.legend = QCheckBox("With a legend of classes or spectra")
        self.legend.setChecked(True)
        self.format.currentIndexChanged.connect(self._on_format)
        form = QFormLayout()
        form.addRow("View", self.views)
        form.addRow("Format", self.format)
        form.addRow("Size", self.scale)
        form.addRow("Title", self.title)
        form.addRow("", self.legend)
        buttons = QDialogButtonBox(
            QDialogButtonBox.StandardButton.Save | QDialogButtonBox.StandardButton.Cancel
        )
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.addLayout(form)
        layout.addWidget(buttons)
        self.setMinimumWidth(380)

    def _on_format(self) -> None:
        self.scale.setEnabled(self.format.currentData() == "png")
