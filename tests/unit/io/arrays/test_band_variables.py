"""Cubes that are stored as one variable a band, and arrays of microscopes beside previews."""

from __future__ import annotations

import h5py
import numpy as np
import pytest
from scipy.io import netcdf_file

from hsi_viewer.core.errors import FormatError
from hsi_viewer.io.arrays.cf import SENSOR_GEOMETRY
from hsi_viewer.io.files.reading import ChoiceNeededError
from hsi_viewer.io.opening import open_cube

ROWS, COLUMNS, BANDS = 6, 5, 8
RNG = np.random.default_rng(4)
NM = np.array([443.2, 503.7, 560.1, 620.4, 700.9, 865.3, 1020.6, 2201.8])
CUBE = RNG.integers(1, 3000, (ROWS, COLUMNS, BANDS)).astype("i2")


def write(path, pattern, group="", attrs=None, values=CUBE, order=None, shape=None):
    """Write variables; attrs(band) gives the attributes of each."""
    with h5py.File(path, "a") as file:
        for band in range(BANDS) if order is None else order:
            name = group + pattern.format(n=int(NM[band]), nm=NM[band], k=band + 1)
            data = values[:, :, band] if shape is None else values[:, :, band].reshape(shape)
            file[name] = data
            file[name].attrs.update(attrs(band) if attrs else {})
    return path


def add(path, **arrays):
    with h5py.File(path, "a") as file:
        for name, values in arrays.items():
            file[name.replace("__", "/")] = values
    return path


def test_acolite_on_a_map_grid(tmp_path):
    path = write(tmp_path / "L2R.nc", "rhot_{n}", attrs=lambda b: {"wavelength": NM[b]})
    write(path, "rhos_{n}", attrs=lambda b: {"wavelength": NM[b]}, values=CUBE + 1)
    add(path, lat=np.zeros((ROWS, COLUMNS)), lon=np.zeros((ROWS, COLUMNS)))
    add(path, x=5e5 + 15 + 30.0 * np.arange(COLUMNS), y=4e6 - 15 - 30.0 * np.arange(ROWS))
    cube = open_cube(path)
    np.testing.assert_array_equal(cube.read(), CUBE + 1)
    np.testing.assert_array_equal(cube.wavelengths, NM)
    assert cube.georeference.transform == (30, 0, 5e5, 0, -30, 4e6)
    assert cube.warnings == ('The file also contains "L2R.nc:rhot"; rhos is shown.',)
    assert cube.band_names[:2] == ("rhos_443", "rhos_503")
    other = open_cube(f"{path}:rhot")
    np.testing.assert_array_equal(other.read(bands=[7, 0]), CUBE[:, :, [7, 0]])
    assert other.warnings == ()


def test_hypso_in_groups_and_in_the_geometry_of_the_sensor(tmp_path):
    path = write(tmp_path / "l1b.nc", "Lt_{n}", "products/", lambda b: {"wavelength": NM[b]})
    add(path, navigation__latitude=np.zeros((ROWS, COLUMNS)))
    add(path, navigation__longitude=np.zeros((ROWS, COLUMNS)))
    cube = open_cube(path)
    np.testing.assert_array_equal(cube.read(), CUBE)
    np.testing.assert_array_equal(cube.wavelengths, NM)
    assert cube.warnings == (SENSOR_GEOMETRY,)


def test_seadas_with_packed_values_and_wavelengths_in_the_names(tmp_path):
    packed = CUBE.copy()
    packed[2, 3, 4] = -32767
    attrs = {"scale_factor": 2e-6, "add_offset": 0.05, "_FillValue": np.int16(-32767)}
    path = write(tmp_path / "L2.nc", "Rrs_{n}", "geophysical_data/", lambda b: attrs, packed)
    write(path, "Rrs_unc_{n}", "geophysical_data/", lambda b: attrs)
    cube = open_cube(path)
    expected = CUBE * 2e-6 + 0.05
    expected[2, 3, 4] = np.nan
    np.testing.assert_allclose(cube.read(), expected, rtol=1e-5)
    np.testing.assert_array_equal(cube.wavelengths, NM.astype(int))
    assert cube.warnings == (
        "The wavelengths come from the names of the variables.",
        'The file also contains "L2.nc:geophysical_data/Rrs_unc"; geophysical_data/Rrs is shown.',
    )


