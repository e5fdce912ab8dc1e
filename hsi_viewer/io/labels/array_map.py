"""A label map among the arrays of an HDF5, NetCDF or Zarr file: which way up it is, and where."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from hsi_viewer.core.cube.georeference import Georeference
from hsi_viewer.io.arrays import cf
from hsi_viewer.io.arrays.axes import columns_first
from hsi_viewer.io.arrays.container import Container


def upright(container: Container, name: str) -> NDArray[Any]:
    """All values of an array, its rows first where its axes are named."""
    array = container.values(name)
    names = getattr(container, "dimensions", lambda _: ())(name)
    long = [axis for axis, n in zip(names, array.shape, strict=False) if n > 1]
    if len(names) != array.ndim or not columns_first(long):
        return array
    return np.squeeze(array).T


def place_of(file: cf.Variables, name: str, shape: tuple[int, ...]) -> Georeference | None:
    """Place of a label map (rows, columns) by the CF conventions; None if it has none."""
    rows, columns = shape
    return cf.georeference(file, name, rows, columns)
