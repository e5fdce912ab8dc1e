"""Majority filter of a class map."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from hsi_viewer.core.progress import CancelToken
from hsi_viewer.core.strips import surrounded_strips

MAX_WINDOW = 255  # whose pixels can still be counted in 16 bits


def majority(
    ids: NDArray[np.uint16], window: int, *, token: CancelToken | None = None
) -> NDArray[np.uint16]:
    """A class map where each pixel has the most frequent class of the window around it.

    Where two classes are equally frequent, the pixel stays. Pixels of id 0 neither change nor
    count.

    Parameters
    ----------
    ids : (rows, columns) class ids; 0 is no data.
    window : its side in pixels, odd.
    token : asked strip by strip.

    Raises
    ------
    ValueError
        if the window is even or beyond 1 to 255.
    """
    if window % 2 == 0 or not 1 <= window <= MAX_WINDOW:
        raise ValueError(f"A window is odd, from 1 to {MAX_WINDOW} pixels, not {window}")
    result = np.empty_like(ids)
    for rows, near, own in surrounded_strips(ids.shape, window // 2):
        if token is not None:
            token.check()
        result[rows] = _most_frequent(ids[near], window)[own]
    return result


def _most_frequent(ids: NDArray[np.uint16], window: int) -> NDArray[np.uint16]:
    from scipy.ndimage import find_objects

    most = np.zeros(ids.shape, np.uint16)
    winner, tied = ids.copy(), np.zeros(ids.shape, bool)
    for class_id, extent in enumerate(find_objects(ids), start=1):
        if not extent:  # no pixel of this class
            continue
        near = tuple(slice(max(s.start - window // 2, 0), s.stop + window // 2) for s in extent)
        count = _counts(ids[near] == class_id, window)
        more = count > most[near]
        tied[near] = (tied[near] & ~more) | (count == most[near])
        winner[near][more] = class_id
        np.maximum(most[near], count, out=most[near])
    return np.where((ids > 0) & ~tied, winner, ids)


def _counts(mask: NDArray[np.bool_], window: int) -> NDArray[np.uint16]:
    """Pixels of a mask in the window around each pixel."""
    from scipy.ndimage import correlate1d

    count = mask.astype(np.uint16)
    for axis in (0, 1):
        count = correlate1d(count, np.ones(window), axis=axis, mode="constant")
    return count
