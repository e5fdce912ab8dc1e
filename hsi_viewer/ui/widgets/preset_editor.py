"""PresetEditor: the user's own band presets, by wavelength."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import (
    QAbstractItemView,
    QDialog,
    QDialogButtonBox,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QPushButton,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from hsi_viewer.core.cube.band_selection import PRESETS, BandPreset
from hsi_viewer.ui.dialogs import resize_for_text
from hsi_viewer.ui.widgets.allowed import allow
from hsi_viewer.ui.wrapped_label import WrappedLabel

COLUMNS = ("Name", "Red (nm)", "Green (nm)", "Blue (nm)")


class PresetEditor(QDialog):
    """A table of presets: added, changed and deleted until Save.

    Signals
    -------
    saved(tuple[BandPreset, ...]).

    Parameters
    ----------
    presets : the user's.
    shown : wavelengths in nm of the bands on the screen, or None if they are not known.
    """

    saved = Signal(object)

    def __init__(
        self,
        presets: tuple[BandPreset, ...],
        shown: tuple[float, float, float] | None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle("Band presets")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._shown = shown or (640.0, 550.0, 470.0)
        self.table = QTableWidget(0, len(COLUMNS))
        self.table.setTabKeyNavigation(False)  # Tab goes on to the next control
        self.table.setAccessibleName("Band presets")
        self.table.setHorizontalHeaderLabels(list(COLUMNS))
        self.table.verticalHeader().hide()
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        header = self.table.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        for preset in presets:
            self._append(preset)
        self.table.itemChanged.connect(self._check)
        self.add = QPushButton("Add the current bands")
        self.add.clicked.connect(self.add_shown)
        self.delete = QPushButton("Delete")
        self.delete.clicked.connect(self.delete_selected)
        self.message = WrappedLabel()
        self.message.setObjectName("muted")
        self.buttons = QDialogButtonBox(
            QDialogButtonBox.StandardButton.Save | QDialogButtonBox.StandardButton.Cancel
        )
        self.buttons.accepted.connect(self._on_save)
        self.buttons.rejected.connect(self.reject)
        actions = QHBoxLayout()
        actions.addWidget(self.add)
        actions.addWidget(self.delete)
        actions.addStretch(1)
        layout = QVBoxLayout(self)
        layout.addWidget(QLabel("Presets show the good bands nearest to three wavelengths."))
        layout.addWidget(self.table, 1)
        layout.addLayout(actions)
        layout.addWidget(self.message)
        layout.addWidget(self.buttons)
        resize_for_text(self, 520, 340)
        self._check()

    @Slot()
    def add_shown(self) -> None:
        """Add a row with the wavelengths that are on the screen, ready to be named."""
        taken = {self._text(row, 0) for row in range(self.table.rowCount())}
        number = next(n for n in range(1, 1000) if f"Preset {n}" not in taken)
        self._append(BandPreset(f"Preset {number}", self._shown))
        row = self.table.rowCount() - 1
        self.table.setCurrentCell(row, 0)
        self.table.setFocus()
        self._check()

    @Slot()
    def delete_selected(self) -> None:
        """Delete the row that is chosen."""
        if self.table.currentRow() >= 0:
            self.table.removeRow(self.table.currentRow())
        self._check()

    def presets(self) -> tuple[BandPreset, ...]:
        """The presets in the table.

        Raises
        ------
        ValueError
            saying what is not valid.
        """
        found: list[BandPreset] = []
        taken = {p.name for p in PRESETS}
        for row in range(self.table.rowCount()):
            name = self._text(row, 0)
            if not name:
                raise ValueError(f"Row {row + 1} has no name.")
            if name in taken:
                raise ValueError(f"“{name}” already exists: choose another name.")
            taken.add(name)
            red, green, blue = (self._wavelength(row, column, name) for column in (1, 2, 3))
            found.append(BandPreset(name, (red, green, blue)))
        return tuple(found)

    def _wavelength(self, row: int, column: int, name: str) -> float:
        try:
            value = float(self._text(row, column).replace(",", "."))
        except ValueError:
            value = 0.0
        if not 100.0 <= value <= 100_000.0:
            raise ValueError(f"“{name}”: {COLUMNS[column]} needs a wavelength such as 860.")
        return value

    def _append(self, preset: BandPreset) -> None:
        row = self.table.rowCount()
        self.table.insertRow(row)
        texts = (preset.name, *(f"{w:g}" for w in preset.wavelengths))
        for column, text in enumerate(texts):
            self.table.setItem(row, column, QTableWidgetItem(text))

    def _text(self, row: int, column: int) -> str:
        item = self.table.item(row, column)
        return item.text().strip() if item is not None else ""

    @Slot()
    def _check(self) -> None:
        problem = ""
        try:
            self.presets()
        except ValueError as error:
            problem = str(error)
        self.message.setText(problem)
        allow(self.buttons.button(QDialogButtonBox.StandardButton.Save), problem)
        allow(self.delete, "" if self.table.rowCount() else "There are no presets yet")

    @Slot()
    def _on_save(self) -> None:
        self.saved.emit(self.presets())
        self.accept()
