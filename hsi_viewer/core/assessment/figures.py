"""Figures of accuracy from counts, for all test pixels and by groups of them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Counts = NDArray[np.integer[Any]] | NDArray[np.float64]

OVERALL, AVERAGE, KAPPA, BY_CLASS = range(4)  # columns; then producer's, user's, F1 of each class


def figures_of(right: Counts, truth: Counts, mapped: Counts) -> NDArray[np.float64]:
    """Overall, average, kappa, then producer's, user's and F1 of each class; NaN if undefined.

    Parameters
    ----------
    right, truth, mapped : (..., classes) test pixels that are right, of the true and the mapped
        class.

    Returns
    -------
    (..., 3 + 3 * classes)
    """
    right, truth, mapped = (np.asarray(c, np.float64) for c in (right, truth, mapped))
    total = truth.sum(axis=-1)
    overall = _ratio(right.sum(axis=-1), total)
    producers, users = _ratio(right, truth), _ratio(right, mapped)
    scored = truth > 0
    average = _ratio(np.where(scored, producers, 0.0).sum(axis=-1), scored.sum(axis=-1))
    chance = _ratio((truth * mapped).sum(axis=-1), total * total)
    kappa = _ratio(overall - chance, 1.0 - chance)
    heads = np.stack([overall, average, kappa], axis=-1)
    f1: NDArray[np.float64] = _ratio(2 * right, truth + mapped)
    figures: NDArray[np.float64] = np.concatenate([heads, producers, users, f1], axis=-1)
    return figures


def residuals_of(right: Counts, truth: Counts, mapped: Counts) -> NDArray[np.float64]:
    """What each group adds to the error of each figure, to first order; their sum is 0.

    Ratios are linearised (Binder 1983, Int. Stat. Rev. 51, 279-292). Of a class that lies in one
    group, that says that nothing varies, so residuals of the average follow from leaving a group
    out (the jackknife).

    Parameters
    ----------
    right, truth, mapped : (groups, classes) as of `figures_of`.

    Returns
    -------
    (groups, 3 + 3 * classes) NaN where the figure is not defined.
    """
    right, truth, mapped = (np.asarray(c, np.float64) for c in (right, truth, mapped))
    trues, said = truth.sum(axis=0), mapped.sum(axis=0)
    figures = figures_of(right.sum(axis=0), trues, said)
    sizes, total = truth.sum(axis=1), truth.sum()
    overall, (producers, users, f1) = figures[OVERALL], np.split(figures[BY_CLASS:], 3)

    of_overall = _ratio(right.sum(axis=1) - overall * sizes, total)
    without = figures_of(*(c.sum(axis=0) - c for c in (right, truth, mapped)))[:, AVERAGE]
    of_average = (without.mean() - without) * (sizes.size - 1) / sizes.size
    chance = _ratio(trues @ said, total * total)
    of_chance = _ratio(truth @ said + mapped @ trues, total * total)
    of_chance = of_chance - 2 * chance * _ratio(sizes, total)
    left = 1 - chance
    of_kappa = _ratio(of_overall, left) - _ratio((1 - overall) * of_chance, left**2)
    by_class = (
        _ratio(right - producers * truth, trues),
        _ratio(right - users * mapped, said),
        _ratio(2 * right - f1 * (truth + mapped), trues + said),
    )
    heads = np.column_stack([of_overall, of_average, of_kappa])
    return np.concatenate([heads, *by_class], axis=1)


def _ratio(part: Any, whole: Any) -> NDArray[np.float64]:
    part, whole = np.broadcast_arrays(np.asarray(part, np.float64), np.asarray(whole, np.float64))
    ratio: NDArray[np.float64] = np.divide(
        part, whole, out=np.full(part.shape, np.nan), where=whole > 0
    )
    return ratio
