"""Accuracy of a class map against test pixels."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from msgspec import Struct
from numpy.typing import ArrayLike, NDArray

from hsi_viewer.core.assessment.error_correlation import error_correlation
from hsi_viewer.core.assessment.figures import (
    BY_CLASS,
    KAPPA,
    OVERALL,
    figures_of,
    residuals_of,
)
from hsi_viewer.core.assessment.groups import groups_of
from hsi_viewer.core.assessment.intervals import (
    Interval,
    grouped_interval,
    independent_interval,
    wilson,
)
from hsi_viewer.core.errors import LabelError
from hsi_viewer.core.geometry.connected_labels import connected_labels
from hsi_viewer.core.labels.class_ids import class_ids


class GroupCounts(Struct, frozen=True, eq=False):
    """Test pixels of each group: what intervals follow from.

    Attributes
    ----------
    right, truth, mapped : (groups, classes) pixels that are right, of the true, the mapped class.
    correlation : (groups, groups) mean correlation of the errors of two pixels.
    """

    right: NDArray[np.int64]
    truth: NDArray[np.int64]
    mapped: NDArray[np.int64]
    correlation: NDArray[np.float64]

    @property
    def count(self) -> int:
        """Number of groups."""
        return len(self.truth)


@dataclass(frozen=True, eq=False)
class AccuracyReport:
    """Confusion matrix and what follows from it.

    Attributes
    ----------
    class_ids : ids of the rows and columns, ascending: all that the truth or the map holds.
    matrix : (classes, classes) counts; rows are the truth, columns the map. Test pixels that the
        map leaves unclassified are counted in `unclassified` and as wrong.
    unclassified : (classes,) test pixels of each true class with map value 0.
    groups : what intervals are taken over; None where the test pixels were drawn at random for
        the purpose, so that each pixel counts by itself.
    """

    class_ids: tuple[int, ...]
    matrix: NDArray[np.int64]
    unclassified: NDArray[np.int64]
    groups: GroupCounts | None = None

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
    def mapped_counts(self) -> NDArray[np.int64]:
        """Test pixels of each mapped class."""
        counts: NDArray[np.int64] = self.matrix.sum(axis=0)
        return counts

    @property
    def basis(self) -> str:
        """A sentence that says what the intervals are based on."""
        if self.groups is None:
            return f"Intervals treat the {self.total:,} test pixels as a random sample."
        return (
            f"Intervals are taken over {self.groups.count} groups of neighbouring test pixels, "
            "because the errors of neighbours are correlated."
        )

    @property
    def overall(self) -> Interval:
        """Overall accuracy (OA)."""
        return self._intervals[0]

    @property
    def average_interval(self) -> Interval:
        """Average accuracy (AA) with its interval."""
        return self._intervals[1]

    @property
    def kappa_interval(self) -> Interval:
        """Cohen's kappa with its interval."""
        return self._intervals[2]

    @property
    def producers(self) -> tuple[Interval, ...]:
        """Producer's accuracy (recall) of each class: right pixels / true pixels."""
        return self._intervals[3 : 3 + len(self.class_ids)]

    @property
    def users(self) -> tuple[Interval, ...]:
        """User's accuracy (precision) of each class: right pixels / mapped pixels."""
        n = len(self.class_ids)
        return self._intervals[3 + n : 3 + 2 * n]

    @property
    def f1_intervals(self) -> tuple[Interval, ...]:
        """F1 of each class with its interval."""
        return self._intervals[3 + 2 * len(self.class_ids) :]

    @property
    def f1(self) -> NDArray[np.float64]:
        """F1 of each class: the harmonic mean of user's and producer's accuracy."""
        return self._figures[3 + 2 * len(self.class_ids) :]

    @property
    def average(self) -> float:
        """Average accuracy (AA): mean producer's accuracy of the classes that were scored."""
        return float(self._figures[1])

    @property
    def kappa(self) -> float:
        """Cohen's kappa (Cohen 1960, Educ. Psychol. Meas. 20, 37-46)."""
        return float(self._figures[2])

    @cached_property
    def _figures(self) -> NDArray[np.float64]:
        """Overall, average, kappa, then producer's, user's and F1 of each class."""
        return figures_of(np.diag(self.matrix), self.truth_counts, self.mapped_counts)

    @cached_property
    def _intervals(self) -> tuple[Interval, ...]:
        return self._of_groups(self.groups) if self.groups is not None else self._of_pixels()

    def _of_groups(self, groups: GroupCounts) -> tuple[Interval, ...]:
        right, truth, mapped = (
            c.astype(np.float64) for c in (groups.right, groups.truth, groups.mapped)
        )
        whole = np.tile(truth.sum(axis=1, keepdims=True), (1, BY_CLASS))
        weights = np.concatenate([whole, truth, mapped, truth + mapped], axis=1)
        residuals = residuals_of(right, truth, mapped)
        return tuple(
            grouped_interval(
                float(value),
                residuals[:, j],
                weights[:, j],
                groups.correlation,
                lowest=_lowest(j),
                answers=j >= BY_CLASS,
            )
            for j, value in enumerate(self._figures)
        )

    def _of_pixels(self) -> tuple[Interval, ...]:
        """Intervals of independent pixels: Wilson's, or by the jackknife over equal pixels."""
        cells = np.column_stack([self.matrix, self.unclassified])
        true, said = np.nonzero(cells)
        counts, row = cells[true, said], np.arange(true.size)
        n = len(self.class_ids)
        right, truth, mapped = (
            np.tile(c, (true.size, 1)).astype(np.float64)
            for c in (np.diag(self.matrix), self.truth_counts, self.mapped_counts)
        )
        truth[row, true] -= 1
        known = said < n
        mapped[row[known], said[known]] -= 1
        right[row[true == said], true[true == said]] -= 1
        without = figures_of(right, truth, mapped)
        used = np.concatenate([[self.total] * BY_CLASS, self.truth_counts, self.mapped_counts])
        used = np.concatenate([used, self.truth_counts + self.mapped_counts])
        found = [
            independent_interval(
                float(value), without[:, j], counts, float(used[j]), lowest=_lowest(j)
            )
            for j, value in enumerate(self._figures)
        ]
        shares = [np.trace(self.matrix), *np.diag(self.matrix), *np.diag(self.matrix)]
        columns = [OVERALL, *range(BY_CLASS, BY_CLASS + 2 * n)]
        for j, own in zip(columns, shares, strict=True):
            found[j] = wilson(int(own), int(used[j]))
        return tuple(found)


