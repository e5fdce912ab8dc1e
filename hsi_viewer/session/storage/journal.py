"""Journal: an append-only file to which every stroke goes before the next one can start."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from hsi_viewer.atomic import replacing, sync_folder
from hsi_viewer.core.errors import FileError
from hsi_viewer.session.storage.journal_records import (
    MAGIC,
    PREFIX,
    Record,
    encode,
    encoded_parts,
    read_records,
    tally_after,
)
from hsi_viewer.session.storage.journal_tally import NOTHING, Tally, TallyFile

AT_ONCE = 2**18  # bytes before packing; more is packed and written by the journal's own thread


class Journal:
    """Writes records so that each is on the disk before the next one is taken.

    A small record is handed to the system at once, which a kill cannot undo. That it reached the
    disk itself, in case of a power cut, is checked by `check_written` at the start of the next
    stroke. A large record is packed and written by a thread that `check_written` waits for, too.

    After a failure nothing is taken until `rewrite` succeeds, so that no stroke is missing
    between two others.

    Parameters
    ----------
    path : the file, in an existing folder; an existing one is continued.
    sync : whether to wait for the disk; off only where speed is measured.

    Raises
    ------
    FileError
        if the file cannot be made or opened, is not a journal, or is damaged: a damaged journal is
        kept, so another file takes its place first (see `replace_journal`).
    """

    def __init__(self, path: Path, *, sync: bool = True) -> None:
        self.path = path
        self._sync = sync
        self._pool: ThreadPoolExecutor | None = None
        self._pending: Future[None] | None = None
        self._error: OSError | None = None
        self._file: BinaryIO
        self._tally = NOTHING
        self._tally_file = TallyFile(path)
        try:
            if path.exists():
                self._go_on()
            else:
                self._tally_file.remove()  # of another one
                self._file = path.open("xb", buffering=0)
            if not self._file.tell():
                self._begin()
        except OSError as error:
            raise FileError(f"{path}: the journal cannot be opened: {error}") from error

    def _go_on(self) -> None:
        contents = read_records(self.path, arrays=False)
        if contents.damaged:
            raise FileError(f"{self.path}: the journal is damaged and is left unchanged.")
        self._file = self.path.open("r+b", buffering=0)
        self.length = self._file.seek(0, os.SEEK_END)
        if self.length < len(MAGIC):  # it was made, and no more
            self._file.seek(0)
        elif contents.records:
            self._tally = contents.held
            self._tally_file.write(self._tally)

    def _begin(self) -> None:
        self.length = 0
        try:
            self._write(MAGIC)
            self._flush()
        except OSError:
            self._file.close()
            raise
        sync_folder(self.path.parent)

    # writing ---------------------------------------------------------------------------------

    def append(self, make: Callable[[], Record], nbytes: int = 0) -> None:
        """Add a record.

        Parameters
        ----------
        make : gives the record; called in the journal's thread if it is large.
        nbytes : about its size before packing.

        Raises
        ------
        FileError
            if this or the last record could not be written.
        """
        self.check_written()
        if nbytes <= AT_ONCE:
            with self._remembering():
                record = make()
                self._add(record, encode(record))
            if self._sync:
                self._pending = self._thread().submit(self._flush)
            else:
                self._flush()
        else:
            self._pending = self._thread().submit(self._write_and_flush, make)

    def rewrite(self, make: Callable[[], Iterable[Record]]) -> None:
        """Put other records in the place of all, in the journal's thread; clears a failure."""
        with suppress(FileError):
            self.check_written()
        self._error = None
        self._pending = self._thread().submit(self._replace, make)

    def check_written(self) -> None:
        """Wait until what was taken is on the disk.

        Raises
        ------
        FileError
            if it could not be written.
        """
        pending, self._pending = self._pending, None
        with self._remembering():
            if self._error is not None:
                raise self._error
            if pending is not None:
                pending.result()

    @property
    def busy(self) -> bool:
        """Whether the thread is at work."""
        return self._pending is not None and not self._pending.done()

    def close(self) -> None:
        """Finish and let go of the file."""
        with suppress(FileError):
            self.check_written()
        if self._pool is not None:
            self._pool.shutdown()
            self._pool = None
        self._tally_file.close()
        with suppress(OSError):  # some network drives report only now that a write failed
            self._file.close()

    # in either thread, one at a time ---------------------------------------------------------

    def _write(self, *parts: bytes) -> None:
        try:
            for part in parts:
                view = memoryview(part)
                while view:
                    view = view[self._file.write(view) :]
        except OSError:
            with suppress(OSError):
                self._cut_back()
            raise
        self.length += sum(map(len, parts))

    def _add(self, record: Record, *parts: bytes) -> None:
        self._write(*parts)
        self._tally = _tally_with(self._tally, record, parts[0])

    def _write_and_flush(self, make: Callable[[], Record]) -> None:
        record = make()
        self._add(record, *encoded_parts(record))
        self._flush()

    def _flush(self) -> None:
        if self._sync:
            _sync_data(self._file.fileno())
        if self._tally.first:
            self._tally_file.write(self._tally)

    def _cut_back(self) -> None:
        self._file.truncate(self.length)
        self._file.seek(self.length)

    def _replace(self, make: Callable[[], Iterable[Record]]) -> None:
        try:
            with replacing(self.path) as (beside,):
                length, tally = _write_all(beside, make())
                self._file.close()  # an open file cannot be replaced on Windows
            self.length, self._tally = length, tally
            self._tally_file.write(tally)
        finally:
            if self._file.closed:
                self._file = self.path.open("r+b", buffering=0)
                self._file.seek(self.length)

    # helpers ---------------------------------------------------------------------------------

    def _thread(self) -> ThreadPoolExecutor:
        if self._pool is None:
            self._pool = ThreadPoolExecutor(1, thread_name_prefix="journal")
        return self._pool

    @contextmanager
    def _remembering(self) -> Iterator[None]:
        """Keep the system's error, and raise it in the user's words."""
        try:
            yield
        except OSError as error:
            self._error = error
            raise FileError(f"{self.path}: {error.strerror or error}") from error
        except FileError as error:
            self._error = OSError(str(error))
            raise


def replace_journal(path: Path, records: Iterable[Record]) -> None:
    """Put a whole journal in the place of a damaged one, of which a copy is kept.

    Raises
    ------
    ExportError
        if it cannot be written; the old one stays unchanged.
    """
    with replacing(path) as (beside,):
        _write_all(beside, records)
    TallyFile(path).remove()


def _write_all(path: Path, records: Iterable[Record]) -> tuple[int, Tally]:
    """Write a journal and return its length and its tally."""
    tally = NOTHING
    with path.open("wb") as file:
        length = file.write(MAGIC)
        for record in records:
            parts = encoded_parts(record)
            length += sum(map(file.write, parts))
            tally = _tally_with(tally, record, parts[0])
    return length, tally


def _tally_with(tally: Tally, record: Record, first_part: bytes) -> Tally:
    """The tally of a journal with one more record."""
    if not tally.first:
        tally = Tally(first_part[: PREFIX.size])
    return tally_after(tally, (record,))


def _sync_data(handle: int) -> None:
    """Flush a file's bytes and length to the disk."""
    (os.fdatasync if hasattr(os, "fdatasync") else os.fsync)(handle)
