"""Extended random walker: probabilities made smooth along the image, not across its edges.

Solves (L + gamma I + s S) x = gamma p + s y on the 4-neighbour graph, where L is the Laplacian of
weights exp(-beta d^2 / mean d^2), d the spectral distance of neighbours, S marks labelled pixels,
y their classes, p the classifier's probabilities. Grady, "Multilabel random walker image
segmentation using prior models" (CVPR 2005); Kang et al., "Extended random walker-based
classification of hyperspectral images" (IEEE TGRS 53, 2015).
"""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from typing import Self

import numpy as np
import torch
from numpy.typing import NDArray

from hsi_viewer.core.progress import CancelToken
from hsi_viewer.learning.calibration import tempered
from hsi_viewer.learning.features import FloatArray, strips
from hsi_viewer.learning.gaps import bridged, narrow_gaps
from hsi_viewer.learning.grid_solver import GridSolver
from hsi_viewer.learning.recipe import WalkerRecipe
from hsi_viewer.learning.survey import Window, tiles

IN_ONE_PIECE = 1_500_000  # pixels, in about 1.1 GiB
TILE, OVERLAP = 1024, 64  # of larger scenes, pixels; labels and edges reach about 30 pixels
AT_ONCE = 20  # classes solved at once
TEMPERED_ROWS = 64
SMALL_GAMMA = 1e-4  # below, 32 bits do not resolve it beside the weights
LEAST_GAMMA = 1e-9  # what keeps a pixel without label and neighbour solvable
# Squared distance, in units of the 90 % quantile, beyond which no edge of an image lies.
STRAY = 20.0
SAMPLED_EDGES = 1 << 16
EVERYTHING: Window = slice(None), slice(None)
WEAKEST = 1e-6  # weight of the weakest edge: no pixel with data is cut off


def edge_weights(
    guide: FloatArray, valid: NDArray[np.bool_], beta: float, mean: float | None = None
) -> tuple[FloatArray, FloatArray]:
    """Weights of the edges downward, (rows - 1, columns), and rightward, (rows, columns - 1).

    Parameters
    ----------
    guide : (components, rows, columns) image whose distances count.
    valid : (rows, columns); edges to pixels without data have weight 0.
    beta : fall of the weight with squared distance, in units of its mean.
    mean : of the whole scene, where the guide is that of a part.
    """
    down, right = squared_distances(guide)
    both_down, both_right = valid[1:] & valid[:-1], valid[:, 1:] & valid[:, :-1]
    if mean is None:
        mean = usual_mean(down[both_down], right[both_right])
    fall = np.float32(beta / mean if mean > 0 else 0.0)
    weakest = np.float32(WEAKEST)
    return (
        np.where(both_down, np.exp(-fall * down) + weakest, 0).astype(np.float32),
        np.where(both_right, np.exp(-fall * right) + weakest, 0).astype(np.float32),
    )


