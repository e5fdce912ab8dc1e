"""cube[rows, columns, bands] and np.asarray(cube): NumPy's answers, and no more is read."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hsi_viewer.core.cube import indexing
from hsi_viewer.core.cube.cube import ArraySource, HyperCube
from hsi_viewer.core.errors import HsiError, TooLargeError

SHAPE = (5, 4, 3)
VALUES = np.arange(60, dtype=np.int16).reshape(SHAPE)
MASK = VALUES[:, :, 0] % 2 == 1

bounds = st.none() | st.integers(-8, 8)
slices = st.builds(slice, bounds, bounds, st.none() | st.integers(-3, 3).filter(bool))


def one_of(size: int) -> st.SearchStrategy:
    inside = st.integers(-size, size - 1)
    lists = st.lists(inside, min_size=2, max_size=2)
    return inside | slices | lists | inside.map(np.int16) | lists.map(np.array)


keys = (
    st.tuples(one_of(5), one_of(4), one_of(3))
    | st.tuples(one_of(5), one_of(4))
    | st.tuples(st.just(Ellipsis), one_of(3))
    | st.tuples(one_of(5), st.just(Ellipsis), one_of(3))
    | one_of(5)
)


class ReadingSource(ArraySource):
    """Counts the values that were read."""

    values = 0

    def read(self, rows, columns, bands):
        window = super().read(rows, columns, bands)
        self.values += window.size
        return window


@given(keys)
def test_an_index_gives_what_numpy_gives(key):
    expected, found = VALUES[key], HyperCube(ArraySource(VALUES))[key]
    np.testing.assert_array_equal(found, expected)
    assert found.shape == expected.shape
    assert found.dtype == VALUES.dtype


@pytest.mark.parametrize(
    "key",
    [
        MASK,
        (MASK, 2),
        (MASK, slice(None, None, -2)),
        np.zeros(SHAPE[:2], bool),
        np.nonzero(MASK),
        ([0, 4, 0], [3, 3, 1]),
        (np.array([[0], [4]]), np.array([[1, 2]])),
        (np.array([True, False, True, False, True]),),
        ([], slice(None)),
        (),
    ],
)
def test_masks_and_lists_of_pixels_give_their_spectra(key):
    expected, found = VALUES[key], HyperCube(ArraySource(VALUES))[key]
    np.testing.assert_array_equal(found, expected)
    assert found.shape == expected.shape


@pytest.mark.parametrize(
    ("key", "most"),
    [
        ((2, 3), 3),
        ((slice(1, 3), slice(0, 4, 2), 1), 4),
        ((slice(None), slice(None), [0, 2]), 40),
        (([0, 4], [0, 3]), 6),
    ],
)
def test_only_what_is_asked_for_is_read(key, most):
    source = ReadingSource(VALUES)
    HyperCube(source)[key]
    assert source.values == most


@pytest.mark.parametrize(
    ("key", "message"),
    [
        ((5, 0), "index 5 is outside an axis of 5"),
        ((0, -5), "index -5 is outside an axis of 4"),
        (([0, 7], 0), "index 7 is outside"),
        ((0, 0, 0, 0), "Too many indices"),
        ((Ellipsis, Ellipsis), "Too many indices"),
        (1.5, "whole numbers, slices"),
        (True, "whole numbers, slices"),
        (None, "whole numbers, slices"),
        ("red", "whole numbers, slices"),
        (np.zeros((4, 5), bool), "mask is"),
        (np.zeros(4, bool), "whole numbers, slices"),
        ([0.5, 1.5], "whole numbers, slices"),
    ],
)
def test_what_is_no_index_is_refused_and_what_can_be_done_is_reported(key, message):
    with pytest.raises(IndexError, match=message):
        HyperCube(ArraySource(VALUES))[key]


def test_the_rows_of_a_cube_can_be_gone_through():
    cube = HyperCube.from_array(VALUES)
    assert len(cube) == 5
    np.testing.assert_array_equal(list(cube), VALUES)


def test_a_cube_is_an_array_for_numpy():
    cube = HyperCube.from_array(VALUES)
    np.testing.assert_array_equal(np.asarray(cube), VALUES)
    assert np.asarray(cube).dtype == VALUES.dtype != np.float64
    assert np.array(cube, dtype=float).dtype == np.float64
    assert np.mean(cube) == VALUES.mean()
    np.asarray(cube)[:] = -1
    assert VALUES.min() == 0
    with pytest.raises(ValueError, match="always a copy"):
        np.asarray(cube, copy=False)


def test_a_scene_that_memory_cannot_hold_is_read_in_parts(monkeypatch):
    monkeypatch.setattr(indexing, "memory_bytes", lambda: 2 * 100)  # half of it may be taken
    cube = HyperCube.from_array(VALUES, name="large scene")  # 120 bytes
    with pytest.raises(TooLargeError, match=r"large scene: .* Read a part: cube\[0:500, 0:500\]"):
        np.asarray(cube)
    with pytest.raises(MemoryError):
        cube[:, :, ::-1]
    with pytest.raises(HsiError):
        cube[np.ones(SHAPE[:2], bool)]
    np.testing.assert_array_equal(cube[0:2], VALUES[0:2])
    np.testing.assert_array_equal(cube[:, :, 1], VALUES[:, :, 1])
    np.testing.assert_array_equal(cube[MASK], VALUES[MASK])


def test_the_memory_of_the_machine_is_known_or_assumed(monkeypatch):
    assert indexing.memory_bytes() > 1 << 28
    monkeypatch.delattr(indexing.os, "sysconf")
    assert indexing.memory_bytes() == indexing.UNKNOWN_MEMORY
