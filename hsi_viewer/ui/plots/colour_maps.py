"""Colour maps for single bands, perceptually uniform ones first."""

from __future__ import annotations

from functools import cache

from hsi_viewer.core.display.composite import ColourMap
from hsi_viewer.ui.adapters.overlay import colour_table

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
