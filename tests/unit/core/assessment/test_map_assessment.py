"""What is known of a map: its labels held out by place, its test pixels, or both."""

from __future__ import annotations

import numpy as np
import pytest

from hsi_viewer.core.assessment.map_assessment import assess_map, conformal_of
from hsi_viewer.core.evidence import Evidence, HeldOut, RunEvidence
from hsi_viewer.core.labels.sampling import REACH
from hsi_viewer.core.prediction import Prediction

IDS = (3, 8)
SHAPE = (30, 60)


def prediction() -> Prediction:
    """Class 3 on the left, and 8 on the right."""
    class_map = np.where(np.arange(60) < 30, 3, 8).astype(np.uint16) * np.ones(SHAPE, np.uint16)
    return Prediction(class_map, np.full(SHAPE, 0.75, np.float32), IDS)


def run_evidence(places: int = 4, share: float = 0.8, reach: int = 5) -> RunEvidence:
    """Places of five labels, of the classes in turn, each in a fold of its own."""
    labels, folds = np.zeros(SHAPE, np.uint16), np.zeros(SHAPE, np.int64)
    for n in range(places):
        row, column = 12 * (n % 3), 12 * (n // 3)
        labels[row, column : column + 5], folds[row, column : column + 5] = IDS[n % 2], n
    pixels = np.flatnonzero(labels)
    targets = np.searchsorted(IDS, labels.ravel()[pixels])
    said = np.where(targets[:, None] == np.arange(2), share, 1 - share).astype(np.float32)
    folds = folds.ravel()[pixels]
    held = HeldOut(pixels, targets, folds, folds, said)
    return RunEvidence(Evidence((), "none", reach, held), labels, IDS, reach)


def test_of_a_map_of_which_nothing_is_known_nothing_is_said():
    trained = np.zeros(SHAPE, bool)
    assert assess_map(prediction(), trained, None, None) is None
    assert assess_map(prediction(), trained, None, np.zeros(SHAPE, np.uint16)) is None


@pytest.mark.parametrize("test", [None, np.zeros(SHAPE, np.uint16)])
def test_without_test_pixels_the_labels_speak_for_the_map(test):
    found = assess_map(prediction(), np.zeros(SHAPE, bool), run_evidence(), test, "class {}".format)
    assert found.separated_on == "labels"
    assert found.separated.overall.value == 1
    assert (found.separated.total, found.places, found.reach) == (20, 4, 5)


def test_test_pixels_beyond_the_reach_of_what_was_trained_on_are_scored_apart():
    trained, test = np.zeros(SHAPE, bool), np.full(SHAPE, 3, np.uint16)
    trained[:, :2], test[:, 50:] = True, 8
    found = assess_map(prediction(), trained, None, test)
    assert (found.separated_on, found.reach) == ("test pixels", REACH)
    assert found.separated.total == 30 * (60 - 2 - REACH)
    assert found.separated.overall.value == pytest.approx((28 - REACH + 10) / (58 - REACH))
    both = assess_map(prediction(), trained, run_evidence(), test)
    assert both.separated.total == 30 * (60 - 2 - 8)
    assert both.cross_validated.total == 20
    assert both.random.total == 30 * 58


def test_sets_of_classes_come_from_labels_that_were_held_out_by_place():
    found = conformal_of(run_evidence(places=14))
    assert found.places
    assert found.threshold == pytest.approx(0.8)
    few = conformal_of(run_evidence(places=4))
    assert few.threshold == pytest.approx(0.8)
    assert not few.places


def test_there_are_no_sets_without_enough_labels_held_out_by_place():
    known = run_evidence()
    assert conformal_of(run_evidence(places=1)) is None
    evidence = Evidence((), "none", 5, None)
    assert conformal_of(RunEvidence(evidence, known.labels, IDS, 5)) is None
