"""CF grid mappings without well-known text, and axes in other units than metres."""

from __future__ import annotations

import re

import h5py
import numpy as np
import pytest

from hsi_viewer.io.arrays.cf import SENSOR_GEOMETRY
from hsi_viewer.io.arrays.cf_mapping import wkt_of_mapping
from hsi_viewer.io.metadata.crs import crs_of, transformed
from hsi_viewer.io.opening import open_cube

CUBE = np.arange(1, 121, dtype=np.uint16).reshape(6, 5, 4)
DATUM = {"semi_major_axis": 6378137.0, "inverse_flattening": 298.257223563}
UTM = {
    "grid_mapping_name": "transverse_mercator",
    "longitude_of_central_meridian": 15.0,
    "latitude_of_projection_origin": 0.0,
    "scale_factor_at_central_meridian": 0.9996,
    "false_easting": 500000.0,
    "false_northing": 0.0,
    **DATUM,
}
LAEA = {
    "grid_mapping_name": "lambert_azimuthal_equal_area",
    "longitude_of_projection_origin": 10.0,
    "latitude_of_projection_origin": 52.0,
    "false_easting": 4321000.0,
    "false_northing": 3210000.0,
}
POLAR = {
    "grid_mapping_name": "polar_stereographic",
    "straight_vertical_longitude_from_pole": -45.0,
    "latitude_of_projection_origin": 90.0,
    "standard_parallel": 70.0,
    **DATUM,
}
LAMBERT = {
    "grid_mapping_name": b"lambert_conformal_conic",
    "standard_parallel": np.array([44.0, 49.0]),
    "longitude_of_central_meridian": 3.0,
    "latitude_of_projection_origin": 46.5,
    "false_easting": 700000.0,
    "false_northing": 6600000.0,
}


@pytest.mark.parametrize(
    ("mapping", "code", "place"),
    [
        (UTM, "EPSG:32633", (14.0, 48.0)),
        (LAEA, "EPSG:3035", (9.0, 50.0)),
        (POLAR, "EPSG:3413", (30.0, 80.0)),
        (LAMBERT, "EPSG:2154", (2.0, 47.0)),
    ],
)
def test_the_parameters_of_a_projection_make_its_system(mapping, code, place):
    degrees = crs_of("EPSG:4326"), *(np.array([v]) for v in place)
    source, x, y = degrees
    found = transformed(source, crs_of(wkt_of_mapping(mapping)), x, y)
    np.testing.assert_allclose(found, transformed(source, crs_of(code), x, y), atol=1.5)


@pytest.mark.parametrize(
    "mapping",
    [{}, {"grid_mapping_name": "rotated_pole"}, {"grid_mapping_name": 5}, {"semi_major_axis": 1}],
)
def test_of_other_mappings_nothing_is_made_up(mapping):
    assert wkt_of_mapping(mapping) is None


def grid(path, unit, mapping, scale):
    """A NetCDF file of 30 m pixels whose upper left corner is (500000, 4000000)."""
    axes = {"y": 4e6 - 15 - 30 * np.arange(6), "x": 5e5 + 15 + 30 * np.arange(5)}
    with h5py.File(path, "w") as file:
        data = file.create_dataset("refl", data=CUBE)
        for k, name in enumerate("yx"):
            file[name] = axes[name] * scale
            file[name].attrs["units"] = unit
            file[name].make_scale(name)
            data.dims[k].attach_scale(file[name])
        file.create_dataset("crs", data=0).attrs.update(mapping)
        data.attrs["grid_mapping"] = "crs"
    return open_cube(path)


@pytest.mark.parametrize("mapping", [UTM, {"crs_wkt": "EPSG:32633"}])
@pytest.mark.parametrize(("unit", "scale"), [("km", 1e-3), ("kilometers", 1e-3), ("m", 1)])
def test_axes_are_in_the_units_of_the_system(tmp_path, unit, scale, mapping):
    georeference = grid(tmp_path / "a.nc", unit, mapping, scale).georeference
    np.testing.assert_allclose(georeference.transform, (30, 0, 5e5, 0, -30, 4e6))
    assert crs_of(georeference.crs_wkt).is_projected


def test_angles_of_view_are_not_map_coordinates(tmp_path):
    cube = grid(tmp_path / "a.nc", "rad", {"grid_mapping_name": "geostationary"}, 1e-9)
    assert cube.georeference is None
    assert SENSOR_GEOMETRY in cube.warnings


@pytest.mark.parametrize(
    ("size", "axes"),
    [
        ({}, (6378137.0, 6356752.314245)),
        ({"semi_major_axis": 6378137.0}, (6378137.0, 6378137.0)),
        ({"semi_major_axis": 6378137.0, "inverse_flattening": 298.257223563},
         (6378137.0, 6356752.314245)),
        ({"semi_major_axis": 6378388.0, "inverse_flattening": 297.0}, (6378388.0, 6356911.946128)),
        ({"semi_major_axis": 6378206.4, "semi_minor_axis": 6356583.8}, (6378206.4, 6356583.8)),
        ({"semi_major_axis": 6378388.0, "inverse_flattening": 297.0, "semi_minor_axis": 1.0},
         (6378388.0, 6356911.946128)),
        ({"semi_major_axis": 6370000.0, "inverse_flattening": 0.0}, (6370000.0, 6370000.0)),
        ({"earth_radius": 6371229.0, "semi_major_axis": 1.0}, (6371229.0, 6371229.0)),
        ({"semi_major_axis": np.nan}, (6378137.0, 6356752.314245)),
    ],
)  # fmt: skip
def test_the_earth_has_the_size_that_is_given(size, axes):
    bare = {name: value for name, value in UTM.items() if name not in DATUM}
    wkt = wkt_of_mapping(bare | size)
    major, flattening = re.findall(r'(?:SPHEROID|ELLIPSOID)\["[^"]*",([\d.]+),([\d.]+)', wkt)[0]
    minor = float(major) * (1 - (1 / float(flattening) if float(flattening) else 0))
    assert (float(major), minor) == pytest.approx(axes, rel=1e-9)
