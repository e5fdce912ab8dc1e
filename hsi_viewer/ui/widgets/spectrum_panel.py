"""SpectrumPanel: the spectrum plot, how spectra are drawn, and the list of the kept ones."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, Qt, Signal, Slot
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFormLayout,
    QHBoxLayout,
    QMenu,
    QSpinBox,
    QSplitter,
    QToolButton,
    QVBoxLayout,
    QWidget,
    QWidgetAction,
)

from hsi_viewer.core.spectra.spectrum import Treatment
from hsi_viewer.ui.theme import icon
from hsi_viewer.ui.widgets.choice_box import ChoiceBox
from hsi_viewer.ui.widgets.curve_list import CurveList

VIEWS = (
    ("Values", "value", "Values as stored in the file"),
    ("Continuum removed", "continuum", "Divided by the convex hull: absorption bands stand out"),
    ("1st derivative", "first", "Slope along the wavelength"),
    ("2nd derivative", "second", "Curvature along the wavelength"),
)
UNITS = (("nm", "nm"), ("µm", "um"), ("band", "band"))
NORMALISATIONS = (
    ("Not normalised", "none"),
    ("0 to 1", "range"),
    ("Unit length", "length"),
    ("Mean 0, deviation 1", "variate"),
)
STRIP = 2  # times as wide as high
MOST_BESIDE = 0.36  # of a strip's width for what is beside the plot
LOW_LINES = 14  # a plot that is lower has a button that leads to a large one
SPREADS = (
    ("No spread", "none"),
    ("± 1 standard deviation", "deviation"),
    ("Percentiles 5–95 and 25–75", "percentiles"),
)


class SpectrumPanel(QWidget):
    """Asks how spectra are drawn and what to do with the kept ones.

    Signals
    -------
    treatment_changed(Treatment), unit_changed(name), spread_changed(name), water_toggled(on).
    class_means_requested(), selection_mean_requested(), save_requested(), picture_requested().
    enlarge_requested() : a large plot is wanted.

    Attributes
    ----------
    plot : the widget that draws; curves : the list below it; head : the choices above it.
    """

    treatment_changed = Signal(object)
    unit_changed = Signal(str)
    spread_changed = Signal(str)
    water_toggled = Signal(bool)
    class_means_requested = Signal()
    selection_mean_requested = Signal()
    save_requested = Signal()
    picture_requested = Signal()
    enlarge_requested = Signal()

    def __init__(self, plot: QWidget, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.plot = plot
        self.curves = CurveList()
        self.view = _combo("View of the spectra", VIEWS)
        self.unit = _combo("Unit of the axis", UNITS)
        self.unit.setMinimumContentsLength(5)
        self._unit: str = self.unit.currentData()
        self.smoothing = QSpinBox()
        self.smoothing.setRange(1, 61)
        self.smoothing.setSingleStep(2)
        self.smoothing.setSpecialValueText("not smoothed")
        self.smoothing.setSuffix(" bands")
        self.smoothing.setAccessibleName("Smoothing window")
        self.smoothing.setToolTip("Savitzky-Golay filter, degree 2: width of its window in bands")
        self.normalisation = _combo("Normalisation of the spectra", NORMALISATIONS)
        self.spread = _combo("Spread around means", SPREADS)
        self.spread.setToolTip("Shaded around the means of regions and classes, of values only")
        self.water = QCheckBox("Water windows")
        self.water.setChecked(True)
        self.water.setToolTip(
            "Shade 1350–1430 and 1800–1950 nm, where water vapour absorbs the light"
        )
        self.more = _button("tune-variant", "Smoothing, normalisation, spread, water windows")
        self.more.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.means = _button("chart-multiple", "Class means of the labelled pixels")
        self.selection_mean = _button("select-group", "Mean of the selected pixels")
        self.save = _button("content-save-outline", "Save the spectra as CSV or library…")
        self.picture = _button("image-outline", "Save the plot as PNG or SVG…")
        self.enlarge = _button("arrow-expand", "Show spectra large (F9)")
        self.remove = _button("trash-can-outline", "Remove the selected spectra")
        self._icons = {
            self.more: "tune-variant",
            self.means: "chart-multiple",
            self.selection_mean: "select-group",
            self.save: "content-save-outline",
            self.picture: "image-outline",
            self.enlarge: "arrow-expand",
            self.remove: "trash-can-outline",
        }
        self.options = self._options()
        shown = QWidgetAction(self)
        shown.setDefaultWidget(self.options)
        menu = QMenu(self)
        menu.addAction(shown)
        self.more.setMenu(menu)
        self._lay_out()
        for box in (self.view, self.normalisation):
            box.currentIndexChanged.connect(self._on_treatment)
        self.smoothing.valueChanged.connect(self._on_treatment)
        self.unit.currentIndexChanged.connect(self._on_unit)
        self.spread.currentIndexChanged.connect(self._on_spread)
        self.water.toggled.connect(self.water_toggled)
        self.means.clicked.connect(self.class_means_requested)
        self.selection_mean.clicked.connect(self.selection_mean_requested)
        self.save.clicked.connect(self.save_requested)
        self.picture.clicked.connect(self.picture_requested)
        self.enlarge.clicked.connect(self.enlarge_requested)
        self.remove.clicked.connect(self.curves.remove_chosen)

    @property
    def treatment(self) -> Treatment:
        """The settings of the controls."""
        window = self.smoothing.value()
        return Treatment(
            window | 1 if window > 1 else 0,
            self.view.currentData(),
            self.normalisation.currentData(),
        )

    def choose_view(self, name: str) -> None:
        """Choose a view by its name."""
        self.view.setCurrentIndex(self.view.findData(name))

    def show_units(self, *, known: bool) -> None:
        """Offer wavelengths only where the cube knows them."""
        self.unit.setEnabled(known)
        with QSignalBlocker(self.unit):  # what the user has chosen holds for the next cube
            self.unit.setCurrentIndex(self.unit.findData(self._unit if known else "band"))
        missing = "No wavelengths: band numbers are shown. Add them with File › Edit metadata…"
        self.unit.setToolTip("Unit of the axis" if known else missing)

    def refresh_theme(self) -> None:
        """Draw the icons in the colours of the theme."""
        for button, name in self._icons.items():
            button.setIcon(icon(name))

    def _options(self) -> QWidget:
        options = QWidget()
        form = QFormLayout(options)
        form.setContentsMargins(10, 8, 10, 8)
        form.setVerticalSpacing(6)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        self._form = form
        form.addRow("Smooth", self.smoothing)
        form.addRow("Scale", self.normalisation)
        form.addRow("Spread", self.spread)
        form.addRow("", self.water)
        return options

    def _lay_out(self) -> None:
        self.head = QWidget()
        head = QHBoxLayout(self.head)
        head.setContentsMargins(0, 0, 0, 0)
        head.setSpacing(4)
        head.addWidget(self.view, 1)
        head.addWidget(self.unit)
        head.addWidget(self.more)
        buttons = self._buttons = QHBoxLayout()
        buttons.setSpacing(2)
        for button in (self.means, self.selection_mean, self.save, self.picture, self.enlarge):
            buttons.addWidget(button)
        buttons.addStretch(1)
        buttons.addWidget(self.remove)
        below = QWidget()
        column = self._column = QVBoxLayout(below)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        column.addWidget(self.curves, 1)
        column.addLayout(buttons)
        self.splitter = QSplitter(Qt.Orientation.Vertical)
        self.splitter.setChildrenCollapsible(False)
        self.splitter.addWidget(self.plot)
        self.splitter.addWidget(below)
        self.splitter.setStretchFactor(0, 3)
        self.splitter.setStretchFactor(1, 1)
        self.splitter.setSizes([240, 120])
        self.plot.setMinimumHeight(80)
        self.curves.setMinimumHeight(30)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(6, 2, 6, 4)
        layout.setSpacing(4)
        layout.addWidget(self.head)
        layout.addWidget(self.splitter, 1)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Put the list below the plot, or beside it where the panel is a strip."""
        super().resizeEvent(event)
        width, height = event.size().width(), event.size().height()
        strip = width > STRIP * height
        self.enlarge.setVisible(strip and height < LOW_LINES * self.fontMetrics().lineSpacing())
        needed = sum(w.sizeHint().width() + 4 for w in (self.view, self.unit, self.more))
        self._fold(strip and needed > MOST_BESIDE * width)
        if strip == (self.splitter.orientation() == Qt.Orientation.Horizontal):
            return
        layout = self._column if strip else self.layout()
        if isinstance(layout, QVBoxLayout):
            layout.insertWidget(0, self.head)
        self.splitter.setOrientation(
            Qt.Orientation.Horizontal if strip else Qt.Orientation.Vertical
        )
        self.splitter.setSizes([720, 240] if strip else [240, 120])

    def _fold(self, fold: bool) -> None:
        """Put the choices of view and unit among the options, where the plot needs their room."""
        if fold != self.head.isHidden():
            self.head.setHidden(fold)
            head = self.head.layout()
            if fold:
                self._form.insertRow(0, "View", self.view)
                self._form.insertRow(1, "Unit", self.unit)
                self._buttons.insertWidget(0, self.more)
            elif isinstance(head, QHBoxLayout):
                for box in (self.view, self.unit):
                    row = self._form.takeRow(box)
                    if (label := row.labelItem.widget()) is not None:
                        label.deleteLater()
                    head.addWidget(box, int(box is self.view))
                head.addWidget(self.more)
            self.splitter.setSizes([720, 240])

    @Slot()
    def _on_treatment(self) -> None:
        self.treatment_changed.emit(self.treatment)

    @Slot()
    def _on_unit(self) -> None:
        self._unit = self.unit.currentData()
        self.unit_changed.emit(self._unit)

    @Slot()
    def _on_spread(self) -> None:
        self.spread_changed.emit(self.spread.currentData())


def _combo(name: str, items: tuple[tuple[str, ...], ...]) -> QComboBox:
    """A list of (text, data) or (text, data, tool tip)."""
    box = ChoiceBox()
    box.setAccessibleName(name)
    box.setToolTip(name)
    box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
    box.setMinimumContentsLength(8)
    for text, data, *tip in items:
        box.addItem(text, data)
        if tip:
            box.setItemData(box.count() - 1, tip[0], Qt.ItemDataRole.ToolTipRole)
    return box


def _button(icon_name: str, words: str) -> QToolButton:
    button = QToolButton()
    button.setIcon(icon(icon_name))
    button.setToolTip(words)
    button.setAccessibleName(words)
    button.setAutoRaise(True)
    return button
