"""HDF5 and NetCDF-4 files: any data set as a cube, windows read from disk.

Import this module lazily.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from hsi_viewer.core.cube import CubeSource
from hsi_viewer.core.errors import FileError, FormatError
from hsi_viewer.io.container import ArrayChoice

MAX_OBJECTS = 5000
# What h5py raises on damaged files.
H5_ERRORS = (OSError, RuntimeError, ValueError, KeyError, TypeError, MemoryError)
# A larger chunk would have to be in memory, whole, for every value that is read of it.
MAX_CHUNK_BYTES = 1 << 30
# Bands further apart than this are read one by one instead of with all between them.
BAND_GAP = 8


ELSEWHERE = "virtual or external: its values are in other places, copy them into one data set"


def _is_elsewhere(dataset: h5py.Dataset) -> bool:
    """Whether values are taken from other data sets or files.

    They may be any file of the machine, and a data set that refers to itself ends the process.
    """
    return bool(dataset.is_virtual or dataset.external)


def open_file(path: Path) -> h5py.File:
    """Open an HDF5 file for reading.

    Raises
    ------
    FileError
        if it cannot be opened: not there, cut off, or no HDF5.
    """
    try:
        return h5py.File(path, "r")
    except BlockingIOError:  # someone writes it, or its drive knows no locks
        pass
    except (OSError, RuntimeError, ValueError) as error:
        raise FormatError(f"{path} is damaged or no HDF5 file: {error}.") from error
    try:
        return h5py.File(path, "r", locking=False)
    except (OSError, RuntimeError, ValueError) as error:
        raise FileError(f"{path} could not be opened while it is written: {error}.") from error


class H5Source:
    """A data set of 2 to 4 axes as a CubeSource.

    Parameters
    ----------
    dataset : of an open file.
    axes : axes of rows, columns and bands in the data set; others must have length 1. An axis
        that the data set lacks (a matrix has no bands) counts as one of length 1.
    """

    def __init__(self, dataset: h5py.Dataset, axes: tuple[int, int, int]) -> None:
        self._dataset = dataset
        self._axes = axes
        n = [dataset.shape[axis] if axis < dataset.ndim else 1 for axis in axes]
        self.shape: tuple[int, int, int] = (n[0], n[1], n[2])
        self.dtype: np.dtype[Any] = dataset.dtype.newbyteorder("=")
        if self.dtype.kind not in "biufc":
            raise FormatError(f"{dataset.file.filename}:{dataset.name} holds {dataset.dtype}.")
        chunk = math.prod(dataset.chunks or ()) * self.dtype.itemsize
        if chunk > MAX_CHUNK_BYTES:
            raise FormatError(
                f"{dataset.file.filename}:{dataset.name} is stored in chunks of {chunk} bytes, of "
                "which each has to be read whole; store it in smaller ones with h5repack."
            )

    def read(self, rows: slice, columns: slice, bands: NDArray[np.intp] | None) -> NDArray[Any]:
        """Stored values of a window, (rows, columns, bands)."""
        wanted = np.arange(self.shape[2])[... if bands is None else bands]
        r, c = (len(range(s.start, s.stop, s.step)) for s in (rows, columns))
        out = np.empty((r, c, wanted.size), self.dtype)
        if out.size == 0:
            return out
        unique, inverse = np.unique(wanted, return_inverse=True)
        at = 0
        for run in np.split(unique, np.flatnonzero(np.diff(unique) > BAND_GAP) + 1):
            part = self._window(rows, columns, slice(int(run[0]), int(run[-1]) + 1))
            here = (inverse >= at) & (inverse < at + run.size)
            out[:, :, here] = part[:, :, unique[inverse[here]] - run[0]]
            at += run.size
        return out

    def _window(self, rows: slice, columns: slice, bands: slice) -> NDArray[Any]:
        selection: list[slice | int] = [0] * self._dataset.ndim
        for axis, part in zip(self._axes, (rows, columns, bands), strict=True):
            if axis < self._dataset.ndim:
                selection[axis] = part
        values = _values(self._dataset, tuple(selection))
        present = sorted(axis for axis in self._axes if axis < self._dataset.ndim)
        order = [present.index(axis) for axis in self._axes if axis < self._dataset.ndim]
        values = values.transpose(order)
        missing = [k for k, axis in enumerate(self._axes) if axis >= self._dataset.ndim]
        return np.expand_dims(values, tuple(missing)) if missing else values


def _values(dataset: h5py.Dataset, selection: tuple[slice | int, ...]) -> NDArray[Any]:
    try:
        _check_reaches(dataset.file)
        return np.asarray(dataset[selection])
    except H5_ERRORS as error:
        raise FileError(
            f"{dataset.file.filename}:{dataset.name} could not be read: {error}. "
            "Check that its drive is still there and open it again."
        ) from error


def _check_reaches(file: h5py.File) -> None:
    """Raise FileError if the file has become shorter: the library would read zeros."""
    try:
        found = Path(file.filename).stat().st_size
    except FileNotFoundError:  # deleted; what is open can still be read
        return
    size = file.id.get_filesize()
    if found < size:
        raise FileError(
            f"{file.filename} has become shorter while it was open: {size} bytes expected, {found} "
            "bytes found. Open it again when whatever writes it has finished."
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
        self._dataset, self._rows, self._pixel_axis = dataset, rows, pixel_axis
        self.shape = rows, columns, int(dataset.shape[1 - pixel_axis])
        self.dtype: np.dtype[Any] = dataset.dtype.newbyteorder("=")

    def read(self, rows: slice, columns: slice, bands: NDArray[np.intp] | None) -> NDArray[Any]:
        """Stored values of a window, (rows, columns, bands), read column by column."""
        parts = []
        for column in range(columns.start, columns.stop, columns.step):
            pixels = slice(column * self._rows + rows.start, column * self._rows + rows.stop)
            selection = (pixels, slice(None)) if self._pixel_axis == 0 else (slice(None), pixels)
            block = _values(self._dataset, selection)
            parts.append((block if self._pixel_axis == 0 else block.T)[:: rows.step])
        if not parts:
            return np.empty((len(range(rows.start, rows.stop, rows.step)), 0, self.shape[2]))
        window = np.stack(parts, axis=1).astype(self.dtype, copy=False)
        return window if bands is None else window[:, :, bands]


class H5File:
    """An HDF5 file as a `container.Container`.

    Parameters
    ----------
    path : of the file.
    matlab : True for MATLAB 7.3, whose data sets have the axes of the variable reversed.
    """

    def __init__(self, path: Path, matlab: bool = False) -> None:
        self.path = path
        self.file = open_file(path)
        self._matlab = matlab
        self.is_whole = True  # no data set refers to other places
        self._joint = "." if matlab else "/"  # a group is a struct
        try:
            self.arrays, self.others = self._list(matlab)
        except H5_ERRORS as error:
            raise FormatError(f"{path} is damaged: {error}. Copy it again.") from error

    def _list(self, matlab: bool) -> tuple[Mapping[str, ArrayChoice], tuple[str, ...]]:
        """Numeric arrays by name, and the rest described."""
        arrays: dict[str, ArrayChoice] = {}
        others: list[str] = []
        for name, item in self._walk().items():
            kind = item.attrs.get("MATLAB_class", b"")
            kind = kind.decode() if isinstance(kind, bytes) else str(kind)
            if isinstance(item, h5py.Dataset) and item.shape is not None:
                shape = tuple(reversed(item.shape)) if matlab else tuple(item.shape)
                if _is_elsewhere(item):
                    others.append(f"{name} ({ELSEWHERE})")
                    self.is_whole = False
                    continue
                if item.dtype.kind in "biuf" and kind not in ("char", "cell", "struct"):
                    arrays[name] = ArrayChoice(name, shape, kind or item.dtype.name)
                    continue
                others.append(f"{name} ({' x '.join(map(str, shape))} {kind or item.dtype})")
            elif kind:
                others.append(f"{name} ({kind})")
        return arrays, tuple(others)

    def _walk(self) -> dict[str, Any]:
        """Groups and data sets by path; links that lead in circles or nowhere are passed over."""
        found: dict[str, Any] = {}
        seen: set[Any] = set()
        waiting: list[tuple[str, Any]] = [("", self.file)]
        while waiting and len(found) < MAX_OBJECTS:
            prefix, group = waiting.pop(0)
            for key in group:
                if (
                    not isinstance(key, str)
                    or key.startswith("#")
                    or group.get(key, getlink=True).__class__ is not h5py.HardLink
                ):
                    continue
                try:
                    item = group[key]
                    address = h5py.h5o.get_info(item.id).addr
                except (KeyError, OSError, RuntimeError):
                    continue
                if address in seen:
                    continue
                seen.add(address)
                name = f"{prefix}{self._joint}{key}" if prefix else key
                found[name] = item
                if isinstance(item, h5py.Group):
                    waiting.append((name, item))
        return found

    def attributes(self, name: str) -> Mapping[str, Any]:
        """Attributes of a data set."""
        try:
            return dict(self._dataset(name).attrs)
        except H5_ERRORS as error:
            raise FormatError(f"{self.path} is damaged: {error}. Copy it again.") from error

    def _dataset(self, name: str) -> h5py.Dataset:
        return self.file[name.replace(self._joint, "/")]

    def values(self, name: str) -> NDArray[Any]:
        """All values of a data set."""
        values = _values(self._dataset(name), ())
        return values.T if self._matlab else values

    def source(self, name: str, axes: tuple[int, int, int]) -> CubeSource:
        """A data set of 3 axes (or a matrix as one band)."""
        if self._matlab:
            last = self._dataset(name).ndim - 1
            axes = tuple(last - a if a <= last else a for a in axes)  # type: ignore[assignment]
        return H5Source(self._dataset(name), axes)

    def unfolded(self, name: str, rows: int, columns: int, pixel_axis: int) -> CubeSource:
        """A matrix of spectra as a scene."""
        stored_axis = 1 - pixel_axis if self._matlab else pixel_axis
        return UnfoldedH5Source(self._dataset(name), rows, columns, stored_axis)
