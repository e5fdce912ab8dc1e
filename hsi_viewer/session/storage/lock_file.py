"""Locks: one program at a time works on a session; a second one is told who does.

The operating system holds the lock, and gives it back when the process ends, however it ends.
A JSON file beside it only says who holds it, for people to read.
"""

from __future__ import annotations

import json
import os
import platform
import threading
import uuid
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from filelock import FileLock, Timeout

from hsi_viewer.core.errors import FileError
from hsi_viewer.core.validation import InvalidError, parsed

# s; who only asks whether a lock is held has it for some microseconds, on a busy machine for longer
PATIENCE, WITHOUT_HOLDER = 0.02, 1.0
_one_thread = threading.Lock()  # a thread that asks must not look like a holder to another
UNKNOWN = "another program"


@dataclass(frozen=True)
class Holder:
    """The program that holds a lock, by its own words.

    Attributes
    ----------
    pid, host : of its process; 0 and "" where it doesn't give them.
    since : when the lock was taken, ISO 8601, UTC.
    key : of this one lock.
    """

    pid: int = 0
    host: str = ""
    since: str = ""
    key: str = ""

    @property
    def words(self) -> str:
        """The holder as a user reads it."""
        if not self.pid:
            return UNKNOWN
        return f"HSI Viewer, process {self.pid} on {self.host}, since {local_time(self.since)}"


class LockedError(FileError):
    """Another program holds the lock.

    Parameters
    ----------
    path : of the lock.
    holder : who holds it.
    """

    def __init__(self, path: Path, holder: Holder) -> None:
        super().__init__(f"{path.name}: in use by {holder.words}.")
        self.holder = holder


class Lock:
    """A lock that this process holds.

    Parameters
    ----------
    path : the lock file, in an existing folder.
    take_over : whether to take it from a living holder, who notices it by `ours`.

    Raises
    ------
    LockedError
        if a living program holds it.
    OSError
        if the file cannot be written, or its file system has no locks.

    Attributes
    ----------
    before : who held it last and did not give it back, as far as that is known.
    """

    def __init__(self, path: Path, *, take_over: bool = False) -> None:
        self.path = path
        since = datetime.now(UTC).isoformat(timespec="seconds")
        self.holder = Holder(os.getpid(), platform.node(), since, uuid.uuid4().hex)
        self._file = os.stat_result(range(10))
        try:
            self._lock = self._acquired(path)
        except Timeout:
            if not take_over:
                raise LockedError(path, _recorded_holder(path)) from None
            self._take_over()
        self.before = None if take_over else _recorded_holder(path)
        with suppress(OSError):  # it is ours without words, too
            _words_of(path).write_text(json.dumps(asdict(self.holder)), encoding="utf-8")

    def _acquired(self, path: Path) -> FileLock:
        if not path.parent.is_dir():
            raise FileNotFoundError(2, "the folder no longer exists", str(path.parent))
        lock = FileLock(
            path, thread_local=False, fallback_to_soft=False, on_acquired=self._on_acquired
        )
        with _one_thread:
            lock.acquire(timeout=_patience(path), poll_interval=PATIENCE / 8)
        return lock

    def _on_acquired(self, handle: int) -> None:
        self._file = os.fstat(handle)

    def _take_over(self) -> None:
        """Lock another file and put it in the place of the one that is held."""
        beside = self.path.with_name(f"{self.path.name}.{self.holder.key}")
        self._lock = self._acquired(beside)
        try:
            beside.replace(self.path)
        except OSError:  # Windows replaces no file that is open
            self._lock.release()
            with suppress(OSError):
                beside.unlink()
            raise

    @property
    def ours(self) -> bool:
        """False once another program has taken it over."""
        try:
            return self._lock.is_locked and os.path.samestat(self.path.stat(), self._file)
        except OSError:
            return False

    def release(self) -> None:
        """Give it back, and clear its files away if it is still ours."""
        with suppress(OSError):
            if self.ours:
                _words_of(self.path).unlink(missing_ok=True)
                if os.name != "nt":  # who waits for it sees that the file has gone
                    self.path.unlink()
        self._lock.release()
        if os.name == "nt":
            with suppress(OSError):
                self.path.unlink()


def holder_of(path: Path) -> Holder | None:
    """Holder of a lock; None if nobody holds it, or its file system has no locks."""
    if not path.is_file():
        return None
    lock = FileLock(path, thread_local=False, fallback_to_soft=False)
    try:
        with _one_thread, lock.acquire(timeout=PATIENCE, poll_interval=PATIENCE / 8):
            return None
    except Timeout:
        return _recorded_holder(path)
    except OSError:
        return None


def _patience(path: Path) -> float:
    """How long to wait for a lock: longer where the last holder has ended, for who asks only."""
    holder = _recorded_holder(path)
    if os.name == "nt" or holder.pid < 1 or holder.host != platform.node():
        return PATIENCE
    try:
        os.kill(holder.pid, 0)
    except ProcessLookupError:
        return WITHOUT_HOLDER
    except (OSError, OverflowError):
        return PATIENCE
    return PATIENCE


def _words_of(path: Path) -> Path:
    return path.with_name(f"{path.name}.json")


def _recorded_holder(path: Path) -> Holder:
    """The holder's own description; unknown if it cannot be read."""
    try:
        return parsed(Holder, _words_of(path).read_bytes())
    except (OSError, InvalidError):
        return Holder()


def local_time(iso: str) -> str:
    """A time in UTC as the user's clock shows it; "an unknown time" if it is not one."""
    try:
        return datetime.fromisoformat(iso).astimezone().strftime("%Y-%m-%d %H:%M")
    except (ValueError, OverflowError, OSError):
        return "an unknown time"
