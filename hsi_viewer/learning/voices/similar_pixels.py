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
RIDGE = 0.1  # how closely labels are followed
SUPPORT = 500  # labels that a pixel is compared with, at most
CHUNK = 1 << 15  # pixels compared at a time
LEAST = 1e-8  # added to the diagonal of the normal equations, in units of its mean


@dataclass(frozen=True)
class SimilarPixelVoice:
    """Scores by likeness to labelled pixels.

    Attributes
    ----------
    projection : (c, d) of the first c channels, or of all bands; it has the width of the kernel.
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
    ) -> Self:
        """Fit on features (n, channels) and class indices (n,); every class has a pixel."""
        space = spectral_space(features, DIMENSIONS)
        spread = float(((space / features.scales[: len(space), None]) ** 2).sum())
        scaled = space * np.sqrt(WIDTH / max(spread, 1e-12))
        near = np.ascontiguousarray(scaled.astype(np.float32))
        values = projected(pixels, near)
        support = values[spread_out(targets, classes)]
        alike = likeness(values, support).astype(np.float64)
        wanted = np.where(np.eye(classes)[targets] > 0, 1.0, -1.0 / max(classes - 1, 1))
        # The rarer a class, the closer its labels are followed.
        trust = len(targets) / (classes * np.bincount(targets, minlength=classes)[targets])
        if len(support) == len(values):
            system, right = alike + np.diag(RIDGE / trust), wanted
        else:
            weighed = alike.T * trust
            system = weighed @ alike + RIDGE * likeness(support, support)
            right = weighed @ wanted
            system[np.diag_indices_from(system)] += LEAST * np.trace(system) / len(system)
        solved = torch.linalg.solve(torch.from_numpy(system), torch.from_numpy(right)).numpy()
        return cls(near, support, np.ascontiguousarray(solved, np.float32))

    def scores(self, features: FloatArray) -> FloatArray:
        """Scores (n, classes) of features (n, channels), or of spectra (n, bands)."""
        return self.scores_at(projected(features, self.projection))

    @property
    def axes(self) -> FloatArray:
        """What features or spectra are multiplied by."""
        return self.projection

    def scores_at(self, places: FloatArray) -> FloatArray:
        """Scores (n, classes) of products (n, d) with the axes."""
        out = np.empty((len(places), self.coefficients.shape[1]), np.float32)
        for start in range(0, len(places), CHUNK):
            part = places[start : start + CHUNK]
            out[start : start + CHUNK] = likeness(part, self.support) @ self.coefficients
        return out


def likeness(values: FloatArray, support: FloatArray) -> FloatArray:
    """exp(-squared distance) of values (n, d) to support (m, d)."""
    apart = values @ support.T
    apart *= 2
    apart -= (values**2).sum(axis=1)[:, None]
    apart -= (support**2).sum(axis=1)
    np.minimum(apart, 0, out=apart)
    np.exp(apart, out=apart)
    return apart


def spread_out(targets: NDArray[np.int64], classes: int) -> NDArray[np.int64]:
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
