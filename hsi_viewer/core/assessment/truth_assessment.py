"""Accuracy of a map on a ground truth: apart from what the model saw, and on all of it."""

from __future__ import annotations

import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray

from hsi_viewer.core.assessment.accuracy import AccuracyReport, score_pixels
from hsi_viewer.core.assessment.assessment import Assessment, NameOf, is_enough, named
from hsi_viewer.core.assessment.label_assessment import GAP
from hsi_viewer.core.assessment.reliability import reliability
from hsi_viewer.core.assessment.separation import distances_to, separation_of
from hsi_viewer.core.geometry.connected_labels import connected_labels

SOME = 10  # test pixels of a class that say something about it

Ids = NDArray[np.uint16]


def assess_truth(
    class_map: Ids,
    confidence: NDArray[np.float32],
    test: Ids,
    training: Ids,
    from_labels: Assessment,
    name_of: NameOf = str,
) -> Assessment:
    """Figures of test pixels apart from training pixels, and of all.

    Apart are those beyond the reach of the model, and more than `GAP` pixels away: neighbours of
    training pixels are like them, also for a model that looks at single pixels. Where too few lie
    there, the honest figure is that of the labels' own cross-validation.

    Parameters
    ----------
    class_map, confidence : (rows, columns) the map.
    test : (rows, columns) true class ids, 0 where not scored; training pixels are left out.
    training : (rows, columns) class ids that were trained on, 0 for none.
    from_labels : what cross-validation of the training labels says.
    name_of : name of a class.
    """
    reach, columns = from_labels.reach, test.shape[1]
    pixels = np.flatnonzero((test > 0) & (training == 0))
    truth, mapped = test.ravel()[pixels], class_map.ravel()[pixels]
    random = score_pixels(truth, mapped, pixels, columns) if pixels.size else None
    distances = distances_to(np.flatnonzero(training), pixels, columns)
    classes = np.unique(truth)
    gap = max(reach, GAP)
    apart, far = _apart(truth, mapped, pixels, columns, distances > gap)
    if apart is None:
        warning = (
            f"{int(far.sum()):,} of {pixels.size:,} test pixels lie {_beyond(reach)}: too few to "
            "be scored apart"
        )
        honest = from_labels.separated is not None
        whose = "; the figure of separate places is from cross-validation of the labels."
        warnings = (warning + (whose if honest else "."), *from_labels.warnings)
        return replace(from_labels, random=random, random_on="test pixels", warnings=warnings)
    notes = []
    missing = np.setdiff1d(classes, truth[far])
    if missing.size:
        notes.append(
            f"Not measured, because all test pixels lie within {gap} pixels of training pixels: "
            f"{named(missing, name_of)}."
        )
    near = int((~far).sum())
    if near:
        notes.append(
            f"{near:,} of {pixels.size:,} test pixels lie {_within(reach)}, and count for the "
            "figure of all test pixels alone."
        )
    sure = reliability(confidence.ravel()[pixels[far]], truth[far] == mapped[far])
    places = int(connected_labels(pixels[far], truth[far], columns).max()) + 1
    audit = separation_of(distances[far], reach) if training.any() else None
    return Assessment(
        *(apart, random, audit, sure, reach, places, tuple(notes)),
        separated_on="test pixels",
        random_on="test pixels",
        cross_validated=from_labels.separated,
    )


def _beyond(reach: int) -> str:
    """Where test pixels say something about other places, in words."""
    if reach >= GAP:
        return f"beyond the {reach} pixels that the model looks from training pixels"
    return f"more than {GAP} pixels from training pixels, which look like their neighbours"


def _within(reach: int) -> str:
    """Where test pixels say nothing about other places, in words."""
    if reach >= GAP:
        return f"within the {reach} pixels that the model looks from training pixels"
    return f"within {GAP} pixels of training pixels, which look like their neighbours"


def _apart(
    truth: Ids,
    mapped: Ids,
    pixels: NDArray[np.int64],
    columns: int,
    far: NDArray[np.bool_],
) -> tuple[AccuracyReport | None, NDArray[np.bool_]]:
    """Accuracy of the test pixels that lie far enough, None of too few; and which these are.

    A handful at the edge of what is labelled are of the largest class, and say nothing of others:
    a third of the classes, two at least, must have some pixels there, or half of theirs.
    """
    if not far.any():
        return None, far
    classes, whole = np.unique(truth, return_counts=True)
    there = np.array([np.count_nonzero(truth[far] == c) for c in classes])
    measured = np.count_nonzero(there >= np.clip(whole // 2, 1, SOME))
    if measured < max(2, -(-classes.size // 3)):
        return None, far
    found = score_pixels(truth[far], mapped[far], pixels[far], columns)
    return (found if is_enough(found, classes.size) else None), far
