"""HDF5 and NetCDF-4 files: any data set as a cube, windows read from disk.

Import this module lazily.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from hsi_viewer.core.cube import CubeSource
from hsi_viewer.core.errors import FileError, FormatError
from hsi_viewer.io.container import ArrayChoice

MAX_OBJECTS = 5000
# A longer cell array holds no cubes.
MAX_REFERENCES = 1000
# Classes of MATLAB that are arrays of numbers; none for a file that MATLAB did not write.
NUMERIC_KINDS = ("", "logical", "single", "double", "int8", "uint8", "int16", "uint16", "int32",
                 "uint32", "int64", "uint64")  # fmt: skip
# What h5py raises on damaged files.
H5_ERRORS = (OSError, RuntimeError, ValueError, KeyError, TypeError, MemoryError)
# Bands further apart than this are read one by one instead of with all between them.
BAND_GAP = 8


def _matlab_class(item: Any) -> str:
    """MATLAB's class of a data set or group, or nothing."""
    kind = item.attrs.get("MATLAB_class", b"")
    return kind.decode("latin-1") if isinstance(kind, bytes) else str(kind)


def _is_empty(item: h5py.Dataset) -> bool:
    """Whether a data set of MATLAB holds the shape of an empty variable."""
    return bool(item.attrs.get("MATLAB_empty", 0))


def _is_references(item: Any) -> bool:
    return isinstance(item, h5py.Dataset) and h5py.check_ref_dtype(item.dtype) is h5py.Reference


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
        return h5py.File(path, "r", locking=False)
    except (OSError, RuntimeError, ValueError) as error:
        raise FormatError(f"{path} is damaged or no HDF5 file: {error}.") from error


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
        return np.asarray(dataset[selection])
    except H5_ERRORS as error:
        raise FileError(
            f"{dataset.file.filename}:{dataset.name} could not be read: {error}. "
            "Check that its drive is still there and open it again."
        ) from error


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
        self._joint = "." if matlab else "/"  # a group is a struct
        try:
            self._items = self._walk()
            self.arrays, self.others = self._list()
        except H5_ERRORS as error:
            raise FormatError(f"{path} is damaged: {error}. Copy it again.") from error

    def _list(self) -> tuple[Mapping[str, ArrayChoice], tuple[str, ...]]:
        """Numeric arrays by name, and the rest described."""
        arrays: dict[str, ArrayChoice] = {}
        others: list[str] = []
        for name, item in self._items.items():
            kind = _matlab_class(item)
            if isinstance(item, h5py.Dataset) and item.shape is not None:
                shape = tuple(reversed(item.shape)) if self._matlab else tuple(item.shape)
                if kind in NUMERIC_KINDS and item.dtype.kind in "biuf" and not _is_empty(item):
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
        waiting: deque[tuple[str, Any]] = deque([("", self.file)])
        while waiting:
            prefix, holder = waiting.popleft()
            for name, item in self._members(prefix, holder):
                if len(found) >= MAX_OBJECTS:
                    return found
                address = h5py.h5o.get_info(item.id).addr
                if address in seen:
                    continue
                seen.add(address)
                found[name] = item
                if isinstance(item, h5py.Group) or _is_references(item):
                    waiting.append((name, item))
        return found

    def _members(self, name: str, holder: Any) -> Iterator[tuple[str, Any]]:
        """What a group holds and, in a MATLAB file, a cell array or an array of structs."""
        if isinstance(holder, h5py.Group):
            for key in holder:
                if not isinstance(key, str) or key.startswith("#"):
                    continue
                if isinstance(holder.get(key, getlink=True), h5py.HardLink):
                    try:
                        yield f"{name}{self._joint}{key}" if name else key, holder[key]
                    except (KeyError, OSError, RuntimeError):  # of a kind that is not known
                        continue
        elif self._matlab and holder.size <= MAX_REFERENCES:
            group, _, field = name.rpartition(self._joint)
            is_cell = _matlab_class(holder) == "cell"
            for k, reference in enumerate(holder[()].ravel(), start=1):
                if reference:
                    member = f"{name}{{{k}}}" if is_cell else f"{group}({k}).{field}"
                    yield member, self.file[reference]

    @property
    def names(self) -> Mapping[str, Any]:
        """Every group and data set by name."""
        return self._items

    def dimensions(self, name: str) -> tuple[str, ...]:
        """Names of the axes of a data set, as NetCDF writes them; none where any has none."""
        if self._matlab:
            return ()
        try:
            scales = [next(iter(d.values())).name if len(d) else "" for d in self._items[name].dims]
        except H5_ERRORS:  # lists of references of somebody else
            return ()
        names = tuple(scale.rpartition("/")[2] for scale in scales)
        return names if all(names) else ()

    def attributes(self, name: str) -> Mapping[str, Any]:
        """Attributes of a data set."""
        try:
            return dict(self._dataset(name).attrs)
        except H5_ERRORS as error:
            raise FormatError(f"{self.path} is damaged: {error}. Copy it again.") from error

    def _dataset(self, name: str) -> h5py.Dataset:
        return self._items[name]

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
