"""Labels of pixels that have data: nothing can be learned from the others, nor scored there."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from hsi_viewer.core.cube.blocks import blocks
from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.progress import CancelToken

Ids = NDArray[np.uint16]
PROBES = 9  # bands that are looked at: what has no data has none in nearly all bands


def labels_on_data(ids: Ids, cube: HyperCube, token: CancelToken) -> Ids:
    """Class ids, 0 where fewer than half of some good bands of the cube have data.

    Parameters
    ----------
    ids : (rows, columns) of the cube; they stay as they are.

    Raises
    ------
    TaskCancelledError
        if the token was cancelled.
    """
    whole = cube.dtype.kind not in "fc" and cube.nodata is None and not cube.fill_values
    if whole or not ids.any():
        return ids
    good = np.flatnonzero(cube.good_bands)
    good = good if good.size else np.arange(cube.bands)
    bands = good[np.linspace(0, good.size - 1, min(PROBES, good.size)).astype(int)]
    kept = ids.copy()
    for rows, columns in blocks(cube, cube.bands):
        token.check()
        part = kept[rows, columns]
        if part.any():
            known = cube.is_data(cube.read(rows, columns, bands)).sum(axis=2)
            part[known * 2 < bands.size] = 0
    return kept
