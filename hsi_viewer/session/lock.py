"""Lock files: one program at a time works on a session; a second one is told who does."""

from __future__ import annotations

import json
import os
import platform
import sys
import uuid
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from hsi_viewer.core.errors import FileError


@dataclass(frozen=True)
class Holder:
    """The program that holds a lock.

    Attributes
    ----------
    pid, host : of its process.
    born : when the process started, as its system tells it, so that another process with the same
        number is not taken for it; "" where the system does not tell.
    since : when the lock was taken, ISO 8601, UTC.
    key : of this one lock.
    """

    pid: int
    host: str
    born: str
    since: str
    key: str

    @property
    def words(self) -> str:
        """The holder as a user reads it."""
        return f"HSI Viewer, process {self.pid} on {self.host}, since {local_time(self.since)}"

    @property
    def alive(self) -> bool:
        """Whether the process still runs; of another computer it is assumed."""
        if self.host != platform.node():
            return True
        return process_runs(self.pid) and self.born == birth_of(self.pid)


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
    path : the lock file.
    take_over : whether to take it from a living holder.

    Raises
    ------
    LockedError
        if a living program holds it.
    OSError
        if the file cannot be written.
    """

    def __init__(self, path: Path, *, take_over: bool = False) -> None:
        self.path = path
        self.holder = Holder(
            os.getpid(),
            platform.node(),
            birth_of(os.getpid()),
            datetime.now(UTC).isoformat(timespec="seconds"),
            uuid.uuid4().hex,
        )
        text = json.dumps(asdict(self.holder))
        try:
            with path.open("x", encoding="utf-8") as file:
                file.write(text)
        except FileExistsError:
            holder = holder_of(path)
            if holder is not None and not take_over:
                raise LockedError(path, holder) from None
            beside = path.with_name(f"{path.name}.{self.holder.key}")
            beside.write_text(text, encoding="utf-8")
            beside.replace(path)

    @property
    def ours(self) -> bool:
        """False once another program has taken it over."""
        return _read(self.path) == self.holder

    def release(self) -> None:
        """Give it back, if it is still ours."""
        if self.ours:
            with suppress(OSError):
                self.path.unlink()


def holder_of(path: Path) -> Holder | None:
    """Who holds a lock; None if nobody does, or a process that is gone."""
    holder = _read(path)
    return holder if holder is not None and holder.alive else None


def _read(path: Path) -> Holder | None:
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
        holder = Holder(**values)
    except (OSError, ValueError, TypeError):  # not there, or not written to its end
        return None
    texts = (holder.host, holder.born, holder.since, holder.key)
    return holder if type(holder.pid) is int and all(isinstance(t, str) for t in texts) else None


def process_runs(pid: int) -> bool:
    """Whether this computer has a process of that number."""
    if pid <= 0:
        return False
    if sys.platform == "win32":
        import ctypes

        limited, still_active = 0x1000, 259
        handle = ctypes.windll.kernel32.OpenProcess(limited, False, pid)
        if not handle:
            return False
        code = ctypes.c_ulong()
        ctypes.windll.kernel32.GetExitCodeProcess(handle, ctypes.byref(code))
        ctypes.windll.kernel32.CloseHandle(handle)
        return code.value == still_active
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):
        return True
    return True


def birth_of(pid: int) -> str:
    """When a process started: boot and clock ticks since then on Linux, elsewhere ""."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace")
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii")
        return f"{boot[:8]} {stat.rpartition(')')[2].split()[19]}"
    except (OSError, IndexError):
        return ""


def local_time(iso: str) -> str:
    """A time in UTC as the user's clock shows it; "an unknown time" if it is none."""
    try:
        return datetime.fromisoformat(iso).astimezone().strftime("%Y-%m-%d %H:%M")
    except ValueError:
        return "an unknown time"
