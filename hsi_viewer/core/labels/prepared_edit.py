"""A large edit worked out beforehand."""

from __future__ import annotations

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from hsi_viewer.core.geometry.pixels import Box
from hsi_viewer.core.labels.label_edit import LabelEdit
from hsi_viewer.core.labels.label_snapshot import LabelSnapshot


class PreparedEdit(Struct, frozen=True, eq=False):
    """The effect of a large edit: see `LabelMap.prepare`.

    Attributes
    ----------
    edit, before : what was worked out, from which labels.
    ids, counts, box : the labels after it, pixels of each id, and the box that it touches. The
        array becomes that of the label map.
    """

    edit: LabelEdit
    before: LabelSnapshot
    ids: NDArray[np.uint16]
    counts: NDArray[np.int64]
    box: Box

    def is_for(self, edit: LabelEdit) -> bool:
        """Whether this is the edit, and nothing has changed the labels meanwhile."""
        same = self.edit.pixels is edit.pixels and self.edit.after is edit.after
        return same and self.before.current
