"""Odd but legal files, as programs and people write them, against what is true of them."""

from __future__ import annotations

import h5py
import numpy as np
import pytest
import rasterio
import scipy.io
from rasterio.transform import Affine

from hsi_viewer.io.info import cube_info
from hsi_viewer.io.opening import open_cube

ROWS, COLUMNS, BANDS = 5, 7, 4
CUBE = (np.arange(ROWS * COLUMNS * BANDS).reshape(ROWS, COLUMNS, BANDS) * 3 + 1).astype("<u2")
NM = [450.0, 550.0, 650.0, 850.0]
TRANSFORM = Affine(30, 0, 600000, 0, -30, 5200000)
LAYOUT = f"samples = {COLUMNS}\nlines = {ROWS}\nbands = {BANDS}\ndata type = 12\n"
HEADER = f"ENVI\n{LAYOUT}interleave = bsq\nbyte order = 0\n"


def write_envi(folder, text, header="x.hdr", data="x.img", encoding="utf-8"):
    (folder / data).write_bytes(CUBE.transpose(2, 0, 1).tobytes())
    (folder / header).write_bytes(text.encode(encoding))
    return folder / header


@pytest.mark.parametrize(
    ("header", "data"),
    [
        ("x.hdr", "x"),
        ("x.dat.hdr", "x.dat"),
        ("x.bip.hdr", "x.bip"),
        ("x.img.hdr", "x.img"),
        ("MY SCENE.HDR", "MY SCENE.IMG"),
        ("scene.hdr", "SCENE.DAT"),
        ("f080702t01.c_corr.hdr", "f080702t01.c_corr"),
        ("größe #1.hdr", "größe #1.bsq"),
    ],
)
def test_header_and_data_find_each_other(tmp_path, header, data):
    write_envi(tmp_path, HEADER, header, data)
    for name in (header, data):
        np.testing.assert_array_equal(open_cube(tmp_path / name).read(), CUBE)


@pytest.mark.parametrize(
    "extra",
    [
        "wavelength = {450, 550, 650, 850}\n",
        "wavelength = {450, 550, 650, 850,}\n",
        "wavelength={450 550 650 850}\nwavelength units=Nanometers\n",
        "wavelength = {\n 450.0,\n 550.0,\n\n 650.0,\n 850.0\n}\n",
        "wavelength =\n{450, 550,\n 650, 850}\n",
        "wavelength = {450 nm, 550 nm, 650 nm, 850 nm}\n",
        "WAVELENGTH UNITS = MICROMETERS\nWavelength = {0.45, 0.55, 0.65, 0.85}\n",
        "wavelength units = µm\nwavelength = {0.45, 0.55, 0.65, 0.85}\n",
        "wavelength units = Angstroms\nwavelength = {4500, 5500, 6500, 8500}\n",
        "wavelength units = Wavenumber\nwavelength = {22222.2222, 18181.8, 15384.6, 11764.70588}\n",
        "wavelength units = GHz\nwavelength = {666205.4622, 545077.2, 461219.2, 352697.0094}\n",
        "wavelength units = Unknown\nwavelength = {0.45, 0.55, 0.65, 0.85}\n",
        "; wavelength = {\nwavelength = {450, 550, 650, 850}\n",
        "band names = {B1 (450 nm), B2 (550 nm), B3 (650 nm), B4 (850 nm)}\n",
    ],
)
@pytest.mark.parametrize(("end", "mark"), [("\n", ""), ("\r\n", "\ufeff"), ("\r", "")])
def test_wavelengths_however_they_are_written(tmp_path, extra, end, mark):
    header = write_envi(tmp_path, mark + (HEADER + extra).replace("\n", end))
    np.testing.assert_allclose(open_cube(header).wavelengths[[0, -1]], NM[:: BANDS - 1], rtol=1e-6)


def test_tabs_upper_case_latin_1_and_remarks(tmp_path):
    text = (
        f"ENVI \n\nSAMPLES\t=\t{COLUMNS} ; columns\nLines={ROWS}\nBANDS\t= {BANDS}\n"
        "Data Type =12\nInterleave = BSQ ; by band\nBYTE ORDER = 0\ndescription = {Größe}\n"
        "data ignore value = {-9.99900000e+003}\nreflectance scale factor = 10000.000000\n"
    )
    cube = open_cube(write_envi(tmp_path, text, encoding="latin-1"))
    np.testing.assert_array_equal(cube.read(), CUBE)
    assert cube.metadata["description"] == "{Größe}"
    assert cube.nodata == -9999
    assert cube.scale == pytest.approx(1e-4)


