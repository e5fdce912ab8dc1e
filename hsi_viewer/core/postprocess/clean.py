"""Cleaning of a class map: merge classes, open, close, majority filter, minimum mapping unit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from hsi_viewer.core.postprocess.majority import majority
from hsi_viewer.core.postprocess.morphology import closed, opened
from hsi_viewer.core.postprocess.sieve import sieved


@dataclass(frozen=True)
class Cleaning:
    """Steps of cleaning, in the order in which they are done; by default none.

    Attributes
    ----------
    merge : class that another one becomes, by the id of the other.
    open, close : ids of classes.
    majority : side of the window in pixels, odd; 1 leaves the map as it is.
    minimum : smallest region that stays, in pixels; 0 keeps all.
    square_metres : the same as an area, which then counts instead.
    corners : whether pixels that touch only at a corner are connected.
    """

    merge: Mapping[int, int] = field(default_factory=dict)
    open: tuple[int, ...] = ()
    close: tuple[int, ...] = ()
    majority: int = 1
    minimum: float = 0.0
    square_metres: float | None = None
    corners: bool = False

    @property
    def class_ids(self) -> set[int]:
        """All classes that it names."""
        return {*self.merge, *self.merge.values(), *self.open, *self.close}


def cleaned(
    ids: NDArray[np.uint16],
    cleaning: Cleaning,
    pixel_area: NDArray[np.float64] | None = None,
) -> NDArray[np.uint16]:
    """A cleaned class map; pixels of id 0 stay, and no other pixel becomes 0.

    Parameters
    ----------
    ids : (rows, columns) class ids; 0 is no data.
    cleaning : what to do.
    pixel_area : (rows,) square metres of a pixel of each row; needed for a minimum area only.

    Raises
    ------
    ValueError
        if a minimum area is wanted and the area of a pixel is not known, a class would merge with
        0, or the window of the majority filter is even.
    """
    if cleaning.square_metres is not None and pixel_area is None:
        raise ValueError("The area of a pixel is not known")
    result = _merged(ids, cleaning.merge)
    for class_id in cleaning.open:
        result = opened(result, class_id, corners=cleaning.corners)
    for class_id in cleaning.close:
        result = closed(result, class_id, corners=cleaning.corners)
    if cleaning.majority != 1:
        result = majority(result, cleaning.majority)
    if cleaning.square_metres is not None:
        minimum = cleaning.square_metres
        return sieved(result, minimum, corners=cleaning.corners, pixel_size=pixel_area)
    if cleaning.minimum > 1:
        result = sieved(result, cleaning.minimum, corners=cleaning.corners)
    return result


def _merged(ids: NDArray[np.uint16], merge: Mapping[int, int]) -> NDArray[np.uint16]:
    if not all(0 < i < 1 << 16 for pair in merge.items() for i in pair):
        raise ValueError("Only classes can be merged; 0 is no data")
    table = np.arange(1 << 16, dtype=np.uint16)
    for old, new in merge.items():
        table[old] = new
    return table[ids]
