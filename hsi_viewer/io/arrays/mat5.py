"""An index of a MATLAB 5 file: where the numbers of each variable lie.

scipy.io.loadmat reads a whole variable into memory, and a damaged file can crash the process in
its compiled parser (seen with scipy 1.17.1). With this index a window is read from disk, and
damage is an error. Format: "MAT-File Format", The MathWorks (R2019a), chapter 1.
"""

from __future__ import annotations

import math
import struct
import zlib
from collections.abc import Callable, Iterator
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from msgspec import Struct
from msgspec.structs import replace

from hsi_viewer.core.errors import FormatError
from hsi_viewer.io.files.byte_reader import ZLIB, ByteReader, DeflatedReader, FileReader

MATRIX, COMPRESSED = 14, 15
CELL, STRUCT, CHAR, SPARSE, OPAQUE = 1, 2, 4, 5, 17
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
    17: "object",  # of a class that MATLAB keeps elsewhere in the file: table, string, hypercube
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
# Names of the fields of a struct, and structs in structs.
NAMES_BYTES = 1 << 18
MAX_DEPTH = 8
# Of a cell array or an array of structs, no more are looked at.
MAX_MEMBERS = 1000


class Variable(Struct, frozen=True):
    """One variable.

    Attributes
    ----------
    shape : as MATLAB shows it; values lie in column-major order.
    kind : MATLAB's class.
    dtype : of the stored values, or None where they are not plain numbers.
    reader, offset : where the first value lies (of a cell array: its first element; of a struct:
        the names of its fields; of a text: its tag).
    end : where the bytes of a cell array, a struct or a text end.
    imaginary : of complex numbers, finds the type and the position of the imaginary parts.
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
    imaginary: Callable[[], tuple[np.dtype[Any], int]] | None = None


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
        raise FormatError(
            f"{path} is not a MATLAB 5 file, or it is truncated after {len(head)} bytes."
        )
    order = "<" if head[126:128] == b"IM" else ">"
    found: dict[str, Variable] = {}
    at, size = 128, reader.size
    while at + 8 <= size and len(found) < MAX_VARIABLES:
        kind, length = struct.unpack(order + "II", reader.read_bytes(at, 8))
        if kind not in (MATRIX, COMPRESSED) or at + 8 + length > size:
            raise FormatError(
                f"{path} is damaged or truncated: the element at byte {at} needs {length} bytes "
                f"but has {size - at - 8}. Copy the file again."
            )
        try:
            variable = _variable(reader, order, at + 8, length, kind == COMPRESSED)
        except (struct.error, zlib.error, IndexError, UnicodeDecodeError) as error:
            raise FormatError(f"{path} is damaged at byte {at}: {error}.") from error
        except FormatError as error:
            raise FormatError(f"{path}: {error}") from error
        if variable is not None:
            found[variable.name] = variable
        at += 8 + length
    return found


def _variable(
    reader: FileReader, order: str, start: int, length: int, compressed: bool
) -> Variable | None:
    """Describe one matrix element, or None for MATLAB's own unnamed ones."""
    if not compressed:
        head = reader.read_bytes(start, min(length, HEAD_BYTES))
        return _matrix(head, Element(lambda end: reader, start, length, order))
    packed = reader.read_bytes(start, min(length, 4 * HEAD_BYTES))
    head = zlib.decompressobj().decompress(packed, HEAD_BYTES)
    _, total = struct.unpack_from(order + "II", head)

    def inflated(end: int) -> ByteReader:
        return DeflatedReader(reader, start, length, end, ZLIB)

    return _matrix(head[8:], Element(inflated, 8, total, order))


class Element(Struct, frozen=True):
    """Position of a matrix element.

    Attributes
    ----------
    reader_to : gives a reader of the bytes up to a position.
    start, length : of the element's data, in the bytes of that reader.
    order : byte order.
    name : overrules the element's own, as fields of a struct have none.
    """

    reader_to: Callable[[int], ByteReader]
    start: int
    length: int
    order: str
    name: str = ""


