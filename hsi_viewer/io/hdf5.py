"""HDF5 and NetCDF-4 files: any data set as a cube, windows read from disk.

Import this module lazily.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from hsi_viewer.core.cube import CubeSource
from hsi_viewer.core.errors import FileError, FormatError
from hsi_viewer.io.container import ArrayChoice, kept_axes, squeezed

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
# Of what is read only to be thinned out, so much is in memory.
BLOCK_BYTES = 32 << 20
# Names of the HDF Group's registry, for files that do not give them.
KNOWN_FILTERS = {4: "szip", 32001: "blosc", 32004: "lz4", 32008: "bitshuffle", 32013: "zfp",
                 32015: "zstd", 32026: "blosc2"}  # fmt: skip


def _matlab_class(item: Any) -> str:
    """MATLAB's class of a data set or group, or nothing."""
    if "MATLAB_sparse" in item.attrs:
        return "sparse"
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
        self._axes = axes
        n = [dataset.shape[axis] if axis < dataset.ndim else 1 for axis in axes]
        self.shape: tuple[int, int, int] = (n[0], n[1], n[2])
        self.dtype: np.dtype[Any] = dataset.dtype.newbyteorder("=")
        if self.dtype.kind not in "biufc":
            raise FormatError(f"{dataset.file.filename}:{dataset.name} holds {dataset.dtype}.")
        check_filters(dataset)
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
        values = _values(self._dataset, tuple(selection))
        present = sorted(axis for axis in self._axes if axis < self._dataset.ndim)
        order = [present.index(axis) for axis in self._axes if axis < self._dataset.ndim]
        values = values.transpose(order)
        missing = [k for k, axis in enumerate(self._axes) if axis >= self._dataset.ndim]
        return np.expand_dims(values, tuple(missing)) if missing else values


def check_filters(dataset: h5py.Dataset) -> None:
    """Raise FormatError if values of a data set went through a filter that is not installed."""
    filters = dataset.id.get_create_plist()
    for k in range(filters.get_nfilters()):
        code, _, _, name = filters.get_filter(k)
        if not h5py.h5z.filter_avail(code):
            text = name.decode("utf-8", "replace") if name else KNOWN_FILTERS.get(code, "unknown")
            raise FormatError(
                f'{dataset.file.filename}:{dataset.name} is compressed with the filter "{text}" '
                f"({code}), which is not installed. Write it anew with a common one: "
                '"h5repack -f GZIP=4 OLD NEW".'
            )


def _values(dataset: h5py.Dataset, selection: tuple[slice | int, ...]) -> NDArray[Any]:
    try:
        values = np.asarray(dataset[selection])
    except H5_ERRORS as error:
        raise FileError(
            f"{dataset.file.filename}:{dataset.name} could not be read: {error}. "
            "Check that its drive is still there and open it again."
        ) from error
    _check_length(dataset.file)
    return values


