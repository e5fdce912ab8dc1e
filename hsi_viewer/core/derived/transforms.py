"""Linear transforms of spectra: principal components and minimum noise fraction."""

from __future__ import annotations

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from hsi_viewer.core.derived.moments import Floats, Moments

SMALLEST_NOISE = 1e-9  # of the greatest variance of the noise; below it a direction has none


class Transform(Struct, frozen=True):
    """Components of a spectrum: (values - mean) @ vectors.

    Attributes
    ----------
    bands : (b,) bands that it takes; mean : (b,); vectors : (b, c), the best component first.
    names : (c,) with what each is worth.
    """

    bands: NDArray[np.intp]
    mean: Floats
    vectors: Floats
    names: tuple[str, ...]

    def apply(self, values: Floats) -> Floats:
        """Components (..., c) of stored values (..., b)."""
        components: Floats = (values - self.mean) @ self.vectors
        return components


def principal_components(moments: Moments, count: int) -> Transform:
    """Directions of greatest variance (Pearson 1901, Phil. Mag. 2, 559-572).

    Parameters
    ----------
    count : components that are wanted; fewer where there are fewer bands.
    """
    variances, vectors = np.linalg.eigh(moments.covariance)
    order = np.argsort(variances)[::-1][:count]
    total = max(float(variances.sum()), np.finfo(float).tiny)
    names = [
        f"PC {n + 1} ({100 * max(variances[i], 0) / total:.1f} %)" for n, i in enumerate(order)
    ]
    return Transform(moments.bands, moments.mean, _turned(vectors[:, order]), tuple(names))


def minimum_noise_fraction(moments: Moments, count: int) -> Transform:
    """Directions of greatest ratio of signal to noise, in which the noise has variance 1.

    Green, Berman, Switzer and Craig 1988, IEEE Trans. Geosci. Remote Sens. 26, 65-74.

    Raises
    ------
    ValueError
        if the moments hold no noise.
    """
    if moments.noise is None:
        raise ValueError("The covariance of the noise is needed")
    variances, directions = np.linalg.eigh(moments.noise)
    floor = max(float(variances.max()) * SMALLEST_NOISE, np.finfo(float).tiny)
    whitening = directions / np.sqrt(np.maximum(variances, floor))
    ratios, vectors = np.linalg.eigh(whitening.T @ moments.covariance @ whitening)
    order = np.argsort(ratios)[::-1][:count]
    names = [f"MNF {n + 1} (SNR {max(ratios[i] - 1, 0):.3g})" for n, i in enumerate(order)]
    return Transform(
        moments.bands, moments.mean, _turned(whitening @ vectors[:, order]), tuple(names)
    )


def _turned(vectors: Floats) -> Floats:
    """The vectors with their largest entries positive, since either sign is right."""
    largest = np.abs(vectors).argmax(axis=0)
    turned: Floats = vectors * np.sign(vectors[largest, np.arange(vectors.shape[1])])
    return turned
