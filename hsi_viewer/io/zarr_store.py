"""Zarr arrays, read chunk by chunk; the package zarr is optional (`hsi-viewer[zarr]`)."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hsi_viewer.core.cube import CubeSource, HyperCube
from hsi_viewer.core.errors import FileError, FormatError
from hsi_viewer.io.container import ArrayChoice, Reading, open_container

MAX_DEPTH = 8
MAX_ARRAYS = 5000
# A larger chunk would have to be in memory, whole, for every value that is read of it.
MAX_CHUNK_BYTES = 1 << 30
# The package goes through all chunks of an axis between the first and the last that are wanted.
MAX_CHUNKS = 1 << 20
MARKS = (".zarray", ".zgroup", "zarr.json")


def is_zarr(path: Path) -> bool:
    """Whether a folder is a Zarr array or group (version 2 or 3)."""
    if not os.path.isdir(path):  # noqa: PTH112 - these are no errors where it cannot be told
        return False
    return any(os.path.isfile(path / mark) for mark in MARKS)  # noqa: PTH113


def _zarr() -> Any:
    try:
        import zarr
    except ImportError as error:
        raise FileError(
            "Zarr needs the package zarr, which is not installed: "
            'type "pip install hsi-viewer[zarr]".'
        ) from error
    return zarr


class ZarrSource:
    """A Zarr array of 2 or 3 axes as a CubeSource."""

    def __init__(self, path: Path, array: Any, axes: tuple[int, int, int]) -> None:
        self._path, self._array, self._axes = path, array, axes
        n = [array.shape[axis] if axis < array.ndim else 1 for axis in axes]
        self.shape: tuple[int, int, int] = (n[0], n[1], n[2])
        self.dtype: np.dtype[Any] = np.dtype(array.dtype).newbyteorder("=")
        chunk = math.prod(array.chunks) * self.dtype.itemsize
        number = max(-(-size // part) for size, part in zip(array.shape, array.chunks, strict=True))
        if chunk > MAX_CHUNK_BYTES or number > MAX_CHUNKS:
            raise FormatError(
                f"{path}: {number} chunks along an axis, each of {chunk} bytes; at most "
                f"{MAX_CHUNKS} chunks, of {MAX_CHUNK_BYTES} bytes each, are read. It is damaged, "
                "or should be stored in other chunks."
            )

    def read(self, rows: slice, columns: slice, bands: NDArray[np.intp] | None) -> NDArray[Any]:
        """Stored values of a window, (rows, columns, bands)."""
        wanted = np.arange(self.shape[2])[... if bands is None else bands]
        if wanted.size == 0:
            r, c = (len(range(s.start, s.stop, s.step)) for s in (rows, columns))
            return np.empty((r, c, 0), self.dtype)
        low, high = int(wanted.min()), int(wanted.max()) + 1
        parts = {self._axes[0]: rows, self._axes[1]: columns, self._axes[2]: slice(low, high)}
        selection = tuple(parts[axis] for axis in range(self._array.ndim))
        values = _values(self._path, self._array, selection)
        if values.ndim == 2:
            values = values[:, :, None]
        return values.transpose(self._axes)[:, :, wanted - low].astype(self.dtype, copy=False)


def _values(path: Path, array: Any, selection: Any) -> NDArray[Any]:
    try:
        values = np.asarray(array[selection])
    except Exception as error:  # stores and codecs raise errors of their own
        raise FileError(
            f"{path} could not be read: {error}. It is damaged or its drive is gone."
        ) from error
    if not is_zarr(path):  # a chunk that is not there is empty, as the format has it
        raise FileError(f"{path} is not there any more; check its drive and open it again.")
    return values


def _arrays_in(root: Any) -> list[tuple[str, Any]]:
    """Arrays of a group and of the groups in it, by path; links that lead in circles end, too."""
    found: list[tuple[str, Any]] = []
    waiting = [("", root, 0)]
    seen = 0
    while waiting and seen < MAX_ARRAYS:
        prefix, group, depth = waiting.pop(0)
        for name, item in group.members(max_depth=0):
            seen += 1
            if not hasattr(item, "members"):
                found.append((f"{prefix}{name}", item))
            elif depth < MAX_DEPTH:
                waiting.append((f"{prefix}{name}/", item, depth + 1))
    return found


class ZarrFolder:
    """A Zarr group or array as a `container.Container`."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            root = _zarr().open(str(path), mode="r")
            members = _arrays_in(root) if hasattr(root, "arrays") else [("array", root)]
        except FileError:
            raise
        except Exception as error:  # stores and codecs raise errors of their own
            raise FormatError(f"{path} is no readable Zarr store: {error}.") from error
        self._arrays = dict(members)
        self.arrays: Mapping[str, ArrayChoice] = {
            name: ArrayChoice(name, tuple(a.shape), np.dtype(a.dtype).name)
            for name, a in members
            if np.dtype(a.dtype).kind in "biuf"
        }
        self.others = tuple(name for name in self._arrays if name not in self.arrays)

    def attributes(self, name: str) -> Mapping[str, Any]:
        """Attributes of an array."""
        try:
            return dict(self._arrays[name].attrs)
        except TypeError as error:
            raise FormatError(f"{self.path} is damaged: its attributes are no table.") from error

    def values(self, name: str) -> NDArray[Any]:
        """All values of an array."""
        return _values(self.path, self._arrays[name], ...)

    def source(self, name: str, axes: tuple[int, int, int]) -> CubeSource:
        """An array of 3 axes (or a matrix as one band)."""
        return ZarrSource(self.path, self._arrays[name], axes)

    def unfolded(self, name: str, rows: int, columns: int, pixel_axis: int) -> CubeSource:
        """Not offered: MATLAB's matrices of spectra are no habit of Zarr."""
        raise FormatError(f"{self.path}: {self.arrays[name]} is a matrix; a cube has 3 axes.")


def open_zarr(path: Path, reading: Reading) -> HyperCube:
    """Open the cube of a Zarr folder."""
    return open_container(ZarrFolder(path), reading, "Zarr")
