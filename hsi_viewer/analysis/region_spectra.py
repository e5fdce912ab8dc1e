"""Spectra of regions and classes over all their pixels, read block by block."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hsi_viewer.core.cube.blocks import blocks
from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.progress import CancelToken, Progress, ProgressPort, SilentPort
from hsi_viewer.core.spectra.band_statistics import LEVELS, BandStatistics, Histograms, Moments

HELD_BYTES = 192 * 2**20  # held at most for exact percentiles
COUNTED_BYTES = 192 * 2**20  # taken at most by counts of values
MAX_BINS = 65536
COUNT_ROWS = 512

Groups = NDArray[np.uint16] | NDArray[np.bool_]


def region_statistics(
    cube: HyperCube,
    groups: Groups,
    token: CancelToken | None = None,
    port: ProgressPort | None = None,
    held: int = HELD_BYTES,
    levels: tuple[float, ...] = LEVELS,
) -> Mapping[int, BandStatistics]:
    """Mean, standard deviation and percentiles of every group of pixels, in physical units.

    Only blocks that hold pixels of a group are read, and never more than one at a time. Small
    groups are kept for exact percentiles; for large ones a second reading counts the values,
    exactly where they are whole numbers of a small range.

    Parameters
    ----------
    cube : whose spectra are taken.
    groups : (rows, columns) number of the group of each pixel, 0 for none; or a mask, which is
        group 1.
    held : bytes of values that may be held in memory for exact percentiles.
    levels : percent of the percentiles.

    Returns
    -------
    The statistics by group number, for the numbers that occur.

    Raises
    ------
    TaskCancelledError
        when the token is cancelled.
    """
    token, port = token or CancelToken(), port or SilentPort()
    sizes = _sizes(groups)
    ids = [int(i) for i in np.flatnonzero(sizes) if i > 0]
    small = int(sizes[1:].sum()) * cube.bands * 8 <= held
    moments = {i: Moments(cube.bands) for i in ids}
    kept: dict[int, list[NDArray[np.float64]]] = {i: [] for i in ids}
    share = 1.0 if small else 0.5
    for fraction, i, values in _spectra(cube, groups, token):
        moments[i].add(values)
        if small:
            kept[i].append(values)
        port.report(Progress("Averaging spectra", share * fraction))
    found: dict[int, tuple[NDArray[np.float64], NDArray[np.float64]]] = {}
    if small:
        exact = np.zeros(cube.bands)
        found = {i: (_percentiles(np.concatenate(kept[i]), levels), exact) for i in ids}
    else:
        bins = min(MAX_BINS, max(256, COUNTED_BYTES // (len(ids) * cube.bands * 8)))
        whole = cube.dtype.kind in "biu"
        counts = {i: Histograms(m.low, m.high, bins, whole=whole) for i, m in moments.items()}
        for fraction, i, values in _spectra(cube, groups, token):
            counts[i].add(values)
            port.report(Progress("Counting values for the percentiles", 0.5 + 0.5 * fraction))
        found = {i: (c.percentiles(levels), c.resolution) for i, c in counts.items()}
    return {
        i: BandStatistics(int(sizes[i]), *moments[i].mean_and_std(), levels, *found[i]).scaled(
            cube.scale, cube.offset
        )
        for i in ids
    }


def _sizes(groups: Groups) -> NDArray[np.int64]:
    """Pixels of each group; by parts, for counting takes eight bytes per pixel."""
    sizes = np.zeros(MAX_BINS, np.int64)
    for top in range(0, groups.shape[0], COUNT_ROWS):
        part = groups[top : top + COUNT_ROWS].ravel().astype(np.intp)
        sizes += np.bincount(part, minlength=MAX_BINS)
    return sizes


def _spectra(
    cube: HyperCube, groups: Groups, token: CancelToken
) -> Iterator[tuple[float, int, NDArray[np.float64]]]:
    """Stored spectra (pixels, bands) of each group in each block, with the part that is done."""
    rows = np.flatnonzero(groups.any(axis=1))
    columns = np.flatnonzero(groups.any(axis=0))
    if rows.size == 0:
        return
    top, bottom = int(rows[0]), int(rows[-1]) + 1
    box = (top, int(columns[0]), bottom, int(columns[-1]) + 1)
    for r, c in blocks(cube, cube.bands * max(1, 8 // cube.dtype.itemsize), box):
        token.check()
        part = groups[r, c]
        there = np.flatnonzero(part.any(axis=1))
        if there.size == 0:
            continue
        tight = slice(r.start + int(there[0]), r.start + int(there[-1]) + 1)
        part, stored = groups[tight, c], cube.read(tight, c)
        for i in np.unique(part[part > 0]).astype(int).tolist():
            yield (r.stop - top) / (bottom - top), i, _values(cube, stored[part == i])


def _values(cube: HyperCube, stored: NDArray[Any]) -> NDArray[np.float64]:
    values: NDArray[np.float64] = stored.astype(np.float64)
    there = cube.is_data(stored)
    if not there.all():
        values[~there] = np.nan
    return values


def _percentiles(values: NDArray[np.float64], levels: tuple[float, ...]) -> NDArray[np.float64]:
    """Percentiles (levels, bands) over the values that aren't missing."""
    if np.isfinite(values).all():
        return np.asarray(np.percentile(values, levels, axis=0))
    result = np.full((len(levels), values.shape[1]), np.nan)
    for band, column in enumerate(values.T):
        known = column[np.isfinite(column)]
        if known.size:
            result[:, band] = np.percentile(known, levels)
    return result
