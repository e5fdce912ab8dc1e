"""Accuracy and area from a probability sample, adjusted for the map's errors.

Estimators of Stehman (2014, Int. J. Remote Sens. 35, 4923-4939) for stratified random samples;
where the strata are the classes of the map they are those of Olofsson et al. (2014, Remote Sens.
Environ. 148, 42-57).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hsi_viewer.core.assessment.intervals import Z95
from hsi_viewer.core.errors import LabelError

Numbers = NDArray[np.int64]
Floats = NDArray[np.float64]

LEAST_POINTS = 2  # of a stratum; one has no variance


@dataclass(frozen=True)
class Estimate:
    """An estimate with its standard error.

    Attributes
    ----------
    value, error : NaN where the sample has no such point.
    """

    value: float
    error: float

    @property
    def half(self) -> float:
        """Half of the 95 % interval."""
        return Z95 * self.error

    @property
    def interval(self) -> tuple[float, float]:
        """95 % interval of a share, within 0..1."""
        return max(0.0, self.value - self.half), min(1.0, self.value + self.half)


@dataclass(frozen=True, eq=False)
class AreaEstimates:
    """Accuracy and areas of a map, estimated from a probability sample.

    Attributes
    ----------
    class_ids : of the map and of the reference, ascending.
    overall : overall accuracy.
    users, producers : of each class.
    shares : share of the area of each class, adjusted for the errors of the map.
    matrix : (classes, classes) estimated shares of the area; rows are the map, columns the
        reference.
    total : pixels of the population.
    """

    class_ids: tuple[int, ...]
    overall: Estimate
    users: tuple[Estimate, ...]
    producers: tuple[Estimate, ...]
    shares: tuple[Estimate, ...]
    matrix: Floats
    total: int

    def areas(self, whole: float | None = None) -> tuple[Estimate, ...]:
        """Area of each class, in pixels, or in the unit of the whole area."""
        factor = float(self.total) if whole is None else whole
        return tuple(Estimate(factor * s.value, factor * s.error) for s in self.shares)


def estimate_areas(
    strata: Numbers, mapped: Numbers, reference: Numbers, sizes: Mapping[int, int]
) -> AreaEstimates:
    """Estimates from a stratified random sample.

    Parameters
    ----------
    strata : (n,) stratum of each point.
    mapped, reference : (n,) class of each in the map and in truth, above 0.
    sizes : pixels of every stratum of the population.

    Raises
    ------
    LabelError
        if the points cannot stand for the population, with the reason.
    """
    _check(strata, reference, sizes)
    sample = _Stratified(strata, sizes)
    ids = np.unique(np.concatenate([mapped, reference]))
    right = (mapped == reference).astype(np.float64)
    users, producers, shares = [], [], []
    for class_id in ids:
        in_map, in_truth = ((a == class_id).astype(np.float64) for a in (mapped, reference))
        users.append(sample.ratio(in_map * right, in_map))
        producers.append(sample.ratio(in_truth * right, in_truth))
        shares.append(sample.mean(in_truth))
    matrix = np.zeros((ids.size, ids.size))
    np.add.at(
        matrix, (np.searchsorted(ids, mapped), np.searchsorted(ids, reference)), sample.weights
    )
    return AreaEstimates(
        tuple(int(i) for i in ids),
        sample.mean(right),
        tuple(users),
        tuple(producers),
        tuple(shares),
        matrix,
        int(sample.size.sum()),
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
                f"needs {LEAST_POINTS} at least."
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

    def mean(self, values: Floats) -> Estimate:
        """Mean of the population."""
        return Estimate(float(self.weights @ values), self._error(values))

    def ratio(self, part: Floats, whole: Floats) -> Estimate:
        """Ratio of two means of the population."""
        total = float(self.weights @ whole)
        if total <= 0:
            return Estimate(float("nan"), float("nan"))
        found = float(self.weights @ part) / total
        return Estimate(found, self._error(part - found * whole) / total)

    def _error(self, values: Floats) -> float:
        """Standard error of the mean."""
        n = self.points
        means = np.bincount(self.stratum, values, n.size) / n
        squares = np.bincount(self.stratum, (values - means[self.stratum]) ** 2, n.size)
        spread = squares / np.maximum(n - 1, 1)
        left = 1 - n / self.size  # what was not drawn
        share = self.size / self.size.sum()
        return float(np.sqrt((share**2 * left * spread / n).sum()))
