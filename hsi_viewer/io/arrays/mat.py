"""MATLAB files of versions 4 and 5; version 7.3 is HDF5, see hdf5.py."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray

from hsi_viewer.core.cube.cube import CubeSource, HyperCube
from hsi_viewer.core.cube.georeference import Georeference
from hsi_viewer.core.errors import FormatError
from hsi_viewer.io.arrays import mat4, mat5
from hsi_viewer.io.arrays.band_lists import UNITS, plain
from hsi_viewer.io.arrays.band_metadata import own_georeference, with_own_metadata
from hsi_viewer.io.arrays.container import INSIDE, is_usable, squeezed
from hsi_viewer.io.arrays.find_cube import choices, open_container
from hsi_viewer.io.files.byte_reader import DeflatedReader
from hsi_viewer.io.files.composed_sources import ComplexSource
from hsi_viewer.io.files.raw_source import RawSource
from hsi_viewer.io.files.reading import ArrayChoice, Reading

SMALL_BYTES = 1 << 20

Index = Callable[[Path], dict[str, mat5.Variable]]


class MatlabFile:
    """A MATLAB file as a `container.Container`.

    Parameters
    ----------
    path : of the file.
    index : finds its variables; version 5 by default.
    deep : whether to look into large compressed structs and cell arrays, too, which have to be
        inflated for it.
    """

    def __init__(self, path: Path, index: Index = mat5.index, deep: bool = False) -> None:
        self.path = path
        self._variables = index(path)
        for variable in list(self._variables.values()):
            if deep or not _is_large_and_compressed(variable):
                try:
                    self._variables |= mat5.members(variable)
                except FormatError as error:
                    raise FormatError(f"{path}: {error}") from error
        self._variables = {
            name: replace(v, shape=squeezed(v.shape)) for name, v in self._variables.items()
        }
        self.arrays: Mapping[str, ArrayChoice] = {
            name: ArrayChoice(name, v.shape, v.kind)
            for name, v in self._variables.items()
            if _is_usable(v)
        }
        self.others = tuple(_described(v) for v in self._variables.values() if not _is_usable(v))

    def strings(self, name: str) -> list[str]:
        """Texts of a cell array of strings, or the one of a char array."""
        variable = self._variables.get(name)
        if variable is None or variable.kind not in ("cell", "char"):
            raise FormatError(f'{self.path} has no text array "{name}".')
        return mat5.strings(variable)

    def dimensions(self, name: str) -> tuple[str, ...]:
        """Names of the axes of an array, as our own writer notes them beside the cube."""
        names = tuple(self._texts("dimensions"))
        return names if len(names) == len(self.arrays[name].shape) else ()

    def attributes(self, _name: str) -> Mapping[str, Any]:
        """Attributes of the arrays, from variables of the file: MATLAB's arrays have none."""
        units = next(
            (f for name in self._variables if plain(name) in UNITS and (f := self._texts(name))), []
        )
        if not ("dimensions" in self._variables or "class_colours" in self._variables):
            return {"units": units[0]} if units else {}  # written by somebody else
        texts = {key: self._texts(key) for key in ("band_names", "crs_wkt")}
        lists = {"transform": 6, "default_bands": 3}
        given = [name for name, size in lists.items() if self._size(name) == size]
        known = {
            "units": "".join(units[:1]),
            "band_names": texts["band_names"],
            "crs_wkt": "".join(texts["crs_wkt"][:1]),
            **{name: self.values(name).ravel().tolist() for name in given},
        }
        return {key: value for key, value in known.items() if value}

    def text_lists(self, count: int) -> Mapping[str, NDArray[Any]]:
        """Cell arrays of so many texts, by name."""
        cells = (n for n, v in self._variables.items() if v.kind == "cell")
        lists = {name: self._texts(name) for name in cells if f"{name}{{1}}" not in self.arrays}
        return {name: np.array(texts) for name, texts in lists.items() if len(texts) == count > 1}

    def georeference(self) -> Georeference | None:
        """The place that our own writers note."""
        return own_georeference(self.attributes(""))

    def _size(self, name: str) -> int:
        return self.arrays[name].size if name in self.arrays else 0

    def _texts(self, name: str) -> list[str]:
        variable = self._variables.get(name)
        try:
            return [] if variable is None else mat5.strings(variable)
        except FormatError:  # somebody else's variable of this name
            return []

    def values(self, name: str) -> NDArray[Any]:
        """All values of a variable, in MATLAB's shape."""
        shape = self.arrays[name].shape
        folded = (shape[0], shape[1] if len(shape) > 1 else 1, int(np.prod(shape[2:], dtype=int)))
        source = self._source(name, folded, (2, 1, 0))
        rows, columns = slice(0, folded[0], 1), slice(0, folded[1], 1)
        return source.read(rows, columns, None).reshape(shape, order="F")

    def source(self, name: str, axes: tuple[int, int, int]) -> CubeSource:
        """A 3-D variable (or a matrix as one band)."""
        shape = (*self.arrays[name].shape, 1)
        # MATLAB's last axis is the slowest on disk; each is one of rows, columns, bands.
        order = (axes.index(2), axes.index(1), axes.index(0))
        return self._source(name, (shape[axes[0]], shape[axes[1]], shape[axes[2]]), order)

    def unfolded(self, name: str, rows: int, columns: int, pixel_axis: int) -> CubeSource:
        """A matrix bands x pixels or pixels x bands, pixels down the columns of the scene."""
        bands = self.arrays[name].shape[1 - pixel_axis]
        order = (1, 0, 2) if pixel_axis == 1 else (2, 1, 0)
        return self._source(name, (rows, columns, bands), order)

    def _source(
        self, name: str, shape: tuple[int, int, int], order: tuple[int, int, int]
    ) -> CubeSource:
        variable = self._variables[name]
        reader = variable.reader
        if reader is None or variable.dtype is None or min(shape) < 1:
            raise FormatError(f'{self.path}: "{name}" ({variable.kind}) contains no numbers.')
        real = RawSource(reader, shape, variable.dtype, order, variable.offset)
        if variable.imaginary is None:
            return real
        try:
            dtype, offset = variable.imaginary()
        except FormatError as error:
            raise FormatError(f"{self.path}: {error} Copy the file again.") from error
        return ComplexSource(real, RawSource(reader, shape, dtype, order, offset))


def _is_large_and_compressed(variable: mat5.Variable) -> bool:
    size = variable.end - variable.offset
    return isinstance(variable.reader, DeflatedReader) and size > SMALL_BYTES


def _is_usable(variable: mat5.Variable) -> bool:
    is_complex = variable.imaginary is not None
    return is_usable(np.dtype(complex) if is_complex else variable.dtype, variable.shape)


def _described(variable: mat5.Variable) -> str:
    shape = " x ".join(map(str, variable.shape))
    return f"{variable.name} ({f'{shape} {variable.kind}'.strip()})"


def open_mat(path: Path, reading: Reading) -> HyperCube:
    """Open the cube of a MATLAB 5 file."""
    file = MatlabFile(path)
    if INSIDE.search(reading.name or "") or not (reading.name or choices(file)):
        file = MatlabFile(path, deep=True)
    cube = open_container(file, reading, "MATLAB 5")
    return with_own_metadata(cube, file.attributes(cube.metadata["array"]), first_band=1)


def open_mat4(path: Path, reading: Reading) -> HyperCube:
    """Open a variable of a MATLAB 4 file, which holds matrices only."""
    return open_container(MatlabFile(path, mat4.index), reading, "MATLAB 4")
