"""How good the map of a cube and its labels is, without a window and without writing a file."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from msgspec.structs import replace

from hsi_viewer.core.assessment.accuracy import AccuracyReport
from hsi_viewer.core.assessment.assessment import Assessment
from hsi_viewer.core.assessment.label_assessment import assess_labels
from hsi_viewer.core.assessment.sample_assessment import reference_name
from hsi_viewer.core.assessment.truth_assessment import assess_truth
from hsi_viewer.core.cube.fill_values import examined
from hsi_viewer.core.cube.real_values import real_valued
from hsi_viewer.core.labels.placement import Placement
from hsi_viewer.core.labels.sampling import REACH
from hsi_viewer.core.progress import CancelToken, Note, Progress, ProgressPort, SilentPort
from hsi_viewer.core.training import Refine, TrainingConfig
from hsi_viewer.io.info import cube_warnings
from hsi_viewer.io.labels.label_file import legend_of
from hsi_viewer.io.opening import open_cube
from hsi_viewer.jobs.accuracy_record import rounded
from hsi_viewer.jobs.job_labels import (
    imported,
    of_test_pixels,
    of_two_classes,
    to_be_scored,
    unmapped_notes,
)
from hsi_viewer.jobs.noting import Noting
from hsi_viewer.jobs.sampling import areas_record, assess_points, points_of
from hsi_viewer.learning.classifiers import DEFAULT, fit
from hsi_viewer.learning.cross_validation import evidence_of, reach_of
from hsi_viewer.learning.predictor import choose_device


@dataclass(frozen=True)
class AssessJob(Noting):
    """What is to be assessed, how, and where reports go.

    Attributes
    ----------
    cube, labels : sources of the scene and of the training labels.
    truth : source of a ground truth; None has the labels alone assessed.
    config : settings of the training.
    classifier : key of the one to train.
    placement : how labels of another grid are laid on the cube; None finds out.
    refine : how strongly the map is refined; "auto" as the evidence of the model bears out.
    reference, strata : labelled reference points, and the map that they were drawn from; None
        where they are of the map that is assessed, or say which one themselves.
    token, port : cancel and progress; the port takes each `Note` once.
    warnings : what was noted so far.
    """

    cube: str
    labels: str
    truth: str | None = None
    config: TrainingConfig = field(default_factory=TrainingConfig)
    classifier: str = DEFAULT
    placement: Placement | None = None
    refine: Refine = "auto"
    reference: Path | None = None
    strata: str | None = None
    token: CancelToken = field(default_factory=CancelToken)
    port: ProgressPort = field(default_factory=SilentPort)
    warnings: list[str] = field(default_factory=list)

    def note(self, *texts: str) -> None:
        """Note some sentences."""
        for text in texts:
            self.report(Note(text))


def assess(job: AssessJob) -> Assessment:
    """Train on a cube and its labels, and measure how good the map is.

    Returns
    -------
    Assessment
        whose warnings are all that was noted on the way.

    Raises
    ------
    HsiError
        if a file cannot be read or labels do not fit; before anything slow.
    """
    cube = examined(real_valued(open_cube(job.cube, job.token)))
    labels = of_two_classes(imported(job.labels, cube, job.placement))
    legend = legend_of(labels, np.unique(labels.ids), cube.class_names)
    test = None
    if job.truth is not None:
        read = of_test_pixels(imported(job.truth, cube, job.placement))
        test = to_be_scored(read, legend, labels.ids)
    points = None if job.reference is None else points_of(job.reference, job.strata, cube, legend)
    job.note(*cube_warnings(cube), *labels.notes, *(() if test is None else test.notes))

    job.report(Progress("Loading the learning engine"))
    choose_device(job.config.device)
    model = fit(
        cube,
        labels.ids,
        job.config,
        classifier=job.classifier,
        legend=legend,
        token=job.token,
        port=job,
    )
    job.note(*([model.warning] if model.warning else []))
    refine: Refine = job.refine if job.config.refine else "none"
    evidence = evidence_of(model, cube, labels.ids, job.config, job.token, job, refine=refine)
    reach = reach_of(model, refined=False)
    if evidence.walker != "none":
        reach = max(reach, REACH)
    found = assess_labels(
        evidence, labels.ids, model.class_ids, reach=reach, name_of=legend.name_of
    )
    if test is None and points is None:
        job.note(*found.warnings)
        return replace(found, warnings=tuple(job.warnings))
    mapped = model.predict(cube, labels=labels.ids, refine=refine, token=job.token, port=job)
    if test is not None:
        job.note(*unmapped_notes(mapped.class_map, test.ids))
        found = assess_truth(
            mapped.class_map, mapped.confidence, test.ids, labels.ids, found, legend.name_of
        )
    job.note(*found.warnings)
    if points is not None:
        sample = assess_points(points, mapped.class_map, cube)
        job.note(*sample.notes)
        found = replace(found, sample=sample, name_of=reference_name(legend))
    return replace(found, warnings=tuple(job.warnings))


def assessment_record(found: Assessment) -> dict[str, Any]:
    """The figures as `hsi-viewer assess --json` prints them; None where one is not defined."""
    audit = found.separation
    return {
        "separated": _figures(found.separated, found.places),
        "random": _figures(found.random, 0),
        "separation": {
            "least": None if audit is None else audit.least,
            "median": None if audit is None else audit.median,
            "reach": found.reach,
        },
        "calibration_error": rounded(found.calibration_error),
        "areas": areas_record(found.sample, found.name_of),
        "warnings": list(found.warnings),
    }


def _figures(report: AccuracyReport | None, places: int) -> dict[str, Any]:
    if report is None:
        names = ("overall", "average", "kappa")
        return {**dict.fromkeys(names), "interval": [None, None], "groups": places}
    overall = report.overall
    return {
        "overall": rounded(overall.value),
        "average": rounded(report.average),
        "kappa": rounded(report.kappa),
        "interval": [rounded(overall.low), rounded(overall.high)],
        "groups": report.total if report.groups is None else report.groups.count,
    }
