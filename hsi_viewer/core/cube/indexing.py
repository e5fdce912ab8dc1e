"""cube[rows, columns, bands]: NumPy's indexing, of which only the window asked for is read."""

from __future__ import annotations

import math
import operator
import os
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from hsi_viewer.core.errors import TooLargeError

UNKNOWN_MEMORY = 16 << 30  # where the machine doesn't report it
ALLOWED = (
    "A cube is indexed by rows, columns and bands: whole numbers, slices, lists of numbers, or a "
    "mask of (rows, columns)."
)


class Readable(Protocol):
    """What is indexed: a cube."""

    @property
    def name(self) -> str:
        """For messages."""

    @property
    def shape(self) -> tuple[int, int, int]:
        """Rows, columns, bands."""

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of the values."""

    def read(
        self, rows: slice, columns: slice, bands: NDArray[np.intp] | None = None
    ) -> NDArray[Any]:
        """Values of a window, (rows, columns, bands)."""


Part = int | slice | NDArray[np.intp]


def memory_bytes() -> int:
    """Memory of the machine."""
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):  # Windows has no sysconf
        return UNKNOWN_MEMORY


def check_fits(cube: Readable, pixels: int, bands: int) -> None:
    """Refuse to read more values at once than memory can hold.

    Raises
    ------
    TooLargeError
        if they take more than half of the machine's memory.
    """
    size, limit = pixels * bands * cube.dtype.itemsize, memory_bytes() // 2
    if size > limit:
        raise TooLargeError(
            f"{cube.name}: these values take {size / 2**30:.1f} GiB, more than half of this "
            f"machine's memory ({limit / 2**30:.1f} GiB). Read a part: cube[0:500, 0:500], or "
            "cube[:, :, 30] for one band."
        )


def indexed(cube: Readable, key: Any) -> Any:
    """Stored values of `np.asarray(cube)[key]`, without reading what is not asked for.

    Raises
    ------
    IndexError
        if the key is outside the cube or of a kind that is not understood.
    TooLargeError
        if what has to be read takes more than half of the machine's memory.
    """
    rows, columns, bands = _parts(key, cube.shape)
    if (
        isinstance(rows, np.ndarray)
        and isinstance(columns, np.ndarray)
        and not isinstance(bands, np.ndarray)
    ):
        return _pixels(cube, rows, columns, bands)
    (r, at_row), (c, at_column) = _window(rows, cube.shape[0]), _window(columns, cube.shape[1])
    chosen, at_band = _bands(bands, cube.shape[2])
    check_fits(cube, _length(r) * _length(c), chosen.size)
    every = np.array_equal(chosen, np.arange(cube.shape[2]))
    values = cube.read(r, c, None if every else chosen)
    return values[at_row, at_column, at_band]


def _pixels(
    cube: Readable, rows: NDArray[np.intp], columns: NDArray[np.intp], bands: int | slice
) -> Any:
    """Spectra of single pixels, row by row."""
    rows, columns = np.broadcast_arrays(rows, columns)
    chosen, at_band = _bands(bands, cube.shape[2])
    check_fits(cube, rows.size, chosen.size)
    values = np.empty((rows.size, chosen.size), cube.dtype)
    r, c = rows.ravel(), columns.ravel()
    order = np.argsort(r, kind="stable")
    for pixels in np.split(order, np.flatnonzero(np.diff(r[order])) + 1) if r.size else ():
        row, left = int(r[pixels[0]]), int(c[pixels].min())
        window = cube.read(slice(row, row + 1), slice(left, int(c[pixels].max()) + 1), chosen)
        values[pixels] = window[0, c[pixels] - left]
    return values.reshape(*rows.shape, chosen.size)[..., at_band]


def _parts(key: Any, shape: tuple[int, int, int]) -> tuple[Part, Part, Part]:
    """What is asked for of rows, columns and bands, without negative numbers."""
    keys = list(key) if isinstance(key, tuple) else [key]
    if keys and _is_mask(keys[0]):
        mask = np.asarray(keys[0])
        if mask.shape != shape[:2]:
            raise IndexError(f"The mask is {mask.shape}, the pixels of the cube are {shape[:2]}.")
        keys[:1] = np.nonzero(mask)
    dots = [i for i, k in enumerate(keys) if k is Ellipsis]
    if len(dots) > 1 or len(keys) - len(dots) > 3:
        raise IndexError(f"Too many indices: a cube has 3 axes. {ALLOWED}")
    missing = [slice(None)] * (3 - len(keys) + len(dots))
    at = dots[0] if dots else len(keys)
    keys[at : at + len(dots)] = missing
    rows, columns, bands = (_part(k, n) for k, n in zip(keys, shape, strict=True))
    return rows, columns, bands


def _is_mask(key: Any) -> bool:
    return getattr(key, "ndim", 0) == 2 and getattr(key, "dtype", None) == np.bool_


def _part(key: Any, size: int) -> Part:
    if isinstance(key, slice):
        return key
    array = np.asarray(key)
    if array.ndim == 0:
        if isinstance(key, (bool, np.bool_)):
            raise IndexError(ALLOWED)
        try:
            number = operator.index(key)
        except TypeError as error:
            raise IndexError(ALLOWED) from error
        return int(_inside(np.array([number]), size)[0])
    if array.dtype == np.bool_ and array.shape == (size,):
        return np.flatnonzero(array)
    if array.size == 0:
        return array.astype(np.intp)
    if array.dtype.kind not in "iu":
        raise IndexError(ALLOWED)
    return _inside(array.astype(np.intp), size)


def _inside(numbers: NDArray[np.intp], size: int) -> NDArray[np.intp]:
    outside = numbers[(numbers < -size) | (numbers >= size)]
    if outside.size:
        raise IndexError(f"index {outside[0]} is outside an axis of {size}")
    return np.where(numbers < 0, numbers + size, numbers)


def _window(part: Part, size: int) -> tuple[slice, Any]:
    """The slice that holds what is asked for, of a positive step, and the index into it."""
    if isinstance(part, int):
        return slice(part, part + 1), 0
    if isinstance(part, np.ndarray):
        if not part.size:
            return slice(0, 0, 1), part
        low = int(part.min())
        return slice(low, int(part.max()) + 1, 1), part - low
    chosen = range(*part.indices(size))
    if not chosen:
        return slice(0, 0, 1), slice(None)
    low, high = sorted((chosen[0], chosen[-1]))
    step = abs(chosen.step)
    return slice(low, high + 1, step), slice(None, None, 1 if chosen.step > 0 else -1)


def _bands(part: Part, size: int) -> tuple[NDArray[np.intp], Any]:
    """Numbers of the bands to read, of a list each once, and the index into what was read."""
    if isinstance(part, int):
        return np.array([part], np.intp), 0
    if isinstance(part, slice):
        return np.arange(size)[part], slice(None)
    chosen = np.unique(part)
    return chosen, np.searchsorted(chosen, part)


def _length(part: slice) -> int:
    length: int = math.ceil((part.stop - part.start) / (part.step or 1))
    return length
