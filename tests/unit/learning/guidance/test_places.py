"""What proposals are made of, by hand: doubt, depth, likeness, and what speaks for no class."""

from __future__ import annotations

import numpy as np
import pytest

from hsi_viewer.core.assessment.intervals import Interval
from hsi_viewer.core.prediction import Prediction
from hsi_viewer.core.progress import CancelToken
from hsi_viewer.learning.folds import evenly as drawn_evenly
from hsi_viewer.learning.folds import held_out, random_folds, trainable
from hsi_viewer.learning.guidance import absence, proposals
from hsi_viewer.learning.guidance.absence import Absence, evenly, spectra_at
from hsi_viewer.learning.guidance.check_labels import Checker, SuspiciousLabel
from hsi_viewer.learning.guidance.ground import Ground
from hsi_viewer.learning.guidance.progress import LabelProgress, changed_share, sampled
from hsi_viewer.learning.guidance.proposals import (
    alike,
    chosen_places,
    depth_of,
    doubt_of,
    doubt_of_map,
    width_of,
)
from hsi_viewer.learning.guidance.suspects import (
    AlikePair,
    alike_pairs,
    suspects_of,
    where_they_meet,
)


def test_the_two_likeliest_classes_and_the_doubt_between_them():
    shares = np.array([[[0.2, 0.5, 0.3], [0.6, 0.3, 0.1], [0.25, 0.25, 0.5], [0.5, 0.5, 0]]])
    found = doubt_of(shares.astype(np.float32))
    assert found.first.tolist() == [[1, 0, 2, 0]]
    assert found.second.tolist() == [[2, 1, 0, 1]]
    np.testing.assert_allclose(found.doubt, [[0.8, 0.7, 0.75, 1.0]], rtol=1e-6)
    unknown = doubt_of(np.full((1, 1, 2), np.nan, np.float32))
    assert unknown.doubt.tolist() == [[1.0]]


def test_of_a_map_without_probabilities_the_rest_of_its_confidence_is_shared():
    ids = np.array([[5, 9, 2, 0]], np.uint16)
    sure = np.array([[0.5, 1.0, 0.2, np.nan]], np.float32)
    found = doubt_of_map(Prediction(ids, sure, (9, 5, 2)))
    assert found.first[0, :3].tolist() == [1, 0, 2]  # in the order of the class ids
    assert found.second[0, :3].tolist() == [0, 1, 0]
    np.testing.assert_allclose(found.doubt, [[0.75, 0.0, 1.0, 1.0]], rtol=1e-6)
    shares = np.array([[[0.25, 0.5, 0.25]]], np.float32)
    kept = doubt_of_map(Prediction(ids[:, :1], sure[:, :1], (9, 5, 2), shares))
    assert kept.doubt.tolist() == [[0.75]]
    alone = doubt_of_map(Prediction(ids[:, :1], sure[:, :1], (5,)))
    assert (alone.first.tolist(), alone.second.tolist()) == ([[0]], [[0]])


@pytest.mark.parametrize("count", [3, 4, 5, 9])
def test_of_many_places_those_of_most_doubt_and_others_for_the_rest(count, monkeypatch):
    monkeypatch.setattr(proposals, "MOST_PLACES", 4)
    doubt = np.array([0.1, 0.9, 0.3, 0.8, 0.2, 0.4, 0.5, 0.6, 0.7])[:count]
    chosen, weights = chosen_places(doubt)
    assert chosen.tolist() == sorted(set(chosen.tolist()))
    assert weights.sum() == count
    if count <= 4:
        assert (chosen.tolist(), weights.tolist()) == (list(range(count)), [1] * count)
        return
    assert {1, 3} <= set(chosen.tolist())
    by_place = dict(zip(chosen.tolist(), weights.tolist(), strict=True))
    assert by_place[1] == by_place[3] == 1
    rest = [i for i in range(count) if i not in (1, 3)]
    assert sorted(set(by_place) - {1, 3}) == [rest[0], rest[-1]]
    assert by_place[0] == (count - 2) / 2


