"""A cube as an xarray.DataArray, and back."""

from __future__ import annotations

import builtins
import sys

import numpy as np
import pytest
import xarray as xr

from hsi_viewer.core.cube.cube import ArraySource, HyperCube
from hsi_viewer.core.cube.georeference import Georeference
from hsi_viewer.core.errors import FormatError

VALUES = np.arange(60, dtype=np.int16).reshape(5, 4, 3)
WAVES = (450.5, 550.0, 860.25)
UTM = 'PROJCS["WGS 84 / UTM zone 33N",GEOGCS["WGS 84"]]'
TRANSFORM = (30.0, 0.0, 380000.0, 0.0, -30.0, 5810000.0)


def full_cube() -> HyperCube:
    return HyperCube.from_array(
        VALUES,
        WAVES,
        "scene",
        fwhm=np.array([10.0, 11.0, 12.0]),
        good_bands=np.array([True, False, True]),
        nodata=-9999.0,
        scale=1e-4,
        offset=0.25,
        georeference=Georeference(TRANSFORM, UTM),
        band_names=("blue", "green", "near infrared"),
    )


FIELDS = ("name", "nodata", "scale", "offset", "georeference", "band_names")


def assert_same(one: HyperCube, other: HyperCube) -> None:
    np.testing.assert_array_equal(np.asarray(one), np.asarray(other))
    assert one.dtype == other.dtype
    for name in ("wavelengths", "fwhm", "good_bands"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name))
    assert [getattr(one, f) for f in FIELDS] == [getattr(other, f) for f in FIELDS]


def test_a_cube_survives_the_round_trip():
    cube = full_cube()
    assert_same(HyperCube.from_xarray(cube.to_xarray()), cube)


def test_a_cube_without_metadata_survives_the_round_trip():
    cube = HyperCube.from_array(VALUES)
    assert_same(HyperCube.from_xarray(cube.to_xarray()), cube)


def test_a_cube_survives_a_netcdf_file(tmp_path):
    cube = full_cube()
    cube.to_xarray().to_netcdf(tmp_path / "cube.nc", engine="scipy")
    with xr.open_dataarray(tmp_path / "cube.nc", engine="scipy", mask_and_scale=False) as data:
        assert_same(HyperCube.from_xarray(data), cube)
    with xr.open_dataarray(tmp_path / "cube.nc", engine="scipy") as data:
        again = HyperCube.from_xarray(data)  # xarray has scaled the values
        assert (again.scale, again.offset) == (1.0, 0.0)
        np.testing.assert_allclose(again.spectrum(1, 2), cube.spectrum(1, 2), rtol=1e-6)


def test_the_attributes_follow_the_cf_conventions():
    data = full_cube().to_xarray()
    assert data.dims == ("y", "x", "band")
    assert data.wavelength.attrs["units"] == data.fwhm.attrs["units"] == "nm"
    assert data.wavelength.attrs["standard_name"] == "radiation_wavelength"
    assert data.x.values.tolist() == [380015.0, 380045.0, 380075.0, 380105.0]
    assert data.y.values[:2].tolist() == [5809985.0, 5809955.0]
    assert data.x.attrs["standard_name"] == "projection_x_coordinate"
    assert data[data.attrs["grid_mapping"]].attrs["crs_wkt"] == UTM
    assert data.attrs["_FillValue"] == -9999
    assert data.attrs["_FillValue"].dtype == np.int16
    assert (data.attrs["scale_factor"], data.attrs["add_offset"]) == (1e-4, 0.25)
    assert data.good_band.values.tolist() == [True, False, True]
    assert data.band_name.values.tolist() == ["blue", "green", "near infrared"]


def test_degrees_are_called_longitude_and_latitude():
    georeference = Georeference((0.1, 0.0, 13.0, 0.0, -0.1, 52.0), 'GEOGCS["WGS 84"]')
    data = HyperCube.from_array(VALUES, georeference=georeference).to_xarray()
    assert (data.x.attrs["units"], data.y.attrs["units"]) == ("degrees_east", "degrees_north")
    assert data.spatial_ref.attrs["grid_mapping_name"] == "latitude_longitude"


