"""How far held-out labels lie from what was trained on, beside how far the pixels of a map do.

Labels that are held out one by one lie nearer to other labels than most pixels do where the user
labelled a few fields, and labels held out by place lie further than most where labels are all over
the scene. Answers of both kinds, mixed so that the distances are those of the map, tell how far to
trust it: nearest neighbour distance matching (Mila et al., Methods in Ecology and Evolution 13,
2022; Linnenbrink et al., Geoscientific Model Development 17, 2024).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import KDTree

SHARES = np.linspace(0, 1, 21)  # that are compared

Distances = NDArray[np.float64]


def held_distances(positions: NDArray[np.int64], folds: NDArray[np.int64]) -> Distances:
    """Distance (n,) of each held-out label to the nearest one that was trained on then.

    Parameters
    ----------
    positions : (n, 2) row and column of each label.
    folds : (n,) fold in which each label is held out, negative for never; at least two folds.

    Returns
    -------
    (m,) of the labels that are held out, in their order.
    """
    found = np.zeros(len(folds))
    for fold in np.unique(folds[folds >= 0]):
        held = folds == fold
        found[held] = KDTree(positions[~held]).query(positions[held])[0]
    return found[folds >= 0]


def map_distances(pixels: NDArray[np.int64], labels: NDArray[np.int64]) -> Distances:
    """Distance (n,) of pixels (n, 2) of a map to the nearest of the labels (m, 2)."""
    return np.asarray(KDTree(labels).query(pixels)[0], np.float64)


def share_apart(of_map: Distances, apart: Distances, beside: Distances) -> float:
    """Share 0..1 of labels held out by place among which distances are most like those of a map.

    Parameters
    ----------
    of_map : (n,) distances of the pixels of the map.
    apart, beside : distances of labels held out by place, and one by one; some of each.
    """
    places = np.unique(np.concatenate([of_map, apart, beside]))
    steps = np.diff(places, append=places[-1])
    wanted, far, near = (
        np.searchsorted(np.sort(each), places, side="right") / each.size
        for each in (of_map, apart, beside)
    )
    mixed = SHARES[:, None] * far + (1 - SHARES[:, None]) * near
    unlike = (np.abs(mixed - wanted) * steps).sum(axis=1)
    return float(SHARES[unlike.argmin()])
