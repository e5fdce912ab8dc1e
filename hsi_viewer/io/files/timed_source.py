"""A source whose reading ends when it has taken long enough."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hsi_viewer.core.cube.cube import CubeSource
from hsi_viewer.io.files.byte_reader import TooLongError

PARTS = 32  # of a window, between which the clock is looked at


class TimedSource:
    """A CubeSource that is given up after some seconds.

    Parameters
    ----------
    source : of the values.
    seconds : how long it may take in all, from now on; a part that is being read is finished.
    """

    def __init__(self, source: CubeSource, seconds: float) -> None:
        self._source, self.shape, self.dtype = source, source.shape, source.dtype
        self.makes_nan = getattr(source, "makes_nan", False)
        self._end = time.monotonic() + seconds

    def read(self, rows: slice, columns: slice, bands: NDArray[np.intp] | None) -> NDArray[Any]:
        """Stored values of a window, (rows, columns, bands).

        Raises
        ------
        TooLongError
            if the time is over.
        """
        positions = range(rows.start, rows.stop, rows.step)
        parts = []
        for some in np.array_split(np.array(positions), min(PARTS, max(1, len(positions)))):
            if time.monotonic() > self._end:
                raise TooLongError("Reading took too long.")
            first, last = (int(some[0]), int(some[-1]) + 1) if some.size else (0, 0)
            parts.append(self._source.read(slice(first, last, rows.step), columns, bands))
        return parts[0] if len(parts) == 1 else np.concatenate(parts)
