"""Cross-validation on few labels, and the factor that it gives."""

from __future__ import annotations

import numpy as np
import pytest

from hsi_viewer.core.progress import CancelToken, TaskCancelledError
from hsi_viewer.learning.calibration import fit_steepness
from hsi_viewer.learning.folds import FOLDS, evenly, held_out, random_folds, trainable


def test_no_class_misses_in_training_where_only_some_labels_are_used():
    targets = np.array([0, 0, 0, 1, 1, 2, 3, 3])
    folds = np.array([0, 1, 1, 2, 2, 0, -1, 1])
    found = trainable(folds, targets)
    assert found.tolist() == [0, 1, 1, -1, -1, -1, -1, 1]
    for fold in range(FOLDS):
        assert set(targets[found != fold]) == {0, 1, 2, 3}


def test_scores_come_back_with_the_classes_they_belong_to():
    targets = np.array([0, 0, 0, 1, 1, 2])
    folds = np.array([3, 1, 0, 1, 0, -1])

    def scores(train, test):
        assert not (train & test).any()
        return np.eye(3, dtype=np.float32)[targets[test]]

    found, truth = held_out(scores, targets, folds, CancelToken())
    assert (found.argmax(axis=1) == truth).all()
    assert sorted(truth) == [0, 0, 0, 1, 1]  # the single pixel is never held back
    assert held_out(scores, np.array([0, 1]), np.array([-1, -1]), CancelToken()) is None


def test_cancel_between_folds():
    token = CancelToken()
    calls = []

    def scores(_train, test):
        calls.append(test)
        token.cancel()
        return np.zeros((int(test.sum()), 2), np.float32)

    targets = np.array([0, 1] * 10)
    with pytest.raises(TaskCancelledError):
        held_out(scores, targets, np.arange(20) % 5, token)
    assert len(calls) == 1


def test_the_factor_is_found_that_labels_were_drawn_with():
    rng = np.random.default_rng(0)
    scores = rng.normal(0, 20, (4_000, 5))
    odds = np.exp(0.1 * scores)
    odds /= odds.sum(axis=1, keepdims=True)
    targets = np.array([rng.choice(5, p=p) for p in odds])
    assert fit_steepness(scores, targets) == pytest.approx(0.1, rel=0.1)


def test_the_factor_stays_finite_where_every_label_is_met_and_small_where_none_is():
    targets = np.arange(40) % 4
    right = np.eye(4)[targets]
    assert 3 < fit_steepness(right, targets) < 10
    assert fit_steepness(right, (targets + 1) % 4) < 0.01


def test_labels_of_each_class_are_drawn_evenly_into_the_folds_and_a_lone_one_never():
    targets = np.repeat([0, 1, 2, 3], [10, 7, 2, 1])
    folds = random_folds(targets, 3)
    for k, counts in {0: [2, 2, 2, 2, 2], 1: [1, 2, 2, 1, 1], 2: [0, 0, 1, 1, 0]}.items():
        assert np.bincount(folds[targets == k], minlength=FOLDS).tolist() == counts
    assert folds[targets == 3].tolist() == [-1]
    assert (random_folds(targets, 3) == folds).all()
    assert (random_folds(targets, 4) != folds).any()
    assert set(random_folds(targets, 3, 2)) == {-1, 0, 1}


def test_of_many_labels_as_many_of_each_class_are_taken():
    targets = np.repeat([0, 1, 2], [50, 30, 1])
    chosen = evenly(targets, 30, 0)
    assert np.bincount(targets[chosen]).tolist() == [10, 10, 1]
    assert (np.diff(chosen) > 0).all()
    assert np.bincount(targets[evenly(targets, 1, 0)]).tolist() == [2, 2, 1]
    assert (evenly(targets, 30, 1) != chosen).any()
