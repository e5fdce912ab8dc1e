"""OutlineRaster: the borders of classes in their colours, the rest transparent."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from hsi_viewer.core.display.rasters import QUICK_VALUES


class OutlineRaster:
    """Pixels that have a neighbour of another class, in the colour of their own.

    Parameters
    ----------
    ids : (rows, columns) class ids; 0 has no outline.
    colours : (65536, 4) RGBA by id, as `ClassLegend.colour_table` gives it.
    """

    def __init__(self, ids: NDArray[np.uint16], colours: NDArray[np.uint8]) -> None:
        self.shape = (ids.shape[0], ids.shape[1])
        self.ids, self._colours = ids, colours

    def rgba(self, rows: slice, columns: slice) -> NDArray[np.uint8]:
        """RGBA of a window; of a thinned one, neighbours are a step away."""
        above, below = rows.start >= rows.step, rows.stop < self.shape[0]
        left, right = columns.start >= columns.step, columns.stop < self.shape[1]
        down, across = rows.step, columns.step
        wide = self.ids[
            rows.start - above * down : rows.stop + below * down : down,
            columns.start - left * across : columns.stop + right * across : across,
        ]
        border = np.zeros(wide.shape, bool)
        beside, under = wide[:, 1:] != wide[:, :-1], wide[1:] != wide[:-1]
        border[:, 1:] |= beside
        border[:, :-1] |= beside
        border[1:] |= under
        border[:-1] |= under
        height = len(range(rows.start, rows.stop, rows.step))
        width = len(range(columns.start, columns.stop, columns.step))
        inner = (slice(int(above), int(above) + height), slice(int(left), int(left) + width))
        picture: NDArray[np.uint8] = self._colours[wide[inner]]
        picture[~border[inner]] = 0
        return picture

    def is_quick(self, rows: slice, columns: slice) -> bool:
        """Whether a window takes a few milliseconds at most."""
        height = len(range(rows.start, rows.stop, rows.step))
        width = len(range(columns.start, columns.stop, columns.step))
        return height * width * 4 <= QUICK_VALUES
