"""Contrast: limits and bytes against numpy."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from hsi_viewer.core.cube.blocks import LARGE_BYTES, sample_steps
from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.display.stretch import Limits, composite, percentile_limits, to_bytes

RNG = np.random.default_rng(0)
small_ints = hnp.arrays(np.int16, st.integers(1, 60), elements=st.integers(-999, 999))


@given(small_ints, st.data())
def test_limits_are_percentiles_of_what_is_valid(values, data):
    valid = data.draw(hnp.arrays(bool, values.shape))
    limits = percentile_limits(values, valid, 5, 95)
    assert limits.low < limits.high
    if valid.any():
        low, high = np.percentile(values[valid], (5, 95))
        if low < high:
            assert (limits.low, limits.high) == (low, high)
    else:
        assert limits == Limits(0.0, 1.0)


def test_rare_values_widen_limits_that_would_have_no_width():
    values = np.zeros(1000)
    values[0] = 7.0
    assert percentile_limits(values, np.ones(1000, bool)) == Limits(0.0, 7.0)


@pytest.mark.parametrize(
    ("constant", "level"), [(0.0, 0), (3.0, 128), (-5e4, 0), (1e20, 128), (-3.4028235e38, 0)]
)
def test_a_constant_band_has_limits_and_is_drawn_grey_or_where_it_is_not_positive_black(
    constant, level
):
    values = np.full(9, constant, np.float32)
    limits = percentile_limits(values, np.ones(9, bool))
    assert limits.high > limits.low
    assert (to_bytes(values, limits) == level).all()


@given(small_ints, st.integers(-500, 500), st.integers(1, 500))
def test_bytes_are_a_clipped_line(values, low, width):
    pixels = to_bytes(values, Limits(low, low + width))
    expected = np.clip((values.astype(float) - low) / width, 0, 1) * 255
    assert pixels.dtype == np.uint8
    assert np.abs(pixels - expected).max() <= 0.51


def test_bytes_of_what_is_not_finite_or_beyond_float32():
    values = np.array([np.nan, -np.inf, np.inf, -1.7976931348623157e308, 1.7976931348623157e308])
    assert to_bytes(values, Limits(0.0, 0.1)).tolist() == [0, 0, 255, 0, 255]


@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.uint16, np.int32, np.float32])
def test_composite_against_numpy(dtype):
    stored = (RNG.random((6, 5, 3)) * 200).astype(dtype)
    valid = np.ones(stored.shape, bool)
    valid[0, 0], valid[1, 1, 0] = False, False  # no data at all; only one band without
    limits = (Limits(0, 200), Limits(50, 100), Limits(-10, 300))
    picture = composite(stored, valid, limits)
    low, high = np.array([(x.low, x.high) for x in limits]).T
    expected = np.rint(np.clip((stored - low) / (high - low), 0, 1) * 255)
    assert np.abs(picture[:, :, :3] - expected).max() <= 1  # one: a half may round either way
    assert picture[0, 0, 3] == 0
    assert np.count_nonzero(picture[:, :, 3] == 255) == 29


@given(st.integers(1, 3000), st.integers(1, 3000), st.integers(1, 600))
def test_a_sample_spans_the_scene_and_stays_small(rows, columns, side):
    cube = HyperCube.from_array(np.broadcast_to(np.uint8(0), (rows, columns, 1)))
    for part, size in zip(sample_steps(cube, side), (rows, columns), strict=True):
        positions = range(size)[part]
        assert min(size, side) <= len(positions) <= 2 * side
        assert positions[-1] >= size - part.step


class Huge:
    """A source of more bytes than are sampled freely, without values."""

    shape, dtype = (3000, 2000, 400), np.dtype("u2")

    def read(self, rows, columns, bands):
        raise AssertionError("steps are chosen without reading")


@pytest.mark.parametrize(
    ("interleave", "rows"), [("bip", 64), (None, 64), ("bsq", 256), ("bil", 256)]
)
def test_a_sample_of_a_large_file_takes_fewer_rows_where_bands_are_not_apart(interleave, rows):
    cube = HyperCube(Huge(), interleave=interleave)
    assert cube.rows * cube.columns * cube.bands * 2 > LARGE_BYTES
    taken, columns = sample_steps(cube, 256)
    assert taken == slice(0, 3000, 3000 // rows)
    assert columns == slice(0, 2000, 2000 // 256)
    small = HyperCube.from_array(np.zeros((3000, 2, 2), "u1"))
    assert sample_steps(small, 256)[0] == slice(0, 3000, 3000 // 256)


class Small(Huge):
    """A file of few bytes: it is read as a whole, in any order."""

    shape = (3000, 20, 4)


def test_a_sample_of_a_small_file_takes_every_row_that_it_may():
    rows, columns = sample_steps(HyperCube(Small(), interleave="bip"), 256)
    assert (rows, columns) == (slice(0, 3000, 3000 // 256), slice(0, 20, 1))


@pytest.mark.parametrize(
    ("low", "high"), [(1e39, 3e39), (1e-40, 3e-40), (-3e39, -1e39), (-3.0, 1.0)]
)
def test_limits_that_32_bits_cannot_hold_are_a_line_too(low, high):
    values = np.array([low, low + (high - low) / 4, high])
    assert to_bytes(values, Limits(low, high)).tolist() == [0, 64, 255]
