"""Cross-validation on few labels: every class is in every training part."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from hsi_viewer.core.progress import CancelToken

FOLDS = 5
Scores = Callable[[NDArray[np.bool_], NDArray[np.bool_]], NDArray[np.float32]]


def random_folds(targets: NDArray[np.int64], seed: int, count: int = FOLDS) -> NDArray[np.int64]:
    """Fold (n,) of each label, drawn evenly in each class; -1, never held out, for its only one.

    Parameters
    ----------
    targets : (n,) class indices.
    count : folds.
    """
    rng = np.random.default_rng(seed)
    folds = np.full(targets.size, -1)
    for k in np.unique(targets):
        where = rng.permutation(np.flatnonzero(targets == k))
        if where.size > 1:
            folds[where] = (np.arange(where.size) + k) % count
    return folds


def evenly(targets: NDArray[np.int64], most: int, seed: int) -> NDArray[np.int64]:
    """Indices of at most about so many labels, ascending, drawn evenly from the classes.

    Parameters
    ----------
    targets : (n,) class indices.
    most : labels; of each class at least two, if it has them.
    """
    order = np.random.default_rng(seed).permutation(targets.size)
    classes = int(targets.max()) + 1
    share = max(2, most // classes)
    return np.sort(np.concatenate([order[targets[order] == k][:share] for k in range(classes)]))


def trainable(folds: NDArray[np.int64], targets: NDArray[np.int64]) -> NDArray[np.int64]:
    """Folds (n,) of some of the labels, none held out of a class that would miss in training."""
    folds = folds.copy()
    for k in np.unique(targets):
        of_class = targets == k
        if np.unique(folds[of_class]).size == 1:
            folds[of_class] = -1
    return folds


def held_out(
    scores: Scores, targets: NDArray[np.int64], folds: NDArray[np.int64], token: CancelToken
) -> tuple[NDArray[np.float32], NDArray[np.int64]] | None:
    """Scores of pixels by models that have not seen them, and their classes; None of no fold.

    Parameters
    ----------
    scores : fits on the pixels of one mask and scores those of another.
    targets, folds : (n,) class indices, and folds such as those of `spatial_folds`.
    token : checked between folds.
    """
    parts = []
    for fold in range(FOLDS):
        test = folds == fold
        if test.any():
            token.check()
            parts.append((scores(~test, test), targets[test]))
    if not parts:
        return None
    return np.concatenate([s for s, _ in parts]), np.concatenate([t for _, t in parts])
