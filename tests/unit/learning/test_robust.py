"""Usual ranges, jumps, repairs and scaling, each by hand on a few values."""

from __future__ import annotations

import numpy as np
import pytest

from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.errors import TrainingError
from hsi_viewer.learning.robust import LARGEST, PIXELS, jumps, tidy, usual_jump, usual_range
from hsi_viewer.learning.scaling import fit_scaling, standardised

LINE = np.arange(101.0)  # its quantiles of 2 and 98 % are 2 and 98, the middle half is 25 to 75


def ranges(*columns) -> list[tuple[float, float]]:
    values = np.stack(columns, axis=1)
    low, high = usual_range(values, np.ones(values.shape, bool))
    return list(zip(low.tolist(), high.tolist(), strict=True))


def test_the_range_of_a_band_leaves_out_the_rarest_values():
    assert ranges(LINE, 2 * LINE - 50) == [(2, 98), (-46, 146)]
    assert ranges(np.ones(9)) == [(1, 1)]
    assert ranges(np.array([3.0])) == [(3, 3)]


@pytest.mark.parametrize(
    ("stray", "found"),
    [
        (-474.0, (-474, 99)),  # 25 less ten times the width of the middle half, rounded outwards
        (-600.0, (3, 99)),
        (4.9e7, (4, 4.9e7)),
        (5.3e7, (2, 98)),
    ],
)
def test_what_is_far_below_or_huge_does_not_widen_the_range(stray, found):
    """More pixels than the quantiles pass over; the middle half, 50 wide, says what is far."""
    values = np.concatenate([LINE, np.full(4, stray)])
    (low, high), *_ = ranges(values)
    assert low == pytest.approx(found[0], abs=2.5)
    assert high == pytest.approx(found[1], abs=2.5)


def test_a_land_beside_a_dark_sea_is_no_fill_value():
    sea = np.concatenate([np.full(90, 1.0), np.full(5, 1.001), np.full(10, 5000.0)])
    (_, high), *_ = ranges(sea)
    assert high == 5000.0
    below = np.concatenate([LINE + 1000, np.full(4, 3.0)])  # far below, but not negative
    assert ranges(below)[0][0] == 3.0


def test_the_range_of_a_band_is_of_its_data():
    values = np.stack([LINE, LINE], axis=1)
    is_data = np.ones(values.shape, bool)
    is_data[51:, 1] = False
    low, high = usual_range(values, is_data)
    assert (low.tolist(), high.tolist()) == ([2, 1], [98, 49])
    many = np.full((PIXELS + 1, 2), 7.0)
    only = np.zeros(many.shape, bool)
    only[:, 0] = True
    last = np.random.default_rng(0).permutation(PIXELS + 1)[-1]
    only[last, 1] = True  # the one pixel of the second band that the sample passes over
    many[last, 1] = 3.0
    assert usual_range(many, only)[1].tolist() == [7.0, 3.0]


def test_a_jump_is_eight_times_what_nearly_all_pixels_have_and_a_fifth_at_least():
    """Of the middle of three bands; the first and the last are as far from it as it from them."""
    apart = np.linspace(0, 1, 101)
    values = np.stack([np.zeros(101), apart, np.zeros(101)], axis=1)
    found = usual_jump(values, np.ones(values.shape, bool))
    np.testing.assert_allclose(found, 8 * 0.97)
    flat = usual_jump(np.zeros((5, 3)), np.ones((5, 3), bool))
    np.testing.assert_array_equal(flat, [0.2] * 3)
    none = usual_jump(values, np.array([[True, False, True]] * 101))
    np.testing.assert_array_equal(none, [LARGEST] * 3)
    some = np.ones(values.shape, bool)
    some[values[:, 1] > 0.5] = False
    np.testing.assert_allclose(usual_jump(values, some), 8 * 0.485)
    assert jumps(np.array([[1.0, 5.0]])).tolist() == [[0, 0]]
    assert jumps(np.array([[1.0, 5.0, 3.0]])).tolist() == [[4, 3, 2]]


def repaired(spectrum, missing=(), low=-1.0, high=1.0, jump=0.5):
    """A spectrum after it was made tidy, and whether it strays."""
    values = np.array([spectrum, np.zeros(len(spectrum))], np.float32)
    is_data = np.ones(values.shape, bool)
    is_data[0, list(missing)] = False
    bands = np.ones(len(spectrum), np.float32)
    strays = tidy(values, is_data, low * bands, high * bands, jump * bands)
    assert not values[1].any()
    assert not strays[1]
    return np.round(values[0].astype(np.float64), 5).tolist(), bool(strays[0])


@pytest.mark.parametrize(
    ("spectrum", "found"),
    [
        ([0, 0, 0.5, 0, 0, 0, 0, 0, 0, 0, 0, 0], [0, 0, 0.5, 0, 0, 0, 0, 0, 0, 0, 0, 0]),
        ([0, 0, 0.51, 0, 0.2, 0, 0, 0, 0, 0, 0, 0], [0, 0, 0, 0, 0.2, 0, 0, 0, 0, 0, 0, 0]),
        ([0.2, 0.2, 9, 0.4, 0.4, 0, 0, 0, 0, 0, 0, 0],
         [0.2, 0.2, 0.3, 0.4, 0.4, 0, 0, 0, 0, 0, 0, 0]),
        ([0, 0.2, 9, 8, 9, 0.4, 0.4, 0, 0, 0, 0, 0],
         [0, 0.2, 0.25, 0.3, 0.35, 0.4, 0.4, 0, 0, 0, 0, 0]),
        ([8, 9, 0.4, 0.4, 0.4, 0, 0, 0, 0, 0, 0, 0], [0.4] * 5 + [0] * 7),
        ([0] * 9 + [0.3, 0.3, -9], [0] * 9 + [0.3] * 3),
    ],
)  # fmt: skip
def test_up_to_three_values_side_by_side_are_taken_from_those_beside_them(spectrum, found):
    assert repaired(spectrum) == (found, False)