def test_depth_is_the_distance_from_the_border_of_a_segment():
    numbers = np.zeros((7, 7), np.int32)
    numbers[:, 5:] = 1
    found = depth_of(numbers)
    assert found[3].tolist() == [1, 2, 2, 1, 0, 0, 1]
    assert found[:, 4].tolist() == found[:, 5].tolist() == [0] * 7
    assert found[0, 0] == 1  # the edge of the scene is a border, too
    assert found[3, 1] == 2
    np.testing.assert_array_equal(depth_of(numbers.T), found.T)


def test_spectra_are_similar_at_the_distance_of_the_nearest_twentieth_of_pairs(monkeypatch):
    line = np.arange(21.0)[:, None].astype(np.float32)
    assert width_of(line) == 1.0  # of 210 pairs, 20 are 1 apart
    assert width_of(np.vstack([line, line])) == 1.0  # equal ones say nothing
    assert width_of(np.ones((3, 2), np.float32)) == 1.0
    assert width_of(line[:1]) == 1.0
    monkeypatch.setattr(proposals, "SAMPLED", 7)
    assert width_of(line) == 3.0  # every third of them
    found = alike(np.array([[0.0, 0]]), np.array([[3.0, 4], [0, 0]]), 5.0)
    np.testing.assert_allclose(found, [[np.exp(-0.5), 1.0]])


def ground(rows: int = 1, columns: int = 60) -> Ground:
    components = np.zeros((2, rows, columns), np.float32)
    components[0] = np.arange(columns) % 2
    return Ground(components, np.ones((rows, columns), bool), np.zeros((rows, columns), np.int32))


def test_a_place_is_of_no_class_as_far_as_it_is_like_such_places():
    """By hand: distances in widths of spectra and in neighbourhoods of 10 pixels; reach 2."""
    here = ground()
    none, some = (np.zeros((1, 60), bool) for _ in range(2))
    none[0, 0], some[0, 40] = True, True
    pixels = np.array([0, 20, 40, 41])
    found = Absence(here, some, none).chance(pixels, spectra_at(here, pixels), 0.5)
    like = lambda far, apart: np.exp(-((far / 10) ** 2 + (apart / 0.5) ** 2) / 8)  # noqa: E731
    wanted = [
        like(a, s) / (like(a, s) + like(b, t) + 0.1)
        for a, s, b, t in ((0, 0, 40, 0), (20, 0, 20, 0), (40, 0, 0, 0), (41, 1, 1, 1))
    ]
    np.testing.assert_allclose(found, wanted, rtol=1e-6)
    before = Absence(here, some, np.zeros_like(none))
    assert before.chance(pixels, spectra_at(here, pixels), 0.5).tolist() == [0] * 4
    alone = Absence(here, np.zeros_like(some), none).chance(pixels, spectra_at(here, pixels), 0.5)
    assert alone[0] == pytest.approx(1 / 1.1)
    here.valid[0, 0] = False
    assert not Absence(here, some, none).chance(pixels, spectra_at(here, pixels), 0.5).any()


@pytest.mark.parametrize(("most", "kept"), [(6, [0, 1, 2, 3, 4, 5]), (3, [0, 2, 5])])
def test_of_many_known_pixels_some_are_taken_evenly(most, kept, monkeypatch):
    monkeypatch.setattr(absence, "MOST_KNOWN", most)
    mask = np.ones((2, 3), bool)
    assert evenly(mask).tolist() == kept
    assert spectra_at(ground(1, 4), np.array([1, 2])).tolist() == [[1, 0], [0, 0]]


def suspicious(*rows) -> list[SuspiciousLabel]:
    return [SuspiciousLabel(*row) for row in rows]


