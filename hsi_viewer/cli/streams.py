"""Signals, and a full or closed standard output, for commands."""

from __future__ import annotations

import os
import signal
import sys
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


@contextmanager
def terminable() -> Iterator[None]:
    """While the block runs, SIGTERM is an exception, as an interrupt from the keyboard is."""

    def stop(_signal: int, _frame: FrameType | None) -> None:
        raise TerminatedError

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
