"""An index of a MATLAB 5 file: where the numbers of each variable lie.

scipy.io.loadmat reads a whole variable into memory, and a damaged file can crash the process in
its compiled parser (seen with scipy 1.17.1). With this index a window is read from disk, and
damage is an error. Format: "MAT-File Format", The MathWorks (R2019a), chapter 1.
"""

from __future__ import annotations

import math
import struct
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from hsi_viewer.core.errors import FormatError
from hsi_viewer.io.byte_reader import ZLIB, ByteReader, DeflatedReader, FileReader

MATRIX, COMPRESSED = 14, 15
CELL, CHAR = 1, 4
TEXT_CODECS = {1: "utf-8", 2: "utf-8", 4: "utf-16", 16: "utf-8", 17: "utf-16"}
CLASSES = {
    1: "cell",
    2: "struct",
    3: "object",
    4: "char",
    5: "sparse",
    6: "double",
    7: "single",
    8: "int8",
    9: "uint8",
    10: "int16",
    11: "uint16",
    12: "int32",
    13: "uint32",
    14: "int64",
    15: "uint64",
    16: "function",
    17: "object",
}
NUMERIC_CLASSES = range(6, 16)
STORED = {
    1: "i1",
    2: "u1",
    3: "i2",
    4: "u2",
    5: "i4",
    6: "u4",
    7: "f4",
    9: "f8",
    12: "i8",
    13: "u8",
}

# Variable headers are short; a longer one is a broken file.
HEAD_BYTES = 4096
MAX_VARIABLES = 10_000
MAX_CELL_BYTES = 16 << 20


@dataclass(frozen=True)
class Variable:
    """One variable.

    Attributes
    ----------
    shape : as MATLAB shows it; values lie in column-major order.
    kind : MATLAB's class.
    dtype : of the stored values, or None where they are not plain numbers.
    reader, offset : where the first value lies (of a cell array: its first element).
    end : where the bytes of a cell array end.
    order : byte order of the file, "<" or ">".
    """

    name: str
    shape: tuple[int, ...]
    kind: str
    dtype: np.dtype[Any] | None
    reader: ByteReader | None = None
    offset: int = 0
    end: int = 0
    order: str = "<"


def index(path: Path) -> dict[str, Variable]:
    """Variables of a file by name.

    Raises
    ------
    FileError, FormatError
        if it cannot be read or is damaged.
    """
    reader = FileReader(path)
    head = reader.read_bytes(0, 128)
    if len(head) < 128 or head[126:128] not in (b"IM", b"MI"):
        raise FormatError(f"{path} is no MATLAB 5 file, or it is cut off after {len(head)} bytes.")
    order = "<" if head[126:128] == b"IM" else ">"
    found: dict[str, Variable] = {}
    at, size = 128, reader.size
    while at + 8 <= size and len(found) < MAX_VARIABLES:
        kind, length = struct.unpack(order + "II", reader.read_bytes(at, 8))
        if kind not in (MATRIX, COMPRESSED) or at + 8 + length > size:
            raise FormatError(
                f"{path} is damaged or cut off: the element at byte {at} needs {length} bytes, "
                f"{size - at - 8} are there. Copy the file again."
            )
        try:
            variable = _variable(reader, order, at + 8, length, kind == COMPRESSED)
        except (struct.error, zlib.error, IndexError, UnicodeDecodeError) as error:
            raise FormatError(f"{path} is damaged at byte {at}: {error}.") from error
        if variable is not None:
            found[variable.name] = variable
        at += 8 + length
    return found


