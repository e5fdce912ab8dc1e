"""Trains one model on the labels of several scenes, and says how it maps scenes it never saw."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray

from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.cube.fill_values import examined
from hsi_viewer.core.cube.real_values import real_valued
from hsi_viewer.core.cube.region import RegionOfInterest
from hsi_viewer.core.errors import LabelError, SettingError
from hsi_viewer.core.labels.class_match import matched_by_number, matched_ids, renumbered
from hsi_viewer.core.labels.classes import ClassLegend
from hsi_viewer.core.labels.imported_labels import ImportedLabels
from hsi_viewer.core.progress import Note
from hsi_viewer.core.text import counted
from hsi_viewer.io.info import cube_warnings
from hsi_viewer.io.labels.label_file import legend_of
from hsi_viewer.io.opening import open_cube
from hsi_viewer.io.source_files import SourceFiles
from hsi_viewer.jobs.classify import (
    Stopwatch,
    region_of_report,
    versions,
    voices_of,
    write_report,
)
from hsi_viewer.jobs.job import Job
from hsi_viewer.jobs.job_folder import check_no_results, check_sources, output_folder
from hsi_viewer.jobs.job_labels import imported, inside_of
from hsi_viewer.learning.several_scenes import (
    SceneScore,
    TrainingScenes,
    check_classes,
    chosen_standardisation,
)

Ids = NDArray[np.uint16]


@dataclass(frozen=True)
class LabelledScene:
    """A scene and its labels, and how both are named in the report."""

    cube: HyperCube
    labels: ImportedLabels
    source: str
    labels_source: str


def train(cubes: Sequence[str], labels: Sequence[str], job: Job) -> dict[str, Any]:
    """Train on several scenes and write the model; returns what report.json holds.

    Each scene is then held out once: a model of the others maps it, and its labels score the map.

    Parameters
    ----------
    cubes, labels : one file of labels for each cube, in the same order.

    Raises
    ------
    SettingError
        if there are not as many files of labels as cubes.
    HsiError
        if a file cannot be read, labels or bands do not fit, or the folder cannot be written.
    """
    if len(cubes) != len(labels):
        raise SettingError(
            f"{counted(len(cubes), 'scene')} and {counted(len(labels), 'file')} of "
            "labels were given; name one file of labels for each scene, in the same order."
        )
    opened = [_open(source, job) for source in cubes]
    read = [
        inside_of(imported(file, cube, job.placement), cube, "labels")
        for file, cube in zip(labels, opened, strict=True)
    ]
    for cube in opened:
        _note_of(cube, job)
    parts = zip(opened, read, cubes, labels, strict=True)
    return train_on([LabelledScene(*each) for each in parts], job)


def train_on(labelled: Sequence[LabelledScene], job: Job) -> dict[str, Any]:
    """Train on scenes that are open; the rest as of `train`."""
    watch = Stopwatch()
    legend, ids = _labels(labelled, job)
    check_classes(ids)
    if not job.overwrite:
        check_no_results(job.output)
    scenes = TrainingScenes.of([each.cube for each in labelled], ids)
    for again, first in scenes.repeated:
        job.report(
            Note(
                f"{again.name} has the values of {first.name}: as one scene, both are held out "
                "together."
            )
        )
    settings = job.config, job.classifier, list(legend), job.token, job
    with output_folder(job.output):
        from hsi_viewer.learning.predictor import choose_device

        choose_device(job.config.device)
        job.announce("Comparing the scenes")
        with watch.step("compare"):
            scenes, ways = chosen_standardisation(scenes, job.token)
        with watch.step("train"):
            model = scenes.fitted(*settings)
        if model.warning:
            job.report(Note(model.warning))
        with watch.step("hold out"):
            scores = list(scenes.held_out(*settings))
        if scenes.standardise == "scene":
            job.report(
                Note(
                    "The scenes differ in brightness, and each was standardised by itself. Apply "
                    "this model with --standardise scene."
                )
            )
        files = model.save(job.output)
        learned = scenes.learned(model)
    report = {
        "scenes": [
            {
                "cube": each.source,
                "labels": each.labels_source,
                "train_pixels": int(np.count_nonzero(known)),
                **region_of_report(each.cube, job),
            }
            for each, known in zip(labelled, learned, strict=True)
        ],
        "classes": [{"id": c.id, "name": c.name, "colour": list(c.colour)} for c in legend],
        "classifier": job.classifier,
        "seed": job.config.seed,
        "standardise": scenes.standardise,
        "standardise_tried": {way: round(value, 4) for way, value in ways.items()},
        "held_out": held_out_record(scores),
        **voices_of(model),
        "seconds": {name: round(s, 3) for name, s in watch.seconds.items()},
        "files": [path.name for path in files],
        "versions": versions(),
    }
    return write_report(report, job)


def held_out_record(scores: Sequence[SceneScore]) -> dict[str, Any] | None:
    """The leave-one-scene-out figure, for report.json; None where no scene could be held out."""
    if not scores:
        return None
    right, total = sum(s.right for s in scores), sum(s.total for s in scores)
    each = [
        {"scene": s.name, "overall": round(s.right / s.total, 4), "pixels": s.total} for s in scores
    ]
    mean = sum(s.right / s.total for s in scores) / len(scores)
    return {"overall": round(right / total, 4), "mean": round(mean, 4), "scenes": each}


def _open(source: str, job: Job) -> HyperCube:
    cube = examined(job.used_of(real_valued(open_cube(source, job.token))))
    if cube.path is not None:
        check_sources(job.output, [cube.path])
    job.files.append(SourceFiles(cube.path))
    return cube


def _note_of(cube: HyperCube, job: Job) -> None:
    """Note what is odd about a scene, and what is used of it, by its name."""
    used = RegionOfInterest(cube.inside, cube.chosen).sentence(cube)
    for text in (*cube_warnings(cube), *([f"Region of interest: {used}."] if used else [])):
        job.report(Note(f"{cube.name}: {text}"))


def _labels(labelled: Sequence[LabelledScene], job: Job) -> tuple[ClassLegend, list[Ids]]:
    """Labels of each scene under one legend, in which classes of one name are one."""
    legend, found = ClassLegend(()), []
    for each in labelled:
        if not each.labels.ids.any():
            raise LabelError(f"{each.labels.name}: no pixel is labelled; leave out this scene.")
        same = _renumbered(each.labels, legend)
        for text in same.notes:
            job.report(Note(text))
        legend = _joined(legend, legend_of(same, np.unique(same.ids), each.cube.class_names))
        found.append(same.ids)
    return legend, found


def _renumbered(labels: ImportedLabels, legend: ClassLegend) -> ImportedLabels:
    """Labels with the ids that a legend gives to classes of their names."""
    present = np.unique(labels.ids[labels.ids > 0]).tolist()
    numbers = matched_ids(present, labels.names, legend)
    pairs = [(name, legend.name_of(numbers[i])) for i, name in labels.names.items() if i in numbers]
    respelled = [
        f'{labels.name}: "{theirs}" is interpreted as "{ours}".'
        for theirs, ours in pairs
        if theirs != ours and theirs.casefold() == ours.casefold()
    ]
    return replace(
        labels,
        notes=(
            *labels.notes,
            *respelled,
            *matched_by_number(labels.name, labels.names, legend, numbers),
        ),
        ids=renumbered(labels.ids, numbers),
        names={numbers[i]: name for i, name in labels.names.items() if i in numbers},
        colours={numbers[i]: colour for i, colour in labels.colours.items() if i in numbers},
    )


def _joined(legend: ClassLegend, more: ClassLegend) -> ClassLegend:
    """A legend with the classes, and the names, of another that it lacks."""
    named = {c.id: c for c in more if c.name != f"Class {c.id}"}
    known = [named.get(c.id, c) if c.name == f"Class {c.id}" else c for c in legend]
    return ClassLegend((*known, *(c for c in more if c.id not in legend)))
