"""Suspicious labels: planted wrong ones come first; whole strokes, too."""

from __future__ import annotations

import numpy as np
import pytest

import hsi_viewer
from hsi_viewer.core.errors import LabelError
from hsi_viewer.core.progress import CancelToken, SilentPort, TaskCancelledError
from hsi_viewer.learning.guidance.check_labels import Checker
from tests.unit.learning.made import made_scene

CUBE, TRUTH = made_scene()


def drawn(n=8, seed=0):
    rng = np.random.default_rng(seed)
    labels = np.zeros_like(TRUTH)
    for k in np.unique(TRUTH):
        labels.flat[rng.choice(np.flatnonzero(k == TRUTH), n, replace=False)] = k
    return labels


def test_planted_wrong_labels_come_first_with_the_class_that_they_look_like():
    labels = drawn()
    wrong = {(int(r), int(c)) for r, c in np.argwhere(labels == 5)[:2]}
    wrong |= {(int(r), int(c)) for r, c in np.argwhere(labels == 9)[2:3]}
    for row, column in wrong:
        labels[row, column] = 2
    before = labels.copy()
    found = hsi_viewer.check_labels(CUBE, labels)
    np.testing.assert_array_equal(labels, before)
    assert len(found) == np.count_nonzero(labels)
    assert {(s.row, s.column) for s in found[:3]} == wrong
    assert all(s.label == 2 and s.looks_like == TRUTH[s.row, s.column] for s in found[:3])
    assert all(s.margin < 0 for s in found[:3])
    assert all(s.margin > 0 for s in found[3:])
    assert all(s.label == labels[s.row, s.column] != s.looks_like for s in found)


def test_classes_that_two_bands_decide_are_checked_by_the_voice_that_tells_them_apart():
    rng = np.random.default_rng(1)
    values = rng.normal(size=(40, 40, 12)).astype(np.float32)
    right = 1 + (values[:, :, 3] > 0) + 2 * (values[:, :, 8] > 0)
    places = rng.permutation(right.size)[:80]
    labels = np.zeros(right.shape, np.uint16)
    labels.flat[places] = right.flat[places]
    wrong = places[:8]
    labels.flat[wrong] = 1 + right.flat[wrong] % 4
    first = [s.row * 40 + s.column for s in hsi_viewer.check_labels(values, labels)[:8]]
    assert np.isin(wrong, first).mean() > 0.8


def test_in_a_class_that_is_hard_to_predict_a_poor_answer_says_less():
    targets = np.array([0, 0, 1, 1, 1])
    checker = Checker(None, None, None, targets, np.arange(5), CancelToken(), SilentPort())
    odds = np.array([-1.0, -3.0, 4.0, 2.0, np.nan])
    judged = np.isfinite(odds)
    found = checker.beyond_usual(odds, judged)
    np.testing.assert_allclose(found[judged], [-0.5, -2.5, 3.25, 1.25])


def test_a_whole_wrong_stroke_cannot_speak_for_itself():
    labels = np.zeros_like(TRUTH)
    for row, column in ((3, 3), (12, 8), (3, 22), (12, 28), (24, 2), (34, 5), (24, 18), (34, 28)):
        labels[row, column : column + 4] = TRUTH[row, column]
    labels[16, 26:30] = 7  # in the field of class 5
    found = hsi_viewer.check_labels(CUBE, labels)
    assert {(s.row, s.column) for s in found[:4]} == {(16, c) for c in range(26, 30)}
    assert all((s.label, s.looks_like) == (7, 5) for s in found[:4])
    again = hsi_viewer.check_labels(CUBE, labels)
    assert found == again


def test_a_row_of_the_list_is_a_tuple():
    found = hsi_viewer.check_labels(CUBE.read(), drawn(3).tolist())
    row, column, label, looks_like, margin = found[0]
    assert hsi_viewer.SuspiciousLabel(row, column, label, looks_like, margin) == found[0]


def test_the_only_label_of_a_class_is_not_judged():
    labels = drawn(4)
    labels[labels == 9] = 0
    labels[35, 30] = 9
    found = hsi_viewer.check_labels(CUBE, labels)
    assert len(found) == 12
    assert all(s.label != 9 for s in found)


def test_one_label_for_each_class_leaves_nothing_to_judge():
    assert hsi_viewer.check_labels(CUBE, drawn(1)) == []


def test_one_class_cannot_be_checked():
    with pytest.raises(LabelError, match="two classes"):
        hsi_viewer.check_labels(CUBE, np.where(TRUTH == 2, 2, 0))


def test_the_check_can_be_cancelled():
    token = CancelToken()
    token.cancel()
    with pytest.raises(TaskCancelledError):
        hsi_viewer.check_labels(CUBE, drawn(), token=token)
