"""Windows of a raw array on disk, in any interleave, byte order and offset."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from hsi_viewer.io.byte_reader import ByteReader

# Unwanted bytes between two wanted pieces that are cheaper to read than to skip.
MERGE_BYTES = 16 << 10
# Largest intermediate buffer, small enough to stay in a processor's cache.
CHUNK_BYTES = 2 << 20

# Axes (0 rows, 1 columns, 2 bands) in the order of the file, slowest first.
ORDERS = {"bsq": (2, 0, 1), "bil": (0, 2, 1), "bip": (0, 1, 2)}


class RawSource:
    """A CubeSource over raw values.

    Parameters
    ----------
    reader : where bytes come from.
    shape : rows, columns, bands.
    dtype : of the stored values, with their byte order.
    order : axes (0 rows, 1 columns, 2 bands) as the file stores them, slowest first.
    offset : bytes before the first value.
    """

    def __init__(
        self,
        reader: ByteReader,
        shape: tuple[int, int, int],
        dtype: np.dtype[Any],
        order: tuple[int, int, int],
        offset: int = 0,
    ) -> None:
        self.shape = shape
        self.dtype: np.dtype[Any] = dtype.newbyteorder("=")
        self._reader = reader
        self._stored = dtype
        self._order = order
        self._offset = offset
        n = [shape[axis] for axis in order]
        size = dtype.itemsize
        self._strides = (n[1] * n[2] * size, n[2] * size, size)

    def read(self, rows: slice, columns: slice, bands: NDArray[np.intp] | None) -> NDArray[Any]:
        """Stored values of a window, (rows, columns, bands), in native byte order."""
        wanted = (
            np.arange(rows.start, rows.stop, rows.step),
            np.arange(columns.start, columns.stop, columns.step),
            np.arange(self.shape[2])[... if bands is None else bands],
        )
        ascending, places = zip(*(np.unique(i, return_inverse=True) for i in wanted), strict=True)
        out = np.empty([ascending[axis].size for axis in self._order], self.dtype)
        if out.size:
            self._fill(out, [ascending[axis] for axis in self._order])
        window = out.transpose([self._order.index(axis) for axis in range(3)])
        if wanted[2].size != ascending[2].size or np.any(np.diff(wanted[2]) < 0):
            window = window[:, :, places[2]]
        return window

    def _fill(self, out: NDArray[Any], index: list[NDArray[np.intp]]) -> None:
        """Read the cross product of three ascending index lists (file order) into `out`."""
        outer, middle, inner = index
        line = _extent(inner) * self._strides[2]
        slab = (_extent(middle) - 1) * self._strides[1] + line
        lines = _pieces(middle, self._strides[1], line)
        whole_slabs = len(lines) == 1
        slabs = (
            _pieces(outer, self._strides[0], slab)
            if whole_slabs
            else [(k, k + 1) for k in range(outer.size)]
        )
        scratch = np.empty(0, np.uint8)
        for a, b in slabs:
            for c, d in lines:
                block = outer[a:b], middle[c:d], inner
                scratch = self._read_block(out[a:b, c:d], block, scratch)

    def _read_block(
        self, out: NDArray[Any], index: tuple[NDArray[np.intp], ...], scratch: NDArray[np.uint8]
    ) -> NDArray[np.uint8]:
        """Read one stretch of the file into `out`; gives back the scratch memory to use again."""
        first = sum(int(i[0]) * stride for i, stride in zip(index, self._strides, strict=True))
        shape = tuple(_extent(i) for i in index)
        last = sum((n - 1) * stride for n, stride in zip(shape, self._strides, strict=True))
        length = last + self._strides[2]
        if length == out.nbytes and out.flags.c_contiguous:
            self._reader.read_into(out.data.cast("B"), self._offset + first)
            if not self._stored.isnative:
                out.byteswap(inplace=True)
            return scratch
        if scratch.size < length:
            scratch = np.empty(length, np.uint8)
        self._reader.read_into(scratch.data[:length], self._offset + first)
        stretch = np.ndarray(shape, self._stored, buffer=scratch.data, strides=self._strides)
        i, j, k = (_selector(axis) for axis in index)
        out[...] = stretch[i][:, j][:, :, k]
        return scratch


def _extent(index: NDArray[np.intp]) -> int:
    return int(index[-1] - index[0]) + 1


def _selector(index: NDArray[np.intp]) -> slice | NDArray[np.intp]:
    """Ascending indices from their first, as a slice where they are evenly spaced."""
    steps = np.diff(index)
    if steps.size == 0:
        return slice(0, 1)
    if np.all(steps == steps[0]):
        return slice(0, int(index[-1] - index[0]) + 1, int(steps[0]))
    offsets: NDArray[np.intp] = index - index[0]
    return offsets


def _pieces(index: NDArray[np.intp], stride: int, span: int) -> list[tuple[int, int]]:
    """Split ascending indices into runs [a, b) worth one read each.

    Parameters
    ----------
    index : positions along one axis.
    stride : bytes from one position to the next.
    span : bytes wanted at each position.
    """
    runs = []
    a = 0
    for k in range(1, index.size):
        gap = int(index[k] - index[k - 1]) * stride - span
        length = int(index[k] - index[a]) * stride + span
        if gap > MERGE_BYTES or length > CHUNK_BYTES:
            runs.append((a, k))
            a = k
    runs.append((a, index.size))
    return runs
