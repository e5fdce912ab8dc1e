"""PreferencesDialog: what the application does by default."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import (
    QAbstractItemView,
    QCheckBox,
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QPushButton,
    QSpinBox,
    QTableWidget,
    QTableWidgetItem,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from hsi_viewer.preferences.settings import MAX_PRESETS, Settings
from hsi_viewer.ui.tools.brush import MAX_SIZE
from hsi_viewer.ui.widgets.choice_box import ChoiceBox
from hsi_viewer.ui.widgets.decimal_box import DecimalBox
from hsi_viewer.ui.wrapped_label import WrappedLabel

THEMES = {"Follow system": "system", "Light": "light", "Dark": "dark"}
STRETCHES = {
    "Percentiles": "percentile",
    "Minimum to maximum": "minmax",
    "Gaussian": "gaussian",
    "Equalize": "equalize",
}
DEVICES = {
    "Fastest available": "auto",
    "Processor (CPU)": "cpu",
    "NVIDIA graphics card (CUDA)": "cuda",
    "Apple graphics (MPS)": "mps",
}
NEW_PRESET = ["New preset", 860.0, 650.0, 550.0]
MAX_NM = 1_000_000.0
PRESET_LETTERS = 54  # width of the list of band presets


class PreferencesDialog(QDialog):
    """Shows a copy of the settings; `apply_to` writes what was chosen.

    Signals
    -------
    clean_requested() : the cache should be emptied now.
    """

    clean_requested = Signal()

    def __init__(self, settings: Settings, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle("Preferences")
        self.theme = _choice(THEMES, "Theme")
        self.text_percent = _number(50, 200, "Text size", " %", 5)
        self.stretch = _choice(STRETCHES, "Stretch")
        self.low, self.high = _percent("Black at percentile"), _percent("White at percentile")
        self.presets = _preset_table()
        self.add_preset = QPushButton("&Add")
        self.remove_preset = QPushButton("&Remove")
        self.brush_size = _number(1, MAX_SIZE, "Brush size", " px", 2)
        self.brush_square = QCheckBox("Square")
        self.autosave = _number(0, 120, "Autosave", " min")
        self.autosave.setSpecialValueText("Never")
        self.device = _choice(DEVICES, "Train on")
        self.cache = _number(0, 1_000_000, "Overview cache", " MB", 500)
        self.cache.setSpecialValueText("None")
        self.clean = QPushButton("&Clear now")
        self.buttons = QDialogButtonBox(
            QDialogButtonBox.StandardButton.Ok
            | QDialogButtonBox.StandardButton.Cancel
            | QDialogButtonBox.StandardButton.RestoreDefaults
        )
        self._lay_out()
        self._connect()
        self.show_settings(settings)

    def show_settings(self, settings: Settings) -> None:
        """Fill in the settings."""
        for box, value in (
            (self.theme, settings.theme),
            (self.stretch, settings.stretch),
            (self.device, settings.device),
        ):
            box.setCurrentIndex(box.findData(value))
        self.text_percent.setValue(settings.text_percent)
        low, high = settings.stretch_percent
        self.low.setValue(low)
        self.high.setValue(high)
        self.presets.setRowCount(0)
        for preset in settings.band_presets:
            self._add_row(preset)
        self.brush_size.setValue(settings.brush_size)
        self.brush_square.setChecked(settings.brush_square)
        self.autosave.setValue(settings.autosave_minutes)
        self.cache.setValue(settings.cache_megabytes)
        self._refresh()

    def apply_to(self, settings: Settings) -> None:
        """Write what was chosen into the settings."""
        settings.theme = self.theme.currentData()
        settings.text_percent = self.text_percent.value()
        settings.stretch = self.stretch.currentData()
        settings.stretch_percent = [self.low.value(), self.high.value()]
        settings.band_presets = self._chosen_presets()
        settings.brush_size = self.brush_size.value() | 1
        settings.brush_square = self.brush_square.isChecked()
        settings.autosave_minutes = self.autosave.value()
        settings.device = self.device.currentData()
        settings.cache_megabytes = self.cache.value()

    def disabled_reason(self) -> str | None:
        """Why the choices cannot be taken over, or None."""
        if self.low.value() >= self.high.value():
            return "The black percentile must be below the white one."
        names = [self._text(row, 0) for row in range(self.presets.rowCount())]
        if not all(names):
            return "A preset needs a name."
        if len(set(names)) < len(names):
            return "Two presets have the same name."
        for row, name in enumerate(names):
            if any(self._wavelength(row, column) is None for column in (1, 2, 3)):
                return f"“{name}” needs three wavelengths in nm."
        return None

    # -----------------------------------------------------------------------------------------

    def _lay_out(self) -> None:
        percent = QHBoxLayout()
        for widget in (self.low, QLabel("to"), self.high):
            percent.addWidget(widget)
        percent.addStretch(1)
        preset_buttons = QHBoxLayout()
        preset_buttons.addWidget(self.add_preset)
        preset_buttons.addWidget(self.remove_preset)
        preset_buttons.addStretch(1)
        brush = QHBoxLayout()
        brush.addWidget(self.brush_size)
        brush.addWidget(self.brush_square)
        brush.addStretch(1)
        cache = QHBoxLayout()
        cache.addWidget(self.cache)
        cache.addWidget(self.clean)
        cache.addStretch(1)
        self.tabs = QTabWidget()
        self.tabs.setDocumentMode(True)
        self.tabs.setUsesScrollButtons(False)  # the dialog is as wide as the names of its pages
        self.tabs.setAccessibleName("Preference pages")
        self.tabs.addTab(
            _page(
                ("Theme", self.theme),
                ("Text size", self.text_percent),
                ("", _note("Relative to the system's text size.")),
            ),
            "Appearance",
        )
        self.tabs.addTab(
            _page(
                ("Stretch", self.stretch),
                ("Percentiles", percent),
                ("", _note("For scenes opened from now on.")),
                ("Band presets", self.presets),
                ("", preset_buttons),
            ),
            "Picture",
        )
        self.tabs.addTab(_page(("Brush", brush), ("Autosave every", self.autosave)), "Labels")
        self.tabs.addTab(
            _page(
                ("Train on", self.device),
                ("", _note("If the device isn't available, you are told when training starts.")),
                ("Overviews", cache),
                (
                    "",
                    _note("For the overviews of large scenes; the oldest are deleted first."),
                ),
            ),
            "Computing",
        )
        self.reason = QLabel()
        self.reason.setObjectName("muted")
        layout = QVBoxLayout(self)
        layout.addWidget(self.tabs)
        layout.addWidget(self.reason)
        layout.addWidget(self.buttons)

    def _connect(self) -> None:
        self.add_preset.clicked.connect(self._on_add)
        self.remove_preset.clicked.connect(self._on_remove)
        self.clean.clicked.connect(self.clean_requested)
        for box in (self.low, self.high):
            box.valueChanged.connect(self._refresh)
        self.stretch.currentIndexChanged.connect(self._refresh)
        self.presets.itemChanged.connect(self._refresh)
        self.presets.itemSelectionChanged.connect(self._refresh)
        self.buttons.accepted.connect(self.accept)
        self.buttons.rejected.connect(self.reject)
        restore = self.buttons.button(QDialogButtonBox.StandardButton.RestoreDefaults)
        restore.clicked.connect(self._restore)

    @Slot()
    def _restore(self) -> None:
        """Show the first settings; the user's own presets stay."""
        self.show_settings(Settings(band_presets=self._chosen_presets()))

    @Slot()
    def _refresh(self) -> None:
        by_percent = self.stretch.currentData() == "percentile"
        self.low.setEnabled(by_percent)
        self.high.setEnabled(by_percent)
        self.add_preset.setEnabled(self.presets.rowCount() < MAX_PRESETS)
        self.remove_preset.setEnabled(self.presets.currentRow() >= 0)
        reason = self.disabled_reason()
        self.reason.setText(reason or "")
        self.buttons.button(QDialogButtonBox.StandardButton.Ok).setEnabled(reason is None)

    @Slot()
    def _on_add(self) -> None:
        self._add_row(NEW_PRESET)
        row = self.presets.rowCount() - 1
        self.presets.setCurrentCell(row, 0)
        self.presets.edit(self.presets.model().index(row, 0))

    @Slot()
    def _on_remove(self) -> None:
        self.presets.removeRow(self.presets.currentRow())
        self._refresh()

    def _add_row(self, preset: list[Any]) -> None:
        row = self.presets.rowCount()
        self.presets.insertRow(row)
        for column, value in enumerate(preset):
            text = value if column == 0 else f"{value:g}"
            item = QTableWidgetItem(text)
            if column:
                item.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            self.presets.setItem(row, column, item)

    def _text(self, row: int, column: int) -> str:
        item = self.presets.item(row, column)
        return item.text().strip() if item is not None else ""

    def _wavelength(self, row: int, column: int) -> float | None:
        try:
            value = float(self._text(row, column).replace(",", "."))
        except ValueError:
            return None
        return value if 0 < value < MAX_NM else None

    def _chosen_presets(self) -> list[list[Any]]:
        rows = range(self.presets.rowCount())
        found = [[self._text(r, 0), *(self._wavelength(r, c) for c in (1, 2, 3))] for r in rows]
        return [p for p in found if p[0] and None not in p]


