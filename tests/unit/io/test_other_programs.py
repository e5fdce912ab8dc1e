"""Files as other programs lay them out: written here after public code, with what opens them."""

from __future__ import annotations

import base64
import json
import struct
import subprocess
import sys

import h5py
import numpy as np
import pytest
import rasterio
import scipy.io
import tifffile
import zarr
from rasterio.crs import CRS

from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.errors import FormatError
from hsi_viewer.io.labels.label_file import read_labels
from hsi_viewer.io.libraries.spectral_library import read_library
from hsi_viewer.io.opening import open_cube
from hsi_viewer.io.writers.cube_writer import write_cube

CUBE = np.random.default_rng(6).integers(0, 250, (20, 25, 12)).astype("u2")
FIRST = CUBE.transpose(2, 0, 1)  # bands first
NM = np.linspace(400, 950, 12)
UTM = CRS.from_epsg(32633).to_wkt()
TRANSFORM = (30.0, 0.0, 5e5, 0.0, -30.0, 4e6)
BARE = "This is a netCDF dimension but not a netCDF variable. %10d"


def same(path, cube=CUBE):
    found = open_cube(path)
    np.testing.assert_array_equal(found.read(), cube)
    return found


def netcdf(path, names, sizes, array, lists=(), mapping=None):
    """A netCDF-4 file: dimensions with the values given, or bare ones."""
    lists = dict(lists)
    with h5py.File(path, "w") as file:
        for name, size in zip(names, sizes, strict=True):
            values = lists.pop(name, None)
            file[name] = np.zeros(size, ">f4") if values is None else values
            file[name].make_scale(BARE % size if values is None else name)
        for name, values in lists.items():
            file[name] = values
            file[name].attrs["units"] = "nm"
        file["reflectance"] = array
        for axis, name in enumerate(names):
            file["reflectance"].dims[axis].attach_scale(file[name])
        if mapping is not None:
            file["spatial_ref"] = 0
            file["spatial_ref"].attrs.update(mapping)
            file["reflectance"].attrs["grid_mapping"] = "spatial_ref"


# axes ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("listed", ["sensor/wavelength", "wl", None])
def test_a_dimension_without_values_is_no_list_of_wavelengths(tmp_path, listed):
    lists = {} if listed is None else {listed: NM}
    netcdf(tmp_path / "a.nc", ("y", "x", "wavelength"), CUBE.shape, CUBE, lists)
    found = same(tmp_path / "a.nc")
    if listed is None:
        assert found.wavelengths is None
    else:
        np.testing.assert_array_equal(found.wavelengths, NM)


@pytest.mark.parametrize("third", ["z", "layer", "time", "variable", "depth"])
@pytest.mark.parametrize("pair", [("latitude", "longitude"), ("northing", "easting"), ("y", "x")])
def test_the_axis_beside_those_of_the_map_is_of_the_bands(tmp_path, third, pair):
    y, x = 50 - 0.001 * np.arange(20), 10 + 0.001 * np.arange(25)
    lists = {pair[0]: y, pair[1]: x}
    netcdf(tmp_path / "a.nc", (third, *pair), FIRST.shape, FIRST, lists)
    found = same(tmp_path / "a.nc")
    wanted = (0.001, 0, 9.9995, 0, -0.001, 50.0005)
    np.testing.assert_allclose(found.georeference.transform, wanted, atol=1e-12)


def test_axes_of_vigra_and_ilastik(tmp_path):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["data"] = FIRST
        keys = {"axes": [{"key": k, "typeFlags": 2} for k in "cyx"]}
        file["data"].attrs["axistags"] = json.dumps(keys)
    assert same(tmp_path / "a.h5").warnings == ()


