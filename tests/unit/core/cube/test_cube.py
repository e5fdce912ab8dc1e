"""HyperCube: windows, spectra, and what counts as data."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hsi_viewer.core.cube.cube import ArraySource, HyperCube
from hsi_viewer.core.errors import FormatError

VALUES = np.arange(5 * 4 * 3, dtype=np.int16).reshape(5, 4, 3)
bounds = st.none() | st.integers(-8, 8)
slices = st.builds(slice, bounds, bounds, st.none() | st.integers(1, 4))


class RecordingSource(ArraySource):
    """Remembers the slices it was asked for."""

    def read(self, rows, columns, bands):
        self.asked = (rows, columns)
        return super().read(rows, columns, bands)


@given(slices, slices, st.none() | st.lists(st.integers(0, 2), max_size=4))
def test_read_is_numpy_indexing_with_normalised_slices(rows, columns, bands):
    source = RecordingSource(VALUES)
    window = HyperCube(source).read(rows, columns, bands)
    expected = VALUES[rows, columns]
    np.testing.assert_array_equal(window, expected if bands is None else expected[:, :, bands])
    for part, size in zip(source.asked, VALUES.shape, strict=False):
        assert 0 <= part.start <= part.stop <= max(size, part.start)
        assert part.step >= 1


def test_a_window_is_a_copy():
    cube = HyperCube.from_array(VALUES)
    cube.read()[:] = -1
    assert VALUES.min() == 0


def test_shape_and_type():
    cube = HyperCube.from_array(VALUES)
    assert cube.shape == (cube.rows, cube.columns, cube.bands) == (5, 4, 3)
    assert cube.dtype == np.int16
    assert cube.good_bands.tolist() == [True] * 3


def test_a_spectrum_is_scaled_and_has_gaps_where_there_is_no_data():
    cube = HyperCube.from_array(VALUES, nodata=1, scale=0.5)
    np.testing.assert_array_equal(cube.spectrum(0, 0), [0.0, np.nan, 1.0])
    np.testing.assert_array_equal(cube.spectrum(4, 3), VALUES[4, 3] * 0.5)


def test_a_spectrum_of_complex_values_is_of_their_magnitudes():
    cube = HyperCube.from_array(np.array([[[3 + 4j, -2, np.nan]]], np.complex64), scale=0.5)
    np.testing.assert_array_equal(cube.spectrum(0, 0), [2.5, 1, np.nan])


@pytest.mark.parametrize("pixel", [(-1, 0), (0, -1), (5, 0), (0, 4)])
def test_a_pixel_outside_has_no_spectrum(pixel):
    with pytest.raises(IndexError, match="outside 5 x 4"):
        HyperCube.from_array(VALUES).spectrum(*pixel)


@pytest.mark.parametrize(
    ("stored", "nodata", "expected"),
    [
        (np.array([0, 1, 2], np.uint8), 1.0, [True, False, True]),
        (np.array([0, 1, 2], np.uint8), -9999.0, [True, True, True]),
        (np.array([0, np.nan, np.inf], np.float32), None, [True, False, False]),
        (np.array([0, np.nan, -1], np.float64), float("nan"), [True, False, True]),
        (np.array([0, np.nan, -1], np.float64), -1.0, [True, False, False]),
        (np.array([0.1, 0, 1], np.float32), 0.1, [False, True, True]),
        (np.array([0, -np.inf, 1], np.float32), -1.7976931348623157e308, [True, False, True]),
    ],
)
def test_is_data(stored, nodata, expected):
    cube = HyperCube.from_array(VALUES, nodata=nodata)
    assert cube.is_data(stored).tolist() == expected


@pytest.mark.parametrize("field", ["wavelengths", "fwhm", "good_bands"])
def test_a_band_list_of_another_length_is_refused(field):
    with pytest.raises(FormatError, match=f"{field.replace('_', ' ')} has 2 entries for 3 bands"):
        HyperCube(ArraySource(VALUES), **{field: np.ones(2)})


@pytest.mark.parametrize("shape", [(0, 4, 3), (5, 0, 3), (5, 4, 0)])
def test_an_empty_cube_is_refused(shape):
    with pytest.raises(FormatError, match="empty"):
        HyperCube.from_array(np.zeros(shape))


def test_an_image_of_two_axes_is_refused():
    with pytest.raises(FormatError, match="3 axes"):
        HyperCube.from_array(np.zeros((2, 2)))


def test_small_cubes_are_held_in_memory_and_large_ones_stay_where_they_are():
    cube = HyperCube.from_array(np.arange(24, dtype=np.int16).reshape(2, 3, 4), nodata=5)
    assert cube.held_in_memory(47) is cube
    held = cube.held_in_memory(48)
    assert held.source is not cube.source
    np.testing.assert_array_equal(held.read(), cube.read())
    assert (held.nodata, held.shape, held.dtype) == (5, cube.shape, cube.dtype)


class OnDisk:
    """A source of 4 x 2 x 3 numbers of 4 bytes, which are in no array."""

    shape, dtype = (4, 2, 3), np.dtype(np.float32)

    def read(self, rows, columns, bands):
        values = np.ones(self.shape, self.dtype)[rows, columns]
        return values if bands is None else values[:, :, bands]


@pytest.mark.parametrize(("limit", "held"), [(96, True), (95, False)])
def test_a_cube_is_taken_into_memory_up_to_a_limit(limit, held):
    cube = HyperCube(OnDisk())
    found = cube.held_in_memory(limit)
    assert (found is not cube) == held
    np.testing.assert_array_equal(found.read(), 1)
    assert not getattr(found.source, "makes_nan", False)
