"""ArrayDialog: which array of a file is wanted; of a cube, also what its axes are."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import (
    QDialog,
    QFormLayout,
    QHeaderView,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from hsi_viewer.io.files.identify import split_source
from hsi_viewer.ui.dialogs import accept_button, accept_or_cancel, muted, resize_for_text
from hsi_viewer.ui.widgets.choice_box import ChoiceBox

if TYPE_CHECKING:
    from hsi_viewer.io.files.reading import ArrayChoice

AXES: tuple[tuple[str, tuple[str, str, str] | None], ...] = (
    ("as guessed from the sizes", None),
    ("rows, columns, bands", ("rows", "columns", "bands")),
    ("bands, rows, columns", ("bands", "rows", "columns")),
    ("columns, rows, bands", ("columns", "rows", "bands")),
    ("bands, columns, rows", ("bands", "columns", "rows")),
    ("rows, bands, columns", ("rows", "bands", "columns")),
    ("columns, bands, rows", ("columns", "bands", "rows")),
)
CUBE = "Which array is the cube, and in which order are its axes?"
WHOLE = ("int", "uint", "bool")
NAME_ROLE, SHAPE_ROLE = Qt.ItemDataRole.UserRole, Qt.ItemDataRole.UserRole + 1
ROLES = ("rows", "columns", "bands")
MATCH_ALL = Qt.MatchFlag.MatchWildcard | Qt.MatchFlag.MatchRecursive


class ArrayDialog(QDialog):
    """Asks which array of a file is the cube, and what its axes are, or which one is a map.

    Parameters
    ----------
    name : of the file.
    choices : arrays that could be what is wanted, the likeliest first.
    current : the array that is open, or "" for the first.
    axes : its axes as the user chose them before, or None.
    reason : why it is asked, where it isn't for their number.
    wanted : such as "the label map", where it isn't the cube.
    """

    def __init__(
        self,
        name: str,
        choices: tuple[ArrayChoice, ...],
        parent: QWidget,
        current: str = "",
        axes: tuple[str, ...] | None = None,
        reason: str = "",
        wanted: str = "",
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle(f"Arrays in {name}")
        self.tree = QTreeWidget()
        self.tree.setAccessibleName("Arrays")
        self.tree.setHeaderLabels(["Array", "Shape", "Type"])
        groups: dict[str, QTreeWidgetItem] = {}
        for choice in choices:
            self._add(choice, groups)
        self.tree.expandAll()
        self.tree.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        header = self.tree.header()
        header.setStretchLastSection(False)
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self.tree.currentItemChanged.connect(self._on_current)
        self.tree.itemDoubleClicked.connect(self.accept)
        self.axes = ChoiceBox()
        self.axes.setAccessibleName("Order of the axes")
        for text, order in AXES:
            self.axes.addItem(text, order)
        self.axes.currentIndexChanged.connect(self._show_size)
        self.size_note = muted("")
        asked = QWidget(self)
        asked.setHidden(bool(wanted))
        form = QFormLayout(asked)
        form.setContentsMargins(0, 0, 0, 0)
        form.addRow("Order of its axes", self.axes)
        form.addRow("", self.size_note)
        form.addRow(muted(f"Your choice is saved next to the file ({name}.hsi.json)."))
        self.buttons = accept_or_cancel(self, "Import" if wanted else "Open")
        layout = QVBoxLayout(self)
        layout.addWidget(muted(f"Which array is {wanted}?" if wanted else CUBE))
        layout.addWidget(self.tree)
        if reason:
            layout.insertWidget(0, muted(reason))
        layout.addWidget(asked)
        layout.addWidget(self.buttons)
        resize_for_text(self, 520, 420)
        self.choose(current or choices[0].name)
        self.axes.setCurrentIndex(next(k for k, (_, order) in enumerate(AXES) if order == axes))

    def choose(self, name: str) -> None:
        """Select an array by its full name."""
        for item in self.tree.findItems("*", MATCH_ALL):
            if item.data(0, NAME_ROLE) == name:
                self.tree.setCurrentItem(item)

    def chosen(self) -> dict[str, Any]:
        """Fields of the sidecar: the array, and its axes or None for a guess."""
        item = self.tree.currentItem()
        order = self.axes.currentData()
        return {
            "array": item.data(0, NAME_ROLE) if item else None,
            "axes": None if order is None else tuple(order),
        }

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
        accept_button(self.buttons).setEnabled(ready)
        shape = item.data(0, SHAPE_ROLE) if item is not None and ready else ()
        self.axes.setEnabled(len(shape) == 3)
        if len(shape) != 3:
            self.axes.setCurrentIndex(0)
        self._show_size()

    @Slot()
    def _show_size(self) -> None:
        """Show what the chosen axes make of the array."""
        item, order = self.tree.currentItem(), self.axes.currentData()
        shape = item.data(0, SHAPE_ROLE) if item is not None else None
        if order is None or not shape:
            self.size_note.setText("")
            return
        lengths = dict(zip(order, shape, strict=True))
        self.size_note.setText(", ".join(f"{lengths[a]} {a}" for a in ROLES))

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
        item.setToolTip(0, choice.name)
        item.setData(0, NAME_ROLE, choice.name)
        item.setData(0, SHAPE_ROLE, list(choice.shape))


def ask_array(
    window: QWidget,
    source: str | Path,
    choices: tuple[ArrayChoice, ...],
    shape: tuple[int, int],
    wanted: str,
) -> str:
    """Name of the array that the user chooses, or "".

    Parameters
    ----------
    choices : the arrays; those of whole numbers and of the scene's size come first.
    shape : rows and columns of the scene.
    wanted : such as "the label map".
    """
    ordered = tuple(sorted(choices, key=lambda choice: _unlikely(choice, shape)))
    dialog = ArrayDialog(split_source(source)[0].name, ordered, window, wanted=wanted)
    name = dialog.chosen()["array"] if dialog.exec() else ""
    dialog.deleteLater()
    return str(name or "")


def _unlikely(choice: ArrayChoice, shape: tuple[int, int]) -> tuple[bool, bool]:
    size = tuple(length for length in choice.shape if length != 1)
    fits = size == tuple(length for length in shape if length != 1)
    return not fits, not choice.dtype.startswith(WHOLE)