def _variable(
    reader: FileReader, order: str, start: int, length: int, compressed: bool
) -> Variable | None:
    """Describe one matrix element, or None for MATLAB's own unnamed ones."""
    if compressed:
        packed = reader.read_bytes(start, min(length, 4 * HEAD_BYTES))
        head = zlib.decompressobj().decompress(packed, HEAD_BYTES)
        _, total = struct.unpack_from(order + "II", head)
        body = 8
    else:
        head = reader.read_bytes(start, min(length, HEAD_BYTES))
        total, body = length, 0
    at, flags = _element(head, body, order)
    (word,) = struct.unpack_from(order + "I", flags)
    code, is_complex, is_logical = word & 0xFF, bool(word & 0x0800), bool(word & 0x0200)
    at, dims = _element(head, at, order)
    shape = struct.unpack(f"{order}{len(dims) // 4}i", dims)
    at, name = _element(head, at, order)
    kind = "logical" if is_logical else CLASSES.get(code, f"class {code}")
    text = name.decode("utf-8").rstrip("\0")
    if not text:
        return None
    if code == CELL:
        end = total + body
        cells: ByteReader = reader
        if compressed:
            cells = DeflatedReader(reader, start, length, end, ZLIB)
        else:
            at, end = start + at, start + end
        return Variable(text, shape, kind, None, cells, at, end, order)
    if code not in NUMERIC_CLASSES or is_complex or min(shape, default=0) < 0:
        return Variable(text, shape, f"complex {kind}" if is_complex else kind, None)
    stored, nbytes, at = _tag(head, at, order)
    if stored not in STORED:
        return Variable(text, shape, kind, None)
    dtype = np.dtype(STORED[stored]).newbyteorder("<" if order == "<" else ">")
    needed = math.prod(shape) * dtype.itemsize
    end = at + nbytes
    if nbytes < needed or end > total + body + 8:
        raise FormatError(
            f'{reader.path}: the variable "{text}" needs {needed} bytes, {nbytes} are there.'
        )
    if compressed:
        packed_reader = DeflatedReader(reader, start, length, end, ZLIB)
        return Variable(text, shape, kind, dtype, packed_reader, at)
    return Variable(text, shape, kind, dtype, reader, start + at)


def strings(variable: Variable) -> list[str]:
    """Texts of a cell array of strings.

    Raises
    ------
    FormatError
        if it is none.
    """
    length = variable.end - variable.offset
    if variable.reader is None or not 0 <= length <= MAX_CELL_BYTES:
        raise FormatError(f'"{variable.name}" is no list of texts.')
    buffer = bytearray(length)
    variable.reader.read_into(memoryview(buffer), variable.offset)
    data, texts, at = bytes(buffer), [], 0
    try:
        while at + 8 <= length:
            kind, size, start = _tag(data, at, variable.order)
            if kind != MATRIX:
                break
            texts.append(_text(data[start : start + size], variable.order))
            at = start + size
    except (struct.error, IndexError, UnicodeDecodeError) as error:
        raise FormatError(f'"{variable.name}" is damaged: {error}.') from error
    return texts


def _text(matrix: bytes, order: str) -> str:
    """Text of a matrix element of class char."""
    at, _ = _element(matrix, 0, order)
    at, _ = _element(matrix, at, order)
    at, _ = _element(matrix, at, order)
    if at + 4 > len(matrix):
        return ""
    stored, _, _ = _tag(matrix, at, order)
    _, data = _element(matrix, at, order)
    codec = TEXT_CODECS.get(stored, "latin-1")
    if codec == "utf-16":
        codec += "-le" if order == "<" else "-be"
    return data.decode(codec)


def _tag(head: bytes, at: int, order: str) -> tuple[int, int, int]:
    """Type, length and data position of an element; small ones hold data in their tag."""
    first, second = struct.unpack_from(order + "II", head, at)
    if first >> 16:
        return first & 0xFFFF, first >> 16, at + 4
    return first, second, at + 8


def _element(head: bytes, at: int, order: str) -> tuple[int, bytes]:
    """Position after an element, and its data."""
    _, length, start = _tag(head, at, order)
    after = at + 8 if start == at + 4 else start + -(-length // 8) * 8
    if start + length > len(head):
        raise IndexError("its description is too long")
    return after, head[start : start + length]
