"""Bytes of a file by position: of a plain file, or of a compressed one.

Positional reads are the rule: a mapped file that shrinks, or whose drive goes away, kills the
process with SIGBUS, where a short read is an error that can be shown. Only values that lie far
apart are gathered from a map, which is up to twenty times faster, and only from a drive of this
machine, while the system keeps the file from being shortened.
"""

from __future__ import annotations

import mmap
import os
import shutil
import signal
import sys
import tempfile
import threading
import weakref
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from functools import lru_cache
from pathlib import Path
from typing import IO, Protocol

from hsi_viewer.core.errors import FileError, FormatError
from hsi_viewer.io.files.file_state import state_of, why_unreadable

if sys.platform == "linux":
    import fcntl

# Deflate cannot compress better than this (zlib's technical notes), which unmasks headers
# that promise more than a compressed file can hold.
MAX_DEFLATE_RATIO = 1032
PIECE_BYTES = 1 << 20
# This much of a map may be read before its memory is given back.
RELEASE_BYTES = 256 << 20

HAS_PREADV = hasattr(os, "preadv")  # not on Windows
READ_ONLY = os.O_RDONLY | getattr(os, "O_BINARY", 0)
NOWAIT = getattr(os, "RWF_NOWAIT", None)  # Linux only
_PROBE = [bytearray(1)]

ZLIB, GZIP = zlib.MAX_WBITS, zlib.MAX_WBITS | 16


class ByteReader(Protocol):
    """Bytes by position; safe to call from several threads."""

    def read_into(self, buffer: memoryview, offset: int) -> None:
        """Fill the buffer with the bytes from an offset, or raise FileError."""


# Kinds of file systems on disks of this machine; a map of others may be lost at any time.
LOCAL_SYSTEMS = frozenset(
    ("ext2", "ext3", "ext4", "xfs", "btrfs", "zfs", "f2fs", "tmpfs", "overlay")
)


@lru_cache
def _is_local(device: int) -> bool:
    """Whether a device is a disk of this machine, as far as Linux reports."""
    number = f"{os.major(device)}:{os.minor(device)}"
    try:
        lines = Path("/proc/self/mountinfo").read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return False
    fields = (line.split() for line in lines)
    kinds = {f[f.index("-") + 1] for f in fields if len(f) > 6 and f[2] == number and "-" in f}
    return bool(kinds) and kinds <= LOCAL_SYSTEMS


