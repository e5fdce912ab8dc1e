"""Windows of a raw array on disk, in any interleave, byte order and offset.

A window is a set of runs: stretches of wanted bytes that lie together. Which way is the fastest
depends on how they lie (measured by benchmarks/io.py):

- a few runs, or runs far apart, are read one by one, straight into the result;
- many runs close together are gathered from a map of the file where the system holds it in memory;
- what has yet to come from the disk is read in stretches that span the gaps.
"""

from __future__ import annotations

import mmap
import os
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import islice, product
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from hsi_viewer.io.files.byte_reader import ByteReader, FileReader
from hsi_viewer.io.files.positions import (
    CHUNK_BYTES,
    MERGE_BYTES,
    even,
    even_parts,
    extent,
    from_first,
    merged,
    probes,
)

# Runs as long as this are read one by one, however close they lie.
LONG_RUN = 64 << 10
# Of a map, this much is gathered by one thread between two looks at the file's size.
MAP_BYTES = 16 << 20
# From this many bytes on, several threads read.
THREADS_BYTES = 16 << 20
# A processor fetches this many at a time.
LINE_BYTES = 64
# This many runs, of this many bytes in all at most, are asked of the disk ahead.
AHEAD_RUNS, AHEAD_BYTES = 1024, 32 << 20

# Values are copied out of a map, and their pages found, without Python's lock.
COPIERS = min(4, os.cpu_count() or 1)

# Axes (0 rows, 1 columns, 2 bands) in the order of the file, slowest first.
ORDERS = {"bsq": (2, 0, 1), "bil": (0, 2, 1), "bip": (0, 1, 2)}