@pytest.mark.parametrize("version", ["0.4", "0.5"])
def test_axes_of_ome_zarr(tmp_path, version):
    names, array = ("t", "c", "z", "y", "x"), FIRST[None, :, None]
    if version == "0.5":
        names, array = ("c", "y", "x"), FIRST
    scale = {
        "axes": [{"name": name} for name in names],
        "datasets": [{"path": "0", "coordinateTransformations": []}],
    }
    group = zarr.open_group(
        str(tmp_path / "a.zarr"), mode="w", zarr_format=2 if version == "0.4" else 3
    )
    group.create_array("0", data=array)
    group.attrs.update(
        {"multiscales": [scale]} if version == "0.4" else {"ome": {"multiscales": [scale]}}
    )
    assert same(tmp_path / "a.zarr").warnings == ()


# values and places ---------------------------------------------------------------------------


@pytest.mark.parametrize("nodata", [-9999.0, float("nan")])
def test_nodata_of_xarray_in_zarr_3(tmp_path, nodata):
    group = zarr.open_group(str(tmp_path / "a.zarr"), mode="w")
    array = group.create_array("a", data=CUBE.astype("f4"), dimension_names=("y", "x", "band"))
    array.attrs["_FillValue"] = base64.b64encode(struct.pack("<d", nodata)).decode()
    np.testing.assert_equal(open_cube(tmp_path / "a.zarr").nodata, nodata)


def test_signed_integers_that_stand_for_unsigned(tmp_path):
    netcdf(tmp_path / "a.nc", ("y", "x", "band"), CUBE.shape, CUBE.astype("u1").view("i1"))
    with h5py.File(tmp_path / "a.nc", "a") as file:
        file["reflectance"].attrs.update({"_Unsigned": "true", "_FillValue": np.int8(-1)})
    found = same(tmp_path / "a.nc", CUBE.astype("u1"))
    assert (found.dtype, found.nodata) == (np.uint8, 255)


@pytest.mark.parametrize(
    ("rows", "columns"), [((5, 20), (0, 25)), ((0, 20), (3, 20)), ((0, 20), (0, 25))]
)
def test_a_part_of_a_scene_lies_where_its_coordinates_say(tmp_path, rows, columns):
    x = 5e5 + 30 * (np.arange(25) + 0.5)
    y = 4e6 - 30 * (np.arange(20) + 0.5)
    part = CUBE[rows[0] : rows[1], columns[0] : columns[1]]
    mapping = {"crs_wkt": UTM, "GeoTransform": "500000 30 0 4000000 0 -30"}  # of the whole scene
    lists = {"y": y[rows[0] : rows[1]], "x": x[columns[0] : columns[1]]}
    netcdf(tmp_path / "a.nc", ("y", "x", "band"), part.shape, part, lists, mapping)
    found = same(tmp_path / "a.nc", part)
    wanted = (30, 0, 5e5 + 30 * columns[0], 0, -30, 4e6 - 30 * rows[0])
    assert found.georeference.transform == wanted
    assert found.georeference.crs_wkt == UTM


@pytest.mark.parametrize("turned", [(5, 0), (0, 5), (5, 5)])
def test_of_a_grid_that_is_turned_the_coordinates_say_nothing(tmp_path, turned):
    x, y = 5e5 + 30 * (np.arange(2, 27) + 0.5), 4e6 - 30 * (np.arange(20) + 0.5)
    given = f"500000 30 {turned[0]} 4000000 {turned[1]} -30"
    mapping = {"crs_wkt": UTM, "GeoTransform": given}
    netcdf(tmp_path / "a.nc", ("y", "x", "band"), CUBE.shape, CUBE, {"x": x, "y": y}, mapping)
    found = open_cube(tmp_path / "a.nc").georeference.transform
    assert found == (30, turned[0], 5e5, turned[1], -30, 4e6)


