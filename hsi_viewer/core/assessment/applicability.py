"""Area of applicability: where a scene is like what was trained on.

Meyer and Pebesma, "Predicting into unknown space? Estimating the area of applicability of spatial
prediction models" (Methods Ecol. Evol. 12, 2021).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from msgspec import Struct
from msgspec.structs import replace
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Numbers = NDArray[np.int64]

MOST_TRAINING = 2_000  # pixels that distances are taken to; of more, some of each class
CHUNK = 4_096  # pixels whose distances are in memory at a time


class Applicability(Struct, frozen=True, eq=False):
    """Knows the training pixels, and how far apart they are.

    Attributes
    ----------
    mean, scale : (features,) that features are standardised by, and weighed.
    training : (n, features) standardised and weighed.
    unit : mean distance between two training pixels.
    threshold : dissimilarity of the most remote training pixel of a fold to the other folds,
        outliers left out.
    background : (n, features) pixels that none of the classes is at, standardised and weighed.
    """

    mean: Floats
    scale: Floats
    training: Floats
    unit: float
    threshold: float
    background: Floats | None = None

    def with_background(self, features: NDArray[np.floating[Any]]) -> Applicability:
        """The same, knowing pixels (n, features) that none of the classes is at."""
        return replace(self, background=self._scaled(features) if len(features) else None)

    def _scaled(self, features: NDArray[np.floating[Any]]) -> Floats:
        scaled: Floats = (np.asarray(features, np.float32) - self.mean) * self.scale
        return scaled

    def dissimilarity(self, features: NDArray[np.floating[Any]]) -> Floats:
        """Distance (n,) to the nearest training pixel, in units of their mean distance.

        What is nearer to the background than to any training pixel lies beyond the threshold.

        Parameters
        ----------
        features : (n, features) of pixels.
        """
        scaled = self._scaled(features)
        nearest = _nearest(scaled, self.training)
        found: Floats = nearest / np.float32(self.unit)
        if self.background is not None:
            beyond = np.nextafter(np.float32(self.threshold), np.float32(np.inf))
            outside = _nearest(scaled, self.background) < nearest
            found = np.where(outside, np.maximum(found, beyond), found)
        return found

    def distances(self, features: NDArray[np.floating[Any]]) -> Floats:
        """Distance (n, m) of each pixel to each training pixel, in units of their mean distance.

        Parameters
        ----------
        features : (n, features) of pixels.
        """
        apart = np.sqrt(_squares(self._scaled(features), self.training)) / self.unit
        found: Floats = apart.astype(np.float32)
        return found

    def applies(self, dissimilarity: Floats) -> NDArray[np.bool_]:
        """Whether each pixel is in the area of applicability."""
        inside: NDArray[np.bool_] = dissimilarity <= np.float32(self.threshold)
        return inside


def importance(features: NDArray[np.floating[Any]], targets: Numbers) -> Floats:
    """Share of the variance of each feature that lies between the classes, 0..1.

    Parameters
    ----------
    features : (n, features) of labelled pixels.
    targets : (n,) class indices.
    """
    values = features.astype(np.float64)
    values = values - values.mean(axis=0)
    sums = np.zeros((int(targets.max()) + 1, values.shape[1]))
    np.add.at(sums, targets, values)
    counts = np.maximum(np.bincount(targets), 1)[:, None]
    total = (values**2).sum(axis=0)
    between = (sums**2 / counts).sum(axis=0)
    share = np.divide(between, total, out=np.zeros_like(total), where=total > 0)
    found: Floats = share.astype(np.float32)
    return found


def fit_applicability(
    features: NDArray[np.floating[Any]],
    targets: Numbers,
    folds: Numbers,
    weights: Floats | None = None,
    most: int = MOST_TRAINING,
) -> Applicability:
    """The area of applicability of a model that was trained on some pixels.

    Parameters
    ----------
    features : (n, features) of two training pixels at least.
    targets : (n,) class indices.
    folds : (n,) in which each was held out by place, -1 for never; without two folds each pixel
        is one of its own.
    weights : (features,) of the features; how well each separates the classes by default.
    most : training pixels to keep.
    """
    chosen = some_of_each(targets, most)
    features, targets, folds = features[chosen], targets[chosen], folds[chosen]
    mean = features.mean(axis=0, dtype=np.float64)
    spread = features.std(axis=0, dtype=np.float64)
    weights = importance(features, targets) if weights is None else weights
    scale = np.where(spread > 0, weights / np.where(spread > 0, spread, 1), 0).astype(np.float32)
    scaled = (features.astype(np.float32) - mean.astype(np.float32)) * scale
    squares = _squares(scaled, scaled)
    count = len(scaled)
    unit = float(np.sqrt(squares).sum() / max(count * (count - 1), 1)) or 1.0
    if len(np.unique(folds[folds >= 0])) < 2:
        folds = np.arange(count)
    squares[(folds[:, None] == folds) & (folds >= 0)[:, None]] = np.inf
    held = (folds >= 0) & np.isfinite(squares).any(axis=1)
    own = np.sqrt(squares[held].min(axis=1)) / unit
    return Applicability(mean.astype(np.float32), scale, scaled, unit, _whisker(own))


def _whisker(values: Floats) -> float:
    """The largest value that a box plot does not show as an outlier."""
    if values.size == 0:
        return float("inf")
    low, high = np.quantile(values, (0.25, 0.75))
    return float(values[values <= high + 1.5 * (high - low)].max())


def some_of_each(targets: Numbers, most: int) -> Numbers:
    """Which pixels to keep, evenly over the classes and over their order; at most so many."""
    if targets.size <= most:
        return np.arange(targets.size)
    share = max(most // len(np.unique(targets)), 1)
    kept = []
    for k in np.unique(targets):
        own = np.flatnonzero(targets == k)
        kept.append(own[np.unique(np.linspace(0, own.size - 1, min(share, own.size)).astype(int))])
    return np.sort(np.concatenate(kept))


def _nearest(values: Floats, training: Floats) -> Floats:
    found = np.empty(len(values), np.float32)
    for start in range(0, len(values), CHUNK):
        part = slice(start, start + CHUNK)
        found[part] = np.sqrt(_squares(values[part], training).min(axis=1))
    return found


def _squares(one: Floats, other: Floats) -> NDArray[np.float64]:
    """Squared distances (n, m), by one product of matrices."""
    product = one.astype(np.float64) @ other.astype(np.float64).T
    squares = (
        (one.astype(np.float64) ** 2).sum(axis=1)[:, None]
        + (other.astype(np.float64) ** 2).sum(axis=1)
        - 2 * product
    )
    found: NDArray[np.float64] = np.maximum(squares, 0)
    return found
