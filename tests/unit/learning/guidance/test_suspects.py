"""Suspicious labels as strokes to look at, pairs that look alike, and where these meet."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from hsi_viewer.core.evidence import HeldOut
from hsi_viewer.core.prediction import Prediction
from hsi_viewer.learning.guidance.check_labels import SuspiciousLabel
from hsi_viewer.learning.guidance.suspects import (
    AlikePair,
    alike_pairs,
    contradicted,
    suspects_of,
    where_they_meet,
)

COLUMNS = 10
rows = st.lists(
    st.tuples(st.integers(0, 5), st.integers(0, 9), st.integers(1, 3), st.floats(-1, 1, width=32)),
    max_size=25,
    unique_by=lambda r: r[:2],
)


def found_of(made):
    return [SuspiciousLabel(r, c, k, k % 3 + 1, m) for r, c, k, m in made]


@settings(max_examples=30)
@given(rows)
def test_each_contradicted_label_is_in_one_group_of_its_kind(made):
    found = found_of(made)
    suspects = suspects_of(found, COLUMNS)
    wrong = {f.row * COLUMNS + f.column: f for f in found if f.margin < 0}
    pixels = [p for s in suspects for p in s.pixels.tolist()]
    assert sorted(pixels) == sorted(wrong)
    for one in suspects:
        mine = [wrong[p] for p in one.pixels.tolist()]
        assert {(f.label, f.looks_like) for f in mine} == {(one.label, one.looks_like)}
        assert one.margin == np.float64(np.mean([f.margin for f in mine]))
        assert wrong[one.worst].margin == min(f.margin for f in mine)
    places = [f.row * COLUMNS + f.column for f in found]
    first = [min(places.index(p) for p in s.pixels.tolist()) for s in suspects]
    assert first == sorted(first)


def test_labels_that_touch_are_one_stroke():
    made = [(4, 4, 1, -0.9), *((2, c, 1, -0.5) for c in range(3, 7)), (3, 9, 2, -0.1)]
    assert [s.pixels.tolist() for s in suspects_of(found_of(made), COLUMNS)] == [
        [44],
        [23, 24, 25, 26],
        [39],
    ]


def test_labels_that_cross_validation_contradicts():
    probabilities = np.array([[0.9, 0.1], [0.4, 0.6], [0.2, 0.8]], np.float32)
    held = HeldOut(
        np.array([3, 7, 9]), np.array([0, 0, 1]), np.arange(3), np.arange(3), probabilities
    )
    assert contradicted(held).tolist() == [7]


def test_classes_of_which_many_labels_look_like_the_other_are_alike():
    made = [(0, c, 1, -0.1 if c < 3 else 0.5) for c in range(8)]
    made += [(1, c, 2, 0.5) for c in range(4)]
    made += [(2, c, 3, -0.1 if c < 1 else 0.5) for c in range(5)]
    assert alike_pairs(found_of(made)) == [AlikePair(1, 2, 3, 8, 4)]
    assert alike_pairs([]) == []


def test_more_labels_of_the_class_that_has_few_or_as_many_again_of_both():
    assert AlikePair(1, 2, 3, 8, 4).more == (0, 4)
    assert AlikePair(1, 2, 3, 5, 40).more == (35, 0)
    assert AlikePair(1, 2, 3, 12, 12).more == (12, 12)
    assert AlikePair(1, 2, 3, 12, 9).more == (12, 12)


def test_two_classes_meet_where_both_are_likely_and_nothing_is_labelled():
    p = np.full((4, 5, 3), (0.8, 0.1, 0.1), np.float32)
    p[1, 2], p[3, 3], p[0, 0] = (0.1, 0.4, 0.5), (0.02, 0.49, 0.49), (0.0, 0.5, 0.5)
    mapped = np.full((4, 5), 4, np.uint16)
    mapped[0, 0] = 0
    prediction = Prediction(mapped, p.max(axis=2), (4, 6, 9), p)
    labelled = np.zeros((4, 5), bool)
    assert where_they_meet(prediction, (9, 6), labelled) == (3, 3)
    labelled[3, 3] = True
    assert where_they_meet(prediction, (9, 6), labelled) == (1, 2)
    assert where_they_meet(prediction, (9, 5), labelled) is None
    assert where_they_meet(prediction, (4, 6), labelled | True) is None
    bare = Prediction(mapped, p.max(axis=2), (4, 6, 9))
    assert where_they_meet(bare, (9, 6), labelled) is None
