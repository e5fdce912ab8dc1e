"""Layers of uncertainty of a map in a report, and what they say in numbers."""

from __future__ import annotations

import numpy as np

from hsi_viewer.core.errors import LabelError
from hsi_viewer.core.evidence import Evidence, RunEvidence
from hsi_viewer.core.progress import CancelToken, Progress, ProgressPort
from hsi_viewer.jobs.doubt_layers import KINDS, DoubtLayer, MapFacts, doubt_layer
from hsi_viewer.jobs.mapped_run import MappedRun
from hsi_viewer.jobs.report.facts import Applicable, Conformal, LayerFacts, Uncertainty
from hsi_viewer.jobs.report.pictures import Picture, doubt_picture


def uncertainty_of(
    run: MappedRun, evidence: Evidence, token: CancelToken, port: ProgressPort
) -> tuple[Uncertainty, tuple[Picture, ...]]:
    """The figures and the pictures of the layers that can be computed.

    Raises
    ------
    TaskCancelledError
        if the token was cancelled.
    """
    port.report(Progress("Computing layers of uncertainty"))
    known = RunEvidence(evidence, run.labels, run.model.class_ids, evidence.reach)
    facts = MapFacts(run.cube, run.prediction, run.model, run.labels, known, run.background)
    layers, pictures, missing = [], [], []
    applicable, conformal = None, None
    for kind in KINDS:  # one at a time: each is as large as the scene
        if run.trained_elsewhere and kind.key in ("applicability", "sets"):
            missing.append(f"{kind.title}: it takes the training labels, which aren't known.")
            continue
        try:
            layer = doubt_layer(kind, facts, token, port)
        except LabelError as error:
            missing.append(f"{kind.title}: {error}")
            continue
        layers.append(_facts(layer))
        pictures.append(doubt_picture(layer))
        applicable = applicable or _applicable(layer)
        conformal = conformal or _conformal(layer)
    found = Uncertainty(tuple(layers), applicable, conformal, tuple(missing))
    return found, tuple(pictures)


def _applicable(layer: DoubtLayer) -> Applicable | None:
    if np.isnan(layer.threshold):
        return None
    shown = layer.shown
    outside = float(layer.outside[shown].mean()) if shown.any() else float("nan")
    return Applicable(layer.threshold, outside)


def _conformal(layer: DoubtLayer) -> Conformal | None:
    sizes = layer.values[layer.shown]
    if layer.sets is None or not sizes.size:
        return None
    single = float((sizes == 1).mean())
    return Conformal(layer.sets.coverage, layer.sets.threshold, float(sizes.mean()), single)


def _facts(layer: DoubtLayer) -> LayerFacts:
    shown = layer.shown
    mean = float(layer.values.mean(dtype=np.float64, where=shown)) if shown.any() else float("nan")
    low, high = sorted((layer.sure, layer.doubtful))
    return LayerFacts(layer.kind.title, layer.about, low, high, mean)
