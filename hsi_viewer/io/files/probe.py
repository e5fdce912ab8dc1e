"""Files that can make their library loop or crash are tried in a helper process first.

libhdf5 runs with Python's lock held: a damaged file on which it loops would stop the whole
application for good, and one on which it crashes would end it. The helper opens the file as the
readers do and answers when that has come to an end. While it works, a thread of it says every
quarter of a second that Python still runs there; a library that does not come back silences it.

What is known about a file of any format (`told`) is found out there, too: a strip or chunk that
unpacks to gigabytes cannot be given up half way, a process can.
"""

from __future__ import annotations

import atexit
import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

from hsi_viewer.core.errors import FileError, FormatError
from hsi_viewer.core.progress import CancelToken

# Without a sign of life for so long, the library hangs. A drive that is slow lets calls end, and
# a machine that is busy lets a thread run once in a while. To start may take longer.
SILENT_SECONDS = 5.0
# What it may take in all: of the processor (where the system counts it for us), and by the clock.
CPU_SECONDS = 10
TOTAL_SECONDS = 60.0
# What is told about a file takes less of both, once its description is known.
TOLD_CPU_SECONDS, TOLD_SECONDS = 7, 8.0
# A refusal may be the fault of a moment, and the same command often asks twice.
REFUSAL_SECONDS = 60.0
POLL_SECONDS = 0.05
# Of the time between two polls no more counts: this process has stood still, too (it was stopped,
# or its lock was held), and has not heard what the helper said.
MOST_COUNTED = 2 * POLL_SECONDS
CHILD = "hsi_viewer.io.probe_child"
DONE = b"done\n"

HANGS = "the HDF5 library hangs on it"
CRASHES = "the HDF5 library crashes on it"
SLOW = "examining it takes longer than for an intact file"

Key = tuple[object, ...]


