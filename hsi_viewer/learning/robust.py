"""Usual values of a scene, so that a few stray values neither shape the features nor spread."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating[Any]]

USUAL = (0.02, 0.98)  # quantiles that the range of a band is taken from
# Negative values so far below the middle half of a band, in widths of it, are fill values that were
# smeared or scaled: what programs write where nothing was seen is negative, what sensors see isn't.
# Land beside a dark sea is far above it, so only huge numbers count as fill values there.
MIDDLE, DEEP, HUGE = (0.25, 0.75), 10.0, 1e6
WIDER = 2.5  # on each side, in widths of that range: twelve standard deviations from the middle
# How far a value may lie from the bands next to it, in the same widths: much further than those of
# 97 in a hundred pixels, so that neither a narrow absorption nor a noisy band strays.
COMMON_JUMPS, FAR_JUMP, LEAST_JUMP = 0.97, 8.0, 0.2
PIXELS = 4_096  # on which quantiles are taken
SHORT = 3  # values side by side that stray alone: repaired from the bands next to them
LARGEST = 1e30  # of a standardised value


def usual_range(
    values: Floats, is_data: NDArray[np.bool_]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Quantiles (bands,) of each band: lowest and highest of all but the rarest values.

    Parameters
    ----------
    values, is_data : (pixels, bands); every band has data.
    """
    order = np.random.default_rng(0).permutation(len(values))[:PIXELS]
    some, known = values[order], is_data[order]
    if known.all():
        return _ends(some)
    low, high = np.empty(values.shape[1]), np.empty(values.shape[1])
    for band in range(values.shape[1]):
        column = some[known[:, band], band]
        column = column if column.size else values[is_data[:, band], band]
        low[band], high[band] = _ends(column)
    return low, high


def _ends(values: NDArray[Any]) -> tuple[Any, Any]:
    """The quantiles along the first axis; without differences, which may exceed any number."""
    first, *middle, last = (round(q * (len(values) - 1)) for q in (USUAL[0], *MIDDLE, USUAL[1]))
    ordered = np.partition(values, (first, *middle, last), axis=0)
    low, lower, upper, high = (ordered[k] for k in (first, *middle, last))
    with np.errstate(over="ignore", invalid="ignore"):
        width = upper - lower
        least, most = np.minimum(lower - DEEP * width, 0), upper + HUGE * width
    # more pixels than the quantiles pass over
    far = (width > 0) & ((low < least) | (high > most))
    if values.ndim == 1:
        return _ends(values[(values >= least) & (values <= most)]) if far else (low, high)
    for band in np.flatnonzero(far):
        column = values[:, band]
        inner = (column >= least[band]) & (column <= most[band])
        low[band], high[band] = _ends(column[inner])
    return low, high


