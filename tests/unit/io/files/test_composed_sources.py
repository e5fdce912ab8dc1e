"""Sources that are put together of others: values, types, and whether NaN is made."""

from __future__ import annotations

import numpy as np
import pytest

from hsi_viewer.core.cube.cube import ArraySource
from hsi_viewer.core.errors import FormatError
from hsi_viewer.io.files.composed_sources import ComplexSource, ScaledSource, StackSource

FIRST = np.arange(12, dtype=np.int16).reshape(2, 3, 2)
SECOND = 100 + np.arange(6, dtype=np.uint8).reshape(2, 3, 1)
ALL = slice(0, 2, 1), slice(0, 3, 1)


def test_bands_of_a_stack_come_from_their_sources_in_any_order():
    stack = StackSource([ArraySource(FIRST), ArraySource(SECOND)], [(1, 0), (0, 1), (0, 0)])
    assert (stack.shape, stack.dtype) == ((2, 3, 3), np.dtype(np.int16))
    whole = np.concatenate([SECOND, FIRST[:, :, 1:], FIRST[:, :, :1]], axis=2)
    np.testing.assert_array_equal(stack.read(*ALL, None), whole)
    np.testing.assert_array_equal(stack.read(*ALL, np.array([2, 0])), whole[:, :, [2, 0]])
    window = slice(1, 2, 1), slice(0, 3, 2)
    np.testing.assert_array_equal(stack.read(*window, None), whole[1:2, ::2])
    with pytest.raises(FormatError, match="The bands differ in size: 1 x 3, 2 x 3"):
        StackSource([ArraySource(FIRST), ArraySource(SECOND[:1])], [(0, 0), (1, 0)])


@pytest.mark.parametrize("scaled", [(), (0,), (1,), (0, 1)])
def test_a_stack_makes_nan_where_one_of_its_sources_does(scaled):
    sources = [ArraySource(FIRST), ArraySource(SECOND)]
    for k in scaled:
        bands = sources[k].shape[2]
        sources[k] = ScaledSource(sources[k], np.ones(bands), np.zeros(bands), [0.0] * bands)
    stack = StackSource(sources, [(0, 0), (1, 0)])
    assert bool(stack.makes_nan) == bool(scaled)
    assert np.isnan(stack.read(*ALL, None)[0, 0, 0]) == (0 in scaled)


def test_real_and_imaginary_parts_are_one_number():
    both = ComplexSource(ArraySource(FIRST), ArraySource(-FIRST))
    assert (both.shape, both.dtype) == ((2, 3, 2), np.dtype(np.complex64))
    np.testing.assert_array_equal(both.read(*ALL, None), FIRST - 1j * FIRST)
    np.testing.assert_array_equal(both.read(*ALL, np.array([1])), (FIRST - 1j * FIRST)[:, :, 1:])
