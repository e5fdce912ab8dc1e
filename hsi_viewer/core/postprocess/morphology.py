"""Opening and closing of one class of a map, with what lies beyond its data left neutral."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from hsi_viewer.core.geometry.connected_regions import CORNERS, SIDES
from hsi_viewer.core.strips import surrounded_strips

REACH = 3  # rows that an opening looks at above and below, and the class that is nearest


def opened(ids: NDArray[np.uint16], class_id: int, *, corners: bool = False) -> NDArray[np.uint16]:
    """A class map where a class has lost what is thinner than three pixels.

    The pixels that it loses go to the nearest other class. The edge of the scene and pixels
    without data (id 0) take nothing from it, and stay. A map of one class stays.

    Parameters
    ----------
    ids : (rows, columns) class ids; 0 is no data.
    class_id : the class to open.
    corners : whether the structuring element is the square of 3 x 3 pixels, not the cross.
    """
    result = np.empty_like(ids)
    for rows, near, own in surrounded_strips(ids.shape, REACH):
        result[rows] = _opened(ids[near], class_id, corners)[own]
    return result


def _opened(ids: NDArray[np.uint16], class_id: int, corners: bool) -> NDArray[np.uint16]:
    from scipy.ndimage import distance_transform_edt

    own = ids == class_id
    lost = own & ~_open(own | (ids == 0), corners)
    others = (ids > 0) & ~own
    if not lost.any() or not others.any():
        return ids
    at = distance_transform_edt(~others, return_distances=False, return_indices=True)
    result = ids.copy()
    result[lost] = ids[at[0][lost], at[1][lost]]
    return result


def closed(ids: NDArray[np.uint16], class_id: int, *, corners: bool = False) -> NDArray[np.uint16]:
    """A class map where a class has filled its gaps of less than three pixels.

    Pixels without data (id 0) stay; parameters as of `opened`.
    """
    filled = ~_open(ids != class_id, corners)
    return np.where(filled & (ids > 0), np.uint16(class_id), ids)


def _open(mask: NDArray[np.bool_], corners: bool) -> NDArray[np.bool_]:
    """The opening of a mask that continues beyond its edges."""
    from scipy.ndimage import binary_dilation, binary_erosion

    element = CORNERS if corners else SIDES
    core = binary_erosion(np.pad(mask, 1, constant_values=True), element, border_value=1)
    found: NDArray[np.bool_] = binary_dilation(core, element)[1:-1, 1:-1]
    return found
