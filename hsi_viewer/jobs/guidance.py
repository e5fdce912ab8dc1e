"""Where labels help, and which are wrong: for a cube, its labels and a model in files."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.labels.class_match import matched_by_number, matched_ids, renumbered
from hsi_viewer.core.labels.classes import ClassLegend
from hsi_viewer.core.labels.imported_labels import ImportedLabels
from hsi_viewer.core.labels.placement import Placement
from hsi_viewer.core.progress import CancelToken, Note, Progress, ProgressPort, SilentPort
from hsi_viewer.jobs.job_labels import imported, of_two_classes
from hsi_viewer.jobs.noting import Noting
from hsi_viewer.learning.classifiers import load_model


@dataclass(frozen=True)
class GuidanceJob(Noting):
    """What is looked at, and where reports go.

    Attributes
    ----------
    cube, labels : sources of the scene and of its labels.
    placement : how labels of another grid are laid on the cube; None finds out.
    token, port : cancel and progress; the port takes each `Note` once.
    warnings : what was noted so far.
    """

    cube: str
    labels: str
    placement: Placement | None = None
    token: CancelToken = field(default_factory=CancelToken)
    port: ProgressPort = field(default_factory=SilentPort)
    warnings: list[str] = field(default_factory=list)

    def read(self) -> tuple[HyperCube, ImportedLabels]:
        """The scene and its labels.

        Raises
        ------
        HsiError
            if they cannot be read, or labels do not fit.
        """
        from hsi_viewer.io.info import cube_warnings
        from hsi_viewer.io.opening import open_cube

        cube = open_cube(self.cube, self.token)
        labels = imported(self.labels, cube, self.placement)
        for text in (*cube_warnings(cube), *labels.notes):
            self.report(Note(text))
        return cube, labels


def suggest_places(job: GuidanceJob, model: Path, count: int) -> dict[str, Any]:
    """Places where a label helps the map of a model most, as `suggest --json` prints them.

    Raises
    ------
    HsiError
        if a file cannot be read, or labels or model do not fit the cube.
    """
    from hsi_viewer.learning.model_description import check_model

    check_model(model)
    cube, labels = job.read()
    job.report(Progress("Loading the learning engine"))
    from hsi_viewer.learning.guidance.suggest import suggest

    trained = load_model(model)
    legend = ClassLegend(trained.legend)
    present = np.unique(labels.ids[labels.ids > 0]).tolist()
    numbers = matched_ids(present, labels.names, legend)
    for text in matched_by_number(labels.name, labels.names, legend, numbers):
        job.report(Note(text))
    ids = renumbered(labels.ids, numbers)
    found = suggest(trained, cube, ids, count, token=job.token, port=job)
    places = [
        {
            "row": place.row,
            "column": place.column,
            "classes": [_named(i, legend) for i in place.classes],
            "score": round(place.score, 6),
            "segment": place.segment.tolist(),
        }
        for place in found
    ]
    return {"suggestions": places, "warnings": list(job.warnings)}


def contradicted_labels(job: GuidanceJob) -> dict[str, Any]:
    """Labels that models fitted without them contradict, as `check-labels --json` prints them.

    Raises
    ------
    HsiError
        if a file cannot be read, or labels do not fit the cube.
    """
    cube, labels = job.read()
    labels = of_two_classes(labels)
    job.report(Progress("Loading the learning engine"))
    from hsi_viewer.io.labels.label_file import legend_of
    from hsi_viewer.learning.guidance.check_labels import check_labels

    legend = legend_of(labels, np.unique(labels.ids), cube.class_names)
    judged = check_labels(cube, labels.ids, token=job.token, port=job)
    found = [
        {
            "row": one.row,
            "column": one.column,
            "label": _named(one.label, legend),
            "looks_like": _named(one.looks_like, legend),
            "margin": round(one.margin, 6),
        }
        for one in judged
        if one.margin < 0
    ]
    return {
        "labels": int(np.count_nonzero(labels.ids)),
        "judged": len(judged),
        "contradicted": found,
        "warnings": list(job.warnings),
    }


def _named(class_id: int, legend: ClassLegend) -> dict[str, Any]:
    return {"id": class_id, "name": legend.name_of(class_id)}
