"""The voices of single pixels and of all bands: linear discriminants in two spaces.

That of single pixels is free of the noise that the components of a scene leave out; with it goes
what only few pixels show. Those of all bands keep both, as the plain method of the field does.

The covariance is pooled over the classes and shrunk as in Ledoit and Wolf, "A well-conditioned
estimator for large-dimensional covariance matrices" (J. Multivariate Anal. 88, 2004). With one
label per class nothing is left to pool, and the nearest mean decides. One of all bands shrinks as
far as the few labels of a single class would need, as scikit-learn does: where bands are noisy
and classes differ in all of them, that is better; where they differ in few bands, it is worse.

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
    def of_bands(
        cls,
        spectra: FloatArray,
        targets: NDArray[np.int64],
        classes: int,
        *,
        strongly: bool = False,
    ) -> Self:
        """Fit on standardised spectra (n, bands), for answers on others; the rest as `fitted`.

        Parameters
        ----------
        strongly : shrink the covariance as far as that of a single class.
        """
        values = spectra.astype(np.float64)
        found, bias = discriminant(values, targets, classes, by_band=True, strongly=strongly)
        return cls(np.ascontiguousarray(found, np.float32), bias.astype(np.float32))

    def scores(self, features: FloatArray) -> FloatArray:
        """Scores (n, classes) of features (n, channels), or of spectra (n, bands)."""
        return self.scores_at(projected(features, self.weights))

    @property
    def axes(self) -> FloatArray:
        """What features or spectra are multiplied by."""
        return self.weights

    def scores_at(self, places: FloatArray) -> FloatArray:
        """Scores (n, classes) of products (n, classes) with the axes."""
        result: FloatArray = places + self.bias
        return result


def discriminant(
    values: NDArray[np.float64],
    targets: NDArray[np.int64],
    classes: int,
    *,
    by_band: bool = False,
    strongly: bool = False,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Weights (d, classes) and bias (classes,) of values (n, d) and class indices (n,).

    Parameters
    ----------
    by_band : shrink the covariance towards variances of their own, and not towards one for all.
    strongly : as far as that of a single class.
    """
    counts = np.bincount(targets, minlength=classes)[:, None]
    means = np.zeros((classes, values.shape[1]))
    np.add.at(means, targets, values)
    means /= counts
    apart = values - means[targets]
    size = _sizes(apart) if by_band else np.ones(values.shape[1])
    of_class = targets if strongly else None
    shrunk = _shrunk(apart / size, classes, of_class) * np.outer(size, size)
    covariance = torch.from_numpy(shrunk)
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


def _shrunk(
    apart: NDArray[np.float64], classes: int, of_class: NDArray[np.int64] | None = None
) -> NDArray[np.float64]:
    """Covariance (d, d) of deviations (n, d) from the means of their classes.

    Parameters
    ----------
    of_class : (n,) class indices, to shrink it as far as the mean of those of single classes.
    """
    count, size = apart.shape
    sphere = np.eye(size)
    if count - classes < 1:
        return sphere
    covariance, share = _share(apart, count - classes)
    level = float(np.trace(covariance)) / size
    if level < LEAST:
        return sphere
    if of_class is not None:
        counts = np.bincount(of_class, minlength=classes)
        single = [_share(apart[of_class == k], n - 1)[1] * n for k, n in enumerate(counts) if n > 2]
        share = max(share, sum(single) / max(int(counts[counts > 2].sum()), 1))
    result: NDArray[np.float64] = (1 - share) * covariance + share * level * sphere
    return result


def _share(apart: NDArray[np.float64], free: int) -> tuple[NDArray[np.float64], float]:
    """Covariance of deviations (n, d) of some degrees of freedom, and how far to shrink it."""
    count, size = apart.shape
    apart = apart * np.sqrt(count / free)  # as many as there are; the means cost some
    covariance: NDArray[np.float64] = apart.T @ apart / count
    level = float(np.trace(covariance)) / size
    spread = float(((apart**2).sum(axis=1) ** 2).sum()) / count - float((covariance**2).sum())
    off = float((covariance**2).sum()) - size * level**2
    return covariance, 1.0 if off <= 0 else float(np.clip(spread / free / off, 0.0, 1.0))
