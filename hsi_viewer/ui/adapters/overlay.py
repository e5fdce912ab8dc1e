"""Label maps and class maps as RGBA pictures."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from hsi_viewer.core.classes import ClassLegend


def id_picture(ids: NDArray[np.uint16], legend: ClassLegend) -> NDArray[np.uint8]:
    """RGBA picture (rows, columns, 4) of class ids; 0 and hidden classes are transparent."""
    picture: NDArray[np.uint8] = legend.colour_table()[ids]
    return picture
