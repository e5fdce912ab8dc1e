"""Labelled pixels that touch, from their list: the size of the scene does not matter."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from hsi_viewer.core.geometry.shapes import Pixels


def connected_labels(
    pixels: Pixels, targets: NDArray[np.integer[Any]], columns: int
) -> NDArray[np.int64]:
    """Group (n,) of each label: those of a class that touch, by an edge or a corner, from 0.

    Parameters
    ----------
    pixels : (n,) flat indices in the scene, row-major, each once.
    targets : (n,) class of each.
    columns : of the scene.
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    order = np.argsort(pixels, kind="stable")
    flat, classes, column = pixels[order], targets[order], pixels[order] % columns
    first, second = [], []
    for down, right in ((0, 1), (1, -1), (1, 0), (1, 1)):
        inside = np.flatnonzero((column + right >= 0) & (column + right < columns))
        wanted = flat[inside] + down * columns + right
        at = np.searchsorted(flat, wanted).clip(0, max(flat.size - 1, 0))
        touch = (flat[at] == wanted) & (classes[at] == classes[inside])
        first.append(inside[touch])
        second.append(at[touch])
    edges = np.concatenate(first), np.concatenate(second)
    graph = coo_array((np.ones(edges[0].size, np.int8), edges), (flat.size, flat.size))
    groups = np.empty(flat.size, np.int64)
    groups[order] = connected_components(graph, directed=False)[1]
    return groups
