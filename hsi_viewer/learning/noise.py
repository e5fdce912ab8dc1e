"""Noise of a scene, and the directions that stand out from it.

Green et al., "A transformation for ordering multispectral data in terms of image quality" (IEEE
TGRS 26, 1988).
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

FloatArray = NDArray[np.float32]
LEAST_NOISE = 1e-4  # added to the noise of every direction, in units of its mean


def noise_covariance(values: FloatArray, valid: NDArray[np.bool_]) -> Tensor | None:
    """Covariance of the noise, half of that of the differences of neighbouring pixels.

    Parameters
    ----------
    values : (rows, columns, b).
    valid : (rows, columns), False where a pixel is not to be used.

    Returns
    -------
    (b, b), positive definite; None if no two neighbours differ.
    """
    noise, pairs = torch.zeros((values.shape[2], values.shape[2]), dtype=torch.float64), 0
    for one, other in (
        ((slice(1, None),), (slice(None, -1),)),
        ((slice(None), slice(1, None)), (slice(None), slice(None, -1))),
    ):
        used = valid[one] & valid[other]
        apart = torch.from_numpy((values[one] - values[other])[used])
        noise += (apart.T @ apart).double()
        pairs += len(apart)
    noise /= 2 * max(pairs, 1)
    mean = float(noise.diagonal().mean())
    if not mean > 0:
        return None
    noise += LEAST_NOISE * mean * torch.eye(len(noise), dtype=torch.float64)
    return noise


def ordered_axes(
    covariance: Tensor, noise: Tensor | None
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Directions in which the variance is largest in units of the noise.

    Returns
    -------
    variances : (b,) falling, in units of the noise.
    axes : (b, b) in columns, each of noise 1.
    """
    if noise is None:
        variances, axes = torch.linalg.eigh(covariance)
    else:
        root = torch.linalg.cholesky(noise)
        half = torch.linalg.solve_triangular(root, covariance, upper=False)
        whole = torch.linalg.solve_triangular(root, half.T, upper=False)
        variances, axes = torch.linalg.eigh((whole + whole.T) / 2)
        axes = torch.linalg.solve_triangular(root.T, axes, upper=True)
    return variances.flip(0).numpy(), axes.flip(1).numpy()