class FileReader:
    """Positional reads of one file, which stays open.

    Attributes
    ----------
    first_size : bytes that it had when it was opened.
    map : of the file, or None where mapping is not safe.

    Raises
    ------
    FileError
        if it cannot be opened, or a read fails or comes short.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self._file = os.open(path, READ_ONLY)
        except OSError as error:
            raise FileError(f"{path} could not be opened: {error.strerror}.") from error
        self._lock = threading.Lock()
        self._kept = 0
        self._alone: int | None = None
        self._leases = 0
        try:
            status = os.fstat(self._file)
        except OSError as error:
            raise self._unread(error) from error
        self.first_size = status.st_size
        self.map = self._mapped(status.st_dev)

    def __del__(self) -> None:
        for descriptor in {getattr(self, "_file", None), getattr(self, "_alone", None)}:
            if descriptor is not None:
                with suppress(OSError):  # a drive that has gone refuses even that
                    os.close(descriptor)

    @property
    def _sparse(self) -> int:
        """A descriptor by which the system reads what is asked for, and nothing beside it."""
        if self._alone is None:
            with self._lock:
                if self._alone is None:
                    self._alone = self._opened_for_sparse()
        return self._alone

    def _opened_for_sparse(self) -> int:
        if not hasattr(os, "posix_fadvise"):
            return self._file
        try:
            descriptor = os.open(self.path, READ_ONLY)
        except OSError:  # too many are open, or the file was renamed
            return self._file
        ours, other = os.fstat(self._file), os.fstat(descriptor)
        if (ours.st_dev, ours.st_ino) != (other.st_dev, other.st_ino):
            os.close(descriptor)  # another file has taken its name
            return self._file
        with suppress(OSError):  # advice
            os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_RANDOM)
        return descriptor

    @property
    def size(self) -> int:
        """Present size of the file in bytes."""
        try:
            return os.fstat(self._file).st_size
        except OSError as error:  # of a drive that has gone
            raise self._unread(error) from error

    def read_into(self, buffer: memoryview, offset: int) -> None:
        """Fill the buffer with the bytes from an offset."""
        done = 0
        try:
            done = self._read_some(buffer, offset)
            while done < len(buffer):
                n = self._read_some(buffer[done:], offset + done)
                if n == 0:
                    raise self._shrunk(offset + len(buffer))
                done += n
        except OSError as error:
            raise self._unread(error) from error

    def _unread(self, error: OSError) -> FileError:
        return FileError(
            f"{self.path} could not be read: {error.strerror}. "
            "Check that its drive is still there and open it again."
        )

    def _mapped(self, device: int) -> mmap.mmap | None:
        """A map of the file; None where mapping is not safe. Nothing is read yet."""
        if not _is_local(device):
            return None
        try:
            mapped = mmap.mmap(self._file, 0, access=mmap.ACCESS_READ)
        except (OSError, ValueError):  # an empty file
            return None
        if hasattr(mmap, "MADV_RANDOM"):
            with suppress(OSError):  # advice: a page that is missing comes without its neighbours
                mapped.madvise(mmap.MADV_RANDOM)
        return mapped

    def release(self, size: int) -> None:
        """Count bytes of the map that were read, so that its memory is given back in time.

        Else all that was ever read of a file counts as memory of the process. Reading it again
        is possible.
        """
        self._kept += size
        if self._kept >= RELEASE_BYTES and self.map is not None and hasattr(mmap, "MADV_DONTNEED"):
            self._kept = 0
            self.map.madvise(mmap.MADV_DONTNEED)

    @contextmanager
    def unwritten(self) -> Iterator[bool]:
        """Have others who want to write to the file wait until the block has ended, a moment later.

        Without that, a file that is shortened while its map is read ends the process. False where
        somebody has it open for writing already. Of a file of another user, and on file systems
        that do not know leases, it is True all the same: a chance of milliseconds is left there.
        """
        with self._lock:
            alone = self._leases > 0 or self._lease(taken=True)
            self._leases += alone
        try:
            yield alone
        finally:
            with self._lock:
                self._leases -= alone
                if alone and not self._leases:
                    self._lease(taken=False)

    def _lease(self, *, taken: bool) -> bool:
        """Take or give back Linux's read lease; False if the file is open for writing."""
        if sys.platform == "linux":
            try:
                # The system signals that somebody waits for it: by SIGURG, which is ignored.
                fcntl.fcntl(self._file, fcntl.F_SETSIG, signal.SIGURG)
                fcntl.fcntl(self._file, fcntl.F_SETLEASE, fcntl.F_RDLCK if taken else fcntl.F_UNLCK)
            except BlockingIOError:
                return False
            except OSError:
                return True
        return True

    def check_reaches(self, end: int) -> None:
        """Raise FileError if the file has become shorter than `end`."""
        if end > self.size:
            raise self._shrunk(end)

    def is_cached(self, offsets: Iterable[int]) -> bool:
        """Whether the system holds the bytes at some offsets in memory.

        False if that is unknown, or the file has become shorter. A hole of a sparse file is
        held: it costs no reading.
        """
        if NOWAIT is None:
            return False
        descriptor = self._sparse  # asking makes the system read: no more than what is asked
        try:
            return all(os.preadv(descriptor, _PROBE, at, NOWAIT) for at in offsets)
        except OSError:
            return False

    def announce(self, offsets: Iterable[int], size: int) -> None:
        """Tell the system of runs that will be read soon, so that its disk can order them."""
        if not hasattr(os, "posix_fadvise"):
            return
        descriptor = self._sparse
        with suppress(OSError):  # advice
            for at in offsets:
                os.posix_fadvise(descriptor, at, size, os.POSIX_FADV_WILLNEED)

    def read_runs(self, buffer: memoryview, offsets: Iterable[int], size: int) -> None:
        """Fill the buffer with a run of `size` bytes from each offset, and read no more."""
        done = 0
        if HAS_PREADV:
            descriptor = self._sparse
            preadv = os.preadv
            for at in offsets:
                piece = buffer[done : done + size]
                done += size
                try:
                    whole = preadv(descriptor, [piece], at) == size
                except OSError:
                    whole = False
                if not whole:
                    self.read_into(piece, at)
            return
        for at in offsets:
            self.read_into(buffer[done : done + size], at)
            done += size

    def _shrunk(self, end: int) -> FileError:
        return FileError(
            f"{self.path} became shorter while it was open: bytes up to {end} are needed, it ends "
            f"at {self.size}. Open it again when it has been written completely."
        )

    def read_bytes(self, offset: int, length: int) -> bytes:
        """Bytes from an offset, fewer at the end of the file."""
        data = bytearray(max(0, min(length, self.size - offset)))
        self.read_into(memoryview(data), offset)
        return bytes(data)

    def _read_some(self, buffer: memoryview, offset: int) -> int:
        if HAS_PREADV:
            return os.preadv(self._file, [buffer], offset)
        with self._lock:
            os.lseek(self._file, offset, os.SEEK_SET)
            piece = os.read(self._file, len(buffer))
            buffer[: len(piece)] = piece
            return len(piece)


