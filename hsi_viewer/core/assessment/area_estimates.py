"""Accuracy and area from a probability sample, adjusted for the map's errors.

Estimators of Stehman (2014, Int. J. Remote Sens. 35, 4923-4939) for stratified random samples;
where the strata are the classes of the map they are those of Olofsson et al. (2014, Remote Sens.
Environ. 148, 42-57).
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from hsi_viewer.core.assessment.intervals import Z95, wilson
from hsi_viewer.core.errors import LabelError

Numbers = NDArray[np.int64]
Floats = NDArray[np.float64]

LEAST_POINTS = 2  # of a stratum; one has no variance
ROUNDING = 1e-9  # a smaller standard error is none: every stratum is of one kind
CANNOT_TELL = -1  # reference of a point whose class is unknown


class Estimate(Struct, frozen=True):
    """An estimate with its standard error and its 95 % interval; NaN where it is undefined.

    The interval of a share is Wilson's for as many independent points as have the same variance
    (Korn and Graubard 1998, Survey Methodology 24, 193-201): about value ± `half`, within 0 to 1,
    and wider than nothing where all points are right.
    """

    value: float
    error: float
    low: float
    high: float

    @property
    def half(self) -> float:
        """Half of the published 95 % interval, value ± 1.96 standard errors."""
        return Z95 * self.error

    def times(self, factor: float) -> Estimate:
        """The estimate in another unit."""
        return Estimate(*(factor * x for x in (self.value, self.error, self.low, self.high)))


UNDEFINED = Estimate(float("nan"), float("nan"), float("nan"), float("nan"))


class AreaEstimates(Struct, frozen=True, eq=False):
    """Accuracy and areas of a map, estimated from a probability sample.

    Attributes
    ----------
    class_ids : of the map and of the reference, ascending.
    overall : overall accuracy.
    users, producers : of each class.
    shares : share of the area of each class, adjusted for the errors of the map.
    matrix : (classes, classes) estimated shares of the area; rows are the map, columns the
        reference.
    unmapped : share of the area that the map leaves unclassified.
    total : pixels of the population.
    points : that were labelled.
    untold : further points whose class is unknown.
    bounds : overall accuracy if all of those are wrong, and if all are right.
    """

    class_ids: tuple[int, ...]
    overall: Estimate
    users: tuple[Estimate, ...]
    producers: tuple[Estimate, ...]
    shares: tuple[Estimate, ...]
    matrix: Floats
    unmapped: float
    total: int
    points: int
    untold: int
    bounds: tuple[float, float]

    def areas(self, whole: float | None = None) -> tuple[Estimate, ...]:
        """Area of each class, in pixels, or in the unit of the whole area."""
        factor = float(self.total) if whole is None else whole
        return tuple(share.times(factor) for share in self.shares)


def estimate_areas(
    strata: Numbers, mapped: Numbers, reference: Numbers, sizes: Mapping[int, int]
) -> AreaEstimates:
    """Estimates from a stratified random sample.

    Points whose class is unknown are left out of their stratum, as if they were like its other
    points; `bounds` says what that may hide.

    Parameters
    ----------
    strata : (n,) stratum of each point.
    mapped : (n,) class of each in the map; 0 where it is unclassified.
    reference : (n,) class of each in truth, above 0, or `CANNOT_TELL`.
    sizes : pixels of every stratum of the population.

    Raises
    ------
    LabelError
        if the points cannot stand for the population, with the reason.
    """
    told = reference != CANNOT_TELL
    _check(strata[told], reference[told], sizes)
    everything = _Stratified(strata, sizes)
    right = (mapped == reference).astype(np.float64)
    bounds = everything.share(right), everything.share(right + ~told)
    strata, mapped, reference, right = (a[told] for a in (strata, mapped, reference, right))
    sample = _Stratified(strata, sizes)
    ids = np.unique(np.concatenate([mapped, reference]))
    ids = ids[ids > 0]
    users, producers, shares = [], [], []
    for class_id in ids:
        in_map, in_truth = ((a == class_id).astype(np.float64) for a in (mapped, reference))
        users.append(sample.ratio(in_map * right, in_map))
        producers.append(sample.ratio(in_truth * right, in_truth))
        shares.append(sample.mean(in_truth))
    matrix, has = np.zeros((ids.size, ids.size)), mapped > 0
    cells = np.searchsorted(ids, mapped[has]), np.searchsorted(ids, reference[has])
    np.add.at(matrix, cells, sample.weights[has])
    return AreaEstimates(
        tuple(int(i) for i in ids),
        sample.mean(right),
        tuple(users),
        tuple(producers),
        tuple(shares),
        matrix,
        sample.share((~has).astype(np.float64)),
        int(sample.size.sum()),
        int(strata.size),
        int(np.count_nonzero(~told)),
        bounds,
    )


def _check(strata: Numbers, reference: Numbers, sizes: Mapping[int, int]) -> None:
    unlabelled = int(np.count_nonzero(reference <= 0))
    if unlabelled:
        raise LabelError(
            f"{unlabelled} of {reference.size} reference points aren't labelled yet; label all of "
            "them, because those that are left out would bias the areas."
        )
    strange = set(np.unique(strata).tolist()) - set(sizes)
    if strange:
        raise LabelError(
            f"Reference points lie in stratum {min(strange)}, whose size isn't known; draw a new "
            "reference sample for this map."
        )
    for stratum, size in sizes.items():
        points = int(np.count_nonzero(strata == stratum))
        if size > 0 and points < min(LEAST_POINTS, size):
            raise LabelError(
                f"Stratum {stratum} has {points} reference points of {size} pixels; every stratum "
                f"needs at least {LEAST_POINTS} whose class is known."
            )
        if points > size:
            raise LabelError(
                f"Stratum {stratum} has {points} reference points, but {size} pixels; draw a new "
                "reference sample for this map."
            )


class _Stratified:
    """Means and ratios of a stratified random sample, drawn without replacement.

    Parameters
    ----------
    strata : (n,) stratum of each point.
    sizes : pixels of each stratum.
    """

    def __init__(self, strata: Numbers, sizes: Mapping[int, int]) -> None:
        names = np.array(sorted(s for s, size in sizes.items() if size > 0), np.int64)
        self.stratum = np.searchsorted(names, strata)
        self.size = np.array([sizes[int(s)] for s in names], np.float64)
        self.points = np.bincount(self.stratum, minlength=names.size).astype(np.float64)
        self.weights = (self.size / self.points)[self.stratum] / self.size.sum()

    def share(self, values: Floats) -> float:
        """Mean of the population, within 0 to 1."""
        return min(1.0, max(0.0, float(self.weights @ values)))

    def mean(self, values: Floats) -> Estimate:
        """Mean of the population of values of 0 and 1."""
        return self.ratio(values, np.ones_like(values))

    def ratio(self, part: Floats, whole: Floats) -> Estimate:
        """Ratio of two means of the population, of which the first is a part of the second."""
        total = float(self.weights @ whole)
        if total <= 0:
            return UNDEFINED
        found = min(1.0, float(self.weights @ part) / total)
        error = self._error(part - found * whole) / total
        spread = found * (1 - found)
        size = spread / error**2 if spread > 0 and error > ROUNDING else self._points(whole)
        if size == np.inf:
            return Estimate(found, error, found, found)
        interval = wilson(found * size, size)
        return Estimate(found, error, min(found, interval.low), max(found, interval.high))

    def _points(self, whole: Floats) -> float:
        """Independent points that know as much of a part; infinitely many if all were drawn."""
        weights = self.weights * whole
        left = (1 - self.points / self.size)[self.stratum]
        spread = float((weights**2 * left).sum())
        return float(weights.sum()) ** 2 / spread if spread > 0 else float("inf")

    def _error(self, values: Floats) -> float:
        """Standard error of the mean."""
        n = self.points
        means = np.bincount(self.stratum, values, n.size) / n
        squares = np.bincount(self.stratum, (values - means[self.stratum]) ** 2, n.size)
        spread = squares / np.maximum(n - 1, 1)
        left = 1 - n / self.size  # what was not drawn
        share = self.size / self.size.sum()
        return float(np.sqrt((share**2 * left * spread / n).sum()))
