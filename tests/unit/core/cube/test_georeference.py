"""Map coordinates of pixels."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hsi_viewer.core.cube.georeference import Georeference

numbers = st.floats(-1e6, 1e6)


@given(st.tuples(*[numbers] * 6), numbers, numbers)
def test_map_xy_is_the_affine_transform_of_column_and_row(transform, row, column):
    expected = np.reshape(transform, (2, 3)) @ (column, row, 1)
    assert Georeference(transform).map_xy(row, column) == pytest.approx(tuple(expected), abs=1e-3)


def test_north_up_pixels_of_30_m():
    georeference = Georeference((30.0, 0.0, 500_000.0, 0.0, -30.0, 4_600_000.0))
    assert georeference.map_xy(0, 0) == (500_000.0, 4_600_000.0)
    assert georeference.map_xy(2.5, 1.5) == (500_045.0, 4_599_925.0)


def test_without_a_transform_there_are_no_coordinates():
    assert Georeference(map_info="{Arbitrary}").map_xy(1, 2) is None