def squared_distances(guide: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Squared distances of neighbours, of the edges downward and of those rightward."""
    down, right = np.zeros_like(guide[0, 1:]), np.zeros_like(guide[0, :, 1:])
    for plane in guide:
        down += (plane[1:] - plane[:-1]) ** 2
        right += (plane[:, 1:] - plane[:, :-1]) ** 2
    return down, right


def usual_mean(*parts: FloatArray) -> float:
    """Mean of squared distances without those of a few stray pixels; 0 of none."""
    distances = np.concatenate(parts)
    if not distances.size:
        return 0.0
    some = distances[:: -(-distances.size // SAMPLED_EDGES)]
    return float(distances[distances <= STRAY * np.quantile(some, 0.9)].mean(dtype=np.float64))


class Walker:
    """The walker on one scene and its labels; as a context, because it works in a thread.

    A scene of up to `IN_ONE_PIECE` pixels is solved exactly, by nested dissection. Its factors are
    computed from the start, beside the network that is to be refined. A larger scene is solved in
    tiles that overlap by `OVERLAP` pixels, of which the inner part is kept, so that memory stays
    bounded.

    Smoothing makes probabilities timid near labels and bold far from them. The walk itself tells
    how much of a pixel's answer comes from labels, the share u (the solution for y = 1, p = 0), so
    the answer is tempered by T = exp(doubt - assurance u).

    Parameters
    ----------
    guide : (components, rows, columns) image whose distances count.
    valid : (rows, columns) where the cube has data; narrow gaps are passed over.
    seeds : (rows, columns) index of the class of each labelled pixel, -1 elsewhere.
    recipe : strength of the parts.
    token : checked at every step, several times a second.
    mean : as of `edge_weights`.
    """

    def __init__(
        self,
        guide: FloatArray,
        valid: NDArray[np.bool_],
        seeds: NDArray[np.int64],
        recipe: WalkerRecipe,
        token: CancelToken | None = None,
        mean: float | None = None,
    ) -> None:
        self.seeds, self.recipe, self.token = seeds, recipe, token or CancelToken()
        self.gaps = narrow_gaps(valid)
        bridge = bridged(guide, valid, self.gaps), valid | self.gaps
        self.down, self.right = edge_weights(*bridge, recipe.beta, mean)
        self._pool = ThreadPoolExecutor(1)
        self._whole: Future[GridSolver] | None = None
        if seeds.size <= IN_ONE_PIECE:
            self._whole = self._pool.submit(self._factors, EVERYTHING)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._pool.shutdown(cancel_futures=True)
        self._whole = None

    def refined(self, probabilities: FloatArray, *, overwrite: bool = False) -> FloatArray:
        """Probabilities (rows, columns, classes) made smooth; float32, each pixel sums to 1.

        Parameters
        ----------
        overwrite : whether the result may take the place of the probabilities.

        Raises
        ------
        TaskCancelledError
            if the token was cancelled.
        """
        if self._whole is not None:
            out = probabilities if overwrite else np.empty(probabilities.shape, np.float32)
            return self._solved(probabilities, EVERYTHING, self._whole.result(), out)
        rows, columns = self.seeds.shape
        solved = np.empty_like(probabilities)
        for tile in tiles(rows, columns, TILE):
            r, c = wide = tuple(slice(max(0, s.start - OVERLAP), s.stop + OVERLAP) for s in tile)
            seen = probabilities[wide]
            out = np.empty(seen.shape, np.float32)
            part = self._solved(seen, (r, c), self._factors((r, c)), out)
            inner = tuple(
                slice(s.start - w.start, s.stop - w.start) for s, w in zip(tile, wide, strict=True)
            )
            solved[tile] = part[inner]
        return solved

    def _factors(self, window: Window) -> GridSolver:
        """The factors of a window's system."""
        r, c = (range(*s.indices(n)) for s, n in zip(window, self.seeds.shape, strict=True))
        gamma = max(self.recipe.gamma, LEAST_GAMMA)
        return GridSolver(
            self.down[r.start : r.stop - 1, c.start : c.stop],
            self.right[r.start : r.stop, c.start : c.stop - 1],
            np.where(self.seeds[window] >= 0, self.recipe.seed_weight, 0.0) + gamma,
            self.token,
            torch.float64 if gamma < SMALL_GAMMA else torch.float32,
        )

    def _solved(
        self,
        probabilities: FloatArray,
        window: Window,
        solver: GridSolver,
        out: FloatArray,
    ) -> FloatArray:
        """The solutions of all classes, and of the share of the labels, as tempered shares.

        They are put into an array, which may be that of the probabilities.
        """
        classes, seeds = probabilities.shape[2], self.seeds[window]
        solved = np.zeros((*seeds.shape, classes + 1), np.float32)
        np.multiply(probabilities, max(self.recipe.gamma, LEAST_GAMMA), out=solved[:, :, :classes])
        solved[self.gaps[window]] = 0  # nothing is known there
        rows, columns = np.nonzero(seeds >= 0)
        solved[rows, columns, seeds[rows, columns]] += self.recipe.seed_weight
        solved[rows, columns, classes] = self.recipe.seed_weight
        for some in torch.split(torch.from_numpy(solved).flatten(0, 1), AT_ONCE, dim=1):
            some.copy_(solver.solve(some.to(solver.dtype, copy=True).contiguous()))
        refined, share = solved[:, :, :classes], solved[:, :, classes:]
        np.maximum(refined, 0, out=refined)
        refined /= np.maximum(refined.sum(axis=2, keepdims=True), 1e-12)
        temperature = np.exp(self.recipe.doubt - self.recipe.assurance * share)
        for part in strips(len(out), TEMPERED_ROWS):  # of many classes, a copy would be large
            out[part] = tempered(refined[part], temperature[part])
        return out


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
