"""CubeRaster: bands of a cube as a picture, read window by window as they are looked at."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.display.stretch import Transfer, composite


class CubeRaster:
    """A false-colour picture whose pixels are read when they are asked for.

    Parameters
    ----------
    cube : where values are read from.
    bands : shown as red, green and blue, or one.
    transfers : contrast of each band, from the whole scene, so that it is steady under zoom.
    colours : (256, 3) table for a single band.
    """

    def __init__(
        self,
        cube: HyperCube,
        bands: tuple[int, ...],
        transfers: tuple[Transfer, ...],
        colours: NDArray[np.uint8] | None = None,
    ) -> None:
        self.shape = (cube.rows, cube.columns)
        self._cube, self._bands = cube, bands
        self._transfers, self._colours = transfers, colours

    @property
    def bands(self) -> tuple[int, ...]:
        """The bands that are shown."""
        return self._bands

    def physical(self) -> NDArray[np.float32]:
        """Physical values of the bands, (rows, columns, bands); NaN where there is no data."""
        stored = self._cube.read(bands=self._bands)
        values = self._cube.physical(stored)
        values[~self._cube.is_data(stored)] = np.nan
        return values.astype(np.float32)

    def rgba(self, rows: slice, columns: slice) -> NDArray[np.uint8]:
        """RGBA of a window."""
        stored = self._cube.read(rows, columns, self._bands)
        return composite(stored, self._cube.is_data(stored), self._transfers, self._colours)

    def is_quick(self, _rows: slice, _columns: slice) -> bool:
        """Never: values may come from a disk."""
        return False