def _check_length(file: h5py.File) -> None:
    """Raise FileError if a file has become shorter: HDF5 gives zeros for what is not there."""
    if file.driver == "sec2":
        size = os.fstat(file.id.get_vfd_handle()).st_size
        if size < file.id.get_filesize():
            raise FileError(
                f"{file.filename} has become shorter while it was open: it had "
                f"{file.id.get_filesize()} bytes, it has {size}. Open it again when whatever "
                "writes it has finished."
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


class H5File:
    """An HDF5 file as a `container.Container`.

    Parameters
    ----------
    path : of the file.
    matlab : True for MATLAB 7.3, whose data sets have the axes of the variable reversed.
    wanted : a data set that is looked for even behind links, and where there are too many others.
    """

    def __init__(self, path: Path, matlab: bool = False, wanted: str | None = None) -> None:
        self.path = path
        self.file = open_file(path)
        self._matlab = matlab
        self._joint = "." if matlab else "/"  # a group is a struct
        try:
            self._outside: list[str] = []
            self._items = self._walk()
            if wanted:
                self._add(wanted.strip("/"))
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
                shape = squeezed(self._shape(item))
                if kind in NUMERIC_KINDS and item.dtype.kind in "biuf" and not _is_empty(item):
                    arrays[name] = ArrayChoice(name, shape, kind or item.dtype.name)
                    continue
                sizes = " x ".join(map(str, shape)) or "scalar"
                mark = "complex " if item.dtype.names == ("real", "imag") else ""
                others.append(f"{name} ({sizes} {mark}{kind or item.dtype})")
            elif kind:
                others.append(f"{name} ({kind})")
        return arrays, (*others, *self._outside)

    def _add(self, name: str) -> None:
        """A data set by its path, if need be; links are followed, into other files, too."""
        name = name.replace("/", self._joint)
        try:
            item = None if name in self._items else self.file.get(name.replace(self._joint, "/"))
        except H5_ERRORS:  # a link into a file that is not there: then it is not in this one
            return
        if isinstance(item, h5py.Dataset):
            self._items[name] = item

    def _shape(self, dataset: h5py.Dataset) -> tuple[int, ...]:
        shape: tuple[int, ...] = dataset.shape
        return shape[::-1] if self._matlab else shape

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
        """What a group holds or, in a MATLAB file, a cell array or an array of structs."""
        if isinstance(holder, h5py.Dataset):
            return self._referenced(name, holder)
        return iter(()) if _matlab_class(holder) == "sparse" else self._in_group(name, holder)

    def _in_group(self, name: str, group: h5py.Group) -> Iterator[tuple[str, Any]]:
        for key in group:
            if not isinstance(key, str) or key.startswith("#"):
                continue
            member = f"{name}{self._joint}{key}" if name else key
            link = group.get(key, getlink=True)
            if isinstance(link, h5py.ExternalLink):
                self._outside.append(f"{member} (link to {link.filename}:{link.path})")
            elif isinstance(link, h5py.HardLink):
                try:
                    yield member, group[key]
                except (KeyError, OSError, RuntimeError):  # of a kind that is not known
                    continue

    def _referenced(self, name: str, cells: h5py.Dataset) -> Iterator[tuple[str, Any]]:
        """What the references of a cell array, or of a field of an array of structs, lead to."""
        if not self._matlab or cells.size > MAX_REFERENCES:
            return
        group, _, field = name.rpartition(self._joint)
        is_cell = _matlab_class(cells) == "cell"
        for k, reference in enumerate(cells[()].ravel(), start=1):
            if reference:
                member = f"{name}{{{k}}}" if is_cell else f"{group}({k}).{field}"
                yield member, self.file[reference]

    @property
    def names(self) -> Mapping[str, Any]:
        """Every group and data set by name."""
        return self._items

    def dimensions(self, name: str) -> tuple[str, ...]:
        """Names or labels of the axes of a data set; none where any has none."""
        if self._matlab:
            return ()
        item = self._items[name]
        try:
            scales = [next(iter(d.values())).name if len(d) else d.label for d in item.dims]
        except H5_ERRORS:  # lists of references of somebody else
            return ()
        names = tuple(scales[axis].rpartition("/")[2] for axis in kept_axes(self._shape(item)))
        return names if all(names) else ()

    def attributes(self, name: str) -> Mapping[str, Any]:
        """Attributes of a data set."""
        try:
            return dict(self._items[name].attrs)
        except H5_ERRORS as error:
            raise FormatError(f"{self.path} is damaged: {error}. Copy it again.") from error

    def values(self, name: str) -> NDArray[Any]:
        """All values of a data set."""
        check_filters(self._items[name])
        values = _values(self._items[name], ())
        return (values.T if self._matlab else values).reshape(self.arrays[name].shape)

    def source(self, name: str, axes: tuple[int, int, int]) -> CubeSource:
        """A data set of 3 axes (or a matrix as one band)."""
        dataset = self._items[name]
        kept = kept_axes(self._shape(dataset))
        last = dataset.ndim - 1
        stored = [last - k if self._matlab else k for k in kept]
        r, c, b = (stored[axis] if axis < len(stored) else dataset.ndim for axis in axes)
        return H5Source(dataset, (r, c, b))

    def unfolded(self, name: str, rows: int, columns: int, pixel_axis: int) -> CubeSource:
        """A matrix of spectra as a scene."""
        stored_axis = 1 - pixel_axis if self._matlab else pixel_axis
        return UnfoldedH5Source(self._items[name], rows, columns, stored_axis)
