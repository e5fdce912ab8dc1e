"""Records of a journal: one kind, one JSON object and some arrays each, with length and checksum.

A file is MAGIC, then records. A record is

    length  uint64   of what follows the checksum, in bytes
    crc32   uint32   of what follows it
    kind    uint8
    head    uint32   length of the JSON text
    JSON             {"arrays": [[name, type, shape, length, packed], ...], ...}
    bytes            of the arrays one after the other; packed ones by zlib

all little-endian. Where something does not agree with its length and checksum, reading continues at
the next record that does: a damaged place costs the records that it touches and no others. Records
of a kind that this version does not know are passed over, and kept.

Every record but the facts of the cube carries its number (see `journal_numbering`), so that what is
missing between two others can be counted; what is missing at the end is counted by `journal_tally`.
"""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from enum import IntEnum
from math import prod
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
from msgspec import Meta, Struct, field
from numpy.typing import NDArray

from hsi_viewer.core.errors import FormatError
from hsi_viewer.core.validation import checked, json_values
from hsi_viewer.session.storage.journal_tally import NOTHING, Tally, read_tally

MAGIC = b"HSIVJRN1"
PREFIX = struct.Struct("<QI")
HEAD = struct.Struct("<BI")
PACK_FROM = 256  # bytes; shorter arrays do not gain from zlib
PACKED = 1 << 20  # bytes that are packed at once
MOST = 2**40  # bytes of a record; longer ones are damaged lengths
Count = Annotated[int, Meta(ge=0)]
# Of an array in a record: name, type, shape, length in bytes, whether it is packed.
Listed = tuple[str, Literal["<u2", "<u4", "<i8", "|b1"], tuple[Count, ...], Count, bool]


class Kind(IntEnum):
    """Kind of a record."""

    FACTS = 1  # of the cube and the program
    STATE = 2  # all classes and labels; the history starts again
    STEP = 3  # a stroke
    MOVE = 4  # steps undone or redone
    TRUTH = 5  # ground truth set or removed
    SAVED = 6  # what is before is in a file of the user's
    FLAGS = 7  # which classes are hidden, locked and the like


STROKES = (Kind.STEP, Kind.MOVE)


class Record(Struct, frozen=True):
    """One event.

    Attributes
    ----------
    kind : what happened; a number that isn't a `Kind` where a newer version wrote it.
    facts : JSON values.
    arrays : by name.
    raw : all of a record of an unknown kind, as it is in the file.
    """

    kind: Kind | int
    facts: Mapping[str, Any] = field(default_factory=dict)
    arrays: Mapping[str, NDArray[Any]] = field(default_factory=dict)
    raw: bytes = b""


def encode(record: Record) -> bytes:
    """The record as it is in the file."""
    return b"".join(encoded_parts(record))


def encoded_parts(record: Record) -> list[bytes]:
    """The record as it is in the file, in parts.

    To join them, or to copy an array into bytes, keeps all other threads waiting: for a tenth of a
    second where all of a large scene is labelled.
    """
    if record.raw:
        return [record.raw]
    listed, parts = [], []
    for name, array in record.arrays.items():
        raw = np.ascontiguousarray(array).reshape(-1).view(np.uint8).data
        packed = len(raw) >= PACK_FROM
        stored = _packed(raw) if packed else [bytes(raw)]
        listed.append([name, array.dtype.str, array.shape, sum(map(len, stored)), packed])
        parts += stored
    head = json.dumps({**record.facts, "arrays": listed}, separators=(",", ":")).encode()
    body = [HEAD.pack(record.kind, len(head)), head, *parts]
    checksum = 0
    for part in body:
        checksum = zlib.crc32(part, checksum)
    return [PREFIX.pack(sum(map(len, body)), checksum), *body]


def _packed(raw: memoryview) -> list[bytes]:
    packing = zlib.compressobj(1)
    parts = [packing.compress(raw[k : k + PACKED]) for k in range(0, len(raw), PACKED)]
    return [part for part in (*parts, packing.flush()) if part]


def _decode(body: memoryview, with_arrays: bool) -> Record:
    kind, length = HEAD.unpack_from(body)
    at = HEAD.size + length
    facts = json_values(bytes(body[HEAD.size : at]))
    if kind not in KINDS:
        raw = PREFIX.pack(len(body), zlib.crc32(body)) + bytes(body)
        return Record(kind, facts if isinstance(facts, dict) else {}, raw=raw)
    facts = checked(dict[str, Any], facts)
    arrays = {}
    listed = checked(list[Listed], facts.pop("arrays", None))
    for name, dtype, shape, size, packed in listed if with_arrays else ():
        part = body[at : at + size]
        at += size
        wanted = prod(shape) * np.dtype(dtype).itemsize
        data = zlib.decompressobj().decompress(part, wanted) if packed and wanted else part
        arrays[name] = np.frombuffer(data, dtype).reshape(shape)
    return Record(Kind(kind), facts, arrays)


