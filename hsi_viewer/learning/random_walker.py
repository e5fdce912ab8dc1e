"""Extended random walker: probabilities made smooth along the image, not across its edges.

Solves (L + gamma I + s S) x = gamma p + s y on the 4-neighbour graph, where L is the Laplacian of
weights exp(-beta d^2 / mean d^2), d the spectral distance of neighbours, S marks labelled pixels,
y their classes, p the classifier's probabilities. Grady, "Multilabel random walker image
segmentation using prior models" (CVPR 2005); Kang et al., "Extended random walker-based
classification of hyperspectral images" (IEEE TGRS 53, 2015).
"""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array, csc_array, diags_array
from scipy.sparse.linalg import SuperLU, splu

from hsi_viewer.core.progress import CancelToken
from hsi_viewer.learning.calibration import tempered
from hsi_viewer.learning.features import FloatArray
from hsi_viewer.learning.recipe import WalkerRecipe
from hsi_viewer.learning.scene_features import Window, tiles

FACTORISED = 1_000_000  # pixels solved in one piece, in 14 s and 1.1 GiB
TILE, OVERLAP = 512, 64  # of larger scenes, pixels; labels and edges reach about 30 pixels
AT_ONCE = 2  # tiles, of 450 MiB each
STRAY = (
    20.0  # squared distance, in units of the 90 % quantile, beyond which no edge of an image lies
)
SAMPLED_EDGES = 1 << 16
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
    mean = usual_mean(down[both_down], right[both_right])
    fall = np.float32(beta / mean if mean > 0 else 0.0)
    weakest = np.float32(WEAKEST)
    return (
        np.where(both_down, np.exp(-fall * down) + weakest, 0).astype(np.float32),
        np.where(both_right, np.exp(-fall * right) + weakest, 0).astype(np.float32),
    )


