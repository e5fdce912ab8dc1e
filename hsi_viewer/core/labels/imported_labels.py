"""Labels that came from elsewhere, laid on the grid of a cube."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from hsi_viewer.core.errors import LabelError
from hsi_viewer.core.labels.classes import Colour
from hsi_viewer.core.text import short_name

Placement = Literal["georeference", "resample", "crop"]

PLACEMENT_TEXTS: dict[Placement, str] = {
    "georeference": "align by map coordinates",
    "resample": "stretch to fit",
    "crop": "align at the top-left corner",
}


def described(name: str, ids: NDArray[np.uint16]) -> str:
    """Name, size and number of labels of a label map, for a repr."""
    size = " x ".join(map(str, ids.shape))
    classes = np.count_nonzero(np.bincount(ids.ravel())[1:]) if ids.size else 0
    labelled = np.count_nonzero(ids)
    return f'"{short_name(name)}": {size}, {labelled} labelled pixels of {classes} classes'


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

    def __repr__(self) -> str:
        return f"<ImportedLabels {described(self.name, self.ids)}>"

    def __array__(
        self, dtype: np.dtype[Any] | None = None, copy: bool | None = None
    ) -> NDArray[Any]:
        """The class ids."""
        return np.array(self.ids, dtype, copy=copy)


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
