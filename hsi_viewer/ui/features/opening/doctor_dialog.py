"""DoctorDialog: the likely readings of a raw file as pictures, and fields for any other one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QSize, Qt, Signal, Slot
from PySide6.QtGui import QColor, QIcon, QImage, QPainter, QPixmap
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QGridLayout,
    QListView,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from hsi_viewer.ui.dialogs import accept_button, accept_or_cancel, muted, resize_for_text
from hsi_viewer.ui.widgets.allowed import allow
from hsi_viewer.ui.widgets.choice_box import ChoiceBox
from hsi_viewer.ui.wrapped_label import WrappedLabel

if TYPE_CHECKING:
    from hsi_viewer.io.envi.layout import Layout
    from hsi_viewer.io.header_doctor.diagnose import Diagnosis, LikelyReading

SIDE = 160
THINNEST = 24  # a scene of one row is drawn as thick as this, to be visible
TYPES = (
    "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64", "float32", "float64",
    "complex64", "complex128",
)  # fmt: skip
INTERLEAVES = ("bsq", "bil", "bip")
MOST = 2**31 - 1
FORGOTTEN = 2


class LayoutFields(QWidget):
    """Rows, columns, bands, type, interleave, byte order and offset of a raw file.

    Signals
    -------
    edited() : the user changed a field.
    """

    edited = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.rows, self.columns, self.bands = _number(1), _number(1), _number(1)
        self.offset = _number(0)
        self.type, self.interleave, self.byte_order = ChoiceBox(), ChoiceBox(), ChoiceBox()
        self.type.addItems(list(TYPES))
        for name in INTERLEAVES:
            self.interleave.addItem(name.upper(), name)
        self.byte_order.addItem("little-endian", "<")
        self.byte_order.addItem("big-endian", ">")
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        fields: tuple[tuple[str, QSpinBox | QComboBox], ...] = (
            ("Rows", self.rows),
            ("Columns", self.columns),
            ("Bands", self.bands),
            ("Type", self.type),
            ("Interleave", self.interleave),
            ("Byte order", self.byte_order),
            ("Offset", self.offset),
        )
        for column, (title, field) in enumerate(fields):
            field.setAccessibleName(title)
            grid.addWidget(muted(title), 0, column)
            grid.addWidget(field, 1, column)
            if isinstance(field, QSpinBox):
                field.valueChanged.connect(self.edited)
            else:
                field.currentIndexChanged.connect(self.edited)

    def show_layout(self, layout: Layout) -> None:
        """Fill the fields, without a signal."""
        self.blockSignals(True)
        self.rows.setValue(layout.rows)
        self.columns.setValue(layout.columns)
        self.bands.setValue(layout.bands)
        self.offset.setValue(layout.offset)
        self.type.setCurrentText(layout.dtype.name)
        self.interleave.setCurrentIndex(INTERLEAVES.index(layout.interleave))
        self.byte_order.setCurrentIndex(int(layout.dtype.str.startswith(">")))
        self.blockSignals(False)

    def layout_given(self) -> Layout:
        """The layout entered in the fields."""
        from hsi_viewer.io.envi.layout import Layout

        return Layout(
            self.rows.value(),
            self.columns.value(),
            self.bands.value(),
            np.dtype(self.type.currentText()).newbyteorder(self.byte_order.currentData()),
            self.interleave.currentData(),
            self.offset.value(),
            False,
        )


class DoctorDialog(QDialog):
    """Shows what is wrong with a raw file and its header, and lets the user choose how to read it.

    Parameters
    ----------
    diagnosis, thumbnails : of the file, and pictures of its readings.
    answer : the reading that the user has chosen before, or None.

    Attributes
    ----------
    forget : a button that takes the answer back; the dialog ends with `FORGOTTEN` then.
    """

    def __init__(
        self,
        diagnosis: Diagnosis,
        thumbnails: Sequence[NDArray[np.uint8]],
        parent: QWidget,
        answer: Layout | None = None,
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle(f"Header doctor: {diagnosis.data.name}")
        self._diagnosis, self._answer = diagnosis, answer
        problem = WrappedLabel(diagnosis.problem or "Header and data agree.")
        if answer is not None:
            problem.setText(f"{problem.text()} Your earlier choice is used.")
        self.list = QListWidget()
        self.list.setAccessibleName("Likely readings")
        self.list.setViewMode(QListView.ViewMode.IconMode)
        self.list.setResizeMode(QListView.ResizeMode.Adjust)
        self.list.setMovement(QListView.Movement.Static)
        self.list.setIconSize(QSize(SIDE, SIDE))
        self.list.setGridSize(QSize(SIDE + 64, SIDE + 72))
        self.list.setWordWrap(True)
        for number, picture in enumerate(thumbnails):
            reading = diagnosis.readings[number]
            item = QListWidgetItem(_icon_of(picture), self._caption(number, reading))
            item.setToolTip(f"{reading.summary}\nscore {reading.score:.2f}")
            self.list.addItem(item)
        self.list.itemDoubleClicked.connect(self.accept)
        self.fields = LayoutFields()
        self.size_note = WrappedLabel()
        self.buttons = accept_or_cancel(self, "Use this reading")
        self.forget = QPushButton("Forget my choice", self)
        self.forget.setVisible(answer is not None)
        self.forget.setToolTip("Read the file again as its header describes")
        self.forget.clicked.connect(lambda: self.done(FORGOTTEN))
        if answer is not None:
            self.buttons.addButton(self.forget, QDialogButtonBox.ButtonRole.ResetRole)
        layout = QVBoxLayout(self)
        layout.addWidget(problem)
        layout.addWidget(muted("Choose the preview that looks right, or enter what you know."))
        layout.addWidget(self.list, 1)
        layout.addWidget(self.fields)
        layout.addWidget(self.size_note)
        layout.addWidget(
            muted(
                f"Your choice is saved next to the file ({diagnosis.data.name}.hsi.json); the "
                "file and its header are not changed."
            )
        )
        layout.addWidget(self.buttons)
        self.list.currentRowChanged.connect(self._on_current)
        self.fields.edited.connect(self._on_edited)
        layouts = [reading.layout for reading in diagnosis.readings]
        self.list.setCurrentRow(layouts.index(answer) if answer in layouts else 0)
        self._on_edited()
        resize_for_text(self, 780, 680)

    def chosen(self) -> Layout:
        """The chosen or typed reading."""
        return self.fields.layout_given()

    @Slot(int)
    def _on_current(self, row: int) -> None:
        if row >= 0:
            self.fields.show_layout(self._diagnosis.readings[row].layout)
            self._show_size()

    @Slot()
    def _on_edited(self) -> None:
        row = self.list.currentRow()
        if row >= 0 and self._diagnosis.readings[row].layout != self.chosen():
            self.list.setCurrentRow(-1)
        self._show_size()

    def _show_size(self) -> None:
        layout, found = self.chosen(), self._diagnosis.found
        needed = layout.offset + layout.data_bytes
        self.size_note.setText(f"This reading takes {needed:,} bytes; the file has {found:,}.")
        allow(accept_button(self.buttons), "" if needed <= found else "The file has too few bytes")

    def _caption(self, number: int, reading: LikelyReading) -> str:
        at = reading.layout
        kind = [at.dtype.name, at.interleave.upper()]
        if at.dtype.str.startswith(">"):
            kind.append("big-endian")
        lines = [f"{number + 1}. {at.rows} x {at.columns} x {at.bands}", ", ".join(kind)]
        if at.offset:
            lines.append(f"offset {at.offset:,}")
        # Without expected bytes the header could not be understood, and gives no reading.
        if not reading.changes and self._diagnosis.expected is not None:
            lines.append("as in the header")
        if at == self._answer:
            lines.append("as you chose")
        return "\n".join(lines)


def _number(least: int) -> QSpinBox:
    field = QSpinBox()
    field.setRange(least, MOST)
    return field


def _icon_of(picture: NDArray[np.uint8]) -> QIcon:
    """A picture in a square, so that captions line up."""
    rgb = np.ascontiguousarray(picture)
    height, width = rgb.shape[:2]
    image = QImage(rgb.data, width, height, 3 * width, QImage.Format.Format_RGB888)
    longest = max(height, width)
    w, h = (max(THINNEST, round(n * SIDE / longest)) for n in (width, height))
    square = QPixmap(SIDE, SIDE)
    square.fill(QColor(0, 0, 0, 0))
    painter = QPainter(square)
    painter.drawPixmap(
        (SIDE - w) // 2,
        (SIDE - h) // 2,
        QPixmap.fromImage(image).scaled(
            w, h, Qt.AspectRatioMode.IgnoreAspectRatio, Qt.TransformationMode.FastTransformation
        ),
    )
    painter.end()
    icon = QIcon(square)
    icon.addPixmap(square, QIcon.Mode.Selected)  # Qt would tint the one that is looked at most
    return icon
