"""Rasters of layers: RGBA windows, thinned on demand, of arrays over the scene."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

# This many values are searched in about two milliseconds.
QUICK_VALUES = 1 << 22


class Raster(Protocol):
    """Pixels of the size of the scene; slices have 0 <= start < stop and step >= 1."""

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns of the scene."""

    def rgba(self, rows: slice, columns: slice) -> NDArray[np.uint8]:
        """RGBA (rows, columns, 4) of every step-th pixel of a window; any thread may ask."""

    def is_quick(self, rows: slice, columns: slice) -> bool:
        """Whether a window takes a few milliseconds at most, so that no worker is needed."""


class RgbaRaster:
    """A picture in memory.

    Parameters
    ----------
    picture : (rows, columns, 4) RGBA, of the scene or of every step-th pixel of it.
    shape : rows and columns of the scene; by default the picture's.
    step : distance of the pixels that it has; by default from the sizes.

    Raises
    ------
    ValueError
        if the picture is not an RGBA picture of every step-th pixel of such a scene.
    """

    def __init__(
        self,
        picture: NDArray[np.uint8],
        shape: tuple[int, int] | None = None,
        step: int | None = None,
    ) -> None:
        if picture.ndim != 3 or picture.shape[2] != 4 or picture.dtype != np.uint8:
            raise ValueError(f"RGBA bytes are needed, not {picture.shape} of {picture.dtype}")
        self.shape = shape or (picture.shape[0], picture.shape[1])
        self._picture = picture
        self._step = _step(picture, self.shape, step)

    def rgba(self, rows: slice, columns: slice) -> NDArray[np.uint8]:
        """RGBA of a window."""
        return _window(self._picture, rows, columns, self._step)

    def is_quick(self, rows: slice, columns: slice) -> bool:
        """Whether a window takes a few milliseconds at most."""
        return _count(rows, columns) <= QUICK_VALUES


class IdRaster:
    """Class ids in their colours.

    Parameters
    ----------
    ids : (rows, columns) class ids; the array is not copied and may change later.
    colours : (65536, 4) RGBA by id, as `ClassLegend.colour_table` gives it.
    sparse : whether single pixels must stay visible when the view is thinned; of each block
        then the highest id is shown, not that of its first pixel.
    """

    def __init__(
        self, ids: NDArray[np.uint16], colours: NDArray[np.uint8], *, sparse: bool = False
    ) -> None:
        self.shape = (ids.shape[0], ids.shape[1])
        self.ids = ids
        self._colours = np.ascontiguousarray(colours).view(np.uint32).ravel()
        self._sparse = sparse

    def rgba(self, rows: slice, columns: slice) -> NDArray[np.uint8]:
        """RGBA of a window."""
        highest = self._sparse and (rows.step > 1 or columns.step > 1)
        ids = _block_max(self.ids, rows, columns) if highest else self.ids[rows, columns]
        return self._colours[ids].view(np.uint8).reshape(*ids.shape, 4)

    def is_quick(self, rows: slice, columns: slice) -> bool:
        """Whether a window takes a few milliseconds at most."""
        if self._sparse:
            height, width = rows.stop - rows.start, columns.stop - columns.start
            return bool(height * width <= QUICK_VALUES)
        return _count(rows, columns) <= QUICK_VALUES


class ValueRaster:
    """Numbers in a colour map; what is not finite is transparent.

    Parameters
    ----------
    values : (rows, columns), of the scene or of every step-th pixel of it.
    colours : (n, 4) RGBA from `low` to `high`.
    low, high : values of the first and the last colour (low may be the greater one); beyond them
        the ends are shown.
    shown : 0 or False where the raster is transparent, in the shape of `values`; None: nowhere.
    shape : rows and columns of the scene; by default those of `values`.
    """

    def __init__(
        self,
        values: NDArray[Any],
        colours: NDArray[np.uint8],
        low: float = 0.0,
        high: float = 1.0,
        shown: NDArray[Any] | None = None,
        shape: tuple[int, int] | None = None,
    ) -> None:
        self.shape = shape or (values.shape[0], values.shape[1])
        self.values, self.shown = values, shown
        self._colours = np.ascontiguousarray(colours)
        self.low, self.high = low, high
        self._step = _step(values, self.shape)

    def rgba(self, rows: slice, columns: slice) -> NDArray[np.uint8]:
        """RGBA of a window."""
        values = _window(self.values, rows, columns, self._step)
        finite = np.isfinite(values)
        last = len(self._colours) - 1
        scale = last / (self.high - self.low) if self.high != self.low else 0.0
        index = np.where(finite, values - self.low, 0.0) * scale
        picture: NDArray[np.uint8] = self._colours[np.clip(index, 0, last).astype(np.intp)]
        if self.shown is not None:
            finite &= _window(self.shown, rows, columns, self._step) != 0
        picture[~finite] = 0
        return picture

    def is_quick(self, rows: slice, columns: slice) -> bool:
        """Whether a window takes a few milliseconds at most."""
        return _count(rows, columns) * 4 <= QUICK_VALUES


def whole(raster: Raster) -> NDArray[np.uint8]:
    """RGBA (rows, columns, 4) of every pixel."""
    rows, columns = raster.shape
    return raster.rgba(slice(0, rows, 1), slice(0, columns, 1))


def _count(rows: slice, columns: slice) -> int:
    height = len(range(rows.start, rows.stop, rows.step))
    width = len(range(columns.start, columns.stop, columns.step))
    return height * width


def _step(array: NDArray[Any], shape: tuple[int, int], step: int | None = None) -> int:
    """Distance, in pixels of the scene, of those that an array holds."""
    step = step or -(-shape[0] // array.shape[0])
    thinned = tuple(-(-n // step) for n in shape)
    if array.shape[:2] != thinned:
        raise ValueError(f"{array.shape[:2]} pixels are not a thinned {shape}")
    return step


def _window(array: NDArray[Any], rows: slice, columns: slice, step: int) -> NDArray[Any]:
    """Every step-th pixel of a window of a scene, of an array that is thinned itself."""
    if step == 1:
        return array[rows, columns]
    r = np.arange(rows.start, rows.stop, rows.step) // step
    c = np.arange(columns.start, columns.stop, columns.step) // step
    picked: NDArray[Any] = array[r[:, None], c]
    return picked


def _block_max(ids: NDArray[np.uint16], rows: slice, columns: slice) -> NDArray[np.uint16]:
    """Highest id of each block of step x step pixels."""
    window = ids[rows.start : rows.stop, columns.start : columns.stop]
    by_rows = window[:: rows.step].copy()
    for k in range(1, min(rows.step, len(window))):
        part = window[k :: rows.step]
        np.maximum(by_rows[: len(part)], part, out=by_rows[: len(part)])
    found = by_rows[:, :: columns.step].copy()
    for k in range(1, min(columns.step, window.shape[1])):
        part = by_rows[:, k :: columns.step]
        np.maximum(found[:, : part.shape[1]], part, out=found[:, : part.shape[1]])
    return found
