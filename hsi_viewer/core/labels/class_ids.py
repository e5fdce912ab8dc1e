"""Valid class ids: one set of rules for labels from all sources."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hsi_viewer.core.errors import LabelError
from hsi_viewer.core.labels.classes import MAX_CLASS_ID

COUNTED = 1 << 20  # ids that are counted at once, in about 3 ms


def checked_ids(
    ids: ArrayLike, shape: tuple[int, int], name: str = "the labels", *, copy: bool = True
) -> NDArray[np.uint16]:
    """Class ids as (rows, columns) uint16, by the rules of `class_ids`.

    Raises
    ------
    LabelError
        if the size differs from the cube's, or values are not class ids.
    """
    array = _as_array(ids, name)
    if array.shape != shape:
        found = " x ".join(str(n) for n in array.shape) or "a single value, not"
        raise LabelError(
            f"{name}: the labels are {found} pixels but the cube is {shape[0]} x {shape[1]}; "
            "choose the label file of this cube."
        )
    return class_ids(array, name, copy=copy)


def class_ids(ids: ArrayLike, name: str = "the labels", *, copy: bool = True) -> NDArray[np.uint16]:
    """Class ids of numbers of any type: a copy, unless none is wanted and they are so already.

    These are the rules for labels from everywhere. What is negative, NaN or masked is unlabelled,
    as 0 is; ids are whole numbers, of any type, up to 65535.

    Raises
    ------
    LabelError
        if values are not class ids.
    """
    array = _as_array(ids, name)
    if array.dtype.kind not in "biuf":
        kind = "numbers and something else" if array.dtype == object else array.dtype
        raise LabelError(f"{name}: class ids must be whole numbers, not {kind}.")
    if array.dtype.kind in "if":
        if array.dtype.kind == "f" and np.isnan(array).any():
            array = np.where(np.isnan(array), 0, array)
        if array.size and array.min() < 0:
            array = np.maximum(array, 0)
    if np.can_cast(array.dtype, np.uint16):
        return array.astype(np.uint16, copy=copy)
    if array.size and float(array.max()) > MAX_CLASS_ID:
        raise LabelError(f"{name}: class ids must be in 0..{MAX_CLASS_ID}; found {array.max():g}.")
    if array.dtype.kind == "f" and not np.array_equal(array, np.rint(array)):
        raise LabelError(f"{name}: class ids must be whole numbers; found fractions.")
    return array.astype(np.uint16)


def count_ids(ids: NDArray[np.uint16]) -> NDArray[np.int64]:
    """Pixels of each class id, from 0 to the highest that occurs.

    In parts, for NumPy counts without letting another thread run, in eight times the memory.
    """
    flat = ids.reshape(-1)
    counts = np.zeros(1, np.int64)
    for start in range(0, flat.size, COUNTED):
        found = np.bincount(flat[start : start + COUNTED], minlength=counts.size)
        found[: counts.size] += counts
        counts = found
    return counts


def present_ids(ids: NDArray[np.uint16] | None) -> tuple[int, ...]:
    """Class ids with at least one pixel, ascending, 0 left out."""
    return () if ids is None else tuple((np.flatnonzero(count_ids(ids)[1:]) + 1).tolist())


def _as_array(ids: ArrayLike, name: str) -> NDArray[Any]:
    """An array of one type; what is masked in it is 0."""
    try:
        return np.asarray(np.ma.filled(ids, 0) if np.ma.isMaskedArray(ids) else ids)
    except ValueError as error:  # lists of different lengths
        raise LabelError(f"{name}: the rows of the labels differ in length.") from error
