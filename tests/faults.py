"""A disk that fails: the n-th write, flush, fsync, rename, link or truncate of an operation.

As SQLite tests itself: an operation is tried with the first of these failing, then the second, and
so on until it passes; after each failure what is on the disk must be whole.
"""

from __future__ import annotations

import builtins
import errno
import io
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

MOST = 400  # an operation that still fails then never passes


class Disk:
    """Counts what is asked of the disk below a folder, and fails at a number.

    Parameters
    ----------
    folder : only files below it count.
    fail_at : number of the call that fails, from 1; 0 for none.
    for_good : whether all after it fail, too, as on a disk that is full or has gone.
    """

    def __init__(self, folder: Path, fail_at: int, *, for_good: bool = False) -> None:
        self.folder, self.fail_at, self.for_good = str(folder), fail_at, for_good
        self.count = 0
        self.failed: list[str] = []

    def asked(self, what: str) -> None:
        """One more call; raises where it is the one."""
        self.count += 1
        if self.fail_at and (
            self.count == self.fail_at or (self.for_good and self.count > self.fail_at)
        ):
            self.failed.append(what)
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def holds(self, path: object) -> bool:
        """Whether a path is below the folder."""
        return isinstance(path, str | os.PathLike) and os.fspath(path).startswith(self.folder)


class FailingFile:
    """A file that asks the disk first, and writes a part of what it may not write."""

    def __init__(self, file, disk: Disk) -> None:
        self._file, self._disk = file, disk

    def write(self, data):
        try:
            self._disk.asked("write")
        except OSError:
            self._file.write(data[: len(data) // 2])
            raise
        return self._file.write(data)

    def flush(self):
        if not self._file.closed:
            self._disk.asked("flush")
        return self._file.flush()

    def truncate(self, *size):
        self._disk.asked("truncate")
        return self._file.truncate(*size)

    def close(self):
        """Closing flushes, too: the file is closed and says that it failed."""
        if not self._file.closed and self._file.writable():
            try:
                self._disk.asked("flush at the end")
            finally:
                self._file.close()
        else:
            self._file.close()

    def __enter__(self):
        self._file.__enter__()
        return self

    def __exit__(self, *_error):
        self.close()

    def __iter__(self):
        return iter(self._file)

    def __getattr__(self, name):
        return getattr(self._file, name)


@contextmanager
def failing(disk: Disk) -> Iterator[Disk]:
    """Let the calls of this process fail as a disk says."""
    with pytest.MonkeyPatch.context() as patch:
        opened = io.open

        def open_file(path, mode="r", *args, **options):
            file = opened(path, mode, *args, **options)
            writes = any(letter in mode for letter in "wxa+")
            return FailingFile(file, disk) if writes and disk.holds(path) else file

        patch.setattr(io, "open", open_file)
        patch.setattr(builtins, "open", open_file)
        for name in ("replace", "rename", "link"):
            patch.setattr(os, name, counted(disk, name, getattr(os, name)))
        for name in ("fsync", "fdatasync", "ftruncate"):
            if hasattr(os, name):
                patch.setattr(os, name, counted(disk, name, getattr(os, name)))
        try:
            yield disk
        finally:
            disk.fail_at = 0  # files that stay open write well from now on


def counted(disk: Disk, name: str, real: Callable[..., object]) -> Callable[..., object]:
    def call(first, *args, **options):
        if isinstance(first, int) or disk.holds(first):
            disk.asked(name)
        return real(first, *args, **options)

    return call


def each_failure(
    folder: Path, operation: Callable[[], object], check: Callable[[Disk], None], **options: bool
) -> int:
    """Try an operation with its first call failing, its second, ... until none fails.

    Parameters
    ----------
    folder : what lies elsewhere never fails.
    operation : what writes; it may raise.
    check : called after each try, with all working again, and must put everything as it was.

    Returns
    -------
    int
        how many failures there were.
    """
    for number in range(1, MOST):
        disk = Disk(folder, number, **options)
        with failing(disk):
            operation()
        check(disk)
        if not disk.failed:
            return number - 1
    raise AssertionError(f"still failing after {MOST} calls")


@contextmanager
def only_safe_renames(folder: Path) -> Iterator[list[str]]:
    """Fail where a new file below a folder gets its name before its bytes are on the disk.

    After a power cut such a file has its name and nothing, or half of it, in it. Gives the names of
    what was renamed.
    """
    old = {path.stat().st_ino for path in folder.rglob("*")}
    safe: dict[int, int] = {}  # bytes that are on the disk, by file
    named: list[str] = []

    def synced(real):
        def call(handle, *args):
            facts = os.fstat(handle)
            safe[facts.st_ino] = facts.st_size
            return real(handle, *args)

        return call

    def renamed(real):
        def call(source, target, **options):
            path = Path(source)
            for part in path.rglob("*") if path.is_dir() else [path]:
                facts = part.stat()
                if part.is_file() and facts.st_ino not in old:
                    assert safe.get(facts.st_ino) == facts.st_size, f"{part} is not on the disk"
            named.append(Path(target).name)
            return real(source, target, **options)

        return call

    with pytest.MonkeyPatch.context() as patch:
        for name in ("fsync", "fdatasync"):
            if hasattr(os, name):
                patch.setattr(os, name, synced(getattr(os, name)))
        for name in ("replace", "rename"):
            patch.setattr(os, name, renamed(getattr(os, name)))
        yield named
