"""Signals, and a full or closed standard output, for commands."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType

from hsi_viewer.core.errors import ExportError
from hsi_viewer.core.text import escaped

FAILED, WRONG_USAGE, INTERRUPTED, TERMINATED = 1, 2, 130, 143


class TerminatedError(KeyboardInterrupt):
    """The system asks the program to end; files that are half written are cleared away first."""


def hold_streams() -> None:
    """Give closed standard streams to the null device: the next file opened would take their place.

    What is printed would then go into that file, or what a library prints.
    """
    for number in (0, 1, 2):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest number that is free


def complain(text: str) -> None:
    """Print one line to standard error, if somebody reads it."""
    if sys.stderr is None:  # closed at the start; print would take standard output
        return
    with suppress(OSError, ValueError):
        sys.stderr.write(f"hsi-viewer: {' '.join(text.split())}\n")
        sys.stderr.flush()


def print_text(text: str) -> None:
    """Print to standard output, control characters but line breaks spelled out.

    Raises
    ------
    ExportError
        if it cannot be written.
    SystemExit
        if its reader has closed it.
    """
    text = "\n".join(escaped(line) for line in text.split("\n"))
    if sys.stdout is None:
        raise ExportError("Standard output is closed: nothing can be printed there.")
    try:
        sys.stdout.write(f"{text}\n")
        sys.stdout.flush()
    except UnicodeEncodeError:
        encoding = sys.stdout.encoding
        print_text(text.encode(encoding, "backslashreplace").decode(encoding))
    except OSError as error:
        # what is still in the buffer would be tried again, in vain, when the interpreter ends
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if isinstance(error, BrokenPipeError):
            raise SystemExit(FAILED) from error
        raise ExportError(f"Standard output could not be written: {error.strerror}.") from error


class _Asked:
    """What a signal has raised in the block of `terminable` that runs; None for nothing."""

    to_end: type[KeyboardInterrupt] | None = None


@contextmanager
def terminable() -> Iterator[None]:
    """While the block runs, SIGTERM is an exception, as an interrupt from the keyboard is.

    Python drops an exception that comes while it tidies up, as after an import; then
    `end_if_asked` raises it again.
    """

    def end(number: int, _frame: FrameType | None) -> None:
        _Asked.to_end = TerminatedError if number == signal.SIGTERM else KeyboardInterrupt
        raise _Asked.to_end

    numbers = [signal.SIGTERM]
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:  # not told to ignore it
        numbers.append(signal.SIGINT)
    before = [(number, signal.signal(number, end)) for number in numbers]
    try:
        yield
    finally:
        _Asked.to_end = None
        for number, handler in before:
            signal.signal(number, handler)


def end_if_asked() -> None:
    """Raise what a signal has raised before in the block of `terminable` that runs."""
    if _Asked.to_end is not None and threading.current_thread() is threading.main_thread():
        raise _Asked.to_end
