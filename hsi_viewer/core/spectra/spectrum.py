"""Formulas on spectra: gaps, smoothing, derivatives, continuum, normalisation, similarity.

A spectrum is (bands,) float64 with NaN where there is no value. Wavelengths are in nm; band
numbers do as well, derivatives are then per band.
"""

from __future__ import annotations

from typing import Literal, cast

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

Floats = NDArray[np.float64]
View = Literal["value", "continuum", "first", "second"]
Normalisation = Literal["none", "range", "length", "variate"]

# Where water vapour takes nearly all light (Gao, Montes, Davis & Goetz 2009, Remote Sens. Environ.
# 113, S17-S24: the bands about 1.38 and 1.88 um).
WATER_WINDOWS: tuple[tuple[float, float], ...] = ((1350.0, 1430.0), (1800.0, 1950.0))

JUMP = 4.0  # a step of this many usual steps is a gap: bands were taken out of the file
POLYNOMIAL = 2  # degree of the Savitzky-Golay polynomial


def joined(x: Floats, values: Floats) -> NDArray[np.bool_]:
    """Whether each band and the next belong to one unbroken stretch of the spectrum.

    Parameters
    ----------
    x, values : (bands,). A missing value, a step back (detectors that overlap) and a step of more
        than JUMP usual ones break the curve.

    Returns
    -------
    (bands,) bool; the last is False.
    """
    together = np.zeros(values.size, bool)
    if values.size > 1:
        known = np.isfinite(x) & np.isfinite(values)
        step = np.diff(x)
        forward = step[np.isfinite(step) & (step > 0)]
        usual = float(np.median(forward)) if forward.size else 1.0
        with np.errstate(invalid="ignore"):
            near = (step > 0) & (step <= JUMP * usual)
        together[:-1] = known[:-1] & known[1:] & near
    return together


def runs(x: Floats, values: Floats) -> list[slice]:
    """Unbroken stretches of a spectrum, single bands included."""
    known = np.isfinite(x) & np.isfinite(values)
    together = joined(x, values)
    starts = np.flatnonzero(known & ~np.concatenate([[False], together[:-1]]))
    ends = np.flatnonzero(known & ~together)
    return [slice(int(a), int(b) + 1) for a, b in zip(starts, ends, strict=True)]


def smoothed(x: Floats, values: Floats, window: int) -> Floats:
    """Savitzky-Golay smoothing, degree 2, in each unbroken stretch.

    Savitzky & Golay (1964), Anal. Chem. 36, 1627-1639; bands count as evenly spaced. A stretch
    that is shorter takes the widest window that fits, or stays as it is.

    Parameters
    ----------
    window : number of bands; even ones count as one more; below 3 nothing is smoothed.
    """
    from scipy.signal import savgol_filter  # slow to import

    result = values.copy()
    if window < 3:
        return result
    for run in runs(x, values):
        size = run.stop - run.start
        fitting = min(window | 1, size if size % 2 else size - 1)
        if fitting > POLYNOMIAL:
            result[run] = savgol_filter(values[run], fitting, POLYNOMIAL)
    return result


def first_derivative(x: Floats, values: Floats) -> Floats:
    """First derivative in each unbroken stretch of at least three bands; NaN elsewhere.

    Second order also at uneven steps and at the ends (Fornberg 1988, Math. Comput. 51, 699-706).
    """
    result = np.full(values.size, np.nan)
    for run in runs(x, values):
        if run.stop - run.start >= 3:
            result[run] = np.gradient(values[run], x[run], edge_order=2)
    return result


def second_derivative(x: Floats, values: Floats) -> Floats:
    """Second derivative of the parabola through each band and its two neighbours; NaN elsewhere."""
    result = np.full(values.size, np.nan)
    for run in runs(x, values):
        if run.stop - run.start >= 3:
            step = np.diff(x[run])
            slope = np.diff(values[run]) / step
            result[run.start + 1 : run.stop - 1] = 2 * np.diff(slope) / (step[:-1] + step[1:])
    return result


def continuum(x: Floats, values: Floats) -> Floats:
    """The upper convex hull of a spectrum, NaN where the spectrum is missing.

    Clark & Roush (1984), J. Geophys. Res. 89, 6329-6340; the hull is Andrew's monotone chain.
    Gaps do not break it.
    """
    result = np.full(values.size, np.nan)
    known = np.flatnonzero(np.isfinite(x) & np.isfinite(values))
    order = known[np.lexsort((-values[known], x[known]))]
    hull: list[tuple[float, float]] = []
    for px, py in zip(x[order].tolist(), values[order].tolist(), strict=True):
        if hull and px == hull[-1][0]:
            continue  # of two values at one wavelength the higher came first
        while len(hull) > 1:
            (ax, ay), (bx, by) = hull[-2], hull[-1]
            if (by - ay) * (px - ax) > (py - ay) * (bx - ax):
                break
            hull.pop()
        hull.append((px, py))
    if hull:
        hx, hy = np.array(hull).T
        result[known] = np.interp(x[known], hx, hy)
    return result


