"""Tables of names: units of wavelengths, datums, places of rotated grids."""

from __future__ import annotations

import math

import numpy as np
import pytest
from rasterio.crs import CRS

from hsi_viewer.io.arrays.axes import guess_axes
from hsi_viewer.io.metadata.map_info import affine_of, epsg_of, georeference
from hsi_viewer.io.metadata.wavelengths import nm_per_unit, nm_times, to_nm, widths_in_nm

LENGTHS = {
    1e-9: ("nm", "Nanometers", "nanometre"),
    1e-6: ("um", "µm", "μm", "Micrometers", "micron", "Microns", "micrometre"),
    1e-3: ("mm", "millimeters", "millimetre"),
    1e-2: ("cm", "centimeters", "centimetre"),
    1.0: ("m", "meters", "metre"),
    1e-10: ("A", "Å", "angstrom", "Ångström", "Angstroms"),
}


@pytest.mark.parametrize(
    ("unit", "metres"), [(unit, metres) for metres, units in LENGTHS.items() for unit in units]
)
def test_a_unit_of_length_is_so_many_nanometres(unit, metres):
    assert nm_per_unit(unit) == pytest.approx(metres * 1e9)
    found, note = to_nm(np.array([400e-9, 2500e-9]) / metres, unit)
    assert found == pytest.approx([400, 2500])
    assert note is None


@pytest.mark.parametrize(
    ("numbers", "unit", "nm", "said"),
    [
        ([450, 950, 0], "Micrometers", [450, 950, 0], 'be 450 to 950 "Micrometers"; nanometres'),
        ([0.45, 2.5, np.nan], "nm", [450, 2500, np.nan], 'be 0.45 to 2.5 "nm"; micrometres'),
        ([450, 950, -9999], "m", [450, 950, -9999], 'be 450 to 950 "m"; nanometres are assumed.'),
        ([4e6, 5e6, 6e6], "nm", [4e6, 5e6, 6e6], "their unit may be wrong."),
        ([8.1, 11.9, 14.0], "um", [8100, 11900, 14000], ""),
        ([0, 0, 0], "um", [0, 0, 0], ""),
    ],
)
def test_a_unit_in_which_no_sensor_could_see_gives_way(numbers, unit, nm, said):
    found, note = to_nm(np.array(numbers, np.float64), unit)
    np.testing.assert_allclose(found, nm)
    assert said in (note or "")
    assert bool(said) == bool(note)


@pytest.mark.parametrize(
    ("unit", "number", "nm"),
    [
        ("cm-1", 10_000.0, 1000.0),
        ("1/cm", 20_000.0, 500.0),
        ("Wavenumber", 12_500.0, 800.0),
        ("GHz", 299_792.458, 1000.0),
        ("MHz", 299_792_458.0, 1000.0),
        ("THz", 299.792458, 1000.0),
        ("eV", 2.0, 619.920992),
        ("electron volts", 2.0, 619.920992),
        ("inverse centimeters", 10_000.0, 1000.0),
        ("per cm", 10_000.0, 1000.0),
        ("1 / mm", 1000.0, 1000.0),
        ("mm^-1", 1000.0, 1000.0),
        ("Frequency (Hz)", 2.99792458e14, 1000.0),
    ],
)
def test_a_wavenumber_a_frequency_and_an_energy_become_a_wavelength(unit, number, nm):
    assert nm_times(unit) / number == pytest.approx(nm)
    assert nm_per_unit(unit) is None


def test_a_unit_in_brackets_is_the_unit():
    assert nm_per_unit("Wavelength (um)") == 1000
    assert nm_times("per pixel") is None


@pytest.mark.parametrize(
    ("widths", "found", "said"),
    [
        ([9.0, 10.0, 11.0], [9, 10, 11], None),
        ([9000.0, 10_000.0, 11_000.0], [9, 10, 11], "nanometres are assumed"),
        ([0.009, 0.01, 0.011], [0.009, 0.01, 0.011], None),  # so narrow lines there are
        ([9.0, 10.0, np.nan], [9, 10, np.nan], None),
    ],
)
def test_widths_a_thousand_times_too_large_are_in_nanometres(widths, found, said):
    nm, note = widths_in_nm(np.array(widths), np.array([1000.0, 1010.0, 1020.0]))
    np.testing.assert_allclose(nm, found)
    assert (note is None) if said is None else said in note


def test_a_georeference_of_a_megabyte_is_not_interpreted():
    warnings = []
    assert georeference("{UTM" + ", 1" * 10**6 + "}", None, None, warnings) is None
    assert "too long" in warnings[0]


