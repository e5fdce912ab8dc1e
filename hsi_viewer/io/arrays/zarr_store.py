"""Zarr arrays, in and out, chunk by chunk; the package zarr is optional (`hsi-viewer[zarr]`)."""

from __future__ import annotations

import math
import os
import struct
from base64 import b64decode
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hsi_viewer.atomic import replacing_folder
from hsi_viewer.core.cube.cube import CubeSource, HyperCube
from hsi_viewer.core.cube.georeference import Georeference
from hsi_viewer.core.errors import ExportError, FileError, FormatError
from hsi_viewer.io.arrays.band_metadata import SCALE_KEY, with_own_metadata
from hsi_viewer.io.arrays.band_variables import open_arrays
from hsi_viewer.io.arrays.cf import with_georeference
from hsi_viewer.io.arrays.container import is_usable, kept_axes, squeezed
from hsi_viewer.io.files.identify import ZARR_MARKS
from hsi_viewer.io.files.reading import ArrayChoice, Reading

MAX_DEPTH = 8
MAX_ARRAYS = 5000
# A larger chunk would have to be in memory, whole, for every value that is read of it.
MAX_CHUNK_BYTES = 1 << 30
# So much of large chunks is unpacked at once; the package itself takes ten of any size.
AT_ONCE_BYTES, AT_ONCE = 256 << 20, 10
# The package goes through all chunks of an axis between the first and the last that are wanted.
MAX_CHUNKS = 1 << 20
CHUNK_SIDE = 64  # pixels of a chunk that is written, along rows and columns


def _packed(value: Any) -> float | None:
    """A fill value as xarray writes it to Zarr 3: the bytes of a double in base64."""
    if not isinstance(value, str) or len(value) != 12:
        return None
    try:
        (number,) = struct.unpack("<d", b64decode(value, validate=True))
    except (ValueError, struct.error):
        return None
    return float(number)


def is_zarr(path: Path) -> bool:
    """Whether a folder is a Zarr array or group (version 2 or 3)."""
    if not os.path.isdir(path):  # noqa: PTH112 - these are no errors where it cannot be told
        return False
    return any(os.path.isfile(path / mark) for mark in ZARR_MARKS)  # noqa: PTH113


def zarr_package() -> Any:
    """The package zarr.

    Raises
    ------
    FileError
        if it is not installed.
    """
    try:
        import zarr
    except ImportError as error:
        raise FileError(
            "Zarr stores need the package zarr, which is not installed: "
            'type "pip install hsi-viewer[zarr]".'
        ) from error
    return zarr


class ZarrSource:
    """A Zarr array as a CubeSource.

    Parameters
    ----------
    path : of the store.
    array : of it, open.
    axes : axes of rows, columns and bands in the array; of others the first element is read. An
        axis that the array lacks counts as one of length 1.
    """

    def __init__(self, path: Path, array: Any, axes: tuple[int, int, int]) -> None:
        self._path, self._array, self._axes = path, array, axes
        n = [array.shape[axis] if axis < array.ndim else 1 for axis in axes]
        self.shape: tuple[int, int, int] = (n[0], n[1], n[2])
        self.dtype: np.dtype[Any] = np.dtype(array.dtype).newbyteorder("=")
        _check_chunks(path, array)

    def read(self, rows: slice, columns: slice, bands: NDArray[np.intp] | None) -> NDArray[Any]:
        """Stored values of a window, (rows, columns, bands)."""
        wanted = np.arange(self.shape[2])[... if bands is None else bands]
        if wanted.size == 0:
            r, c = (len(range(s.start, s.stop, s.step)) for s in (rows, columns))
            return np.empty((r, c, 0), self.dtype)
        low, high = int(wanted.min()), int(wanted.max()) + 1
        parts = dict(zip(self._axes, (rows, columns, slice(low, high)), strict=True))
        selection = tuple(parts.get(axis, slice(0, 1)) for axis in range(self._array.ndim))
        values = _values(self._path, self._array, selection)
        if values.ndim == 2:
            values = values[:, :, None]
        others = [axis for axis in range(values.ndim) if axis not in self._axes]  # of length 1
        window = values.transpose([*self._axes, *others])
        window = window.reshape(window.shape[:3])
        return window[:, :, wanted - low].astype(self.dtype, copy=False)


