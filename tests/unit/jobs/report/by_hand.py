"""Facts of a report that are written by hand: nothing is trained, and every figure is plain."""

from __future__ import annotations

import numpy as np
from msgspec.structs import replace

from hsi_viewer.core.assessment.accuracy import AccuracyReport, GroupCounts
from hsi_viewer.core.assessment.assessment import Assessment
from hsi_viewer.core.assessment.reference_sample import ReferenceSample
from hsi_viewer.core.assessment.reliability import reliability
from hsi_viewer.core.assessment.sample_assessment import SampleAssessment, assess_sample
from hsi_viewer.core.assessment.separation import Separation
from hsi_viewer.core.evidence import Evidence, HeldOut, VoiceShare
from hsi_viewer.core.training import EpochReport
from hsi_viewer.io.files.checksums import FileChecksum
from hsi_viewer.jobs.report.facts import (
    Applicable,
    ClassFacts,
    ClassSpectrum,
    Conformal,
    DataFacts,
    Facts,
    LayerFacts,
    Spectra,
    Uncertainty,
)

RANDOM = AccuracyReport((2, 5), np.array([[9, 1], [0, 9]]), np.array([0, 1]))
GROUPS = GroupCounts(
    right=np.array([[3, 0], [1, 2], [0, 4]]),
    truth=np.array([[4, 0], [2, 2], [0, 4]]),
    mapped=np.array([[3, 1], [1, 3], [0, 4]]),
    correlation=np.eye(3),
)
SEPARATED = AccuracyReport((2, 5), np.array([[4, 2], [0, 6]]), np.array([0, 0]), GROUPS)
SURE = reliability(np.array([0.5, 0.9, 0.9, 0.9]), np.array([False, True, True, False]), bins=2)
DATA = DataFacts(
    "made.hdr",
    "made",
    (FileChecksum("made.img", 1234, "f" * 64),),
    "a" * 64,
    24,
    30,
    20,
    "uint16",
    "ENVI",
    (400.4, 899.6),
    "WGS 84 / UTM zone 33N",
    "34 % of the scene",
)
CLASSES = (
    ClassFacts(2, "Corn", (250, 1, 2), 12, 10, 1500, 0.6, 150_000.0),
    ClassFacts(5, "Oats", (1, 100, 3), 1, 10, 1000, 0.4, 100_000.0),
)
SPECTRA = Spectra(
    "nm",
    (400.4, 500.0, 450.0),
    (
        ClassSpectrum(2, 12, np.array([0.25, 0.5, np.nan]), np.zeros(3), np.ones(3)),
        ClassSpectrum(5, 1, np.array([0.125, 1.0, 2.0]), np.zeros(3), np.full(3, 3.0)),
    ),
)
VOICES = (
    VoiceShare("bands", "All bands", 0.7, -0.5),
    VoiceShare("network", "Network", 0.296, float("nan")),
    VoiceShare("pixels", "Single pixels", 0.004, -0.9),
)


def held_out(folds: int) -> HeldOut:
    """Answers whose number of folds alone counts."""
    none = np.zeros(folds, np.int64)
    return HeldOut(none, none, none, np.arange(folds), np.ones((folds, 2), np.float32))


def sample(*, own: bool = True, metres: bool = True) -> SampleAssessment:
    """Twenty of 200 pixels, two of which are mapped wrong."""
    mapped = np.where(np.arange(200) < 100, 2, 5).astype(np.uint16).reshape(10, 20)
    pixels = np.arange(0, 200, 10)
    strata = mapped.ravel()[pixels].astype(np.int64)
    truth = strata.copy()
    truth[[0, 19]] = 5, 2
    drawn = ReferenceSample(pixels, strata, {2: 100, 5: 100}, (10, 20), 7, "" if own else "other")
    return assess_sample(drawn, truth, mapped, np.full(10, 100.0) if metres else None)


def made_facts(**changes) -> Facts:
    """The facts of a map of two classes; some of them changed."""
    made = Facts(
        title="Class map of made",
        data=DATA,
        labels="labels.npy",
        test="test.npy",
        classes=CLASSES,
        classifier="SDHSI-Net",
        map_source="SDHSI-Net, refined",
        settings={"classifier": "sdhsi", "preset": "fast", "seed": 3, "refine": "auto"},
        evidence=Evidence(VOICES, "weak", 5, held_out(4)),
        assessment=Assessment(
            SEPARATED, RANDOM, Separation(9, 12.5, 5, 0.0), SURE, 5, 3, ("Few labels.",)
        ),
        epochs=(EpochReport(1, 2, 0.5, (0.25, 0.5)), EpochReport(2, 2, 0.25, (0.5, 0.75))),
        spectra=SPECTRA,
        uncertainty=Uncertainty(
            (LayerFacts("Margin", "About the margin.", 0.0, 1.0, 0.625),),
            Applicable(0.4444, 0.125),
            Conformal(0.9, 0.3, 1.234, 0.75),
            ("Entropy: it is not known.",),
        ),
        steps=(),
        seconds={"train": 1.26, "predict": 0.5},
        versions={"python": "3.11", "hsi-viewer": "1.2.3"},
        warnings=("Few labels.",),
        quote="Quote this.",
        methods="It was done so.",
        references=("Somebody (2000).",),
    )
    return replace(made, **changes)


def assessed(**changes) -> Facts:
    """The same with some figures changed."""
    made = made_facts()
    return replace(made, assessment=replace(made.assessment, **changes))
