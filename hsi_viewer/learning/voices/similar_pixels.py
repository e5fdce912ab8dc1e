"""The voice of similar pixels: a kernel machine in spectral space.

Least-squares support vectors (Suykens and Vandewalle, Neural Processing Letters 9, 1999): one
linear system instead of a search, so that a fold costs milliseconds. Of many labels some are the
support, and all are learned from.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
import torch
from numpy.typing import NDArray

from hsi_viewer.learning.features import Features, FloatArray
from hsi_viewer.learning.voices.spectral_space import projected, spectral_space

DIMENSIONS = 30
WIDTH = 0.1  # fall of the kernel with squared distance, in units of the scene's mean one
LOOSELY, CLOSELY = 0.1, 0.001  # ridges: how closely labels are followed
SUPPORT = 500  # labels that a pixel is compared with, at most
CHUNK = 1 << 15  # pixels compared at a time
LEAST = 1e-8  # added to the diagonal of the normal equations, in units of its mean


@dataclass(frozen=True)
class SimilarPixelVoice:
    """Scores by likeness to labelled pixels.

    Attributes
    ----------
    projection : (c, d) of the first c channels; the width of the kernel is in it.
    support : (m, d) projected pixels.
    coefficients : (m, classes).
    """

    projection: FloatArray
    support: FloatArray
    coefficients: FloatArray

    @classmethod
    def fitted(
        cls,
        features: Features,
        pixels: FloatArray,
        targets: NDArray[np.int64],
        classes: int,
        ridge: float = LOOSELY,
    ) -> Self:
        """Fit on features (n, channels) and class indices (n,); every class has a pixel."""
        space = spectral_space(features, DIMENSIONS)
        spread = float(((space / features.scales[: len(space), None]) ** 2).sum())
        scaled = space * np.sqrt(WIDTH / max(spread, 1e-12))
        near = np.ascontiguousarray(scaled.astype(np.float32))
        values = projected(pixels, near)
        support = values[_spread_out(targets, classes)]
        likeness = _kernel(values, support).astype(np.float64)
        wanted = np.where(np.eye(classes)[targets] > 0, 1.0, -1.0 / max(classes - 1, 1))
        # The rarer a class, the closer its labels are followed.
        trust = len(targets) / (classes * np.bincount(targets, minlength=classes)[targets])
        if len(support) == len(values):
            system, right = likeness + np.diag(ridge / trust), wanted
        else:
            weighed = likeness.T * trust
            system = weighed @ likeness + ridge * _kernel(support, support)
            right = weighed @ wanted
            system[np.diag_indices_from(system)] += LEAST * np.trace(system) / len(system)
        solved = torch.linalg.solve(torch.from_numpy(system), torch.from_numpy(right)).numpy()
        return cls(near, support, np.ascontiguousarray(solved, np.float32))

    def scores(self, features: FloatArray) -> FloatArray:
        """Scores (n, classes) of features (n, channels)."""
        out = np.empty((len(features), self.coefficients.shape[1]), np.float32)
        for start in range(0, len(features), CHUNK):
            part = projected(features[start : start + CHUNK], self.projection)
            out[start : start + CHUNK] = _kernel(part, self.support) @ self.coefficients
        return out


def _kernel(values: FloatArray, support: FloatArray) -> FloatArray:
    """exp(-squared distance) of values (n, d) to support (m, d)."""
    apart = values @ support.T
    apart *= 2
    apart -= (values**2).sum(axis=1)[:, None]
    apart -= (support**2).sum(axis=1)
    np.minimum(apart, 0, out=apart)
    np.exp(apart, out=apart)
    return apart


def _spread_out(targets: NDArray[np.int64], classes: int) -> NDArray[np.int64]:
    """Indices of the support: all, or about `SUPPORT` evenly of each class and along its labels."""
    if len(targets) <= SUPPORT:
        return np.arange(len(targets))
    share = max(SUPPORT // classes, 1)
    chosen = []
    for k in range(classes):
        members = np.flatnonzero(targets == k)
        at = np.linspace(0, len(members) - 1, min(share, len(members))).round().astype(np.int64)
        chosen.append(members[at])
    return np.sort(np.concatenate(chosen))
