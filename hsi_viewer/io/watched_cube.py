"""Cubes for Python programs, which are warned when a file changes while its values are read."""

from __future__ import annotations

import time
import warnings
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hsi_viewer.core.cube.cube import CubeSource, HyperCube
from hsi_viewer.core.progress import CancelToken, ProgressPort
from hsi_viewer.io import opening
from hsi_viewer.io.files.file_state import state_of
from hsi_viewer.io.source_files import SourceFiles

# Looking at the files takes at most one part in so many of the time, however slow their drive is.
RARELY = 100


class WatchedSource:
    """A CubeSource that warns, once for each change, if its files change after it was opened.

    Parameters
    ----------
    source : of the values.
    path : of the scene.
    """

    def __init__(self, source: CubeSource, path: Path) -> None:
        self._source, self.shape, self.dtype = source, source.shape, source.dtype
        self.makes_nan = bool(getattr(source, "makes_nan", False))
        self._path, self._opened, self._next = path, state_of(path), 0.0
        self._files: SourceFiles | None = None  # to find them takes longer than opening

    def read(self, rows: slice, columns: slice, bands: NDArray[np.intp] | None) -> NDArray[Any]:
        """Stored values of a window, (rows, columns, bands)."""
        first = self._files is None
        files = self._files = self._files or SourceFiles(self._path)
        values = self._source.read(rows, columns, bands)
        started = time.monotonic()
        if started >= self._next:
            names = files.changed()
            if not names and first and state_of(self._path) != self._opened:
                names = self._path.name
            ended = time.monotonic()
            self._next = ended + RARELY * (ended - started)
            if names:
                self._files = SourceFiles(self._path)
                warnings.warn(
                    f"{names} changed since it was opened: old values and new may be mixed. Open "
                    "it again when the program that writes it has finished.",
                    stacklevel=2,
                )
        return values


def open_cube(
    source: str | Path, token: CancelToken | None = None, port: ProgressPort | None = None
) -> HyperCube:
    """Open a cube: values stay on disk until a window is read.

    A Python warning says so if its file changes while it is in use.

    Parameters
    ----------
    source, token, port : as of `io.opening.open_cube`: a path of a file or folder, also with the
        name of an array behind it ("file.h5:/data/set"), or "sample:indian-pines".

    Raises
    ------
    FileError, FormatError
        if it is missing, damaged or no cube.
    """
    cube = opening.open_cube(source, token, port)
    if cube.path is None or cube.in_memory:
        return cube
    return replace(cube, source=WatchedSource(cube.source, cube.path))
