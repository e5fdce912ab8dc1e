"""HDF5, NetCDF-4 and MATLAB 7.3 files: what is in them, by name.

Import this module lazily.
"""

from __future__ import annotations

import json
import re
from collections import deque
from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from hsi_viewer.core.cube.cube import CubeSource
from hsi_viewer.core.errors import FormatError
from hsi_viewer.core.progress import CancelToken
from hsi_viewer.io.arrays.band_lists import UNITS, plain
from hsi_viewer.io.arrays.container import is_usable, kept_axes, squeezed
from hsi_viewer.io.arrays.hdf5_source import (
    H5_ERRORS,
    H5Source,
    UnfoldedH5Source,
    is_elsewhere,
    number_type,
    read_values,
)
from hsi_viewer.io.files import probe
from hsi_viewer.io.files.reading import ArrayChoice

ELSEWHERE = "virtual or external: its values are stored elsewhere, copy them into one data set"
MAX_OBJECTS = 5000
# Links that are looked at in all, and characters of a path: groups can lie in groups without end.
MAX_LINKS, MAX_PATH = 100_000, 1000
BARE_DIMENSION = b"This is a netCDF dimension but not a netCDF variable"
CHANNELS_FIRST = ("channel", "y", "x")
# A longer cell array holds no cubes.
MAX_REFERENCES = 1000
# Classes of MATLAB that are arrays of numbers; none for a file that MATLAB did not write.
NUMERIC_KINDS = ("", "logical", "single", "double", "int8", "uint8", "int16", "uint16", "int32",
                 "uint32", "int64", "uint64")  # fmt: skip


def _matlab_class(item: Any) -> str:
    """MATLAB's class of a data set or group, or nothing."""
    if "MATLAB_sparse" in item.attrs:
        return "sparse"
    kind = item.attrs.get("MATLAB_class", b"")
    return kind.decode("latin-1") if isinstance(kind, bytes) else str(kind)


def _labels(item: h5py.Dataset) -> list[str]:
    """Labels of the axes, in any kind of text; none if they are not texts."""
    try:
        labels = np.ravel(item.attrs["DIMENSION_LABELS"])
    except (KeyError, TypeError, *H5_ERRORS):
        return [""] * item.ndim
    texts = [v.decode("utf-8", "replace") if isinstance(v, bytes) else v for v in labels.tolist()]
    if len(texts) != item.ndim or not all(isinstance(text, str) for text in texts):
        return [""] * item.ndim
    return texts


def _axistags(item: h5py.Dataset) -> list[str] | None:
    """Names of the axes as vigra and ilastik write them, or None."""
    try:
        axes = json.loads(item.attrs["axistags"])["axes"]
        return [str(axis["key"]) for axis in axes]
    except (KeyError, TypeError, ValueError, *H5_ERRORS):
        return None


def _axis_letters(item: h5py.Dataset) -> str:
    """Letters of the axes as "CTZYX", which programs for microscopes write; none if none are."""
    for key in ("axes", "dimension_order", "DIMENSION_ORDER"):
        try:
            text = item.attrs.get(key)
        except H5_ERRORS:
            continue
        text = text.decode("latin-1") if isinstance(text, bytes) else text
        if isinstance(text, str) and re.fullmatch("(?i)[ctzyxsl]+", text):
            letters = text.lower()[::-1] if text.lower().startswith("xy") else text.lower()
            if len(set(letters)) == len(letters) == item.ndim:
                return letters
    return ""


def _characters(item: Any) -> str:
    """The text of a data set of MATLAB; empty if it has none."""
    if not isinstance(item, h5py.Dataset) or _matlab_class(item) != "char" or _is_empty(item):
        return ""
    if item.dtype != np.uint16 or item.size > MAX_PATH:
        return ""
    return str(item[()].T.tobytes().decode("utf-16", "replace").rstrip("\0 "))