def usual_mean(*parts: FloatArray) -> float:
    """Mean of squared distances without those of a few stray pixels; 0 of none."""
    distances = np.concatenate(parts)
    if not distances.size:
        return 0.0
    some = distances[:: -(-distances.size // SAMPLED_EDGES)]
    return float(distances[distances <= STRAY * np.quantile(some, 0.9)].mean(dtype=np.float64))


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


class Solver:
    """A factorised system, as a context that must be left in the thread that made it.

    SuperLU's memory is only given back by the thread that took it. So nobody else gets hold of
    the factors: neither a caller in another thread nor the frames of an error that leaves.
    """

    def __init__(self, system: csc_array) -> None:
        # Positive definite: the diagonal is pivot enough. Small panels suit so sparse a matrix.
        self._factors: SuperLU | None = splu(
            system,
            permc_spec="MMD_AT_PLUS_A",
            diag_pivot_thresh=0.0,
            relax=8,
            panel_size=4,
            options={"SymmetricMode": True},
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._factors = None

    def solve(self, right_side: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
        """The solution (n,) for a right side (n,)."""
        if self._factors is None:
            raise ValueError("The factors were already released")
        solved: NDArray[np.float64] = self._factors.solve(right_side)
        return solved


class Walker:
    """The walker on one scene and its labels; as a context, because it works in threads.

    A scene of up to `FACTORISED` pixels is solved exactly, by one sparse factorisation, which
    starts at once, so that it runs beside the network that is to be refined. A larger scene is
    solved in tiles that overlap by `OVERLAP` pixels, of which the inner part is kept, so that
    memory stays bounded.

    Smoothing makes probabilities timid near labels and bold far from them. The walk itself tells
    how much of a pixel's answer comes from labels, the share u (the solution for y = 1, p = 0), so
    the answer is tempered by T = exp(doubt - assurance u).

    Parameters
    ----------
    guide : (components, rows, columns) image whose distances count.
    valid : (rows, columns) where the cube has data.
    seeds : (rows, columns) index of the class of each labelled pixel, -1 elsewhere.
    recipe : strength of the parts.
    token : checked between factorisations and between classes.
    """

    def __init__(
        self,
        guide: FloatArray,
        valid: NDArray[np.bool_],
        seeds: NDArray[np.int64],
        recipe: WalkerRecipe,
        token: CancelToken | None = None,
    ) -> None:
        self.seeds, self.recipe, self.token = seeds, recipe, token or CancelToken()
        self.down, self.right = edge_weights(guide, valid, recipe.beta)
        self._in_one_piece = seeds.size <= FACTORISED
        # A factorisation lets go of the interpreter's lock: two run side by side.
        self._pool = ThreadPoolExecutor(AT_ONCE)
        self._given: Future[FloatArray] = Future()
        self._whole = self._pool.submit(self._solved_whole) if self._in_one_piece else None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._given.cancel()  # a factorisation that nobody asks any more
        self._pool.shutdown(cancel_futures=True)

    def refined(self, probabilities: FloatArray) -> FloatArray:
        """Probabilities (rows, columns, classes) made smooth; float32, each pixel sums to 1.

        To be called once.

        Raises
        ------
        TaskCancelledError
            if the token was cancelled.
        """
        rows, columns = self.seeds.shape
        if self._whole is not None:
            self._given.set_result(probabilities)
            return self._whole.result()
        solved = np.empty_like(probabilities)

        def solve_tile(tile: Window) -> None:
            r, c = wide = tuple(slice(max(0, s.start - OVERLAP), s.stop + OVERLAP) for s in tile)
            with self._factorised((r, c)) as solver:
                part = self._solved(probabilities[wide], self.seeds[wide], solver)
            inner = tuple(
                slice(s.start - w.start, s.stop - w.start) for s, w in zip(tile, wide, strict=True)
            )
            solved[tile] = part[inner]

        for _ in self._pool.map(solve_tile, tiles(rows, columns, TILE)):
            pass
        return solved

    def _solved_whole(self) -> FloatArray:
        """Factorise at once, wait for the probabilities, solve: all in one thread."""
        rows, columns = self.seeds.shape
        with self._factorised((slice(0, rows), slice(0, columns))) as solver:
            return self._solved(self._given.result(), self.seeds, solver)

    def _factorised(self, window: Window) -> Solver:
        """The system of a window, factorised."""
        self.token.check()
        r, c = (range(*s.indices(n)) for s, n in zip(window, self.seeds.shape, strict=True))
        down = self.down[r.start : r.stop - 1, c.start : c.stop]
        right = self.right[r.start : r.stop, c.start : c.stop - 1]
        diagonal = self._trust(self.seeds[window]).ravel() + self.recipe.gamma
        system = csc_array(laplacian(down, right) + diags_array(diagonal))
        self.token.check()
        return Solver(system)

    def _trust(self, seeds: NDArray[np.int64]) -> NDArray[np.float64]:
        return np.where(seeds >= 0, self.recipe.seed_weight, 0.0)

    def _solved(
        self, probabilities: FloatArray, seeds: NDArray[np.int64], solver: Solver
    ) -> FloatArray:
        """One class after the other: what is held stays small."""
        solved = np.empty(probabilities.shape, np.float32)
        trust = self._trust(seeds)
        for k in range(probabilities.shape[2]):
            self.token.check()
            known = np.where(seeds == k, trust, 0.0)
            right_side = self.recipe.gamma * probabilities[:, :, k] + known
            solved[:, :, k] = solver.solve(right_side.ravel()).reshape(seeds.shape)
        np.maximum(solved, 0, out=solved)
        solved /= np.maximum(solved.sum(axis=2, keepdims=True), 1e-12)
        share = solver.solve(trust.ravel()).reshape(*seeds.shape, 1)
        temperature = np.exp(self.recipe.doubt - self.recipe.assurance * share)
        return tempered(solved, temperature.astype(np.float32))


def walk(
    probabilities: FloatArray,
    guide: FloatArray,
    valid: NDArray[np.bool_],
    seeds: NDArray[np.int64],
    recipe: WalkerRecipe,
    token: CancelToken | None = None,
) -> FloatArray:
    """Refine probabilities that are there already; see `Walker`."""
    with Walker(guide, valid, seeds, recipe, token) as walker:
        return walker.refined(probabilities)
