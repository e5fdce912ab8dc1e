"""Windows of a raw array on disk, in any interleave, byte order and offset."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from hsi_viewer.io.byte_reader import ByteReader, FileReader

# Unwanted bytes between two wanted pieces that are cheaper to read than to skip.
MERGE_BYTES = 16 << 10
# Largest intermediate buffer, small enough to stay in a processor's cache.
CHUNK_BYTES = 2 << 20
# Of a map, so much is gathered between two looks at the file's size.
MAP_BYTES = 64 << 20
# So many places are asked whether they are in the system's memory.
PROBES = 16
# Inner values further apart than this, on average, are gathered from a map.
SPARSE = 4

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
        self._axes = (n[0], n[1], n[2])
        self._strides = (n[1] * n[2] * size, n[2] * size, size)

    def read(self, rows: slice, columns: slice, bands: NDArray[np.intp] | None) -> NDArray[Any]:
        """Stored values of a window, (rows, columns, bands), in native byte order."""
        wanted = np.arange(self.shape[2])[... if bands is None else bands]
        ascending = bands is None or bool(np.all(np.diff(wanted) > 0))
        unique, places = (wanted, None) if ascending else np.unique(wanted, return_inverse=True)
        chosen = (
            np.arange(rows.start, rows.stop, rows.step),
            np.arange(columns.start, columns.stop, columns.step),
            unique,
        )
        out = np.empty([chosen[axis].size for axis in self._order], self.dtype)
        if out.size:
            self._fill(out, [chosen[axis] for axis in self._order])
        window = out.transpose([self._order.index(axis) for axis in range(3)])
        return window if places is None else window[:, :, places]

    def _fill(self, out: NDArray[Any], index: list[NDArray[np.intp]]) -> None:
        """Read the cross product of three ascending index lists (file order) into `out`."""
        if self._is_sparse(out, index) and self._gather(out, index):
            return
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

    def _is_sparse(self, out: NDArray[Any], index: list[NDArray[np.intp]]) -> bool:
        """Whether to gather from a map: many small pieces that are in the system's memory.

        Pieces that have to come from the disk are read in larger strokes, unless all of the
        file between them comes along anyway (one band of a BIP file).
        """
        if not isinstance(self._reader, FileReader):
            return False
        if _extent(index[2]) > SPARSE * index[2].size:
            return True
        run = self._strides[2] * index[2].size
        if index[2].size == self._axes[2] and _extent(index[1]) == index[1].size:
            run *= index[1].size
        if run >= MERGE_BYTES or out.nbytes == run:
            return False
        first, last = (
            self._offset + sum(int(i[k]) * s for i, s in zip(index, self._strides, strict=True))
            for k in (0, -1)
        )
        return self._reader.is_cached(*np.linspace(first, last, PROBES).astype(int).tolist())

    def _gather(self, out: NDArray[Any], index: list[NDArray[np.intp]]) -> bool:
        """Copy values out of a map of the file; False where there is none."""
        if not isinstance(self._reader, FileReader):
            return False
        n0, n1, n2 = self._axes
        end = self._offset + n0 * self._strides[0]
        step = max(1, MAP_BYTES // self._strides[0])
        for a in range(0, out.shape[0], step):
            mapped = self._reader.mapped(end)
            if mapped is None:
                return False
            whole = np.ndarray((n0, n1, n2), self._stored, mapped, self._offset, self._strides)
            _copy(out[a : a + step], whole, [index[0][a : a + step], index[1], index[2]])
        return True

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


def _copy(out: NDArray[Any], whole: NDArray[Any], index: list[NDArray[np.intp]]) -> None:
    """Copy the cross product of ascending indices; uneven ones (of bands) one by one."""
    for axis, chosen in enumerate(index):
        picker = _picker(chosen)
        if not isinstance(picker, slice):
            before = (slice(None),) * axis
            for k in range(chosen.size):
                one = [*index[:axis], chosen[k : k + 1], *index[axis + 1 :]]
                _copy(out[(*before, slice(k, k + 1))], whole, one)
            return
    out[...] = whole[tuple(_picker(chosen) for chosen in index)]


def _picker(index: NDArray[np.intp]) -> slice | NDArray[np.intp]:
    """Ascending indices as a slice where they are evenly spaced."""
    picker = _selector(index)
    first = int(index[0])
    if isinstance(picker, slice):
        return slice(first + picker.start, first + picker.stop, picker.step)
    return index


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
