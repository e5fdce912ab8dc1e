"""ENVI's map info against GDAL: every projection, unit and rotation lies where GDAL lays it."""

from __future__ import annotations

import os

import numpy as np
import pytest
import rasterio
from rasterio.crs import CRS

from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.cube.georeference import Georeference
from hsi_viewer.io.info import cube_info
from hsi_viewer.io.metadata.map_info import georeference
from hsi_viewer.io.opening import open_cube
from hsi_viewer.io.writers.cube_writer import write_cube
from hsi_viewer.io.writers.subset import Subset

HEAD = "ENVI\nsamples = 8\nlines = 8\nbands = 1\ndata type = 1\ninterleave = bsq\nbyte order = 0\n"
ARBITRARY = "map info = {Arbitrary, 1, 1, 0, 0, 1, 1}"
IGN = "Nouvelle Triangulation Francaise IGN"
ETRS = "European Terrestrial Reference System 1989"
OSGB = "Ordnance Survey of Great Britain '36"


def both(folder, fields):
    """What GDAL and this reader say of a header: (CRS, transform), facts."""
    data = folder / "place.img"
    data.write_bytes(bytes(64))
    data.with_suffix(".hdr").write_text(HEAD + fields + "\n")
    with rasterio.open(data, driver="ENVI") as file:
        return (file.crs, tuple(file.transform)[:6]), cube_info(data)


def as_crs(text):
    return CRS.from_user_input(text) if text.startswith("EPSG") else CRS.from_wkt(text)


@pytest.mark.parametrize(
    "fields",
    [
        "UTM, 1, 1, 5e5, 4e6, 30, 30, 33, North, European 1950, units=Meters",
        "UTM, 1, 1, 5e5, 4e6, 30, 30, 33, North, European 1950 mean",
        "UTM, 1, 1, 5e5, 8e6, 30, 30, 22, South, SAD-69/Brazil, units=Meters",
        "UTM, 1, 1, 5e5, 8e6, 30, 30, 55, South, Geocentric Datum of Australia 1994",
        "UTM, 1, 1, 5e5, 4e6, 30, 30, 33, North, WGS-72, units=Meters",
        "UTM, 1, 1, 5e5, 4e6, 30, 30, 13, North, North America 1927, units=Meters",
        "UTM, 1, 1, 5e5, 4e6, 30, 30, 13, North, units=Meters",
        "UTM, 1, 1, 5e5, 4e6, 30, 30, 33N, North, WGS-84, units=Meters",
        "UTM, 1.0, 1.0, 441371, 4855941, 0.04, 0.04, 15, T, WGS-84, units  meters, rotation  0.000",
        "UTM, 1.0, 1.0, 441371, 4155941, 0.04, 0.04, 17, S, WGS-84, units  meters, rotation  0.000",
        "UTM, 1, 1, 5e5, 4e6, 30, 30, 13, South",
        "UTM, 1, 1, 5e5, 4e6, 30, 30, 13, North, WGS-84, units=Feet",
        "UTM, 1, 1, 5e5, 4e6, 2.7, 2.7, 12, North, WGS-84, units=Meters, rotation=-66.0",
        "UTM, 1, 1, 5e5, 4e6, 2.7, 2.7, 12, North, WGS-84, rotation=180.0",
        "UTM, 1, 1, 5e5, 4e6, 2.7, 2.7, 12, North, WGS-84, rotation=-180",
        "UTM, 1.5, 2.5, 5e5, 4e6, 2, 3, 12, North, WGS-84, units=Meters",
        "UTM, 1, 1, 5e5, 4e6, 2, -3, 12, North, WGS-84, units=Meters",
        "Geographic Lat/Lon, 1.5, 1.5, 10, 40, 0.1, 0.1, European 1950 mean, units=Degrees",
        f"Geographic Lat/Lon, 1, 1, -4, 50, 0.1, 0.1, {OSGB}, units=Degrees",
        "Geographic Lat/Lon, 1, 1, 3600, 7200, 3, 3, WGS-84, units=Seconds",
        "Geographic Lat/Lon, 1, 1, 60, 120, 3, 3, WGS-84, units=Minutes",
        "State Plane (NAD 27), 1, 1, 1e6, 5e5, 10, 10, 405, units=Feet",
        "State Plane (NAD 83), 1, 1, 1e6, 5e5, 10, 10, 3326, units=Meters",
        "Albers, 1, 1, -936408, 2423902, 28.5, 28.5}\n"
        "projection info = {9, 6378206.4, 6356583.8, 23, -96, 0, 0, 29.5, 45.5, Albers",
        f"Lambert, 1, 1, 6e5, 2e5, 10, 10, {IGN}, units=Meters}}\n"
        "projection info = {4, 6378249.2, 6356515.0, 46.8, 2.337229, 600000, 2200000, 45.898919, "
        f"47.696014, {IGN}, Lambert Conformal Conic, units=Meters",
        "Polar Stereographic, 1, 1, -3850000, 5850000, 25000, 25000}\n"
        "projection info = {31, 6378273, 6356889.449, 70, -45, 0, 0, Polar Stereographic",
    ],
)
def test_map_info_lies_where_gdal_lays_it(tmp_path, fields):
    (crs, transform), facts = both(tmp_path, f"map info = {{{fields}}}")
    np.testing.assert_allclose(facts["transform"], transform, rtol=1e-12, atol=1e-12)
    assert as_crs(facts["crs"]) == crs
    if crs.to_epsg():
        assert facts["crs"] == f"EPSG:{crs.to_epsg()}"


