"""Places on the globe against what is known of the projections."""

from __future__ import annotations

import math

import pytest

from hsi_viewer.analysis.geographic import (
    degrees,
    degrees_text,
    length_text,
    round_length,
    scale_and_north,
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
