"""The spectrum of a pixel, with the values of a derived image where one is shown."""

from __future__ import annotations

import numpy as np

from hsi_viewer.analysis.pixel_spectrum import SpectrumRequest, read_pixel
from hsi_viewer.core.cube.cube import HyperCube

VALUES = np.arange(24.0).reshape(2, 3, 4)
CUBE = HyperCube.from_array(VALUES, scale=0.5, nodata=7.0)


def test_a_spectrum_is_read_in_physical_values_without_data_as_nan():
    request = SpectrumRequest(CUBE, 0, 1)
    found = read_pixel(request)
    assert found.request is request
    np.testing.assert_array_equal(found.values, [2, 2.5, 3, np.nan])
    assert found.shown is None


def test_the_derived_image_gives_its_values_at_the_same_pixel():
    image = HyperCube.from_array(VALUES[:, :, :1] * 10)
    found = read_pixel(SpectrumRequest(CUBE, 1, 2, image))
    np.testing.assert_array_equal(found.values, [10, 10.5, 11, 11.5])
    assert found.shown.tolist() == [200]


def test_each_request_is_its_own():
    first, second = SpectrumRequest(CUBE, 0, 1), SpectrumRequest(CUBE, 0, 1)
    assert first != second
    assert len({first, second, first}) == 2