@pytest.mark.parametrize(
    ("fields", "crs"),
    [
        # here GDAL falls back to WGS 84 or to a local system, although the header says it
        ("UTM, 1, 1, 5e5, 4e6, 30, 30, 13, North, NAD-83", "EPSG:26913"),
        ("UTM, 1, 1, 5e5, 4e6, 30, 30, 32, North, ETRS89, units=Meters", "EPSG:25832"),
        ("UTM, 1, 1, 5e5, 4e6, 30, 30, 13, North, NAD 1983", "EPSG:26913"),
        (f"UTM, 1, 1, 5e5, 4e6, 30, 30, 32, North, {ETRS}, units=Meters", "EPSG:25832"),
        ("UTM, 1, 1, 5e5, 4e6, 30, 30, 56, J, WGS-84, units  meters", "EPSG:32756"),
        ("Geographic Lat/Lon, 1, 1, 10, 40, 0.1, 0.1", "EPSG:4326"),
        ("Geographic Lat/Lon, 1, 1, 10, 50, 0.1, 0.1, ETRS89, units=Degrees", "EPSG:4258"),
        ("Geographic Lat/Lon, 1, 1, 10, 50, 0.1, 0.1, ETRS 1989", "EPSG:4258"),
        (f"Geographic Lat/Lon, 1, 1, 10, 50, 0.1, 0.1, {ETRS}, units=Degrees", "EPSG:4258"),
        ("Arbitrary, 1, 1, 0, 0, 1, 1, 0, North", None),
        ("UTM, 1, 1, 5e5, 4e6, 30, 30, many, North, WGS-84", None),
    ],
)
def test_where_the_header_says_more_than_gdal_reads(tmp_path, fields, crs):
    assert both(tmp_path, f"map info = {{{fields}}}")[1]["crs"] == crs


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ("33, North", "gives no datum; North America 1927 is assumed"),
        ("22, South, South American 1969 mean", '"South American 1969 mean", is unknown; WGS-84'),
    ],
)
def test_an_assumed_datum_is_reported(tmp_path, fields, sentence):
    facts = both(tmp_path, f"map info = {{UTM, 1, 1, 5e5, 4e6, 30, 30, {fields}}}")[1]
    (warning,) = facts["warnings"]
    assert sentence in warning


def test_a_datum_that_is_known_is_not_assumed(tmp_path):
    fields = (
        "map info = {Transverse Mercator, 1, 1, 5e5, 4e6, 1, 1, WGS-84, units=Meters}\n"
        "projection info = {3, 6378137.0, 6356752.3, 0.0, 15.0, 500000.0, 0.0, 0.9996, WGS-84, "
        "Transverse Mercator, units=Meters}"
    )
    facts = both(tmp_path, fields)[1]
    assert (facts["crs"], facts["warnings"]) == ("EPSG:32633", [])


@pytest.mark.parametrize("system", ["{}", "{unknown}", '{PROJCS["UTM_50N",UNIT["Meter",1.0]]}'])
def test_an_empty_coordinate_system_string_leaves_the_word_to_map_info(tmp_path, system):
    fields = "map info = {UTM, 1, 1, 5e5, 4e6, 30, 30, 50, North, WGS-84}\n"
    facts = both(tmp_path, f"{fields}coordinate system string = {system}")[1]
    assert facts["crs"] == "EPSG:32650"


