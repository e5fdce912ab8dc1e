"""How labels of another grid are laid on the grid of a cube; without numpy."""

from __future__ import annotations

from typing import Literal

from hsi_viewer.core.errors import LabelError

Placement = Literal["georeference", "resample", "crop"]

PLACEMENT_TEXTS: dict[Placement, str] = {
    "georeference": "align by map coordinates",
    "resample": "stretch to fit",
    "crop": "align at the top-left corner",
}


class PlacementNeededError(LabelError):
    """Labels do not lie on the cube's grid, and only the user knows how to lay them.

    Attributes
    ----------
    options : what can be done, the likeliest first; `PLACEMENT_TEXTS` has words for them.
    """

    def __init__(self, message: str, options: tuple[Placement, ...]) -> None:
        offered = ", or ".join(PLACEMENT_TEXTS[option] for option in options)
        super().__init__(f"{message} Choose how to place it: {offered}.")
        self.options = options
