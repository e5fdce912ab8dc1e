"""Small parts of the engine by hand: tiles, windows, notes, calibration, weights, matched bands."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.cube.region import RegionOfInterest
from hsi_viewer.core.errors import LabelError, ModelError
from hsi_viewer.learning.band_matching import RescaledSource, in_units, matched
from hsi_viewer.learning.calibration import (
    expected_calibration_error,
    fit_reliability,
    fit_steepness,
    log_softmax,
    reliable,
    tempered,
)
from hsi_viewer.learning.scene_windows import halves, moved, seen_by, sliced, together, within
from hsi_viewer.learning.spatial_folds import SpatialFolds
from hsi_viewer.learning.survey import Survey, tiles, tiles_inside
from hsi_viewer.learning.training_pixels import (
    TrainingPixels,
    checked_labels,
    choose_pixels,
    note_unused,
    without_strays,
)
from hsi_viewer.learning.voices.voice import KINDS
from hsi_viewer.learning.voices.weighing import (
    mean_margin,
    usual_pool,
    weighed,
)
from tests.unit.learning.made import Recorder


def test_tiles_cover_a_scene_row_by_row():
    found = list(tiles(5, 7, 3))
    assert [(r.start, r.stop, c.start, c.stop) for r, c in found] == [
        (0, 3, 0, 3), (0, 3, 3, 6), (0, 3, 6, 7), (3, 5, 0, 3), (3, 5, 3, 6), (3, 5, 6, 7),
    ]  # fmt: skip
    assert len(list(tiles(161, 160))) == 2
    inside = np.zeros((5, 7), bool)
    inside[4, 6] = True
    cube = RegionOfInterest(inside).of(HyperCube.from_array(np.ones((5, 7, 2), np.float32)))
    assert tiles_inside(cube, 3) == found[5:]


def test_a_tile_is_surveyed_once():
    survey = Survey(4, 170, np.array([2.0, 3.0], np.float32))
    first, second = survey.unseen
    assert second == (slice(0, 4), slice(160, 170))
    assert survey.lacks(*first)
    assert not survey.lacks(slice(0, 4), slice(0, 150))
    components = np.ones((3, 4, 160), np.float32)
    yes = np.ones((4, 160), bool)
    survey.keep(first, components, yes, yes, {-1.0: 3})
    survey.keep(first, 5 * components, ~yes, ~yes, {-1.0: 3})
    assert survey.unseen == [second]
    assert not survey.lacks(*first)
    assert survey.guide[:, 0, [0, 159, 160]].tolist() == [[2, 2, 0], [3, 3, 0]]
    assert (survey.valid.sum(), survey.strays.sum()) == (640, 640)
    survey.keep(second, components[:, :, :10], yes[:, :10], ~yes[:, :10], {-1.0: 1, 7.0: 2})
    assert survey.found == {-1.0: 4, 7.0: 2}
    assert (survey.valid.sum(), survey.strays.sum()) == (680, 640)


@pytest.mark.parametrize("size", [4, 9])
def test_windows_of_a_mirrored_axis_see_the_part_that_they_are_read_from(size):
    """The axis is mirrored at both ends, its first and its last place included twice."""
    for first in range(size):
        for last in range(first, size):
            for reach in range(size + 1):
                seen = [
                    at if 0 <= at < size else -at - 1 if at < 0 else 2 * size - 1 - at
                    for at in range(first - reach, last + reach + 1)
                ]
                part = seen_by(range(first, last + 1), reach, size)
                assert (part.start, part.stop) == (min(seen), max(seen) + 1)


def test_places_are_counted_from_the_start_of_a_window():
    part = (slice(4, 9, 2), slice(7, 8))
    assert within(part, slice(3, 12), slice(5, 12)) == (range(1, 6, 2), range(2, 3, 1))
    assert sliced((range(2, 5), range(0, 3))) == (slice(2, 5), slice(0, 3))
    assert moved(slice(2, 5), 10) == slice(12, 15)


def test_pixels_are_halved_across_their_longer_extent():
    row, column = np.array([0, 4, 2, 9]), np.array([0, 3, 1, 2])
    some = np.array([10, 11, 12, 13])
    assert [part.tolist() for part in halves(some, row, column)] == [[10, 11, 12], [13]]
    assert [p.tolist() for p in halves(some, column, row)] == [[10, 11, 12], [13]]
    assert [p.tolist() for p in halves(some[:2], np.array([0, 2]), np.array([0, 1]))] == [
        [10],
        [11],
    ]
    alone = halves(some[:1], row[:1], column[:1])
    assert [part.tolist() for part in alone] == [[10]]
    middle = halves(some[:3], np.array([0, 1, 2]), np.zeros(3, int))
    assert [part.tolist() for part in middle] == [[10, 11], [12]]


@pytest.mark.parametrize(("gap", "groups"), [(9, 1), (11, 1), (12, 2), (200, 2)])
def test_pixels_share_a_window_where_that_computes_less(gap, groups):
    """Two pixels in a row, each with a window of 11 by 11: apart 242 values, else 11 (gap + 11)."""
    row, column = np.array([0, 0]), np.array([0, gap])
    found = list(together(row, column, 10))
    assert len(found) == groups
    assert sorted(np.concatenate(found).tolist()) == [0, 1]
    assert list(together(row[:0], column[:0], 10)) == []


def test_no_window_is_wider_than_a_tile():
    row = np.arange(161)
    assert [len(g) for g in together(row, row * 0, 0)] == [80, 81]
    assert [len(g) for g in together(row[:160], row[:160] * 0, 0)] == [160]


SEEDS = np.array([[0, 0, 0, 0, -1], [1, 1, 1, -1, -1]])
VALID = np.ones((2, 5), bool)


@pytest.mark.parametrize(
    ("strays", "out", "note"),
    [
        ([], [], None),
        ([0], [0], "1 of 7 labels lies on a stray pixel and was not learned from."),
        ([0, 5], [0, 5], "2 of 7 labels lie on stray pixels and were not learned from."),
        ([0, 1], [], None),  # half of the class: a rare material
        ([5, 6], [], None),
        ([4, 8], [], None),  # without a label
    ],
)
def test_labels_on_strays_are_not_learned_from_unless_most_of_their_class_are(strays, out, note):
    marks = np.zeros((2, 5), bool)
    marks.flat[strays] = True
    port = Recorder()
    found = without_strays(SEEDS, VALID, marks, port)
    assert np.flatnonzero(~found).tolist() == out
    assert [item.text for item in port.items] == ([note] if note else [])


@pytest.mark.parametrize(
    ("bare", "note"),
    [
        ([4], None),
        ([0], "1 of 7 labels lies on a pixel without data and was not used."),
        ([0, 6], "2 of 7 labels lie on pixels without data and were not used."),
    ],
)
def test_labels_without_data_are_told(bare, note):
    valid, port = VALID.copy(), Recorder()
    valid.flat[bare] = False
    note_unused(SEEDS, valid, port)
    assert [item.text for item in port.items] == ([note] if note else [])
    assert not without_strays(SEEDS, valid, ~VALID, port).flat[bare].any()


def test_pixels_are_chosen_evenly_over_the_classes():
    for limit, counts in ((7, [4, 3]), (6, [3, 3]), (5, [2, 2]), (1, [1, 1])):
        pixels, targets = choose_pixels(SEEDS, VALID, limit, 0)
        assert np.bincount(targets).tolist() == counts
        assert pixels.tolist() == sorted(pixels.tolist())
        assert (SEEDS.flat[pixels] == targets).all()
    with pytest.raises(LabelError, match="Class 7 is labelled only where the cube has no data"):
        choose_pixels(SEEDS, VALID & (SEEDS == 0), 9, 0, (3, 7))
    with pytest.raises(LabelError, match="Classes 3 and 7 are labelled only where"):
        choose_pixels(SEEDS, np.zeros_like(VALID), 9, 0, (3, 7))
    with pytest.raises(LabelError, match=r"two classes, and there are 1\. Label pixels of another"):
        checked_labels(np.ones((2, 2), int), (2, 2))
    odds = TrainingPixels(torch.zeros(4, 1, 1, 1), torch.tensor([0, 0, 0, 1])).odds
    torch.testing.assert_close(odds, torch.tensor([1 / 6, 1 / 6, 1 / 6, 1 / 2]))


def test_the_expected_calibration_error_by_hand():
    sure = np.array([0.5, 0.55, 0.9, 1.0], np.float32)
    right = np.array([True, False, True, True])
    # bins of a tenth: 0.525 sure and half right, 0.9 and 1.0 sure and right
    assert expected_calibration_error(sure, right, 10) == pytest.approx((0.05 + 0.1 + 0) / 4)
    assert np.isnan(expected_calibration_error(sure[:0], right[:0]))


def test_a_temperature_is_the_root_of_probabilities():
    p = np.array([[0.81, 0.09, 0.1], [0.5, 0.5, 0]], np.float32)
    assert tempered(p, 1.0) is p
    roots = np.sqrt(p.astype(float))
    np.testing.assert_allclose(
        tempered(p, 2.0), roots / roots.sum(axis=1, keepdims=True), atol=1e-6
    )
    each = tempered(p, np.array([[1.0], [2.0]], np.float32))
    np.testing.assert_allclose(each[0], p[0], atol=1e-6)
    tiny = tempered(np.array([[1e-30, 3e-30]], np.float32), 1.0001)
    assert np.isfinite(tiny).all()
    np.testing.assert_allclose(log_softmax(np.array([[1000.0, 1000.0]])), np.log([[0.5, 0.5]]))


def test_the_steepness_of_scores_is_that_of_their_logits():
    rng = np.random.default_rng(0)
    scores = rng.normal(size=(4000, 3))
    odds = np.exp(2.5 * scores)
    odds /= odds.sum(axis=1, keepdims=True)
    targets = (rng.random((4000, 1)) > odds.cumsum(axis=1)).sum(axis=1)
    for softened in (True, False):
        assert fit_steepness(scores, targets, softened=softened) == pytest.approx(2.5, rel=0.05)
    assert fit_steepness(10 * scores, targets) == pytest.approx(0.25, rel=0.05)
    right = np.eye(3)[[0, 1, 2, 0]]
    met = fit_steepness(right, np.array([0, 1, 2, 0]))
    # Platt: the softened target is 5 / 6, so the factor f solves f = log(2 * 5)
    assert met == pytest.approx(np.log(10), rel=1e-3)
    few = fit_steepness(scores[:4], targets[:4], softened=False, expected=2.5)
    many = fit_steepness(scores, targets, softened=False, expected=50.0)
    assert many == pytest.approx(2.5, rel=0.05)
    free = fit_steepness(scores[:4], targets[:4], softened=False)
    assert abs(np.log(few / 2.5)) < abs(np.log(free / 2.5))
    weights = np.where(np.arange(4000) < 2000, 1.0, 0.0) / 2000
    half = fit_steepness(scores, targets, weights=weights, softened=False)
    assert half == pytest.approx(fit_steepness(scores[:2000], targets[:2000], softened=False), 1e-3)


def test_confidence_that_is_reliable_stays_as_it_is():
    p = np.array([[0.7, 0.2, 0.1]], np.float32)
    assert reliable(p, 0.0, 1.0) is p
    changed = reliable(p, 1.0, 1.0)[0]
    wanted = 0.7 * np.e / (0.7 * np.e + 0.3)
    np.testing.assert_allclose(changed, [wanted, *(np.array([2, 1]) / 3 * (1 - wanted))], rtol=1e-4)
    offset, slope = fit_reliability(np.full(500, 0.6), np.ones(500, bool))
    assert 0.3 < offset <= 5
    assert 0.1 <= slope <= 3
    worse = fit_reliability(np.full(5000, 0.99), np.zeros(5000, bool))
    assert worse[0] >= -3


def test_what_is_expected_of_voices_before_any_label():
    pool = usual_pool()
    total = sum(kind.prior for kind in KINDS)
    assert {n: s.weight for n, s in pool.shares.items()} == pytest.approx(
        {kind.name: kind.prior / total for kind in KINDS}
    )
    assert {s.scale for s in pool.shares.values()} == {3.0}
    quiet = usual_pool(around=0.05)
    assert quiet.shares["surroundings"].weight == pytest.approx(0.05)
    assert sum(s.weight for s in quiet.shares.values()) == pytest.approx(1)
    ratio = {n: quiet.shares[n].weight / pool.shares[n].weight for n in pool.shares}
    assert len({round(r, 9) for n, r in ratio.items() if n != "surroundings"}) == 1
    alone = usual_pool(("surroundings",), 0.05)
    assert alone.shares["surroundings"].weight == 1
    without = usual_pool(("bands", "pixels"), 0.05)
    assert without.shares["surroundings"].weight == 0


def test_the_mean_margin_is_that_of_the_two_highest_scores():
    assert mean_margin(np.array([[1.0, 4.0, 2.0], [0.0, 0.0, -5.0]])) == 1.0
    assert mean_margin(np.zeros((2, 3))) == 1e-6
    assert mean_margin(np.zeros((0, 3))) == 1.0


def test_weights_fall_with_the_loss_the_faster_the_more_labels_there_are():
    targets = np.array([0, 1] * 40)
    good = np.eye(2)[targets] * 2.0 - 1
    bad = good * np.where(np.arange(80) % 16 == 0, -1, 1)[:, None]
    pool = weighed({"bands": good, "pixels": bad}, targets)
    prior = {kind.name: kind.prior for kind in KINDS}
    gap = pool.shares["bands"].score - pool.shares["pixels"].score
    wanted = prior["bands"] / (prior["bands"] + prior["pixels"] * np.exp(-6 * gap))
    assert pool.shares["bands"].weight == pytest.approx(wanted)
    few = slice(0, 16)
    some = weighed({"bands": good[few], "pixels": bad[few]}, targets[few])
    gap = some.shares["bands"].score - some.shares["pixels"].score
    wanted = prior["bands"] / (prior["bands"] + prior["pixels"] * np.exp(-2 * gap))
    assert some.shares["bands"].weight == pytest.approx(wanted)
    assert pool.shares["bands"].scale * mean_margin(good) <= 8.0 + 1e-9
    elsewhere = weighed({"bands": good, "pixels": bad}, targets, steepest=3.0)
    assert elsewhere.shares["bands"].weight < pool.shares["bands"].weight
    only = weighed({"bands": good, "pixels": bad}, targets, only=("pixels",))
    assert (only.shares["bands"].weight, only.shares["pixels"].weight) == (0, 1)


def folds(targets, held) -> SpatialFolds:
    positions = np.column_stack([np.zeros(len(targets), int), 10 * np.arange(len(targets))])
    return SpatialFolds(positions, np.array(targets), np.array(held), np.arange(len(targets)))


@pytest.mark.parametrize(
    ("targets", "held", "told"),
    [
        ([0, 0, 1, 1], [0, 1, 0, 1], None),
        ([0, 0, 1, 1, 2, 3], [0, 1, 0, 1, -1, -1], None),
        ([0, 0, 1, 1, 2, 3, 4], [0, 1, 0, 1, -1, -1, -1], "in 2 of 5 classes"),
        ([0, 0, 1], [0, 1, -1], "in 1 of 2 classes"),
        ([0, 1, 2], [-1, -1, -1], "in 0 of 3 classes"),
        ([0, 0, 1, 1], [0, 0, 0, -1], "in 2 of 2 classes"),
    ],
)
def test_folds_say_something_of_half_of_the_classes_two_at_least(targets, held, told):
    found = folds(targets, held)
    if told is None:
        assert found.too_few is None
    else:
        assert f"Labels can be held out {told}, because the others have one" in found.too_few
    assert found.used.tolist() == sorted({f for f in held if f >= 0})
    assert found.is_held.tolist() == [f >= 0 for f in held]


def test_how_far_held_labels_are_from_those_of_their_class():
    found = folds([0, 0, 1, 0, 1], [0, 1, 0, 0, -1])
    np.testing.assert_array_equal(found.apart, [10, 10, 20, 20, np.nan])


NM = np.array([400.0, 500.0, 600.0, 700.0])


def test_a_scene_of_other_bands_is_resampled_and_says_so():
    cube = HyperCube.from_array(
        np.tile(np.array([0.0, 10.0]), (2, 3, 1)).astype(np.float32), np.array([395.0, 715.0])
    )
    port = Recorder()
    found = matched(cube, NM, 4, np.array([0, 3]), port)
    np.testing.assert_allclose(found.read()[0, 0], (NM - 395) / 32, rtol=1e-6)
    assert (found.good_bands.all(), found.nodata, found.bands) == (True, None, 4)
    assert [item.text for item in port.items] == [
        "array has other bands than the model was trained on: they were resampled to its 2 "
        "wavelengths."
    ]
    port = Recorder()
    gap = HyperCube.from_array(np.ones((2, 3, 4), np.float32), np.array([400, 410, 690, 700.0]))
    matched(gap, NM, 4, np.arange(4), port)
    assert port.items[0].text.endswith(
        " 2 of these, from 500 to 600 nm, are more than 15 nm from any band of the scene, so the "
        "map is less sure."
    )
    for far in (384.9, 415.1):
        short = HyperCube.from_array(np.ones((2, 3, 2)), np.array([far, 700.0]))
        if far > 400:
            with pytest.raises(ModelError, match=r"needs 400-700 nm, but array covers 415-700 nm"):
                matched(short, NM, 4, np.arange(4))
        else:
            assert matched(short, NM, 4, np.arange(4)).bands == 4


def test_bands_of_the_same_wavelengths_are_taken_as_they_are():
    cube = HyperCube.from_array(np.ones((2, 3, 4)), NM + 0.5)
    assert matched(cube, NM, 4, np.arange(4)) is cube
    apart = HyperCube.from_array(np.ones((2, 3, 4)), NM + np.array([0, 0, 0, 0.51]))
    assert matched(apart, NM, 4, np.array([0, 1, 2])) is apart
    assert matched(apart, NM, 4, np.arange(4)) is not apart


class Used:
    bands = np.array([0, 2])

    def __init__(self, *centre: float) -> None:
        self.centre = np.array(centre)


def test_values_are_converted_where_that_brings_them_nearer():
    stored = np.tile(np.array([100, 0, 300], np.int16), (2, 3, 1))
    stored[0, 0] = -1
    cube = HyperCube.from_array(stored, scale=0.01, offset=0.5, nodata=-1)
    # physical 1.5 and 3.5, as the training cube has them
    found = in_units(cube, (1.0, 0.0), Used(1.5, 3.5))
    assert isinstance(found.source, RescaledSource)
    assert (found.scale, found.offset, found.nodata, found.dtype) == (1.0, 0.0, None, np.float32)
    np.testing.assert_allclose(found.read()[1, 1], [1.5, 0.5, 3.5], rtol=1e-6)
    assert np.isnan(found.read()[0, 0]).all()
    window = found.read(slice(0, 2), slice(1, 3), [2])
    np.testing.assert_allclose(window[:, :, 0], 3.5, rtol=1e-6)
    assert in_units(cube, (1.0, 0.0), Used(100.0, 300.0)) is cube  # the file has lost its scale
    assert in_units(cube, (0.01, 0.5), Used(1.5, 3.5)) is cube
    bare = HyperCube.from_array(np.full((2, 3, 3), -1, np.int16), scale=0.01, nodata=-1)
    assert in_units(bare, (1.0, 0.0), Used(1.5, 3.5)) is bare


def test_each_row_may_have_a_temperature_of_its_own():
    rows = np.array([[0.5, 0.3, 0.2], [0.9, 0.1, 0.0], [1 / 3, 1 / 3, 1 / 3]], np.float32)
    own = np.array([[2.0], [0.5], [4.0]])
    found = tempered(rows, own)
    assert found.dtype == np.float32
    for row, temperature, expected in zip(rows, own[:, 0].tolist(), found, strict=True):
        np.testing.assert_allclose(tempered(row, temperature), expected, rtol=1e-5)
    np.testing.assert_allclose(found.sum(axis=1), 1, rtol=1e-6)
    assert tempered(rows, 1.0) is rows
    by_hand = np.sqrt(rows[0]) / np.sqrt(rows[0]).sum()
    np.testing.assert_allclose(found[0], by_hand, rtol=1e-5)


def test_the_margin_of_no_scores_is_1_and_that_of_equal_scores_is_not_0():
    assert mean_margin(np.zeros((0, 3), np.float32)) == 1.0
    assert mean_margin(np.ones((2, 3), np.float32)) == 1e-6
    assert mean_margin(np.array([[3.0, 1, 2], [0, 5, 1]], np.float32)) == 2.5