class _Child:
    """One helper process."""

    def __init__(self) -> None:
        paths = os.pathsep.join(os.path.abspath(p) for p in sys.path if p)  # noqa: PTH100
        threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
        self.used = False
        self.told: list[dict[str, Any]] = []
        try:
            self.process = subprocess.Popen(  # noqa: S603 - this interpreter, and a fixed module
                [sys.executable, "-P", "-m", CHILD],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env={**os.environ, **threads, "PYTHONPATH": paths},
                creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
            )
        except OSError as error:
            raise FileError(
                "The helper process in which files are examined could not be started: "
                f"{error.strerror}."
            ) from error

    def ask(self, request: bytes, token: CancelToken | None) -> str | None:
        """The problem of a file; None if the helper could finish reading it.

        What the helper told of the file until then is in `told`.

        Raises
        ------
        TaskCancelledError
            if the token was cancelled; the helper is ended.
        """
        self.told = []
        answer = _Answer(self.process, self.told, is_up=self.used)
        self.used = True
        verdict: str | None = HANGS
        try:
            answer.thread.start()
            try:
                self.process.stdin.write(request)  # type: ignore[union-attr]
                self.process.stdin.flush()  # type: ignore[union-attr]
            except OSError:  # it died before; its thread finds the end of its answers
                pass
            verdict = answer.wait(token)
        finally:
            if verdict is not None:
                self._kill()
            answer.thread.join()  # before its pipe is closed
            if verdict is not None:
                self.end()
        return self._words(verdict)

    def _words(self, verdict: str | None) -> str | None:
        by_time = verdict == CRASHES and hasattr(signal, "SIGPROF")
        return SLOW if by_time and self.process.returncode == -signal.SIGPROF else verdict

    def end(self) -> None:
        """End the process and let go of its pipes."""
        self._kill()
        for pipe in (self.process.stdin, self.process.stdout):
            try:
                pipe.close()  # type: ignore[union-attr]
            except OSError:  # what could not be written any more
                continue

    def _kill(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()


class _Answer:
    """The helper's answer to one request, read in a thread, which works on every system."""

    def __init__(
        self, process: subprocess.Popen[bytes], told: list[dict[str, Any]], *, is_up: bool
    ) -> None:
        self._process, self._told = process, told
        self._signs, self._is_up = 0, is_up
        self._done = False
        self.thread = threading.Thread(target=self._listen, name="probe", daemon=True)

    def _listen(self) -> None:
        for line in self._process.stdout or ():
            self._signs += 1
            if line == DONE:
                self._done = True
                return
            if line.startswith(b"{"):
                self._told.append(json.loads(line))

    def wait(self, token: CancelToken | None) -> str | None:
        """Wait for the end; what is wrong, or None."""
        silent, signs = _Stopwatch(), 0
        whole, is_told = _Stopwatch(), False
        while True:
            self.thread.join(POLL_SECONDS)
            if not self.thread.is_alive():
                return None if self._done else self._ended()
            if token is not None:
                token.check()
            if self._signs > signs:
                silent, signs, self._is_up = _Stopwatch(), self._signs, True
            if self._told and not is_told:
                whole, is_told = _Stopwatch(), True
            if silent.seconds() > SILENT_SECONDS and self._is_up:
                return HANGS
            if whole.seconds() > (TOLD_SECONDS if is_told else TOTAL_SECONDS):
                return SLOW

    def _ended(self) -> str:
        self._process.wait()
        return CRASHES


class _Stopwatch:
    """Seconds in which this process ran, too; it must be read at every poll."""

    def __init__(self) -> None:
        self._seconds, self._last = 0.0, time.monotonic()

    def seconds(self) -> float:
        now = time.monotonic()
        self._seconds += min(now - self._last, MOST_COUNTED)
        self._last = now
        return self._seconds


class Probe:
    """Asks a helper process about files, and remembers its answers.

    The helper is started when it is first needed and stays, so that a further file costs what
    its reading costs; it ends with this process, or when a file is too much for it.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._child: _Child | None = None
        self._known: dict[Key, tuple[str | None, float]] = {}

    def start(self) -> None:
        """Start the helper if there is none: it starts up while the caller imports."""
        if self._lock.acquire(blocking=False):
            try:
                self._ready()
            finally:
                self._lock.release()

    def check(
        self, path: Path, wanted: str | None = None, token: CancelToken | None = None
    ) -> None:
        """Refuse a file that its library cannot be trusted with.

        Parameters
        ----------
        path : of an HDF5 file.
        wanted : the data set that will be read of it, where that is known.
        token : asked while the helper works.

        Raises
        ------
        FormatError
            if the library hangs or crashes.
        FileError
            if the file cannot be found, or the helper not be started.
        TaskCancelledError
            if the token was cancelled.
        """
        key = _identity(path, wanted)
        request = json.dumps({"path": os.path.abspath(path), "wanted": wanted})  # noqa: PTH100
        while not self._lock.acquire(timeout=POLL_SECONDS):
            if token is not None:
                token.check()
        try:
            known = self._known.get(key)
            if known is None or _is_stale(known):
                known = self._known[key] = (
                    self._ask(f"{request}\n".encode(), token),
                    time.monotonic(),
                )
        finally:
            self._lock.release()
        if known[0] is not None:
            raise FormatError(
                f"{path} cannot be opened: {known[0]}. It is damaged; copy it again, or recreate "
                "it with the program that it comes from."
            )

    def told(self, question: dict[str, Any]) -> tuple[list[dict[str, Any]], str | None]:
        """What the helper tells in answer to a question, until it ends or its time is over.

        Returns
        -------
        What it told, and what is wrong where that is not all.

        Raises
        ------
        FileError
            if the helper cannot be started.
        """
        with self._lock:
            child, verdict = self._tried(f"{json.dumps(question)}\n".encode(), None)
        return child.told, verdict

    def _ask(self, request: bytes, token: CancelToken | None) -> str | None:
        return self._tried(request, token)[1]

    def _tried(self, request: bytes, token: CancelToken | None) -> tuple[_Child, str | None]:
        child = self._ready()
        was_used = child.used
        verdict = self._asked(child, request, token)
        if verdict == CRASHES and was_used:  # which may be what an earlier file had done to it
            child = self._ready()
            verdict = self._asked(child, request, token)
        return child, verdict

    def _asked(self, child: _Child, request: bytes, token: CancelToken | None) -> str | None:
        self._child = None  # unless it comes to an end with this file
        try:
            verdict = child.ask(request, token)
            if verdict is None:
                self._child = child
        finally:
            if self._child is None:
                child.end()
        return verdict

    def _ready(self) -> _Child:
        if self._child is None:
            self._child = _Child()
        return self._child

    def end(self) -> None:
        """End the helper."""
        with self._lock:
            if self._child is not None:
                self._child.end()
            self._child = None


def _identity(path: Path, wanted: str | None) -> Key:
    try:
        s = path.stat()
    except OSError as error:
        raise FileError(f"{path} could not be read: {error.strerror}.") from error
    absolute = os.path.abspath(path)  # noqa: PTH100
    return absolute, s.st_dev, s.st_ino, s.st_size, s.st_mtime_ns, s.st_ctime_ns, wanted


def _is_stale(known: tuple[str | None, float]) -> bool:
    return known[0] is not None and time.monotonic() - known[1] > REFUSAL_SECONDS


_probe: Probe | None = Probe()


def start() -> None:
    """See `Probe.start`."""
    if _probe is not None:
        _probe.start()


def check(path: Path, wanted: str | None = None, token: CancelToken | None = None) -> None:
    """See `Probe.check`."""
    if _probe is not None:
        _probe.check(path, wanted, token)


def told(question: dict[str, Any]) -> tuple[list[dict[str, Any]], str | None]:
    """See `Probe.told`."""
    return ([], None) if _probe is None else _probe.told(question)


def trust_all() -> None:
    """No helper is asked: this process is the helper."""
    global _probe
    _probe = None


@atexit.register
def _end() -> None:
    if _probe is not None:
        _probe.end()
