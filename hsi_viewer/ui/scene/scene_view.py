"""SceneView: rasters of one scene over each other, with marks."""

from __future__ import annotations

from collections.abc import Iterable

import pyqtgraph as pg
from msgspec.structs import replace
from PySide6.QtCore import Signal
from PySide6.QtGui import QColor, QPen
from PySide6.QtWidgets import QWidget

from hsi_viewer.core.display.layers import CLASS_MAP, IMAGE, LABELS, Layer
from hsi_viewer.core.geometry.pixels import Pixel
from hsi_viewer.ui.scene.layer_item import LayerItem, Side
from hsi_viewer.ui.scene.movable_view import MovableView
from hsi_viewer.ui.scene.tiles import TileStore

Mark = tuple[int, int, tuple[int, int, int]]  # row, column, colour


class SceneView(MovableView):
    """Shows rasters of one scene, row-major, square pixels, row 0 at the top.

    Signals
    -------
    scene_shown(rows, columns), marked(list) : another scene, other marks.
    """

    scene_shown = Signal(int, int)
    marked = Signal(list)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._store: TileStore | None = None
        self._items: dict[str, LayerItem] = {}
        self._only: frozenset[str] | None = None
        self._sides: dict[str, Side] = {}
        self._marks = pg.ScatterPlotItem(pxMode=True, symbol="o", size=11)
        self._marks.setZValue(40)
        self._box.addItem(self._marks)
        self._cursor = pg.ScatterPlotItem(pxMode=True, symbol="+", size=17)
        self._cursor.setZValue(45)
        self._box.addItem(self._cursor)
        self.marks: list[Mark] = []
        self.drawn_marks: list[Mark] = []

    # what is shown ---------------------------------------------------------------------------

    def show_layers(self, store: TileStore) -> None:
        """Draw the layers of a store from now on."""
        self._store = store
        store.layers.changed.connect(self.update_layers)
        self.update_layers()

    def show_scene(self, rows: int, columns: int) -> None:
        """Make place for a scene of this size and fit it."""
        self.set_shape(rows, columns)
        self.set_marks([])
        self.show_cursor(None)
        self.update_layers()
        self.fit()
        self.scene_shown.emit(rows, columns)

    def show_only(self, names: Iterable[str] | None) -> None:
        """Show these layers, opaque, instead of those in the list; None: those in the list."""
        self._only = None if names is None else frozenset(names)
        self.update_layers()

    def set_sides(self, sides: dict[str, Side], divider: float = 0.0) -> None:
        """Show layers only left or right of a divider, in pixels of the viewport."""
        moved = {item.divider for item in self._items.values() if item.side} != {divider}
        if sides == self._sides and not moved:
            return
        self._sides = dict(sides)
        for name, item in self._items.items():
            item.side, item.divider = sides.get(name), divider
            item.update()
        self.update_layers()

    def update_layers(self) -> None:
        """Take over order, visibility and opacity of the layers."""
        if self._store is None:
            return
        layers = self._store.layers
        for name in [n for n in self._items if n not in layers]:
            item = self._items.pop(name)
            item.detach()
            self._box.removeItem(item)
        for index, layer in enumerate(layers.layers):
            if layer.name not in self._items:
                self._items[layer.name] = LayerItem(self._store, layer.name)
                self._box.addItem(self._items[layer.name], ignoreBounds=True)
            item = self._items[layer.name]
            item.setZValue(20 * index / len(layers.layers))
            if self._only is None:
                compared = layer.name in self._sides
                shown = replace(layer, opacity=1.0) if compared else layer
                grey = layer.name == IMAGE and not self._sides and layers.image_is_grey
                item.show_layer(shown, self.shape, layer.visible or compared, grey=grey)
            else:
                shown = replace(layer, opacity=1.0)
                item.show_layer(shown, self.shape, layer.name in self._only)

    @property
    def shown_layers(self) -> tuple[Layer, ...]:
        """Layers that are seen here, the undermost first."""
        layers = self._store.layers.layers if self._store is not None else ()
        return tuple(
            layer
            for layer in layers
            if layer.raster is not None
            and (layer.visible if self._only is None else layer.name in self._only)
        )

    def item(self, name: str) -> LayerItem:
        """The item that draws a layer here."""
        return self._items[name]

    @property
    def picture(self) -> LayerItem:
        """The item that draws the image."""
        return self._items[IMAGE]

    @property
    def map_overlay(self) -> LayerItem:
        """The item that draws the class map."""
        return self._items[CLASS_MAP]

    @property
    def label_overlay(self) -> LayerItem:
        """The item that draws the labels."""
        return self._items[LABELS]

    def set_marks(self, marks: list[Mark]) -> None:
        """Mark pixels: (row, column, colour) each."""
        self.marks = list(marks)
        self._draw_marks(self.marks)

    def show_marks(self, shown: bool) -> None:
        """Show the marks, or none until others are set: another place is pointed out."""
        self._draw_marks(self.marks if shown else [])

    def _draw_marks(self, marks: list[Mark]) -> None:
        self.drawn_marks = marks
        self._marks.setData(
            [
                {
                    "pos": (column + 0.5, row + 0.5),
                    "brush": QColor(*colour),
                    "pen": cosmetic("#ffffff", 1.5),
                }
                for row, column, colour in marks
            ]
        )
        self.marked.emit(marks)

    def show_cursor(self, pixel: Pixel | None) -> None:
        """Show where the mouse is in another view of the scene; None: in none."""
        if pixel is None:
            self._cursor.clear()
        else:
            at = {"pos": (pixel[1] + 0.5, pixel[0] + 0.5), "pen": cosmetic("#ffffff", 1.5)}
            self._cursor.setData([{**at, "brush": QColor("#000000")}])

    def detach(self) -> None:
        """Let go of the layers: the view is about to go."""
        if self._store is not None:
            self._store.layers.changed.disconnect(self.update_layers)
            for item in self._items.values():
                item.detach()


def cosmetic(colour: str, width: float) -> QPen:
    """A pen whose width is in screen pixels at any zoom."""
    pen = QPen(QColor(colour))
    pen.setWidthF(width)
    pen.setCosmetic(True)
    return pen
