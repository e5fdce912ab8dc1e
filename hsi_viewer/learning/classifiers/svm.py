"""Support vector machine with a radial kernel on standardised bands.

Cortes and Vapnik, "Support-vector networks" (Machine Learning 20, 1995). One machine for each pair
of classes; cost and width of the kernel are chosen by cross-validation on the labels, and the
scores of the labels held out, by place, give the probabilities.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from itertools import combinations, product
from typing import Any, Self

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.svm import SVC

from hsi_viewer.core.progress import CancelToken, Progress, ProgressPort
from hsi_viewer.core.quiet import quiet
from hsi_viewer.learning.calibration import fit_steepness
from hsi_viewer.learning.folds import evenly, held_out, trainable
from hsi_viewer.learning.pixel_kind import FloatArray, PixelKind
from hsi_viewer.learning.pixel_model import fit_pixel_model, load_pixel_model

NAME, TITLE = "svm", "Support vector machine"
COSTS = (1.0, 10.0, 100.0, 1000.0)
WIDTHS = (1.0, 0.2, 0.02, 0.002)  # of the kernel, in units of 1 / bands
UNSURE = (100.0, 1.0, 2.0)  # cost, width and steepness where nothing can be held back
SEARCHED = 1_500  # pixels, evenly over the classes, on which cost and width are chosen
CHUNK = 1 << 24  # numbers of a kernel matrix at once


@dataclass(frozen=True)
class Machine:
    """Votes of the machines of all pairs of classes.

    Attributes
    ----------
    vectors : (n, bands) support vectors.
    weights : (n, pairs) of each vector in each machine, pairs in the order of `combinations`.
    bias : (pairs,).
    gamma : (1,) of the kernel exp(-gamma d^2).
    """

    vectors: FloatArray
    weights: FloatArray
    bias: FloatArray
    gamma: FloatArray

    @classmethod
    def checked(cls, arrays: dict[str, FloatArray], bands: int, classes: int) -> Self:
        """The machine in the arrays of a file; a ValueError if shapes or numbers are wrong."""
        found = cls(*(arrays[name] for name in ("vectors", "weights", "bias", "gamma")))
        count, pairs = len(found.vectors), classes * (classes - 1) // 2
        shapes = (count, bands), (count, pairs), (pairs,), (1,)
        values = found.vectors, found.weights, found.bias, found.gamma
        if count < 1 or any(v.shape != s for v, s in zip(values, shapes, strict=True)):
            raise ValueError(f"the machine isn't of {bands} bands and {classes} classes")
        if not found.gamma[0] > 0:
            raise ValueError("the kernel has no width")
        return found

    def scores(self, values: FloatArray) -> FloatArray:
        """Scores (n, classes) of values (n, bands): votes, and among equal votes the surer one."""
        step = max(1, CHUNK // len(self.vectors))
        parts = [self._decisions(part) for part in torch.split(torch.from_numpy(values), step)]
        return votes(torch.cat(parts).numpy())

    def _decisions(self, values: torch.Tensor) -> torch.Tensor:
        """Distance (n, pairs) from the border between two classes, positive on the first's side."""
        vectors = torch.from_numpy(self.vectors)
        squares = (vectors**2).sum(dim=1) - 2 * values @ vectors.T + (values**2).sum(dim=1)[:, None]
        kernel = torch.exp(-float(self.gamma[0]) * squares.clamp_(min=0))
        return kernel @ torch.from_numpy(self.weights) + torch.from_numpy(self.bias)


def votes(decisions: FloatArray) -> FloatArray:
    """Scores (n, classes) of decisions (n, pairs), as scikit-learn's `decision_function`."""
    classes = round((1 + np.sqrt(1 + 8 * decisions.shape[1])) / 2)
    if classes == 2:
        return np.concatenate([decisions, -decisions], axis=1)
    sure, won = np.zeros((2, len(decisions), classes), np.float32)
    for p, (i, j) in enumerate(combinations(range(classes), 2)):
        decision = decisions[:, p]
        sure[:, i] += decision
        sure[:, j] -= decision
        won[:, i] += decision > 0
        won[:, j] += decision <= 0
    scores: FloatArray = won + sure / (3 * (np.abs(sure) + 1))
    return scores


def fit_machine(
    values: FloatArray,
    targets: NDArray[np.int64],
    *,
    folds: NDArray[np.int64],
    seed: int,
    token: CancelToken,
    port: ProgressPort,
) -> tuple[Machine, float]:
    """The machine, and the steepness of its probabilities; see `PixelKind`."""
    some = evenly(targets, SEARCHED, seed)
    few = trainable(folds[some], targets[some])
    cost, width, steepness = _chosen(values[some], targets[some], few, token, port)
    port.report(Progress("Training the support vector machine"))
    return machine(values, targets, cost, width, token), steepness


def machine(
    values: FloatArray, targets: NDArray[np.int64], cost: float, width: float, token: CancelToken
) -> Machine:
    """Fit on values (n, bands) and class indices (n,), every class present.

    Pair by pair, as scikit-learn does within one call, so that it can be cancelled in between.
    """
    gamma = width / values.shape[1]
    pairs = list(combinations(range(int(targets.max()) + 1), 2))
    weights, bias = np.zeros((len(values), len(pairs))), np.zeros(len(pairs))
    for p, (i, j) in enumerate(pairs):
        token.check()
        members = np.flatnonzero((targets == i) | (targets == j))
        fitted: Any = SVC(C=cost, gamma=gamma).fit(values[members], targets[members])
        # scikit-learn is positive on the second's side
        weights[members[fitted.support_], p] = -fitted.dual_coef_[0]
        bias[p] = -fitted.intercept_[0]
    used = weights.any(axis=1)
    arrays = values[used], weights[used], bias, np.array([gamma])
    return Machine(*(np.ascontiguousarray(a, np.float32) for a in arrays))


def _chosen(
    values: FloatArray,
    targets: NDArray[np.int64],
    folds: NDArray[np.int64],
    token: CancelToken,
    port: ProgressPort,
) -> tuple[float, float, float]:
    """Cost, width and steepness that are right most often on labels held out."""
    chosen, most = UNSURE, -1.0
    grid = list(product(COSTS, WIDTHS))
    for done, (cost, width) in enumerate(grid):
        port.report(Progress("Choosing cost and kernel by cross-validation", done / len(grid)))

        def scores(
            train: NDArray[np.bool_],
            test: NDArray[np.bool_],
            cost: float = cost,
            width: float = width,
        ) -> FloatArray:
            fitted: Any = SVC(C=cost, gamma=width / values.shape[1])
            with quiet(UserWarning, "The number of unique classes"):  # of few labels each
                fitted.fit(values[train], targets[train])
            found = fitted.decision_function(values[test])
            found = found if found.ndim == 2 else np.stack([-found, found], axis=1)
            return np.asarray(found, np.float32)

        found = held_out(scores, targets, folds, token)
        if found is None:
            break
        held, truth = found
        right = float((held.argmax(axis=1) == truth).mean())
        if right > most:
            chosen, most = (cost, width, fit_steepness(held, truth)), right
    return chosen


KIND = PixelKind(NAME, TITLE, fit_machine, Machine.checked)
fit = partial(fit_pixel_model, KIND)
load = partial(load_pixel_model, KIND)
