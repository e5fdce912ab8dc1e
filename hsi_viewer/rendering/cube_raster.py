"""CubeRaster: bands of a cube as a picture, read window by window as they are looked at."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.display.stretch import Transfer, composite


class Thinned(Protocol):
    """Every step-th pixel of a cube, where it is read faster than from the cube itself."""

    @property
    def step(self) -> int:
        """Distance of the pixels that it has."""

    def holds(self, bands: tuple[int, ...]) -> bool:
        """Whether bands are already available."""

    def read(self, rows: slice, columns: slice, bands: tuple[int, ...]) -> NDArray[Any]:
        """Stored values of a window, in pixels of the thinned cube."""


class CubeRaster:
    """A false-colour picture whose pixels are read when they are asked for.

    Parameters
    ----------
    cube : where values are read from.
    bands : shown as red, green and blue, or one.
    transfers : contrast of each band, from the whole scene, so that it is steady under zoom.
    thinned : a thinned copy that coarse views are read from, where it holds the bands.
    colours : (256, 3) table for a single band.
    """

    def __init__(
        self,
        cube: HyperCube,
        bands: tuple[int, ...],
        transfers: tuple[Transfer, ...],
        thinned: Thinned | None = None,
        colours: NDArray[np.uint8] | None = None,
    ) -> None:
        self.shape = (cube.rows, cube.columns)
        self._cube, self._bands, self._transfers = cube, bands, transfers
        self._thinned, self._colours = thinned, colours

    def rgba(self, rows: slice, columns: slice) -> NDArray[np.uint8]:
        """RGBA of a window."""
        stored = self._read(rows, columns)
        return composite(stored, self._cube.is_data(stored), self._transfers, self._colours)

    def is_quick(self, _rows: slice, _columns: slice) -> bool:
        """Never: values may come from a disk."""
        return False

    def _read(self, rows: slice, columns: slice) -> NDArray[Any]:
        thinned = self._thinned
        if thinned is not None:
            step = thinned.step
            fits = not any(
                part.start % step or part.step % step for part in (rows, columns)
            ) and thinned.holds(self._bands)
            if fits:
                return thinned.read(_divided(rows, step), _divided(columns, step), self._bands)
        return self._cube.read(rows, columns, self._bands)


def _divided(part: slice, step: int) -> slice:
    return slice(part.start // step, -(-part.stop // step), part.step // step)
