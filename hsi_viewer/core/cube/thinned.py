"""A cube of every n-th row and column, read from the same file."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from hsi_viewer.core.cube.cube import CubeSource


class ThinnedSource:
    """Every step-th row and column of a source.

    Parameters
    ----------
    source : of all of them.
    step : at least 1.
    """

    def __init__(self, source: CubeSource, step: int) -> None:
        self._source, self._step = source, step
        rows, columns, bands = source.shape
        self.shape: tuple[int, int, int] = (-(-rows // step), -(-columns // step), bands)
        self.dtype: np.dtype[Any] = source.dtype

    def read(self, rows: slice, columns: slice, bands: NDArray[np.intp] | None) -> NDArray[Any]:
        """Values of a window, (rows, columns, bands); slices as of `CubeSource.read`."""
        return self._source.read(self._apart(rows), self._apart(columns), bands)

    def _apart(self, part: slice) -> slice:
        first, step = part.start * self._step, (part.step or 1) * self._step
        last = (part.stop - 1) * self._step + 1 if part.stop > part.start else first
        return slice(first, last, step)