def _is_empty(item: h5py.Dataset) -> bool:
    """Whether a data set of MATLAB holds the shape of an empty variable."""
    return bool(item.attrs.get("MATLAB_empty", 0))


def _is_bare_dimension(item: h5py.Dataset) -> bool:
    """Whether it only stands for a dimension of netCDF-4, with zeros in it."""
    name = item.attrs.get("NAME") if item.ndim == 1 and "NAME" in item.attrs else b""
    return isinstance(name, bytes) and name.startswith(BARE_DIMENSION)


def _is_references(item: Any) -> bool:
    if not isinstance(item, h5py.Dataset) or is_elsewhere(item):
        return False
    return h5py.check_ref_dtype(item.dtype) is h5py.Reference


def open_file(path: Path) -> h5py.File:
    """Open an HDF5 file for reading.

    Raises
    ------
    FileError
        if it cannot be opened: not there, cut off, or no HDF5.
    """
    try:
        try:
            return h5py.File(path, "r")
        except BlockingIOError:  # someone writes it, or its drive knows no locks
            return h5py.File(path, "r", locking=False)
    except (OSError, RuntimeError, ValueError) as error:
        raise FormatError(f"{path} is damaged or not an HDF5 file: {error}.") from error


class H5File:
    """An HDF5 file as a `container.Container`.

    Parameters
    ----------
    path : of the file.
    matlab : True for MATLAB 7.3, whose data sets have the axes of the variable reversed.
    wanted : a data set that is looked for even behind links, and where there are too many others.
    token : asked while the file is examined; see `probe`.
    """

    def __init__(
        self,
        path: Path,
        matlab: bool = False,
        wanted: str | None = None,
        token: CancelToken | None = None,
    ) -> None:
        self.path = path
        probe.check(path, wanted, token)
        self.file = open_file(path)
        self._matlab = matlab
        self._joint = "." if matlab else "/"  # a group is a struct
        self.is_whole = True  # no data set refers to other places
        try:
            self._outside: list[str] = []
            self._looked_at = 0
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
                if is_elsewhere(item):
                    others.append(f"{name} ({ELSEWHERE})")
                    self.is_whole = False
                    continue
                if _is_bare_dimension(item):
                    continue
                shape = squeezed(self._shape(item))
                dtype = number_type(item.dtype)
                mark = "complex " if kind and dtype is not None and dtype.kind == "c" else ""
                text = f"{mark}{kind or dtype or item.dtype}"
                if kind in NUMERIC_KINDS and is_usable(dtype, shape) and not _is_empty(item):
                    arrays[name] = ArrayChoice(name, shape, text)
                    continue
                sizes = " x ".join(map(str, shape)) or "scalar"
                others.append(f"{name} ({sizes} {text})")
            elif kind:
                others.append(f"{name} ({kind})")
        if len(self._items) >= MAX_OBJECTS:
            others.append(f"objects beyond the first {MAX_OBJECTS}, which are not looked at")
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
        """Members of a group or, in a MATLAB file, of a cell array or an array of structs."""
        if isinstance(holder, h5py.Dataset):
            return self._referenced(name, holder)
        return iter(()) if _matlab_class(holder) == "sparse" else self._in_group(name, holder)

    def _in_group(self, name: str, group: h5py.Group) -> Iterator[tuple[str, Any]]:
        for key in group:
            self._looked_at += 1
            if self._looked_at > MAX_LINKS:
                return
            if not isinstance(key, str) or key.startswith("#") or len(name + key) > MAX_PATH:
                continue
            member = f"{name}{self._joint}{key}" if name else key
            link = group.get(key, getlink=True)
            if isinstance(link, h5py.ExternalLink) and len(self._outside) < MAX_OBJECTS:
                self._outside.append(f"{member} (link to {link.filename}:{link.path})")
            elif isinstance(link, h5py.HardLink):
                try:
                    yield member, group[key]
                except (KeyError, OSError, RuntimeError):  # of a kind that is not known
                    continue

    def _referenced(self, name: str, cells: h5py.Dataset) -> Iterator[tuple[str, Any]]:
        """Targets of the references in a cell array or in a field of an array of structs."""
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
        if (tagged := _axistags(item)) is not None and len(tagged) == item.ndim:
            return tuple(tagged[axis] for axis in kept_axes(self._shape(item)))
        scales = self._scales(item) or _labels(item)
        kept = kept_axes(self._shape(item))
        names = tuple(scales[axis].rpartition("/")[2] for axis in kept)
        if all(names):
            return names
        if letters := _axis_letters(item):
            return tuple(letters[axis] for axis in kept)
        # of a microscope: channel, time and depth are before the rows
        return CHANNELS_FIRST if item.ndim > 4 and kept == (0, item.ndim - 2, item.ndim - 1) else ()

    def _scales(self, item: h5py.Dataset) -> list[str]:
        """Names of the scales of the axes, or labels where some have none; none if none has.

        HDF5's own functions for it end the process where the attributes are somebody else's.
        """
        try:
            attribute = item.attrs.get_id("DIMENSION_LIST")
            kind = h5py.check_vlen_dtype(attribute.dtype)
            if kind is None or h5py.check_ref_dtype(kind) is not h5py.Reference:
                return []
            lists = item.attrs["DIMENSION_LIST"]
            if lists.shape != (item.ndim,):
                return []
            names = [str(self.file[refs[0]].name) if len(refs) else "" for refs in lists]
        except (KeyError, TypeError, *H5_ERRORS):
            return []
        labels = _labels(item) or names
        return [name or label for name, label in zip(names, labels, strict=True)]

    def attributes(self, name: str) -> Mapping[str, Any]:
        """Attributes of a data set; MATLAB's have none, so the unit is that of the file."""
        try:
            return {**self._items[name].attrs, **self._units}
        except H5_ERRORS as error:
            raise FormatError(f"{self.path} is damaged: {error}. Copy it again.") from error

    @cached_property
    def _units(self) -> Mapping[str, str]:
        """The unit of wavelengths that a variable of MATLAB gives."""
        named = (item for n, item in self._items.items() if self._matlab and plain(n) in UNITS)
        text = next((text for item in named if (text := _characters(item))), "")
        return {"units": text} if text else {}

    def group_attributes(self, name: str) -> Mapping[str, Any]:
        """Attributes of a group; of the file where the name is empty."""
        try:
            return dict(self.file[name or "/"].attrs)
        except H5_ERRORS:  # the array can be read without them
            return {}

    def text(self, *names: str) -> str | None:
        """The text of the first data set of these names that is one."""
        for name in names:
            item = self._items.get(name)
            if not isinstance(item, h5py.Dataset) or is_elsewhere(item):
                continue
            if item.size == 1 and item.dtype.kind in "SO":
                value = np.ravel(item[()])[0]
                return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
        return None

    def text_lists(self, count: int) -> Mapping[str, NDArray[Any]]:
        """Lists of so many texts, by name; in a MATLAB file, cell arrays of them."""
        if self._matlab:
            return self._cells_of_texts(count)
        return {
            name: np.ravel(item[()])
            for name, item in self._items.items()
            if isinstance(item, h5py.Dataset)
            and item.size == count > 1
            and item.dtype.kind in "SO"
            and h5py.check_string_dtype(item.dtype) is not None
            and not is_elsewhere(item)
        }

    def _cells_of_texts(self, count: int) -> Mapping[str, NDArray[Any]]:
        cells = (n for n, item in self._items.items() if _matlab_class(item) == "cell")
        members = {name: [f"{name}{{{k + 1}}}" for k in range(count)] for name in cells}
        texts = {n: [_characters(self._items.get(m)) for m in ms] for n, ms in members.items()}
        return {name: np.array(found) for name, found in texts.items() if count > 1 and all(found)}

    def values(self, name: str) -> NDArray[Any]:
        """All values of a data set."""
        values = read_values(self._items[name])
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
