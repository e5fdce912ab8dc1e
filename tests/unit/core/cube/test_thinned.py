"""Every n-th row and column of a cube."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from hsi_viewer.core.cube.cube import ArraySource, HyperCube
from hsi_viewer.core.cube.thinned import ThinnedSource

VALUES = np.arange(11 * 7 * 3).reshape(11, 7, 3)
ENDS = st.integers(0, 12)


@given(st.integers(1, 5), ENDS, ENDS, st.integers(1, 3))
@settings(max_examples=30, deadline=None)
def test_a_window_is_that_of_the_thinned_array(step, start, stop, apart):
    cube = HyperCube(ThinnedSource(ArraySource(VALUES), step))
    wanted = VALUES[::step, ::step]
    assert cube.shape == wanted.shape
    window = slice(start, stop, apart), slice(0, 3)
    assert np.array_equal(cube.read(*window, [0, 2]), wanted[*window][:, :, [0, 2]])
