"""Apply a model to a cube of another sensor: resample where wavelengths overlap, else refuse."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.errors import ModelError

SAME_NM = 0.5  # wavelengths this close are the same
BEYOND_NM = 15.0  # how far a model's band may lie outside the cube's range


@dataclass(frozen=True)
class ResampledSource:
    """A cube read at other wavelengths, linear between the two nearest bands.

    Attributes
    ----------
    lower, upper : (n,) bands of the source on either side of each wanted wavelength.
    share : (n,) weight of the upper one.
    cube : whose values they are; what is no data becomes NaN.
    """

    cube: HyperCube
    lower: NDArray[np.intp]
    upper: NDArray[np.intp]
    share: NDArray[np.float32]

    @property
    def shape(self) -> tuple[int, int, int]:
        """Rows, columns, wanted wavelengths."""
        return self.cube.rows, self.cube.columns, self.lower.size

    @property
    def dtype(self) -> np.dtype[Any]:
        """float32."""
        return np.dtype(np.float32)

    def read(self, rows: slice, columns: slice, bands: NDArray[np.intp] | None) -> NDArray[Any]:
        """Values at the wanted wavelengths, (rows, columns, bands) float32."""
        wanted = np.arange(self.lower.size) if bands is None else bands
        a = self._values(rows, columns, self.lower[wanted])
        b = self._values(rows, columns, self.upper[wanted])
        mixed: NDArray[np.float32] = a + self.share[wanted] * (b - a)
        return mixed

    def _values(self, rows: slice, columns: slice, bands: NDArray[np.intp]) -> NDArray[np.float32]:
        stored = self.cube.read(rows, columns, bands)
        with np.errstate(over="ignore"):
            values = stored.astype(np.float32)
        values[~self.cube.is_data(stored)] = np.nan
        return values


def matched(
    cube: HyperCube, wavelengths: NDArray[np.float64] | None, bands: int, used: NDArray[np.int64]
) -> HyperCube:
    """The cube as the model's sensor would have seen it.

    Parameters
    ----------
    cube : to be mapped.
    wavelengths : (bands,) nm of the training cube, or None.
    bands : of the training cube.
    used : bands that the model looks at.

    Raises
    ------
    ModelError
        if the wavelengths do not overlap, or, without wavelengths, the numbers of bands differ.
    """
    theirs = cube.wavelengths
    if wavelengths is None or theirs is None:
        if cube.bands != bands:
            raise ModelError(
                f"{cube.name} has {cube.bands} bands but the model was trained on {bands}, and "
                "without wavelengths for both they cannot be matched; train on this cube."
            )
        return cube
    same_count = cube.bands == bands
    if same_count and np.nanmax(np.abs(theirs - wavelengths)[used], initial=0.0) <= SAME_NM:
        return cube
    usable = np.flatnonzero(cube.good_bands & np.isfinite(theirs))
    order = usable[np.argsort(theirs[usable])]
    wanted, have = wavelengths[used], theirs[order]
    if have.size < 2 or wanted.min() < have[0] - BEYOND_NM or wanted.max() > have[-1] + BEYOND_NM:
        there = f"{have[0]:.0f}-{have[-1]:.0f} nm" if have.size else "no good band"
        raise ModelError(
            f"The model needs {wanted.min():.0f}-{wanted.max():.0f} nm, but {cube.name} covers "
            f"{there}; use a model trained on this sensor, or train on this cube."
        )
    above = np.clip(np.searchsorted(have, wavelengths), 1, have.size - 1)
    low, high = have[above - 1], have[above]
    share = np.clip((wavelengths - low) / np.maximum(high - low, 1e-9), 0.0, 1.0)
    source = ResampledSource(cube, order[above - 1], order[above], share.astype(np.float32))
    return replace(
        cube,
        source=source,
        wavelengths=wavelengths,
        fwhm=None,
        good_bands=np.ones(bands, bool),
        nodata=None,
        fill_values=(),
        default_bands=None,
        band_names=None,
    )
