"""Tally of a journal: how many records and strokes it has, in a small file beside it.

A journal that lost its end exactly between two records looks whole; only the tally shows that
something is missing. It is written once a record has reached the disk and does not wait for the
disk itself: it is up to date after a kill, and after a power cut it may be behind, in which case
the journal has more than it says and nothing is reported.
"""

from __future__ import annotations

import struct
import zlib
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

MAGIC = b"HSITALY1"
BODY = struct.Struct("<8s12sQQB")
CHECKSUM = struct.Struct("<I")


@dataclass(frozen=True)
class Tally:
    """How much a journal has.

    Attributes
    ----------
    first : the first 12 bytes of its first record, which no other journal has.
    records : number of records but the facts of the cube, from the last STATE on.
    strokes : undo and redo counted as such, from the last STATE on.
    state : 1 if a STATE is before, else 0.
    """

    first: bytes = b""
    records: int = 0
    strokes: int = 0
    state: int = 0

    def has_more(self, other: Tally) -> bool:
        """Whether it counts more than another of the same journal."""
        return (self.state, self.records) > (other.state, other.records)


NOTHING = Tally()


def tally_path(journal: Path) -> Path:
    """Path of the tally of a journal."""
    return journal.with_name(f"{journal.name}.tally")


def read_tally(journal: Path) -> Tally | None:
    """Tally beside a journal; None where there isn't one that can be read."""
    try:
        with tally_path(journal).open("rb") as file:
            data = file.read(BODY.size + CHECKSUM.size + 1)
    except OSError:
        return None
    body = data[: BODY.size]
    if data[BODY.size :] != CHECKSUM.pack(zlib.crc32(body)) or not body.startswith(MAGIC):
        return None
    return Tally(*BODY.unpack(body)[1:])


class TallyFile:
    """Writes the tally of a journal over the last one; a failure costs the tally and no more.

    Parameters
    ----------
    journal : path of the journal.
    """

    def __init__(self, journal: Path) -> None:
        self._path = tally_path(journal)
        self._file: BinaryIO | None = None

    def write(self, tally: Tally) -> None:
        """Write the counts of what has reached the disk."""
        body = BODY.pack(MAGIC, tally.first, tally.records, tally.strokes, tally.state)
        with suppress(OSError):
            if self._file is None:
                self._path.touch()
                self._file = self._path.open("r+b", buffering=0)
            self._file.seek(0)
            self._file.write(body + CHECKSUM.pack(zlib.crc32(body)))

    def remove(self) -> None:
        """Remove it before the journal is replaced by one that counts from the beginning."""
        self.close()
        with suppress(OSError):
            self._path.unlink(missing_ok=True)

    def close(self) -> None:
        """Let go of the file."""
        file, self._file = self._file, None
        if file is not None:
            with suppress(OSError):
                file.close()