_most_unpacked: ContextVar[int | None] = ContextVar("most_unpacked", default=None)


@contextmanager
def unpacking_at_most(size: int) -> Iterator[None]:
    """While the block runs, what lies further in a compressed stream is not unpacked.

    Asking for it raises a `TooLongError` then.
    """
    token = _most_unpacked.set(size)
    try:
        yield
    finally:
        _most_unpacked.reset(token)


class TooLongError(FileError):
    """More would have to be unpacked than is worth the time."""


class DeflatedReader:
    """A deflate stream by position, decompressed into a temporary file as far as is asked.

    Parameters
    ----------
    reader : the compressed file.
    start, length : where the stream lies in it.
    size : bytes that the stream must yield; never more are written.
    wbits : `GZIP` or `ZLIB`.

    Raises
    ------
    FormatError
        if so short a stream cannot hold that many bytes, or the stream is damaged.
    FileError
        if the temporary folder has no room.
    """

    def __init__(self, reader: FileReader, start: int, length: int, size: int, wbits: int) -> None:
        if size > MAX_DEFLATE_RATIO * max(length, 1):
            raise FormatError(
                f"{reader.path}: {size} bytes are expected, which is more than {length} "
                "compressed bytes can contain; the header does not match these data."
            )
        self._reader, self._first = reader, state_of(reader.path)
        self._next, self._end = start, start + length
        self._size = size
        self._wbits = wbits
        self._inflate = zlib.decompressobj(wbits)
        self._spool: IO[bytes] | None = None
        self._done = 0
        self._lock = threading.Lock()

    def read_into(self, buffer: memoryview, offset: int) -> None:
        """Fill the buffer with the decompressed bytes from an offset."""
        with self._lock:
            self._ensure(offset + len(buffer))
            spool = self._spool
            if spool is not None:
                spool.seek(offset)
                spool.readinto(buffer)  # type: ignore[attr-defined]

    def _ensure(self, end: int) -> None:
        """Decompress until the spool holds a given number of bytes."""
        most = _most_unpacked.get()
        if most is not None and end > max(most, self._done):
            raise TooLongError(f"{self._reader.path}: {end} bytes would have to be decompressed.")
        try:
            if self._spool is None:
                self._spool = self._new_spool()
            self._spool.seek(self._done)
            while self._done < end:
                piece = self._piece()
                self._spool.write(piece)
                self._done += len(piece)
            self._spool.flush()
        except zlib.error as error:
            raise FormatError(
                f"{self._reader.path} is damaged: {error}. {self._advice()}"
            ) from error
        except OSError as error:
            raise FileError(
                f"{self._reader.path} could not be decompressed to {tempfile.gettempdir()}: "
                f"{error.strerror}."
            ) from error

    def _piece(self) -> bytes:
        """Next decompressed bytes, never beyond the promised size."""
        wanted = min(PIECE_BYTES, self._size - self._done)
        source = self._inflate.unconsumed_tail
        if not source and self._inflate.eof and self._wbits == GZIP:
            source = self._inflate.unused_data
            self._inflate = zlib.decompressobj(self._wbits)
        if not source:
            source = self._reader.read_bytes(self._next, min(PIECE_BYTES, self._end - self._next))
            self._next += len(source)
        if not source or wanted <= 0:
            raise FormatError(
                f"{self._reader.path} is too short: {self._size} bytes expected after "
                f"decompression, {self._done} bytes found. {self._advice()}"
            )
        return self._inflate.decompress(source, wanted)

    def _advice(self) -> str:
        return why_unreadable(self._reader.path, self._first, "Copy the file again.")

    def _new_spool(self) -> IO[bytes]:
        free = shutil.disk_usage(tempfile.gettempdir()).free
        if free < self._size:
            raise FileError(
                f"{self._reader.path} needs {self._size} bytes when decompressed; "
                f"{tempfile.gettempdir()} has {free} left. Free some space or decompress it "
                "yourself."
            )
        spool = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as the reader
        weakref.finalize(self, spool.close)
        return spool
