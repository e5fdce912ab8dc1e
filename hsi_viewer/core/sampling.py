"""Training pixels drawn from a ground truth, seeded."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from hsi_viewer.core.errors import LabelError


def draw_per_class(
    truth: NDArray[np.uint16], n: int, seed: int = 0
) -> tuple[NDArray[np.uint16], NDArray[np.uint16]]:
    """Draw n training pixels of each class at random; the rest are test pixels.

    A class gives at most half of its pixels (at least one), so that each can be scored.

    Parameters
    ----------
    truth : (rows, columns) class ids, 0 unlabelled.
    n : training pixels a class.
    seed : of the generator.

    Returns
    -------
    training, test : (rows, columns) class ids each, 0 elsewhere.

    Raises
    ------
    LabelError
        if the ground truth holds no class or n is below 1.
    """
    if n < 1:
        raise LabelError("At least one training pixel a class is needed.")
    ids = [int(i) for i in np.unique(truth) if i]
    if not ids:
        raise LabelError("The ground truth holds no labelled pixel.")
    rng = np.random.default_rng(seed)
    training = np.zeros_like(truth)
    for class_id in ids:
        where = np.flatnonzero(truth == class_id)
        k = min(n, max(where.size // 2, 1))
        training.flat[rng.choice(where, k, replace=False)] = class_id
    return training, np.where(training > 0, 0, truth).astype(truth.dtype)
