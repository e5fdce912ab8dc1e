"""ScatterPanel: two channels against each other, and what becomes of the pixels of a lasso."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Signal, Slot
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFormLayout,
    QHBoxLayout,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from hsi_viewer.core.text import counted, short_name
from hsi_viewer.ui.widgets.allowed import allow
from hsi_viewer.ui.widgets.choice_box import ChoiceBox
from hsi_viewer.ui.wrapped_label import WrappedLabel

HINT = "Draw around points to select their pixels in the image."


class ScatterPanel(QWidget):
    """Asks for channels, and shows what is selected.

    Signals
    -------
    axes_changed() : another channel was chosen.
    classes_toggled(on), label_requested(), mean_requested(), clear_requested().
    shown() : the panel came into view.

    Attributes
    ----------
    x_axis, y_axis : lists of channels; the data of each entry is what `show_channels` was given.
    """

    axes_changed = Signal()
    classes_toggled = Signal(bool)
    label_requested = Signal()
    mean_requested = Signal()
    clear_requested = Signal()
    shown = Signal()

    def __init__(self, plot: QWidget, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.plot = plot
        self.x_axis, self.y_axis = self._channel_box("X axis"), self._channel_box("Y axis")
        self.classes = QCheckBox("Labelled pixels in class colours")
        self.classes.toggled.connect(self.classes_toggled)
        self.state = WrappedLabel(HINT)
        self.state.setObjectName("muted")
        self.label_button = QPushButton("Label")
        self.label_button.clicked.connect(self.label_requested)
        self.mean_button = QPushButton("Mean")
        self.mean_button.setToolTip("Draw the mean spectrum of the selected pixels")
        self.mean_button.clicked.connect(self.mean_requested)
        self.clear_button = QPushButton("Clear")
        self.clear_button.setToolTip("Clear the selection")
        self.clear_button.clicked.connect(self.clear_requested)
        axes = QFormLayout()  # side by side, the names of bands are cut off
        axes.setVerticalSpacing(4)
        axes.addRow("X", self.x_axis)
        axes.addRow("Y", self.y_axis)
        buttons = QHBoxLayout()
        buttons.addWidget(self.label_button, 1)
        buttons.addWidget(self.mean_button)
        buttons.addWidget(self.clear_button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 4, 8, 6)
        layout.setSpacing(4)
        layout.addLayout(axes)
        layout.addWidget(plot, 1)
        layout.addWidget(self.classes)
        layout.addWidget(self.state)
        layout.addLayout(buttons)
        self.plot.setMinimumHeight(130)
        self.show_selection(0, "")

    def show_channels(self, channels: Sequence[tuple[str, object]], x: int, y: int) -> None:
        """Offer channels (text, data) and choose two of them by position."""
        for box, chosen in ((self.x_axis, x), (self.y_axis, y)):
            box.blockSignals(True)
            box.clear()
            for text, data in channels:
                box.addItem(text, data)
            box.setCurrentIndex(chosen)
            box.blockSignals(False)

    def show_selection(self, pixels: int, name: str, thinned: int = 1) -> None:
        """Show what is selected; thinned: of large scenes only some pixels are counted."""
        text = f"{counted(pixels, 'pixel')} selected: {name}" if pixels else HINT
        if thinned > 1:
            text += f" The plot shows one pixel in {thinned}; a lasso selects all of them."
        self.state.setText(text)
        self.label_button.setEnabled(pixels > 0)
        for button in (self.mean_button, self.clear_button):
            allow(button, "" if pixels else "Select pixels first")

    def show_class(self, name: str) -> None:
        """Show which class the pixels would get; "" where none is chosen."""
        self.label_button.setText(f"Label “{short_name(name, 12)}”" if name else "Label")
        tip = f"Label the selected pixels as “{name}”" if name else "Choose a class first (A)"
        self.label_button.setToolTip(tip)

    def showEvent(self, event: QShowEvent) -> None:
        """Announce that the panel is visible."""
        super().showEvent(event)
        self.shown.emit()

    def _channel_box(self, name: str) -> QComboBox:
        box = ChoiceBox()
        box.setAccessibleName(name)
        box.setMaxVisibleItems(24)
        box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        box.setMinimumContentsLength(6)
        box.currentIndexChanged.connect(self._on_axis)
        return box

    @Slot()
    def _on_axis(self) -> None:
        self.axes_changed.emit()
