"""LayerItem: one layer in one view, painted from tiles where and as fine as it is seen."""

from __future__ import annotations

import math
import time
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRectF, Slot
from PySide6.QtGui import QImage, QPainter
from PySide6.QtWidgets import (
    QGraphicsItem,
    QGraphicsObject,
    QStyleOptionGraphicsItem,
    QWidget,
)

from hsi_viewer.core.display.layers import Layer
from hsi_viewer.core.display.rasters import Raster, whole
from hsi_viewer.core.geometry.pixels import Box
from hsi_viewer.ui.event_errors import reports_errors
from hsi_viewer.ui.scene.tiles import FRAME_SECONDS, TileKey, TileStore

# A level is taken as long as its pixels are at most this much larger than those of the screen.
COARSE = 2.0**0.25

Side = Literal["left", "right"]


@reports_errors
class LayerItem(QGraphicsObject):
    """Draws a layer of a store; its coordinates are pixels of the scene.

    Parameters
    ----------
    store : where the tiles come from.
    name : of the layer.
    """

    def __init__(self, store: TileStore, name: str) -> None:
        super().__init__()
        self.name = name
        self.side: Side | None = None
        self.grey = False  # drawn in grey, whatever its colours
        self.divider = 0.0  # in pixels of the viewport; a side of it is painted, if one is set
        self._store = store
        self._shape = (0, 0)
        self.setFlag(QGraphicsItem.GraphicsItemFlag.ItemUsesExtendedStyleOption)
        store.drawn.connect(self._on_drawn)

    def show_layer(
        self, layer: Layer, shape: tuple[int, int], visible: bool, *, grey: bool = False
    ) -> None:
        """Take over how a layer is drawn, over a scene of this size."""
        if grey != self.grey:
            self.grey = grey
            self.update()
        if shape != self._shape:
            self.prepareGeometryChange()
            self._shape = shape
        self.setOpacity(layer.opacity)
        shown = visible and layer.raster is not None and layer.raster.shape == shape
        self.setVisible(shown)
        if not shown:
            self._store.want(id(self), ())

    @property
    def image(self) -> NDArray[np.uint8] | None:
        """RGBA of the whole layer, (rows, columns, 4); None while it shows nothing."""
        raster = self._raster()
        return None if raster is None else whole(raster)

    def detach(self) -> None:
        """Wish for nothing any more: the item is about to go."""
        self._store.drawn.disconnect(self._on_drawn)
        self._store.want(id(self), ())

    def boundingRect(self) -> QRectF:
        """The scene."""
        return QRectF(0, 0, self._shape[1], self._shape[0])

    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionGraphicsItem,
        _widget: QWidget | None = None,
    ) -> None:
        """Draw the exposed tiles; ask for those that are missing."""
        if self._raster() is None:
            return
        transform = painter.worldTransform()
        device = painter.device()
        viewport = QRectF(0, 0, device.width(), device.height())
        to_scene = transform.inverted()[0]
        if self.side is not None:
            half = QRectF(viewport)
            if self.side == "left":
                half.setRight(self.divider)
            else:
                half.setLeft(self.divider)
            painter.setClipRect(to_scene.mapRect(half))
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, False)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        level = self._level(math.hypot(transform.m11(), transform.m12()))
        until = time.perf_counter() + FRAME_SECONDS
        missing = []
        # All that is seen is asked for, not only what is exposed: a request replaces the last one.
        seen = to_scene.mapRect(viewport).intersected(self.boundingRect())
        exposed: QRectF = option.exposedRect
        for key in self._store.keys(self.name, level, seen, self._shape):
            tile, complete = self._store.tile(key, until)
            if not complete:
                missing.append(key)
            if not exposed.intersects(_rect(key.box(self._shape))):
                continue
            if tile is not None:
                self._paint_part(painter, key, key, tile.seen(grey=self.grey))
            else:
                self._paint_coarser_tile(painter, key)
        self._store.want(id(self), self._wanted(missing))

    def _level(self, scale: float) -> int:
        if scale <= 0:
            return 0
        wanted = math.floor(math.log2(COARSE / scale)) if scale < COARSE else 0
        return min(max(wanted, 0), self._store.top_level(self._shape))

    def _wanted(self, missing: list[TileKey]) -> list[TileKey]:
        """The coarsest level first, because it replaces all; then from the middle outwards."""
        if not missing:
            return []
        row = sum(k.row for k in missing) / len(missing)
        column = sum(k.column for k in missing) / len(missing)
        missing.sort(key=lambda k: (k.row - row) ** 2 + (k.column - column) ** 2)
        top = self._store.top_level(self._shape)
        everywhere = self._store.keys(self.name, top, self.boundingRect(), self._shape)
        return [*(k for k in everywhere if not self._store.tile(k, 0.0)[1]), *missing]

    def _paint_coarser_tile(self, painter: QPainter, key: TileKey) -> None:
        coarse = self._store.coarser_tile(key, self._shape)
        if coarse is not None:
            self._paint_part(painter, key, coarse, self._store.image(coarse, grey=self.grey))

    def _paint_part(
        self, painter: QPainter, key: TileKey, drawn: TileKey, image: QImage | None
    ) -> None:
        """Paint the box of a tile out of the picture of one that covers it."""
        if image is None:
            return
        top, left, bottom, right = key.box(self._shape)
        origin, step = drawn.box(self._shape), drawn.step
        source = QRectF(
            (left - origin[1]) / step,
            (top - origin[0]) / step,
            (right - left) / step,
            (bottom - top) / step,
        )
        painter.drawImage(_rect((top, left, bottom, right)), image, source)

    def _raster(self) -> Raster | None:
        layers = self._store.layers
        return layers[self.name].raster if self.name in layers else None

    @Slot(str, QRectF)
    def _on_drawn(self, name: str, area: QRectF) -> None:
        if name == self.name:
            self.update(area if not area.isEmpty() else self.boundingRect())


def _rect(box: Box) -> QRectF:
    top, left, bottom, right = box
    return QRectF(left, top, right - left, bottom - top)
