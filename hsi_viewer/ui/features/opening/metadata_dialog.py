"""MetadataDialog: wavelengths, bad bands, nodata and scale of a cube, as the user knows them."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
from msgspec import Struct
from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QGuiApplication, QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QDialog,
    QFormLayout,
    QHBoxLayout,
    QHeaderView,
    QLineEdit,
    QPushButton,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.text import ranges
from hsi_viewer.ui.dialogs import accept_or_cancel, muted, resize_for_text
from hsi_viewer.ui.widgets.choice_box import ChoiceBox
from hsi_viewer.ui.wrapped_label import WrappedLabel

CHECKABLE = Qt.ItemFlag.ItemIsUserCheckable | Qt.ItemFlag.ItemIsEnabled
UNITS = (("nm", 1.0), ("µm", 1000.0), ("Å", 0.1))
LONGEST_NM = 1e5  # 100 µm: beyond it no imaging spectrometer sees; the unit is wrong
NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?")
DECIMAL_COMMA = re.compile(r"[-+]?\d+,\d+")


class BandList(Struct, frozen=True):
    """Wavelengths (nm) that a file lists, and what was assumed about them."""

    name: str
    nm: tuple[float, ...]
    remarks: tuple[str, ...] = ()


class MetadataDialog(QDialog):
    """Asks for wavelengths, bad bands, nodata and scale of a cube.

    Parameters
    ----------
    cube : whose metadata they are.
    data : name of the file of its values, or "" if it is not a file of the user's.

    Signals
    -------
    file_wanted() : wavelengths are to be taken from a file; `take_wavelengths` takes them.
    """

    file_wanted = Signal()

    def __init__(self, cube: HyperCube, parent: QWidget, data: str = "") -> None:
        super().__init__(parent)
        self.setWindowTitle(f"Metadata of {cube.name}")
        self._cube = cube
        self.nodata = QLineEdit(_nodata_text(cube))
        self.nodata.setPlaceholderText("none; to give several: -9999; 65535")
        self.nodata.setAccessibleName("No-data value")
        self.scale = QLineEdit(_text(cube.scale))
        self.scale.setAccessibleName("Scale")
        self.bad = QLineEdit()
        self.bad.setPlaceholderText("none; for example 1-3, 104-108, 220")
        self.bad.setAccessibleName("Bad bands")
        self.units = ChoiceBox()
        self.units.setAccessibleName("Unit of the wavelengths")
        for text, factor in UNITS:
            self.units.addItem(text, factor)
        self.paste = QPushButton("Paste a list")
        self.paste.setToolTip(
            "Numbers from the clipboard, starting at the selected band: a column of a table or "
            "the list in a header"
        )
        self.from_file = QPushButton("From a file…")
        self.from_file.setToolTip(
            "Wavelengths from an ENVI header, a table, a spectral library or another cube"
        )
        row = QHBoxLayout()
        row.addWidget(self.units, 1)
        row.addWidget(self.paste)
        row.addWidget(self.from_file)
        self._fill_table()
        form = QFormLayout()
        form.addRow("No-data value", self.nodata)
        form.addRow("Stored value × scale = reflectance", self.scale)
        form.addRow("Bad bands", self.bad)
        form.addRow("Unit of the wavelengths", row)
        self.error = WrappedLabel()
        layout = QVBoxLayout(self)
        layout.addLayout(form)
        layout.addWidget(self.table, 1)
        if data:
            layout.addWidget(
                muted(f"Saved next to the file ({data}.hsi.json); the file itself is not changed.")
            )
        else:
            layout.addWidget(muted("Read-only location: kept until you close the scene."))
        layout.addWidget(self.error)
        self.buttons = accept_or_cancel(self, "Save")
        layout.addWidget(self.buttons)
        self._list_bad()
        self.paste.clicked.connect(self.paste_wavelengths)
        self.from_file.clicked.connect(self.file_wanted)
        keys = QShortcut(QKeySequence(QKeySequence.StandardKey.Paste), self.table)
        keys.setContext(Qt.ShortcutContext.WidgetShortcut)
        keys.activated.connect(self.paste_wavelengths)
        self.table.itemChanged.connect(self._on_item)
        self.bad.textEdited.connect(self._on_bad)
        resize_for_text(self, 480, 640)

    @Slot()
    def accept(self) -> None:
        """Close only when every entry can be used."""
        try:
            self.chosen()
        except ValueError as error:
            self.error.setText(str(error))
        else:
            super().accept()

    def chosen(self) -> dict[str, Any]:
        """Fields of the sidecar that differ from the cube.

        Raises
        ------
        ValueError
            if an entry cannot be used.
        """
        cube = self._cube
        fields: dict[str, Any] = {}
        if self.nodata.text() != _nodata_text(cube):
            texts = [t for t in self.nodata.text().split(";") if t.strip()]
            values = [_number(t.strip(), "The no-data value") for t in texts]
            fields["nodata"] = values[0] if values else None
            if values[1:] or cube.fill_values:
                fields["fill_values"] = values[1:]
        scale = _number(self.scale.text(), "The scale")
        if not 0 < scale < np.inf:
            raise ValueError("The scale must be above 0.")
        if scale != cube.scale:
            fields["scale"] = scale
        good = np.ones(cube.bands, bool)
        good[_bands(self.bad.text(), cube.bands)] = False
        if good.tolist() != cube.good_bands.tolist():
            fields["good_bands"] = good.tolist()
        nm = self._wavelengths()
        old = cube.wavelengths
        if nm is None:
            if old is not None:
                fields["wavelengths_nm"] = None
        elif old is None or not np.allclose(nm, old, rtol=1e-9, equal_nan=True):
            _check_wavelengths(nm)
            fields["wavelengths_nm"] = nm
        return fields

    @Slot()
    def paste_wavelengths(self) -> None:
        """Fill the wavelengths from the clipboard, from the selected band on."""
        numbers = listed_numbers(QGuiApplication.clipboard().text())
        start, bands = max(0, self.table.currentRow()), self._cube.bands
        start = 0 if len(numbers) == bands else start
        if not numbers or start + len(numbers) > bands:
            self.error.setText(
                f"The clipboard contains {len(numbers)} numbers; there are {bands - start} bands "
                "to fill."
            )
            return
        for band, text in enumerate(numbers, start):
            self._item(band, 0).setText(text)
        self.error.setText(f"{len(numbers)} wavelengths pasted.")

    @Slot(object)
    def take_wavelengths(self, found: BandList) -> None:
        """Fill in the wavelengths of a file, and show what was assumed."""
        bands = self._cube.bands
        if len(found.nm) != bands:
            message = f"{found.name} lists {len(found.nm)} wavelengths; the cube has {bands} bands."
            self.error.setText(message)
            return
        self.units.setCurrentIndex(0)
        for band, value in enumerate(found.nm):
            self._item(band, 0).setText(f"{value:.10g}" if np.isfinite(value) else "")
        message = f"{bands} wavelengths taken from {found.name}."
        self.error.setText(" ".join([message, *found.remarks]))

    @Slot(object)
    def show_problem(self, error: Exception) -> None:
        """Show why a file gave no wavelengths."""
        self.error.setText(str(error))

    def _wavelengths(self) -> list[float] | None:
        texts = [self._item(b, 0).text().strip() for b in range(self._cube.bands)]
        if not any(texts):
            return None
        if "" in texts:
            raise ValueError(
                f"Band {texts.index('') + 1} has no wavelength: fill in all of them or none."
            )
        factor = float(self.units.currentData())
        return [_number(t, f"Band {b}: the wavelength") * factor for b, t in enumerate(texts, 1)]

    def _fill_table(self) -> None:
        cube = self._cube
        self.table = QTableWidget(cube.bands, 2)
        self.table.setTabKeyNavigation(False)  # Tab goes on to the next control
        self.table.setAccessibleName("Bands")
        self.table.setHorizontalHeaderLabels(["Wavelength", "Good"])
        self.table.setVerticalHeaderLabels([f"band {b + 1}" for b in range(cube.bands)])
        self.table.horizontalHeader().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        for band in range(cube.bands):
            nm = "" if cube.wavelengths is None else f"{cube.wavelengths[band]:.10g}"
            self.table.setItem(band, 0, QTableWidgetItem(nm))
            good = QTableWidgetItem()
            good.setFlags(CHECKABLE)
            state = Qt.CheckState.Checked if cube.good_bands[band] else Qt.CheckState.Unchecked
            good.setCheckState(state)
            self.table.setItem(band, 1, good)

    @Slot(QTableWidgetItem)
    def _on_item(self, item: QTableWidgetItem) -> None:
        if item.column() == 1:
            self._list_bad()

    def _list_bad(self) -> None:
        """Write the bands that are not checked into the field."""
        bands = range(self._cube.bands)
        bad = [b for b in bands if self._item(b, 1).checkState() != Qt.CheckState.Checked]
        self.bad.setText(ranges(bad))

    @Slot()
    def _on_bad(self) -> None:
        """Check the bands that the field does not list; wait while it is not a list yet."""
        try:
            bad = set(_bands(self.bad.text(), self._cube.bands))
        except ValueError:
            return
        self.table.blockSignals(True)
        for band in range(self._cube.bands):
            state = Qt.CheckState.Unchecked if band in bad else Qt.CheckState.Checked
            self._item(band, 1).setCheckState(state)
        self.table.blockSignals(False)
        self.table.viewport().update()

    def _item(self, row: int, column: int) -> QTableWidgetItem:
        item = self.table.item(row, column)
        assert item is not None  # noqa: S101 - every cell was filled above
        return item


def listed_numbers(text: str) -> list[str]:
    """Numbers of a pasted list, as texts: in lines, columns, or between braces and commas.

    A comma is a decimal point where every word of several is a number with one comma in it.
    """
    words = text.split()
    if len(words) > 1 and all(DECIMAL_COMMA.fullmatch(word) for word in words):
        text = text.replace(",", ".")
    return NUMBER.findall(text)


def _bands(text: str, count: int) -> list[int]:
    """Bands, counted from 0, of a text such as "1-3, 7"."""
    found: list[int] = []
    for part in re.split(r"[,;\s]+", re.sub(r"\s*[-–]\s*", "-", text.strip())):
        if not part:
            continue
        match = re.fullmatch(r"(\d+)(?:-(\d+))?", part)
        first = int(match[1]) if match else 0
        last = int(match[2] or match[1]) if match else 0
        if not 1 <= first <= last <= count:
            raise ValueError(
                f"Bad bands: “{part}” isn't a band or range of bands from 1 to {count}."
            )
        found += range(first - 1, last)
    return found


def _check_wavelengths(nm: list[float]) -> None:
    for band, value in enumerate(nm, 1):
        if not 0 < value <= LONGEST_NM:
            raise ValueError(
                f"Band {band}: {value:g} nm is outside the range of sensors; is the unit right?"
            )


def _nodata_text(cube: HyperCube) -> str:
    """The no-data values of a cube, those included that were found."""
    first = () if cube.nodata is None else (cube.nodata,)
    return "; ".join(_text(value) for value in (*first, *(cube.fill_values or ())))


def _text(value: float) -> str:
    """A number as it is typed, not rounded: reading it gives the same value."""
    return repr(float(value)).removesuffix(".0")


def _number(text: str, what: str) -> float:
    try:
        return float(text.strip().replace(",", "."))
    except ValueError as error:
        raise ValueError(f"{what} must be a number, not “{text}”.") from error
