"""Whether the files of a scene are still those that were opened."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from hsi_viewer.io.files.file_state import state_of
from hsi_viewer.io.writers.own_files import own_files


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
        self._first = {file: state_of(file) for file in sorted(files)}

    def changed(self) -> str:
        """The names of those that have changed since, in a sentence; "" if none has."""
        return " and ".join(f.name for f, first in self._first.items() if state_of(f) != first)

    def change(self) -> str:
        """A sentence about what has changed since; "" if nothing has."""
        names = self.changed()
        return names and (
            f"{names} changed since the scene was opened: picture and map may differ. Save your "
            "labels and open the scene again."
        )


def mixed(*scenes: SourceFiles) -> str:
    """A sentence about a result for which changed files were read; "" if none has changed."""
    names = " and ".join(changed for files in scenes if (changed := files.changed()))
    return names and (
        f"{names} changed meanwhile: the result may mix old values and new. Make it again."
    )
