"""DisplayPanel: bands, colours, contrast, and what lies over the image."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack

from PySide6.QtCore import QSignalBlocker, Qt, Signal, Slot
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QSlider,
    QSpinBox,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from hsi_viewer.core.cube.band_selection import Triple, matching_preset
from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.display.composite import Composite
from hsi_viewer.core.display.contrast import Contrast, ContrastKind
from hsi_viewer.ui.theme import current_theme, icon
from hsi_viewer.ui.widgets.band_list import BandList, bands_to_list
from hsi_viewer.ui.widgets.choice_box import ChoiceBox

SCENE = "The scene"
CUSTOM = "Custom"
SINGLE = "Single band"
LAYERS = (
    ("Classes", "classes", "The class of each pixel"),
    ("Uncertainty", "uncertainty", "1 - probability of the mapped class: bright is uncertain"),
    ("Exit disagreement", "disagreement", "How much the network's exits disagree"),
)
STYLES = (
    ("Over a grey image", "grey", "Blended with the image in grey: colours are the legend's"),
    ("Solid", "solid", "Without the image"),
    ("Outlines", "outlines", "Borders of classes over the image in colour"),
)
STRETCHES: Mapping[ContrastKind, str] = {
    "percentile": "Percentiles",
    "minmax": "Minimum to maximum",
    "gaussian": "Gaussian",
    "equalize": "Equalised",
    "typed": "Custom limits",
}
FASTEST = 20  # bands a second


class DisplayPanel(QWidget):
    """Asks for bands and contrast, and for the visibility of the overlays.

    Signals
    -------
    image_chosen(name) : "" for the scene.
    bands_changed(tuple) : three bands, or one.
    colours_chosen(name), stretch_chosen(kind).
    play_toggled(bool), speed_changed(bands a second).
    presets_requested(), derive_requested(), contrast_requested() : a button was pressed.
    map_shown(bool), labels_shown(bool), map_opacity_changed(0..1), layer_changed(name).
    style_chosen(key) : how maps of classes are drawn.
    """

    image_chosen = Signal(str)
    bands_changed = Signal(object)
    colours_chosen = Signal(str)
    stretch_chosen = Signal(str)
    play_toggled = Signal(bool)
    speed_changed = Signal(int)
    presets_requested = Signal()
    derive_requested = Signal()
    contrast_requested = Signal()
    map_shown = Signal(bool)
    labels_shown = Signal(bool)
    map_opacity_changed = Signal(float)
    layer_changed = Signal(str)
    style_chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._presets: Mapping[str, Triple] = {}
        self._cube: HyperCube | None = None
        self._triple: Triple = (0, 0, 0)
        self._make_picture_controls()
        self._make_layer_controls()
        self._tags = [QLabel(name) for name in ("Red", "Green", "Blue")]
        self._form = QFormLayout()
        self._form.setHorizontalSpacing(8)
        self._form.setVerticalSpacing(5)
        self._form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        self._form.addRow("Image", _row(self.image, self.derive))
        self._form.addRow("Picture", _row(self.preset, self.edit_presets))
        for tag, box in zip(self._tags, self.bands, strict=True):
            self._form.addRow(tag, box)
        self._form.addRow("Band", self.band)
        self._form.addRow("Colours", self.colours)
        self._play_row = _row(self.play, self.band_slider, self.speed)
        self._form.addRow("Play", self._play_row)
        self._form.addRow("Stretch", _row(self.stretch, self.open_contrast))
        self._form.addRow("Show", _row(self.show_map, self.show_labels, stretched=True))
        self._form.addRow("Layer", self.layer)
        self._form.addRow("Style", self.map_style)
        self._form.addRow("Opacity", self.opacity)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 2, 8, 6)
        layout.addLayout(self._form)
        layout.addStretch(1)
        self._show_rows(single=False)
        self.refresh_theme()

    def _make_picture_controls(self) -> None:
        self.image = _list("Image", "The scene, or an image derived from it")
        self.image.addItem(SCENE, "")
        self.image.activated.connect(self._on_image)
        self.derive = _button("Derive an image: components, indices, formulas")
        self.derive.clicked.connect(self.derive_requested)
        self.preset = _list("Band preset", "A choice of three bands")
        self.preset.activated.connect(self._on_preset)
        self.edit_presets = _button("Edit the presets")
        self.edit_presets.clicked.connect(self.presets_requested)
        self.bands = tuple(BandList(f"{name} band") for name in ("Red", "Green", "Blue"))
        for box in self.bands:
            box.currentIndexChanged.connect(self._on_bands)
        self.band = BandList("Band")
        self.band.currentIndexChanged.connect(self._on_band)
        self.colours = _list("Colour map", "Colours of a single band")
        self.colours.textActivated.connect(self.colours_chosen)
        self.play = _button("Play through the good bands")
        self.play.setCheckable(True)
        self.play.toggled.connect(self._on_play)
        self.band_slider = QSlider(Qt.Orientation.Horizontal)
        self.band_slider.setAccessibleName("Band slider")
        self.band_slider.valueChanged.connect(self._on_band)
        self.speed = QSpinBox()
        self.speed.setRange(1, FASTEST)
        self.speed.setValue(4)
        self.speed.setSuffix(" /s")
        self.speed.setAccessibleName("Bands per second")
        self.speed.setToolTip("Bands per second")
        self.speed.valueChanged.connect(self.speed_changed)
        self.stretch = _list("Stretch", "How values become brightness")
        for kind, text in STRETCHES.items():
            self.stretch.addItem(text, kind)
        self.stretch.activated.connect(self._on_stretch)
        self.open_contrast = _button("Contrast: histogram and limits")
        self.open_contrast.clicked.connect(self.contrast_requested)

    def _make_layer_controls(self) -> None:
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
        self.layer = _list(
            "Layer over the image",
            "What is drawn over the image: the class map or its uncertainty (U)",
        )
        for text, name, tip in LAYERS:
            self.layer.addItem(text, name)
            self.layer.setItemData(self.layer.count() - 1, tip, Qt.ItemDataRole.ToolTipRole)
        self.layer.currentIndexChanged.connect(self._on_layer)
        self.map_style = _list("Style of the map", "How the class map lies over the image (O)")
        for text, key, tip in STYLES:
            self.map_style.addItem(text, key)
            self.map_style.setItemData(self.map_style.count() - 1, tip, Qt.ItemDataRole.ToolTipRole)
        self.map_style.activated.connect(self._on_style)

    @property
    def triple(self) -> Triple:
        """The three bands that are, or were last, shown together."""
        return self._triple

    # what is shown ---------------------------------------------------------------------------

    def refresh_theme(self) -> None:
        """Take the colours of the current theme."""
        theme = current_theme()
        for tag, name in zip(self._tags, ("red", "green", "blue"), strict=True):
            tag.setStyleSheet(f"color: {theme[name]}; font-weight: 600;")
        self.derive.setIcon(icon("plus"))
        self.edit_presets.setIcon(icon("pencil-outline"))
        self.open_contrast.setIcon(icon("chart-histogram"))
        self.play.setIcon(icon("pause" if self.play.isChecked() else "play"))

    def show_colour_maps(self, names: Sequence[str]) -> None:
        """List the colour maps of single bands."""
        self.colours.clear()
        self.colours.addItems(list(names))

    def show_images(self, names: Sequence[str]) -> None:
        """List the images that were derived."""
        self.image.clear()
        self.image.addItem(SCENE, "")
        for name in names:
            self.image.addItem(name, name)

    def show_composite(
        self, composite: Composite, cube: HyperCube, presets: Mapping[str, Triple]
    ) -> None:
        """Show what is requested, of a cube (the scene or a derived image), asking for nothing."""
        if cube is not self._cube:
            self._cube = cube
            listed = bands_to_list(cube)
            for box in (*self.bands, self.band):
                box.show_bands(*listed)
            with QSignalBlocker(self.band_slider):
                self.band_slider.setRange(0, cube.bands - 1)
        single = len(composite.bands) == 1
        self._presets = presets
        self.preset.clear()
        self.preset.addItems([*presets, *([CUSTOM] if cube.bands > 1 else []), SINGLE])
        if not single or max(self._triple) >= cube.bands:
            self._triple = composite.triple
        self.preset.setCurrentText(
            SINGLE if single else matching_preset(composite.triple, presets) or CUSTOM
        )
        for box, band in zip(self.bands, composite.triple, strict=True):
            box.show_band(band)
        self.band.show_band(composite.bands[0])
        with QSignalBlocker(self.band_slider):
            self.band_slider.setValue(composite.bands[0])
        self.colours.setCurrentText(
            composite.colours.name if composite.colours else self.colours.itemText(0)
        )
        self.image.setCurrentIndex(
            self.image.findData(composite.image.name if composite.image else "")
        )
        self._show_contrast(composite.contrast)
        self._show_rows(single=single)
        self.edit_presets.setEnabled(composite.image is None)

    def _show_contrast(self, contrast: Contrast) -> None:
        low, high = contrast.percent
        self.stretch.setItemText(0, f"Percentiles {low:g}–{high:g}")
        self.stretch.setCurrentIndex(self.stretch.findData(contrast.kind))

    def _show_rows(self, *, single: bool) -> None:
        for box in self.bands:
            self._form.setRowVisible(box, not single)
        for widget in (self.band, self.colours):
            self._form.setRowVisible(widget, single)
        several = self._cube is not None and self._cube.bands > 1
        self._form.setRowVisible(self._play_row, single and several)

    def show_playing(self, playing: bool) -> None:
        """Show whether the bands are played."""
        with QSignalBlocker(self.play):
            self.play.setChecked(playing)
        self.play.setIcon(icon("pause" if playing else "play"))

    def show_layers(self, map_: bool, labels: bool, layer: str, opacity: float) -> None:
        """Show which overlays are seen, without asking for them again."""
        with ExitStack() as quiet:
            for widget in (self.show_map, self.show_labels, self.layer, self.opacity):
                quiet.enter_context(QSignalBlocker(widget))
            self.show_map.setChecked(map_)
            self.show_labels.setChecked(labels)
            self.layer.setCurrentIndex(self.layer.findData(layer))
            self.opacity.setValue(round(100 * opacity))

    def show_style(self, style: str) -> None:
        """Show how maps of classes are drawn, without asking for it again."""
        self.map_style.setCurrentIndex(self.map_style.findData(style))

    # what the user asks for ------------------------------------------------------------------

    @Slot()
    def _on_style(self) -> None:
        self.style_chosen.emit(self.map_style.currentData())

    @Slot()
    def _on_image(self) -> None:
        self.image_chosen.emit(self.image.currentData())

    @Slot()
    def _on_preset(self) -> None:
        name = self.preset.currentText()
        if name == SINGLE:
            self.bands_changed.emit((self.bands[0].currentIndex(),))
        else:
            self.bands_changed.emit(self._presets.get(name, self._triple))

    @Slot()
    def _on_bands(self) -> None:
        red, green, blue = (box.currentIndex() for box in self.bands)
        self.bands_changed.emit((red, green, blue))

    @Slot(int)
    def _on_band(self, band: int) -> None:
        if band >= 0:
            self.bands_changed.emit((band,))

    @Slot(bool)
    def _on_play(self, playing: bool) -> None:
        self.show_playing(playing)
        self.play_toggled.emit(playing)

    @Slot()
    def _on_stretch(self) -> None:
        self.stretch_chosen.emit(self.stretch.currentData())

    @Slot()
    def _on_layer(self) -> None:
        self.layer_changed.emit(self.layer.currentData())

    @Slot(int)
    def _on_opacity(self, value: int) -> None:
        self.map_opacity_changed.emit(value / 100.0)


def _list(name: str, tip: str) -> QComboBox:
    box = ChoiceBox()
    box.setAccessibleName(name)
    box.setToolTip(tip)
    box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
    box.setMinimumContentsLength(8)
    return box


def _button(tip: str) -> QToolButton:
    button = QToolButton()
    button.setToolTip(tip)
    button.setAccessibleName(tip)
    button.setAutoRaise(True)
    return button


def _row(*widgets: QWidget, stretched: bool = False) -> QWidget:
    """The widgets beside each other; the first list or slider takes the room."""
    row = QWidget()
    layout = QHBoxLayout(row)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(4)
    for widget in widgets:
        layout.addWidget(widget, isinstance(widget, (QComboBox, QSlider)))
    if stretched:
        layout.addStretch(1)
    return row
