"""Spectra of one instrument as another would have measured them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

# A band is known when the spectrum's channels carry at least this much of its response.
MIN_RESPONSE = 0.5


def band_widths(wavelengths: Floats) -> Floats:
    """Full widths at half maximum (nm) where a file gives none: the distance of the bands."""
    if wavelengths.size < 2:
        return np.ones(wavelengths.size)
    order = np.argsort(wavelengths)
    widths = np.empty(wavelengths.size)
    widths[order] = np.gradient(wavelengths[order])
    known = np.isfinite(widths) & (widths > 0)
    usual = float(np.median(widths[known])) if known.any() else 1.0
    # across a gap the distance says nothing about the width of a band
    return np.where(known & (widths < 3 * usual), widths, usual)


def resampled_linear(known: Floats, spectra: Floats, wavelengths: Floats) -> Floats:
    """Spectra at other wavelengths: linear between channels, NaN outside and beside missing ones.

    Parameters
    ----------
    known : (channels,) wavelengths, any order; spectra : (n, channels); wavelengths : (bands,).
    """
    order = np.argsort(known)
    rows = [np.interp(wavelengths, known[order], r[order], np.nan, np.nan) for r in spectra]
    return np.array(rows).reshape(len(spectra), wavelengths.size)


def resampled_gaussian(known: Floats, spectra: Floats, wavelengths: Floats, fwhm: Floats) -> Floats:
    """Spectra as a sensor with Gaussian bands sees them.

    Each band is the mean of the spectrum weighted by a Gaussian of the band's full width at half
    maximum and by the width of each channel, the usual model where response curves are not known
    (e.g. Green et al. 1998, Remote Sens. Environ. 65, 227-248). Where the channels lie further
    apart than the band is wide, they are interpolated.

    Parameters
    ----------
    known : (channels,) nm, any order; spectra : (n, channels), NaN where deleted.
    wavelengths, fwhm : (bands,) nm.

    Returns
    -------
    (n, bands); NaN outside of the channels and where most of a band's response is missing.
    """
    order = np.argsort(known)
    channels, values = known[order], spectra[:, order]
    spacing = np.gradient(channels) if channels.size > 1 else np.ones(channels.size)
    distance = channels[None, :] - wavelengths[:, None]
    with np.errstate(over="ignore", under="ignore"):
        weights = np.exp(-4 * np.log(2) * (distance / fwhm[:, None]) ** 2) * spacing
    there = np.isfinite(values)
    total = weights.sum(axis=1)
    response = there @ weights.T
    result = np.full((len(values), wavelengths.size), np.nan)
    enough = (response > MIN_RESPONSE * total) & (response > 0)
    np.divide(np.where(there, values, 0.0) @ weights.T, response, out=result, where=enough)
    local = np.interp(wavelengths, channels, spacing)
    result = np.where(local > fwhm, resampled_linear(channels, values, wavelengths), result)
    outside = (wavelengths < channels[0]) | (wavelengths > channels[-1])
    result[:, outside | ~np.isfinite(wavelengths)] = np.nan
    return result
