"""Colour maps for single bands, perceptually uniform ones first."""

from __future__ import annotations

from functools import cache

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray

from hsi_viewer.core.display.composite import ColourMap

GREY = "Grey"
# Name for the user, name of pyqtgraph's map. The uniform ones are first; diverging ones suit
# indices about zero; of the last, brightness does not rise with the value.
MAPS: dict[str, str] = {
    "Viridis": "viridis",
    "Cividis": "cividis",
    "Magma": "magma",
    "Inferno": "inferno",
    "Plasma": "plasma",
    "Blue – white – red": "CET-D1A",
    "Purple – white – green": "CET-D2",
    "Turbo (rainbow)": "turbo",
}
NAMES = (GREY, *MAPS)


@cache
def colour_map(name: str) -> ColourMap | None:
    """The colour map of a name in NAMES; None for grey and for what is not known."""
    return ColourMap(name, colour_table(MAPS[name])[:, :3].copy()) if name in MAPS else None


def colour_table(name: str = "inferno") -> NDArray[np.uint8]:
    """RGBA (256, 4) of one of pyqtgraph's colour maps; inferno is perceptually uniform."""
    table = pg.colormap.get(name).getLookupTable(nPts=256, alpha=True, mode="byte")
    return np.asarray(table, np.uint8)
