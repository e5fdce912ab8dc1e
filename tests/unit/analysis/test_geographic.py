"""Places on the globe against what is known of the projections."""

from __future__ import annotations

import math

import pytest

from hsi_viewer.analysis.geographic import (
    FOOT,
    MILE,
    ScaleAndNorth,
    degrees,
    degrees_text,
    length_text,
    round_length,
    scale_and_north,
    scale_bar,
)
from hsi_viewer.core.cube.georeference import Georeference


@pytest.fixture(scope="module")
def utm() -> str:
    from rasterio.crs import CRS

    return CRS.from_epsg(32633).to_wkt()


def test_degrees_of_the_central_meridian(utm):
    # On the central meridian of zone 33 (15 E) the equator lies at x 500 km, y 0.
    georeference = Georeference((10.0, 0.0, 500_000.0, 0.0, -10.0, 0.0), utm)
    assert degrees(georeference, [(0.0, 0.0)])[0] == pytest.approx((0.0, 15.0), abs=1e-9)


def test_metres_and_north_of_an_upright_and_of_a_turned_scene(utm):
    upright = scale_and_north(Georeference((5.0, 0.0, 5e5, 0.0, -5.0, 5.8e6), utm), 100, 80)
    assert upright.metres == pytest.approx(5.0, rel=0.005)
    assert upright.north == pytest.approx((0.0, -1.0), abs=1e-3)
    a = math.radians(30)  # the columns run 30 degrees north of east
    turned = (5 * math.cos(a), 5 * math.sin(a), 5e5, 5 * math.sin(a), -5 * math.cos(a), 5.8e6)
    found = scale_and_north(Georeference(turned, utm), 100, 80)
    assert found.metres == pytest.approx(5.0, rel=0.005)
    assert found.north == pytest.approx((math.sin(a), -math.cos(a)), abs=3e-3)


def test_degrees_as_coordinates():
    from rasterio.crs import CRS

    georeference = Georeference((0.001, 0.0, 10.0, 0.0, -0.001, 60.0), CRS.from_epsg(4326).to_wkt())
    assert degrees(georeference, [(1000.0, 500.0)])[0] == pytest.approx((59.0, 10.5), abs=1e-9)
    found = scale_and_north(georeference, 20, 20)
    assert found.metres == pytest.approx(111_195 * 0.001 * math.cos(math.radians(60)), rel=1e-3)


@pytest.mark.parametrize(
    "georeference",
    [
        Georeference(),
        Georeference((1.0, 0.0, 0.0, 0.0, -1.0, 0.0)),
        Georeference((1.0, 0.0, 0.0, 0.0, -1.0, 0.0), "no coordinate system"),
    ],
)
def test_what_is_not_known_is_not_made_up(georeference):
    assert degrees(georeference, [(0.0, 0.0)]) is None
    assert scale_and_north(georeference, 10, 10) is None


@pytest.mark.parametrize(
    ("longest", "length", "text"),
    [
        (1730.0, 1000.0, "1 km"),
        (730.0, 500.0, "500 m"),
        (20.0, 20.0, "20 m"),
        (0.3, 0.2, "20 cm"),
        (0.0061, 0.005, "5 mm"),
    ],
)
def test_bars_have_round_lengths(longest, length, text):
    assert round_length(longest) == pytest.approx(length)
    assert length_text(round_length(longest)) == text


def test_degrees_are_written_with_their_hemisphere():
    assert degrees_text(-1.5, -0.25) == "1.500000° S  0.250000° W"
    assert degrees_text(0, 0) == "0.000000° N  0.000000° E"
    assert degrees_text(12.3456789, 170) == "12.345679° N  170.000000° E"


def test_a_scene_across_the_date_line_is_as_wide_as_another():
    from rasterio.crs import CRS

    wgs84, step = CRS.from_epsg(4326).to_wkt(), 0.001
    here, there = (
        scale_and_north(Georeference((step, 0.0, left, 0.0, -step, 0.01), wgs84), 20, 20)
        for left in (10.0, 179.9895)
    )
    assert there.metres == pytest.approx(here.metres, rel=1e-6)
    assert there.north == pytest.approx((0, -1), abs=1e-6)


def test_a_map_without_an_extent_has_no_north(utm):
    assert scale_and_north(Georeference((0.0, 0.0, 5e5, 0.0, 0.0, 5.8e6), utm), 10, 10) is None
    assert scale_and_north(Georeference((5.0, 5.0, 5e5, 5.0, 5.0, 5.8e6), utm), 10, 10) is None


@pytest.mark.parametrize(("code", "in_feet"), [(32633, False), (2263, True), (4326, False)])
def test_a_map_may_count_in_feet(code, in_feet):
    from rasterio.crs import CRS

    crs = CRS.from_epsg(code)
    place = (0.001, 0.0, 10.0, 0.0, -0.001, 50.0)
    transform = place if crs.is_geographic else (10.0, 0.0, 984_250.0, 0.0, -10.0, 200_000.0)
    found = scale_and_north(Georeference(transform, crs.to_wkt()), 20, 20)
    assert found.in_feet is in_feet
    if in_feet:
        assert found.metres == pytest.approx(10 * FOOT, rel=5e-3)


@pytest.mark.parametrize(
    ("metres", "in_feet", "longest", "length", "text"),
    [
        (10.0, False, 70, 500.0, "500 m"),
        (10.0, False, 250, 2000.0, "2 km"),
        (FOOT, True, 300, 200 * FOOT, "200 ft"),
        (FOOT, True, MILE - 1, 5000 * FOOT, "5000 ft"),
        (FOOT, True, MILE + 1, MILE * FOOT, "1 mi"),
    ],
)
def test_a_bar_is_as_long_on_the_screen_as_its_length_on_the_ground(
    metres, in_feet, longest, length, text
):
    ground = ScaleAndNorth(metres, (0.0, -1.0), in_feet)
    bar = scale_bar(ground, 2.0, 2.0 * longest)
    half = scale_bar(ground, 1.0, longest)
    assert (bar.metres, half.metres) == pytest.approx((length, length))
    assert (bar.length, half.length) == pytest.approx((2 * length / metres, length / metres))
    assert bar.text == half.text == text


@pytest.mark.parametrize(
    ("metres", "text"),
    [(1000, "1 km"), (999, "999 m"), (1, "1 m"), (0.5, "50 cm"), (0.01, "1 cm"), (0.005, "5 mm")],
)
def test_a_length_has_the_unit_that_keeps_its_number_small(metres, text):
    assert length_text(metres) == text
