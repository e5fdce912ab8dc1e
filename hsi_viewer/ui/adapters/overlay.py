"""Colour tables for layers of numbers."""

from __future__ import annotations

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray


def colour_table(name: str = "inferno") -> NDArray[np.uint8]:
    """RGBA (256, 4) of one of pyqtgraph's colour maps; inferno is perceptually uniform."""
    table = pg.colormap.get(name).getLookupTable(nPts=256, alpha=True, mode="byte")
    return np.asarray(table, np.uint8)
