"""Survey: what looking at every pixel of a scene gives, tile by tile."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.cube.region import touches
from hsi_viewer.learning.features import FloatArray

TILE = 160  # pixels a side: bounds the memory of inference

Window = tuple[slice, slice]


def tiles(rows: int, columns: int, side: int = TILE) -> Iterator[Window]:
    """Windows that cover a scene without overlap, row by row."""
    for top in range(0, rows, side):
        for left in range(0, columns, side):
            yield slice(top, min(top + side, rows)), slice(left, min(left + side, columns))


def tiles_inside(cube: HyperCube, side: int = TILE) -> list[Window]:
    """The same of a cube, those that its region of interest touches."""
    return [tile for tile in tiles(cube.rows, cube.columns, side) if touches(cube, tile)]


class Survey:
    """Components that guide the walker, and which pixels have data, as far as they were seen.

    Parameters
    ----------
    rows, columns : of the scene.
    strength : (count,) of the components that are kept.

    Attributes
    ----------
    guide : (count, rows, columns) components, in units of their noise.
    valid, strays : (rows, columns), as `Features.project` says.
    found : pixels by fill value that nobody declared.
    """

    def __init__(self, rows: int, columns: int, strength: FloatArray) -> None:
        self.guide = np.zeros((strength.size, rows, columns), np.float32)
        self.valid, self.strays = np.zeros((rows, columns), bool), np.zeros((rows, columns), bool)
        self.found: dict[float, int] = {}
        self._strength, self._lock = strength[:, None, None], Lock()
        self._unseen = {self._key(r, c): (r, c) for r, c in tiles(rows, columns)}

    @property
    def unseen(self) -> list[Window]:
        """The tiles that nobody has looked at."""
        return list(self._unseen.values())

    def lacks(self, rows: slice, columns: slice) -> bool:
        """Whether a window is a tile that nobody has looked at."""
        return self._unseen.get(self._key(rows, columns)) == (rows, columns)

    def keep(
        self,
        tile: Window,
        components: FloatArray,
        valid: NDArray[np.bool_],
        strays: NDArray[np.bool_],
        found: Mapping[float, int],
    ) -> None:
        """Take what `Features.project` gives of a tile, and its fill values.

        Only the first time, by any thread.
        """
        with self._lock:
            if not self.lacks(*tile):
                return
            leading = components[: len(self.guide)]
            np.multiply(leading, self._strength, out=self.guide[:, *tile])
            self.valid[tile], self.strays[tile] = valid, strays
            for value, count in found.items():
                self.found[value] = self.found.get(value, 0) + count
            del self._unseen[self._key(*tile)]

    @staticmethod
    def _key(rows: slice, columns: slice) -> tuple[int, int]:
        return rows.start, columns.start
