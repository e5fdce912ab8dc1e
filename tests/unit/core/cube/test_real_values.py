"""Complex values are used by their magnitude, logical ones as 1 and 0."""

from __future__ import annotations

import numpy as np
import pytest

from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.cube.real_values import real_valued

COMPLEX = np.array([[[3 + 4j, -9999], [0, 9999j]]])


@pytest.mark.parametrize(
    ("dtype", "real"), [(np.complex64, np.float32), (np.complex128, np.float64)]
)
def test_complex_values_become_magnitudes_and_no_data_becomes_nan(dtype, real):
    cube = real_valued(HyperCube.from_array(COMPLEX.astype(dtype), nodata=-9999.0, warnings=("a",)))
    assert cube.dtype == real
    np.testing.assert_array_equal(cube.read(), [[[5, np.nan], [0, 9999]]])
    np.testing.assert_array_equal(cube.read(bands=[1])[0, :, 0], [np.nan, 9999])
    assert cube.nodata is None
    assert cube.source.makes_nan
    assert cube.warnings == ("a", "The values are complex; their magnitudes are used.")


def test_without_a_value_for_no_data_nothing_becomes_nan():
    cube = real_valued(HyperCube.from_array(COMPLEX))
    assert cube.read().tolist() == [[[5, 9999], [0, 9999]]]
    assert not cube.source.makes_nan


def test_logical_values_become_ones_and_zeros_and_real_ones_stay():
    values = np.array([[[True], [False]]])
    cube = real_valued(HyperCube.from_array(values, nodata=0.0))
    assert (cube.dtype, cube.nodata, cube.warnings) == (np.uint8, 0.0, ())
    assert cube.read().tolist() == [[[1], [0]]]
    real = HyperCube.from_array(np.ones((1, 2, 3)))
    assert real_valued(real) is real