@pytest.mark.parametrize(
    ("map_info", "crs", "transform"),
    [
        (
            "UTM, 1.5, 1.5, 600015, 5199985, 30, 30, 32, South, WGS-84, units=Meters",
            32732,
            TRANSFORM,
        ),
        (
            "Geographic Lat/Lon, 1, 1, 10.0, 47.0, 0.001, 0.001, WGS-84, units=Degrees",
            4326,
            Affine(0.001, 0, 10, 0, -0.001, 47),
        ),
    ],
)
def test_map_info(tmp_path, map_info, crs, transform):
    facts = cube_info(write_envi(tmp_path, f"{HEADER}map info = {{{map_info}}}\n"))
    assert facts["crs"] == f"EPSG:{crs}"
    np.testing.assert_allclose(facts["transform"], list(transform)[:6])


def write_raster(path, driver, tags=(), names=(), **whole):
    with rasterio.open(
        path, "w", driver=driver, height=ROWS, width=COLUMNS, count=BANDS, dtype="uint16",
        transform=TRANSFORM, crs="EPSG:32632",
    ) as file:  # fmt: skip
        file.write(CUBE.transpose(2, 0, 1))
        file.update_tags(**whole)
        for band, given in enumerate(tags, 1):
            file.update_tags(band, **given)
        for band, name in enumerate(names, 1):
            file.set_band_description(band, name)
    return path


@pytest.mark.parametrize(
    "given",
    [
        {"tags": [{"wavelength": str(w), "wavelength_units": "nm", "fwhm": "10"} for w in NM]},
        {"tags": [{"WAVELENGTH": str(w / 1000), "WAVELENGTH_UNIT": "Micrometers"} for w in NM]},
        {"tags": [{"CENTRAL_WAVELENGTH_UM": str(w / 1000), "FWHM_UM": "0.01"} for w in NM]},
        {"names": [f"{w} Nanometers" for w in NM]},
        {"names": [f"Band {k} ({w} nm)" for k, w in enumerate(NM)]},
        {"wavelength": "{450, 550, 650, 850}", "wavelength_units": "nm"},
        {f"Band_{k}": f"{w} Nanometers" for k, w in enumerate(NM, 1)},
    ],
    ids=["EnMAP", "micrometres", "GDAL", "names", "names in brackets", "file", "ENVI by GDAL"],
)
def test_wavelengths_in_the_tags_of_a_geotiff(tmp_path, given):
    cube = open_cube(write_raster(tmp_path / "a.tif", "GTiff", **given))
    np.testing.assert_allclose(cube.wavelengths, NM)
    np.testing.assert_array_equal(cube.read(), CUBE)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"wavelength": "{450, 550, 650}"}, "list 3 wavelengths for 4 bands; they are not used"),
        ({"tags": [{"wavelength": "n/a"}] * 4}, "something other than numbers"),
        ({"tags": [{"wavelength": "450"}] * 2}, "2 of 4 bands have a wavelength"),
        ({"tags": [{"wavelength": "nan", "wavelength_units": "nm"}] * 4}, "not positive numbers"),
    ],
)
def test_wavelengths_in_tags_that_cannot_be_used_are_reported(tmp_path, given, said):
    cube = open_cube(write_raster(tmp_path / "a.tif", "GTiff", **given))
    assert cube.wavelengths is None
    assert any(said in warning for warning in cube.warnings)


@pytest.mark.parametrize("driver", ["ENVI", "HFA"])
def test_images_that_gdal_wrote(tmp_path, driver):
    path = write_raster(tmp_path / "a.img", driver)
    np.testing.assert_array_equal(open_cube(path).read(), CUBE)
    facts = cube_info(path)
    assert facts["crs"] == "EPSG:32632"
    np.testing.assert_allclose(facts["transform"], list(TRANSFORM)[:6])


UTM = rasterio.crs.CRS.from_epsg(32632).to_wkt()


@pytest.mark.parametrize("system", [UTM, "EPSG:32632", "+proj=utm +zone=32 +datum=WGS84"])
@pytest.mark.parametrize("dims", [("y", "x", "wavelength"), ("wavelength", "y", "x")])
def test_netcdf_with_cf_conventions(tmp_path, dims, system):
    path = tmp_path / "cf.nc"
    order = [("y", "x", "wavelength").index(name) for name in dims]
    with h5py.File(path, "w") as file:
        data = file.create_dataset("reflectance", data=CUBE.transpose(order))
        values = {
            "y": 5200000 - 15 - 30.0 * np.arange(ROWS),
            "x": 600000 + 15 + 30.0 * np.arange(COLUMNS),
            "wavelength": np.array(NM) / 1000,
        }
        for name, centres in values.items():
            file[name] = centres
            file[name].make_scale(name)
            data.dims[dims.index(name)].attach_scale(file[name])
        file["wavelength"].attrs["units"] = "um"
        data.attrs.update({"_FillValue": np.uint16(1), "scale_factor": 1e-4})
        mapping = file.create_dataset("crs", data=0)
        mapping.attrs["spatial_ref"] = system
    cube = open_cube(path)
    np.testing.assert_array_equal(cube.read(), CUBE)
    facts = cube_info(path)
    assert facts["crs"] == "EPSG:32632"
    np.testing.assert_allclose(facts["transform"], list(TRANSFORM)[:6])
    np.testing.assert_allclose(cube.wavelengths, NM)
    assert (facts["nodata"], facts["scale"], facts["wavelength_units_in_file"]) == (1, 1e-4, "um")


