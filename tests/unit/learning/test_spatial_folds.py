"""Folds that hold out labels by place."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hsi_viewer.learning.spatial_folds import (
    NEVER,
    SpatialFolds,
    connected_labels,
    half_folds,
    spatial_folds,
)

COLUMNS = 40


def folds_of_map(labels: list[str]) -> SpatialFolds:
    """Folds of labels drawn as text: a digit is a class, anything else no label."""
    width = max(map(len, labels))
    ids = np.array([[int(c) if c.isdigit() else 0 for c in f"{row:{width}}"] for row in labels])
    pixels = np.flatnonzero(ids)
    return spatial_folds(pixels, ids.flat[pixels] - 1, ids.shape[1])


def folds_at(found: SpatialFolds, row: int) -> set[int]:
    """The folds of the labels of a row."""
    return set(found.folds[found.positions[:, 0] == row].tolist())


@pytest.mark.parametrize("make", [spatial_folds, half_folds])
def test_places_equally_far_apart_are_cut_alike_in_any_order(make) -> None:
    pixels, targets = np.array([0, 1, 3, COLUMNS + 1]), np.array([3, 2, 2, 1])

    found = make(pixels, targets, COLUMNS)

    for order in permutations(range(4)):
        at = list(order)
        again = make(pixels[at], targets[at], COLUMNS)
        assert list(again.folds) == list(found.folds[at])
        assert list(again.groups) == list(found.groups[at])
        assert (again.positions == found.positions[at]).all()


@given(st.data(), st.sampled_from([spatial_folds, half_folds]))
@settings(max_examples=30, deadline=None)
def test_every_class_is_trained_and_no_group_is_divided(data, make) -> None:
    pixels = np.array(sorted(data.draw(st.sets(st.integers(0, COLUMNS**2 - 1), max_size=80))), int)
    rng = np.random.default_rng(data.draw(st.integers(0, 9)))
    targets = rng.integers(0, 4, pixels.size)

    found = make(pixels, targets, COLUMNS)

    for fold in found.used:
        assert set(targets[found.folds != fold]) == set(targets)
    for group in np.unique(found.groups):
        members = found.groups == group
        assert len(set(targets[members])) == 1
        assert len(set(found.folds[members])) == 1
    if make is spatial_folds:
        several = np.bincount(targets, minlength=4)[targets] > 1
        assert (found.is_held == several).all()
    again = make(pixels, targets, COLUMNS)
    assert (again.folds == found.folds).all()
    order = rng.permutation(pixels.size)
    assert (make(pixels[order], targets[order], COLUMNS).folds == found.folds[order]).all()


def test_strokes_are_held_out_whole() -> None:
    found = folds_of_map(["11111111", "", "", "  22222", "11", "", " 11111", "2222 "])

    for row in (0, 3, 4, 6, 7):
        assert len(folds_at(found, row)) == 1
    assert folds_at(found, 0) != folds_at(found, 6)
    assert folds_at(found, 3) != folds_at(found, 7)
    assert len(np.unique(found.groups)) == 5


def test_the_only_stroke_of_a_class_is_cut_into_thirds_along_it() -> None:
    found = folds_of_map(["111111111111", "", "222222222222"])

    for row in (0, 2):
        folds = found.folds[found.positions[:, 0] == row]
        assert np.flatnonzero(np.diff(folds)).size == 2
        assert np.bincount(folds).tolist() == [4, 4, 4]
    assert len(np.unique(found.groups)) == 6


def test_cuts_are_where_the_labels_are_furthest_apart() -> None:
    columns = np.array([0, 2, 4, 7, 30, 33, 35, 60, 62, 64])

    found = spatial_folds(columns, np.zeros(10, int), 100)

    assert found.folds.tolist() == [0, 0, 0, 0, 1, 1, 1, 2, 2, 2]
    assert found.apart.tolist() == [30, 28, 26, 23, 23, 26, 25, 25, 27, 29]


def test_a_lone_label_is_never_held_out() -> None:
    found = folds_of_map(["1 1  1", "", "2 2  2", "     3"])

    assert found.folds[found.targets == 2].tolist() == [NEVER]
    assert np.isnan(found.apart[found.targets == 2]).all()
    assert found.too_few is None


@pytest.mark.parametrize("drawn", [["1 2 3"], ["1 1 1 2 3"], []])
def test_too_few_labels_are_told(drawn) -> None:
    found = folds_of_map(drawn or [" "])

    assert found.too_few is not None
    assert found.too_few.startswith(f"Labels can be held out in {int('1 1' in str(drawn))} of ")


def test_labels_touch_by_edges_and_corners_but_not_round_the_border() -> None:
    ids = np.array([[1, 0, 0, 1], [1, 1, 0, 0], [0, 0, 1, 2], [2, 0, 0, 1]])
    pixels = np.flatnonzero(ids)

    groups = connected_labels(pixels, ids.flat[pixels], 4)

    of_place = dict(zip(pixels.tolist(), groups.tolist(), strict=True))
    assert of_place[0] == of_place[4] == of_place[5] == of_place[10] == of_place[15]
    assert len({of_place[i] for i in (0, 3, 11, 12)}) == 4


def test_scattered_labels_are_held_out_further_away_than_by_chance() -> None:
    rng = np.random.default_rng(0)
    pixels = np.sort(rng.choice(100 * 100, 60, replace=False))
    targets = rng.integers(0, 3, 60)

    found = spatial_folds(pixels, targets, 100)
    by_chance = SpatialFolds(found.positions, targets, rng.integers(0, 3, 60), found.groups)

    assert np.median(found.apart) > 1.5 * np.median(by_chance.apart)
    for k in range(3):  # and in parts of similar size
        held = np.bincount(found.folds[targets == k])
        assert held.max() <= 1.5 * held.mean()


def test_halves_divide_the_labelled_area() -> None:
    ids = np.zeros((30, 80), int)
    ids[3, 2:10], ids[20, 60:70], ids[10, 5:9], ids[12, 70:75], ids[25, 75:79] = 1, 1, 2, 2, 3
    pixels = np.flatnonzero(ids)

    found = half_folds(pixels, ids.flat[pixels], 80)

    left = found.positions[:, 1] < 40
    two = found.targets != 3
    assert (found.folds[two & left] != found.folds[two & ~left][0]).all()
    assert len(set(found.folds[two & left])) == len(set(found.folds[two & ~left])) == 1
    assert (found.folds[~two] == NEVER).all()


def joined_scenes(*of_scene: dict[int, int]) -> tuple:
    """Pixels and targets of scenes of 20 rows; each is given as labels by class."""
    pixels, targets = [], []
    for number, counts in enumerate(of_scene):
        for class_index, count in counts.items():
            row = 20 * number + class_index
            pixels += [row * COLUMNS + 2 * k for k in range(count)]
            targets += [class_index] * count
    return np.array(pixels), np.array(targets), [20 * n for n in range(len(of_scene))]


@pytest.mark.parametrize("halves", [False, True])
def test_scenes_that_were_joined_are_held_out_whole(halves):
    pixels, targets, joined_at = joined_scenes({0: 3, 1: 3}, {0: 2, 1: 1, 3: 1}, {1: 1, 2: 1, 3: 1})
    if halves:
        found = half_folds(pixels, targets, COLUMNS, joined_at=joined_at)
    else:
        found = spatial_folds(pixels, targets, COLUMNS, 2, joined_at=joined_at)
    scene = found.positions[:, 0] // 20
    # Six labels, then four and three, which together are not many more; classes 2 and 3 are of
    # scenes of one fold.
    expected = np.where(scene == 0, 0, 1)
    expected[targets >= 2] = NEVER
    np.testing.assert_array_equal(found.folds, expected)


def test_as_many_scenes_as_folds_are_each_held_out():
    pixels, targets, joined_at = joined_scenes({0: 1, 1: 1}, {0: 3, 1: 3}, {0: 2, 1: 2})
    found = spatial_folds(pixels, targets, COLUMNS, 5, joined_at=joined_at)
    np.testing.assert_array_equal(found.folds, np.array([2, 0, 1])[found.positions[:, 0] // 20])


def test_scenes_of_one_class_each_are_held_out_by_place_instead():
    pixels, targets, joined_at = joined_scenes({0: 6}, {1: 6})
    found = spatial_folds(pixels, targets, COLUMNS, 3, joined_at=joined_at)
    assert found.is_held.all()
    np.testing.assert_array_equal(found.folds, spatial_folds(pixels, targets, COLUMNS, 3).folds)
