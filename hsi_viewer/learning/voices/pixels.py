"""The voices of single pixels and of all bands: linear discriminants in two spaces.

That of single pixels is free of the noise that the components of a scene leave out; with it goes
what only few pixels show. That of all bands keeps both, as the plain method of the field does.

The covariance is pooled over the classes and shrunk as in Ledoit and Wolf, "A well-conditioned
estimator for large-dimensional covariance matrices" (J. Multivariate Anal. 88, 2004). With one
label per class nothing is left to pool, and the nearest mean decides.

Components are shrunk towards one variance, bands towards variances of their own, which differ
much: target D of Schäfer and Strimmer, "A shrinkage approach to large-scale covariance matrix
estimation" (Stat. Appl. Genet. Mol. Biol. 4, 2005).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
import torch
from numpy.typing import NDArray

from hsi_viewer.learning.features import Features, FloatArray
from hsi_viewer.learning.voices.spectral_space import projected, spectral_space

LEAST = 1e-9  # mean variance within classes below which there is none
COMMON = 0.2  # part of a band's variance that is the mean of all: few labels may vary in none


@dataclass(frozen=True)
class PixelVoice:
    """Linear scores of the features of a pixel.

    Attributes
    ----------
    weights : (c, classes), for the first c channels, or all bands.
    bias : (classes,).
    """

    weights: FloatArray
    bias: FloatArray

    @classmethod
    def fitted(
        cls, features: Features, pixels: FloatArray, targets: NDArray[np.int64], classes: int
    ) -> Self:
        """Fit on features (n, channels) and class indices (n,); every class has a pixel."""
        space = spectral_space(features)
        found, bias = discriminant(pixels[:, : len(space)] @ space, targets, classes)
        weights: FloatArray = np.ascontiguousarray(space @ found, np.float32)
        return cls(weights, bias.astype(np.float32))

    @classmethod
    def of_bands(cls, spectra: FloatArray, targets: NDArray[np.int64], classes: int) -> Self:
        """Fit on standardised spectra (n, bands), for answers on others; the rest as `fitted`."""
        found, bias = discriminant(spectra.astype(np.float64), targets, classes, by_band=True)
        return cls(np.ascontiguousarray(found, np.float32), bias.astype(np.float32))

    def scores(self, features: FloatArray) -> FloatArray:
        """Scores (n, classes) of features (n, channels), or of spectra (n, bands)."""
        result: FloatArray = projected(features, self.weights) + self.bias
        return result


def discriminant(
    values: NDArray[np.float64], targets: NDArray[np.int64], classes: int, *, by_band: bool = False
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Weights (d, classes) and bias (classes,) of values (n, d) and class indices (n,).

    Parameters
    ----------
    by_band : shrink the covariance towards variances of their own, and not towards one for all.
    """
    counts = np.bincount(targets, minlength=classes)[:, None]
    means = np.zeros((classes, values.shape[1]))
    np.add.at(means, targets, values)
    means /= counts
    apart = values - means[targets]
    size = _sizes(apart) if by_band else np.ones(values.shape[1])
    covariance = torch.from_numpy(_shrunk(apart / size, classes) * np.outer(size, size))
    # By torch: numpy's solver wastes ten times the time on a busy machine.
    weights = torch.linalg.solve(covariance, torch.from_numpy(means.T)).numpy()
    return weights, -0.5 * np.einsum("kd,dk->k", means, weights)


def _sizes(apart: NDArray[np.float64]) -> NDArray[np.float64]:
    """Deviation within classes (d,) of each band; 1 where there is none in any."""
    variances = (apart**2).mean(axis=0)
    level = float(variances.mean())
    if level < LEAST:
        return np.ones(len(variances))
    return np.asarray(np.sqrt((1 - COMMON) * variances + COMMON * level))


def _shrunk(apart: NDArray[np.float64], classes: int) -> NDArray[np.float64]:
    """Covariance (d, d) of deviations (n, d) from the means of their classes."""
    count, size = apart.shape
    free = count - classes
    sphere = np.eye(size)
    if free < 1:
        return sphere
    apart = apart * np.sqrt(count / free)  # as many as there are; the means cost some
    covariance = apart.T @ apart / count
    level = float(np.trace(covariance)) / size
    if level < LEAST:
        return sphere
    spread = float(((apart**2).sum(axis=1) ** 2).sum()) / count - float((covariance**2).sum())
    off = float((covariance**2).sum()) - size * level**2
    share = 1.0 if off <= 0 else float(np.clip(spread / free / off, 0.0, 1.0))
    result: NDArray[np.float64] = (1 - share) * covariance + share * level * sphere
    return result