KINDS = frozenset(Kind)


class Gap(Struct, frozen=True):
    """A place in a journal that cannot be read.

    Attributes
    ----------
    index : of the record that follows it; the number of records where none does.
    start, end : bytes of the file.
    cut : whether the file ends within a record that was being written.

    One of no bytes is at the end of a file that lacks records by its tally.
    """

    index: int
    start: int
    end: int
    cut: bool = False


class Contents(Struct, frozen=True):
    """Contents of a journal file.

    Attributes
    ----------
    records : those that are whole.
    gaps : the places between them that cannot be read.
    length : bytes up to the first of these.
    held : how much is in it by the last of the records.
    promised : how much should be, where that is more.
    """

    records: tuple[Record, ...]
    gaps: tuple[Gap, ...]
    length: int
    held: Tally = NOTHING
    promised: Tally | None = None

    @property
    def damaged(self) -> bool:
        """Whether some of it cannot be read."""
        return bool(self.gaps)


def read_records(path: Path, *, arrays: bool = True) -> Contents:
    """Read all of a journal that is whole, on both sides of what is not.

    Parameters
    ----------
    path : the file.
    arrays : whether arrays are unpacked; without, records have none.

    Raises
    ------
    FormatError
        if it is not a journal.
    OSError
        if it cannot be read.
    """
    data = path.read_bytes()
    records: list[Record] = []
    gaps: list[Gap] = []
    begun = data.startswith(MAGIC)
    at = len(MAGIC) if begun else 0
    if MAGIC.startswith(data):  # made, and nothing written yet, or nothing left
        at, begun = len(data), True
    for start, end, record in _frames(memoryview(data), at, arrays):
        if start > at:
            gaps.append(Gap(len(records), at, start))
        records.append(record)
        at = end
    held = tally_after(Tally(data[len(MAGIC) : len(MAGIC) + PREFIX.size]), records)
    promised = _promised(path, held, bool(records))
    if at < len(data) or promised is not None:
        gaps.append(Gap(len(records), at, len(data), cut=at < len(data) and _is_cut(data, at)))
    if not records and not begun:
        raise FormatError(f"{path} is not a journal that this version can read.")
    length = gaps[0].start if gaps else at
    return Contents(tuple(records), tuple(gaps), length, held, promised)


def _promised(path: Path, held: Tally, known: bool) -> Tally | None:
    """The tally beside a journal, if it counts more than the journal holds."""
    tally = read_tally(path)
    if tally is None or (known and tally.first != held.first) or not tally.has_more(held):
        return None
    return tally


def numbers_of(record: Record) -> tuple[int, int, int] | None:
    """Records, strokes, and whether a STATE is before; None in journals of older versions."""
    n, g, s = (record.facts.get(key, 0) for key in "ngs")
    return (n, g, s) if type(n) is type(g) is type(s) is int and n > 0 else None


def tally_after(tally: Tally, records: Iterable[Record]) -> Tally:
    """The tally after some more records; those that older versions wrote are counted."""
    for record in records:
        found = numbers_of(record)
        if found is not None:
            n, g, s = found
        elif record.kind is Kind.FACTS:
            continue
        elif record.kind is Kind.STATE:
            n, g, s = 1, 0, 1
        else:
            n, g = tally.records + 1, tally.strokes + (record.kind in STROKES)
            s = tally.state
        tally = replace(tally, records=n, strokes=g, state=s)
    return tally


def _frames(data: memoryview, at: int, arrays: bool) -> Iterator[tuple[int, int, Record]]:
    """Start, end and contents of the whole records from a place on."""
    while True:
        found = _frame_at(data, at, arrays)
        start = at
        while found is None:
            start = _next_start(data.obj, start)
            if start < 0:
                return
            found = _frame_at(data, start, arrays)
        record, end = found
        yield start, end, record
        at = end


def _next_start(data: Any, start: int) -> int:
    """Position where the next record may begin: its JSON begins with {" ; -1 if nowhere."""
    at = data.find(b'{"', start + 1 + PREFIX.size + HEAD.size)
    return at - PREFIX.size - HEAD.size if at >= 0 else -1


def _frame_at(data: memoryview, at: int, arrays: bool) -> tuple[Record, int] | None:
    start = at + PREFIX.size
    if start > len(data):
        return None
    length, checksum = PREFIX.unpack_from(data, at)
    end = start + length
    if length < HEAD.size or end > len(data):
        return None
    body = data[start:end]
    if HEAD.unpack_from(body)[1] > length - HEAD.size or zlib.crc32(body) != checksum:
        return None
    try:
        return _decode(body, arrays), end
    except (ValueError, zlib.error):  # also of what isn't valid
        return None


def _is_cut(data: bytes, at: int) -> bool:
    """Whether what is at the end looks like the first part of a record."""
    rest = len(data) - at
    if rest < PREFIX.size:
        return True
    return rest - PREFIX.size < int(PREFIX.unpack_from(data, at)[0]) < MOST
