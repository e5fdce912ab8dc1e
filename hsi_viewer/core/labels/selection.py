"""Selection: the pixels that the user singled out, by lasso, threshold or class."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from psygnal import Signal


class Selection:
    """A set of pixels of a scene, shown in every panel; `changed` is emitted when it is another.

    Parameters
    ----------
    shape : rows and columns of the scene.
    """

    changed = Signal()

    def __init__(self, shape: tuple[int, int]) -> None:
        self.shape = shape
        self.name = ""
        self._mask: NDArray[np.bool_] | None = None
        self._count = 0

    def __len__(self) -> int:
        return self._count

    @property
    def mask(self) -> NDArray[np.bool_] | None:
        """(rows, columns), True for selected pixels, not to be written to; None if there are none.

        A new selection is a new array, so a worker may keep it.
        """
        return self._mask

    @property
    def pixels(self) -> NDArray[np.int64]:
        """Flat indices in row-major order, ascending."""
        return np.zeros(0, np.int64) if self._mask is None else np.flatnonzero(self._mask)

    def select(self, mask: NDArray[np.bool_], name: str) -> None:
        """Select these pixels in place of the last ones.

        Raises
        ------
        ValueError
            if the mask is not of the scene's size.
        """
        if mask.shape != self.shape:
            raise ValueError(f"The mask is {mask.shape}, the scene {self.shape}")
        self._count = int(np.count_nonzero(mask))
        self._mask = mask.copy() if self._count else None
        if self._mask is not None:
            self._mask.flags.writeable = False
        self.name = name if self._count else ""
        self.changed.emit()

    def clear(self) -> None:
        """Select nothing."""
        if self._mask is not None:
            self._mask, self._count, self.name = None, 0, ""
            self.changed.emit()