def test_a_band_is_chosen_by_its_wavelength():
    data = full_cube().to_xarray()
    near = data.sel(wavelength=565, method="nearest")
    np.testing.assert_array_equal(near, VALUES[:, :, 1])


class CountingSource(ArraySource):
    values = 0

    def read(self, rows, columns, bands):
        window = super().read(rows, columns, bands)
        self.values += window.size
        return window


def test_values_are_read_when_they_are_needed():
    source = CountingSource(VALUES)
    part = HyperCube(source).to_xarray().isel(y=slice(1, 3), x=2, band=[0, 2])
    assert source.values == 0
    np.testing.assert_array_equal(part, VALUES[1:3, 2][:, [0, 2]])
    assert source.values <= 6


def test_a_part_of_a_scene_keeps_its_place():
    data = full_cube().to_xarray().isel(y=slice(1, None, 2), x=slice(2, None))
    georeference = HyperCube.from_xarray(data).georeference
    # Every second row: pixels twice as high around the same centres.
    assert georeference.transform == (30.0, 0.0, 380060.0, 0.0, -60.0, 5809985.0)
    one = HyperCube.from_xarray(full_cube().to_xarray().isel(y=[2], x=[3]))
    assert one.georeference.transform == (30.0, 0.0, 380090.0, 0.0, -30.0, 5809940.0)


def test_a_rotated_scene_keeps_its_transform():
    georeference = Georeference((2.0, 0.5, 10.0, 0.5, -2.0, 20.0), UTM)
    data = HyperCube.from_array(VALUES, georeference=georeference).to_xarray()
    assert not {"x", "y"} & set(data.coords)
    assert HyperCube.from_xarray(data).georeference == georeference


@pytest.mark.parametrize(
    "dims",
    [
        ("wavelength", "lat", "lon"),
        ("latitude", "longitude", "bands"),
        ("row", "column", "anything"),
        ("band", "y", "x"),
    ],
)
def test_dimensions_are_reported_by_their_names(dims):
    roles = {"lat": 0, "latitude": 0, "row": 0, "y": 0, "lon": 1, "longitude": 1, "column": 1}
    order = [roles.get(d, 1 if d == "x" else 2) for d in dims]
    data = xr.DataArray(VALUES.transpose(order), dims=dims)
    np.testing.assert_array_equal(np.asarray(HyperCube.from_xarray(data)), VALUES)


def test_dimensions_are_reported_by_attributes_and_the_wavelengths():
    coordinates = {
        "a": ("a", np.arange(4.0), {"axis": "X"}),
        "b": ("b", np.arange(5.0), {"axis": "Y"}),
        "wavelength": ("c", [0.45, 0.55, 0.86], {"units": "micrometers"}),
    }
    data = xr.DataArray(VALUES.transpose(2, 1, 0), coordinates, ("c", "a", "b"))
    cube = HyperCube.from_xarray(data)
    np.testing.assert_array_equal(np.asarray(cube), VALUES)
    np.testing.assert_allclose(cube.wavelengths, [450, 550, 860])
    assert cube.wavelength_units_in_file == "micrometers"
    assert cube.georeference.transform == (1.0, 0.0, -0.5, 0.0, 1.0, -0.5)


def test_further_dimensions_of_one_entry_are_left_out():
    data = full_cube().to_xarray().expand_dims("time")
    np.testing.assert_array_equal(np.asarray(HyperCube.from_xarray(data)), VALUES)


