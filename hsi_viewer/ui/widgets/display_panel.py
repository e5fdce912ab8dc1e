"""DisplayPanel: bands, contrast, and what lies over the image."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDoubleSpinBox,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QSlider,
    QVBoxLayout,
    QWidget,
)

from hsi_viewer.core.band_selection import PRESETS, Triple, band_label, preset_bands
from hsi_viewer.core.cube import HyperCube
from hsi_viewer.ui.theme import current_theme

CUSTOM = "Custom"
LAYERS = (
    ("Classes", "classes", "The class of each pixel"),
    ("Uncertainty", "uncertainty", "1 - probability of the mapped class: bright is doubtful"),
    ("Exit disagreement", "disagreement", "How far the exits of the network disagree"),
)


class DisplayPanel(QWidget):
    """Asks for bands and contrast, and for the visibility of the overlays.

    Signals
    -------
    bands_changed(tuple), percent_changed(low, high).
    map_shown(bool), labels_shown(bool), map_opacity_changed(0..1), layer_changed(name).
    """

    bands_changed = Signal(object)
    percent_changed = Signal(float, float)
    map_shown = Signal(bool)
    labels_shown = Signal(bool)
    map_opacity_changed = Signal(float)
    layer_changed = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._presets: dict[str, Triple] = {}
        self._filling = False
        self.preset = QComboBox()
        self.preset.setAccessibleName("Band preset")
        self.preset.activated.connect(self._on_preset)
        self.bands = tuple(self._band_box(name) for name in ("Red", "Green", "Blue"))
        self.low, self.high = self._percent(2.0, 0.0, 49.0), self._percent(98.0, 51.0, 100.0)
        self.low.setAccessibleName("Lower percentile of the stretch")
        self.high.setAccessibleName("Upper percentile of the stretch")
        self.show_map = QCheckBox("Class map")
        self.show_map.setChecked(True)
        self.show_map.setToolTip("Show the class map over the image (P)")
        self.show_map.toggled.connect(self.map_shown)
        self.show_labels = QCheckBox("Labels")
        self.show_labels.setChecked(True)
        self.show_labels.setToolTip("Show the labelled pixels")
        self.show_labels.toggled.connect(self.labels_shown)
        self.opacity = QSlider(Qt.Orientation.Horizontal)
        self.opacity.setRange(0, 100)
        self.opacity.setValue(65)
        self.opacity.setAccessibleName("Opacity of the class map")
        self.opacity.valueChanged.connect(self._on_opacity)

        self.layer = QComboBox()
        self.layer.setAccessibleName("Layer over the image")
        for text, name, tip in LAYERS:
            self.layer.addItem(text, name)
            self.layer.setItemData(self.layer.count() - 1, tip, Qt.ItemDataRole.ToolTipRole)
        self.layer.setToolTip("What lies over the image: the map, or how far to trust it (U)")
        self.layer.currentIndexChanged.connect(self._on_layer)
        form = QFormLayout()
        form.setHorizontalSpacing(8)
        form.setVerticalSpacing(5)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        form.addRow("Picture", self.preset)
        self._tags = []
        for name, box in zip(("Red", "Green", "Blue"), self.bands, strict=True):
            tag = QLabel(name)
            self._tags.append(tag)
            form.addRow(tag, box)
        percent = QHBoxLayout()
        percent.addWidget(self.low)
        percent.addWidget(QLabel(" – "))
        percent.addWidget(self.high)
        percent.addStretch(1)
        form.addRow("Stretch", percent)
        shown = QHBoxLayout()
        shown.addWidget(self.show_map)
        shown.addWidget(self.show_labels)
        shown.addStretch(1)
        form.addRow("Show", shown)
        form.addRow("Layer", self.layer)
        form.addRow("Opacity", self.opacity)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 2, 8, 6)
        layout.addLayout(form)
        layout.addStretch(1)
        self.refresh_theme()

    def refresh_theme(self) -> None:
        """Take the colours of the current theme."""
        theme = current_theme()
        for tag, name in zip(self._tags, ("red", "green", "blue"), strict=True):
            tag.setStyleSheet(f"color: {theme[name]}; font-weight: 600;")

    def show_cube(self, cube: HyperCube, bands: Triple) -> None:
        """List the bands of a cube and the presets that it reaches."""
        self._filling = True
        self._presets = {}
        for preset in PRESETS:
            triple = preset_bands(cube, preset)
            if triple is not None:
                self._presets[preset.name] = triple
        self.preset.clear()
        self.preset.addItems([*self._presets, CUSTOM])
        names = [band_label(cube, b) for b in range(cube.bands)]
        for box in self.bands:
            box.clear()
            box.addItems(names)
            model = box.model()
            for band in range(cube.bands):
                if not cube.good_bands[band]:
                    index = model.index(band, 0)
                    model.setData(
                        index, self.palette().placeholderText(), Qt.ItemDataRole.ForegroundRole
                    )
                    model.setData(index, "Marked bad in the header", Qt.ItemDataRole.ToolTipRole)
        self._filling = False
        self.show_bands(bands)

    def show_bands(self, bands: Triple) -> None:
        """Show which bands are displayed."""
        self._filling = True
        for box, band in zip(self.bands, bands, strict=True):
            box.setCurrentIndex(band)
        name = next((n for n, triple in self._presets.items() if triple == bands), CUSTOM)
        self.preset.setCurrentText(name)
        self._filling = False

    def _band_box(self, name: str) -> QComboBox:
        box = QComboBox()
        box.setAccessibleName(f"{name} band")
        box.setMaxVisibleItems(24)
        box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        box.setMinimumContentsLength(12)
        box.currentIndexChanged.connect(self._on_bands)
        return box

    def _percent(self, value: float, low: float, high: float) -> QDoubleSpinBox:
        box = QDoubleSpinBox()
        box.setRange(low, high)
        box.setDecimals(1)
        box.setSingleStep(0.5)
        box.setSuffix(" %")
        box.setMaximumWidth(92)
        box.setValue(value)
        box.setKeyboardTracking(False)
        box.valueChanged.connect(self._on_percent)
        return box

    @Slot()
    def _on_preset(self) -> None:
        triple = self._presets.get(self.preset.currentText())
        if triple is not None:
            self.show_bands(triple)
            self.bands_changed.emit(triple)

    @Slot()
    def _on_bands(self) -> None:
        if not self._filling:
            red, green, blue = (box.currentIndex() for box in self.bands)
            self.show_bands((red, green, blue))
            self.bands_changed.emit((red, green, blue))

    @Slot()
    def _on_percent(self) -> None:
        self.percent_changed.emit(self.low.value(), self.high.value())

    @Slot()
    def _on_layer(self) -> None:
        self.layer_changed.emit(self.layer.currentData())

    @Slot(int)
    def _on_opacity(self, value: int) -> None:
        self.map_opacity_changed.emit(value / 100.0)
