"""AnglePanel: the threshold of a spectral-angle map, and what becomes of the pixels within."""

from __future__ import annotations

from math import degrees

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSlider,
    QVBoxLayout,
    QWidget,
)

from hsi_viewer.core.text import counted, short_name
from hsi_viewer.ui.widgets.allowed import allow
from hsi_viewer.ui.widgets.decimal_box import DecimalBox
from hsi_viewer.ui.widgets.option_box import OptionBox
from hsi_viewer.ui.wrapped_label import WrappedLabel

NO_MAP = "Map the angle first"
HINT = "Click a pixel with the navigate tool, then map the angle of every other spectrum to it."


class AnglePanel(QWidget):
    """Asks for a map and a threshold.

    Signals
    -------
    map_requested(), visibility_changed(bool).
    threshold_changed(step) : a step is one milliradian.
    label_requested(), select_requested().
    """

    map_requested = Signal()
    visibility_changed = Signal(bool)
    threshold_changed = Signal(int)
    label_requested = Signal()
    select_requested = Signal()

    def __init__(self, steps: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.picked, self.shown = WrappedLabel(HINT), WrappedLabel()
        for label in (self.picked, self.shown):
            label.setObjectName("muted")
        self.map_button = QPushButton("Map the angle")
        self.map_button.setObjectName("primary")
        self.map_button.setToolTip(
            "The angle between each spectrum and the picked one (SAM): small is similar, however "
            "bright"
        )
        self.map_button.clicked.connect(self.map_requested)
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setRange(1, steps)
        self.slider.setPageStep(10)
        self.slider.setAccessibleName("Threshold of the spectral angle")
        self.number = DecimalBox()
        self.number.setDecimals(3)
        self.number.setRange(0.001, steps / 1000)
        self.number.setSingleStep(0.001)
        self.number.setSuffix(" rad")
        self.number.setKeyboardTracking(False)
        self.number.setAccessibleName("Threshold in radians")
        self.slider.setValue(50)
        self.number.setValue(0.05)
        self.count = WrappedLabel("")
        self.visible = OptionBox("Show on the image", checked=True)
        self.visible.toggled.connect(self.visibility_changed)
        self.keep = OptionBox("Keep existing labels", checked=True)
        self.label_button = QPushButton("Label these pixels")
        self.label_button.clicked.connect(self.label_requested)
        self.select_button = QPushButton("Select them")
        self.select_button.clicked.connect(self.select_requested)
        self.slider.valueChanged.connect(self._on_slider)
        self.number.valueChanged.connect(self._on_number)
        select = "Select them, for their mean spectrum or in the scatter plot"
        self._tips: dict[QWidget, str] = {
            self.slider: "",
            self.number: "",
            self.label_button: "",
            self.select_button: select,
        }
        self._lay_out()
        self.show_map("")

    def _lay_out(self) -> None:
        threshold = QHBoxLayout()
        threshold.addWidget(QLabel("Within"))
        threshold.addWidget(self.slider, 1)
        threshold.addWidget(self.number)
        for button in (self.label_button, self.select_button):
            button.setMinimumWidth(1)  # the name of a class must not roll the panel sideways
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 4, 8, 6)
        layout.addWidget(self.picked)
        layout.addWidget(self.map_button)
        layout.addWidget(self.shown)
        layout.addWidget(self.visible)
        layout.addLayout(threshold)
        layout.addWidget(self.count)
        layout.addWidget(self.keep)
        layout.addWidget(self.label_button)
        layout.addWidget(self.select_button)
        layout.addStretch(1)

    @property
    def step(self) -> int:
        """Threshold in milliradians."""
        return self.slider.value()

    def show_reference(self, name: str) -> None:
        """Show which spectrum a map would start from; "" where none is picked."""
        allow(self.map_button, "" if name else HINT)
        self.picked.setText(f"Picked: {name}" if name else HINT)

    def show_map(self, name: str) -> None:
        """Show what is mapped; "" when nothing is."""
        self.shown.setText(f"Shown: the angle to {name}" if name else "")
        for box in (self.visible, self.keep):
            box.allow("" if name else NO_MAP)
        for widget, tip in self._tips.items():
            widget.setEnabled(bool(name))
            widget.setToolTip(tip if name else NO_MAP)
        if not name:
            self.count.setText("")

    def show_visible(self, visible: bool) -> None:
        """Show whether the map is on the image."""
        self.visible.want(visible)

    def show_count(self, pixels: int) -> None:
        """Show how many pixels lie within the threshold."""
        angle = self.step / 1000
        within = f"within {angle:.3f} rad ({degrees(angle):.2f}°)"
        self.count.setText(f"{counted(pixels, 'pixel')} {within}")

    def show_class(self, name: str) -> None:
        """Show which class the pixels would get; "" where none is chosen."""
        text = f"Label them “{short_name(name, 17)}”" if name else "Label these pixels"
        self.label_button.setText(text)
        tip = f"Label them “{name}”" if name else "Choose a class first, or add one (A)"
        tip = self._tips[self.label_button] = f"{tip}; one step of undo"
        if self.label_button.isEnabled():
            self.label_button.setToolTip(tip)

    @Slot(int)
    def _on_slider(self, step: int) -> None:
        self.number.blockSignals(True)
        self.number.setValue(step / 1000)
        self.number.blockSignals(False)
        self.threshold_changed.emit(step)

    @Slot(float)
    def _on_number(self, radians: float) -> None:
        self.slider.setValue(round(radians * 1000))
