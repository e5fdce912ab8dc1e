"""Records of a journal: one kind, one JSON object and some arrays each, with length and checksum.

A file is MAGIC, then records. A record is

    length  uint64   of what follows the checksum, in bytes
    crc32   uint32   of what follows it
    kind    uint8
    head    uint32   length of the JSON text
    JSON             {"arrays": [[name, type, shape, length, packed], ...], ...}
    bytes            of the arrays one after the other; packed ones by zlib

all little-endian. Whatever does not agree with its length and checksum was not written to its
end; it and all after it are left out.
"""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from math import prod
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from hsi_viewer.core.errors import FormatError

MAGIC = b"HSIVJRN1"
PREFIX = struct.Struct("<QI")
HEAD = struct.Struct("<BI")
PACK_FROM = 256  # bytes; shorter arrays do not gain from zlib
TYPES = ("<u2", "<u4", "<i8", "|b1")


class Kind(IntEnum):
    """What a record tells."""

    FACTS = 1  # of the cube and the program
    STATE = 2  # all classes and labels; the history starts anew
    STEP = 3  # a gesture
    MOVE = 4  # steps taken back or carried out again
    TRUTH = 5  # ground truth set or taken away
    SAVED = 6  # what stands before is in a file of the user's
    FLAGS = 7  # which classes are hidden, locked and the like


@dataclass(frozen=True)
class Record:
    """One event.

    Attributes
    ----------
    kind : what it tells.
    facts : JSON values.
    arrays : by name.
    """

    kind: Kind
    facts: Mapping[str, Any] = field(default_factory=dict)
    arrays: Mapping[str, NDArray[Any]] = field(default_factory=dict)

    @property
    def nbytes(self) -> int:
        """About the bytes before packing."""
        return sum(a.nbytes for a in self.arrays.values())


def encode(record: Record) -> bytes:
    """The record as it stands in the file."""
    listed, parts = [], []
    for name, array in record.arrays.items():
        raw = np.ascontiguousarray(array).tobytes()
        packed = len(raw) >= PACK_FROM
        part = zlib.compress(raw, 1) if packed else raw
        listed.append([name, array.dtype.str, array.shape, len(part), packed])
        parts.append(part)
    head = json.dumps({**record.facts, "arrays": listed}, separators=(",", ":")).encode()
    body = b"".join((HEAD.pack(record.kind, len(head)), head, *parts))
    return PREFIX.pack(len(body), zlib.crc32(body)) + body


def _decode(body: bytes, with_arrays: bool) -> Record:
    kind, length = HEAD.unpack_from(body)
    at = HEAD.size + length
    facts = json.loads(body[HEAD.size : at])
    arrays = {}
    listed = facts.pop("arrays")
    for name, dtype, shape, size, packed in listed if with_arrays else ():
        if dtype not in TYPES:
            raise ValueError(f"arrays of {dtype} are not expected")
        part = body[at : at + size]
        at += size
        wanted = prod(shape) * np.dtype(dtype).itemsize
        raw = zlib.decompressobj().decompress(part, wanted) if packed and wanted else part
        arrays[name] = np.frombuffer(raw, dtype).reshape(shape)
    return Record(Kind(kind), facts, arrays)


@dataclass(frozen=True)
class Contents:
    """What a journal file holds.

    Attributes
    ----------
    records : those that are whole.
    length : bytes that they and the magic take; what follows is torn.
    torn : whether something follows.
    """

    records: tuple[Record, ...]
    length: int
    torn: bool


def read_records(path: Path, *, arrays: bool = True) -> Contents:
    """Read a journal up to its end, or up to the first record that is not whole.

    Parameters
    ----------
    path : the file.
    arrays : whether arrays are unpacked; without, records have none.

    Raises
    ------
    FormatError
        if it is no journal.
    OSError
        if it cannot be read.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        if file.read(len(MAGIC)) != MAGIC:
            raise FormatError(f"{path} is no journal of labels that this version can read.")
        records, length = [], len(MAGIC)
        for record, end in _whole_records(file, size, arrays):
            records.append(record)
            length = end
    return Contents(tuple(records), length, length < size)


def _whole_records(file: BinaryIO, size: int, arrays: bool) -> Iterator[tuple[Record, int]]:
    while True:
        prefix = file.read(PREFIX.size)
        if len(prefix) < PREFIX.size:
            return
        length, checksum = PREFIX.unpack(prefix)
        if file.tell() + length > size:
            return
        body = file.read(length)
        if len(body) < length or zlib.crc32(body) != checksum:
            return
        try:
            record = _decode(body, arrays)
        except (ValueError, KeyError, TypeError, struct.error, zlib.error):
            return
        yield record, file.tell()
