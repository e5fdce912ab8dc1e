"""Classic NetCDF files (version 3 and before): any variable as a cube, windows read from disk."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from hsi_viewer.core.cube.cube import CubeSource, HyperCube
from hsi_viewer.core.errors import FormatError
from hsi_viewer.io.arrays.band_variables import open_arrays
from hsi_viewer.io.arrays.cf import with_georeference
from hsi_viewer.io.arrays.container import kept_axes, squeezed
from hsi_viewer.io.arrays.netcdf3_header import Stored, read_header
from hsi_viewer.io.files.byte_reader import ByteReader, FileReader
from hsi_viewer.io.files.raw_source import RawSource
from hsi_viewer.io.files.reading import ArrayChoice, Reading


class RecordReader:
    """The records of one variable as bytes that lie together.

    Parameters
    ----------
    reader : of the file, in which other variables lie between the records.
    start : of the first record.
    length, stride : bytes of a record, and from one to the next.
    """

    def __init__(self, reader: FileReader, start: int, length: int, stride: int) -> None:
        self._reader, self._start, self._length, self._stride = reader, start, length, stride

    def read_into(self, buffer: memoryview, offset: int) -> None:
        """Fill the buffer with the bytes from an offset."""
        done = 0
        while done < len(buffer):
            record, inside = divmod(offset + done, self._length)
            n = min(self._length - inside, len(buffer) - done)
            at = self._start + record * self._stride + inside
            self._reader.read_into(buffer[done : done + n], at)
            done += n


class Netcdf3File:
    """A classic NetCDF file as a `container.Container`."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._reader = FileReader(path)
        try:
            self._variables, self._of_file = read_header(self._reader)
        except ValueError as error:
            raise FormatError(
                f"{path} is a damaged NetCDF-3 file: {error}. Copy it again."
            ) from error
        self.arrays: Mapping[str, ArrayChoice] = {
            name: ArrayChoice(name, squeezed(v.shape), v.dtype.newbyteorder("=").name)
            for name, v in self._variables.items()
            if v.dtype.kind != "S"
        }
        self.others = tuple(
            f"{name} (text)" for name, v in self._variables.items() if v.dtype.kind == "S"
        )

    @property
    def names(self) -> Mapping[str, Stored]:
        """Every variable by name."""
        return self._variables

    def attributes(self, name: str) -> Mapping[str, Any]:
        """Attributes of a variable."""
        return self._variables[name].attributes

    def group_attributes(self, _name: str) -> Mapping[str, Any]:
        """Attributes of the file, which has no groups."""
        return self._of_file

    def dimensions(self, name: str) -> tuple[str, ...]:
        """Names of the axes of a variable."""
        variable = self._variables[name]
        return tuple(variable.dimensions[axis] for axis in kept_axes(variable.shape))

    def values(self, name: str) -> NDArray[Any]:
        """All values of a variable."""
        shape = self.arrays[name].shape
        rows, columns = (*shape, 1, 1)[0], (*shape, 1, 1)[1]
        source = self._source(name, (rows, columns, math.prod(shape[2:])), (0, 1, 2))
        return source.read(slice(0, rows, 1), slice(0, columns, 1), None).reshape(shape)

    def source(self, name: str, axes: tuple[int, int, int]) -> CubeSource:
        """A variable of 3 axes (or a matrix as one band)."""
        shape = (*self.arrays[name].shape, 1)
        order = (axes.index(0), axes.index(1), axes.index(2))
        return self._source(name, (shape[axes[0]], shape[axes[1]], shape[axes[2]]), order)

    def unfolded(self, name: str, rows: int, columns: int, pixel_axis: int) -> CubeSource:
        """A matrix of spectra, whose pixels run down the columns of the scene."""
        bands = self.arrays[name].shape[1 - pixel_axis]
        order = (1, 0, 2) if pixel_axis == 0 else (2, 1, 0)
        return self._source(name, (rows, columns, bands), order)

    def _source(
        self, name: str, shape: tuple[int, int, int], order: tuple[int, int, int]
    ) -> RawSource:
        variable = self._variables[name]
        size = math.prod(variable.shape) * variable.dtype.itemsize
        reader: ByteReader = self._reader
        start, end = variable.offset, variable.offset + size
        if variable.stride and size:
            length = size // variable.shape[0]
            end = start + (variable.shape[0] - 1) * variable.stride + length
            reader, start = RecordReader(self._reader, start, length, variable.stride), 0
        if min(shape) < 1:
            raise FormatError(f"{self.path}: {self.arrays[name]} is empty.")
        if end > self._reader.size:
            raise FormatError(
                f'{self.path} is truncated: the variable "{name}" ends at byte {end}, the file at '
                f"{self._reader.size}. Copy the file again."
            )
        return RawSource(reader, shape, variable.dtype, order, start)


def open_netcdf3(path: Path, reading: Reading) -> HyperCube:
    """Open the cube of a classic NetCDF file."""
    container = Netcdf3File(path)
    return with_georeference(open_arrays(container, reading, "NetCDF-3"), container)
