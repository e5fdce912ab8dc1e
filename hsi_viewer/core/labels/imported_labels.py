"""Labels that came from elsewhere, laid on the grid of a cube."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from hsi_viewer.core.errors import LabelError
from hsi_viewer.core.labels.classes import Colour

Placement = Literal["georeference", "resample", "crop"]

PLACEMENT_TEXTS: dict[Placement, str] = {
    "georeference": "align by map coordinates",
    "resample": "stretch to fit",
    "crop": "align at the top-left corner",
}


@dataclass(frozen=True)
class ImportedLabels:
    """Class ids on the grid of a cube, with what the file said about the classes.

    Attributes
    ----------
    ids : (rows, columns) class ids, 0 unlabelled.
    names, colours : by class id, as far as the file gives them.
    notes : sentences for the user: what was taken, moved, resampled or left out.
    name : short name for titles.
    """

    ids: NDArray[np.uint16]
    names: Mapping[int, str] = field(default_factory=dict)
    colours: Mapping[int, Colour] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    name: str = "labels"


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