@pytest.mark.parametrize("system", ["EPSG:32650", "{epsg:32650}", "{+proj=utm +zone=50}"])
def test_a_coordinate_system_in_few_words(tmp_path, system):
    fields = "map info = {UTM, 1, 1, 5e5, 4e6, 30, 30, 50, North}\n"
    facts = both(tmp_path, f"{fields}coordinate system string = {system}")[1]
    assert as_crs(facts["crs"]).to_epsg(confidence_threshold=20) == 32650
    assert facts["warnings"] == []


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs a pipe")
@pytest.mark.parametrize(
    "words", ["+init={}:4326", "+zone=33 +nadgrids={}", "+zone=33 +geoidgrids={}"]
)
def test_a_coordinate_system_in_few_words_names_no_file(tmp_path, words):
    """A pipe would keep whoever opens it waiting for ever."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reference = georeference(None, f"{{+proj=utm {words.format(pipe)}}}", None)
    assert reference.crs_wkt is None


def test_a_broken_coordinate_system_string_is_reported(tmp_path):
    fields = "map info = {UTM, 1, 1, 5e5, 4e6, 30, 30, 50, North, WGS-84}\n"
    broken = 'coordinate system string = {PROJCS["UTM_50N",GEOGCS["a",DATUM["b"]]]}'
    facts = both(tmp_path, fields + broken)[1]
    assert facts["crs"] is None
    assert "could not be interpreted: PROJCS" in facts["warnings"][0]


def test_x_start_does_not_shift_the_map(tmp_path):
    fields = "x start = 101\ny start = 51\nmap info = {UTM, 1, 1, 5e5, 4e6, 30, 30, 13, North, "
    (_, transform), facts = both(tmp_path, f"{fields}WGS-84}}")
    assert tuple(facts["transform"]) == transform == (30, 0, 5e5, 0, -30, 4e6)


@pytest.mark.parametrize(
    "transform",
    [
        (-2.0, 0.0, 5e5, 0.0, 2.0, 4e6),
        (-2.0, 0.0, 5e5, 0.0, -3.0, 4e6),
        (2.0, 0.0, 5e5, 0.0, 3.0, 4e6),
        (2.0, 0.0, 5e5, 0.0, -3.0, 4e6),
    ],
)
def test_turned_and_mirrored_images_lie_where_they_lay(tmp_path, transform):
    reference = Georeference(transform, CRS.from_epsg(32633).to_wkt())
    write_cube(
        HyperCube.from_array(np.zeros((4, 5, 2)), georeference=reference), tmp_path / "a.hdr"
    )
    assert open_cube(tmp_path / "a.hdr").georeference.transform == transform
    with rasterio.open(tmp_path / "a.img") as file:
        assert tuple(file.transform)[:6] == transform


@pytest.mark.parametrize(("unit", "part"), [("Seconds", 3600), ("Minutes", 60), ("Degrees", 1)])
def test_a_window_in_parts_of_degrees_lies_right(tmp_path, unit, part):
    numbers = ", ".join(repr(v * part) for v in (10.0, 50.0, 1 / 64, 1 / 64))
    info = f"{{Geographic Lat/Lon, 1, 1, {numbers}, WGS-84, units={unit}}}"
    whole = HyperCube.from_array(np.zeros((6, 7, 2)), georeference=georeference(info, None, None))
    write_cube(whole, tmp_path / "a.hdr", Subset(rows=(2, 5), columns=(4, 6)))
    wanted = (1 / 64, 0, 10 + 4 / 64, 0, -1 / 64, 50 - 2 / 64)
    found = open_cube(tmp_path / "a.hdr").georeference.transform
    np.testing.assert_allclose(found, wanted, rtol=1e-12)
    with rasterio.open(tmp_path / "a.img") as file:
        np.testing.assert_allclose(tuple(file.transform)[:6], wanted, rtol=1e-9)


@pytest.mark.parametrize(
    ("fields", "known"),
    [
        ("map info = {UTM, 1, 1, 5e5, 4e6, 30, 30, 61, North, WGS-84}", False),
        (
            'map info = {Arbitrary, 1, 1, 0, 0, 1, 1}\ncoordinate system string = {PROJCS["x"}',
            False,
        ),
        (
            "map info = {Arbitrary, 1, 1, 0, 0, 1, 1}\ncoordinate system string = {EPSG:99999}",
            False,
        ),
        (ARBITRARY, True),
        ("map info = {UTM, 1, 1, 5e5, 4e6, 30, 30, 33, North, WGS-84}", True),
    ],
)
def test_a_coordinate_system_that_is_not_known_is_reported_and_nothing_printed(
    tmp_path, capfd, fields, known
):
    (tmp_path / "a.img").write_bytes(bytes(64))
    (tmp_path / "a.hdr").write_text(f"{HEAD}{fields}\n")
    cube = open_cube(tmp_path / "a.hdr")
    said = "The coordinate system in the header is not known"
    assert any(said in warning for warning in cube.warnings) is not known
    assert cube.georeference.transform is not None
    assert capfd.readouterr() == ("", "")
