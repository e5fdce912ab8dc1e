"""Extended random walker: probabilities made smooth along the image, not across its edges.

Solves (L + gamma I + s S) x = gamma p + s y on the 4-neighbour graph, where L is the Laplacian of
weights exp(-beta d^2 / mean d^2), d the spectral distance of neighbours, S marks labelled pixels,
y their classes, p the classifier's probabilities. Grady, "Multilabel random walker image
segmentation using prior models" (CVPR 2005); Kang et al., "Extended random walker-based
classification of hyperspectral images" (IEEE TGRS 53, 2015).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array, csc_array, diags_array
from scipy.sparse.linalg import splu

from hsi_viewer.core.progress import CancelToken
from hsi_viewer.learning.features import FloatArray
from hsi_viewer.learning.recipe import WalkerRecipe


def edge_weights(
    guide: FloatArray, valid: NDArray[np.bool_], beta: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Weights of the edges downward, (rows - 1, columns), and rightward, (rows, columns - 1).

    Parameters
    ----------
    guide : (components, rows, columns) image whose distances count.
    valid : (rows, columns); edges to pixels without data have weight 0.
    beta : fall of the weight with squared distance, in units of its mean.
    """
    down = ((guide[:, 1:] - guide[:, :-1]) ** 2).sum(axis=0, dtype=np.float64)
    right = ((guide[:, :, 1:] - guide[:, :, :-1]) ** 2).sum(axis=0, dtype=np.float64)
    both_down, both_right = valid[1:] & valid[:-1], valid[:, 1:] & valid[:, :-1]
    kept = np.concatenate([down[both_down], right[both_right]])
    mean = kept.mean() if kept.size else 1.0
    mean = mean if mean > 0 else 1.0
    return (
        np.where(both_down, np.exp(-beta * down / mean) + 1e-6, 0.0),
        np.where(both_right, np.exp(-beta * right / mean) + 1e-6, 0.0),
    )


def laplacian(down: NDArray[np.float64], right: NDArray[np.float64]) -> csc_array:
    """Graph Laplacian of the weights of `edge_weights`."""
    rows, columns = right.shape[0], down.shape[1]
    node = np.arange(rows * columns).reshape(rows, columns)
    first = np.concatenate([node[:-1].ravel(), node[:, :-1].ravel()])
    second = np.concatenate([node[1:].ravel(), node[:, 1:].ravel()])
    weight = np.concatenate([down.ravel(), right.ravel()])
    size = rows * columns
    upper = coo_array((weight, (first, second)), (size, size))
    adjacency = (upper + upper.T).tocsc()
    return csc_array(diags_array(adjacency.sum(axis=0)) - adjacency)


def walk(
    probabilities: FloatArray,
    guide: FloatArray,
    valid: NDArray[np.bool_],
    seeds: NDArray[np.int64],
    recipe: WalkerRecipe,
    token: CancelToken | None = None,
) -> FloatArray:
    """Refine probabilities on the image graph.

    Parameters
    ----------
    probabilities : (rows, columns, classes).
    guide : (components, rows, columns) principal components.
    valid : (rows, columns) where the cube has data.
    seeds : (rows, columns) index of the class of each labelled pixel, -1 elsewhere.
    recipe : strength of the parts.

    Returns
    -------
    (rows, columns, classes) float32; each pixel sums to 1.
    """
    rows, columns, classes = probabilities.shape
    flat = probabilities.reshape(-1, classes).astype(np.float64)
    labels = seeds.ravel()
    seeded = np.flatnonzero(labels >= 0)
    trust = np.zeros(labels.size)
    trust[seeded] = recipe.seed_weight
    right_side = recipe.gamma * flat
    right_side[seeded, labels[seeded]] += recipe.seed_weight
    system = laplacian(*edge_weights(guide, valid, recipe.beta))
    system = csc_array(system + diags_array(trust + recipe.gamma))
    if token is not None:
        token.check()
    solver = splu(system, permc_spec="MMD_AT_PLUS_A", options={"SymmetricMode": True})
    if token is not None:
        token.check()
    solved = np.clip(solver.solve(right_side), 0.0, None)
    solved /= np.maximum(solved.sum(axis=1, keepdims=True), 1e-12)
    refined: FloatArray = solved.reshape(rows, columns, classes).astype(np.float32)
    return refined