def test_arrays_with_an_axis_of_one(tmp_path):
    np.save(tmp_path / "a.npy", CUBE[None])
    scipy.io.savemat(tmp_path / "a.mat", {"x": CUBE[None]})
    for name in ("a.npy", "a.mat"):
        np.testing.assert_array_equal(open_cube(tmp_path / name).read(), CUBE)


def test_arrays_in_groups_of_zarr(tmp_path):
    zarr = pytest.importorskip("zarr")
    group = zarr.open_group(str(tmp_path / "a.zarr"), mode="w")
    group.create_array("scene/cube", data=CUBE, chunks=(2, 3, 2))
    np.testing.assert_array_equal(open_cube(tmp_path / "a.zarr").read(), CUBE)


@pytest.mark.parametrize("version", [2, 3])
def test_zarr_as_xarray_writes_it(tmp_path, version):
    """Names of axes, fill value and grid mapping, which Zarr 2 and 3 keep in different places."""
    zarr = pytest.importorskip("zarr")
    group = zarr.open_group(str(tmp_path / "a.zarr"), mode="w", zarr_format=version)

    def add(name, values, *dims, **attributes):
        named = {"dimension_names": dims} if version == 3 else {}
        fill = attributes.pop("_FillValue", None)
        if version == 3 and fill is not None:
            attributes["_FillValue"] = fill
        array = group.create_array(name, data=values, fill_value=fill or 0, **named)
        if version == 2:
            attributes["_ARRAY_DIMENSIONS"] = list(dims)
        array.attrs.update(attributes)

    stored = CUBE.transpose(2, 0, 1)[None]
    facts = {"_FillValue": 1, "scale_factor": 1e-4, "grid_mapping": "spatial_ref"}
    add("refl", stored, "time", "band", "y", "x", **facts)
    add("wavelength", np.array(NM) / 1000, "band", units="um")
    add("y", 5200000 - 15 - 30.0 * np.arange(ROWS), "y")
    add("x", 600000 + 15 + 30.0 * np.arange(COLUMNS), "x")
    add("spatial_ref", np.array(0), crs_wkt=rasterio.crs.CRS.from_epsg(32632).to_wkt())
    cube, info = open_cube(tmp_path / "a.zarr"), cube_info(tmp_path / "a.zarr")
    np.testing.assert_array_equal(cube.read(), CUBE)
    np.testing.assert_array_equal(cube.read(slice(1, 3), bands=[1, 0]), CUBE[1:3][:, :, [1, 0]])
    np.testing.assert_allclose(cube.wavelengths, NM)
    assert (info["nodata"], info["scale"], info["crs"]) == (1, 1e-4, "EPSG:32632")
    np.testing.assert_allclose(info["transform"], list(TRANSFORM)[:6])


@pytest.mark.parametrize("spoiled", ["system", "length", "spacing"])
def test_a_place_that_does_not_fit_is_left_out(tmp_path, spoiled):
    x = 600000 + 15 + 30.0 * np.arange(COLUMNS + (spoiled == "length"))
    x[-1] += 20 * (spoiled == "spacing")
    with h5py.File(tmp_path / "a.nc", "w") as file:
        file["cube"], file["x"] = CUBE, x
        file["y"] = 5200000 - 15 - 30.0 * np.arange(ROWS)
        file["crs"] = 0
        file["crs"].attrs["spatial_ref"] = "a system of our own" if spoiled == "system" else UTM
    georeference = open_cube(tmp_path / "a.nc").georeference
    assert (georeference is None) == (spoiled != "system")
    assert georeference is None or georeference.crs_wkt is None


def test_labelled_axes_of_hdf5(tmp_path):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["cube"] = CUBE.transpose(1, 2, 0)
        for axis, label in enumerate(("x", "band", "y")):
            file["cube"].dims[axis].label = label
    np.testing.assert_array_equal(open_cube(tmp_path / "a.h5").read(), CUBE)
