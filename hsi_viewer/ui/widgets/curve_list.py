"""CurveList: the kept spectra with their colours, names and origins."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QColor, QIcon, QPixmap
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTreeWidget, QTreeWidgetItem, QWidget

from hsi_viewer.core.spectra.curves import Curve
from hsi_viewer.ui.widgets.name_room import NameRoom

NAME, ORIGIN = 0, 1
ID_ROLE = Qt.ItemDataRole.UserRole


class CurveList(QTreeWidget):
    """Shows curves and asks for changes.

    Signals
    -------
    picked(id), renamed(id, name), visibility_changed(id, visible), remove_requested(ids).
    """

    picked = Signal(int)
    renamed = Signal(int, str)
    visibility_changed = Signal(int, bool)
    remove_requested = Signal(list)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._filling = False
        self.setAccessibleName("Kept spectra")
        self.setColumnCount(2)
        self.setHeaderLabels(["Spectrum", "From"])
        self.setHeaderHidden(True)
        self.setRootIsDecorated(False)
        self.setUniformRowHeights(True)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setEditTriggers(
            QAbstractItemView.EditTrigger.DoubleClicked
            | QAbstractItemView.EditTrigger.EditKeyPressed
        )
        header = self.header()
        header.setStretchLastSection(False)
        header.setSectionResizeMode(NAME, QHeaderView.ResizeMode.Stretch)
        header.setSectionResizeMode(ORIGIN, QHeaderView.ResizeMode.ResizeToContents)
        self._room = NameRoom(self, (), (ORIGIN,))
        self.currentItemChanged.connect(self._on_current)
        self.itemChanged.connect(self._on_item)

    def show_curves(self, curves: Sequence[Curve], picked: int | None) -> None:
        """Show curves in order; the picked one is the current row."""
        self._filling = True
        chosen = set(self.chosen())
        while self.topLevelItemCount() > len(curves):
            self.takeTopLevelItem(self.topLevelItemCount() - 1)
        while self.topLevelItemCount() < len(curves):
            self.addTopLevelItem(QTreeWidgetItem())
        for row, curve in enumerate(curves):
            item = self.topLevelItem(row)
            if item is not None:
                _fill(item, curve)
                if curve.id == picked:
                    self.setCurrentItem(item)
                if len(chosen) > 1:
                    item.setSelected(curve.id in chosen)
        self._filling = False
        self._room.share()

    def chosen(self) -> list[int]:
        """Ids of the selected rows."""
        return [item.data(NAME, ID_ROLE) for item in self.selectedItems()]

    @Slot()
    def remove_chosen(self) -> None:
        """Ask for the selected rows to be removed."""
        if self.chosen():
            self.remove_requested.emit(self.chosen())

    @Slot(QTreeWidgetItem, QTreeWidgetItem)
    def _on_current(self, item: QTreeWidgetItem | None, _last: QTreeWidgetItem | None) -> None:
        if not self._filling and item is not None:
            self.picked.emit(item.data(NAME, ID_ROLE))

    @Slot(QTreeWidgetItem, int)
    def _on_item(self, item: QTreeWidgetItem, _column: int) -> None:
        if not self._filling:
            curve_id = item.data(NAME, ID_ROLE)
            self.visibility_changed.emit(curve_id, item.checkState(NAME) == Qt.CheckState.Checked)
            self.renamed.emit(curve_id, item.text(NAME))


def _fill(item: QTreeWidgetItem, curve: Curve) -> None:
    item.setData(NAME, ID_ROLE, curve.id)
    item.setText(NAME, curve.name)
    item.setText(ORIGIN, curve.origin if curve.origin != curve.name else "pixel")
    item.setToolTip(NAME, f"{curve.name}\n{curve.origin}\nDouble-click to rename")
    state = Qt.CheckState.Checked if curve.visible else Qt.CheckState.Unchecked
    item.setCheckState(NAME, state)
    swatch = QPixmap(14, 14)
    swatch.fill(QColor(*(curve.colour or (0, 0, 0))))
    symbol = QIcon(swatch)
    symbol.addPixmap(swatch, QIcon.Mode.Selected)  # else it is tinted
    item.setIcon(NAME, symbol)
    item.setFlags(item.flags() | Qt.ItemFlag.ItemIsEditable)
