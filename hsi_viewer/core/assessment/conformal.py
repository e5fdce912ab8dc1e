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


@dataclass(frozen=True)
class ConformalSets:
    """Which classes a pixel may have.

    Attributes
    ----------
    threshold : probability from which on a class is in the set; 0 of too few labels.
    coverage : that was asked for.
    """

    threshold: float
    coverage: float

    def contains(self, probabilities: NDArray[np.floating[Any]]) -> NDArray[np.bool_]:
        """Whether each class is in the set of each pixel (..., classes); none without data."""
        has_data = probabilities.sum(axis=-1, keepdims=True) > 0
        inside: NDArray[np.bool_] = (probabilities >= self.threshold) & has_data
        return inside

    def sizes(self, probabilities: NDArray[np.floating[Any]]) -> NDArray[np.uint16]:
        """Number of classes in the set of each pixel (...); 0 where no class is likely enough."""
        sizes: NDArray[np.uint16] = self.contains(probabilities).sum(axis=-1).astype(np.uint16)
        return sizes


def fit_conformal(
    probabilities: NDArray[np.floating[Any]],
    targets: Numbers,
    coverage: float = COVERAGE,
    weights: NDArray[np.float64] | None = None,
) -> ConformalSets:
    """The threshold from answers for labels that were not trained on.

    Too few labels (fewer than nine, for 90 %) leave every class possible.

    Parameters
    ----------
    probabilities : (n, classes) of labels that were held out by place.
    targets : (n,) class indices.
    coverage : share of pixels whose set is to contain the true class, 0..1.
    weights : (n,) above 0, of the labels, where classes are labelled in other shares than they
        have in the scene; the same by default.
    """
    own = probabilities[np.arange(len(targets)), targets].astype(np.float64)
    weights = np.ones(own.size) if weights is None else weights
    order = np.argsort(-own, kind="stable")
    covered = np.cumsum(weights[order])
    next_one = float(weights.mean()) if own.size else 0.0  # the pixel that is to be covered
    wanted = coverage * (float(weights.sum()) + next_one)
    at = int(np.searchsorted(covered, wanted * (1 - 1e-12)))
    return ConformalSets(float(own[order[at]]) if at < own.size else 0.0, coverage)
