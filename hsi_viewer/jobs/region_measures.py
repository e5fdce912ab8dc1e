"""What is measured of the regions of a map: sums over their pixels, and what follows from these."""

from __future__ import annotations

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from hsi_viewer.core.cube.blocks import blocks
from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.errors import FormatError
from hsi_viewer.core.postprocess.map_regions import MapRegions

PIXELS, ROW, COLUMN, AREA, SURE, WITH_SURE, PLAIN = range(7)  # columns of the sums; then the bands


class RegionMeasures(Struct, frozen=True, eq=False):
    """Measures regions of some rows of a map, in sums that can be added up.

    Attributes
    ----------
    row_area : (rows,) square metres of a pixel of each row; None where they are not known.
    confidence : image of one band on the grid of the map, or None.
    cube : whose bands are averaged, or None.

    Raises
    ------
    FormatError
        if the confidence has more than one band.
    """

    row_area: NDArray[np.float64] | None
    confidence: HyperCube | None = None
    cube: HyperCube | None = None

    def __post_init__(self) -> None:
        sure = self.confidence
        if sure is not None and sure.bands != 1:
            raise FormatError(f"{sure.name} has {sure.bands} bands; a confidence has one.")

    @property
    def names(self) -> list[str]:
        """Names of the attributes."""
        return [
            "pixels",
            *([] if self.row_area is None else ["area_m2"]),
            *([] if self.confidence is None else ["confidence"]),
        ]

    @property
    def band_names(self) -> list[str]:
        """Names of the bands of the cube, as in a table."""
        if self.cube is None:
            return []
        waves = self.cube.wavelengths
        if waves is None:
            return [f"band_{i}" for i in range(self.cube.bands)]
        return [f"{wavelength:g} nm" for wavelength in waves]

    def of(self, rows: slice, regions: MapRegions) -> NDArray[np.float64]:
        """Sums (regions, measures) over the pixels of the regions of some rows of the map."""
        count, columns = len(regions) + 1, regions.numbers.shape[1]
        bands = 0 if self.cube is None else self.cube.bands
        sums = np.zeros((count, PLAIN + 2 * bands))
        down = np.arange(rows.start, rows.stop, dtype=np.float64)[:, None] + 0.5
        sums[:, PIXELS] = regions.pixels()
        sums[:, ROW] = regions.sums(down)
        sums[:, COLUMN] = regions.sums(np.arange(columns, dtype=np.float64)[None, :] + 0.5)
        if self.row_area is not None:
            sums[:, AREA] = regions.sums(self.row_area[rows, None])
        if self.confidence is not None:
            _add_values(self.confidence, rows, regions, sums[:, SURE:PLAIN])
        if self.cube is not None:
            _add_values(self.cube, rows, regions, sums[:, PLAIN:])
        return sums[1:]

    def fields(self, sums: NDArray[np.float64]) -> dict[str, NDArray[np.generic]]:
        """Attributes (regions,) by name: pixels, and area and confidence where they are known.

        Raises
        ------
        FormatError
            if the confidence isn't from 0 to 1.
        """
        found: dict[str, NDArray[np.generic]] = {"pixels": sums[:, PIXELS].astype(np.int64)}
        if self.row_area is not None:
            found["area_m2"] = sums[:, AREA].copy()
        if self.confidence is not None:
            found["confidence"] = self._sure(_divided(sums[:, SURE], sums[:, WITH_SURE]))
        return found

    def centroids(self, sums: NDArray[np.float64]) -> NDArray[np.float64]:
        """Mean position (regions, 2) in rows and columns; 0, 0 is the upper left corner."""
        found: NDArray[np.float64] = sums[:, [ROW, COLUMN]] / sums[:, [PIXELS]]
        return found

    def spectra(self, sums: NDArray[np.float64]) -> NDArray[np.float64]:
        """Mean values (regions, bands) of the pixels with data; NaN where a region has none."""
        values, present = np.split(sums[:, PLAIN:], 2, axis=1)
        return _divided(values, present)

    def _sure(self, means: NDArray[np.float64]) -> NDArray[np.float64]:
        if self.confidence is not None and np.any((means < 0) | (means > 1)):
            raise FormatError(
                f"{self.confidence.name} contains values beyond 0 to 1, so it is not a confidence; "
                "name the file confidence.hdr that was written with the map."
            )
        return means


def _add_values(
    cube: HyperCube, rows: slice, regions: MapRegions, sums: NDArray[np.float64]
) -> None:
    """Add values of each band, then numbers of pixels with data, to sums (regions + 1, 2 bands)."""
    from scipy.sparse import csr_array  # slow to import

    box = (rows.start, 0, rows.stop, cube.columns)
    for window in blocks(cube, box=box):
        stored = cube.read(*window)
        present = cube.is_data(stored)
        values = np.where(present, cube.physical(stored), 0.0)
        top = window[0].start - rows.start
        numbers = regions.numbers[top : top + stored.shape[0], window[1]].ravel()
        held, at = np.unique(numbers, return_inverse=True)
        shape = (at.size, held.size)
        belongs = csr_array((np.ones(at.size), at.ravel(), np.arange(at.size + 1)), shape=shape)
        for part, image in enumerate((values, present)):
            columns = slice(part * cube.bands, (part + 1) * cube.bands)
            flat = np.asarray(image, np.float64).reshape(-1, cube.bands)
            sums[held, columns] += np.asarray(belongs.T @ flat)


def _divided(sums: NDArray[np.float64], by: NDArray[np.float64]) -> NDArray[np.float64]:
    found = np.full(sums.shape, np.nan)
    np.divide(sums, by, out=found, where=by > 0)
    return found