def test_bands_with_scales_and_fill_values_of_their_own(tmp_path):
    """As SNAP writes Sentinel-3 OLCI."""
    values = CUBE.copy()
    values[0, 0] = 7

    def attrs(band):
        scale = {"scale_factor": 0.01 * (band + 1), "_FillValue": np.int16(7 if band % 2 else -1)}
        return {**scale, "radiation_wavelength": NM[band], "radiation_wavelength_unit": "nm"}

    path = write(tmp_path / "S3.nc", "Oa{k:02d}_radiance", attrs=attrs, values=values)
    cube = open_cube(path)
    expected = values * 0.01 * np.arange(1, BANDS + 1)
    expected[0, 0, 1::2] = np.nan
    np.testing.assert_allclose(cube.read(), expected, rtol=1e-6)
    np.testing.assert_array_equal(cube.wavelengths, NM)
    assert (cube.nodata, cube.scale) == (None, 1.0)


def test_bands_of_one_scale_stay_as_stored(tmp_path):
    attrs = {"scale_factor": 1e-4, "_FillValue": np.int16(-1)}
    cube = open_cube(write(tmp_path / "a.nc", "band_{k}", attrs=lambda b: attrs))
    np.testing.assert_array_equal(cube.read(), CUBE)
    assert (cube.dtype, cube.nodata, cube.scale) == (np.dtype("i2"), -1, 1e-4)
    assert cube.warnings == ("The file gives no wavelengths for its bands.",)


def test_bands_are_in_the_order_of_wavelengths_whatever_their_names(tmp_path):
    attrs = {"wavelength_unit": "um"}
    path = write(
        tmp_path / "a.nc",
        "rhos_B{k}",
        attrs=lambda b: {"wavelength": NM[BANDS - 1 - b] / 1000, **attrs},
        order=[3, 1, 0, 2, 7, 6, 5, 4],
    )
    cube = open_cube(path)
    np.testing.assert_allclose(cube.wavelengths, NM)
    np.testing.assert_array_equal(cube.read(), CUBE[:, :, ::-1])


def test_an_axis_of_time_and_axes_in_another_order(tmp_path):
    path = write(tmp_path / "time.nc", "Rrs_{n}", shape=(1, ROWS, COLUMNS))
    np.testing.assert_array_equal(open_cube(path).read(), CUBE)
    path = tmp_path / "turned.nc"
    write(path, "Rrs_{n}", values=CUBE.transpose(1, 0, 2))
    with h5py.File(path, "a") as file:
        for name in list(file):
            file[name].dims[0].label, file[name].dims[1].label = "x", "y"
    np.testing.assert_array_equal(open_cube(path).read(), CUBE)


def test_variables_of_another_size_are_left_out_and_said(tmp_path):
    path = write(tmp_path / "a.nc", "B{k}")
    add(path, B9=np.zeros((3, 2)))
    cube = open_cube(path)
    np.testing.assert_array_equal(cube.read(), CUBE)
    assert "Variables of a different size are left out: B9." in cube.warnings


def test_several_unknown_quantities_are_listed(tmp_path):
    path = write(tmp_path / "a.nc", "one_{n}")
    write(path, "two_{n}")
    with pytest.raises(ChoiceNeededError, match=r"one \(6 x 5 x 8 int16\), two") as needed:
        open_cube(path)
    assert [choice.name for choice in needed.value.choices] == ["one", "two"]
    np.testing.assert_array_equal(open_cube(f"{path}:two").read(), CUBE)


def test_an_array_of_three_axes_goes_before_variables_of_its_size(tmp_path):
    path = write(tmp_path / "a.nc", "rhos_{n}")
    cube = CUBE[:, :, ::-1]
    assert open_cube(add(path, cube=cube)).shape == CUBE.shape
    np.testing.assert_array_equal(open_cube(path).read(), cube)


def test_the_detectors_of_one_quantity_are_joined(tmp_path):
    path = write(tmp_path / "L1R.nc", "rhot_blue_{n}", order=range(4))
    write(path, "rhot_red_{n}", order=range(4, 6))
    write(path, "rhot_SWIR_{n}", order=range(6, 8))
    cube = open_cube(path)
    np.testing.assert_array_equal(cube.read(), CUBE)
    np.testing.assert_array_equal(cube.wavelengths, NM.astype(int))


def test_matrices_that_are_no_bands_are_not_joined(tmp_path):
    path = tmp_path / "a.h5"
    for k in range(1, 5):
        add(path, **{f"run{k}": np.zeros((9, 8))})
    with pytest.raises(ChoiceNeededError, match="run1"):
        open_cube(path)


def test_latitude_is_not_offered(tmp_path):
    path = add(tmp_path / "a.nc", latitude=np.zeros((9, 8)), longitude=np.zeros((9, 8)))
    add(path, a=np.ones((9, 8)), b=np.ones((9, 8)))
    with pytest.raises(ChoiceNeededError) as needed:
        open_cube(path)
    assert [choice.name for choice in needed.value.choices] == ["a", "b"]


