"""Mean, deviation and percentiles of many spectra that are seen a block at a time."""

from __future__ import annotations

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

Floats = NDArray[np.float64]
LEVELS: tuple[float, ...] = (5.0, 25.0, 50.0, 75.0, 95.0)


class BandStatistics(Struct, frozen=True):
    """Statistics of the spectra of a set of pixels.

    Attributes
    ----------
    count : pixels of the set, with or without data.
    mean, std : (bands,) mean and standard deviation (of the population) over the pixels that have
        data in the band; NaN where none has.
    levels : percent of each row of `percentiles`.
    percentiles : (levels, bands).
    resolution : (bands,) the percentiles lie within this of the true ones; 0 where exact.
    """

    count: int
    mean: Floats
    std: Floats
    levels: tuple[float, ...]
    percentiles: Floats
    resolution: Floats

    def scaled(self, factor: float, offset: float = 0.0) -> BandStatistics:
        """The statistics of the same spectra times a positive factor plus an offset."""
        return BandStatistics(
            self.count,
            self.mean * factor + offset,
            self.std * factor,
            self.levels,
            self.percentiles * factor + offset,
            self.resolution * factor,
        )


class Moments:
    """Count, mean, deviation and range of each band.

    Blocks are merged by the pairwise update of Chan, Golub & LeVeque (1983), Am. Stat. 37, 242-247,
    which does not lose digits as sums of squares do.
    """

    def __init__(self, bands: int) -> None:
        self.count = np.zeros(bands, np.int64)
        self.mean, self._squares = np.zeros(bands), np.zeros(bands)
        self.low, self.high = np.full(bands, np.inf), np.full(bands, -np.inf)

    def add(self, values: Floats) -> None:
        """Add spectra, (pixels, bands), NaN where there is no data."""
        there = np.isfinite(values)
        n = there.sum(axis=0)
        if not n.any():
            return
        whole = bool(there.all())
        known = values if whole else np.where(there, values, 0.0)
        mean = known.sum(axis=0) / np.maximum(n, 1)
        apart = values - mean
        if not whole:
            apart[~there] = 0.0
        squares = np.einsum("pb,pb->b", apart, apart)
        total = np.maximum(self.count + n, 1)
        difference = mean - self.mean
        self._squares += squares + difference**2 * self.count * n / total
        self.mean += difference * n / total
        self.count += n
        lowest = values if whole else np.where(there, values, np.inf)
        highest = values if whole else np.where(there, values, -np.inf)
        self.low = np.minimum(self.low, lowest.min(axis=0))
        self.high = np.maximum(self.high, highest.max(axis=0))

    def mean_and_std(self) -> tuple[Floats, Floats]:
        """Mean and standard deviation, NaN where nothing was seen."""
        seen = self.count > 0
        spread = np.sqrt(self._squares / np.maximum(self.count, 1))
        return np.where(seen, self.mean, np.nan), np.where(seen, spread, np.nan)


class Histograms:
    """Counts of the values of each band, from which percentiles are read.

    Parameters
    ----------
    low, high : (bands,) range of the values.
    bins : most bins of a band.
    whole : whether the values are whole numbers; then a range below `bins` is counted exactly.
    """

    def __init__(self, low: Floats, high: Floats, bins: int, *, whole: bool) -> None:
        self._low = np.where(np.isfinite(low), low, 0.0)
        width = np.where(np.isfinite(high), high, 0.0) - self._low
        if whole:  # no more bins than the widest band has numbers
            bins = int(min(bins, width.max() + 1))
        self.exact = (width == 0) | ((width + 1 <= bins) & whole)
        self._step = np.where(self.exact, 1.0, width / bins)
        self._counts = np.zeros((low.size, bins), np.int64)

    def add(self, values: Floats) -> None:
        """Count spectra, (pixels, bands), NaN where there is no data."""
        bins = self._counts.shape[1]
        for counts, column, low, step in zip(
            self._counts, np.ascontiguousarray(values.T), self._low, self._step, strict=True
        ):
            known = column[np.isfinite(column)]
            index = np.minimum(((known - low) / step).astype(np.intp), bins - 1)
            counts += np.bincount(index, minlength=bins)

    @property
    def resolution(self) -> Floats:
        """Greatest error of a percentile in each band."""
        return np.where(self.exact, 0.0, self._step)

    def percentiles(self, levels: tuple[float, ...]) -> Floats:
        """Percentiles (levels, bands), linear between neighbours as numpy's; NaN without data."""
        result = np.full((len(levels), self._counts.shape[0]), np.nan)
        for band in range(self._counts.shape[0]):
            counts = np.cumsum(self._counts[band])
            n = int(counts[-1])
            if n == 0:
                continue
            for k, level in enumerate(levels):
                rank = (n - 1) * level / 100.0
                below, above = np.floor(rank), np.ceil(rank)
                a, b = np.searchsorted(counts, [below, above], side="right")
                middle = 0.0 if self.exact[band] else 0.5
                first = self._low[band] + (a + middle) * self._step[band]
                second = self._low[band] + (b + middle) * self._step[band]
                result[k, band] = first + (rank - below) * (second - first)
        return result
