"""Patch: labelled pixels taken out of a map, to be moved or copied."""

from __future__ import annotations

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from hsi_viewer.core.geometry.pixels import Pixel
from hsi_viewer.core.geometry.shapes import Pixels


class Patch(Struct, frozen=True, eq=False):
    """Pixels with their ids.

    Attributes
    ----------
    rows, columns, ids : (n,).
    """

    rows: NDArray[np.int64]
    columns: NDArray[np.int64]
    ids: NDArray[np.uint16]

    @classmethod
    def of(cls, pixels: Pixels, labels: NDArray[np.uint16]) -> Patch:
        """The patch of some flat indices of a label map."""
        rows, columns = np.divmod(pixels, labels.shape[1])
        return cls(rows, columns, labels.ravel()[pixels])

    def __len__(self) -> int:
        return self.ids.size

    @property
    def origin(self) -> Pixel:
        """Upper left pixel of its box."""
        return int(self.rows.min()), int(self.columns.min())

    @property
    def middle(self) -> Pixel:
        """Pixel in the middle of its box."""
        top, left = self.origin
        return (top + int(self.rows.max())) // 2, (left + int(self.columns.max())) // 2

    def moved(self, rows: int, columns: int) -> Patch:
        """The same pixels elsewhere."""
        return Patch(self.rows + rows, self.columns + columns, self.ids)

    def joined(self, other: Patch) -> Patch:
        """Both; pixels that both hold are in it once."""
        positions = np.stack([np.r_[self.rows, other.rows], np.r_[self.columns, other.columns]])
        _, first = np.unique(positions, axis=1, return_index=True)
        ids = np.r_[self.ids, other.ids]
        return Patch(positions[0][first], positions[1][first], ids[first])

    def within(self, shape: tuple[int, int]) -> tuple[Pixels, NDArray[np.uint16]]:
        """Flat indices and ids of what lies in a scene."""
        inside = (self.rows >= 0) & (self.rows < shape[0])
        inside &= (self.columns >= 0) & (self.columns < shape[1])
        return self.rows[inside] * shape[1] + self.columns[inside], self.ids[inside]

    def mask(self) -> NDArray[np.bool_]:
        """Its pixels in its box."""
        top, left = self.origin
        mask = np.zeros((int(self.rows.max()) - top + 1, int(self.columns.max()) - left + 1), bool)
        mask[self.rows - top, self.columns - left] = True
        return mask
