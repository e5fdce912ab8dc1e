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
    residuals: Floats,
    weights: Floats,
    correlation: Floats,
    *,
    lowest: float = 0.0,
    answers: bool = False,
) -> Interval:
    """Interval of a figure from what each group adds to its error.

    The variance is that of the linearised figure over groups (Binder 1983, Int. Stat. Rev. 51,
    279-292). It misses the correlation between groups: under the correlation given, the ratio of
    the true variance to what the residuals expect follows, and so does the number of degrees of
    freedom (as in Bell and McCaffrey 2002, Survey Methodology 28, 169-181; Imbens and Kolesar
    2016, Rev. Econ. Stat. 98, 701-712). The interval is Wilson's for the number of independent
    pixels of the same variance, less what Student's t asks for (Korn and Graubard 1998, Survey
    Methodology 24, 193-201; Dean and Pacheco 2015, J. Surv. Stat. Methodol. 3, 484-503): it stays
    within the bounds of the figure. Few groups leave Student's t hardly any bound; but pixels of
    a group can't be more alike than one answer, and the figure of a class is at least as sure as
    the share of such answers. Where every pixel is right, there are as many of them as groups.

    Parameters
    ----------
    value : of all groups, `lowest` to 1.
    residuals : (groups,) the error of the figure is their sum, to first order; `residuals_of`.
    weights : (groups,) test pixels that count for the figure.
    correlation : (groups, groups) of the errors of two pixels.
    lowest : least value that the figure can have.
    answers : whether a group counts as one answer where that is surer, as of single classes.
    """
    counted = weights > 0
    own, weights = residuals[counted], weights[counted]
    total, squares = float(weights.sum()), float((weights**2).sum())
    if np.isnan(value) or own.size < 2 or total**2 < 2 * squares:
        return Interval(value, float("nan"), float("nan"))
    alike = correlation[np.ix_(counted, counted)]
    inflation, freedom = _hidden_part(weights, alike)
    variance = own.size / (own.size - 1) * float((own**2).sum()) * inflation
    between = float(weights @ alike @ weights) - float(np.diag(alike) @ weights**2)
    groups = total**2 / (squares + between)
    size = _same_variance(value, variance, lowest) * (Z95 / _student(freedom)) ** 2
    if np.isnan(size) or answers:
        size = float(np.fmax(size, groups))
    return _of_size(value, size, lowest)


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
    size = _same_variance(value, variance, lowest)
    if np.isnan(size) or (lowest == 0 and size > total):
        size = total
    return _of_size(value, size, lowest)


def _same_variance(value: float, variance: float, lowest: float) -> float:
    """Number of independent pixels of the same variance; NaN where none varies."""
    spread = (value - lowest) * (1 - value)
    return spread / variance if spread > 0 and variance > 0 else float("nan")


def _of_size(value: float, size: float, lowest: float) -> Interval:
    """Wilson's interval of a figure from `lowest` to 1 for so many independent pixels."""
    found = wilson((value - lowest) / (1 - lowest) * size, size)
    low, high = (lowest + (1 - lowest) * x for x in (found.low, found.high))
    return Interval(value, min(low, value), max(high, value))


def _hidden_part(weights: Floats, correlation: Floats) -> tuple[float, float]:
    """Factor of the variance over groups, at least 1, and its degrees of freedom."""
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
