"""How good a map is, by all that is known of it: its run's evidence, and test pixels."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from hsi_viewer.core.assessment.assessment import Assessment, NameOf
from hsi_viewer.core.assessment.conformal import ConformalSets, fit_by_place
from hsi_viewer.core.assessment.label_assessment import assess_labels, labels_apart
from hsi_viewer.core.assessment.truth_assessment import assess_truth
from hsi_viewer.core.evidence import RunEvidence
from hsi_viewer.core.labels.sampling import REACH
from hsi_viewer.core.prediction import Prediction


def assess_map(
    prediction: Prediction,
    trained_on: NDArray[np.bool_],
    evidence: RunEvidence | None,
    test: NDArray[np.uint16] | None,
    name_of: NameOf = str,
) -> Assessment | None:
    """Figures of a map; None where neither evidence nor test pixels are there.

    Parameters
    ----------
    prediction : the map.
    trained_on : (rows, columns), True where its model saw a label.
    evidence : of the run that made it.
    test : (rows, columns) true class ids, 0 where not scored.
    name_of : name of a class.
    """
    found = Assessment(None, None, None, None, REACH, 0)
    if evidence is not None:
        found = assess_labels(
            evidence.evidence,
            evidence.labels,
            evidence.class_ids,
            reach=evidence.reach,
            name_of=name_of,
        )
    if test is None or not test.any():
        return None if evidence is None else found
    training = trained_on.astype(np.uint16)
    return assess_truth(prediction.class_map, prediction.confidence, test, training, found, name_of)


def conformal_of(found: RunEvidence) -> ConformalSets | None:
    """Sets of classes from the labels that were held out by place; None with too few of these."""
    held = found.evidence.separated
    if held is None:
        return None
    apart = labels_apart(held, found.labels, found.class_ids)
    if not apart.any():
        return None
    sets = fit_by_place(held.probabilities[apart], held.targets[apart], held.groups[apart])
    return sets if sets.threshold > 0 else None
