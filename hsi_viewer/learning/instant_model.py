"""Instant model: a classical classifier that paints a map within a second."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from hsi_viewer.learning.features import FloatArray

TEMPERATURE = 10.0  # discriminants of few labels are far too sure of themselves


@dataclass(frozen=True)
class InstantModel:
    """Regularised linear discriminant on the features of single pixels.

    Friedman, "Regularized discriminant analysis" (J. Am. Stat. Assoc. 84, 1989), with one
    covariance for all classes, shrunk towards a sphere.

    Attributes
    ----------
    weights : (channels, classes).
    bias : (classes,).
    """

    weights: FloatArray
    bias: FloatArray

    def scores(self, features: FloatArray) -> FloatArray:
        """Scores (n, classes) of features (n, channels)."""
        product = torch.from_numpy(features) @ torch.from_numpy(self.weights)
        result: FloatArray = product.numpy() + self.bias
        return result

    def probabilities(self, features: FloatArray) -> FloatArray:
        """Probabilities (rows, columns, classes) of features (channels, rows, columns)."""
        channels, rows, columns = features.shape
        logits = self.scores(np.moveaxis(features, 0, 2).reshape(-1, channels))
        return softmax(logits / TEMPERATURE).reshape(rows, columns, -1)


def softmax(logits: FloatArray) -> FloatArray:
    """Probabilities along the last axis."""
    shifted = np.exp(logits - logits.max(axis=-1, keepdims=True))
    result: FloatArray = shifted / shifted.sum(axis=-1, keepdims=True)
    return result


def fit_instant(
    pixels: FloatArray, targets: NDArray[np.int64], classes: int, shrinkage: float
) -> InstantModel:
    """Fit on features (n, channels) and class indices (n,); every class has a pixel."""
    pixels = pixels.astype(np.float64)
    counts = np.bincount(targets, minlength=classes)[:, None]
    sums = np.zeros((classes, pixels.shape[1]))
    np.add.at(sums, targets, pixels)
    means = sums / counts
    centred = pixels - means[targets]
    covariance = centred.T @ centred / max(len(pixels) - classes, 1)
    level = float(np.trace(covariance)) / len(covariance)
    if level < 1e-3:  # one pixel a class, or all alike: plain distance to the means
        covariance, level = np.eye(len(covariance)), 1.0
    covariance *= 1 - shrinkage
    covariance[np.diag_indices_from(covariance)] += shrinkage * level
    # By torch: numpy's solver wastes ten times the time on a busy machine.
    weights = torch.linalg.solve(torch.from_numpy(covariance), torch.from_numpy(means.T)).numpy()
    bias = -0.5 * np.einsum("kc,ck->k", means, weights)
    return InstantModel(np.ascontiguousarray(weights, np.float32), bias.astype(np.float32))