def _choice(choices: dict[str, str], name: str) -> QComboBox:
    box = ChoiceBox()
    box.setAccessibleName(name)
    for words, value in choices.items():
        box.addItem(words, value)
    return box


def _number(least: int, most: int, name: str, suffix: str, step: int = 1) -> QSpinBox:
    box = QSpinBox()
    box.setRange(least, most)
    box.setSingleStep(step)
    box.setSuffix(suffix)
    box.setAccessibleName(name)
    return box


def _percent(name: str) -> DecimalBox:
    box = DecimalBox()
    box.setRange(0.0, 100.0)
    box.setDecimals(1)
    box.setSuffix(" %")
    box.setAccessibleName(name)
    return box


def _preset_table() -> QTableWidget:
    table = QTableWidget(0, 4)
    table.setTabKeyNavigation(False)  # Tab goes on to the next control
    table.setAccessibleName("Band presets: names and wavelengths in nm")
    table.setHorizontalHeaderLabels(["Name", "Red nm", "Green nm", "Blue nm"])
    table.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
    table.horizontalHeader().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
    table.verticalHeader().hide()
    table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
    metrics = table.fontMetrics()
    table.setMinimumSize(PRESET_LETTERS * metrics.averageCharWidth(), 8 * metrics.height())
    return table


def _note(text: str) -> QLabel:
    note = WrappedLabel(text)
    note.setObjectName("muted")
    return note


def _page(*rows: tuple[str, QWidget | QHBoxLayout]) -> QWidget:
    page = QWidget()
    form = QFormLayout(page)
    for words, field in rows:
        form.addRow(words, field)
    return page
