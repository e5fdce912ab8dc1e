"""Layers of uncertainty of a map, and what they say in numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hsi_viewer.core.assessment.applicability import Applicability
from hsi_viewer.core.assessment.conformal import ConformalSets, fit_conformal
from hsi_viewer.core.assessment.label_assessment import labels_apart
from hsi_viewer.core.assessment.uncertainty import entropy, margin
from hsi_viewer.core.evidence import Evidence
from hsi_viewer.core.progress import CancelToken, Progress, ProgressPort
from hsi_viewer.jobs.mapped_run import MappedRun
from hsi_viewer.jobs.report.facts import Applicable, Conformal, LayerFacts, Uncertainty
from hsi_viewer.jobs.report.pictures import Layer, Picture
from hsi_viewer.learning.applicability import SeenScene, applicability_of, dissimilarity_map

Floats = NDArray[np.float32]
ROWS = 256  # whose probabilities are looked at together


def uncertainty_of(
    run: MappedRun, evidence: Evidence, token: CancelToken, port: ProgressPort
) -> tuple[Uncertainty, tuple[Picture, ...]]:
    """The figures and the pictures of the layers that can be computed.

    Raises
    ------
    TaskCancelledError
        if the token was cancelled.
    """
    doubt = Doubt(run, evidence, token, port)
    facts, pictures = [], []
    for layer in doubt.layers():  # one at a time: each is as large as the scene
        facts.append(_facts(run, layer))
        pictures.append(layer.picture(run.prediction.class_map))
    return Uncertainty(tuple(facts), doubt.applicable, doubt.conformal), tuple(pictures)


def conformal_sets(run: MappedRun, evidence: Evidence) -> ConformalSets | None:
    """Sets from the labels that were held out by place; None with too few of these."""
    held = evidence.separated
    if held is None:
        return None
    apart = labels_apart(held, run.labels, run.model.class_ids)
    if not apart.any():
        return None
    sets = fit_conformal(held.probabilities[apart], held.targets[apart])
    return sets if sets.threshold > 0 else None


class Doubt:
    """Computes the layers of a run.

    Attributes
    ----------
    applicable, conformal : known once the layers were computed; None where they cannot be.
    """

    def __init__(
        self, run: MappedRun, evidence: Evidence, token: CancelToken, port: ProgressPort
    ) -> None:
        self._run, self._evidence, self._token, self._port = run, evidence, token, port
        self.applicable: Applicable | None = None
        self.conformal: Conformal | None = None

    def layers(self) -> Iterator[Layer]:
        """Every layer that can be computed."""
        self._port.report(Progress("Computing layers of uncertainty"))
        prediction = self._run.prediction
        about = "Probability of the mapped class; bright is doubtful."
        yield Layer("Confidence", about, prediction.confidence, 1.0, 0.0)
        if prediction.disagreement is not None and prediction.disagreement.any():
            about = "How far the exits of the network disagree; bright is doubtful."
            yield Layer("Exit disagreement", about, prediction.disagreement, 0.0, 1.0)
        if prediction.probabilities is not None:
            yield from self._of_probabilities(prediction.probabilities)
        yield self._dissimilarity()

    def _of_probabilities(self, probabilities: Floats) -> Iterator[Layer]:
        about = "Probability of the mapped class less that of the second; bright is doubtful."
        yield Layer("Margin", about, self._by_rows(probabilities, margin), 1.0, 0.0)
        about = "Entropy of the probabilities, as a share of the largest; bright is doubtful."
        yield Layer("Entropy", about, self._by_rows(probabilities, entropy), 0.0, 1.0)
        sets = conformal_sets(self._run, self._evidence)
        if sets is None:
            return
        sizes = self._by_rows(probabilities, sets.sizes)
        mapped = sizes[self._run.prediction.class_map > 0]
        if not mapped.size:
            return
        share = float((mapped == 1).mean())
        self.conformal = Conformal(sets.coverage, sets.threshold, float(mapped.mean()), share)
        about = (
            f"Classes that a pixel may have if {100 * sets.coverage:.0f} % of the sets are to "
            "contain the true one; bright is doubtful."
        )
        yield Layer("Conformal set size", about, sizes, 1.0, max(2.0, float(mapped.max())))

    def _by_rows(self, probabilities: Floats, of: Callable[[Floats], Any]) -> Floats:
        out = np.empty(probabilities.shape[:2], np.float32)
        for top in range(0, len(out), ROWS):
            self._token.check()
            out[top : top + ROWS] = of(probabilities[top : top + ROWS])
        return out

    def _dissimilarity(self) -> Layer:
        run = self._run
        seen = SeenScene(run.model, run.cube, self._token)
        known = applicability_of(seen, run.labels, self._token)
        values = dissimilarity_map(seen, known, self._token, self._port)
        mapped = values[(run.prediction.class_map > 0) & np.isfinite(values)]
        outside = float((~known.applies(mapped)).mean()) if mapped.size else float("nan")
        self.applicable = Applicable(known.threshold, outside)
        return Layer("Dissimilarity", _about(known), values, 0.0, _twice(known.threshold))


def _about(known: Applicability) -> str:
    return (
        "Distance to the nearest training pixel in what the model sees; beyond "
        f"{known.threshold:.2f} lies outside of the area of applicability."
    )


def _twice(threshold: float) -> float:
    return 2 * threshold if 0 < threshold < np.inf else 1.0


def _facts(run: MappedRun, layer: Layer) -> LayerFacts:
    shown = (run.prediction.class_map > 0) & np.isfinite(layer.values)
    mean = float(layer.values.mean(dtype=np.float64, where=shown)) if shown.any() else float("nan")
    low, high = sorted((layer.sure, layer.doubtful))
    return LayerFacts(layer.name, layer.about, low, high, mean)
