"""JournalQueue: a journal that is written by a thread, so that a slow disk makes no stroke wait."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from hsi_viewer.core.errors import FileError
from hsi_viewer.session.storage.journal import Journal
from hsi_viewer.session.storage.journal_records import Record

# This many records, of this many bytes, wait at most; beyond that, one record of the whole state is
# written when the disk has caught up.
MOST_RECORDS, MOST_BYTES = 512, 1 << 30


class JournalQueue:
    """Takes records at once and has a thread write them, one after the other, each to the disk.

    Its methods are those of `Journal`; only `close` and `drain` wait.

    Parameters
    ----------
    journal : nobody else uses it from now on.
    """

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._pool: ThreadPoolExecutor | None = None
        self._changed = threading.Condition()
        self._waiting: deque[tuple[int, Callable[[], None]]] = deque()
        self._at_work = False
        self._failure: FileError | None = None

    @property
    def length(self) -> int:
        """Bytes of the file, as far as it is written."""
        return self._journal.length

    @property
    def busy(self) -> bool:
        """Whether something has yet to reach the disk."""
        with self._changed:
            return self._at_work or bool(self._waiting)

    def append(self, make: Callable[[], Record], nbytes: int = 0) -> None:
        """Add a record.

        Parameters
        ----------
        make : gives the record; called in the thread, so it must only use what never changes.
        nbytes : about its size before packing.

        Raises
        ------
        FileError
            if an earlier record could not be written, or the disk is too slow: nothing is taken
            then until `rewrite`, so that no record is missing between two others.
        """
        with self._changed:
            self._raise_failure()
            held = sum(size for size, _ in self._waiting)
            if len(self._waiting) >= MOST_RECORDS or (self._waiting and held > MOST_BYTES):
                self._failure = FileError(
                    f"{self._journal.path}: the disk is too slow; {len(self._waiting)} strokes "
                    "are waiting"
                )
                self._raise_failure()
            self._put(nbytes, partial(self._append, make, nbytes))

    def rewrite(self, make: Callable[[], Iterable[Record]]) -> None:
        """Put other records in the place of all, those that wait included; clears a failure."""
        with self._changed:
            self._waiting = deque()
            self._failure = None
            self._put(0, partial(self._rewrite, make))

    def check_written(self) -> None:
        """Raise FileError if something could not be written; waits for nothing."""
        with self._changed:
            self._raise_failure()

    def drain(self, seconds: float | None = None) -> bool:
        """Wait until all is on the disk, or could not be written; False if it takes longer."""
        with self._changed:
            return self._changed.wait_for(lambda: not (self._at_work or self._waiting), seconds)

    def close(self) -> None:
        """Wait for what is left and let go of the file."""
        self.drain()
        if self._pool is not None:
            self._pool.shutdown()
            self._pool = None
        self._journal.close()

    # -----------------------------------------------------------------------------------------

    def _raise_failure(self) -> None:
        if self._failure is not None:
            raise FileError(str(self._failure))

    def _put(self, nbytes: int, work: Callable[[], None]) -> None:
        self._waiting.append((nbytes, work))
        if not self._at_work:
            self._at_work = True
            if self._pool is None:
                self._pool = ThreadPoolExecutor(1, thread_name_prefix="journal queue")
            self._pool.submit(self._work)

    def _work(self) -> None:
        """Write all that waits."""
        while True:
            with self._changed:
                if not self._waiting:
                    self._at_work = False
                    self._changed.notify_all()
                    return
                waiting = self._waiting
                _, work = waiting.popleft()
            try:
                work()
            except Exception as error:  # noqa: BLE001 - raised by `check_written` and `append`
                with self._changed:
                    if waiting is not self._waiting:  # all is written again, this record included
                        continue
                    if not isinstance(error, FileError):
                        error = FileError(f"{self._journal.path}: {error!r}")
                    self._failure = error
                    waiting.clear()

    def _append(self, make: Callable[[], Record], nbytes: int) -> None:
        self._journal.append(make, nbytes)
        self._journal.check_written()

    def _rewrite(self, make: Callable[[], Iterable[Record]]) -> None:
        self._journal.rewrite(make)
        self._journal.check_written()
