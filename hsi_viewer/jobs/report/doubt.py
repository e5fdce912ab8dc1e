"""Layers of uncertainty of a map, and what they say in numbers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hsi_viewer.core.assessment.conformal import ConformalSets, fit_conformal
from hsi_viewer.core.assessment.label_assessment import labels_apart
from hsi_viewer.core.assessment.uncertainty import entropy, margin
from hsi_viewer.core.evidence import Evidence
from hsi_viewer.core.progress import CancelToken, Progress, ProgressPort
from hsi_viewer.jobs.mapped_run import MappedRun
from hsi_viewer.jobs.report.facts import Applicable, Conformal, LayerFacts, Uncertainty
from hsi_viewer.jobs.report.pictures import Layer
from hsi_viewer.learning.applicability import SeenScene, applicability_of, dissimilarity_map

Floats = NDArray[np.float32]
ROWS = 256  # whose probabilities are looked at together


def uncertainty_of(
    run: MappedRun, evidence: Evidence, token: CancelToken, port: ProgressPort
) -> tuple[Uncertainty, tuple[Layer, ...]]:
    """The layers that can be computed, and their figures.

    Raises
    ------
    TaskCancelledError
        if the token was cancelled.
    """
    layers = [
        Layer(
            "Confidence",
            "Probability of the mapped class; bright is doubtful.",
            run.prediction.confidence,
            1.0,
            0.0,
        )
    ]
    if run.prediction.disagreement is not None:
        layers.append(
            Layer(
                "Exit disagreement",
                "How far the exits of the network disagree; bright is doubtful.",
                run.prediction.disagreement,
                0.0,
                1.0,
            )
        )
    sets = conformal_sets(run, evidence)
    conformal = None
    probabilities = run.prediction.probabilities
    if probabilities is not None:
        port.report(Progress("Computing layers of uncertainty"))
        layers += _of_probabilities(probabilities, token)
        if sets is not None:
            sizes = _by_rows(probabilities, sets.sizes, token).astype(np.uint16)
            conformal = _in_numbers(run, sets, sizes)
            layers.append(
                Layer(
                    "Conformal set size",
                    f"Classes that a pixel may have if {100 * sets.coverage:.0f} % of the sets are "
                    "to contain the true one; bright is doubtful.",
                    sizes,
                    1.0,
                    float(max(2, min(sizes.max(), len(run.classes)))),
                )
            )
    applicable, dissimilarity = _applicability(run, token, port)
    layers.append(dissimilarity)
    return Uncertainty(tuple(_facts(run, la) for la in layers), applicable, conformal), tuple(
        layers
    )


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


def _of_probabilities(probabilities: Floats, token: CancelToken) -> list[Layer]:
    return [
        Layer(
            "Margin",
            "Probability of the mapped class less that of the second; bright is doubtful.",
            _by_rows(probabilities, margin, token),
            1.0,
            0.0,
        ),
        Layer(
            "Entropy",
            "Entropy of the probabilities as a share of the largest possible; bright is doubtful.",
            _by_rows(probabilities, entropy, token),
            0.0,
            1.0,
        ),
    ]


def _by_rows(probabilities: Floats, of: Callable[[Floats], Any], token: CancelToken) -> Floats:
    out = np.empty(probabilities.shape[:2], np.float32)
    for top in range(0, len(out), ROWS):
        token.check()
        out[top : top + ROWS] = of(probabilities[top : top + ROWS])
    return out


def _in_numbers(run: MappedRun, sets: ConformalSets, sizes: NDArray[np.uint16]) -> Conformal:
    mapped = sizes[run.prediction.class_map > 0]
    return Conformal(
        sets.coverage,
        sets.threshold,
        float(mapped.mean()) if mapped.size else float("nan"),
        float((mapped == 1).mean()) if mapped.size else float("nan"),
    )


def _applicability(
    run: MappedRun, token: CancelToken, port: ProgressPort
) -> tuple[Applicable, Layer]:
    seen = SeenScene(run.model, run.cube, token)
    known = applicability_of(seen, run.labels, token)
    values = dissimilarity_map(seen, known, token, port)
    mapped = values[(run.prediction.class_map > 0) & np.isfinite(values)]
    outside = float((~known.applies(mapped)).mean()) if mapped.size else float("nan")
    layer = Layer(
        "Dissimilarity",
        "Distance to the nearest training pixel in what the model sees; beyond "
        f"{known.threshold:.2f} lies outside of the area of applicability.",
        values,
        0.0,
        2 * known.threshold if 0 < known.threshold < np.inf else 1.0,
    )
    return Applicable(known.threshold, outside), layer


def _facts(run: MappedRun, layer: Layer) -> LayerFacts:
    values = layer.values[run.prediction.class_map > 0].astype(np.float64)
    values = values[np.isfinite(values)]
    mean = float(values.mean()) if values.size else float("nan")
    low, high = sorted((layer.sure, layer.doubtful))
    return LayerFacts(layer.name, layer.about, low, high, mean)
