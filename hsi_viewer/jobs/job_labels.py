"""The labels of a job: those it learns from, and those that score its map."""

from __future__ import annotations

import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray

from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.cube.region import labels_inside
from hsi_viewer.core.errors import LabelError
from hsi_viewer.core.labels.class_match import matched_by_number, matched_ids, renumbered
from hsi_viewer.core.labels.classes import ClassLegend
from hsi_viewer.core.labels.imported_labels import ImportedLabels
from hsi_viewer.core.labels.placement import Placement, PlacementNeededError
from hsi_viewer.io.files.identify import split_source
from hsi_viewer.jobs.job import Job
from hsi_viewer.jobs.job_folder import check_sources


def training_labels(source: str, cube: HyperCube, job: Job) -> ImportedLabels:
    """Labels as the window imports them, of two classes at least.

    Raises
    ------
    HsiError
        if they cannot be read, do not fit the cube, or are of fewer classes.
    """
    return of_two_classes(inside_of(of_two_classes(_imported(source, cube, job)), cube, "labels"))


def of_two_classes(labels: ImportedLabels) -> ImportedLabels:
    """The labels, if they can be learned from.

    Raises
    ------
    LabelError
        if they are of fewer than two classes.
    """
    present = np.unique(labels.ids[labels.ids > 0])
    if present.size == 0:
        raise LabelError(f"{labels.name}: no pixel is labelled; label at least two classes.")
    if present.size == 1:
        raise LabelError(
            f"{labels.name}: all labelled pixels belong to one class (id {present[0]}); "
            "label at least two classes."
        )
    return labels


def read_test_labels(source: str, cube: HyperCube, job: Job) -> ImportedLabels:
    """Labels that are to score a map, as the window imports them.

    Raises
    ------
    HsiError
        if they cannot be read, do not fit the cube, or are none.
    """
    return of_test_pixels(inside_of(_imported(source, cube, job), cube, "test pixels"))


def of_test_pixels(labels: ImportedLabels) -> ImportedLabels:
    """The labels, if they can score a map.

    Raises
    ------
    LabelError
        if no pixel is labelled.
    """
    if not labels.ids.any():
        raise LabelError(f"{labels.name}: no test pixel is labelled.")
    return labels


def unmapped_notes(class_map: NDArray[np.uint16], test: NDArray[np.uint16]) -> list[str]:
    """A sentence on the test pixels that a fresh map has no class for; none without any."""
    unmapped, total = np.count_nonzero((test > 0) & (class_map == 0)), np.count_nonzero(test)
    if not unmapped:
        return []
    return [
        f"{unmapped:,} of {total:,} test pixels count as wrong, because the scene has no data "
        "there and the map no class."
    ]


def to_be_scored(
    test: ImportedLabels, legend: ClassLegend, training: NDArray[np.uint16] | None = None
) -> ImportedLabels:
    """Test labels under the ids of a legend, without what is trained on; notes say what changed.

    Classes are matched by name where both have names, else by id.

    Parameters
    ----------
    test : as read.
    legend : classes of the map.
    training : (rows, columns) ids that are trained on, or None.

    Raises
    ------
    LabelError
        if no pixel is left.
    """
    notes = list(test.notes)
    present = np.unique(test.ids[test.ids > 0]).tolist()
    numbers = matched_ids(present, test.names, legend)
    notes += matched_by_number(test.name, test.names, legend, numbers)
    ids = renumbered(test.ids, numbers)
    unknown = [i for i in present if numbers[i] not in legend]
    if unknown:
        names = ", ".join(test.names.get(i, f"id {i}") for i in unknown)
        notes.append(f"Test pixels of classes without training pixels count as wrong: {names}.")
    if training is not None:
        total, both = np.count_nonzero(ids), np.count_nonzero((ids > 0) & (training > 0))
        if both == total:
            raise LabelError(
                f"{test.name}: all test pixels are training pixels, so they say nothing about the "
                "accuracy; choose other test labels."
            )
        if both:
            notes.append(f"{both} of {total} test pixels are training pixels and were not scored.")
        ids = np.where(training > 0, np.uint16(0), ids)
    return replace(test, ids=ids, notes=tuple(notes))


def inside_of(labels: ImportedLabels, cube: HyperCube, what: str) -> ImportedLabels:
    """Labels without those outside of the region of interest; a note says how many there are.

    Raises
    ------
    LabelError
        if all are outside.
    """
    names = labels.names if what == "labels" else None
    ids, note = labels_inside(labels.ids, cube, what, names)
    if note and not ids.any():
        raise LabelError(
            f"{labels.name}: all {what} lie outside the region of interest. Label pixels inside of "
            "it, or choose another region."
        )
    return replace(labels, ids=ids, notes=(*labels.notes, *([note] if note else [])))


def _imported(source: str, cube: HyperCube, job: Job) -> ImportedLabels:
    labels = imported(source, cube, job.placement)
    check_sources(job.output, [split_source(source)[0]])
    return labels


def imported(source: str, cube: HyperCube, placement: Placement | None) -> ImportedLabels:
    """Labels of a file on the grid of a cube.

    Raises
    ------
    HsiError
        if they cannot be read, do not fit the cube, or could be laid on it in several ways.
    """
    from hsi_viewer.io.regions.import_export import import_regions

    try:
        return import_regions(source, cube, placement)
    except PlacementNeededError as needed:
        ways = " or ".join(f"--placement {option}" for option in needed.options)
        raise LabelError(f"{needed} Say {ways}.") from needed
