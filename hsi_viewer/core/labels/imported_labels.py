"""Labels that came from elsewhere, laid on the grid of a cube."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from hsi_viewer.core.labels.classes import Colour


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