def _matrix(head: bytes, element: Element) -> Variable | None:
    """Describe the matrix element that begins with `head`."""
    order, start = element.order, element.start
    at, flags = _element(head, 0, order)
    (word,) = struct.unpack_from(order + "I", flags)
    code, is_complex, is_logical = word & 0xFF, bool(word & 0x0800), bool(word & 0x0200)
    dims = b""
    if code != OPAQUE:
        at, dims = _element(head, at, order)
    shape = struct.unpack(f"{order}{len(dims) // 4}i", dims)
    at, name = _element(head, at, order)
    kind = "logical" if is_logical and code != SPARSE else CLASSES.get(code, f"class {code}")
    text = element.name or name.decode("utf-8").rstrip("\0")
    if not text:
        return None
    if code in (CELL, STRUCT, CHAR):
        end = start + element.length
        return Variable(text, shape, kind, None, element.reader_to(end), start + at, end, order)
    if code not in NUMERIC_CLASSES or min(shape, default=0) < 0:
        return Variable(text, shape, kind, None)
    stored, nbytes, values = _tag(head, at, order)
    if stored not in STORED:
        return Variable(text, shape, kind, None)
    dtype = _type_of(text, shape, stored, nbytes, order)
    if values + nbytes > element.length + 8:
        raise FormatError(f'The variable "{text}" needs {nbytes} bytes and is truncated.')
    if not is_complex:
        reader = element.reader_to(start + values + nbytes)
        return Variable(text, shape, kind, dtype, reader, start + values)
    after = at + 8 if values == at + 4 else values + -(-nbytes // 8) * 8
    reader = element.reader_to(start + element.length)
    found = Variable(text, shape, f"complex {kind}", dtype, reader, start + values)
    return replace(found, imaginary=partial(_imaginary, found, element, start + after))


def _type_of(
    text: str, shape: tuple[int, ...], stored: int, nbytes: int, order: str
) -> np.dtype[Any]:
    """Type of the stored values of a variable, which must be as many as its shape says."""
    dtype = np.dtype(STORED[stored]).newbyteorder("<" if order == "<" else ">")
    needed = math.prod(shape) * dtype.itemsize
    if nbytes < needed:
        raise FormatError(f'The variable "{text}" needs {needed} bytes but has {nbytes}.')
    return dtype


def _imaginary(real: Variable, element: Element, at: int) -> tuple[np.dtype[Any], int]:
    """Type and position of the imaginary parts, whose tag is at a position."""
    end = element.start + element.length
    if real.reader is None or at + 8 > end:
        raise FormatError(f'The variable "{real.name}" lacks its imaginary parts.')
    stored, nbytes, values = _tag(_bytes_at(real.reader, at, at + 8), 0, element.order)
    if stored not in STORED or at + values + nbytes > end:
        raise FormatError(f'The imaginary parts of "{real.name}" are damaged.')
    return _type_of(real.name, real.shape, stored, nbytes, element.order), at + values


def members(variable: Variable, depth: int = 0) -> dict[str, Variable]:
    """Variables inside a struct or a cell array, and inside those that it holds.

    They are named as MATLAB names them: "struct.field", "structs(2).field", "cell{3}". Of a
    compressed one everything before a member is inflated to get at it.

    Raises
    ------
    FormatError
        if it is damaged.
    """
    reader = variable.reader
    if reader is None or variable.kind not in ("struct", "cell") or depth > MAX_DEPTH:
        return {}
    found: dict[str, Variable] = {}
    try:
        position, names = _member_names(variable, reader)
        for name in islice(names, MAX_MEMBERS):
            member, position = _member(variable, reader, position, name)
            if member is not None:
                found[member.name] = member
                found |= members(member, depth + 1)
    except (struct.error, IndexError, ZeroDivisionError, UnicodeDecodeError) as error:
        raise FormatError(f'The {variable.kind} "{variable.name}" is damaged: {error}.') from error
    return found


def _member_names(variable: Variable, reader: ByteReader) -> tuple[int, Iterator[str]]:
    """Position of the first member of a struct or a cell array, and the names of all."""
    count = math.prod(variable.shape)
    if variable.kind == "cell":
        return variable.offset, (f"{variable.name}{{{k}}}" for k in range(1, count + 1))
    head = _bytes_at(reader, variable.offset, min(variable.end, variable.offset + NAMES_BYTES))
    at, width = _element(head, 0, variable.order)
    at, names = _element(head, at, variable.order)
    (size,) = struct.unpack_from(variable.order + "i", width)
    fields = [
        names[k * size : (k + 1) * size].split(b"\0")[0].decode("utf-8")
        for k in range(len(names) // size)
    ]
    if count == 1 or not fields:  # or else a count without end of elements of nothing
        return variable.offset + at, (f"{variable.name}.{field}" for field in fields)
    elements = ((k, field) for k in range(1, count + 1) for field in fields)
    return variable.offset + at, (f"{variable.name}({k}).{field}" for k, field in elements)


def _member(
    parent: Variable, reader: ByteReader, at: int, name: str
) -> tuple[Variable | None, int]:
    """The member that begins at a position (None for an empty one), and its end."""
    kind, length = struct.unpack(parent.order + "II", _bytes_at(reader, at, at + 8))
    start, end = at + 8, at + 8 + length
    if kind != MATRIX or end > parent.end:
        raise IndexError(f"its member {name} is truncated")
    if not length:
        return None, end
    head = _bytes_at(reader, start, min(end, start + HEAD_BYTES))
    return _matrix(head, Element(lambda end: reader, start, length, parent.order, name)), end


def _bytes_at(reader: ByteReader, start: int, end: int) -> bytes:
    buffer = bytearray(max(0, end - start))
    reader.read_into(memoryview(buffer), start)
    return bytes(buffer)


def strings(variable: Variable) -> list[str]:
    """Texts of a cell array of strings; of a text, itself.

    Raises
    ------
    FormatError
        if it is not one.
    """
    length = variable.end - variable.offset
    if variable.reader is None or not 0 <= length <= MAX_CELL_BYTES:
        raise FormatError(f'"{variable.name}" is not a list of texts.')
    data, texts, at = _bytes_at(variable.reader, variable.offset, variable.end), [], 0
    try:
        if variable.kind == "char":
            return [_characters(data, 0, variable.order)]
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
    return _characters(matrix, at, order)


def _characters(matrix: bytes, at: int, order: str) -> str:
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
