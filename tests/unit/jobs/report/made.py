"""A made scene whose labels lie in two places of each class, and a run on it."""

from __future__ import annotations

import io

import numpy as np
import pytest

from hsi_viewer.core.labels.classes import LabelClass, palette_colour
from hsi_viewer.core.training import EpochReport, TrainingConfig
from hsi_viewer.jobs.mapped_run import MappedRun
from hsi_viewer.learning.classifiers import fit
from tests.unit.learning.made import made_scene

HOSTILE = "<script>alert(1)</script> & $x"
NAMES = {
    2: HOSTILE,
    5: "Ein sehr langer Name einer Klasse, die es gibt",
    7: "Wasser 水 $\\frac$",
    9: "Corn",
}
PLAIN = TrainingConfig(refine=False)


def two_places(truth: np.ndarray) -> np.ndarray:
    """Two places of each class of `made_scene(24, 24)`, eleven rows apart."""
    labels = np.zeros_like(truth)
    for row in (0, 11, 12, 23):
        for column in (0, 20):
            labels[row, column : column + 3] = truth[row, column : column + 3]
    return labels


def made_run(**changes) -> MappedRun:
    """A run of the linear discriminant on a scene of 24 x 24 x 20."""
    cube, truth = made_scene(24, 24, 20)
    labels = two_places(truth)
    classes = tuple(LabelClass(i, name, palette_colour(i)) for i, name in NAMES.items())
    model = fit(cube, labels, PLAIN, classifier="lda", legend=classes)
    parts = {
        "source": "made.npy",
        "cube": cube,
        "labels_source": "labels.npy",
        "labels": labels,
        "model": model,
        "config": PLAIN,
        "refine": "none",
        "prediction": model.predict(cube, labels=labels, refine=False),
        "classes": classes,
        "epochs": tuple(EpochReport(i, 3, 1 / i, (0.4, 0.3 * i)) for i in (1, 2, 3)),
        "warnings": ("Something is odd.",),
    }
    return MappedRun(**(parts | changes))


def leave_undrawn(patch: pytest.MonkeyPatch) -> None:
    """Have pages without contents written, where they are not looked at: drawing takes seconds."""
    patch.setattr("hsi_viewer.jobs.report.html.html_page", lambda _report: "<html>")
    leave_charts_undrawn(patch)


def leave_charts_undrawn(patch: pytest.MonkeyPatch) -> None:
    """Have the page written with empty charts, and no pages of the PDF, where texts are read."""
    patch.setattr("hsi_viewer.jobs.report.html.drawn", lambda _chart, _theme: io.BytesIO())
    patch.setattr("hsi_viewer.jobs.report.pdf.write_pdf", lambda _, path: path.write_bytes(b"%PDF"))
