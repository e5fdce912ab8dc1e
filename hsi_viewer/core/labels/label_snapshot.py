"""Labels as they were at one moment, copied later, where they are needed.

To copy the labels of a large scene takes tens of milliseconds, which the interface doesn't have. So
only the moment is noted: edits that come after it are kept, and a worker that copies the labels
undoes them in its copy. Where another array takes the place of the labels, the old one never
changes again, and is the snapshot itself.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from hsi_viewer.core.labels.label_edit import LabelEdit


class LabelSnapshot:
    """The labels at the moment when this was made.

    Parameters
    ----------
    live : (rows, columns) the labels themselves, which keep changing.
    """

    def __init__(self, live: NDArray[np.uint16]) -> None:
        self.shape: tuple[int, int] = (live.shape[0], live.shape[1])
        self._live = live
        self._since: list[LabelEdit] = []
        self._ids: NDArray[np.uint16] | None = None
        self._lock = threading.Lock()
        self._kept = False  # whether the array is left to those who took snapshots of it
        self.current = True  # whether the labels are still as they were

    def note(self, edit: LabelEdit) -> None:
        """Keep an edit that is about to be applied."""
        self.current = False
        if self._ids is None:
            self._since.append(edit)

    def keep(self) -> None:
        """Note that the array stays as it is now: later changes go to another one."""
        self.current, self._kept = False, True

    @property
    def ids(self) -> NDArray[np.uint16]:
        """(rows, columns) class ids; copied once, by the first who asks, in any thread."""
        with self._lock:
            if self._ids is None:
                kept = self._kept  # asked first: what is noted is noted before
                ids = self._live if kept and not self._since else self._live.copy()
                # An edit is noted before it is applied, so all that the copy has seen is here.
                for edit in reversed(tuple(self._since)):
                    np.put(ids, edit.pixels, edit.before)
                self._ids = self._live = ids
                self._since.clear()
            return self._ids
