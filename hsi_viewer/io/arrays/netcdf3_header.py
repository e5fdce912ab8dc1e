"""The header of a classic NetCDF file: where the numbers of each variable lie.

scipy.io.netcdf_file maps the file, which may end the process when it shrinks, and does not know
the 64-bit data format. Format: "The NetCDF Classic Format Specification" (Unidata), which calls
the three versions CDF-1, CDF-2 and CDF-5.
"""

from __future__ import annotations

import math
import struct
from typing import Any

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from hsi_viewer.io.files.byte_reader import FileReader

DIMENSIONS, VARIABLES, ATTRIBUTES = 0x0A, 0x0B, 0x0C
TYPES = {1: ">i1", 2: "S1", 3: ">i2", 4: ">i4", 5: ">f4", 6: ">f8",
         7: ">u1", 8: ">u2", 9: ">u4", 10: ">i8", 11: ">u8"}  # fmt: skip
STREAMING = (0xFFFFFFFF, 0xFFFFFFFFFFFFFFFF)  # the number of records follows from the file's size
PIECE_BYTES = 64 << 10
MAX_ITEMS = 100_000
MAX_AXES = 32


class Stored(Struct, frozen=True):
    """A variable and where it lies.

    Attributes
    ----------
    dimensions, shape : names and lengths of its axes.
    dtype : as stored.
    attributes : text as str, numbers as arrays.
    offset : of the first value.
    stride : bytes from one record to the next, or 0 if its values lie together.
    """

    name: str
    dimensions: tuple[str, ...]
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    attributes: dict[str, Any]
    offset: int
    stride: int = 0


class _Cursor:
    """Reads the header from its beginning on."""

    def __init__(self, reader: FileReader) -> None:
        self._reader = reader
        self._data = b""
        self._at = 0
        self.version = self.take(4)[3]
        self._count = ">Q" if self.version == 5 else ">I"
        self._offset = ">I" if self.version == 1 else ">Q"

    def take(self, length: int) -> bytes:
        """Next bytes; ValueError where the file ends before."""
        end = self._at + length
        if end > len(self._data):
            more = max(end - len(self._data), PIECE_BYTES)
            self._data += self._reader.read_bytes(len(self._data), more)
        if end > len(self._data):
            raise ValueError(f"its header is truncated at byte {len(self._data)}")
        piece = self._data[self._at : end]
        self._at = end
        return piece

    def _number(self, code: str) -> int:
        return int(struct.unpack(code, self.take(struct.calcsize(code)))[0])

    def word(self) -> int:
        return self._number(">I")

    def count(self) -> int:
        return self._number(self._count)

    def offset(self) -> int:
        return self._number(self._offset)

    def padded(self, length: int) -> bytes:
        if length > self._reader.size:
            raise ValueError(f"{length} bytes are given for a name or an attribute")
        return self.take(-(-length // 4) * 4)[:length]

    def name(self) -> str:
        return self.padded(self.count()).decode("utf-8", "replace")

    def items(self, tag: int) -> range:
        """As many as a list has, after its tag has been checked."""
        found, count = self.word(), self.count()
        if found not in (0, tag) or count > (MAX_ITEMS if found else 0):
            raise ValueError(
                f"a list in its header begins with the invalid tag {found} and count {count}"
            )
        return range(count)

    def dtype(self) -> np.dtype[Any]:
        code = self.word()
        if code not in TYPES:
            raise ValueError(f"its header names an unknown type {code}")
        return np.dtype(TYPES[code])

    def attributes(self) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for _ in self.items(ATTRIBUTES):
            name, dtype = self.name(), self.dtype()
            found[name] = _value(dtype, self.padded(self.count() * dtype.itemsize))
        return found


def _value(dtype: np.dtype[Any], data: bytes) -> str | NDArray[Any]:
    if dtype.kind == "S":
        return data.rstrip(b"\0").decode("utf-8", "replace")
    return np.frombuffer(data, dtype).astype(dtype.newbyteorder("="))


def read_header(reader: FileReader) -> tuple[dict[str, Stored], dict[str, Any]]:
    """Variables by name, and the attributes of the file.

    Raises
    ------
    FileError
        if the file cannot be read.
    ValueError
        if its header is damaged.
    """
    cursor = _Cursor(reader)
    records = cursor.count()
    lengths = [(cursor.name(), cursor.count()) for _ in cursor.items(DIMENSIONS)]
    of_file = cursor.attributes()
    stored = [_variable(cursor, lengths) for _ in cursor.items(VARIABLES)]
    varying = [v for v in stored if v.stride]
    # one variable of records alone is not padded
    stride = _bytes_of_a_record(varying[0]) if len(varying) == 1 else sum(v.stride for v in varying)
    if varying and records in STREAMING:
        first = min(v.offset for v in varying)
        records = max(0, reader.size - first) // max(1, stride)
    return {v.name: _with_records(v, records, stride) for v in stored}, of_file


def _variable(cursor: _Cursor, lengths: list[tuple[str, int]]) -> Stored:
    """A variable; one of records has a first length of 0 and, as its stride, its own part."""
    name, axes = cursor.name(), cursor.count()
    if axes > MAX_AXES:
        raise ValueError(f'its variable "{name}" has {axes} axes')
    ids = [cursor.count() for _ in range(axes)]
    if ids and max(ids) >= len(lengths):
        raise ValueError(f'its variable "{name}" has an undefined dimension')
    attributes, dtype = cursor.attributes(), cursor.dtype()
    cursor.count()  # the size, which is wrong for large variables
    chosen = [lengths[k] for k in ids]
    names, shape = tuple(n for n, _ in chosen), tuple(length for _, length in chosen)
    if str(attributes.get("_Unsigned")).lower() == "true" and dtype.kind == "i":
        dtype = np.dtype(dtype.str.replace("i", "u"))
        fill = attributes.get("_FillValue")
        if isinstance(fill, np.ndarray) and fill.dtype.itemsize == dtype.itemsize:
            attributes["_FillValue"] = fill.view(dtype.newbyteorder("="))
    stored = Stored(name, names, shape, dtype, attributes, cursor.offset())
    if not (shape and shape[0] == 0):
        return stored
    own = -(-_bytes_of_a_record(stored) // 4) * 4
    return Stored(name, names, shape, dtype, attributes, stored.offset, own)


def _bytes_of_a_record(variable: Stored) -> int:
    return math.prod(variable.shape[1:]) * variable.dtype.itemsize


def _with_records(variable: Stored, records: int, stride: int) -> Stored:
    if not variable.stride:
        return variable
    return Stored(
        variable.name,
        variable.dimensions,
        (records, *variable.shape[1:]),
        variable.dtype,
        variable.attributes,
        variable.offset,
        0 if stride == _bytes_of_a_record(variable) else stride,
    )
