"""Accuracy of a class map against test pixels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Z95 = 1.959963984540054  # 97.5 % quantile of the standard normal distribution


@dataclass(frozen=True)
class Interval:
    """A proportion with its 95 % interval, all 0..1; NaN where nothing was counted."""

    value: float
    low: float
    high: float


def wilson(successes: int, total: int) -> Interval:
    """Wilson score interval of a proportion (Wilson 1927, J. Am. Stat. Assoc. 22, 209-212)."""
    if total == 0:
        return Interval(float("nan"), float("nan"), float("nan"))
    p = successes / total
    z2 = Z95 * Z95
    centre = (p + z2 / (2 * total)) / (1 + z2 / total)
    half = Z95 / (1 + z2 / total) * np.sqrt(p * (1 - p) / total + z2 / (4 * total * total))
    low, high = float(centre - half), float(centre + half)
    return Interval(p, max(0.0, min(low, p)), min(1.0, max(high, p)))  # p within, rounding or not


@dataclass(frozen=True)
class AccuracyReport:
    """Confusion matrix and what follows from it.

    Attributes
    ----------
    class_ids : ids of the rows and columns, ascending: all that the truth or the map holds.
    matrix : (classes, classes) counts; rows are the truth, columns the map. Test pixels that the
        map leaves unclassified are counted in `unclassified` and as wrong.
    unclassified : (classes,) test pixels of each true class with map value 0.
    """

    class_ids: tuple[int, ...]
    matrix: NDArray[np.int64]
    unclassified: NDArray[np.int64]

    def __repr__(self) -> str:
        figures = f"overall {self.overall.value:.4f}, average {self.average:.4f}"
        size = f"{self.total} test pixels of {len(self.class_ids)} classes"
        return f"<AccuracyReport {figures}, kappa {self.kappa:.4f}: {size}>"

    @property
    def total(self) -> int:
        """Number of test pixels."""
        return int(self.matrix.sum() + self.unclassified.sum())

    @property
    def truth_counts(self) -> NDArray[np.int64]:
        """Test pixels of each true class."""
        counts: NDArray[np.int64] = self.matrix.sum(axis=1) + self.unclassified
        return counts

    @property
    def overall(self) -> Interval:
        """Overall accuracy (OA)."""
        return wilson(int(np.trace(self.matrix)), self.total)

    @property
    def producers(self) -> tuple[Interval, ...]:
        """Producer's accuracy (recall) of each class: right pixels / true pixels."""
        return tuple(
            wilson(int(self.matrix[i, i]), int(n)) for i, n in enumerate(self.truth_counts)
        )

    @property
    def users(self) -> tuple[Interval, ...]:
        """User's accuracy (precision) of each class: right pixels / mapped pixels."""
        return tuple(
            wilson(int(self.matrix[i, i]), int(n)) for i, n in enumerate(self.matrix.sum(axis=0))
        )

    @property
    def f1(self) -> NDArray[np.float64]:
        """F1 of each class: the harmonic mean of user's and producer's accuracy."""
        twice = 2.0 * np.diag(self.matrix)
        both = self.truth_counts + self.matrix.sum(axis=0)
        f1 = np.full(len(both), np.nan)
        np.divide(twice, both, out=f1, where=both > 0)
        return f1

    @property
    def average(self) -> float:
        """Average accuracy (AA): mean producer's accuracy of the classes that were scored."""
        values = [p.value for p in self.producers if not np.isnan(p.value)]
        return float(np.mean(values)) if values else float("nan")

    @property
    def kappa(self) -> float:
        """Cohen's kappa (Cohen 1960, Educ. Psychol. Meas. 20, 37-46)."""
        n = self.total
        if n == 0:
            return float("nan")
        agreed = np.trace(self.matrix) / n
        chance = float((self.truth_counts * self.matrix.sum(axis=0)).sum()) / (n * n)
        return float((agreed - chance) / (1 - chance)) if chance < 1 else float("nan")


def score(class_map: NDArray[np.uint16], test: NDArray[np.uint16]) -> AccuracyReport:
    """Compare a class map with test pixels.

    Parameters
    ----------
    class_map : (rows, columns) class ids.
    test : (rows, columns) true ids, 0 where a pixel is not scored.
    """
    scored = test > 0
    truth, mapped = test[scored], class_map[scored]
    ids = np.unique(np.concatenate([truth, mapped[mapped > 0]]))
    rows = np.searchsorted(ids, truth)
    known = mapped > 0
    columns = np.searchsorted(ids, mapped[known])
    matrix = np.zeros((ids.size, ids.size), np.int64)
    np.add.at(matrix, (rows[known], columns), 1)
    unclassified = np.bincount(rows[~known], minlength=ids.size).astype(np.int64)
    return AccuracyReport(tuple(int(i) for i in ids), matrix, unclassified)
