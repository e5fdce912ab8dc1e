"""References are averaged, dead elements take their neighbour's value, unfit bands are named."""

from __future__ import annotations

import numpy as np
import pytest

from hsi_viewer.core.cube.cube import ArraySource
from hsi_viewer.core.cube.reflectance import (
    DEAD,
    MOST_LINES,
    NOISY,
    SATURATED,
    Frame,
    ReflectanceSource,
    factors,
    frame_of,
    unfit_bands,
)

RNG = np.random.default_rng(0)


def test_a_frame_is_the_mean_of_the_lines_of_a_reference():
    lines = RNG.integers(60_000, 60_020, (7, 3, 2)).astype(np.uint16)
    lines[2:, 1, 0] = 65_535
    frame = frame_of(ArraySource(lines), 65_535)
    assert frame.lines == 7
    np.testing.assert_allclose(frame.mean, lines.mean(axis=0))
    np.testing.assert_allclose(frame.deviation, lines.std(axis=0, ddof=1))
    assert frame.full.tolist() == [[0, 0], [5 / 7, 0], [0, 0]]
    assert not frame_of(ArraySource(lines)).full.any()


def test_a_single_line_has_no_noise():
    frame = frame_of(ArraySource(np.full((1, 2, 2), 9)))
    assert (frame.lines, frame.mean.tolist()) == (1, [[9, 9], [9, 9]])
    assert not frame.deviation.any()


@pytest.mark.parametrize(
    ("lines", "used"), [(MOST_LINES, 1), (MOST_LINES + 1, 2), (2 * MOST_LINES + 1, 3)]
)
def test_of_a_long_reference_every_so_many_lines_are_used(lines, used):
    counts = np.arange(lines, dtype=np.float64).reshape(-1, 1, 1)
    frame = frame_of(ArraySource(counts))
    assert frame.lines == len(counts[::used]) <= MOST_LINES
    assert frame.mean.item() == pytest.approx(counts[::used].mean())


def test_factors_make_the_white_reference_one_at_its_exposure():
    white, dark = np.array([[110.0, 11.0, 12.0]]), np.array([[10.0, 10.0, 10.0]])
    found = factors(white, dark, (2.0, 4.0))
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, [[4 / 2 / 100, np.nan, 4 / 2 / 2]])


def source() -> tuple[ReflectanceSource, np.ndarray]:
    """Five columns of three bands; columns 0, 1 and 4 of band 1 are dead, and all of band 2."""
    counts = RNG.integers(100, 200, (4, 5, 3)).astype(np.uint16)
    dark = RNG.integers(0, 50, (5, 3))
    factor = RNG.uniform(0.01, 0.02, (5, 3)).astype(np.float32)
    factor[[0, 1, 4], 1], factor[:, 2] = np.nan, np.nan
    values = (counts - dark.astype(np.float32)) * factor
    for dead, near in {0: 2, 1: 2, 4: 3}.items():
        values[:, dead, 1] = values[:, near, 1]
    return ReflectanceSource(ArraySource(counts), dark, factor), values


def test_a_dead_element_takes_the_value_of_the_nearest_column():
    scan, values = source()
    assert (scan.shape, scan.dtype, scan.makes_nan) == ((4, 5, 3), np.dtype(np.float32), True)
    found = scan.read(slice(0, 4, 1), slice(0, 5, 1), None)
    np.testing.assert_allclose(found, values, rtol=1e-6)
    assert np.isnan(found[:, :, 2]).all()


@pytest.mark.parametrize("bands", [[1], [2, 1], [0, 1], [0]])
@pytest.mark.parametrize("columns", [slice(0, 5, 2), slice(1, 2, 1), slice(3, 5, 1)])
def test_windows_and_bands_are_those_of_the_whole(columns, bands):
    scan, values = source()
    found = scan.read(slice(1, 4, 2), columns, np.array(bands))
    np.testing.assert_allclose(found, values[1:4:2, columns][:, :, bands], rtol=1e-6)


def frames(signal=1000.0, noise=5.0, lines=10) -> tuple[Frame, Frame]:
    """A white and a dark reference of 200 columns and four bands."""
    shape, none = (200, 4), np.zeros((200, 4))
    white = Frame(np.full(shape, 100 + signal), np.full(shape, noise), none.copy(), lines)
    return white, Frame(np.full(shape, 100.0), np.full(shape, 2.0), none, lines)


def test_bands_of_a_good_reference_are_fit():
    assert unfit_bands(*frames(), np.array([0, 0.01, 0, 0])) == {}


def test_a_band_is_dead_where_more_than_a_tenth_of_its_columns_are():
    white, dark = frames()
    white.mean[:20, 0], white.mean[:21, 1] = 106, 106  # three times the noise of the dark one
    white.mean[:21, 2] = 106.1
    assert unfit_bands(white, dark, np.zeros(4)) == {1: DEAD}
    dark.deviation[:] = 0
    white.mean[:21] = [101, 101.1, 102, 103]
    assert unfit_bands(white, dark, np.zeros(4)) == {0: DEAD}


def test_a_band_is_saturated_where_the_white_reference_or_the_scan_is():
    white, dark = frames()
    white.full[:2, 0], white.full[:3, 1], white.full[:3, 2] = 0.6, 0.6, 0.5
    assert unfit_bands(white, dark, np.array([0.01, 0, 0, 0.011])) == {1: SATURATED, 3: SATURATED}


def test_a_band_is_noisy_whose_signal_is_not_ten_times_its_noise():
    white, dark = frames()
    white.deviation[:, 0], white.deviation[:, 1], white.deviation[:, 2] = 100, 101, 0
    white.deviation[:99, 3] = 101
    assert unfit_bands(white, dark, np.zeros(4)) == {1: NOISY}
    few = white._replace(lines=4)
    assert unfit_bands(few, dark, np.zeros(4)) == {}
    assert unfit_bands(white._replace(lines=5), dark, np.zeros(4)) == {1: NOISY}


def test_of_several_reasons_the_first_is_named():
    white, dark = frames(signal=0, noise=50)
    white.full[:] = 1
    assert unfit_bands(white, dark, np.ones(4)) == dict.fromkeys(range(4), DEAD)
    white, dark = frames(noise=500)
    assert unfit_bands(white, dark, np.array([1, 0, 0, 0.0]))[0] == SATURATED


@pytest.mark.parametrize("lines", [[3.0, 7.0], [3.0, 7.0, 8.0]])
def test_few_lines_have_the_deviation_of_a_sample(lines):
    frame = frame_of(ArraySource(np.array(lines).reshape(-1, 1, 1)), 7.0)
    assert frame.deviation.item() == pytest.approx(np.std(lines, ddof=1))
    assert frame.full.item() == (len(lines) - 1) / len(lines)
