"""Narrow gaps without data: the walker passes over them, for a dead line divides no field."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import binary_closing, distance_transform_edt

from hsi_viewer.learning.features import FloatArray

WIDEST = 8  # pixels between two with data


def narrow_gaps(valid: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Pixels without data of which data lies on both sides, in their row or column.

    Parameters
    ----------
    valid : (rows, columns) where there is data.
    """
    gaps = np.zeros(valid.shape, bool)
    if not valid.all():
        for shape in ((WIDEST + 1, 1), (1, WIDEST + 1)):
            gaps |= binary_closing(valid, np.ones(shape, bool))
        gaps &= ~valid
    return gaps


def bridged(guide: FloatArray, valid: NDArray[np.bool_], gaps: NDArray[np.bool_]) -> FloatArray:
    """A guide, (components, rows, columns), whose gaps look like the nearest pixel with data."""
    if not gaps.any():
        return guide
    row, column = distance_transform_edt(~valid, return_distances=False, return_indices=True)
    filled = guide.copy()
    filled[:, gaps] = guide[:, row[gaps], column[gaps]]
    return filled