@pytest.mark.parametrize("names", [("Latitude", "Longitude"), ("nav_y", "nav_x"), ("Y", "X")])
def test_coordinates_are_known_by_any_name(tmp_path, names):
    y, x = 50 - 0.001 * np.arange(20), 10 + 0.001 * np.arange(25)
    lists = {names[0]: y, names[1]: x}
    netcdf(tmp_path / "a.nc", (*names, "band"), CUBE.shape, CUBE, lists)
    with h5py.File(tmp_path / "a.nc", "a") as file:
        file[names[0]].attrs["units"], file[names[1]].attrs["units"] = (
            "degrees_north",
            "degrees_east",
        )
    georeference = open_cube(tmp_path / "a.nc").georeference
    np.testing.assert_allclose(
        georeference.transform, (0.001, 0, 9.9995, 0, -0.001, 50.0005), atol=1e-12
    )
    assert CRS.from_wkt(georeference.crs_wkt).to_epsg() == 4326


@pytest.mark.parametrize("given", ["0 0 0 0 0 0", "500000 0 0 5e6 0 0", "inf 1e-320 0 5e6 0 -1"])
def test_a_place_that_is_none_is_not_taken(tmp_path, given):
    x, y = 5e5 + 30 * (np.arange(25) + 0.5), 4e6 - 30 * (np.arange(20) + 0.5)
    mapping = {"crs_wkt": UTM, "GeoTransform": given}
    netcdf(tmp_path / "a.nc", ("y", "x", "band"), CUBE.shape, CUBE, {"x": x, "y": y}, mapping)
    assert same(tmp_path / "a.nc").georeference.transform == TRANSFORM


def test_the_header_of_other_data_says_nothing_of_a_raster(tmp_path):
    stored = HyperCube.from_array(CUBE.astype("i2"), scale=1e-4, nodata=0.0, wavelengths=NM)
    write_cube(stored, tmp_path / "scene.hdr")
    write_cube(HyperCube.from_array((CUBE / 250).astype("f4")), tmp_path / "scene.tif")
    found = open_cube(tmp_path / "scene.tif")
    assert (found.scale, found.nodata, found.wavelengths) == (1.0, None, None)
    (tmp_path / "scene.img").unlink()  # then it can only be the raster's
    np.testing.assert_array_equal(open_cube(tmp_path / "scene.tif").wavelengths, NM)


# names and folders ---------------------------------------------------------------------------


@pytest.mark.parametrize("template", ["Band_{:.0f}", "X{:.2f}", "band {:.0f}", "B{:.0f}nm"])
def test_wavelengths_in_the_names_of_bands(tmp_path, template):
    names = tuple(template.format(nm) for nm in NM)
    write_cube(HyperCube.from_array(CUBE, band_names=names), tmp_path / "a.tif")
    np.testing.assert_allclose(open_cube(tmp_path / "a.tif").wavelengths, NM, atol=0.5)


@pytest.mark.parametrize("start", [1, 201, 301])
def test_numbers_of_bands_are_no_wavelengths(tmp_path, start):
    names = tuple(f"Band_{start + k}" for k in range(12))
    write_cube(HyperCube.from_array(CUBE, band_names=names), tmp_path / "a.tif")
    assert open_cube(tmp_path / "a.tif").wavelengths is None


def write_band(path, plane, scale=1.0):
    rows, columns = plane.shape
    transform = rasterio.Affine(*TRANSFORM)
    options = {"height": rows, "width": columns, "count": 1, "dtype": plane.dtype}
    with rasterio.open(path, "w", "GTiff", transform=transform, **options) as file:
        file.write(plane, 1)
        file.scales = (scale,)


def test_a_folder_of_scaled_bands_named_by_their_wavelength(tmp_path):
    for k in range(12):
        write_band(tmp_path / f"leaf_{NM[k]:.0f}.tif", FIRST[k], 1e-4)
    found = same(tmp_path)
    assert found.scale == 1e-4
    np.testing.assert_array_equal(found.wavelengths, NM)


