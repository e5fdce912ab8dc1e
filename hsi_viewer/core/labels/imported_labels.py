"""Labels that came from elsewhere, laid on the grid of a cube."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from msgspec import Struct, field
from msgspec.structs import force_setattr
from numpy.typing import NDArray

from hsi_viewer.core.labels.class_ids import count_ids
from hsi_viewer.core.labels.classes import Colour
from hsi_viewer.core.text import messages, short_name


def described(name: str, ids: NDArray[np.uint16]) -> str:
    """Name, size and number of labels of a label map, for a repr."""
    size = " x ".join(map(str, ids.shape))
    classes = np.count_nonzero(count_ids(ids)[1:])
    labelled = np.count_nonzero(ids)
    return f'"{short_name(name)}": {size}, {labelled} labelled pixels of {classes} classes'


class ImportedLabels(Struct, frozen=True):
    """Class ids on the grid of a cube, with what the file gives about the classes.

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

    def __post_init__(self) -> None:
        force_setattr(self, "notes", messages(self.notes))

    def __repr__(self) -> str:
        return f"<ImportedLabels {described(self.name, self.ids)}>"

    def __array__(
        self, dtype: np.dtype[Any] | None = None, copy: bool | None = None
    ) -> NDArray[Any]:
        """The class ids."""
        return np.array(self.ids, dtype, copy=copy)