def test_classic_netcdf(tmp_path):
    with netcdf_file(tmp_path / "a.nc", "w") as file:
        file.createDimension("y", ROWS)
        file.createDimension("x", COLUMNS)
        for band in range(BANDS):
            variable = file.createVariable(f"rhos_{int(NM[band])}", "i2", ("y", "x"))
            variable[:] = CUBE[:, :, band]
            variable.wavelength = NM[band]
    cube = open_cube(tmp_path / "a.nc")
    np.testing.assert_array_equal(cube.read(), CUBE)
    np.testing.assert_array_equal(cube.wavelengths, NM)


PREVIEW = RNG.integers(0, 255, (64, 64, 3)).astype("u1")


@pytest.mark.parametrize("shape", [(7, 1, 1, 9, 9), (7, 1, 1, 40, 40), (1, 7, 1, 1, 40, 40)])
def test_a_cube_of_a_microscope_goes_before_its_preview(tmp_path, shape):
    values = RNG.integers(1, 999, shape).astype("u2")
    path = add(tmp_path / "a.h5", cube=values, preview=PREVIEW)
    if shape[0] == 1:
        with h5py.File(path, "a") as file:
            file["cube"].attrs["axes"] = "TCSZYX"
    cube = open_cube(path)
    np.testing.assert_array_equal(cube.read(), values.reshape(7, *shape[-2:]).transpose(1, 2, 0))


@pytest.mark.parametrize("shape", [(64, 64, 3), (64, 64, 4), (3, 64, 64), (4, 64, 64)])
def test_a_picture_of_bytes_in_three_or_four_colours_is_no_rival_of_a_cube(tmp_path, shape):
    values = RNG.integers(1, 999, (60, 40, 9)).astype("u2")
    path = add(tmp_path / "a.h5", cube=values, picture=np.ones(shape, "u1"))
    np.testing.assert_array_equal(open_cube(path).read(), values)
    also = add(tmp_path / "b.h5", cube=values, picture=np.ones((5, 64, 64), "u1"))
    with pytest.raises(FormatError, match="several arrays that could be the cube"):
        open_cube(also)


@pytest.mark.parametrize("shape", [(4, 3, 5, 12, 12), (4, 3, 5, 100, 100)])
def test_a_microscope_image_of_several_times_is_named(tmp_path, shape):
    path = add(tmp_path / "a.h5", cube=np.ones(shape, "u2"), preview=PREVIEW)
    with pytest.raises(FormatError, match=r"cube \(4 x 3 x 5 x \d+ x \d+ uint16\) has 5 axes"):
        open_cube(path)
    np.testing.assert_array_equal(open_cube(f"{path}:preview").read(), PREVIEW)


def test_a_picture_alone_is_opened(tmp_path):
    np.testing.assert_array_equal(open_cube(add(tmp_path / "a.h5", a=PREVIEW)).read(), PREVIEW)


@pytest.mark.parametrize(
    ("program", "name"),
    [
        ("Imaris", "DataSet/ResolutionLevel 0/TimePoint 0/Channel {}/Data"),
        ("BigDataViewer", "t00000/s0{}/0/cells"),
    ],
)
@pytest.mark.parametrize("count", [1, 3])
def test_stacks_of_planes_of_a_microscope_are_named(tmp_path, program, name, count):
    path = tmp_path / "a.h5"
    planes = RNG.integers(1, 999, (5, 12, 12)).astype("u2")
    with h5py.File(path, "w") as file:
        for k in range(count):
            file[name.format(k)] = planes
        file["Thumbnail/Data"] = PREVIEW
    with pytest.raises(FormatError, match=f"{program}, which contains {count} stacks of planes"):
        open_cube(path)
    assert open_cube(f"{path}:{name.format(0)}").shape == planes.shape


@pytest.mark.parametrize(
    ("key", "x", "y"),
    [
        ("standard_name", "projection_x_coordinate", "projection_y_coordinate"),
        ("axis", "X", "Y"),
        ("units", "degrees_east", "degrees_north"),
    ],
)
def test_coordinates_of_any_name_are_known_by_their_attributes(tmp_path, key, x, y):
    path = write(tmp_path / "a.nc", "rho_{n}", attrs=lambda b: {"wavelength": NM[b]})
    add(path, across=5e5 + 15 + 30.0 * np.arange(COLUMNS), along=4e6 - 15 - 30.0 * np.arange(ROWS))
    assert open_cube(path).georeference is None
    with h5py.File(path, "a") as file:
        file["across"].attrs[key], file["along"].attrs[key] = x, y
    assert open_cube(path).georeference.transform == (30, 0, 5e5, 0, -30, 4e6)
