"""Sets of classes that contain the true one as often as is asked, by split conformal prediction.

Sadinle, Lei and Wasserman, "Least ambiguous set-valued classifiers with bounded error levels" (J.
Am. Stat. Assoc. 114, 2019), on answers for labels that were held out by place.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

COVERAGE = 0.9
Numbers = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class ConformalSets:
    """Which classes a pixel may have.

    Attributes
    ----------
    thresholds : (classes,) probability from which on a class is in the set.
    coverage : that was asked for.
    """

    thresholds: NDArray[np.float64]
    coverage: float

    def contains(self, probabilities: NDArray[np.floating[Any]]) -> NDArray[np.bool_]:
        """Whether each class is in the set of each pixel (..., classes); none without data."""
        has_data = probabilities.sum(axis=-1, keepdims=True) > 0
        inside: NDArray[np.bool_] = (probabilities >= self.thresholds) & has_data
        return inside

    def sizes(self, probabilities: NDArray[np.floating[Any]]) -> NDArray[np.uint16]:
        """Number of classes in the set of each pixel (...); 0 where no class is likely enough."""
        sizes: NDArray[np.uint16] = self.contains(probabilities).sum(axis=-1).astype(np.uint16)
        return sizes


def fit_conformal(
    probabilities: NDArray[np.floating[Any]], targets: Numbers, coverage: float = COVERAGE
) -> ConformalSets:
    """Thresholds from answers for labels that were not trained on.

    Labels are drawn class by class, whatever the share of a class in the scene. So each class has
    a threshold of its own where it has labels enough, and coverage holds within it; the others
    have that of all labels.

    Parameters
    ----------
    probabilities : (n, classes) of the held-out labels.
    targets : (n,) class indices.
    coverage : share of pixels whose set is to contain the true class, 0..1.
    """
    own = probabilities[np.arange(len(targets)), targets].astype(np.float64)
    classes = probabilities.shape[1]
    pooled = _threshold(own, coverage)
    found = [_threshold(own[targets == k], coverage) for k in range(classes)]
    thresholds = np.array([pooled if np.isnan(t) else t for t in found], np.float64)
    return ConformalSets(np.nan_to_num(thresholds, nan=0.0), coverage)


def _threshold(own: NDArray[np.float64], coverage: float) -> float:
    """Probability that so many labels exceed, with one more to come; NaN of too few labels."""
    rank = int(np.ceil((own.size + 1) * coverage))
    if rank > own.size:
        return float("nan")
    return float(np.sort(own)[own.size - rank])
