"""Facts as one JSON object."""

from __future__ import annotations

import math
from dataclasses import asdict
from typing import Any

import numpy as np

from hsi_viewer.core.assessment.accuracy import AccuracyReport
from hsi_viewer.core.assessment.doubt_rule import DoubtRule
from hsi_viewer.core.assessment.reliability import Reliability
from hsi_viewer.core.postprocess.clean import Cleaning
from hsi_viewer.jobs.accuracy_record import accuracy_record
from hsi_viewer.jobs.report.facts import ClassFacts, Facts, Spectra
from hsi_viewer.jobs.sampling import areas_record


def facts_record(facts: Facts) -> dict[str, Any]:
    """The facts in values that JSON can hold; None where a figure is not defined.

    Arrays are lists, NaN is None; see docs/schemas/facts.json.
    """
    found, evidence = facts.assessment, facts.evidence
    record = {
        "title": facts.title,
        "quote": facts.quote,
        "data": asdict(facts.data),
        "labels": facts.labels,
        "test": facts.test,
        "classifier": facts.classifier,
        "map": facts.map_source,
        "settings": dict(facts.settings),
        "classes": [_class(c, facts) for c in facts.classes],
        "voices": [asdict(v) for v in evidence.voices],
        "walker": evidence.walker,
        "evidence": evidence.sentence if evidence.voices else None,
        "accuracy": {
            "honest": facts.honest,
            "separated": _accuracy(found.separated),
            "random": _accuracy(found.random),
            "separation": {
                "least": None if found.separation is None else found.separation.least,
                "median": None if found.separation is None else found.separation.median,
                "reach": found.reach,
            },
            "sentence": found.sentence,
            "calibration_error": found.calibration_error,
            "reliability": _reliability(found.reliability),
        },
        "areas": areas_record(facts.sample, facts.name_of),
        "training": [asdict(epoch) for epoch in facts.epochs],
        "spectra": _spectra(facts.spectra),
        "uncertainty": asdict(facts.uncertainty),
        "cleanings": [asdict(step) for step in facts.steps if isinstance(step, Cleaning)],
        "unclassified": [str(step) for step in facts.steps if isinstance(step, DoubtRule)],
        "seconds": dict(facts.seconds),
        "versions": dict(facts.versions),
        "warnings": list(facts.warnings),
        "methods": facts.methods,
        "references": list(facts.references),
    }
    plain: dict[str, Any] = _plain(record)
    return plain


def _class(known: ClassFacts, facts: Facts) -> dict[str, Any]:
    return asdict(known) | ({"training": None} if facts.trained_elsewhere else {})


def _accuracy(report: AccuracyReport | None) -> dict[str, Any] | None:
    if report is None:
        return None
    return {
        **accuracy_record(report),
        "basis": report.basis,
        "matrix": {
            "class_ids": list(report.class_ids),
            "counts": report.matrix,
            "unclassified": report.unclassified,
        },
    }


def _reliability(found: Reliability | None) -> dict[str, Any] | None:
    if found is None:
        return None
    names = ("edges", "counts", "confidence", "accuracy")
    return {name: getattr(found, name) for name in names}


def _spectra(spectra: Spectra) -> dict[str, Any]:
    return {
        "unit": spectra.unit,
        "positions": spectra.positions,
        "classes": [
            {"id": s.class_id, "pixels": s.pixels, "mean": s.mean, "p10": s.low, "p90": s.high}
            for s in spectra.classes
        ],
    }


def _plain(value: Any) -> Any:
    """The same value of lists, dicts, texts and numbers that JSON has."""
    if isinstance(value, dict):
        return {str(key): _plain(v) for key, v in value.items()}
    if isinstance(value, np.ndarray):
        return _plain(value.tolist())
    if isinstance(value, (list, tuple)):
        return [_plain(v) for v in value]
    if isinstance(value, float):
        return float(f"{value:.6g}") if math.isfinite(value) else None
    return value