def test_contradicted_labels_that_touch_are_one_stroke():
    found = suspects_of(
        suspicious(
            (3, 3, 2, 5, -0.9),
            (0, 0, 2, 5, -0.25),
            (0, 1, 2, 5, -0.75),
            (0, 2, 2, 9, -0.1),  # touches, but looks like another
            (0, 3, 2, 5, 0.0),
        ),
        10,
    )
    assert [s.pixels.tolist() for s in found] == [[33], [0, 1], [2]]
    assert [(s.worst, s.label, s.looks_like) for s in found] == [(33, 2, 5), (1, 2, 5), (2, 2, 9)]
    assert [s.margin for s in found] == pytest.approx([-0.9, -0.5, -0.1])
    assert suspects_of(suspicious((0, 0, 2, 5, 0.0)), 10) == []


@pytest.mark.parametrize(
    ("wrong", "right", "alike"), [(2, 8, True), (2, 9, False), (1, 1, False), (3, 12, True)]
)
def test_classes_are_alike_if_a_fifth_of_their_labels_and_two_at_least_look_so(wrong, right, alike):
    found = suspicious(
        *((0, i, 5, 2, -0.5) for i in range(wrong)), *((1, i, 2, 9, 0.5) for i in range(right))
    )
    pairs = alike_pairs(found)
    assert pairs == ([AlikePair(2, 5, wrong, right, wrong)] if alike else [])


def test_the_pairs_that_are_confused_most_come_first_three_at_most():
    rows = []
    for k, share in enumerate((0.5, 0.9, 0.7, 0.3)):
        own, other = 10 * k + 1, 10 * k + 2
        rows += [(k, i, own, other, -1.0 if i < 10 * share else 1.0) for i in range(10)]
        rows += [(k, 20 + i, other, own, -1.0 if i < 10 * share else 1.0) for i in range(10)]
    pairs = alike_pairs(suspicious(*rows))
    assert [(p.first, p.confused, p.labels) for p in pairs] == [
        (11, 18, 20),
        (21, 14, 20),
        (1, 10, 20),
    ]
    assert AlikePair(1, 2, 5, 10, 19).more == (19, 19)
    assert AlikePair(1, 2, 5, 10, 20).more == (10, 0)
    assert AlikePair(1, 2, 5, 40, 10).more == (0, 30)


def test_two_classes_meet_where_the_less_likely_of_them_is_likeliest():
    shares = np.array(
        [[[0.5, 0.5, 0], [0.45, 0.45, 0.1], [0.4, 0.4, 0.2]], [[0, 1, 0], [1, 0, 0], [0, 0, 1]]],
        np.float32,
    )
    ids = np.array([[2, 2, 5], [5, 2, 9]], np.uint16)
    made = Prediction(ids, shares.max(axis=2), (2, 5, 9), shares)
    labelled = np.zeros((2, 3), bool)
    assert where_they_meet(made, (5, 2), labelled) == (0, 0)
    labelled[0, 0] = True
    assert where_they_meet(made, (2, 5), labelled) == (0, 1)
    ids[0, 1] = 0
    assert where_they_meet(made, (2, 5), labelled) == (0, 2)
    labelled[0] = True
    assert where_they_meet(made, (2, 5), labelled) is None
    assert where_they_meet(made, (2, 7), labelled) is None


def test_half_of_a_margin_is_that_of_its_place():
    groups = np.array([0, 0, 0, 1])
    checker = Checker(None, None, None, np.zeros(4, np.int64), groups, CancelToken(), None)
    margin = np.array([-0.8, 0.4, np.nan, 0.6], np.float32)
    judged = ~np.isnan(margin)
    found = checker.with_place(margin, judged)
    np.testing.assert_allclose(found[judged], [-0.5, 0.1, 0.6], rtol=1e-6)


def test_a_map_is_compared_with_one_of_twenty_answers_before():
    progress = LabelProgress()
    maps = {n: np.full(200, 1, np.uint16) for n in (0, 5, 19, 20, 25, 45)}
    for n in maps:
        maps[n][:n] = 2
    said = [(p.since, p.changed) for p in (progress.add(n, m) for n, m in maps.items())]
    # the first has none before it; later ones take the newest that is old enough, else the first
    assert said == [(0, None), (5, 0.025), (19, 0.095), (20, 0.1), (20, 0.1), (20, 0.1)]
    assert progress.sentence == "The last 20 answers changed 10.0 % of the map."
    progress.add(21, maps[20])
    assert [p.answers for p in progress.points] == [0, 5, 19, 20, 21]  # what was undone is dropped