def continuum_removed(x: Floats, values: Floats) -> Floats:
    """The spectrum divided by its continuum: 1 on the hull; NaN where the hull is not positive."""
    hull = continuum(x, values)
    result = np.full(values.size, np.nan)
    np.divide(values, hull, out=result, where=np.nan_to_num(hull) > 0)
    return result


def normalised(values: Floats, how: Normalisation) -> Floats:
    """Bring spectra of different brightness to one scale.

    Parameters
    ----------
    how : "range" to 0..1, "length" to Euclidean length 1, "variate" to mean 0 and deviation 1
        (standard normal variate, Barnes et al. 1989, Appl. Spectrosc. 43, 772-777), "none".
        What is flat or missing altogether stays as it is.
    """
    known = values[np.isfinite(values)]
    if how == "none" or known.size == 0:
        return values.copy()
    shift, width = 0.0, float(np.sqrt(known @ known))
    if how == "range":
        shift, width = float(known.min()), float(np.ptp(known))
    elif how == "variate":
        shift, width = float(known.mean()), float(known.std())
    return (values - shift) / width if width > 0 else values.copy()


class Treatment(Struct, frozen=True):
    """Steps applied to each spectrum before it is drawn, in the order of the attributes.

    Attributes
    ----------
    window : bands of the Savitzky-Golay filter; 0 does not smooth.
    view : the values, the continuum-removed spectrum, or a derivative.
    normalisation : of the result.
    """

    window: int = 0
    view: View = "value"
    normalisation: Normalisation = "none"

    @property
    def plain(self) -> bool:
        """True when spectra are drawn as they are."""
        return self == Treatment()

    def apply(self, x: Floats, values: Floats) -> Floats:
        """The treated spectrum, (bands,)."""
        result = smoothed(x, values, self.window) if self.window else values
        if self.view == "continuum":
            result = continuum_removed(x, result)
        elif self.view == "first":
            result = first_derivative(x, result)
        elif self.view == "second":
            result = second_derivative(x, result)
        return normalised(result, self.normalisation)


def spectral_angle(spectra: Floats, reference: Floats) -> Floats:
    """Angle between spectra and a reference: 0 same shape, pi/2 nothing in common.

    Kruse et al. (1993), Remote Sens. Environ. 44, 145-163. It does not depend on brightness.

    Parameters
    ----------
    spectra : (..., bands); reference : (bands,). Bands missing in either are left out.

    Returns
    -------
    (...,) radians; NaN where nothing is left or all of it is 0.
    """
    kept = np.isfinite(reference)
    pixels, known = spectra if kept.all() else spectra[..., kept], reference[kept]
    there = np.isfinite(pixels)
    if there.all():
        length2 = known @ known
    else:
        pixels = np.where(there, pixels, 0.0)
        length2 = there @ (known * known)
    product = pixels @ known
    lengths = np.sqrt(np.einsum("...b,...b->...", pixels, pixels) * length2)
    cosine = np.full(product.shape, np.nan)
    np.divide(product, lengths, out=cosine, where=lengths > 0)
    return cast("Floats", np.arccos(np.clip(cosine, -1.0, 1.0)))


def correlation(spectra: Floats, reference: Floats) -> Floats:
    """Pearson's correlation of spectra with a reference over the bands that both have.

    Parameters
    ----------
    spectra : (n, bands); reference : (bands,).

    Returns
    -------
    (n,) -1..1; NaN where fewer than two bands are left or one of the two is flat.
    """
    there = np.isfinite(spectra) & np.isfinite(reference)
    count = np.maximum(there.sum(axis=-1, keepdims=True), 1)
    a, b = np.where(there, spectra, 0.0), np.where(there, reference, 0.0)
    a = np.where(there, a - a.sum(axis=-1, keepdims=True) / count, 0.0)
    b = np.where(there, b - b.sum(axis=-1, keepdims=True) / count, 0.0)
    width = np.sqrt((a * a).sum(axis=-1) * (b * b).sum(axis=-1))
    result = np.full(width.shape, np.nan)
    np.divide((a * b).sum(axis=-1), width, out=result, where=width > 0)
    return result
