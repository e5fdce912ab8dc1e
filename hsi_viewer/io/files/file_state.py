"""Whether a file is still as it was when it was opened."""

from __future__ import annotations

from pathlib import Path

State = tuple[int, int, int]  # number of the file, its bytes, when it was written


def read_state(file: Path) -> State:
    """How a file is now, to be compared later; OSError if it isn't there."""
    found = file.stat()
    return found.st_ino, found.st_size, found.st_mtime_ns


def state_of(file: Path) -> State | None:
    """The same; None if it isn't there."""
    try:
        return read_state(file)
    except OSError:  # deleted, and perhaps still open here
        return None


def why_unreadable(file: Path, first: State | None, otherwise: str) -> str:
    """A sentence about why values that were there cannot be read, and what to do.

    Parameters
    ----------
    first : state of the file when it was opened.
    otherwise : the sentence for a file that hasn't changed since.
    """
    if state_of(file) not in (first, None):
        return (
            "The file has changed since it was opened; open it again when the program that writes "
            "it has finished."
        )
    return otherwise
