"""Figures of accuracy from counts, for all test pixels and without a part of them."""

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


def _ratio(part: Any, whole: Any) -> NDArray[np.float64]:
    part, whole = np.broadcast_arrays(np.asarray(part, np.float64), np.asarray(whole, np.float64))
    ratio: NDArray[np.float64] = np.divide(
        part, whole, out=np.full(part.shape, np.nan), where=whole > 0
    )
    return ratio