DATUMS = {
    "WGS-84": (4326, 32600, 32700),
    "WGS 1984": (4326, 32600, 32700),
    "World Geodetic System 1984": (4326, 32600, 32700),
    "North America 1983": (4269, 26900, None),
    "North American 1983": (4269, 26900, None),
    "NAD83": (4269, 26900, None),
    "NAD 1983": (4269, 26900, None),
    "North America 1927": (4267, 26700, None),
    "North American 1927": (4267, 26700, None),
    "NAD27": (4267, 26700, None),
    "NAD 1927": (4267, 26700, None),
    "ETRS89": (4258, 25800, None),
    "ETRS 1989": (4258, 25800, None),
    "European Terrestrial Reference System 1989": (4258, 25800, None),
}


@pytest.mark.parametrize("datum", DATUMS)
def test_a_datum_is_a_system_of_degrees_and_one_of_utm(datum):
    degrees, north, south = DATUMS[datum]
    zones_of = {32600: 60, 26900: 23, 26700: 22, 25800: 11}
    geographic = f"{{Geographic Lat/Lon, 1, 1, 12, 50, 0.1, 0.1, {datum}, units=Degrees}}"
    assert epsg_of(geographic) == degrees
    assert CRS.from_epsg(degrees).is_geographic
    zones = range(1, 61)
    found = [(k, utm_of(k, "North", datum), utm_of(k, "South", datum)) for k in zones]
    for zone, northern, southern in found:
        assert northern in (None, north + zone)
        assert southern == (None if south is None else south + zone)
        if northern is not None:  # behind the last zone of a datum begin other systems
            assert f"UTM zone {zone}N" in CRS.from_epsg(northern).to_wkt()
    assert len([k for k, northern, _ in found if northern]) == zones_of[north]


def utm_of(zone, hemisphere, datum):
    return epsg_of(f"{{UTM, 1, 1, 5e5, 5e6, 30, 30, {zone}, {hemisphere}, {datum}, units=Meters}}")


def test_a_zone_that_has_no_code_is_made_of_its_datum():
    reference = georeference("{UTM, 1, 1, 5e5, 5e6, 30, 30, 33, North, NAD83}", None, None)
    crs = CRS.from_wkt(reference.crs_wkt)
    assert crs.linear_units == "metre"
    assert crs.to_dict()["proj"] == "utm"
    assert crs.to_dict()["zone"] == 33


@pytest.mark.parametrize(
    ("zone", "found"), [("0", None), ("1", 32601), ("60", 32660), ("61", None)]
)
def test_zones_are_1_to_60(zone, found):
    assert epsg_of(f"{{UTM, 1, 1, 5e5, 5e6, 30, 30, {zone}, North, WGS-84}}") == found


@pytest.mark.parametrize("before", ["", " WGS-84,", " 33, North, WGS-84,"])
def test_a_rotation_is_found_wherever_it_stands(before):
    found = affine_of(f"{{Arbitrary, 1, 1, 100, 200, 2, 2,{before} rotation=30}}")
    cos, sin = 2 * math.cos(math.radians(30)), 2 * math.sin(math.radians(30))
    assert found == pytest.approx((cos, sin, 100, sin, -cos, 200))


@pytest.mark.parametrize(
    ("shape", "band"),
    [
        ((10, 10, 1024), 2),
        ((10, 10, 1025), 0),
        ((1024, 10, 1025), 0),
        ((1025, 10, 1026), 2),
        ((10, 32, 32), 0),
        ((10, 31, 31), 2),
        ((32, 32, 32), 2),
        ((40, 32, 32), 0),
        ((40, 32, 33), 2),
    ],
)
def test_bands_are_last_unless_the_shape_says_otherwise(shape, band):
    axes, guess = guess_axes(shape, (), ())
    assert axes[2] == band
    assert (guess is None) == (band == 2)
    assert axes[0] < axes[1]


@pytest.mark.parametrize(
    ("shape", "lists", "said"),
    [
        ((103, 610, 340), (), True),
        ((16, 32, 33), (), True),
        ((610, 340, 103), (), False),
        ((103, 610, 200), (), False),
        ((15, 610, 340), (), False),
        ((103, 610, 340), (340,), False),
    ],
)
def test_bands_that_may_be_first_are_said(shape, lists, said):
    axes, guess = guess_axes(shape, lists, ())
    assert axes == (0, 1, 2)
    assert (guess is not None) == said
    assert guess_axes(shape, lists, ("y", "x", "band"))[1] is None
