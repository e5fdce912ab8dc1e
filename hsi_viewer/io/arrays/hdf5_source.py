"""Windows of HDF5 data sets, read from disk. Import this module lazily."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from hsi_viewer.core.errors import FileError, FormatError
from hsi_viewer.io.files.file_state import State, state_of, why_unreadable

# What h5py raises on damaged files.
H5_ERRORS = (OSError, RuntimeError, ValueError, KeyError, TypeError, MemoryError)
# A larger chunk would have to be in memory, whole, for every value that is read of it.
MAX_CHUNK_BYTES = 1 << 30
# Bands further apart than this are read one by one instead of with all between them.
BAND_GAP = 8
# Of what is read only to be thinned out, this much is in memory.
BLOCK_BYTES = 32 << 20
NO_DRIVE = "Check that its drive is still there and open it again."
# Names of the two parts of complex numbers.
COMPLEX = (("real", "imag"), ("re", "im"), ("r", "i"))
# Names of the HDF Group's registry, for files that do not give them.
KNOWN_FILTERS = {4: "szip", 32001: "blosc", 32004: "lz4", 32008: "bitshuffle", 32013: "zfp",
                 32015: "zstd", 32026: "blosc2"}  # fmt: skip


class H5Source:
    """A data set as a CubeSource.

    Parameters
    ----------
    dataset : of an open file.
    axes : axes of rows, columns and bands in the data set; of others the first element is read.
        An axis that the data set lacks (a matrix has no bands) counts as one of length 1.

    Raises
    ------
    FormatError
        if it holds no numbers, or is compressed in a way that is not known.
    """

    def __init__(self, dataset: h5py.Dataset, axes: tuple[int, int, int]) -> None:
        self._dataset = dataset
        self._first = state_of(Path(dataset.file.filename))
        self._axes = axes
        n = [dataset.shape[axis] if axis < dataset.ndim else 1 for axis in axes]
        self.shape: tuple[int, int, int] = (n[0], n[1], n[2])
        dtype = number_type(dataset.dtype)
        if dtype is None:
            raise FormatError(
                f"{dataset.file.filename}:{dataset.name} contains {dataset.dtype} values."
            )
        self.dtype: np.dtype[Any] = dtype
        _check_storage(dataset)
        chunks = dataset.chunks or (1,) * dataset.ndim
        self._chunk = [chunks[axis] if axis < dataset.ndim else 1 for axis in axes]

    def read(self, rows: slice, columns: slice, bands: NDArray[np.intp] | None) -> NDArray[Any]:
        """Stored values of a window, (rows, columns, bands)."""
        wanted = np.arange(self.shape[2])[... if bands is None else bands]
        r, c = (range(s.start, s.stop, s.step) for s in (rows, columns))
        out = np.empty((len(r), len(c), wanted.size), self.dtype)
        if out.size == 0:
            return out
        unique, inverse = np.unique(wanted, return_inverse=True)
        for run in self._runs(unique):
            here = np.flatnonzero((wanted >= run[0]) & (wanted <= run[-1]))
            picked = unique[inverse[here]] - run[0]
            span = slice(int(run[0]), int(run[-1]) + 1)
            for part in self._blocks(r, len(c) * (span.stop - span.start)):
                lines = slice(r[part.start], r[part.stop - 1] + 1, rows.step)
                out[part, :, here] = self._window(lines, columns, span)[:, :, picked]
        return out

    def _runs(self, bands: NDArray[np.intp]) -> list[NDArray[np.intp]]:
        """Ascending bands in pieces, each of which is read with all that lies between."""
        chunk = bands // self._chunk[2]
        apart = (np.diff(bands) > BAND_GAP) & (np.diff(chunk) > 0)
        return np.split(bands, np.flatnonzero(apart) + 1)

    def _blocks(self, rows: range, values_of_a_row: int) -> Iterator[slice]:
        """Rows in blocks of whole chunks, each of which takes a bounded memory."""
        least = self._chunk[0]
        fitting = BLOCK_BYTES // max(1, values_of_a_row * self.dtype.itemsize) * rows.step
        block = max(least, fitting // least * least)
        start = 0
        while start < len(rows):
            end = (rows[start] // block + 1) * block
            stop = min(len(rows), start + max(1, -(-(end - rows[start]) // rows.step)))
            yield slice(start, stop)
            start = stop

    def _window(self, rows: slice, columns: slice, bands: slice) -> NDArray[Any]:
        selection: list[slice | int] = [0] * self._dataset.ndim
        for axis, part in zip(self._axes, (rows, columns, bands), strict=True):
            if axis < self._dataset.ndim:
                selection[axis] = part
        values = _values(self._dataset, tuple(selection), self._first)
        present = sorted(axis for axis in self._axes if axis < self._dataset.ndim)
        order = [present.index(axis) for axis in self._axes if axis < self._dataset.ndim]
        values = values.transpose(order)
        missing = [k for k, axis in enumerate(self._axes) if axis >= self._dataset.ndim]
        return np.expand_dims(values, tuple(missing)) if missing else values


def number_type(stored: np.dtype[Any]) -> np.dtype[Any] | None:
    """NumPy's type of stored numbers; pairs of floats, as MATLAB has them, are complex."""
    if stored.kind in "biufc":
        return stored.newbyteorder("=")
    names = tuple(stored.names or ())
    if names not in COMPLEX or not all(stored[name].kind == "f" for name in names):
        return None
    return np.dtype(np.complex128 if stored[0].itemsize > 4 else np.complex64)


