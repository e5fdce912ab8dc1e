"""ProjectMembers: the parts of a session file, also of one that lost its list of contents."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import IO

from msgspec import Struct

from hsi_viewer.io.files.archive import MOST_ENTRIES, copied, opened_archive

ZIP64 = 0xFFFFFFFF  # in place of a size that is in an extra field
ZIP64_SIZES = struct.Struct("<HHQQ")
LOCAL_HEADER = struct.Struct("<4sHHHHHIIIHH")


class ProjectMembers:
    """The members of a session file, by its list of contents or, where that is lost, without."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._found: dict[str, _Member] = {}
        self._stack = ExitStack()
        self._zip: zipfile.ZipFile | None = None
        self.names: list[str] = []
        try:
            self._zip = self._stack.enter_context(opened_archive(path))
            self.names = self._zip.namelist()
            self.sizes = {info.filename: info.file_size for info in self._zip.infolist()}
        except zipfile.BadZipFile:
            self._found = _scan(path)
            self.names = list(self._found)
            self.sizes = {name: member.size for name, member in self._found.items()}
            if not self.names:
                raise
        self._twice = {name for name, count in Counter(self.names).items() if count > 1}

    @contextmanager
    def open(self, name: str, limit: int) -> Iterator[IO[bytes]]:
        """A member of at most limit bytes as a file."""
        if name in self._twice:
            raise zipfile.BadZipFile(f"{name} occurs twice")
        if self.sizes.get(name, 0) > limit:
            raise ValueError(f"{name} is too long")
        if self._zip is not None:
            with self._zip.open(name) as file:
                yield file
        else:
            yield io.BytesIO(self._salvage(name))

    def read(self, name: str, limit: int) -> bytes:
        """A member of at most limit bytes; its checksum is compared."""
        data = io.BytesIO()
        with self.open(name, limit) as file:
            copied(file, data, limit)
        return data.getvalue()

    def _salvage(self, name: str) -> bytes:
        """A member whose size was found to be within its limit."""
        member = self._found[name]
        with self.path.open("rb") as file:
            file.seek(member.at)
            raw = file.read(min(member.packed, 2 * member.size + 4096))
        if member.method == zipfile.ZIP_DEFLATED and member.size:
            raw = zlib.decompressobj(-15).decompress(raw, member.size)
        if len(raw) != member.size or zlib.crc32(raw) != member.checksum:
            raise zipfile.BadZipFile(f"{name} is damaged")
        return raw

    def close(self) -> None:
        """Let go of the file."""
        self._stack.close()


class _Member(Struct, frozen=True):
    at: int
    method: int
    packed: int
    size: int
    checksum: int


def _scan(path: Path) -> dict[str, _Member]:
    """Members by their own headers, up to the first one that is not there to its end."""
    found: dict[str, _Member] = {}
    total = path.stat().st_size
    with path.open("rb") as file:
        while len(found) < MOST_ENTRIES:
            raw = file.read(LOCAL_HEADER.size)
            if len(raw) < LOCAL_HEADER.size or raw[:4] != b"PK\x03\x04":
                return found
            header = LOCAL_HEADER.unpack(raw)
            method, (checksum, packed, size, name_length, extra_length) = header[3], header[6:]
            name = file.read(name_length).decode("utf-8", "replace")
            at = file.tell() + extra_length
            if ZIP64 in (packed, size):
                size, packed = _sizes_in(file.read(extra_length)) or (size, packed)
            if packed == ZIP64 or at + packed > total:
                return found
            found[name] = _Member(at, method, packed, size, checksum)
            file.seek(at + packed)
    return found


def _sizes_in(extra: bytes) -> tuple[int, int] | None:
    """Size and packed size of a member beyond 4 GiB, which are first in what follows its name."""
    if len(extra) < ZIP64_SIZES.size:
        return None
    tag, _, size, packed = ZIP64_SIZES.unpack_from(extra)
    return (size, packed) if tag == 1 else None


@contextmanager
def opened_members(path: Path) -> Iterator[ProjectMembers]:
    """The members of a session file while it is read.

    Raises
    ------
    OSError, zipfile.BadZipFile
        if it cannot be read, or nothing in it can.
    """
    members = ProjectMembers(path)
    try:
        yield members
    finally:
        with suppress(OSError):
            members.close()