def test_bands_of_another_size_are_left_out_and_named(tmp_path):
    for k in range(3):
        write_band(tmp_path / f"B0{k + 2}.tif", FIRST[k])
    write_band(tmp_path / "B08.tif", FIRST[3, ::2, ::2])
    found = same(tmp_path, CUBE[:, :, :3])
    assert found.warnings == ("Left out because their size differs: B08.tif.",)
    write_band(tmp_path / "B01.tif", FIRST[3, ::2, ::2])
    (tmp_path / "B02.tif").unlink()
    with pytest.raises(FormatError, match=r"B03\.tif has 20 x 25 x 1 pixels"):
        open_cube(tmp_path)


@pytest.mark.parametrize(
    "names",
    [
        ("IMG_0412", "IMG_0413", "IMG_0415", "IMG_0416"),
        ("frame_300", "frame_310", "frame_320"),
        ("t_1015", "t_1025", "t_1035"),
        ("scene_B210", "scene_B215", "scene_B220"),
        ("exp_250", "exp_500", "exp_1000"),
        ("t_1015", "t_1115", "t_1215"),
        ("DSC00512", "DSC00614", "DSC00720"),
        tuple(f"frame_{n:04}" for n in range(300, 420, 10)),
        ("Band 300", "Band 350", "Band 420"),
    ],
)
def test_counters_in_names_are_no_wavelengths(tmp_path, names):
    for k, name in enumerate(names):
        write_band(tmp_path / f"{name}.tif", FIRST[k])
    assert open_cube(tmp_path).wavelengths is None
    stack = HyperCube.from_array(CUBE[:, :, : len(names)], band_names=names)
    write_cube(stack, tmp_path / "stack" / "a.tif")
    assert open_cube(tmp_path / "stack" / "a.tif").wavelengths is None


@pytest.mark.parametrize("values", [np.zeros(6), np.arange(6.0), np.array(TRANSFORM)])
def test_a_variable_called_transform_is_no_place(tmp_path, values):
    variables = {"cube": CUBE, "transform": values, "crs_wkt": "garbage", "band_names": "x"}
    scipy.io.savemat(tmp_path / "a.mat", variables)
    assert same(tmp_path / "a.mat").georeference is None


def test_a_header_that_describes_an_imagine_file(tmp_path):
    options = {"height": 20, "width": 25, "count": 12, "dtype": "uint16", "crs": UTM}
    transform = rasterio.Affine(*TRANSFORM)
    with rasterio.open(tmp_path / "x.img", "w", "HFA", transform=transform, **options) as file:
        file.write(FIRST)
    listed = ", ".join(map(str, NM))
    (tmp_path / "x.hdr").write_text(
        "ENVI\nsamples = 25\nlines = 20\nbands = 12\nfile type = ERDAS IMAGINE\ndata type = 12\n"
        f"interleave = bsq\nwavelength units = nm\nwavelength = {{{listed}}}\n"
    )
    for name in ("x.img", "x.hdr"):
        found = same(tmp_path / name)
        assert found.georeference.transform == TRANSFORM
        np.testing.assert_allclose(found.wavelengths, NM)


def test_labels_of_minus_one_are_unlabelled(tmp_path):
    ids = np.array([[-1, 0, 1], [11, 2, -1]])
    np.save(tmp_path / "a.npy", ids.astype("f8"))
    np.testing.assert_array_equal(read_labels(tmp_path / "a.npy").ids, np.maximum(ids, 0))


@pytest.mark.parametrize(
    ("start", "expected"),
    [(b"PCIDSK  ", "a PCIDSK image"), (b"[general]\ncreator=R", "an R raster")],
)
def test_formats_that_only_gdal_reads_are_named(tmp_path, start, expected):
    (tmp_path / "a.pix").write_bytes(start + bytes(600))
    with pytest.raises(FormatError, match=expected):
        open_cube(tmp_path / "a.pix")