def is_elsewhere(dataset: h5py.Dataset) -> bool:
    """Whether values are taken from other data sets or files.

    They may be any file of the machine, and a data set that refers to itself ends the process.
    """
    return bool(dataset.is_virtual or dataset.external)


def _check_storage(dataset: h5py.Dataset) -> None:
    """Raise FormatError if values of a data set cannot be read, or not without a huge memory."""
    chunk = math.prod(dataset.chunks or ()) * dataset.dtype.itemsize
    if chunk > MAX_CHUNK_BYTES:
        raise FormatError(
            f"{dataset.file.filename}:{dataset.name} is stored in chunks of {chunk} bytes, each "
            "of which must be read as a whole; rewrite it with smaller chunks using h5repack."
        )
    _check_filters(dataset)


def _check_filters(dataset: h5py.Dataset) -> None:
    """Raise FormatError if values of a data set went through a filter that is not installed."""
    filters = dataset.id.get_create_plist()
    for k in range(filters.get_nfilters()):
        code, _, _, name = filters.get_filter(k)
        if not h5py.h5z.filter_avail(code):
            text = name.decode("utf-8", "replace") if name else KNOWN_FILTERS.get(code, "unknown")
            raise FormatError(
                f'{dataset.file.filename}:{dataset.name} is compressed with the filter "{text}" '
                f"({code}), which is not installed. Rewrite it with a common one: "
                '"h5repack -f GZIP=4 OLD NEW".'
            )


def read_values(dataset: h5py.Dataset) -> NDArray[Any]:
    """All values of a (small) data set."""
    _check_storage(dataset)
    return _values(dataset, (), state_of(Path(dataset.file.filename)))


def _values(
    dataset: h5py.Dataset, selection: tuple[slice | int, ...], first: State | None
) -> NDArray[Any]:
    try:
        values = np.asarray(dataset[selection])
        _check_length(dataset.file)
    except H5_ERRORS as error:
        with suppress(OSError):
            _check_length(dataset.file)
        number = getattr(error, "errno", None)
        reason = os.strerror(number) if number else error  # HDF5's own has addresses in it
        raise FileError(
            f"{dataset.file.filename}:{dataset.name} could not be read: {reason}. "
            f"{why_unreadable(Path(dataset.file.filename), first, NO_DRIVE)}"
        ) from error
    dtype = number_type(values.dtype)
    if values.dtype.names is None or dtype is None:
        return values
    joined = np.empty(values.shape, dtype)
    joined.real, joined.imag = (values[name] for name in values.dtype.names)
    return joined


def _check_length(file: h5py.File) -> None:
    """Raise FileError if a file has become shorter: HDF5 gives zeros for what is not there."""
    if file.driver == "sec2":
        size = os.fstat(file.id.get_vfd_handle()).st_size
        if size < file.id.get_filesize():
            raise FileError(
                f"{file.filename} became shorter while it was open: it had "
                f"{file.id.get_filesize()} bytes, it has {size}. Open it again when the program "
                "that writes it has finished."
            )


class UnfoldedH5Source:
    """A matrix of spectra whose pixels run down the columns of the scene.

    Parameters
    ----------
    dataset : (pixels, bands) or (bands, pixels).
    rows, columns : of the scene.
    pixel_axis : 0 or 1.
    """

    def __init__(self, dataset: h5py.Dataset, rows: int, columns: int, pixel_axis: int) -> None:
        self._pixels = H5Source(dataset, (pixel_axis, dataset.ndim, 1 - pixel_axis))
        self._rows = rows
        self.shape = rows, columns, self._pixels.shape[2]
        self.dtype: np.dtype[Any] = self._pixels.dtype

    def read(self, rows: slice, columns: slice, bands: NDArray[np.intp] | None) -> NDArray[Any]:
        """Stored values of a window, (rows, columns, bands)."""
        count = self.shape[2] if bands is None else bands.size
        fitting = BLOCK_BYTES // max(1, self._rows * count * self.dtype.itemsize)
        step = max(1, fitting // columns.step) * columns.step
        parts = [np.empty((0, len(range(rows.start, rows.stop, rows.step)), count), self.dtype)]
        for first in range(columns.start, columns.stop, step):
            last = min(first + step, columns.stop)
            low, high = (rows.start, rows.stop) if last - first == 1 else (0, self._rows)
            pixels = slice(first * self._rows + low, (last - 1) * self._rows + high, 1)
            block = self._pixels.read(pixels, slice(0, 1, 1), bands)
            block = block.reshape(last - first, high - low, count)
            parts.append(block[:: columns.step, rows.start - low : rows.stop - low : rows.step])
        return np.concatenate(parts).transpose(1, 0, 2)
