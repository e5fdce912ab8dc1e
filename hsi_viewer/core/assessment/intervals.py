"""95 % intervals of proportions: of pixels drawn at random, and of groups of pixels."""

from __future__ import annotations

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

Floats = NDArray[np.float64]

Z95 = 1.959963984540054  # 97.5 % quantile of the standard normal distribution
MOST_INFLATION = 4.0  # of a variance, for correlation between groups that groups do not show


class Interval(Struct, frozen=True):
    """A figure with its 95 % interval.

    Attributes
    ----------
    value : NaN where it is not defined.
    low, high : NaN, too, where there are too few groups to tell.
    """

    value: float
    low: float
    high: float


def wilson(successes: float, total: float, quantile: float = Z95) -> Interval:
    """Wilson score interval of a proportion (Wilson 1927, J. Am. Stat. Assoc. 22, 209-212)."""
    if not total > 0:
        return Interval(float("nan"), float("nan"), float("nan"))
    p = float(successes / total)
    z2 = quantile * quantile
    centre = (p + z2 / (2 * total)) / (1 + z2 / total)
    half = quantile / (1 + z2 / total) * np.sqrt(p * (1 - p) / total + z2 / (4 * total * total))
    low, high = float(centre - half), float(centre + half)
    return Interval(p, max(0.0, min(low, p)), min(1.0, max(high, p)))  # p within, rounding or not


def grouped_interval(
    value: float,
    without: Floats,
    weights: Floats,
    correlation: Floats,
    *,
    lowest: float = 0.0,
) -> Interval:
    """Interval of a figure from what it is without each group.

    The variance is that of the jackknife over groups. It misses the correlation between groups:
    under the correlation given, the ratio of the true variance to what the jackknife expects
    follows, and so does the number of degrees of freedom (as in Bell and McCaffrey 2002, Survey
    Methodology 28, 169-181; Imbens and Kolesar 2016, Rev. Econ. Stat. 98, 701-712). The interval
    is Wilson's for the number of independent pixels of the same variance (Korn and Graubard 1998,
    Survey Methodology 24, 193-201): it stays within the bounds of the figure, and where all
    pixels are right it is as wide as for as many pixels as there are groups.

    Parameters
    ----------
    value : of all groups, `lowest` to 1.
    without : (groups,) the figure without each group, NaN where it is not defined.
    weights : (groups,) test pixels that count for the figure.
    correlation : (groups, groups) of the errors of two pixels.
    lowest : least value that the figure can have.
    """
    counted = weights > 0
    weights, total = weights[counted], float(weights.sum())
    rest = without[counted & ~np.isnan(without)]
    unknown = Interval(value, float("nan"), float("nan"))
    if np.isnan(value) or rest.size < 2 or total**2 < 2 * float((weights**2).sum()):
        return unknown
    inflation, freedom = _hidden_part(weights, correlation[np.ix_(counted, counted)])
    variance = (rest.size - 1) / rest.size * float(((rest - rest.mean()) ** 2).sum()) * inflation
    return _bounded(value, variance, total, freedom + 1, _student(freedom), lowest)


def independent_interval(
    value: float,
    without: Floats,
    counts: NDArray[np.int64],
    total: float,
    *,
    lowest: float,
) -> Interval:
    """Interval of a figure of pixels that were drawn at random, by the jackknife over pixels.

    Parameters
    ----------
    value : of all pixels, `lowest` to 1.
    without : (cells,) the figure without a pixel of a cell of the confusion matrix.
    counts : (cells,) pixels in each.
    total : pixels that count for the figure.
    lowest : least value that the figure can have.
    """
    if np.isnan(value):
        return Interval(value, float("nan"), float("nan"))
    known = ~np.isnan(without)
    rest, counts = without[known], counts[known]
    pixels = float(counts.sum())
    variance = 0.0
    if pixels > 1:
        mean = float(counts @ rest) / pixels
        variance = (pixels - 1) / pixels * float(counts @ (rest - mean) ** 2)
    return _bounded(value, variance, total, total, Z95, lowest)


def _bounded(
    value: float, variance: float, total: float, certain: float, quantile: float, lowest: float
) -> Interval:
    """Wilson's interval for the number of independent pixels that have the same variance.

    Parameters
    ----------
    total : of the pixels, which that number never exceeds for a share of them.
    certain : number to take where every pixel is right, or wrong.
    """
    share, variance = (value - lowest) / (1 - lowest), variance / (1 - lowest) ** 2
    spread = share * (1 - share)
    size = total if spread > 0 else certain
    if spread > 0 and variance > 0:
        size = spread / variance
        size = min(size, total) if lowest == 0 else size
    found = wilson(share * size, size, quantile)
    low, high = (lowest + (1 - lowest) * x for x in (found.low, found.high))
    return Interval(value, min(low, value), max(high, value))


def _hidden_part(weights: Floats, correlation: Floats) -> tuple[float, float]:
    """Factor of the jackknife's variance, at least 1, and its degrees of freedom."""
    count = weights.size
    own = np.diag(correlation)
    covariance = np.outer(weights, weights) * correlation
    covariance[np.diag_indices(count)] += (1 - own) * weights
    centring = np.eye(count) - np.outer(weights, np.ones(count)) / weights.sum()
    seen = centring @ covariance @ centring.T
    expected = float(np.trace(seen))
    freedom = expected**2 / float((seen**2).sum())
    factor = float(covariance.sum()) / (count / (count - 1) * expected)
    return float(np.clip(factor, 1.0, MOST_INFLATION)), max(freedom, 1.0)


def _student(freedom: float) -> float:
    """97.5 % quantile of Student's t."""
    from scipy.special import stdtrit

    return float(stdtrit(freedom, 0.975))