@pytest.mark.parametrize("values", ["km", "packed", "numbers", "half a pixel off"])
def test_coordinates_that_do_not_fit_the_place_do_not_replace_it(tmp_path, values):
    x, y = 5e5 + 30 * (np.arange(25) + 0.5), 4e6 - 30 * (np.arange(20) + 0.5)
    lists = {
        "km": (x / 1000, y / 1000),
        "packed": (np.arange(25, dtype="i2"), np.arange(20, dtype="i2")),
        "numbers": (np.arange(25.0), np.arange(20.0)),
        "half a pixel off": (x - 15, y + 15),
    }[values]
    mapping = {"crs_wkt": UTM, "GeoTransform": "500000 30 0 4000000 0 -30"}
    named = {"x": lists[0], "y": lists[1]}
    netcdf(tmp_path / "a.nc", ("y", "x", "band"), CUBE.shape, CUBE, named, mapping)
    assert open_cube(tmp_path / "a.nc").georeference.transform == TRANSFORM


@pytest.mark.parametrize("step", [2, 3])
def test_every_nth_pixel_of_a_scene(tmp_path, step):
    x, y = 5e5 + 30 * (np.arange(25) + 0.5), 4e6 - 30 * (np.arange(20) + 0.5)
    part = CUBE[::step, ::step]
    mapping = {"crs_wkt": UTM, "GeoTransform": "500000 30 0 4000000 0 -30"}
    lists = {"x": x[::step], "y": y[::step]}
    netcdf(tmp_path / "a.nc", ("y", "x", "band"), part.shape, part, lists, mapping)
    a, _, c, _, e, f = open_cube(tmp_path / "a.nc").georeference.transform
    half = 15.0 * step  # the middle of the first pixel stays where it was
    assert (a, e, c + half, f - half) == (30.0 * step, -30.0 * step, 5e5 + 15, 4e6 - 15)


@pytest.mark.parametrize("nm", [np.where(np.arange(12) == 3, np.nan, NM), np.full(12, 550.0)])
def test_a_list_of_wavelengths_with_a_gap_or_of_one_band_is_kept(tmp_path, nm):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["cube"], file["wavelength"] = CUBE, nm
    np.testing.assert_array_equal(open_cube(tmp_path / "a.h5").wavelengths, nm)


def test_a_gain_of_a_camera_is_no_scale(tmp_path):
    group = zarr.open_group(str(tmp_path / "a.zarr"), mode="w")
    array = group.create_array("a", data=CUBE)
    array.attrs.update({"gain": 12.5, "scale_factor": 1e-4})
    assert open_cube(tmp_path / "a.zarr").scale == 1e-4


def test_the_second_image_of_a_tiff_as_labels(tmp_path):
    path = tmp_path / "two.tif"
    with tifffile.TiffWriter(path) as file:
        for k in (1, 2):
            file.write(np.full((2, 3), k, np.uint8), contiguous=False, metadata=None)
    assert (read_labels(f"{path}:2").ids == 2).all()
    assert (read_labels(path).ids == 1).all()


LABELS = ("Wavelength", "Line", "Sample")


OF_AXES = [
    ("DIMENSION_LABELS", np.array([b"Wavelength", b"Line", b"Sample"])),
    ("DIMENSION_LABELS", np.array(LABELS, object)),
    ("DIMENSION_LABELS", "Wavelength"),
    ("DIMENSION_LABELS", np.array([b"Wavelength"])),
    ("DIMENSION_LABELS", np.arange(3)),
    ("DIMENSION_LIST", np.array([b"a", b"b", b"c"])),
    ("DIMENSION_LIST", np.arange(3.0)),
    ("DIMENSION_LIST", "text"),
    ("DIMENSION_LIST", "references"),
]