def _check_chunks(path: Path, array: Any) -> None:
    if not all(array.chunks):
        raise FormatError(f"{path} is damaged: its chunks have no size. Copy it again.")
    chunk = math.prod(array.chunks) * array.dtype.itemsize
    numbers = (-(-size // part) for size, part in zip(array.shape, array.chunks, strict=True))
    number = max(numbers, default=1)
    if chunk > MAX_CHUNK_BYTES or number > MAX_CHUNKS:
        raise FormatError(
            f"{path}: {number} chunks along an axis, each of {chunk} bytes; at most {MAX_CHUNKS} "
            f"chunks of {MAX_CHUNK_BYTES} bytes each are read. The store is damaged, or should be "
            "rewritten with other chunks."
        )


def _values(path: Path, array: Any, selection: Any) -> NDArray[Any]:
    chunk = math.prod(array.chunks) * array.dtype.itemsize
    at_once = max(1, min(AT_ONCE, AT_ONCE_BYTES // max(1, chunk)))
    try:
        with zarr_package().config.set({"async.concurrency": at_once}):
            values = np.asarray(array[selection])
    except Exception as error:  # stores and codecs raise errors of their own
        raise FileError(
            f"{path} could not be read: {error}. The file is damaged or its drive is gone."
        ) from error
    if not is_zarr(path):  # a chunk that is not there is empty, as the format has it
        raise FileError(f"{path} no longer exists; check its drive and open it again.")
    return values


def _of_scales(attributes: Mapping[str, Any]) -> dict[str, list[str]]:
    """Names of the axes by array, as OME-Zarr has them (NGFF 0.4 and 0.5)."""
    found: dict[str, list[str]] = {}
    try:
        holder = attributes.get("ome") or attributes
        for scale in holder.get("multiscales", []):
            names = [str(axis["name"]) for axis in scale["axes"]]
            found |= {str(dataset["path"]): names for dataset in scale["datasets"]}
    except (AttributeError, KeyError, TypeError):  # of another version, or somebody else's
        return {}
    return found


def _arrays_in(root: Any) -> list[tuple[str, Any]]:
    """Arrays of a group and of the groups in it, by path; links that lead in circles end, too."""
    found: list[tuple[str, Any]] = []
    waiting = [("", root, 0)]
    seen = 0
    while waiting and seen < MAX_ARRAYS:
        prefix, group, depth = waiting.pop(0)
        # They come in the order in which they happened to be read.
        for name, item in sorted(group.members(max_depth=0), key=lambda member: member[0]):
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
            package = zarr_package()
            from hsi_viewer.io.arrays.plain_store import PlainStore

            root = package.open(PlainStore(path, read_only=True), mode="r")
            is_group = hasattr(root, "arrays")
            members = _arrays_in(root) if is_group else [("array", root)]
            self._root = root
            self._scales = _of_scales(dict(root.attrs)) if is_group else {}
        except FileError:
            raise
        except Exception as error:  # stores and codecs raise errors of their own
            raise FormatError(f"{path} is not a readable Zarr store: {error}.") from error
        self._arrays = dict(members)
        self.arrays: Mapping[str, ArrayChoice] = {
            name: ArrayChoice(name, squeezed(tuple(a.shape)), np.dtype(a.dtype).name)
            for name, a in members
            if is_usable(np.dtype(a.dtype), tuple(a.shape))
        }
        self.others = tuple(name for name in self._arrays if name not in self.arrays)

    def attributes(self, name: str) -> Mapping[str, Any]:
        """Attributes of an array; xarray keeps the fill value of one in Zarr 2 elsewhere."""
        array = self._arrays[name]
        try:
            attributes = dict(array.attrs)
        except TypeError as error:
            raise FormatError(
                f"{self.path} is damaged: its attributes are not a JSON object."
            ) from error
        if "_ARRAY_DIMENSIONS" in attributes and array.fill_value:
            attributes.setdefault("_FillValue", array.fill_value)
        if (packed := _packed(attributes.get("_FillValue"))) is not None:
            attributes["_FillValue"] = packed
        return attributes

    def group_attributes(self, name: str) -> Mapping[str, Any]:
        """Attributes of a group; of the store where the name is empty."""
        group = self._root[name] if name else self._root
        return dict(group.attrs) if hasattr(group, "members") else {}

    def dimensions(self, name: str) -> tuple[str, ...]:
        """Names of the axes of an array: of Zarr 3, or as xarray writes them in Zarr 2."""
        array = self._arrays[name]
        names = getattr(array.metadata, "dimension_names", None)
        names = names or self.attributes(name).get("_ARRAY_DIMENSIONS") or self._scales.get(name)
        kept = kept_axes(tuple(array.shape))
        if not isinstance(names, (list, tuple)) or len(names) != array.ndim:
            return ()
        if not all(isinstance(names[axis], str) for axis in kept):
            return ()
        return tuple(names[axis] for axis in kept)

    @property
    def names(self) -> Mapping[str, Any]:
        """Every array by name."""
        return self._arrays

    def values(self, name: str) -> NDArray[Any]:
        """All values of an array."""
        array = self._arrays[name]
        _check_chunks(self.path, array)
        return _values(self.path, array, ...).reshape(self.arrays[name].shape)

    def source(self, name: str, axes: tuple[int, int, int]) -> CubeSource:
        """An array of 3 axes (or a matrix as one band)."""
        array = self._arrays[name]
        kept = kept_axes(tuple(array.shape))
        r, c, b = (kept[axis] if axis < len(kept) else array.ndim for axis in axes)
        return ZarrSource(self.path, array, (r, c, b))

    def unfolded(self, name: str, rows: int, columns: int, pixel_axis: int) -> CubeSource:
        """Not offered: MATLAB's matrices of spectra are not a habit of Zarr."""
        raise FormatError(f"{self.path}: {self.arrays[name]} is a matrix; a cube has 3 axes.")


def open_zarr(path: Path, reading: Reading) -> HyperCube:
    """Open the cube of a Zarr folder."""
    folder = ZarrFolder(path)
    cube = with_georeference(open_arrays(folder, reading, "Zarr"), folder)
    return with_own_metadata(cube, folder.attributes(cube.metadata["array"]))


def check_replaceable(path: Path) -> None:
    """Refuse to write a store in the place of anything else, or without the package.

    Raises
    ------
    ExportError, FileError
        if something else is there, or the package zarr is missing.
    """
    if path.exists() and not is_zarr(path) and not (path.is_dir() and not any(path.iterdir())):
        raise ExportError(
            f"{path} is not a Zarr store, so it is not replaced; choose another name."
        )
    zarr_package()


def write_zarr(path: Path, cube: HyperCube, tiles: Iterable[tuple[int, NDArray[Any]]]) -> None:
    """Write a cube as the array "cube" of a group, its metadata as attributes.

    Parameters
    ----------
    path : folder; only a Zarr store or an empty folder is replaced.
    cube : to write.
    tiles : its values as first row and rows, in order.

    Raises
    ------
    ExportError
        if it cannot be written; an old store stays as it was.
    """
    check_replaceable(path)
    # An interrupt waits for what is being written: the package's own thread would continue in the
    # folder that is cleared away. One chunk at a time: if one failed, others would continue, too.
    with replacing_folder(path) as new, ThreadPoolExecutor(1) as writer:
        array = writer.submit(_new_array, path, new, cube).result()
        for top, tile in tiles:
            for a, b in _stretches(top, top + tile.shape[0]):
                for left in range(0, cube.columns, CHUNK_SIDE):
                    where = (slice(a, b), slice(left, left + CHUNK_SIDE))
                    values = tile[a - top : b - top, where[1]]
                    writer.submit(array.__setitem__, where, values).result()


def _new_array(path: Path, new: Path, cube: HyperCube) -> Any:
    try:
        array = (
            zarr_package()
            .open_group(str(new), mode="w")
            .create_array(
                "cube",
                shape=cube.shape,
                chunks=(min(CHUNK_SIDE, cube.rows), min(CHUNK_SIDE, cube.columns), cube.bands),
                dtype=cube.dtype,
                dimension_names=("row", "column", "band"),
            )
        )
        array.attrs.update(_attributes_of(cube))
    except (TypeError, ValueError) as error:
        raise ExportError(f"{path}: Zarr cannot hold this cube: {error}.") from error
    return array


def _stretches(top: int, bottom: int) -> Iterator[tuple[int, int]]:
    """Rows from top to bottom, cut where a row of chunks ends."""
    while top < bottom:
        end = min(bottom, (top // CHUNK_SIDE + 1) * CHUNK_SIDE)
        yield top, end
        top = end


def _json_list(values: NDArray[np.float64]) -> list[float | None]:
    """Numbers for JSON, which has no NaN."""
    return [float(v) if np.isfinite(v) else None for v in values]


def _attributes_of(cube: HyperCube) -> dict[str, Any]:
    found: dict[str, Any] = {SCALE_KEY: cube.scale}
    if cube.offset:
        found["offset"] = cube.offset
    if cube.wavelengths is not None:
        found["wavelengths"] = _json_list(cube.wavelengths)
        found["wavelength_units"] = "nm"
    if cube.fwhm is not None:
        found["fwhm"] = _json_list(cube.fwhm)
    if not cube.good_bands.all():
        found["good_bands"] = [int(g) for g in cube.good_bands]
    if cube.band_names is not None:
        found["band_names"] = list(cube.band_names)
    if cube.default_bands is not None:
        found["default_bands"] = list(cube.default_bands)
    if cube.nodata is not None:  # JSON has no NaN and no infinity
        found["nodata"] = cube.nodata if np.isfinite(cube.nodata) else str(cube.nodata)
    georeference = cube.georeference or Georeference()
    if georeference.transform is not None:
        found["transform"] = list(georeference.transform)
    if georeference.crs_wkt:
        found["crs_wkt"] = georeference.crs_wkt
    return found
