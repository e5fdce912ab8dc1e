"""The voice of the closest pixels: kernel logistic regression on all bands.

It follows its labels closely, and tells apart what no plane does: classes in several clusters, one
within another, or one between two others, which least squares overlook (Hastie, Tibshirani and
Friedman, The Elements of Statistical Learning, 2009, section 4.2). It sees spectra as they are,
because components free of noise lose what only single pixels show.

The likelihood of all classes is raised by steps of one matrix, which bounds its curvature from
above (Böhning, "Multinomial logistic regression algorithm", Ann. Inst. Stat. Math. 44, 1992), with
the momentum of Nesterov.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from hsi_viewer.learning.features import FloatArray
from hsi_viewer.learning.voices.similar_pixels import SimilarPixelVoice, likeness, spread_out

DIMENSIONS = 30
WIDTH = 3.0  # fall of the kernel with squared distance, in units of the scene's variance
RIDGE = 1e-2  # how closely labels are followed
STEPS = 50
RANK = 200  # directions of the kernel, at most
LEAST = 1e-6  # variance below which a direction is left out, in units of the largest


def closest_pixels(
    axes: FloatArray, spectra: FloatArray, targets: NDArray[np.int64], classes: int
) -> SimilarPixelVoice:
    """Fit on standardised spectra (n, bands) and class indices (n,); every class has a pixel.

    Parameters
    ----------
    axes : (bands, d) of the space of the kernel; see `principal_axes`.
    """
    values = spectra @ axes
    support = values[spread_out(targets, classes)]
    variances, directions = torch.linalg.eigh(torch.from_numpy(likeness(support, support)).double())
    kept = variances > LEAST * variances[-1]
    kept[:-RANK] = False
    back = directions[:, kept] / variances[kept].sqrt()
    seen = torch.from_numpy(likeness(values, support)).double() @ back
    solved = (back @ _logistic(seen, torch.from_numpy(targets), classes)).numpy()
    return SimilarPixelVoice(axes, support, np.ascontiguousarray(solved, np.float32))


def principal_axes(scene: FloatArray) -> FloatArray:
    """Leading principal components (bands, d) of spectra (m, bands) that stand for a scene.

    The width of the kernel is in them.
    """
    centred = torch.from_numpy(scene).double()
    centred = centred - centred.mean(dim=0)
    variances, axes = torch.linalg.eigh(centred.T @ centred / max(len(scene), 1))
    spread = max(float(variances[-DIMENSIONS:].sum()), 1e-12)
    scaled = axes[:, -DIMENSIONS:].flip(1) * np.sqrt(WIDTH / spread)
    return np.ascontiguousarray(scaled.numpy(), np.float32)


def _logistic(seen: Tensor, targets: Tensor, classes: int) -> Tensor:
    """Weights (d, classes) of values (n, d) by which labels are likely, and which are small."""
    counts = torch.bincount(targets, minlength=classes)
    trust = (len(targets) / (classes * counts[targets]))[:, None]  # rare classes count as much
    wanted = torch.eye(classes, dtype=seen.dtype)[targets]
    bound = seen.T @ (trust * seen) / 2
    bound.diagonal().add_(RIDGE)
    factor = torch.linalg.cholesky(bound)
    found = torch.zeros((seen.shape[1], classes), dtype=seen.dtype)
    ahead = found
    for step in range(STEPS):
        wrong = torch.softmax(seen @ ahead, dim=1) - wanted
        slope = seen.T @ (trust * wrong) + RIDGE * ahead
        before, found = found, ahead - torch.cholesky_solve(slope, factor)
        ahead = found + step / (step + 3) * (found - before)
    return found
