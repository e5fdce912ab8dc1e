"""Labels as a file gives them, not yet laid on a scene."""

from __future__ import annotations

from typing import Any

import numpy as np
from msgspec import Struct, field
from msgspec.structs import force_setattr
from numpy.typing import NDArray

from hsi_viewer.core.cube.georeference import Georeference
from hsi_viewer.core.labels.classes import Colour
from hsi_viewer.core.labels.imported_labels import described
from hsi_viewer.core.text import messages


class LabelFile(Struct, frozen=True):
    """Labels as a file gives them.

    Attributes
    ----------
    ids : (rows, columns) class ids, 0 unlabelled.
    names, colours : by class id, as far as the file gives them.
    name : short name for titles.
    zero : name that the file gives to 0, or "".
    georeference : place on the Earth, or None.
    notes : sentences for the user: what was left out, or looks wrong.
    """

    ids: NDArray[np.uint16]
    names: dict[int, str] = field(default_factory=dict)
    colours: dict[int, Colour] = field(default_factory=dict)
    name: str = "labels"
    zero: str = ""
    georeference: Georeference | None = None
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        force_setattr(self, "notes", messages(self.notes))

    def __repr__(self) -> str:
        return f"<LabelFile {described(self.name, self.ids)}>"

    def __array__(
        self, dtype: np.dtype[Any] | None = None, copy: bool | None = None
    ) -> NDArray[Any]:
        """The class ids."""
        return np.array(self.ids, dtype, copy=copy)
