"""Training pixels are drawn from the ground truth, seeded, and never scored."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from hsi_viewer.core.errors import LabelError
from hsi_viewer.core.labels.sampling import REACH, Draw, draw_per_class, draw_training, split_of

truths = hnp.arrays(np.uint16, (6, 7), elements=st.integers(0, 4)).filter(lambda t: t.any())
TRUTH = np.repeat(np.array([0, 1, 2, 7], np.uint16), 50).reshape(10, 20)


@given(truths, st.integers(1, 50), st.integers(0, 2**32))
def test_training_and_test_pixels_part_the_truth(truth, n, seed):
    training, test = draw_per_class(truth, n, seed)
    assert training.dtype == test.dtype == truth.dtype
    assert not ((training > 0) & (test > 0)).any()
    np.testing.assert_array_equal(training + test, truth)
    for class_id in np.unique(truth[truth > 0]):
        size = np.count_nonzero(truth == class_id)
        assert np.count_nonzero(training == class_id) == min(n, max(size // 2, 1))


def test_a_seed_gives_the_same_pixels_again_and_another_others():
    first, again, other = (draw_per_class(TRUTH, 5, seed)[0] for seed in (3, 3, 4))
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()


def test_every_pixel_of_a_class_can_be_drawn():
    drawn = sum(draw_per_class(TRUTH, 5, seed)[0] > 0 for seed in range(100))
    assert (drawn[TRUTH > 0] > 0).all()
    assert not drawn[TRUTH == 0].any()


def test_what_cannot_be_drawn_from_is_refused():
    with pytest.raises(LabelError, match="At least one"):
        draw_per_class(TRUTH, 0)
    with pytest.raises(LabelError, match="no labelled pixel"):
        draw_per_class(np.zeros((2, 2), np.uint16), 1)


@pytest.mark.real_data
@pytest.mark.parametrize(("protocol", "offset"), [("random", 0), ("fields", 500_000)])
@pytest.mark.parametrize("n", [5, 50])
def test_draws_are_those_of_the_benchmark(bench_dir, protocol, offset, n):
    """The shared label lists were drawn by another program from the same rules and seeds."""
    from importlib.resources import files

    truth = np.load(str(files("tensorly") / "datasets" / "data" / "Indian_pines_gt.npy"))
    name = "field" if protocol == "fields" else "random"
    with np.load(bench_dir / "splits" / f"indian_pines-{name}-{n}.npz") as split:
        for s in (0, 7):
            seed = offset + 1000 * n + s
            draw = Draw(n, protocol=protocol, seed=seed, gap=8, strict=True)
            training, test = draw_training(truth.astype(np.uint16), draw)
            np.testing.assert_array_equal(training, split[f"train_{s}"])
            np.testing.assert_array_equal(test > 0, split[f"test_{s}"])


def test_percent_of_each_class_and_at_least_one():
    truth = np.zeros((20, 30), np.uint16)
    truth[:, :20], truth[:2, 20:], truth[5, 25], truth[9, 22:26] = 1, 2, 3, 4
    training, test = draw_training(truth, Draw(10, "percent", seed=4))
    assert [int((training == i).sum()) for i in (1, 2, 3, 4)] == [40, 2, 1, 1]
    np.testing.assert_array_equal(training + test, truth)


@settings(max_examples=20)
@given(st.integers(0, 2**31), st.sampled_from(["pixels", "percent"]))
def test_fields_are_kept_apart(seed, unit):
    truth = np.zeros((40, 60), np.uint16)
    for n, (row, column) in enumerate([(0, 0), (0, 22), (0, 44), (25, 0), (25, 22), (25, 44)]):
        truth[row : row + 12, column : column + 12] = 1 + n % 2
    training, test = draw_training(truth, Draw(12, unit, "fields", seed, gap=8))
    fields = np.add.outer(np.arange(40) // 20 * 3, np.arange(60) // 20)
    assert not set(fields[training > 0].tolist()) & set(fields[test > 0].tolist())
    assert set(np.unique(training)) == {0, 1, 2}
    assert (training[training > 0] == truth[training > 0]).all()
    rows, columns = np.nonzero(training)
    for r, c in np.argwhere(test):
        assert np.maximum(np.abs(rows - r), np.abs(columns - c)).min() > 8


@pytest.mark.parametrize("amount", [0, -1])
def test_nothing_to_draw_is_refused(amount):
    with pytest.raises(LabelError, match="At least one"):
        draw_training(np.ones((3, 3), np.uint16), Draw(amount))


def four_fields(side: int = 12, apart: int = 60) -> np.ndarray:
    """Two classes; a split of both keeps apart only if it takes fields of one end."""
    truth = np.zeros((side, 3 * side + apart), np.uint16)
    truth[:, :side], truth[:, side + 4 : 2 * side + 4] = 1, 2
    truth[:, apart : apart + side], truth[:, apart + side + 4 : apart + 2 * side + 4] = 2, 1
    return truth


@settings(max_examples=20)
@given(st.integers(0, 2**31))
def test_fields_are_further_apart_than_the_engine_looks_where_the_scene_has_room(seed):
    split = split_of(four_fields(), Draw(5, protocol="fields", seed=seed))
    assert not split.smaller_gaps
    assert split.note() is None
    _, columns = np.nonzero(split.training)
    for _, column in np.argwhere(split.test):
        assert np.abs(columns - column).min() > REACH
    assert set(np.unique(split.test)) == set(np.unique(split.training)) == {0, 1, 2}


def test_what_the_scene_has_no_room_for_is_said():
    truth = np.zeros((20, 100), np.uint16)
    truth[:, :20], truth[:, 80:], truth[5:10, 40:50] = 1, 1, 2
    split = split_of(truth, Draw(5, protocol="fields", seed=1))
    assert list(split.smaller_gaps) == [2]
    assert 0 <= split.smaller_gaps[2] < REACH
    rows, columns = np.nonzero(split.training)
    gaps = [
        np.maximum(np.abs(rows - r), np.abs(columns - c)).min()
        for r, c in np.argwhere(split.test == 2)
    ]
    assert min(gaps) == split.smaller_gaps[2] + 1
    note = split.note({2: "Road"}.get)
    assert note is not None
    assert "in 1 of 2 classes" in note
    assert f"Road ({split.smaller_gaps[2]})" in note


def test_a_class_that_leaves_no_test_pixel_is_named():
    truth = np.zeros((20, 100), np.uint16)
    truth[:, :20], truth[:, 80:], truth[5, 50] = 1, 1, 2
    split = split_of(truth, Draw(5, protocol="fields"))
    assert split.smaller_gaps == {2: -1}
    assert split.note({2: "Road"}.get) == "No test pixels could be kept apart for Road."


def test_strict_drawing_keeps_the_gap_and_leaves_classes_unscored():
    truth = np.zeros((20, 100), np.uint16)
    truth[:, :20], truth[:, 80:], truth[5:10, 40:50] = 1, 1, 2
    split = split_of(truth, Draw(5, protocol="fields", strict=True))
    assert split.smaller_gaps == {2: -1}
    assert not (split.test == 2).any()


def test_a_ground_truth_of_other_numbers_is_drawn_from_by_the_rules_of_labels():
    marked = np.where(TRUTH > 0, TRUTH.astype(float), -1)
    for found, expected in zip(draw_per_class(marked, 5), draw_per_class(TRUTH, 5), strict=True):
        np.testing.assert_array_equal(found, expected)
    with pytest.raises(LabelError, match="the ground truth"):
        draw_per_class("truth.npy", 5)


@pytest.mark.parametrize(("pixels", "drawn"), [(8, False), (7, True)])
def test_specks_are_not_drawn_from_where_a_class_has_fields(pixels, drawn):
    truth = np.zeros((20, 100), np.uint16)
    truth[4:8, :5], truth[4:8, 90:] = 2, 2
    for column in (0, 90):
        truth[0, column : column + pixels] = 1
    truth[14, 50:53] = 1
    seeds = [draw_training(truth, Draw(2, protocol="fields", seed=s, gap=1))[0] for s in range(12)]
    assert any(training[14, 50:53].any() for training in seeds) is drawn
    assert all(training[0].any() or training[14].any() for training in seeds)