@pytest.fixture(scope="module")
def shapes_read(tmp_path_factory) -> list[list[str]]:
    """Shapes of cubes with such attributes, read in a process of its own: HDF5 can end it."""
    folder = tmp_path_factory.mktemp("axes")
    for k, (name, value) in enumerate(OF_AXES):
        with h5py.File(folder / f"{k}.h5", "w") as file:
            file["cube"] = FIRST
            if isinstance(value, str) and value == "references":
                value = np.array([file["cube"].ref] * 3, h5py.ref_dtype)
            elif isinstance(value, np.ndarray) and value.dtype == object:
                value = value.astype(h5py.string_dtype())
            file["cube"].attrs[name] = value
    imports = "import sys; from hsi_viewer.io.opening import open_cube"
    read = f"{imports}\nfor path in sys.argv[1:]: print(*open_cube(path).shape, flush=True)"
    paths = [str(folder / f"{k}.h5") for k in range(len(OF_AXES))]
    command = [sys.executable, "-c", read, *paths]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    return [line.split() for line in ended.stdout.splitlines()]


@pytest.mark.parametrize("case", range(len(OF_AXES)))
def test_attributes_of_axes_of_any_type(shapes_read, case):
    name, value = OF_AXES[case]
    assert len(shapes_read) > case, "the process ended before, or at, this one"
    texts = np.size(value) == 3 and np.asarray(value).dtype.kind in "SO"
    usable = name == "DIMENSION_LABELS" and texts
    assert shapes_read[case] == (["20", "25", "12"] if usable else ["12", "20", "25"])


def test_rows_that_run_north_lie_where_their_coordinates_say(tmp_path):
    x, y = 5e5 + 30 * (np.arange(25) + 0.5), 4e6 - 30 * (np.arange(20) + 0.5)
    mapping = {"crs_wkt": UTM, "GeoTransform": "500000 30 0 4000000 0 -30"}  # as GDAL leaves it
    lists = {"x": x, "y": y[::-1]}
    netcdf(tmp_path / "a.nc", ("y", "x", "band"), CUBE.shape, CUBE[::-1], lists, mapping)
    found = same(tmp_path / "a.nc", CUBE[::-1])
    assert found.georeference.transform == (30, 0, 5e5, 0, 30, 4e6 - 600)


def test_neon_before_2016(tmp_path):
    stored = FIRST.astype("i2")
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["Reflectance"] = stored
        file["Reflectance"].attrs.update(
            {
                "DIMENSION_LABELS": np.array([b"Wavelength", b"Line", b"Sample"]),
                "Scale Factor": "10000",
                "data ignore value": np.array([b"15000"]),
            }
        )
        file["wavelength"], file["fwhm"] = NM[:, None] / 1000, np.full((12, 1), 0.005)
        file["map info"] = "UTM,1,1,325963.0,4103482.0,1.0,1.0,11,North,WGS-84,units=Meters"
    found = same(tmp_path / "a.h5", CUBE.astype("i2"))
    np.testing.assert_allclose(found.wavelengths, NM)
    assert (found.scale, found.nodata) == (1e-4, 15000)
    assert found.georeference.transform == (1, 0, 325963, 0, -1, 4103482)
    assert CRS.from_wkt(found.georeference.crs_wkt).to_epsg() == 32611


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("S2A.SAFE", "a Sentinel-2 product"),
        ("S3A.SEN3", "a Sentinel-3 product"),
        ("a.data", "DIMAP"),
    ],
)
def test_folders_of_products_that_are_not_read_are_named(tmp_path, name, expected):
    (tmp_path / name).mkdir()
    (tmp_path / name / "manifest.xml").write_text("<x/>")
    with pytest.raises(FormatError, match=expected):
        open_cube(tmp_path / name)


def test_a_binary_spectrum_of_asd_is_named(tmp_path):
    (tmp_path / "a.asd").write_bytes(b"as7" + bytes(600))
    with pytest.raises(FormatError, match="a binary ASD spectrum; export it as text") as caught:
        read_library(tmp_path / "a.asd")
    assert "not text" not in str(caught.value)  # which it is told to become
