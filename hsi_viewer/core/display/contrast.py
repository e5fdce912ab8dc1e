"""Contrast: how the values of a scene become brightness, as the user asks for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from statistics import NormalDist
from typing import Any, Literal, get_args

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from hsi_viewer.core.cube.blocks import sample_steps
from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.display.stretch import Curve, Limits, Transfer, percentile_limits

ContrastKind = Literal["percentile", "minmax", "gaussian", "equalize", "typed"]
KINDS: tuple[ContrastKind, ...] = get_args(ContrastKind)

KNOTS = 257
GAUSSIAN_SIGMAS = 3.0  # black and white lie this many standard deviations from middle grey
HISTOGRAM_BINS = 128


class Histogram(Struct, frozen=True, eq=False):
    """Counts of stored values in bins of one width; empty if the band has no data.

    Attributes
    ----------
    counts : (bins,).
    low, high : where the first bin begins and the last one ends.
    """

    counts: NDArray[np.intp]
    low: float
    high: float


@dataclass(frozen=True, eq=False)
class BandSample:
    """Values of one band over the whole scene, without what is no data.

    Attributes
    ----------
    values : (n,) stored values, every few pixels where the scene is large; n may be 0.
    """

    values: NDArray[Any]

    @classmethod
    def of(cls, cube: HyperCube, band: int) -> BandSample:
        """Sample a band of a cube."""
        return sample_bands(cube, (band,))[0]

    @cached_property
    def histogram(self) -> Histogram:
        """Histogram of the values, computed once."""
        return histogram(self.values)


def sample_bands(cube: HyperCube, bands: Sequence[int]) -> tuple[BandSample, ...]:
    """Sample bands of a cube at the same pixels, in one read."""
    rows, columns = sample_steps(cube)
    stored = cube.read(rows, columns, bands)
    valid = cube.is_data(stored)
    return tuple(BandSample(stored[:, :, i][valid[:, :, i]]) for i in range(len(bands)))


@dataclass(frozen=True)
class Contrast:
    """The contrast that the user asked for; `transfers` applies it to a scene.

    Attributes
    ----------
    kind : percentile and minmax are linear; gaussian gives the picture a normal histogram
        (Gonzalez and Woods, Digital Image Processing, section on histogram specification);
        equalize a flat one; typed takes `limits` as they are.
    percent : percentiles that become black and white, for kind percentile.
    limits : one per channel, for kind typed.
    linked : whether all channels share one transfer, so that hues are kept.
    """

    kind: ContrastKind = "percentile"
    percent: tuple[float, float] = (2.0, 98.0)
    limits: tuple[Limits, ...] = ()
    linked: bool = False

    def transfers(self, samples: Sequence[BandSample]) -> tuple[Transfer, ...]:
        """One transfer per channel from a sample of the whole scene."""
        if self.kind == "typed" and self.limits:
            given = self.limits[: len(samples)]
            return (*given, *(given[-1:] * (len(samples) - len(given))))
        if self.linked and len(samples) > 1:
            pooled = BandSample(np.concatenate([s.values for s in samples]))
            return (self._transfer(pooled),) * len(samples)
        return tuple(self._transfer(s) for s in samples)

    def _transfer(self, sample: BandSample) -> Transfer:
        if self.kind == "equalize":
            return equalizing_curve(sample.values)
        if self.kind == "gaussian":
            return gaussian_curve(sample.values)
        low, high = (0.0, 100.0) if self.kind == "minmax" else self.percent
        return percentile_limits(sample.values, np.ones(sample.values.shape, bool), low, high)


def equalizing_curve(values: NDArray[Any]) -> Transfer:
    """Curve that gives each brightness the same number of values.

    The brightness of a knot is the fraction of values below it plus half of those equal to it.
    """
    knots, ranks = _ranks(values)
    if knots.size < 2:
        return percentile_limits(values, np.ones(values.shape, bool))
    levels = (ranks - ranks[0]) / (ranks[-1] - ranks[0])
    return Curve(tuple(knots.tolist()), tuple(levels.tolist()))


def gaussian_curve(values: NDArray[Any]) -> Transfer:
    """Curve that gives the picture a normal histogram about middle grey."""
    knots, ranks = _ranks(values)
    if knots.size < 2:
        return percentile_limits(values, np.ones(values.shape, bool))
    normal = NormalDist(0.5, 0.5 / GAUSSIAN_SIGMAS)
    levels = [min(max(normal.inv_cdf(r), 0.0), 1.0) for r in ranks.tolist()]
    return Curve(tuple(knots.tolist()), tuple(levels))


def _ranks(values: NDArray[Any]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Distinct quantiles (k,) and the rank 0..1 of each among all values, both rising."""
    if values.size == 0:
        return np.zeros(0), np.zeros(0)
    ordered = np.sort(values)
    at = np.linspace(0, ordered.size - 1, KNOTS).round().astype(np.intp)
    knots = np.unique(ordered[at])
    below = np.searchsorted(ordered, knots, "left")
    up_to = np.searchsorted(ordered, knots, "right")
    return knots.astype(np.float64), (below + up_to) / (2.0 * ordered.size)


def ends(transfer: Transfer) -> Limits:
    """Stored values that become black and white."""
    if isinstance(transfer, Limits):
        return transfer
    return Limits(transfer.knots[0], transfer.knots[-1])


def histogram(values: NDArray[Any], bins: int = HISTOGRAM_BINS) -> Histogram:
    """Histogram of values (n,) between their 0.1 and 99.9 percentiles, widened by a tenth."""
    if values.size == 0:
        return Histogram(np.zeros(bins, np.intp), 0.0, 1.0)
    inner = percentile_limits(values, np.ones(values.shape, bool), 0.1, 99.9)
    margin = 0.1 * (inner.high - inner.low)
    low, high = inner.low - margin, inner.high + margin
    counts, _ = np.histogram(values.astype(np.float64), bins, (low, high))
    return Histogram(counts, low, high)