def usual_jump(values: Floats, is_data: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Distance (bands,) from the mean of the bands next to it that no value of a band exceeds.

    Parameters
    ----------
    values, is_data : (pixels, bands), each band of usual range 1.
    """
    order = np.random.default_rng(0).permutation(len(values))[:PIXELS]
    whole = order[is_data[order].all(axis=1)]
    if not whole.size:
        return np.full(values.shape[1], LARGEST)
    common = np.quantile(jumps(values[whole]), COMMON_JUMPS, axis=0)
    return np.asarray(np.maximum(FAR_JUMP * common, LEAST_JUMP))


def jumps(values: Floats) -> Floats:
    """Distance of each value (pixels, bands) from the mean of the two next to it."""
    if values.shape[1] < 3:
        return np.zeros_like(values)
    apart: Floats = np.empty_like(values)
    before, own, after, inner = values[:, :-2], values[:, 1:-1], values[:, 2:], apart[:, 1:-1]
    if values.flags.c_contiguous:
        # In one line, which is four times as fast as pixel by pixel; first and last bands, whose
        # neighbours there are of other pixels, are put right below.
        line = values.reshape(-1)
        before, own, after, inner = line[:-2], line[1:-1], line[2:], apart.reshape(-1)[1:-1]
    with np.errstate(over="ignore", invalid="ignore"):  # stray values may be infinite
        np.add(before, after, out=inner)
        inner *= -0.5
        inner += own
        np.subtract(values[:, 0], values[:, 1], out=apart[:, 0])
        np.subtract(values[:, -1], values[:, -2], out=apart[:, -1])
        np.abs(apart, out=apart)
    return apart


def tidy(
    values: Floats, is_data: NDArray[np.bool_], low: Floats, high: Floats, jump: Floats
) -> NDArray[np.bool_]:
    """Repair single values that stray or are missing, and draw in what strays in many bands.

    Parameters
    ----------
    values : (pixels, bands) standardised; changed in place. What is missing becomes 0, the mean,
        unless the bands next to it tell more.
    is_data : (pixels, bands).
    low, high : (bands,) range of values that do not stray.
    jump : (bands,) largest distance from the bands next to it of one that does not.

    Returns
    -------
    (pixels,) True where a pixel strays in more bands than can be repaired.
    """
    missing = None if is_data.all() else ~is_data
    if missing is not None:
        values[missing] = 0.0
    apart = jumps(values)
    bad = _exceed(apart, np.greater, jump)
    bad |= _exceed(values, np.greater, high) | _exceed(values, np.less, low)
    if missing is not None:
        bad |= missing.any(axis=1)
    rows = np.flatnonzero(bad)
    strays = np.zeros(len(values), bool)
    if not rows.size:
        return strays
    part, apart = values[rows], apart[rows]
    outside = (part > high) | (part < low)
    # The neighbours of a stray value jump, too, but half as far.
    peak = np.ones(apart.shape, bool)
    peak[:, 1:] &= apart[:, 1:] >= apart[:, :-1]
    peak[:, :-1] &= apart[:, :-1] >= apart[:, 1:]
    wrong = outside | (peak & (apart > jump))
    if missing is not None:
        wrong |= missing[rows]
    short = wrong & ~_long_runs(wrong, min(SHORT, values.shape[1] // 4) + 1)
    part[short] = _between(part, wrong)[short]
    outside &= ~short
    if outside.any():
        part[outside] = _drawn_in(part, low, high)[outside]
    values[rows] = part
    strays[rows] = outside.any(axis=1)
    return strays


def _exceed(values: Floats, compared: np.ufunc, limit: Floats) -> NDArray[np.bool_]:
    """Which pixels of `values` (pixels, bands) exceed the limit (bands,) of any band.

    Few bands have a value that does; only these are looked through.

    Parameters
    ----------
    compared : np.greater than an upper limit, or np.less than a lower one.
    """
    if not len(values):
        return np.zeros(0, bool)
    extreme = values.max(axis=0) if compared is np.greater else values.min(axis=0)
    asked = compared(extreme, limit) | np.isnan(extreme)
    return np.asarray(compared(values[:, asked], limit[asked]).any(axis=1))


def _long_runs(marks: NDArray[np.bool_], length: int) -> NDArray[np.bool_]:
    """Marks that have so many marks side by side, (pixels, bands)."""
    if length > marks.shape[1]:
        return np.zeros(marks.shape, bool)
    starts = np.lib.stride_tricks.sliding_window_view(marks, length, axis=1).all(axis=2)
    long = np.zeros(marks.shape, bool)
    for shift in range(length):
        long[:, shift : shift + starts.shape[1]] |= starts
    return long


def _between(values: Floats, wrong: NDArray[np.bool_]) -> Floats:
    """Values on straight lines between the nearest right ones of each pixel; 0 without any."""
    bands = values.shape[1]
    at = np.arange(bands)
    before = np.maximum.accumulate(np.where(wrong, -1, at), axis=1)
    after = np.minimum.accumulate(np.where(wrong, bands, at)[:, ::-1], axis=1)[:, ::-1]
    none = (before < 0) & (after >= bands)
    left = np.where(before >= 0, before, after).clip(0, bands - 1)
    right = np.where(after < bands, after, before).clip(0, bands - 1)
    share = ((at - left) / np.maximum(right - left, 1)).astype(values.dtype)
    first, last = (np.take_along_axis(values, index, axis=1) for index in (left, right))
    with np.errstate(invalid="ignore"):  # without a right one, both may be infinite
        line: Floats = np.where(none, 0.0, first + (last - first) * share)
    return line


def _drawn_in(values: Floats, low: Floats, high: Floats) -> Floats:
    """Values whose distance beyond a range is replaced by its logarithm: order stays."""
    inside = np.clip(values, low, high)
    apart = np.clip(values, -LARGEST, LARGEST) - inside
    near: Floats = inside + np.sign(apart) * np.log1p(np.abs(apart))
    return near