@pytest.mark.parametrize(
    ("since", "changed", "said"),
    [
        (20, 0, "The last 20 answers changed 0.0 % of the map. More labels help little now."),
        (20, 4, "The last 20 answers changed 0.4 % of the map. More labels help little now."),
        (20, 5, "The last 20 answers changed 0.5 % of the map."),
        (19, 0, "The last 19 answers changed 0.0 % of the map."),
        (1, 0, "The last answer changed 0.0 % of the map."),
    ],
)
def test_more_labels_help_little_where_twenty_have_changed_little(since, changed, said):
    progress = LabelProgress()
    assert progress.sentence == ""
    progress.add(0, np.ones(1000, np.uint16))
    assert progress.sentence == ""
    after = np.ones(1000, np.uint16)
    after[:changed] = 2
    progress.add(since, after)
    assert progress.sentence == said


def test_what_is_known_of_the_accuracy_is_noted_with_its_interval():
    progress = LabelProgress()
    progress.measure(Interval(0.5, 0.4, 0.6))  # of no map
    point = progress.add(3, np.ones(4, np.uint16), Interval(0.5, 0.4, 0.6))
    assert (point.accuracy, point.low, point.high) == (0.5, 0.4, 0.6)
    progress.measure(Interval(0.9, float("nan"), 1.0))
    assert progress.points == [point]
    again = LabelProgress()
    again.restore(progress.to_json())
    assert again.points == [point]
    again.restore([{"answers": -1}])
    assert again.points == []


def test_a_map_changes_where_either_has_a_class():
    before, after = np.array([0, 0, 1, 2, 2]), np.array([0, 3, 1, 2, 1])
    assert changed_share(before, after) == 0.5
    assert changed_share(np.zeros(3), np.zeros(3)) == 0.0


@pytest.mark.parametrize(("side", "kept"), [(500, 500**2), (501, 251**2), (1001, 334**2)])
def test_of_a_large_map_every_nth_row_and_column_is_compared(side, kept):
    assert sampled(np.zeros((side, side), np.uint16)).size == kept


def test_labels_are_drawn_evenly_from_the_classes_two_at_least():
    targets = np.array([0] * 50 + [1] * 3 + [2])
    some = drawn_evenly(targets, 12, 0)
    assert np.bincount(targets[some]).tolist() == [4, 3, 1]
    assert some.tolist() == sorted(some.tolist())
    assert np.bincount(targets[drawn_evenly(targets, 3, 0)]).tolist() == [2, 2, 1]
    assert drawn_evenly(targets, 12, 1).tolist() != some.tolist()


def test_folds_leave_a_class_in_every_training():
    folds = random_folds(np.array([0, 0, 0, 1, 2, 2]), 0, 3)
    assert sorted(folds[:3].tolist()) == [0, 1, 2]
    assert folds[3] == -1
    assert sorted(folds[4:].tolist()) == [0, 2]  # the second class begins with the second fold
    assert trainable(np.array([0, 1, 2, 2]), np.array([0, 0, 1, 1])).tolist() == [0, 1, -1, -1]


def test_labels_that_were_held_out_are_scored_fold_by_fold():
    targets, folds = np.array([0, 1, 0, 1]), np.array([4, 0, 0, -1])
    asked = []

    def scores(train, test):
        asked.append((train.tolist(), test.tolist()))
        return np.flatnonzero(test)[:, None].astype(np.float32)

    found, of = held_out(scores, targets, folds, CancelToken())
    assert found[:, 0].tolist() == [1, 2, 0]
    assert of.tolist() == [1, 0, 0]
    assert asked[0] == ([True, False, False, True], [False, True, True, False])
    assert held_out(scores, targets, np.full(4, -1), CancelToken()) is None
