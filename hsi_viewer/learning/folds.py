"""Cross-validation on few labels: every class is in every training part."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from hsi_viewer.core.progress import CancelToken

FOLDS = 5
Scores = Callable[[NDArray[np.bool_], NDArray[np.bool_]], NDArray[np.float32]]


def folds_of(targets: NDArray[np.int64], seed: int) -> NDArray[np.int64]:
    """Fold (n,) of each pixel, evenly in each class; -1, never held back, for a class's only one.

    Parameters
    ----------
    targets : (n,) class indices.
    """
    rng = np.random.default_rng(seed)
    folds = np.full(targets.size, -1)
    for k in np.unique(targets):
        where = rng.permutation(np.flatnonzero(targets == k))
        if where.size > 1:
            folds[where] = (np.arange(where.size) + k) % FOLDS
    return folds


def held_out(
    scores: Scores, targets: NDArray[np.int64], folds: NDArray[np.int64], token: CancelToken
) -> tuple[NDArray[np.float32], NDArray[np.int64]] | None:
    """Scores of pixels by models that have not seen them, and their classes; None of no fold.

    Parameters
    ----------
    scores : fits on the pixels of one mask and scores those of another.
    targets, folds : (n,) of `folds_of`.
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
