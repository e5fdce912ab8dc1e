"""Regions of a class map: pixels of one class that are connected, all classes at once."""

from __future__ import annotations

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from hsi_viewer.core.geometry.connected_regions import CORNERS, SIDES

ROWS = 512  # summed at once: the numbers and values of all rows would be copied


class MapRegions(Struct, frozen=True):
    """The regions of a class map.

    Attributes
    ----------
    numbers : (rows, columns) int32 number of the region of each pixel; 0 where the map is 0.
    classes : (regions + 1,) class of each region; 0 for number 0.
    """

    numbers: NDArray[np.int32]
    classes: NDArray[np.uint16]

    def __len__(self) -> int:
        return self.classes.size - 1

    def pixels(self) -> NDArray[np.int64]:
        """Number of pixels (regions + 1,) of each region, and of what is in none."""
        return self.sums(np.ones((1, 1))).astype(np.int64)

    def sums(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Sum (regions + 1,) of the values of each region.

        Parameters
        ----------
        values : one for each pixel: (rows, columns), or (rows, 1) for rows of equal values.
        """
        every = np.broadcast_to(values, self.numbers.shape)
        sums = np.zeros(self.classes.size)
        for row in range(0, self.numbers.shape[0], ROWS):
            part = self.numbers[row : row + ROWS].ravel()
            sums += np.bincount(part, every[row : row + ROWS].ravel(), minlength=sums.size)
        return sums

    def centroids(self) -> NDArray[np.float64]:
        """Mean position (regions + 1, 2) in rows and columns; 0, 0 is the upper left corner."""
        rows, columns = self.numbers.shape
        down = np.arange(rows, dtype=np.float64)[:, None] + 0.5
        right = np.arange(columns, dtype=np.float64)[None, :] + 0.5
        pixels = np.maximum(self.pixels(), 1)
        return np.stack([self.sums(down) / pixels, self.sums(right) / pixels], axis=1)


def map_regions(ids: NDArray[np.uint16], *, corners: bool = False) -> MapRegions:
    """The regions of a class map, numbered from 1, class by class.

    Parameters
    ----------
    ids : (rows, columns) class ids; 0 belongs to no region.
    corners : whether pixels that touch only at a corner are connected.
    """
    from scipy.ndimage import find_objects, label  # slow to import

    numbers = np.zeros(ids.shape, np.int32)
    classes = [np.zeros(1, np.uint16)]
    count = 0
    for class_id, extent in enumerate(find_objects(ids), start=1):
        if not extent:  # no pixel of this class
            continue
        parts, found = label(ids[extent] == class_id, CORNERS if corners else SIDES)
        np.add(parts, count, out=numbers[extent], where=parts > 0, casting="unsafe")
        classes.append(np.full(found, class_id, np.uint16))
        count += found
    return MapRegions(numbers, np.concatenate(classes))
