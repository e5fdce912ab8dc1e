"""Reflectance out of counts, by a white and a dark reference; and bands that are unfit for it.

Reflectance of a detector element is ((raw - dark) / t) / ((white - dark of white) / t of white),
where t is the exposure time (see e.g. Geladi, Burger and Lestander 2004, "Hyperspectral imaging:
calibration problems and solutions", Chemometrics and Intelligent Laboratory Systems 72).
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from hsi_viewer.core.cube.cube import CubeSource

# Lines of a reference that are averaged, evenly spaced.
MOST_LINES = 256
# A white reference of fewer lines says nothing about noise.
FEWEST_LINES = 5
# Signal of the white reference over its noise below which a band is noisy.
LEAST_SIGNAL_TO_NOISE = 10.0
# A band is unfit where more than this share of the detector's columns is.
MOST_SATURATED, MOST_DEAD = 0.01, 0.1
DEAD, SATURATED, NOISY = "dead", "saturated", "noisy"


class Frame(NamedTuple):
    """A reference, averaged over its lines.

    Attributes
    ----------
    mean : (columns, bands) counts.
    deviation : (columns, bands) standard deviation of a line; 0 of a single line.
    full : (columns, bands) share of the lines that are at the ceiling of the detector.
    lines : how many were averaged.
    """

    mean: NDArray[np.float64]
    deviation: NDArray[np.float64]
    full: NDArray[np.float64]
    lines: int


def frame_of(source: CubeSource, ceiling: float | None = None) -> Frame:
    """Average a reference over at most `MOST_LINES` of its lines, evenly spaced.

    Parameters
    ----------
    source : (lines, columns, bands) of the reference.
    ceiling : count at which the detector is saturated, if it is known.
    """
    lines, columns, bands = source.shape
    step = -(-lines // MOST_LINES)
    total = np.zeros((columns, bands))
    squares, full = np.zeros_like(total), np.zeros_like(total)
    zero, used = None, range(0, lines, step)
    for line in used:
        counts = source.read(slice(line, line + 1), slice(0, columns), None)[0].astype(np.float64)
        zero = counts if zero is None else zero  # squares of differences keep their digits
        total += counts - zero
        squares += (counts - zero) ** 2
        if ceiling is not None:
            full += counts >= ceiling
    n = len(used)
    variance = np.maximum(squares / n - (total / n) ** 2, 0.0) * (n / max(n - 1, 1))
    return Frame(total / n + (0 if zero is None else zero), np.sqrt(variance), full / n, n)


def factors(
    white: NDArray[np.float64], dark_of_white: NDArray[np.float64], exposures: tuple[float, float]
) -> NDArray[np.float32]:
    """Factors that turn counts above the dark reference into reflectance, (columns, bands).

    NaN of dead elements: where the white reference is at most one count above its dark one.

    Parameters
    ----------
    white, dark_of_white : (columns, bands) counts.
    exposures : times of the scan and of the white reference, in one unit.
    """
    signal = white - dark_of_white
    scan, reference = exposures
    with np.errstate(divide="ignore", invalid="ignore"):
        made = np.where(signal > 1.0, reference / scan / signal, np.nan)
    return made.astype(np.float32)


class ReflectanceSource:
    """Reflectance as 32-bit numbers, computed as windows are read.

    A dead element of a band takes the value of the nearest column that has one; a band without
    any is NaN.

    Parameters
    ----------
    counts : (lines, columns, bands) of the scan.
    dark : (columns, bands) counts.
    factor : (columns, bands), see `factors`.
    """

    makes_nan = True

    def __init__(self, counts: CubeSource, dark: NDArray[Any], factor: NDArray[np.float32]) -> None:
        self._counts, self._dark, self._factor = counts, dark.astype(np.float32), factor
        self._dead = np.isnan(factor)
        self._dead[:, self._dead.all(axis=0)] = False
        self.shape = counts.shape
        self.dtype: np.dtype[Any] = np.dtype(np.float32)

    def read(self, rows: slice, columns: slice, bands: NDArray[np.intp] | None) -> NDArray[Any]:
        """Values of a window, (rows, columns, bands)."""
        values = self._alive(rows, columns, bands)
        chosen = np.arange(self.shape[2]) if bands is None else bands
        dead = self._dead[columns][:, chosen]
        for band in np.flatnonzero(dead.any(axis=0)):
            alive = np.flatnonzero(~self._dead[:, chosen[band]])
            for at in np.flatnonzero(dead[:, band]):
                column = columns.start + at * columns.step
                near = int(alive[np.abs(alive - column).argmin()])
                beside = self._alive(rows, slice(near, near + 1, 1), chosen[band : band + 1])
                values[:, at, band] = beside[:, 0, 0]
        return values

    def _alive(
        self, rows: slice, columns: slice, bands: NDArray[np.intp] | None
    ) -> NDArray[np.float32]:
        """Values of a window, NaN of dead elements."""
        chosen = slice(None) if bands is None else bands
        values: NDArray[np.float32] = self._counts.read(rows, columns, bands).astype(np.float32)
        values -= self._dark[columns][:, chosen]
        values *= self._factor[columns][:, chosen]
        return values


def unfit_bands(white: Frame, dark: Frame, full: NDArray[np.float64]) -> dict[int, str]:
    """Bands that should not be used, each with its reason: dead, saturated or noisy.

    Parameters
    ----------
    white, dark : of one exposure time.
    full : (bands,) share of the values of the scan that are at the ceiling of the detector.
    """
    signal = white.mean - dark.mean
    is_dead = signal <= np.maximum(1.0, 3.0 * dark.deviation)
    is_full = white.full > 0.5
    noise = np.where(white.deviation > 0, white.deviation, np.inf)
    ratio = np.median(np.where(white.deviation > 0, signal / noise, np.inf), axis=0)
    found = {}
    for band in range(signal.shape[1]):
        if is_dead[:, band].mean() > MOST_DEAD:
            found[band] = DEAD
        elif max(is_full[:, band].mean(), full[band]) > MOST_SATURATED:
            found[band] = SATURATED
        elif white.lines >= FEWEST_LINES and ratio[band] < LEAST_SIGNAL_TO_NOISE:
            found[band] = NOISY
    return found
