"""Layers of uncertainty of a class map, computed one by one when they are asked for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from hsi_viewer.core.assessment.conformal import ConformalSets
from hsi_viewer.core.assessment.map_assessment import conformal_of
from hsi_viewer.core.assessment.uncertainty import entropy, margin
from hsi_viewer.core.classifier import Model
from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.errors import LabelError
from hsi_viewer.core.evidence import RunEvidence
from hsi_viewer.core.prediction import Prediction
from hsi_viewer.core.progress import CancelToken, ProgressPort

Floats = NDArray[np.float32]
Mask = NDArray[np.bool_]
DoubtKey = Literal["confidence", "margin", "entropy", "exits", "applicability", "sets"]
FEW_PLACES = "The labels are of too few places to be certain: fewer may. Label nine places or more."
ROWS = 256  # whose probabilities are looked at together
NO_PROBABILITIES = (
    "The probabilities of this map weren't kept: make it again, then this layer can be computed."
)


class DoubtKind(Struct, frozen=True):
    """A layer of uncertainty.

    Attributes
    ----------
    key : stable.
    title : of the layer.
    about : what its colours mean.
    """

    key: DoubtKey
    title: str
    about: str


KINDS = (
    DoubtKind("confidence", "Confidence", "Probability of the mapped class; bright is doubtful."),
    DoubtKind(
        "margin",
        "Margin",
        "Probability of the mapped class less that of the second; bright is doubtful.",
    ),
    DoubtKind(
        "entropy",
        "Entropy",
        "How evenly the probability is spread over the classes, 0 to 1; bright is doubtful.",
    ),
    DoubtKind(
        "exits",
        "Disagreement of the exits",
        "How far the exits of the network disagree; bright is doubtful.",
    ),
    DoubtKind(
        "applicability",
        "Area of applicability",
        "Distance to the training pixels in what the model sees; beyond the threshold it has "
        "seen nothing like it.",
    ),
    DoubtKind(
        "sets",
        "Class set size",
        "Number of classes that a pixel may have if 90 % of the sets are to contain the true one.",
    ),
)

AREA = next(kind for kind in KINDS if kind.key == "applicability")


class MapFacts(Struct, frozen=True, eq=False):
    """A map and what is known of its making.

    Attributes
    ----------
    cube, prediction : the scene and the map.
    model : that made it; None where it isn't at hand.
    labels : (rows, columns) class ids that it was trained on.
    evidence : of its run, or None.
    background : (rows, columns), True where the user said that none of the classes is; or None.
    """

    cube: HyperCube
    prediction: Prediction
    model: Model | None
    labels: NDArray[np.uint16]
    evidence: RunEvidence | None
    background: Mask | None = None


class DoubtLayer(Struct, frozen=True, eq=False):
    """The values of a layer of uncertainty.

    Attributes
    ----------
    kind, prediction : which layer, and of which map.
    values : (rows, columns), NaN without data.
    sure, doubtful : values of the first and the last colour.
    threshold : beyond which a pixel is outside of the area of applicability; NaN of other layers.
    sets : the class sets whose sizes these are; None of other layers.
    """

    kind: DoubtKind
    prediction: Prediction
    values: NDArray[Any]
    sure: float
    doubtful: float
    threshold: float = float("nan")
    sets: ConformalSets | None = None

    @property
    def about(self) -> str:
        """What the colours mean, with the threshold, and whether it can be relied on."""
        if self.sets is not None and not self.sets.places:
            return f"{self.kind.about} {FEW_PLACES}"
        if np.isnan(self.threshold):
            return self.kind.about
        return f"{self.kind.about} Threshold: {self.threshold:.2f}."

    @property
    def outside(self) -> Mask:
        """Pixels (rows, columns) outside of the area of applicability, those without data aside."""
        beyond: Mask = self.values > np.float32(self.threshold)
        return beyond

    @property
    def shown(self) -> Mask:
        """Pixels (rows, columns) that the map gives a class and the layer a value."""
        shown: Mask = (self.prediction.class_map > 0) & np.isfinite(self.values)
        return shown


def doubt_layer(
    kind: DoubtKind, facts: MapFacts, token: CancelToken, port: ProgressPort
) -> DoubtLayer:
    """Compute a layer, in a worker.

    Raises
    ------
    LabelError
        if what it needs isn't known of this map, with what to do.
    TaskCancelledError
        if the token was cancelled.
    """
    prediction = facts.prediction
    if kind.key == "confidence":
        if np.isnan(prediction.confidence).all():
            raise LabelError("The confidence of this map wasn't written.")
        return DoubtLayer(kind, prediction, prediction.confidence, 1.0, 0.0)
    if kind.key == "exits":
        if prediction.disagreement is None or not prediction.disagreement.any():
            raise LabelError("The network has no part in this map, so no exits can disagree.")
        return DoubtLayer(kind, prediction, prediction.disagreement, 0.0, 1.0)
    if kind.key == "applicability":
        return _applicability(kind, facts, token, port)
    if prediction.probabilities is None:
        raise LabelError(NO_PROBABILITIES)
    if kind.key == "margin":
        values = _by_rows(prediction.probabilities, margin, token)
        return DoubtLayer(kind, prediction, values, 1.0, 0.0)
    if kind.key == "entropy":
        values = _by_rows(prediction.probabilities, entropy, token)
        return DoubtLayer(kind, prediction, values, 0.0, 1.0)
    sets = None if facts.evidence is None else conformal_of(facts.evidence)
    if sets is None:
        raise LabelError(
            "Class sets need labels that could be held out by place: the Accuracy panel says what "
            "to label."
        )
    values = _by_rows(prediction.probabilities, sets.sizes, token)
    most = float(max(2, min(values.max(), len(prediction.class_ids))))
    return DoubtLayer(kind, prediction, values, 1.0, most, sets=sets)


def outside_of(facts: MapFacts, token: CancelToken, port: ProgressPort) -> Mask:
    """Pixels (rows, columns) outside of the area of applicability; errors as of `doubt_layer`."""
    return doubt_layer(AREA, facts, token, port).outside


def _by_rows(
    probabilities: NDArray[np.float32], of: Callable[[Any], Any], token: CancelToken
) -> Floats:
    out = np.empty(probabilities.shape[:2], np.float32)
    for top in range(0, len(out), ROWS):
        token.check()
        out[top : top + ROWS] = of(probabilities[top : top + ROWS])
    return out


def _applicability(
    kind: DoubtKind, facts: MapFacts, token: CancelToken, port: ProgressPort
) -> DoubtLayer:
    from hsi_viewer.learning.applicability import SeenScene, applicability_of, dissimilarity_map

    if facts.model is None:
        raise LabelError("The model of this map isn't at hand: train again to see its reach.")
    seen = SeenScene(facts.model, facts.cube, token)
    known = applicability_of(seen, facts.labels, token, facts.background)
    values = dissimilarity_map(seen, known, token, port)
    end = 2 * known.threshold if 0 < known.threshold < np.inf else 1.0
    return DoubtLayer(kind, facts.prediction, values, 0.0, end, known.threshold)
