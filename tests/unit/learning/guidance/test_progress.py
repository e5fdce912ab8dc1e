"""What the answers have come to: change of the maps, accuracy, and when more labels help little."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hsi_viewer.core.assessment.intervals import Interval
from hsi_viewer.learning.guidance.progress import LabelProgress, changed_share, sampled


def map_of(changed, size=1000):
    made = np.ones(size, np.uint16)
    made[:changed] = 2
    return made


def test_the_last_answers_are_those_since_a_map_of_twenty_answers_ago():
    progress = LabelProgress()
    assert progress.add(0, map_of(0)).changed is None
    assert progress.sentence == ""
    progress.add(1, map_of(100))
    assert progress.sentence == "The last answer changed 10.0 % of the map."
    progress.add(12, map_of(150))
    assert progress.sentence == "The last 12 answers changed 15.0 % of the map."
    progress.add(20, map_of(200))
    assert progress.points[-1].since == 20
    progress.add(32, map_of(153))
    assert progress.points[-1].since == 20
    assert (
        progress.sentence
        == "The last 20 answers changed 0.3 % of the map. More labels help " + ("little now.")
    )
    progress.add(40, map_of(206))
    assert progress.sentence == "The last 20 answers changed 0.6 % of the map."


def test_few_answers_without_effect_do_not_mean_that_more_labels_help_little():
    progress = LabelProgress()
    for answers in (0, 19):
        progress.add(answers, map_of(0))
    assert progress.sentence == "The last 19 answers changed 0.0 % of the map."


def test_maps_after_answers_that_were_undone_are_dropped():
    progress = LabelProgress()
    for answers, changed in ((0, 0), (2, 100), (4, 200), (3, 50)):
        progress.add(answers, map_of(changed))
    assert [p.answers for p in progress.points] == [0, 2, 3]
    assert progress.points[-1].changed == pytest.approx(0.05)


def test_a_map_of_another_size_is_not_compared():
    progress = LabelProgress()
    progress.add(0, map_of(0))
    assert progress.add(3, map_of(0, 500)).changed is None


def test_an_accuracy_without_an_interval_is_none():
    progress, nan = LabelProgress(), float("nan")
    assert progress.add(0, map_of(0), Interval(0.9, nan, nan)).accuracy is None
    point = progress.add(1, map_of(0), Interval(0.9, 0.8, 0.95))
    assert (point.accuracy, point.low, point.high) == (0.9, 0.8, 0.95)


@given(st.lists(st.tuples(st.integers(0, 60), st.integers(0, 1000)), max_size=12))
def test_points_come_back_from_a_session(maps):
    progress = LabelProgress()
    for answers, changed in maps:
        progress.add(answers, map_of(changed), Interval(0.5, 0.4, 0.6))
    assert [p.answers for p in progress.points] == sorted({p.answers for p in progress.points})
    again = LabelProgress()
    again.restore(json.loads(json.dumps(progress.to_json())))
    assert again.points == progress.points


@pytest.mark.parametrize("values", [None, 3, [{"answers": -1}], [{"answers": 1, "changed": 7}]])
def test_points_that_are_not_valid_are_left_out(values):
    progress = LabelProgress()
    progress.restore(values)
    assert progress.points == []
    assert progress.sentence == ""


def test_a_large_map_is_compared_by_some_of_its_rows_and_columns():
    large = np.arange(1300 * 1700, dtype=np.uint32).reshape(1300, 1700).astype(np.uint16)
    some = sampled(large)
    assert 100_000 < some.size <= 260_000
    np.testing.assert_array_equal(sampled(large[:30, :40]), large[:30, :40].ravel())


def test_only_pixels_that_a_map_classifies_count():
    before, after = np.array([0, 0, 1, 1], np.uint16), np.array([0, 2, 1, 2], np.uint16)
    assert changed_share(before, after) == pytest.approx(2 / 3)
    assert changed_share(before * 0, after * 0) == 0.0
