"""Linear discriminant on standardised bands, with shrunk covariances.

Ledoit and Wolf, "A well-conditioned estimator for large-dimensional covariance matrices" (J.
Multivariate Anal. 88, 2004): fewer pixels than bands are enough.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Self

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.covariance import ledoit_wolf

from hsi_viewer.core.progress import CancelToken, Progress, ProgressPort
from hsi_viewer.learning.calibration import fit_steepness
from hsi_viewer.learning.folds import held_out
from hsi_viewer.learning.pixel_kind import FloatArray, PixelKind
from hsi_viewer.learning.pixel_model import fit_pixel_model, load_pixel_model

NAME, TITLE = "lda", "Linear discriminant"
# Of scores that nothing could be held out for: discriminants of few labels are far too sure.
STEEPNESS = 0.1
LEAST = 1e-6  # of the mean variance, added to every direction


@dataclass(frozen=True)
class Discriminant:
    """Linear scores of standardised bands.

    Attributes
    ----------
    weights : (bands, classes).
    bias : (classes,).
    """

    weights: FloatArray
    bias: FloatArray

    @classmethod
    def checked(cls, arrays: dict[str, FloatArray], bands: int, classes: int) -> Self:
        """The discriminant in the arrays of a file; a ValueError if their shapes are wrong."""
        weights, bias = arrays["weights"], arrays["bias"]
        if weights.shape != (bands, classes) or bias.shape != (classes,):
            raise ValueError(f"the weights aren't of {bands} bands and {classes} classes")
        return cls(weights, bias)

    def scores(self, values: FloatArray) -> FloatArray:
        """Scores (n, classes) of values (n, bands)."""
        product = torch.from_numpy(values) @ torch.from_numpy(self.weights)
        result: FloatArray = product.numpy() + self.bias
        return result


def fit_discriminant(
    values: FloatArray,
    targets: NDArray[np.int64],
    *,
    folds: NDArray[np.int64],
    seed: int,
    token: CancelToken,
    port: ProgressPort,
) -> tuple[Discriminant, float]:
    """The discriminant, and the steepness of its probabilities; see `PixelKind`."""
    port.report(Progress("Fitting the discriminant"))

    def scores(train: NDArray[np.bool_], test: NDArray[np.bool_]) -> FloatArray:
        return discriminant(values[train], targets[train]).scores(values[test])

    found = held_out(scores, targets, folds, token)
    steepness = STEEPNESS if found is None else fit_steepness(*found)
    token.check()
    return discriminant(values, targets), steepness


def discriminant(values: FloatArray, targets: NDArray[np.int64]) -> Discriminant:
    """Fit on values (n, bands) and class indices (n,), every class present; all weigh the same."""
    classes = int(targets.max()) + 1
    pixels = values.astype(np.float64)
    means = np.stack([pixels[targets == k].mean(axis=0) for k in range(classes)])
    covariance = _within(pixels, targets, means)
    weights = torch.linalg.solve(torch.from_numpy(covariance), torch.from_numpy(means.T)).numpy()
    bias = -0.5 * np.einsum("kb,bk->k", means, weights)
    return Discriminant(weights.astype(np.float32), bias.astype(np.float32))


def _within(
    pixels: NDArray[np.float64], targets: NDArray[np.int64], means: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Mean of the shrunk covariances of the classes; of single pixels alone, that of a sphere."""
    covariances = []
    for k in range(len(means)):
        apart = pixels[targets == k] - means[k]
        if len(apart) > 1:
            scale = apart.std(axis=0)
            scale[scale < 1e-9] = 1.0
            shrunk, _ = ledoit_wolf(apart / scale, assume_centered=True)
            covariances.append(scale[:, None] * shrunk * scale)
    sphere = np.eye(pixels.shape[1])
    covariance = np.mean(covariances, axis=0) if covariances else sphere
    level = float(np.trace(covariance)) / len(covariance)
    if level < 1e-9:  # the pixels of each class are all the same
        return sphere
    result: NDArray[np.float64] = covariance + LEAST * level * sphere
    return result


KIND = PixelKind(NAME, TITLE, fit_discriminant, Discriminant.checked)
fit = partial(fit_pixel_model, KIND)
load = partial(load_pixel_model, KIND)
