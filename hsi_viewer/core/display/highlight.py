"""Highlights over the scene: pixels of a selection, and values below a threshold."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from hsi_viewer.core.display.rasters import QUICK_VALUES
from hsi_viewer.core.labels.classes import Colour


class MaskRaster:
    """Pixels of a mask in one colour, the others transparent.

    A thinned view shows the block of a pixel when any pixel of the block is in the mask.

    Parameters
    ----------
    mask : (rows, columns) bool.
    """

    def __init__(self, mask: NDArray[np.bool_], colour: Colour, alpha: int = 170) -> None:
        self.shape = (mask.shape[0], mask.shape[1])
        self.mask = mask
        self._rgba = np.array([*colour, alpha], np.uint8)

    def rgba(self, rows: slice, columns: slice) -> NDArray[np.uint8]:
        """RGBA of a window."""
        part = self.mask[rows.start : rows.stop, columns.start : columns.stop]
        if rows.step > 1:
            part = np.logical_or.reduceat(part, np.arange(0, part.shape[0], rows.step), axis=0)
        if columns.step > 1:
            starts = np.arange(0, part.shape[1], columns.step)
            part = np.logical_or.reduceat(part, starts, axis=1)
        return np.where(part[:, :, None], self._rgba, np.uint8(0)).astype(np.uint8)

    def is_quick(self, rows: slice, columns: slice) -> bool:
        """Whether a window takes a few milliseconds at most."""
        pixels: int = (rows.stop - rows.start) * (columns.stop - columns.start)
        return pixels <= QUICK_VALUES


class BelowRaster:
    """Pixels whose value is at most a threshold in one colour; found as they are looked at.

    Parameters
    ----------
    values : (rows, columns); NaN is never below.
    """

    def __init__(
        self, values: NDArray[Any], threshold: float, colour: Colour, alpha: int = 190
    ) -> None:
        self.shape = (values.shape[0], values.shape[1])
        self._values, self._threshold = values, threshold
        self._rgba = np.array([*colour, alpha], np.uint8)

    @property
    def below(self) -> NDArray[np.bool_]:
        """All pixels that are drawn, (rows, columns)."""
        near: NDArray[np.bool_] = self._values <= self._threshold
        return near

    def rgba(self, rows: slice, columns: slice) -> NDArray[np.uint8]:
        """RGBA of a window."""
        below = self._values[rows, columns] <= self._threshold
        return np.where(below[:, :, None], self._rgba, np.uint8(0)).astype(np.uint8)

    def is_quick(self, rows: slice, columns: slice) -> bool:
        """Whether a window takes a few milliseconds at most."""
        return (
            len(range(rows.start, rows.stop, rows.step))
            * len(range(columns.start, columns.stop, columns.step))
            <= QUICK_VALUES
        )