Index = list[Sequence[int]]  # ascending positions on the three axes of the file
Stretch = tuple[NDArray[Any], Index]  # part of the result, and the positions of its values


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
        self._back = [order.index(axis) for axis in range(3)]
        self._offset = offset
        n = [shape[axis] for axis in order]
        size = dtype.itemsize
        self._axes = (n[0], n[1], n[2])
        self._strides = (n[1] * n[2] * size, n[2] * size, size)
        self._steps = [self._strides[position] for position in self._back]
        self._depth = (shape[2] - 1) * self._steps[2]
        self._mapped = self._map()

    def _map(self) -> tuple[NDArray[Any], FileReader] | None:
        """The whole cube (rows, columns, bands) in a map of its file, where there is one."""
        reader = self._reader
        if not isinstance(reader, FileReader) or reader.map is None:
            return None
        if self._offset + self._axes[0] * self._strides[0] > len(reader.map):
            return None
        whole = np.ndarray(self._axes, self._stored, reader.map, self._offset, self._strides)
        return whole.transpose(self._back), reader

    def read(self, rows: slice, columns: slice, bands: NDArray[np.intp] | None) -> NDArray[Any]:
        """Stored values of a window, (rows, columns, bands), in native byte order."""
        if bands is None and (near := self._near(rows, columns)) is not None:
            return near
        chosen, inverse = (range(self.shape[2]), None) if bands is None else self._ascending(bands)
        wanted = (
            range(rows.start, rows.stop, rows.step),
            range(columns.start, columns.stop, columns.step),
            chosen,
        )
        index: Index = [wanted[axis] for axis in self._order]
        out = np.empty([len(positions) for positions in index], self.dtype)
        if out.size:
            self._fill(out, index)
        window = out.transpose(self._back)
        return window if inverse is None else window[:, :, inverse]

    def _near(self, rows: slice, columns: slice) -> NDArray[Any] | None:
        """A small window whose values lie close together, if the system holds it in memory."""
        if self._mapped is None:
            return None
        whole, reader = self._mapped
        row, column, band = self._steps
        first = self._offset + rows.start * row + columns.start * column
        span = (rows.stop - rows.start - 1) * row + (columns.stop - columns.start - 1) * column
        span += self._depth
        if band > MERGE_BYTES or not 0 <= span <= CHUNK_BYTES:
            return None
        window = whole[rows, columns]
        if band == self.dtype.itemsize and window.flags.c_contiguous:
            out = np.empty(window.shape, self._stored)
            reader.read_into(_bytes(out), first)
            return out.astype(self.dtype, copy=False)
        if not reader.is_cached((first, first + span // 3, first + 2 * span // 3, first + span)):
            return None
        return window.copy() if self._stored.isnative else window.astype(self.dtype)

    def _ascending(
        self, bands: NDArray[np.intp]
    ) -> tuple[Sequence[int], slice | NDArray[np.intp] | None]:
        """Bands in ascending order, and where each wanted one is among them (None: in order)."""
        positive = np.where(bands < 0, bands + self.shape[2], bands)
        if positive.size and (positive.min() < 0 or positive.max() >= self.shape[2]):
            raise IndexError(f"bands {bands.min()}..{bands.max()} of {self.shape[2]}")
        steps = np.diff(positive)
        if np.all(steps > 0):
            return even(positive.tolist()), None
        if np.all(steps < 0):  # red, green, blue: a view of them serves
            return even(positive[::-1].tolist()), slice(None, None, -1)
        unique, inverse = np.unique(positive, return_inverse=True)
        return even(unique.tolist()), inverse

    def _fill(self, out: NDArray[Any], index: Index) -> None:
        """Read the cross product of ascending positions into `out`, in the order of the file."""
        runs = self._runs(index)
        if runs.number == 1:
            self._reader.read_into(_bytes(out), self._at(index, (0, 0, 0)))
            self._to_native(out)
        elif not isinstance(self._reader, FileReader):
            self._read_stretches(out, index)
        elif runs.distance >= MERGE_BYTES and runs.size < LONG_RUN:
            self._read_runs(out, index, runs, self._reader)
            self._to_native(out)
        elif self._mapped is not None and self._is_held(index, self._reader):
            self._gather(out, index, *self._mapped)
        elif runs.size >= LONG_RUN:
            self._read_runs(out, index, runs, self._reader)
            self._to_native(out)
        else:
            self._read_stretches(out, index)

    def _to_native(self, out: NDArray[Any]) -> None:
        if not self._stored.isnative:
            out.byteswap(inplace=True)

    def _at(self, index: Index, positions: tuple[int, int, int]) -> int:
        """Byte in the file of one of the wanted values."""
        (a, b, c), (i, j, k), (s, t, u) = index, positions, self._strides
        return self._offset + a[i] * s + b[j] * t + c[k] * u

    def _runs(self, index: Index) -> Runs:
        size, count, distance, joined = self._strides[2], 1, 0, 0
        together = True  # the runs of the faster axes fill them, so they join along this one
        for axis in (2, 1, 0):
            positions = index[axis]
            n = len(positions)
            if together and positions[-1] - positions[0] == n - 1:
                size *= n
                joined += 1
                together = n == self._axes[axis]
                continue
            together = False
            if n > 1 and count == 1:
                distance = self._strides[axis] * (positions[-1] - positions[0]) // (n - 1)
            count *= n
        return Runs(size, count, distance, joined)

    def _read_runs(self, out: NDArray[Any], index: Index, runs: Runs, reader: FileReader) -> None:
        """Read run by run into `out`; those that are not in memory are asked of the disk ahead."""
        heads = [p[:1] if axis >= 3 - runs.joined else p for axis, p in enumerate(index)]
        offsets = self._offsets(heads)
        at_once = max(1, min(AHEAD_RUNS, AHEAD_BYTES // runs.size))
        buffer, done = _bytes(out), 0

        def read(part: range) -> None:
            start = done + runs.size * part.start
            starts = batch[part.start : part.stop]
            reader.read_runs(buffer[start : start + runs.size * len(part)], starts, runs.size)

        # Short runs are over before a second thread could take Python's lock.
        large = out.nbytes if runs.size >= LONG_RUN else 0
        while batch := list(islice(offsets, at_once)):
            asked = (batch[i] for i, _, _ in probes((len(batch), 1, 1)))
            if at_once > 1 and not reader.is_cached(asked):
                reader.announce(batch, runs.size)
            _shared(read, len(batch), large)
            done += runs.size * len(batch)

    def _offsets(self, index: Index) -> Iterator[int]:
        (outer, middle, inner), (s, t, u) = index, self._strides
        for i in outer:
            for j in middle:
                line = self._offset + i * s + j * t
                for k in inner:
                    yield line + k * u

    def _gather(
        self, out: NDArray[Any], index: Index, whole: NDArray[Any], reader: FileReader
    ) -> None:
        """Copy values out of the map of the file."""
        whole = whole.transpose(self._order)
        outer, middle, inner = index
        end = self._offset + self._axes[0] * self._strides[0]
        inside = list(product(even_parts(middle), even_parts(inner)))
        across = extent(middle) * self._strides[1]
        spots = len(middle) * len(inner)
        touched = min(across, spots * mmap.PAGESIZE)
        step = max(1, MAP_BYTES // touched)
        turn = step if len(inside) == 1 else max(1, CHUNK_BYTES // min(across, spots * LINE_BYTES))

        def copy_lines(block: NDArray[Any], positions: Sequence[int]) -> None:
            for i, to_i in even_parts(positions):
                for (j, to_j), (k, to_k) in inside:
                    block[to_i, to_j, to_k] = whole[i, j, k]

        def copy(part: range) -> None:
            for first in range(part.start, part.stop, step):
                last = min(first + step, part.stop)
                slab: Index = [outer[first:last], middle, inner]
                with reader.unwritten() as unwritten:
                    reader.check_reaches(end)
                    if gathered := unwritten and self._is_held(slab, reader):
                        for a in range(first, last, turn):
                            lines = slice(a, min(a + turn, last))
                            copy_lines(out[lines], outer[lines])
                if gathered:
                    reader.release(touched * (last - first))
                else:
                    self._read_stretches(out[first:last], slab)

        _shared(copy, len(outer), len(outer) * touched)

    def _is_held(self, index: Index, reader: FileReader) -> bool:
        """Whether the system holds a window in memory, judging by a few of its values."""
        sizes = (len(index[0]), len(index[1]), len(index[2]))
        return reader.is_cached(self._at(index, corners) for corners in probes(sizes))

    def _read_stretches(self, out: NDArray[Any], index: Index) -> None:
        """Read stretches that span the gaps between runs, and pick the wanted values."""
        spanned: Index = [index[0], index[1], range(index[2][0], index[2][-1] + 1)]
        runs = self._runs(spanned)
        reader = self._reader
        short = runs.distance >= MERGE_BYTES and runs.size < LONG_RUN
        if short and isinstance(reader, FileReader):
            self._read_spans(out, index, spanned, runs, reader)
            return

        def read(part: range) -> None:
            scratch = np.empty(0, np.uint8)
            for target, inside in self._announced(stretches[part.start : part.stop]):
                length = self._span(inside)[1]
                if scratch.size < length:
                    scratch = np.empty(length, np.uint8)
                self._pick(target, inside, scratch)

        stretches = list(self._stretches(out, index))
        large = self._span(index)[1] if isinstance(self._reader, FileReader) else 0
        _shared(read, len(stretches), large)

    def _read_spans(
        self, out: NDArray[Any], index: Index, spanned: Index, runs: Runs, reader: FileReader
    ) -> None:
        """Read short lines that lie far apart, each in one go, and pick the wanted values."""
        picked = even_parts(from_first(index[2]))
        lines = max(1, CHUNK_BYTES // (runs.size * len(index[1])))
        for a in range(0, len(index[0]), lines):
            rows = index[0][a : a + lines]
            held = np.empty([len(rows), len(index[1]), len(spanned[2])], self._stored)
            self._read_runs(held, [rows, index[1], spanned[2]], runs, reader)
            for k, to_k in picked:
                out[a : a + lines, :, to_k] = held[:, :, k]

    def _pick(self, part: NDArray[Any], inside: Index, scratch: NDArray[np.uint8]) -> None:
        """Read one stretch, from the first to the last of the wanted values, and pick these."""
        first, length = self._span(inside)
        if length < LONG_RUN and isinstance(self._reader, FileReader):
            self._reader.read_runs(scratch.data[:length], (first,), length)  # it lies apart
        else:
            self._reader.read_into(scratch.data[:length], first)
        extents = [extent(positions) for positions in inside]
        stretch = np.ndarray(extents, self._stored, scratch.data, 0, self._strides)
        parts = [even_parts(from_first(positions)) for positions in inside]
        for (i, to_i), (j, to_j), (k, to_k) in product(*parts):
            part[to_i, to_j, to_k] = stretch[i, j, k]

    def _stretches(self, out: NDArray[Any], index: Index) -> Iterator[Stretch]:
        outer, middle, inner = index
        line = extent(inner) * self._strides[2]
        slab = (extent(middle) - 1) * self._strides[1] + line
        lines = merged(middle, self._strides[1], line)
        slabs = (
            merged(outer, self._strides[0], slab)
            if len(lines) == 1
            else [(k, k + 1) for k in range(len(outer))]
        )
        for (a, b), (c, d) in product(slabs, lines):
            yield out[a:b, c:d], [outer[a:b], middle[c:d], inner]

    def _announced(self, stretches: list[Stretch]) -> Iterator[Stretch]:
        """The stretches; the disk hears some time before of each that lies apart from the last.

        Where they adjoin, the system reads ahead by itself, twice as fast.
        """
        if not isinstance(self._reader, FileReader):
            yield from stretches
            return
        waiting: deque[Stretch] = deque()
        announced = end = 0
        for stretch in stretches:
            first, length = self._span(stretch[1])
            if not 0 <= first - end <= MERGE_BYTES:
                self._reader.announce([first], length)
            end = first + length
            waiting.append(stretch)
            announced += length
            while announced > AHEAD_BYTES or len(waiting) > AHEAD_RUNS:
                announced -= self._span(waiting[0][1])[1]
                yield waiting.popleft()
        yield from waiting

    def _span(self, index: Index) -> tuple[int, int]:
        """First byte of a window, and the bytes from there to its end."""
        first = self._at(index, (0, 0, 0))
        last = sum((extent(p) - 1) * s for p, s in zip(index, self._strides, strict=True))
        return first, last + self._strides[2]


class Runs(NamedTuple):
    """Runs of wanted bytes: each of `size` bytes, `distance` from one to the next.

    `joined` of the axes, the fastest ones, are within a run.
    """

    size: int
    number: int
    distance: int
    joined: int


def _shared(work: Callable[[range], None], number: int, nbytes: int) -> None:
    """Do a piece of work in parts, by several threads where the bytes are worth them."""
    share = -(-number // (COPIERS if nbytes >= THREADS_BYTES else 1))
    mine, *others = [range(k, min(k + share, number)) for k in range(0, number, share)]
    if not others:
        work(mine)
        return
    with ThreadPoolExecutor(len(others), "gather") as pool:
        waiting = [pool.submit(work, part) for part in others]
        work(mine)
    for done in waiting:
        done.result()


def _bytes(array: NDArray[Any]) -> memoryview:
    """The memory of a contiguous array."""
    return array.reshape(-1).view(np.uint8).data
