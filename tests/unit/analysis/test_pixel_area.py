"""Square metres of a pixel: by the map's units, or on the ellipsoid where these mislead."""

from __future__ import annotations

import math

import numpy as np
import pytest

from hsi_viewer.analysis.pixel_area import pixel_area
from hsi_viewer.core.cube.georeference import Georeference

UTM = "EPSG:32633"


def at(transform, crs):
    return Georeference(transform, crs)


def test_metres_of_a_projected_map():
    found = pixel_area(at((30.0, 0, 500_000, 0, -30.0, 5_000_000), UTM), 40, 30)
    np.testing.assert_array_equal(found, np.full(40, 900.0))


def test_a_turned_grid_covers_as_much():
    turn = math.radians(30)
    a, b = 10 * math.cos(turn), 10 * math.sin(turn)
    found = pixel_area(at((a, b, 500_000, b, -a, 5_000_000), UTM), 3, 3)
    assert found == pytest.approx([100.0] * 3)


def test_feet_become_metres():
    feet = 'PROJCS["UTM in feet",GEOGCS["WGS 84",DATUM["WGS_1984",SPHEROID["WGS 84",6378137,298.257223563]],PRIMEM["Greenwich",0],UNIT["degree",0.0174532925199433]],PROJECTION["Transverse_Mercator"],PARAMETER["latitude_of_origin",0],PARAMETER["central_meridian",15],PARAMETER["scale_factor",0.9996],PARAMETER["false_easting",1640416.6666667],PARAMETER["false_northing",0],UNIT["foot",0.3048]]'  # noqa: E501
    found = pixel_area(at((100.0, 0, 1_640_000, 0, -100.0, 16_000_000), feet), 2, 2)
    assert found == pytest.approx([100 * 100 * 0.3048**2] * 2)


def test_degrees_shrink_towards_the_pole():
    found = pixel_area(at((0.01, 0, 10.0, 0, -0.01, 60.0), "EPSG:4326"), 2000, 10)
    assert found[0] == pytest.approx(1.1132e3 * 1.1141e3 * 0.5014, rel=0.003)  # 60 degrees north
    assert (np.diff(found) > 0).all()
    assert found[-1] / found[0] == pytest.approx(math.cos(math.radians(40)) / 0.5, rel=0.01)


def test_a_whole_belt_of_the_ellipsoid():
    """One degree by the equator: 12,308.77 km² by the formula of the zone of an ellipsoid."""
    found = pixel_area(at((0.01, 0, 0.0, 0, -0.01, 1.0), "EPSG:4326"), 100, 100)
    e = math.sqrt(1 / 298.257223563 * (2 - 1 / 298.257223563))
    s = math.sin(math.radians(1))
    polar = 6_378_137.0 * (1 - 1 / 298.257223563)
    q = s / (1 - (e * s) ** 2) + math.log((1 + e * s) / (1 - e * s)) / (2 * e)
    assert 100 * found.sum() == pytest.approx(math.radians(1) * polar**2 * q / 2, rel=1e-6)


def test_mercator_is_not_believed():
    found = pixel_area(at((100.0, 0, 0.0, 0, -100.0, 8_399_738), "EPSG:3857"), 4, 4)  # 60 north
    assert found == pytest.approx([2500.0] * 4, rel=0.01)


@pytest.mark.parametrize(
    "georeference", [None, Georeference(None, UTM), at((1.0, 0, 0, 0, -1.0, 0), None)]
)
def test_without_a_place_nothing_is_known(georeference):
    assert pixel_area(georeference, 3, 3) is None


@pytest.mark.parametrize("top", [200.0, 5_000_000.0, 95.0])
def test_metres_that_are_called_degrees_have_no_area(top):
    assert pixel_area(at((0.5, 0, 10.0, 0, -0.5, top), "EPSG:4326"), 20, 20) is None
    assert pixel_area(at((0.5, 0, 10.0, 0, -0.5, 90.25), "EPSG:4326"), 20, 20) is not None


def test_areas_of_a_tall_scene_are_those_of_its_rows():
    whole = pixel_area(at((0.01, 0, 10.0, 0, -0.01, 60.0), "EPSG:4326"), 2000, 10)
    for row in (0, 1, 333, 1999):
        alone = pixel_area(at((0.01, 0, 10.0, 0, -0.01, 60 - 0.01 * row), "EPSG:4326"), 1, 10)
        assert whole[row] == pytest.approx(alone[0], rel=1e-4)


def test_a_scene_across_the_date_line_covers_as_much_as_another():
    here, there = (
        pixel_area(at((0.01, 0, left, 0, -0.01, 20.0), "EPSG:4326"), 3, 1)
        for left in (10.0, 179.995)
    )
    assert here == pytest.approx(there, rel=1e-6)
