"""Label maps, class maps and layers of numbers as RGBA pictures."""

from __future__ import annotations

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray

from hsi_viewer.core.classes import ClassLegend


def id_picture(ids: NDArray[np.uint16], legend: ClassLegend) -> NDArray[np.uint8]:
    """RGBA picture (rows, columns, 4) of class ids; 0 and hidden classes are transparent."""
    picture: NDArray[np.uint8] = legend.colour_table()[ids]
    return picture


def value_picture(
    values: NDArray[np.float32], shown: NDArray[np.bool_], colour_map: str = "inferno"
) -> NDArray[np.uint8]:
    """RGBA picture (rows, columns, 4) of values 0..1 in a perceptually uniform colour map.

    Parameters
    ----------
    values : (rows, columns).
    shown : (rows, columns), False where the picture is transparent.
    """
    table = pg.colormap.get(colour_map).getLookupTable(nPts=256, alpha=True, mode="byte")
    index = np.clip(np.nan_to_num(values) * 255.0, 0, 255).astype(np.uint8)
    picture: NDArray[np.uint8] = np.asarray(table, np.uint8)[index]
    picture[~shown] = 0
    return picture