def test_dimensions_that_cannot_be_told_apart_are_to_be_named():
    data = xr.DataArray(VALUES, dims=("p", "q", "r"))
    with pytest.raises(FormatError, match=r"p \(5\), q \(4\), r \(3\); name them"):
        HyperCube.from_xarray(data)
    cube = HyperCube.from_xarray(data, y="p", x="q", band="r")
    np.testing.assert_array_equal(np.asarray(cube), VALUES)
    with pytest.raises(FormatError, match="name them"):
        HyperCube.from_xarray(data, y="p", x="q", band="absent")
    with pytest.raises(FormatError, match="name them"):
        HyperCube.from_xarray(data, y="p", x="p", band="r")


def test_other_numbers_of_dimensions_are_refused():
    for data in (xr.DataArray(VALUES[0]), xr.DataArray(1), xr.DataArray(np.zeros((2, 2, 2, 2)))):
        with pytest.raises(FormatError, match="are unclear"):
            HyperCube.from_xarray(data)


def test_a_dataset_names_its_variables():
    data = xr.Dataset({"reflectance": full_cube().to_xarray(), "mask": ("y", np.ones(5))})
    with pytest.raises(FormatError, match="choose one of its variables: reflectance, mask"):
        HyperCube.from_xarray(data)


def test_what_holds_no_numbers_is_refused():
    with pytest.raises(FormatError, match="numbers"):
        HyperCube.from_xarray(xr.DataArray(np.full((2, 2, 2), "a"), dims=("y", "x", "band")))


@pytest.mark.parametrize(
    ("unit", "factor"),
    [
        *(("nm", 1), ("nanometers", 1), ("Nanometre", 1), ("um", 1e3), ("µm", 1e3), ("μm", 1e3)),
        *(("micron", 1e3), ("micrometer", 1e3), ("micrometres", 1e3), ("m", 1e9)),
        ("Angstrom", 0.1),
    ],
)
def test_wavelengths_in_any_unit_of_length_become_nanometres(unit, factor):
    data = full_cube().to_xarray()
    given = np.array([450.0, 550.0, 860.0]) / factor
    data = data.assign_coords(wavelength=("band", given, {"units": unit}))
    np.testing.assert_allclose(HyperCube.from_xarray(data).wavelengths, [450, 550, 860])


def test_wavelengths_in_an_unknown_unit_are_refused():
    data = full_cube().to_xarray()
    data.wavelength.attrs["units"] = "furlong"
    with pytest.raises(FormatError, match=r'"furlong"; convert them to nm'):
        HyperCube.from_xarray(data)


def test_a_large_array_is_computed_by_window(monkeypatch):
    from hsi_viewer.core.cube import xarray_form

    monkeypatch.setattr(xarray_form, "HELD_BYTES", 0)
    cube = HyperCube.from_xarray(full_cube().to_xarray())
    assert not cube.in_memory
    assert_same(cube, full_cube())
    np.testing.assert_array_equal(
        cube.read(slice(1, 4, 2), slice(0, 2), [2, 0]), VALUES[1:4:2, 0:2][:, :, [2, 0]]
    )


def test_without_xarray_its_name_is_reported(monkeypatch):
    real = builtins.__import__

    def refuse(name, *arguments):
        if name.split(".")[0] == "xarray":
            raise ModuleNotFoundError("No module named 'xarray'")
        return real(name, *arguments)

    monkeypatch.delitem(sys.modules, "hsi_viewer.core.cube.xarray_form", raising=False)
    monkeypatch.setattr(builtins, "__import__", refuse)
    with pytest.raises(ImportError, match=r'pip install "hsi-viewer\[xarray\]"'):
        full_cube().to_xarray()


@pytest.mark.parametrize("name", ["_FillValue", "scale_factor", "add_offset"])
@pytest.mark.parametrize("value", ["abc", [1.0, 2.0], None])
def test_attributes_that_are_no_numbers_are_reported(name, value):
    data = xr.DataArray(np.ones((2, 3, 4)), dims=("y", "x", "band"), attrs={name: value})
    if name == "_FillValue" and value is None:
        assert HyperCube.from_xarray(data).nodata is None
        return
    with pytest.raises(FormatError, match=f'attribute "{name}" is .*, not a number'):
        HyperCube.from_xarray(data)