def score(
    class_map: ArrayLike, test: ArrayLike, *, drawn_at_random: bool = False
) -> AccuracyReport:
    """Compare a class map with test pixels.

    Parameters
    ----------
    class_map : (rows, columns) class ids.
    test : (rows, columns) true ids; 0, negative and NaN where a pixel is not scored.
    drawn_at_random : whether the test pixels are a random sample of the scene, drawn to measure
        the accuracy; otherwise intervals are taken over groups of neighbouring test pixels.

    Raises
    ------
    LabelError
        if their sizes differ, or values are not class ids.
    """
    mapped = class_ids(class_map, "the class map", copy=False)
    truth = class_ids(test, "the test pixels", copy=False)
    if mapped.shape != truth.shape or truth.ndim != 2:
        raise LabelError(
            f"The class map is {_size(mapped)} pixels and the test pixels are {_size(truth)}; "
            "score those of the same scene."
        )
    pixels = np.flatnonzero(truth)
    return score_pixels(
        truth.ravel()[pixels],
        mapped.ravel()[pixels],
        pixels,
        truth.shape[1],
        drawn_at_random=drawn_at_random,
    )


def _size(ids: NDArray[np.uint16]) -> str:
    return " x ".join(map(str, ids.shape)) or "a single one"


def score_pixels(
    truth: NDArray[np.integer[Any]],
    mapped: NDArray[np.integer[Any]],
    pixels: NDArray[np.int64],
    columns: int,
    *,
    regions: NDArray[np.int64] | None = None,
    drawn_at_random: bool = False,
) -> AccuracyReport:
    """Compare what a map says of test pixels with the truth.

    Parameters
    ----------
    truth, mapped : (n,) true ids, above 0, and mapped ids, 0 for none.
    pixels : (n,) flat indices in the scene, row-major, each once.
    columns : of the scene.
    regions : (n,) test pixels that belong together, from 0, and are never parted; connected ones
        of a class if left out.
    drawn_at_random : as of `score`.
    """
    ids = np.unique(np.concatenate([truth, mapped[mapped > 0]]))
    rows = np.searchsorted(ids, truth)
    known = mapped > 0
    found = np.searchsorted(ids, mapped[known])
    matrix = np.zeros((ids.size, ids.size), np.int64)
    np.add.at(matrix, (rows[known], found), 1)
    unclassified = np.bincount(rows[~known], minlength=ids.size).astype(np.int64)
    groups = None
    if truth.size and not drawn_at_random:
        right = truth == mapped
        if regions is None:
            regions = connected_labels(pixels, rows, columns)
            group = groups_of(pixels, regions, columns)
        else:
            group = groups_of(pixels, regions, columns, least=0)
        size = (int(group.max()) + 1, ids.size)
        groups = GroupCounts(
            _counted(group[right], rows[right], size),
            _counted(group, rows, size),
            _counted(group[known], found, size),
            error_correlation(right, pixels, group, columns, regions),
        )
    return AccuracyReport(tuple(int(i) for i in ids), matrix, unclassified, groups)


def _counted(
    groups: NDArray[np.int64], classes: NDArray[np.int64], size: tuple[int, int]
) -> NDArray[np.int64]:
    flat = np.bincount(groups * size[1] + classes, minlength=size[0] * size[1])
    return flat.reshape(size).astype(np.int64)


def _lowest(figure: int) -> float:
    return -1.0 if figure == KAPPA else 0.0
