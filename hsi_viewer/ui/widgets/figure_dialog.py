"""FigureDialog: which view becomes a picture, as what, and how fine."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct
from PySide6.QtCore import Slot
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QLineEdit,
    QVBoxLayout,
    QWidget,
)

from hsi_viewer.ui.dialogs import accept_or_cancel
from hsi_viewer.ui.widgets.choice_box import ChoiceBox
from hsi_viewer.ui.widgets.option_box import OptionBox

FORMATS = (("PNG image", "png"), ("SVG drawing", "svg"))
TABLE = ("CSV table of the numbers", "csv")
NO_HEADING = "A table has neither title nor legend"
SAVE = QDialogButtonBox.StandardButton.Save
MARKS = "With a scale bar and a north arrow"
SCALES = (("Screen resolution", 1.0), ("2× resolution", 2.0), ("4× resolution", 4.0))


class ViewChoice(Struct, frozen=True):
    """A view that can be saved.

    Attributes
    ----------
    name : as the user reads it.
    is_plot : whether it has numbers, not a picture of the scene.
    no_marks : why it can have no scale bar and north arrow, in brackets; "" if it can.
    """

    name: str
    is_plot: bool = False
    no_marks: str = ""


class FigureDialog(QDialog):
    """Asks for a view, a format, a title, a legend and marks of a map.

    Parameters
    ----------
    views : what can be saved; chosen : index of the first choice.
    title : suggested.
    """

    def __init__(
        self, views: Sequence[ViewChoice], chosen: int, title: str, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle("Export a view or plot")
        self._choices = tuple(views)
        self.views = ChoiceBox()
        self.views.addItems([view.name for view in views])
        self.views.setCurrentIndex(chosen)
        self.views.setAccessibleName("View to save")
        self.format = ChoiceBox()
        self.format.setAccessibleName("Image format")
        self.scale = ChoiceBox()
        self.scale.setAccessibleName("Image resolution")
        for text, factor in SCALES:
            self.scale.addItem(text, factor)
        self.scale.setCurrentIndex(1)
        self.title = QLineEdit(title)
        self.title.setAccessibleName("Image title")
        self.title.setClearButtonEnabled(True)
        self.legend = OptionBox("With a legend of classes or spectra", checked=True)
        self.marks = OptionBox(MARKS, checked=True)
        self.format.currentIndexChanged.connect(self._on_format)
        self.views.currentIndexChanged.connect(self._on_view)
        form = QFormLayout()
        form.addRow("View", self.views)
        form.addRow("Format", self.format)
        form.addRow("Size", self.scale)
        form.addRow("Title", self.title)
        form.addRow("", self.legend)
        form.addRow("", self.marks)
        buttons = accept_or_cancel(self, "Export", SAVE)
        layout = QVBoxLayout(self)
        layout.addLayout(form)
        layout.addWidget(buttons)
        self.setMinimumWidth(380)
        self._on_view()

    @property
    def with_marks(self) -> bool:
        """Whether a scale bar and a north arrow are wanted, and possible."""
        return self.marks.isChecked()

    @Slot()
    def _on_view(self) -> None:
        """Offer what the chosen view can become, keeping the format where it can."""
        view, before = self._choices[self.views.currentIndex()], self.format.currentData()
        self.format.clear()
        for text, name in (*FORMATS, TABLE) if view.is_plot else FORMATS:
            self.format.addItem(text, name)
        self.format.setCurrentIndex(max(0, self.format.findData(before)))
        self._on_format()

    @Slot()
    def _on_format(self) -> None:
        view, kind = self._choices[self.views.currentIndex()], self.format.currentData()
        self.scale.setEnabled(kind == "png")
        self.scale.setToolTip("" if kind == "png" else "Only PNG images have a resolution")
        drawn = kind != TABLE[1]
        self.title.setEnabled(drawn)
        self.title.setToolTip("" if drawn else NO_HEADING)
        self.legend.allow("" if drawn else NO_HEADING)
        self.marks.allow(view.no_marks)
        self.marks.setText(f"{MARKS}   ({view.no_marks})" if view.no_marks else MARKS)
        self.marks.setVisible(not view.is_plot)
