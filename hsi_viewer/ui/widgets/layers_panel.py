"""LayersPanel: the list of layers — what is seen, in which order, and how strongly."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSignalBlocker, Qt, Signal, Slot
from PySide6.QtGui import QAction, QDropEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QMenu,
    QSlider,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from hsi_viewer.core.display.layers import Layer
from hsi_viewer.ui.theme import icon
from hsi_viewer.ui.widgets.allowed import allow

NAME = Qt.ItemDataRole.UserRole
NOTHING = "This layer is still empty."


class _List(QListWidget):
    """A list that signals when its rows were dragged into another order."""

    arranged = Signal()

    def dropEvent(self, event: QDropEvent) -> None:
        """Let the base move the row, then emit the signal."""
        super().dropEvent(event)
        self.arranged.emit()


class LayersPanel(QWidget):
    """The layers, the uppermost first, with the opacity of the chosen one.

    Signals
    -------
    shown(name, bool), opacity_changed(name, 0..1), arranged(names, the undermost first),
    remove_requested(name).
    """

    shown = Signal(str, bool)
    opacity_changed = Signal(str, float)
    arranged = Signal(tuple)
    remove_requested = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._layers: dict[str, Layer] = {}
        self.list = _List()
        self.list.setAccessibleName("Layers, topmost first")
        self.list.setDragDropMode(QAbstractItemView.DragDropMode.InternalMove)
        self.list.setDefaultDropAction(Qt.DropAction.MoveAction)
        self.list.setMinimumHeight(120)
        self.list.setSpacing(2)
        self.list.itemChanged.connect(self._on_item)
        self.list.currentItemChanged.connect(self._on_current)
        self.list.arranged.connect(self._tell_order)
        self.more = QToolButton()
        self.more.setIcon(icon("plus"))
        self.more.setToolTip("Add a layer of uncertainty")
        self.more.setAccessibleName("Add a layer of uncertainty")
        self.more.setAutoRaise(True)
        self.more.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.more.setMenu(QMenu(self.more))
        self.up = self._button("arrow-up", "Move the layer up", self._move_up)
        self.down = self._button("arrow-down", "Move the layer down", self._move_down)
        self.remove = self._button("delete-outline", "Remove the layer", self._remove)
        self.opacity = QSlider(Qt.Orientation.Horizontal)
        self.opacity.setRange(0, 100)
        self.opacity.setAccessibleName("Opacity of the chosen layer")
        self.opacity.setToolTip("Opacity of the chosen layer")
        self.opacity.valueChanged.connect(self._on_opacity)
        self.percent = QLabel()
        self.percent.setMinimumWidth(self.fontMetrics().horizontalAdvance("100 %"))
        buttons = QHBoxLayout()
        buttons.setSpacing(4)
        for widget in (self.more, self.up, self.down, self.remove):
            buttons.addWidget(widget)
        buttons.addWidget(QLabel("Opacity"))
        buttons.addWidget(self.opacity, 1)
        buttons.addWidget(self.percent)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 2, 8, 6)
        layout.addWidget(self.list, 1)
        layout.addLayout(buttons)
        self.refresh_theme()

    def refresh_theme(self) -> None:
        """Draw the icons in the colours of the theme."""
        self.more.setIcon(icon("plus"))
        self.up.setIcon(icon("arrow-up"))
        self.down.setIcon(icon("arrow-down"))
        self.remove.setIcon(icon("delete-outline"))

    def offer(self, actions: Sequence[QAction]) -> None:
        """Offer layers that are computed when they are chosen."""
        self.more.menu().addActions(actions)

    def show_layers(self, layers: Sequence[Layer]) -> None:
        """List layers, given from the undermost; the chosen one stays chosen."""
        chosen = self._chosen()
        self._layers = {layer.name: layer for layer in layers}
        with QSignalBlocker(self.list):
            self.list.clear()
            for layer in reversed(layers):
                self.list.addItem(self._item(layer))
                if layer.name == chosen:
                    self.list.setCurrentRow(self.list.count() - 1)
            if self.list.currentItem() is None:
                self.list.setCurrentRow(0)
        self._on_current()

    def names(self) -> tuple[str, ...]:
        """Names as they are listed, the uppermost first."""
        return tuple(str(self.list.item(i).data(NAME)) for i in range(self.list.count()))

    def _item(self, layer: Layer) -> QListWidgetItem:
        item = QListWidgetItem(layer.name)
        item.setData(NAME, layer.name)
        flags = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
        item.setFlags(flags | Qt.ItemFlag.ItemIsUserCheckable | Qt.ItemFlag.ItemIsDragEnabled)
        item.setCheckState(Qt.CheckState.Checked if layer.visible else Qt.CheckState.Unchecked)
        item.setToolTip(layer.about if layer.raster is not None else NOTHING)
        if layer.raster is None:
            item.setForeground(self.palette().placeholderText())
        return item

    def _button(self, name: str, tip: str, run: object) -> QToolButton:
        button = QToolButton()
        button.setIcon(icon(name))
        button.setToolTip(tip)
        button.setAccessibleName(tip)
        button.setAutoRaise(True)
        button.clicked.connect(run)
        return button

    def _chosen(self) -> str:
        item = self.list.currentItem()
        return "" if item is None else str(item.data(NAME))

    @Slot()
    def _on_current(self) -> None:
        layer, row = self._layers.get(self._chosen()), self.list.currentRow()
        none = "" if layer is not None else "Choose a layer in the list"
        allow(self.up, none or ("" if row > 0 else "The layer is the uppermost"))
        allow(self.down, none or ("" if row < self.list.count() - 1 else "The layer is the lowest"))
        kept = layer is not None and not layer.removable
        allow(self.remove, none or ("This layer can be hidden, not removed" if kept else ""))
        self.opacity.setEnabled(layer is not None)
        if layer is not None:
            with QSignalBlocker(self.opacity):
                self.opacity.setValue(round(100 * layer.opacity))
            self.percent.setText(f"{round(100 * layer.opacity)} %")

    @Slot(QListWidgetItem)
    def _on_item(self, item: QListWidgetItem) -> None:
        self.shown.emit(item.data(NAME), item.checkState() == Qt.CheckState.Checked)

    @Slot(int)
    def _on_opacity(self, value: int) -> None:
        self.opacity_changed.emit(self._chosen(), value / 100.0)

    @Slot()
    def _tell_order(self) -> None:
        self.arranged.emit(self.names()[::-1])

    @Slot()
    def _move_up(self) -> None:
        self._move(-1)

    @Slot()
    def _move_down(self) -> None:
        self._move(1)

    def _move(self, by: int) -> None:
        row, names = self.list.currentRow(), list(self.names())
        if 0 <= row + by < len(names):
            names.insert(row + by, names.pop(row))
            self.arranged.emit(tuple(names[::-1]))

    @Slot()
    def _remove(self) -> None:
        self.remove_requested.emit(self._chosen())
