"""Sets of classes that contain the true one as often as is asked, by split conformal prediction.

Sadinle, Lei and Wasserman, "Least ambiguous set-valued classifiers with bounded error levels" (J.
Am. Stat. Assoc. 114, 2019), on answers for labels that were held out by place.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from msgspec import Struct
from msgspec.structs import replace
from numpy.typing import NDArray

COVERAGE = 0.9
Numbers = NDArray[np.int64]


class ConformalSets(Struct, frozen=True):
    """Which classes a pixel may have.

    Attributes
    ----------
    threshold : probability from which on a class is in the set; 0 of too few labels.
    coverage : that was asked for.
    places : whether the labels are of enough places for this coverage in other places; if not,
        they were counted one by one, and fewer may be covered.
    """

    threshold: float
    coverage: float
    places: bool = True

    def contains(self, probabilities: NDArray[np.floating[Any]]) -> NDArray[np.bool_]:
        """Whether each class is in the set of each pixel (..., classes); none without data."""
        has_data = probabilities.sum(axis=-1, keepdims=True) > 0
        inside: NDArray[np.bool_] = (probabilities >= self.threshold) & has_data
        return inside

    def sizes(self, probabilities: NDArray[np.floating[Any]]) -> NDArray[np.uint16]:
        """Number of classes in the set of each pixel (...); 0 where no class is likely enough."""
        sizes: NDArray[np.uint16] = self.contains(probabilities).sum(axis=-1).astype(np.uint16)
        return sizes


def fit_by_place(
    probabilities: NDArray[np.floating[Any]], targets: Numbers, groups: Numbers
) -> ConformalSets:
    """Sets from labels of many places; with too few of these, from the labels one by one.

    Parameters
    ----------
    probabilities, targets, groups : as of `fit_conformal`.
    """
    found = fit_conformal(probabilities, targets, groups=groups)
    if found.threshold > 0:
        return found
    return replace(fit_conformal(probabilities, targets), places=False)


def fit_conformal(
    probabilities: NDArray[np.floating[Any]],
    targets: Numbers,
    coverage: float = COVERAGE,
    weights: NDArray[np.float64] | None = None,
    groups: Numbers | None = None,
) -> ConformalSets:
    """The threshold from answers for labels that were not trained on.

    Too few labels (fewer than nine, for 90 %) leave every class possible. So do too few groups:
    labels of one place are right or wrong together, and the pixel that is to be covered lies in
    another place, so that places, and not labels, are what it is drawn from (as in Dunn,
    Wasserman and Ramdas, "Distribution-free prediction sets for two-layer hierarchical models",
    J. Am. Stat. Assoc. 118, 2023).

    Parameters
    ----------
    probabilities : (n, classes) of labels that were held out by place.
    targets : (n,) class indices.
    coverage : share of pixels whose set is to contain the true class, 0..1.
    weights : (n,) above 0, of the labels, where classes are labelled in other shares than they
        have in the scene; the same by default.
    groups : (n,) number of the place of each label; all labels of a group count as one. Each label
        is a group by default.
    """
    own = probabilities[np.arange(len(targets)), targets].astype(np.float64)
    weights = np.ones(own.size) if weights is None else weights
    if groups is not None and own.size:
        place = np.unique(groups, return_inverse=True)[1].reshape(-1)
        weights = weights / np.bincount(place)[place]
    count = own.size if groups is None else len(np.unique(groups))
    order = np.argsort(-own, kind="stable")
    covered = np.cumsum(weights[order])
    next_one = float(weights.sum()) / count if count else 0.0  # the pixel that is to be covered
    wanted = coverage * (float(weights.sum()) + next_one)
    at = int(np.searchsorted(covered, wanted * (1 - 1e-12)))
    return ConformalSets(float(own[order[at]]) if at < own.size else 0.0, coverage)
