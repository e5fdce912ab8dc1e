"""Instant model: a classical classifier that paints a map within a second."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hsi_viewer.core.progress import CancelToken
from hsi_viewer.learning.features import FloatArray
from hsi_viewer.learning.scene import SceneFeatures, tiles


@dataclass(frozen=True)
class InstantModel:
    """Regularised linear discriminant on the features of single pixels.

    Friedman, "Regularized discriminant analysis" (J. Am. Stat. Assoc. 84, 1989), with one
    covariance for all classes, shrunk to the identity (the features are whitened).

    Attributes
    ----------
    weights : (channels, classes); bias : (classes,).
    """

    weights: FloatArray
    bias: FloatArray

    def probabilities(
        self, scene: SceneFeatures, token: CancelToken | None = None
    ) -> tuple[FloatArray, NDArray[np.bool_]]:
        """Probabilities of the whole scene, (rows, columns, classes), and where it has data."""
        rows, columns = scene.cube.rows, scene.cube.columns
        out = np.empty((rows, columns, self.bias.size), np.float32)
        valid = np.empty((rows, columns), bool)
        for r, c in tiles(rows, columns):
            values, valid[r, c] = scene.window(r, c, 0, token)
            logits = np.tensordot(values, self.weights, axes=(0, 0)) + self.bias
            out[r, c] = softmax(logits)
        return out, valid


def softmax(logits: FloatArray) -> FloatArray:
    """Probabilities along the last axis."""
    shifted = np.exp(logits - logits.max(axis=-1, keepdims=True))
    result: FloatArray = shifted / shifted.sum(axis=-1, keepdims=True)
    return result


def fit_instant(
    pixels: FloatArray, targets: NDArray[np.int64], classes: int, shrinkage: float = 0.5
) -> InstantModel:
    """Fit on features (n, channels) and class indices (n,); every class has a pixel."""
    pixels = pixels.astype(np.float64)
    means = np.stack([pixels[targets == k].mean(axis=0) for k in range(classes)])
    centred = pixels - means[targets]
    covariance = centred.T @ centred / max(len(pixels) - classes, 1)
    level = max(float(np.trace(covariance)) / len(covariance), 1e-3)
    covariance *= 1 - shrinkage
    covariance[np.diag_indices_from(covariance)] += shrinkage * level
    weights = np.linalg.solve(covariance, means.T)
    bias = -0.5 * np.einsum("kc,ck->k", means, weights)
    return InstantModel(weights.astype(np.float32), bias.astype(np.float32))