def test_four_values_side_by_side_stray_and_are_drawn_in():
    drawn = round(1 + float(np.log1p(np.float32(8))), 5)
    found, strays = repaired([0, 0, 9, 9, 9, 9, 0, 0, 0, 0, 0, 0])
    assert strays
    assert found[2:6] == [drawn] * 4
    assert found[:2] == [0, 0]
    found, strays = repaired([0] * 4 + [-9] * 8)
    assert strays
    assert found[4:] == [-drawn] * 8


@pytest.mark.parametrize(("bands", "repaired_run"), [(12, 3), (11, 2), (8, 2), (7, 1), (4, 1)])
def test_of_few_bands_fewer_are_repaired(bands, repaired_run):
    for run in (repaired_run, repaired_run + 1):
        spectrum = [0.0] * bands
        spectrum[:run] = [*[8.0] * (run - 1), 9.0]
        assert repaired(spectrum)[1] == (run > repaired_run), run


def test_missing_values_are_the_mean_or_lie_between_their_neighbours():
    assert repaired([0.2, 0.2, 7, 0.4] + [0.4] * 8, [2])[0][2] == pytest.approx(0.3)
    found, strays = repaired([0.2, 7, 7, 7, 7, 0.2] + [0.2] * 6, [1, 2, 3, 4])
    assert (found[1:5], strays) == ([0, 0, 0, 0], False)
    found, strays = repaired([7.0] * 4, range(4))
    assert (found, strays) == ([0] * 4, False)
    assert repaired([np.nan] * 4, range(4)) == ([0] * 4, False)


def scaled_by_hand(values: np.ndarray, **more):
    cube = HyperCube.from_array(values[None].astype(np.float32), **more)
    return fit_scaling(cube, cube.read())


def test_bands_are_centred_and_divided_by_their_spread():
    values = np.stack([LINE, 1000 + 5 * LINE, np.full(101, 3.0)], axis=1)
    scaling, covariance = scaled_by_hand(values)
    np.testing.assert_allclose(scaling.centre, [50, 1250, 3], rtol=1e-5)
    spread = np.std(LINE)
    np.testing.assert_allclose(scaling.spread, [spread, 5 * spread, 1], rtol=1e-5)
    assert scaling.centre.dtype == np.float32
    np.testing.assert_allclose(covariance.numpy()[:2, :2], np.ones((2, 2)), rtol=1e-5)
    assert covariance.numpy()[2].tolist() == [0, 0, 0]
    # twelve standard deviations: two and a half widths of 2 to 98 beyond these
    np.testing.assert_allclose(scaling.low[:2], (2 - 2.5 * 96 - 50) / spread, rtol=1e-4)
    np.testing.assert_allclose(scaling.high[:2], (98 + 2.5 * 96 - 50) / spread, rtol=1e-4)
    assert (scaling.low[2], scaling.high[2], scaling.jump[2]) == (-LARGEST, LARGEST, LARGEST)


def test_pixels_with_data_in_half_of_their_bands_say_how_bands_are_scaled():
    values = np.stack([LINE, LINE, LINE, LINE], axis=1)
    values[:50, :2] = -9999
    values[50:60, :3] = -9999
    scaling, _ = scaled_by_hand(values, nodata=-9999.0)
    assert scaling.centre[3] == pytest.approx(np.delete(LINE, range(50, 60)).mean(), rel=1e-5)
    with pytest.raises(TrainingError, match="too little data to learn from"):
        scaled_by_hand(values[50:60], nodata=-9999.0)
    with pytest.raises(TrainingError, match="too little data to learn from"):
        scaled_by_hand(np.ones((1, 3)))
    assert scaled_by_hand(np.ones((2, 3)))[0].spread.tolist() == [1, 1, 1]


@pytest.mark.parametrize(
    ("values", "double"),
    [
        (LINE * 1e-4, False),
        (LINE + 1e5, False),
        (LINE + 1e7, True),  # a step of 1 is not seen among 32-bit numbers
        (LINE * 1e35, True),
        (LINE * 1e-35, True),
        (LINE * 1e-200, True),
        (LINE * 1e200, True),
    ],
)
def test_values_that_32_bits_cannot_hold_are_scaled_in_64(values, double):
    cube = HyperCube.from_array(values[None, :, None])
    scaling, covariance = fit_scaling(cube, cube.read())
    assert (scaling.centre.dtype == np.float64) == double
    assert covariance.numpy() == pytest.approx(1.0)
    found = standardised(values[:, None], scaling.centre, scaling.spread)
    assert found.dtype == np.float32
    spread = np.std(LINE)
    np.testing.assert_allclose(found[:, 0], (LINE - 50) / spread, atol=2e-2)


def test_what_is_infinite_is_as_large_as_a_number_may_be():
    found = standardised(np.array([[np.inf], [-np.inf], [2.0]]), np.zeros(1), np.ones(1))
    assert found[:, 0].tolist() == pytest.approx([LARGEST, -LARGEST, 2.0])
