"""Whether the files of a scene are still those that were opened."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from hsi_viewer.io.writers.own_files import own_files

State = tuple[int, int, int]  # number of the file, its bytes, when it was written


class SourceFiles:
    """The files of a scene as they are now, to be compared later.

    Parameters
    ----------
    path : of the scene; None for one without files. Of a folder, its entries don't count.
    """

    def __init__(self, path: Path | None) -> None:
        files: set[Path] = set()
        if path is not None:
            with suppress(OSError):
                files = {file for file in own_files(path) if file.is_file()}
        self._first = {file: _state(file) for file in sorted(files)}

    def changed(self) -> str:
        """The names of those that have changed since, in a sentence; "" if none has."""
        return " and ".join(f.name for f, first in self._first.items() if _state(f) != first)

    def change(self) -> str:
        """A sentence about what has changed since; "" if nothing has."""
        names = self.changed()
        return names and (
            f"{names} changed since the scene was opened: picture and map may differ. Save your "
            "labels and open the scene again."
        )


def _state(file: Path) -> State | None:
    try:
        found = file.stat()
    except OSError:  # deleted, and still open here
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns
