"""Questions about a file: which array, which reading, and what its metadata should say."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QSize, Qt, Slot
from PySide6.QtGui import QIcon, QImage, QPixmap
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QHeaderView,
    QLabel,
    QLineEdit,
    QListView,
    QListWidget,
    QListWidgetItem,
    QTableWidget,
    QTableWidgetItem,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from hsi_viewer.core.cube import HyperCube

if TYPE_CHECKING:
    from hsi_viewer.io.container import ArrayChoice
    from hsi_viewer.io.doctor import Diagnosis, LikelyReading

AXES: tuple[tuple[str, tuple[str, str, str] | None], ...] = (
    ("as guessed from the sizes", None),
    ("rows, columns, bands", ("rows", "columns", "bands")),
    ("bands, rows, columns", ("bands", "rows", "columns")),
    ("columns, rows, bands", ("columns", "rows", "bands")),
    ("bands, columns, rows", ("bands", "columns", "rows")),
    ("rows, bands, columns", ("rows", "bands", "columns")),
    ("columns, bands, rows", ("columns", "bands", "rows")),
)
NAME_ROLE = Qt.ItemDataRole.UserRole
MATCH_ALL = Qt.MatchFlag.MatchWildcard | Qt.MatchFlag.MatchRecursive
UNITS = (("nm", 1.0), ("µm", 1000.0), ("Å", 0.1))


def _buttons(dialog: QDialog, accept: str) -> QDialogButtonBox:
    buttons = QDialogButtonBox(
        QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel
    )
    buttons.button(QDialogButtonBox.StandardButton.Ok).setText(accept)
    buttons.accepted.connect(dialog.accept)
    buttons.rejected.connect(dialog.reject)
    return buttons


def _muted(text: str) -> QLabel:
    label = QLabel(text)
    label.setObjectName("muted")
    label.setWordWrap(True)
    return label


class ArrayDialog(QDialog):
    """Asks which array of a file is the cube, and what its axes are."""

    def __init__(self, name: str, choices: tuple[ArrayChoice, ...], parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle(f"Arrays in {name}")
        self.tree = QTreeWidget()
        self.tree.setAccessibleName("Arrays")
        self.tree.setHeaderLabels(["Array", "Shape", "Type"])
        groups: dict[str, QTreeWidgetItem] = {}
        for choice in choices:
            self._add(choice, groups)
        self.tree.expandAll()
        self.tree.header().setSectionResizeMode(0, QHeaderView.ResizeMode.ResizeToContents)
        self.tree.currentItemChanged.connect(self._on_current)
        self.tree.itemDoubleClicked.connect(self.accept)
        self.axes = QComboBox()
        self.axes.setAccessibleName("Order of the axes")
        for text, order in AXES:
            self.axes.addItem(text, order)
        form = QFormLayout()
        form.addRow("Its axes are", self.axes)
        self.buttons = _buttons(self, "Open")
        layout = QVBoxLayout(self)
        layout.addWidget(_muted("Several arrays could be the cube. Which one is it?"))
        layout.addWidget(self.tree)
        layout.addLayout(form)
        layout.addWidget(_muted("The answer is kept beside the file (NAME.hsi.json)."))
        layout.addWidget(self.buttons)
        self.resize(520, 380)
        self.choose(choices[0].name)

    def choose(self, name: str) -> None:
        """Select an array by its full name."""
        for item in self.tree.findItems("*", MATCH_ALL):
            if item.data(0, NAME_ROLE) == name:
                self.tree.setCurrentItem(item)

    def chosen(self) -> dict[str, Any]:
        """Fields of the sidecar: the array, and its axes where they were given."""
        item = self.tree.currentItem()
        fields: dict[str, Any] = {"array": item.data(0, NAME_ROLE) if item else None}
        order = self.axes.currentData()
        return fields if order is None else {**fields, "axes": tuple(order)}

    @Slot()
    def accept(self) -> None:
        """Close only when an array, not a group, is selected."""
        item = self.tree.currentItem()
        if item is not None and item.data(0, NAME_ROLE):
            super().accept()

    @Slot()
    def _on_current(self) -> None:
        item = self.tree.currentItem()
        ready = item is not None and bool(item.data(0, NAME_ROLE))
        self.buttons.button(QDialogButtonBox.StandardButton.Ok).setEnabled(ready)

    def _add(self, choice: ArrayChoice, groups: dict[str, QTreeWidgetItem]) -> None:
        *folders, leaf = [part for part in choice.name.split("/") if part]
        parent, path = self.tree.invisibleRootItem(), ""
        for folder in folders:
            path += f"/{folder}"
            if path not in groups:
                groups[path] = QTreeWidgetItem(parent, [folder])
            parent = groups[path]
        shape = " x ".join(str(n) for n in choice.shape)
        item = QTreeWidgetItem(parent, [leaf, shape, choice.dtype])
        item.setData(0, NAME_ROLE, choice.name)


class DoctorDialog(QDialog):
    """Shows what is wrong with a raw file and its header, and the likely readings as pictures."""

    def __init__(
        self, diagnosis: Diagnosis, thumbnails: list[NDArray[np.uint8]], parent: QWidget
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle(f"Header doctor: {diagnosis.data.name}")
        self._readings = diagnosis.readings
        problem = QLabel(diagnosis.problem or "Header and data agree.")
        problem.setWordWrap(True)
        expected = "unknown" if diagnosis.expected is None else f"{diagnosis.expected:,}"
        self.list = QListWidget()
        self.list.setAccessibleName("Likely readings")
        self.list.setViewMode(QListView.ViewMode.IconMode)
        self.list.setResizeMode(QListView.ResizeMode.Adjust)
        self.list.setMovement(QListView.Movement.Static)
        self.list.setIconSize(QSize(160, 160))
        self.list.setGridSize(QSize(220, 240))
        self.list.setWordWrap(True)
        for number, (reading, picture) in enumerate(
            zip(diagnosis.readings, thumbnails, strict=True), start=1
        ):
            item = QListWidgetItem(_icon_of(picture), _caption(number, reading))
            item.setToolTip(f"{reading.summary}\nscore {reading.score:.2f}")
            self.list.addItem(item)
        self.list.setCurrentRow(0)
        self.list.itemDoubleClicked.connect(self.accept)
        layout = QVBoxLayout(self)
        layout.addWidget(problem)
        layout.addWidget(_muted(f"Bytes expected: {expected}; found: {diagnosis.found:,}."))
        layout.addWidget(self.list, 1)
        layout.addWidget(
            _muted(
                "Choose the picture that looks right. The answer is kept beside the file "
                f"({diagnosis.data.name}.hsi.json); the file and its header stay as they are."
            )
        )
        self.buttons = _buttons(self, "Read it like this")
        layout.addWidget(self.buttons)
        self.resize(740, 640)

    def chosen(self) -> LikelyReading:
        """The chosen reading."""
        return self._readings[self.list.currentRow()]


def _caption(number: int, reading: LikelyReading) -> str:
    changes = ", ".join(reading.changes) or "as the header says"
    return f"{number}. {changes}"


def _icon_of(picture: NDArray[np.uint8]) -> QIcon:
    rgb = np.ascontiguousarray(picture)
    height, width = rgb.shape[:2]
    image = QImage(rgb.data, width, height, 3 * width, QImage.Format.Format_RGB888)
    pixmap = QPixmap.fromImage(image)
    scaled = pixmap.scaled(
        160, 160, Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.FastTransformation
    )
    return QIcon(scaled)


class MetadataDialog(QDialog):
    """Asks for wavelengths, bad bands, nodata and scale of a cube."""

    def __init__(self, cube: HyperCube, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle(f"Metadata of {cube.name}")
        self._cube = cube
        self.nodata = QLineEdit("" if cube.nodata is None else f"{cube.nodata:g}")
        self.nodata.setPlaceholderText("none")
        self.nodata.setAccessibleName("No-data value")
        self.scale = QLineEdit(f"{cube.scale:g}")
        self.scale.setAccessibleName("Scale")
        self.units = QComboBox()
        self.units.setAccessibleName("Unit of the wavelengths")
        for text, factor in UNITS:
            self.units.addItem(text, factor)
        self.table = QTableWidget(cube.bands, 2)
        self.table.setAccessibleName("Bands")
        self.table.setHorizontalHeaderLabels(["Wavelength", "Good"])
        self.table.setVerticalHeaderLabels([f"band {b + 1}" for b in range(cube.bands)])
        for band in range(cube.bands):
            nm = "" if cube.wavelengths is None else f"{cube.wavelengths[band]:.10g}"
            self.table.setItem(band, 0, QTableWidgetItem(nm))
            good = QTableWidgetItem()
            good.setFlags(Qt.ItemFlag.ItemIsUserCheckable | Qt.ItemFlag.ItemIsEnabled)
            state = Qt.CheckState.Checked if cube.good_bands[band] else Qt.CheckState.Unchecked
            good.setCheckState(state)
            self.table.setItem(band, 1, good)
        form = QFormLayout()
        form.addRow("No-data value", self.nodata)
        form.addRow("Stored value × scale = reflectance", self.scale)
        form.addRow("Wavelengths are in", self.units)
        self.error = QLabel()
        self.error.setWordWrap(True)
        layout = QVBoxLayout(self)
        layout.addLayout(form)
        layout.addWidget(self.table, 1)
        layout.addWidget(
            _muted("Kept beside the file (NAME.hsi.json); the file itself is not changed.")
        )
        layout.addWidget(self.error)
        self.buttons = _buttons(self, "Save")
        layout.addWidget(self.buttons)
        self.resize(460, 600)

    @Slot()
    def accept(self) -> None:
        """Close only when every entry is a number."""
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
            if an entry is no number.
        """
        cube = self._cube
        fields: dict[str, Any] = {}
        nodata = _number(self.nodata.text(), "The no-data value") if self.nodata.text() else None
        if nodata != cube.nodata:
            fields["nodata"] = nodata
        scale = _number(self.scale.text(), "The scale")
        if scale is None or scale <= 0:
            raise ValueError("The scale must be above 0.")
        if scale != float(f"{cube.scale:g}"):
            fields["scale"] = scale
        good = [self._item(b, 1).checkState() == Qt.CheckState.Checked for b in range(cube.bands)]
        if good != cube.good_bands.tolist():
            fields["good_bands"] = good
        texts = [self._item(b, 0).text().strip() for b in range(cube.bands)]
        if any(texts):
            factor = float(self.units.currentData())
            nm = [_number(t, f"Band {b}: the wavelength") * factor for b, t in enumerate(texts, 1)]
            old = cube.wavelengths
            if old is None or not np.allclose(nm, old, rtol=1e-9, equal_nan=True):
                fields["wavelengths_nm"] = nm
        return fields

    def _item(self, row: int, column: int) -> QTableWidgetItem:
        item = self.table.item(row, column)
        assert item is not None  # noqa: S101 - every cell was filled above
        return item


def _number(text: str, what: str) -> float:
    try:
        return float(text.replace(",", "."))
    except ValueError as error:
        raise ValueError(f"{what} must be a number, not “{text}”.") from error
