"""Extended random walker: probabilities made smooth along the image, not across its edges.

Solves (L + gamma I + s S) x = gamma p + s y on the 4-neighbour graph, where L is the Laplacian of
weights exp(-beta d^2 / mean d^2), d the spectral distance of neighbours, S marks labelled pixels,
y their classes, p the classifier's probabilities. Grady, "Multilabel random walker image
segmentation using prior models" (CVPR 2005); Kang et al., "Extended random walker-based
classification of hyperspectral images" (IEEE TGRS 53, 2015).
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array, csc_array, diags_array
from scipy.sparse.linalg import splu

from hsi_viewer.core.progress import CancelToken
from hsi_viewer.learning.features import FloatArray
from hsi_viewer.learning.multigrid import grid_of, hierarchy, solve
from hsi_viewer.learning.recipe import WalkerRecipe

FACTORISED = 60_000  # pixels; beyond, a factorisation takes seconds that cannot be cancelled
WEAKEST = 1e-6  # weight of the weakest edge: no pixel with data is cut off


def edge_weights(
    guide: FloatArray, valid: NDArray[np.bool_], beta: float
) -> tuple[FloatArray, FloatArray]:
    """Weights of the edges downward, (rows - 1, columns), and rightward, (rows, columns - 1).

    Parameters
    ----------
    guide : (components, rows, columns) image whose distances count.
    valid : (rows, columns); edges to pixels without data have weight 0.
    beta : fall of the weight with squared distance, in units of its mean.
    """
    down, right = np.zeros_like(guide[0, 1:]), np.zeros_like(guide[0, :, 1:])
    for plane in guide:
        down += (plane[1:] - plane[:-1]) ** 2
        right += (plane[:, 1:] - plane[:, :-1]) ** 2
    both_down, both_right = valid[1:] & valid[:-1], valid[:, 1:] & valid[:, :-1]
    total = down[both_down].sum(dtype=np.float64) + right[both_right].sum(dtype=np.float64)
    mean = total / max(both_down.sum() + both_right.sum(), 1)
    fall = np.float32(beta / mean if mean > 0 else 0.0)
    weakest = np.float32(WEAKEST)
    return (
        np.where(both_down, np.exp(-fall * down) + weakest, 0).astype(np.float32),
        np.where(both_right, np.exp(-fall * right) + weakest, 0).astype(np.float32),
    )


def laplacian(down: FloatArray, right: FloatArray) -> csc_array:
    """Graph Laplacian of the weights of `edge_weights`."""
    rows, columns = right.shape[0], down.shape[1]
    node = np.arange(rows * columns).reshape(rows, columns)
    first = np.concatenate([node[:-1].ravel(), node[:, :-1].ravel()])
    second = np.concatenate([node[1:].ravel(), node[:, 1:].ravel()])
    weight = np.concatenate([down.ravel(), right.ravel()]).astype(np.float64)
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

    A scene of up to `FACTORISED` pixels is solved by one sparse factorisation, a larger one by
    conjugate gradients with multigrid, class by class, so that memory stays bounded.

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

    Raises
    ------
    TaskCancelledError
        if the token was cancelled.
    """
    down, right = edge_weights(guide, valid, recipe.beta)
    trust = np.where(seeds >= 0, np.float32(recipe.seed_weight), np.float32(0))
    how = _factorised if seeds.size <= FACTORISED else _iterated
    solved = how(probabilities, down, right, seeds, trust, recipe, token)
    np.maximum(solved, 0, out=solved)
    solved /= np.maximum(solved.sum(axis=2, keepdims=True), 1e-12)
    return solved


def _factorised(
    probabilities: FloatArray,
    down: FloatArray,
    right: FloatArray,
    seeds: NDArray[np.int64],
    trust: FloatArray,
    recipe: WalkerRecipe,
    token: CancelToken | None,
) -> FloatArray:
    labels = seeds.ravel()
    seeded = np.flatnonzero(labels >= 0)
    right_side = recipe.gamma * probabilities.reshape(labels.size, -1).astype(np.float64)
    right_side[seeded, labels[seeded]] += recipe.seed_weight
    system = csc_array(laplacian(down, right) + diags_array(trust.ravel() + recipe.gamma))
    if token is not None:
        token.check()
    solver = splu(system, permc_spec="MMD_AT_PLUS_A", options={"SymmetricMode": True})
    if token is not None:
        token.check()
    solved: FloatArray = solver.solve(right_side).reshape(probabilities.shape).astype(np.float32)
    return solved


def _iterated(
    probabilities: FloatArray,
    down: FloatArray,
    right: FloatArray,
    seeds: NDArray[np.int64],
    trust: FloatArray,
    recipe: WalkerRecipe,
    token: CancelToken | None,
) -> FloatArray:
    grids = hierarchy(grid_of(down, right, trust + np.float32(recipe.gamma)))
    solved = np.empty_like(probabilities)

    def solve_class(k: int) -> None:
        prior = np.ascontiguousarray(probabilities[None, :, :, k])
        right_side = np.float32(recipe.gamma) * prior + np.where(seeds == k, trust, np.float32(0))
        solved[:, :, k] = solve(grids, right_side, prior, token)[0]

    # One class at a time stays in the processor's cache; numpy lets two run side by side.
    with ThreadPoolExecutor(max_workers=min(os.cpu_count() or 1, 4)) as pool:
        for _ in pool.map(solve_class, range(probabilities.shape[2])):
            pass
    return solved
