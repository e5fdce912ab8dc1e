"""What labels say of themselves: whole places alone count, and what is missing is named."""

from __future__ import annotations

import numpy as np
import pytest

from hsi_viewer.core.assessment.label_assessment import assess_labels, labels_apart
from hsi_viewer.core.evidence import Evidence, HeldOut

IDS = (3, 8)


def strokes(*places: tuple[int, int, int]) -> np.ndarray:
    """Labels (30, 30): strokes of a row and five columns, each given as (class, row, column)."""
    labels = np.zeros((30, 30), np.uint16)
    for class_id, row, column in places:
        labels[row, column : column + 5] = class_id
    return labels


def held_out(labels: np.ndarray, folds: np.ndarray, wrong: np.ndarray | None = None) -> HeldOut:
    """Answers of 0.8 for the label's class, or for the other where they are wrong."""
    pixels = np.flatnonzero(labels)
    targets = np.searchsorted(IDS, labels.ravel()[pixels])
    said = targets if wrong is None else np.where(wrong.ravel()[pixels], 1 - targets, targets)
    probabilities = np.where(said[:, None] == np.arange(2), 0.8, 0.2).astype(np.float32)
    groups = np.arange(len(pixels))
    return HeldOut(pixels, targets, groups, folds.ravel()[pixels], probabilities)


def evidence(labels, folds, wrong=None, reach=4) -> Evidence:
    columns = np.broadcast_to(np.arange(30) % 2, (30, 30))
    return Evidence(
        (), "none", reach, held_out(labels, folds, wrong), held_out(labels, columns.copy())
    )


FOUR = strokes((3, 2, 2), (3, 20, 2), (8, 2, 20), (8, 20, 20))
HALVES = np.repeat([[0], [1]], 15, axis=0) * np.ones(30, int)


def test_whole_places_are_scored_and_the_gap_is_explained():
    wrong = np.zeros((30, 30), bool)
    wrong[2, 2:7] = True
    found = assess_labels(evidence(FOUR, HALVES, wrong), FOUR, IDS)
    assert found.separated.overall.value == pytest.approx(15 / 20)
    assert found.separated.average == pytest.approx((0.5 + 1) / 2)
    assert found.separated.groups.count == found.places == 4
    assert found.separated.overall.low < 0.4
    assert found.random.overall.value == 1
    assert found.sentence.startswith("Test pixels beside training pixels score 25.0 points higher")
    assert (found.separation.least, found.separation.median) == (18, 18)
    assert found.separation.strict
    assert found.warnings == ()
    assert found.calibration_error == pytest.approx(abs(0.8 - 15 / 20), abs=1e-6)


def test_labels_within_the_reach_are_told():
    found = assess_labels(evidence(FOUR, HALVES, reach=27), FOUR, IDS)
    assert found.reach == found.separation.reach == 27
    assert found.warnings == (str(found.separation),)
    assert "Both figures agree" in found.sentence


def test_one_place_of_each_class_gives_no_figure_but_what_to_label():
    labels = strokes((3, 2, 2), (8, 2, 20))
    pieces = np.broadcast_to(np.arange(30) % 3, (30, 30)).copy()
    found = assess_labels(evidence(labels, pieces), labels, IDS, name_of={3: "Corn", 8: "Oats"}.get)
    assert found.separated is None
    assert found.separation is None
    assert np.isnan(found.calibration_error)
    assert found.warnings == (
        "Too few separate places are labelled for an honest figure: label another place of Corn "
        "and Oats, more than 8 pixels from its other labels.",
    )
    assert found.random.overall.value == 1
    assert "optimistic" in found.sentence


def test_without_folds_the_same_is_said():
    labels = strokes((3, 2, 2), (8, 2, 20))
    found = assess_labels(Evidence((), "none", 0), labels, IDS)
    assert (found.separated, found.random, found.sentence) == (None, None, None)
    assert found.places == 2
    assert "label another place of 3 and 8, more than 8 pixels" in found.warnings[0]


def test_a_class_of_one_place_is_left_out_and_named():
    ids = (3, 8, 9)
    labels = strokes((3, 2, 2), (3, 20, 2), (8, 2, 20), (8, 20, 20), (9, 14, 10))
    pixels = np.flatnonzero(labels)
    targets = np.searchsorted(ids, labels.ravel()[pixels])
    folds = np.where(targets == 2, pixels % 2, HALVES.ravel()[pixels])  # class 9 in pieces
    answers = np.eye(3, dtype=np.float32)[targets]
    held = HeldOut(pixels, targets, pixels, folds, answers)
    found = assess_labels(Evidence((), "none", 4, held), labels, ids)
    assert found.separated.total == 20
    assert found.separated.class_ids == (3, 8)
    assert found.warnings == (
        "Not measured, because the labels lie in one place: 9. Label a second place of each, more "
        "than 8 pixels from the first.",
    )


def test_places_within_eight_pixels_are_one_for_a_class():
    """Strokes of class 3 are 8 rows apart, which is too near, those of class 8 nine."""
    labels = strokes((3, 2, 2), (3, 10, 2), (8, 2, 20), (8, 11, 20))
    folds = np.repeat([[0], [1]], [6, 24], axis=0) * np.ones(30, int)
    held = held_out(labels, folds)
    assert labels_apart(held, labels, IDS).tolist() == (held.targets == 1).tolist()
    found = assess_labels(Evidence((), "none", 4, held), labels, IDS)
    assert found.separated is None
    assert "another place of 3, more than 8 pixels from its other labels" in found.warnings[0]


def test_the_order_of_the_answers_does_not_matter():
    rng = np.random.default_rng(0)
    wrong = rng.random((30, 30)) < 0.3
    held = held_out(FOUR, HALVES, wrong)
    order = rng.permutation(len(held.pixels))
    mixed = HeldOut(*(getattr(held, name)[order] for name in held.__struct_fields__))
    one, other = (assess_labels(Evidence((), "none", 4, h), FOUR, IDS) for h in (held, mixed))
    assert one.separated.overall == other.separated.overall
    assert one.separation == other.separation
