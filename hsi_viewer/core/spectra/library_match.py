"""Ranks the spectra of a library by their similarity to a measured one."""

from __future__ import annotations

from typing import Literal

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from hsi_viewer.core.spectra.spectrum import continuum_removed, correlation, spectral_angle

Measure = Literal["angle", "correlation", "shape"]
MIN_BANDS = 5  # fewer common bands mean nothing


class Match(Struct, frozen=True):
    """Similarity of a library spectrum to the measured one; NaN if they share too few bands.

    Attributes
    ----------
    index : of the spectrum in its library.
    angle : spectral angle in radians, 0 is best.
    correlation : Pearson's, 1 is best.
    shape : correlation after continuum removal over the bands that both have, 1 is best: it
        compares absorption bands, not brightness and slope (the fit of Clark et al. 2003,
        J. Geophys. Res. 108, 5131).
    """

    index: int
    angle: float
    correlation: float
    shape: float

    def distance(self, measure: Measure) -> float:
        """The value that matches are sorted by: small is similar."""
        value = {"angle": self.angle, "correlation": -self.correlation, "shape": -self.shape}
        return value[measure]


def compare(
    spectrum: NDArray[np.float64], library: NDArray[np.float64], wavelengths: NDArray[np.float64]
) -> list[Match]:
    """Compare a spectrum with each of a library on the same bands, in the library's order.

    Parameters
    ----------
    spectrum : (bands,), NaN where missing or bad.
    library : (spectra, bands), NaN where missing.
    wavelengths : (bands,) nm.
    """
    angles = spectral_angle(library, spectrum)
    correlations = correlation(library, spectrum)
    found = []
    ours: dict[bytes, NDArray[np.float64]] = {}  # by the bands in common, mostly the same ones
    for k, row in enumerate(library):
        common = np.isfinite(row) & np.isfinite(spectrum) & np.isfinite(wavelengths)
        if common.sum() < MIN_BANDS:
            found.append(Match(k, float("nan"), float("nan"), float("nan")))
            continue
        x, key = wavelengths[common], common.tobytes()
        if key not in ours:
            ours[key] = continuum_removed(x, spectrum[common])
        theirs = continuum_removed(x, row[common])
        shape = float(correlation(theirs[None], ours[key])[0])
        found.append(Match(k, float(angles[k]), float(correlations[k]), shape))
    return found


def ranked(matches: list[Match], measure: Measure) -> list[Match]:
    """Best first; those without a value last, in their old order."""

    def key(match: Match) -> tuple[bool, float]:
        distance = match.distance(measure)
        return (True, 0.0) if np.isnan(distance) else (False, distance)

    return sorted(matches, key=key)


def brightness(spectrum: NDArray[np.float64], reference: NDArray[np.float64]) -> float:
    """The factor that brings a spectrum closest to a reference (least squares); 1 if none does."""
    common = np.isfinite(spectrum) & np.isfinite(reference)
    own = float(spectrum[common] @ spectrum[common])
    factor = float(spectrum[common] @ reference[common]) / own if own > 0 else 1.0
    return factor if factor > 0 else 1.0
