"""TileStore: the layers as square tiles at the resolution of the screen, made when needed.

Level 0 holds every pixel of the scene, level n every 2**n-th. What is quick is drawn at once;
what has to be read from a file is drawn by a worker, while coarser tiles stand in for it.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Hashable, Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple, cast

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, QPoint, QRectF, Signal, Slot
from PySide6.QtGui import QImage, QPainter

from hsi_viewer.core.display.layers import Layer, LayerStack
from hsi_viewer.core.display.rasters import Raster
from hsi_viewer.core.geometry.pixels import Box
from hsi_viewer.ui.requests import LatestRequestQueue, Response
from hsi_viewer.ui.task_thread import TaskRunner

TILE = 256
TOP_PIXELS = 512 * 512  # the coarsest level, which stands in for all others, has at most so many
STORE_BYTES = 192 << 20
FRAME_SECONDS = 0.006  # for drawing quick tiles in one repaint; the rest is left to the worker


class TileKey(NamedTuple):
    """Key of a tile: name of its layer, level, and position among the tiles of its level."""

    layer: str
    level: int
    row: int
    column: int

    @property
    def step(self) -> int:
        """Pixels of the scene from one pixel of the tile to the next."""
        return 1 << self.level

    def box(self, shape: tuple[int, int]) -> Box:
        """Pixels of the scene that the tile covers."""
        side = TILE << self.level
        top, left = self.row * side, self.column * side
        return top, left, min(top + side, shape[0]), min(left + side, shape[1])


class TileRequest(NamedTuple):
    """A tile that the worker is to draw, of one version of its layer."""

    key: TileKey
    version: int


@dataclass
class Tile:
    """A drawn tile; image None means that all of it is transparent."""

    version: int
    image: QImage | None
    _grey: QImage | None = None

    def seen(self, *, grey: bool) -> QImage | None:
        """The picture, or its brightness alone."""
        if not grey or self.image is None:
            return self.image
        if self._grey is None:
            self._grey = to_grey(self.image)
        return self._grey

    def change(self, image: QImage | None) -> None:
        """Take another picture."""
        self.image, self._grey = image, None


class TileStore(QObject):
    """Draws and keeps tiles of all layers, for any number of views.

    Signals
    -------
    drawn(name, QRectF) : pixels of a layer came or changed; in pixels of the scene.
    failed(Exception) : a file could not be read; its tiles stay empty until the next change.
    """

    drawn = Signal(str, QRectF)
    failed = Signal(object)

    def __init__(self, layers: LayerStack, tasks: TaskRunner, parent: QObject) -> None:
        super().__init__(parent)
        self.layers = layers
        self._tiles: OrderedDict[TileKey, Tile] = OrderedDict()
        self._bytes = 0
        self._versions: dict[str, int] = {}
        self._stale: set[TileKey] = set()
        self._wanted: dict[Hashable, tuple[TileKey, ...]] = {}
        self._queue = LatestRequestQueue(tasks, "Drawing the visible part", self._draw_tile, self)
        self._queue.response.connect(self._on_response)
        self._queue.cancelled.connect(self._on_dropped)
        layers.redrawn.connect(self._on_redrawn)
        layers.removed.connect(self._forget)

    # for the views ---------------------------------------------------------------------------

    @staticmethod
    def top_level(shape: tuple[int, int]) -> int:
        """The coarsest level worth having: few tiles hold all of the scene."""
        level = 0
        while (shape[0] >> level) * (shape[1] >> level) > TOP_PIXELS:
            level += 1
        return level

    @staticmethod
    def keys(name: str, level: int, area: QRectF, shape: tuple[int, int]) -> Iterator[TileKey]:
        """Tiles of a level that touch an area of the scene."""
        side = TILE << level
        top, left = max(0, int(area.top()) // side), max(0, int(area.left()) // side)
        bottom = min(int(area.bottom()) // side, (shape[0] - 1) // side)
        right = min(int(area.right()) // side, (shape[1] - 1) // side)
        for row in range(top, bottom + 1):
            for column in range(left, right + 1):
                yield TileKey(name, level, row, column)

    def tile(self, key: TileKey, until: float) -> tuple[Tile | None, bool]:
        """A tile as far as it is drawn, and whether it is complete.

        Quick tiles are drawn at once, as long as it is not later than `until` (perf_counter).
        """
        tile = self._tiles.get(key)
        version = self._versions.get(key.layer, 0)
        if tile is not None and tile.version == version:
            self._tiles.move_to_end(key)
            return tile, True
        raster = self.layers[key.layer].raster
        if raster is None:
            return None, True
        if raster.is_quick(*_slices(key, raster)) and time.perf_counter() < until:
            return self._keep(key, Tile(version, _draw(raster, key))), True
        return tile, False

    def coarser_tile(self, key: TileKey, shape: tuple[int, int]) -> TileKey | None:
        """The finest coarser tile there is that covers a tile."""
        for level in range(key.level + 1, self.top_level(shape) + 1):
            up = level - key.level
            coarse = TileKey(key.layer, level, key.row >> up, key.column >> up)
            if coarse in self._tiles:
                return coarse
        return None

    def image(self, key: TileKey, *, grey: bool = False) -> QImage | None:
        """Picture of a tile that is drawn."""
        return self._tiles[key].seen(grey=grey)

    def want(self, owner: Hashable, keys: Iterable[TileKey]) -> None:
        """Ask for the tiles that an owner misses, in this order, and for no others any more."""
        wanted = tuple(keys)
        if wanted == self._wanted.get(owner, ()):
            return
        self._wanted[owner] = wanted
        self._ask()

    @property
    def idle(self) -> bool:
        """Whether no tile is missed or being drawn."""
        return self._queue.idle and not any(self._wanted.values())

    def clear(self) -> None:
        """Forget all tiles: another scene is shown."""
        self._tiles.clear()
        self._bytes = 0
        self._wanted.clear()
        self._queue.ask(())
        for name in self._versions:
            self._versions[name] += 1

    # drawing ---------------------------------------------------------------------------------

    def _ask(self) -> None:
        unique = dict.fromkeys(key for keys in self._wanted.values() for key in keys)
        requests = [TileRequest(key, self._versions.get(key.layer, 0)) for key in unique]
        self._queue.ask(w for w in requests if w != self._queue.current)

    def _draw_tile(self, request: Hashable) -> tuple[QImage | None] | None:
        """Draw a tile, in the worker; None if its layer has changed since."""
        key, version = cast("TileRequest", request)
        layer = self._layer(key.layer)
        if layer is None or layer.raster is None or self._versions.get(key.layer, 0) != version:
            return None
        return (_draw(layer.raster, key),)

    def _layer(self, name: str) -> Layer | None:
        return next((layer for layer in self.layers.layers if layer.name == name), None)

    @Slot(object)
    def _on_response(self, response: Response) -> None:
        key, version = cast("TileRequest", response.request)
        layer = self._layer(key.layer)
        if layer is None or layer.raster is None:
            return
        stale = version != self._versions.get(key.layer, 0) or key in self._stale
        self._stale.discard(key)
        if response.error is not None:
            self._keep(key, Tile(version, None))
            self.failed.emit(response.error)
        elif not stale and response.result is not None:
            (image,) = cast("tuple[QImage | None]", response.result)
            self._keep(key, Tile(version, image))
        self._wanted = {o: tuple(k for k in w if k != key) for o, w in self._wanted.items()}
        self._tell(key.layer, key.box(layer.raster.shape))

    @Slot()
    def _on_dropped(self) -> None:
        self._wanted.clear()
        for layer in self.layers.layers:
            if layer.raster is not None:
                self._tell(layer.name, (0, 0, *layer.raster.shape))

    def _keep(self, key: TileKey, tile: Tile) -> Tile:
        self._drop(key)
        self._tiles[key] = tile
        self._bytes += _size(tile)
        while self._bytes > STORE_BYTES and len(self._tiles) > 1:
            self._drop(next(iter(self._tiles)))
        return tile

    def _drop(self, key: TileKey) -> None:
        old = self._tiles.pop(key, None)
        if old is not None:
            self._bytes -= _size(old)

    # changes of layers -----------------------------------------------------------------------

    def _on_redrawn(self, name: str, box: Box | None) -> None:
        raster = self.layers[name].raster
        if raster is None:
            self._forget(name)
        elif box is None:
            self._versions[name] = self._versions.get(name, 0) + 1
            self._tell(name, (0, 0, *raster.shape))
        else:
            self._repaint(name, raster, box)

    def _repaint(self, name: str, raster: Raster, box: Box) -> None:
        """Redraw a box in all existing tiles; what takes long is left to the worker."""
        until = time.perf_counter() + FRAME_SECONDS
        if isinstance(self._queue.current, TileRequest) and self._queue.current.key.layer == name:
            self._stale.add(self._queue.current.key)
        for key in [k for k in self._tiles if k.layer == name]:
            part = _common(key, key.box(raster.shape), box)
            if part is None:
                continue
            rows, columns = _part_slices(key, part)
            tile = self._tiles[key]
            if raster.is_quick(rows, columns) and time.perf_counter() < until:
                _patch(tile, key, raster, part)
            else:
                tile.version = -1
        self._tell(name, box)

    def _forget(self, name: str) -> None:
        self._versions[name] = self._versions.get(name, 0) + 1
        for key in [k for k in self._tiles if k.layer == name]:
            self._drop(key)
        self.drawn.emit(name, QRectF())

    def _tell(self, name: str, box: Box) -> None:
        top, left, bottom, right = box
        self.drawn.emit(name, QRectF(left, top, right - left, bottom - top))


def to_image(rgba: NDArray[np.uint8]) -> QImage | None:
    """RGBA bytes as a picture that paints fast; None if all of it is transparent."""
    alpha = rgba[:, :, 3]
    if not alpha.any():
        return None
    rgba = np.ascontiguousarray(rgba)
    height, width = rgba.shape[:2]
    seen = QImage(rgba.data, width, height, 4 * width, QImage.Format.Format_RGBA8888)
    opaque = bool((alpha == 255).all())
    return seen.convertToFormat(
        QImage.Format.Format_RGB32 if opaque else QImage.Format.Format_ARGB32_Premultiplied
    )


def to_grey(image: QImage) -> QImage:
    """Brightness of a picture; what is transparent stays so."""
    grey = image.convertToFormat(QImage.Format.Format_Grayscale8)
    if not image.hasAlphaChannel():
        return grey
    masked = grey.convertToFormat(QImage.Format.Format_ARGB32_Premultiplied)
    painter = QPainter(masked)
    painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_DestinationIn)
    painter.drawImage(0, 0, image)
    painter.end()
    return masked


def _draw(raster: Raster, key: TileKey) -> QImage | None:
    return to_image(raster.rgba(*_slices(key, raster)))


def _slices(key: TileKey, raster: Raster) -> tuple[slice, slice]:
    top, left, bottom, right = key.box(raster.shape)
    return slice(top, bottom, key.step), slice(left, right, key.step)


def _common(key: TileKey, tile: Box, box: Box) -> Box | None:
    """Overlap of a tile and a box, in pixels of the scene, widened to whole pixels of the tile."""
    step = key.step
    top, left = max(tile[0], box[0] // step * step), max(tile[1], box[1] // step * step)
    bottom = min(tile[2], -(-box[2] // step) * step)
    right = min(tile[3], -(-box[3] // step) * step)
    return (top, left, bottom, right) if top < bottom and left < right else None


def _part_slices(key: TileKey, part: Box) -> tuple[slice, slice]:
    return slice(part[0], part[2], key.step), slice(part[1], part[3], key.step)


def _patch(tile: Tile, key: TileKey, raster: Raster, part: Box) -> None:
    """Redraw a part of a tile."""
    rgba = np.ascontiguousarray(raster.rgba(*_part_slices(key, part)))
    if tile.image is None and not rgba[:, :, 3].any():
        return
    image = tile.image
    if image is None or not image.hasAlphaChannel():
        image = _with_alpha(image, key, raster)
    tile.change(image)
    height, width = rgba.shape[:2]
    patch = QImage(rgba.data, width, height, 4 * width, QImage.Format.Format_RGBA8888)
    side = TILE << key.level
    at = QPoint((part[1] - key.column * side) >> key.level, (part[0] - key.row * side) >> key.level)
    painter = QPainter(image)
    painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_Source)
    painter.drawImage(at, patch)
    painter.end()


def _with_alpha(image: QImage | None, key: TileKey, raster: Raster) -> QImage:
    if image is not None:
        return image.convertToFormat(QImage.Format.Format_ARGB32_Premultiplied)
    rows, columns = _slices(key, raster)
    height = len(range(rows.start, rows.stop, rows.step))
    width = len(range(columns.start, columns.stop, columns.step))
    blank = QImage(width, height, QImage.Format.Format_ARGB32_Premultiplied)
    blank.fill(0)
    return blank


def _size(tile: Tile) -> int:
    return int(tile.image.sizeInBytes()) if tile.image is not None else 0
