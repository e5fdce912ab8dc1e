"""Complex and logical cubes as real numbers, which pictures, spectra and training need."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hsi_viewer.core.cube.cube import CubeSource, HyperCube
from hsi_viewer.core.cube.nodata import is_nodata

REAL_TYPES = {"c8": np.float32, "c16": np.float64, "b1": np.uint8}


class RealSource:
    """Values of a complex source by their magnitude, of a logical one as 1 and 0.

    Parameters
    ----------
    source : of the stored values.
    nodata : complex value that means "no data", which becomes NaN: another value may have its
        magnitude.
    """

    def __init__(self, source: CubeSource, nodata: float | None = None) -> None:
        self._source, self.shape, self._nodata = source, source.shape, nodata
        self.makes_nan = nodata is not None or getattr(source, "makes_nan", False)
        self.dtype: np.dtype[Any] = np.dtype(REAL_TYPES.get(source.dtype.str[1:], np.float64))

    def read(self, rows: slice, columns: slice, bands: NDArray[np.intp] | None) -> NDArray[Any]:
        """Values of a window, (rows, columns, bands)."""
        stored = self._source.read(rows, columns, bands)
        values: NDArray[Any] = np.abs(stored).astype(self.dtype, copy=False)
        if self._nodata is not None:
            values[is_nodata(stored, self._nodata)] = np.nan
        return values


def real_valued(cube: HyperCube) -> HyperCube:
    """The cube in real numbers, with a warning where complex ones lose their phase."""
    if cube.dtype.kind not in "cb":
        return cube
    if cube.dtype.kind == "b":
        return replace(cube, source=RealSource(cube.source))
    warnings = (*cube.warnings, "The values are complex; their magnitudes are used.")
    source = RealSource(cube.source, cube.nodata)
    return replace(cube, source=source, nodata=None, warnings=warnings)
