"""Lists with one entry per band, in all places and shapes in which files have them."""

from __future__ import annotations

import h5py
import numpy as np
import pytest
import scipy.io
import zarr
from scipy.io import netcdf_file

from hsi_viewer.io.info import cube_info
from hsi_viewer.io.opening import open_cube

CUBE = np.arange(6 * 7 * 9, dtype="u2").reshape(6, 7, 9)
NM = np.linspace(400, 2400, 9)
ABOUT = {
    "wavelengths": NM / 1000,
    "Wavelength Units": "um",
    "fwhm": np.full(9, 0.008),
    "bbl": np.r_[0, np.ones(8)],
    "data ignore value": 7,
}
SMILE = np.linspace(-1, 1, 7)


@pytest.mark.parametrize("holder", ["/", "scenes", "scenes/first"])
def test_attributes_of_a_group_or_the_file_describe_the_array_in_it(tmp_path, holder):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["scenes/first/cube"] = CUBE
        file[holder].attrs.update(ABOUT)
    cube = open_cube(tmp_path / "a.h5")
    np.testing.assert_allclose(cube.wavelengths, NM)
    np.testing.assert_allclose(cube.fwhm, 8)
    assert cube.good_bands.tolist() == [False] + 8 * [True]
    assert (cube.nodata, cube.wavelength_units_in_file, cube.warnings) == (7, "um", ())


def test_the_nearest_attributes_count(tmp_path):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["scene/cube"] = CUBE
        file["scene/cube"].attrs["_FillValue"] = 3
        file["scene"].attrs.update({"wavelength": NM, "missing_value": 4})
        file.attrs.update({"wavelength": NM + 5, "wavelength_units": "nm"})
    cube = open_cube(tmp_path / "a.h5")
    np.testing.assert_allclose(cube.wavelengths, NM)
    assert (cube.nodata, cube.warnings) == (3, ())


def test_attributes_of_a_zarr_group_and_of_a_classic_netcdf_file(tmp_path):
    store = zarr.open_group(str(tmp_path / "a.zarr"), mode="w")
    store.create_array("in/cube", shape=CUBE.shape, dtype="u2")[:] = CUBE
    store["in"].attrs.update({"wavelengths": NM.tolist(), "wavelength_units": "nm", "nodata": 7})
    with netcdf_file(tmp_path / "a.nc", "w") as file:
        for name, size in zip(("y", "x", "band"), CUBE.shape, strict=True):
            file.createDimension(name, size)
        file.createVariable("cube", "i2", ("y", "x", "band"))[:] = CUBE
        file.wavelengths, file.wavelength_units, file.nodata = NM, "nm", np.int16(7)
    for name in ("a.zarr", "a.nc"):
        cube = open_cube(tmp_path / name)
        np.testing.assert_allclose(cube.wavelengths, NM)
        assert (cube.nodata, cube.warnings) == (7, ())


@pytest.mark.parametrize(
    "text",
    ["{" + ", ".join(f"{w:g}" for w in NM) + "}", ",".join(f"{w:g} nm" for w in NM)],
)
def test_one_text_with_all_wavelengths(tmp_path, text):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["cube"] = CUBE
        file["cube"].attrs.update({"wavelength": text, "wavelength_units": "nm"})
    np.testing.assert_allclose(open_cube(tmp_path / "a.h5").wavelengths, NM)


def test_variables_of_a_band_each_are_described_by_what_is_around_them(tmp_path):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        for band in range(9):
            file[f"band_{band + 1}"] = CUBE[:, :, band]
        file.attrs.update(ABOUT)
    cube = open_cube(tmp_path / "a.h5")
    np.testing.assert_array_equal(cube.read(), CUBE)
    np.testing.assert_allclose(cube.wavelengths, NM)
    assert (cube.fwhm[0], cube.good_bands.sum(), cube.nodata) == (8, 8, 7)
    assert cube.warnings == ()


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize("order", [(0, 1, 2), (0, 2, 1), (2, 0, 1)])
def test_wavelengths_of_each_column_count_by_their_mean(tmp_path, turned, order):
    each = NM[:, None] + SMILE
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["cube"] = CUBE.transpose(order)
        file["wavelengths"] = each.T / 1000 if turned else each / 1000
        file["wavelengths"].attrs["units"] = "um"
        file["fwhm"] = np.full((9, 7), 5.0)
    cube = open_cube(tmp_path / "a.h5")
    np.testing.assert_array_equal(cube.read(), CUBE)
    np.testing.assert_allclose(cube.wavelengths, NM)
    assert cube.fwhm[0] == 5
    said = "The wavelengths differ by up to 2 nm from column to column; their means are used."
    assert said in cube.warnings


@pytest.mark.parametrize("first", [0, 1])
def test_numbers_that_count_the_bands_are_no_wavelengths(tmp_path, first):
    counted = np.arange(first, first + 9)
    scipy.io.savemat(tmp_path / "a.mat", {"cube": CUBE, "wavelength": counted})
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["cube"] = CUBE
        file.attrs["wavelengths"] = counted.astype(float)
    for name in ("a.mat", "a.h5"):
        cube = open_cube(tmp_path / name)
        assert cube.wavelengths is None
        said = "The wavelengths in the file are band numbers; they are not used."
        assert cube.warnings == (said,)


def test_a_map_of_wavelengths_is_no_list_of_them(tmp_path):
    scipy.io.savemat(tmp_path / "a.mat", {"cube": CUBE, "peak_wavelength": CUBE[:, :, 0] + 500.0})
    cube = open_cube(tmp_path / "a.mat")
    assert (cube.shape, cube.wavelengths, cube.warnings) == (CUBE.shape, None, ())


def cells(values):
    """A cell array of MATLAB."""
    made = np.empty((1, len(values)), object)
    made[0, :] = values
    return made


def structs():
    made = np.zeros((1, 9), [("wavelength", object), ("fwhm", object)])
    made["wavelength"], made["fwhm"] = cells(NM.tolist()), 5.0
    return made


@pytest.mark.parametrize("compressed", [False, True])
@pytest.mark.parametrize(
    "given",
    [
        {"wavelengths": cells(NM.tolist())},
        {"wavelengths": cells([f"{w:g} nm" for w in NM])},
        {"info": {"wl": cells([f"{w:g}" for w in NM]), "wavelength_units": "nm"}},
        {"bands": structs()},
    ],
)
def test_cells_and_structs_of_matlab(tmp_path, given, compressed):
    content = {"cube": CUBE, **given}
    scipy.io.savemat(tmp_path / "a.mat", content, do_compression=compressed)
    cube = open_cube(tmp_path / "a.mat")
    np.testing.assert_allclose(cube.wavelengths, NM)
    assert ("bands" in given) == (cube.fwhm is not None and cube.fwhm[0] == 5)


def matlab_7(path, write):
    """A file as MATLAB 7.3 has it."""
    with h5py.File(path, "w", userblock_size=512) as file:
        file["cube"] = CUBE.T
        file["cube"].attrs["MATLAB_class"] = np.bytes_("uint16")
        write(file)
    with path.open("r+b") as file:
        file.write(b"MATLAB 7.3 MAT-file".ljust(124) + b"\x00\x02IM")


def referred(file, values):
    """References to single values or texts."""
    found = []
    for k, value in enumerate(values):
        stored = np.frombuffer(value.encode("utf-16-le"), "u2") if isinstance(value, str) else value
        item = file.create_dataset(f"#refs#/{k}", data=np.atleast_2d(stored).T)
        item.attrs["MATLAB_class"] = np.bytes_("char" if isinstance(value, str) else "double")
        found.append(item.ref)
    return np.array(found, h5py.ref_dtype)[:, None]


@pytest.mark.parametrize("values", [NM.tolist(), [f"{w:g} nm" for w in NM]])
def test_cells_of_matlab_7(tmp_path, values):
    def write(file):
        file.create_dataset("wl", data=referred(file, values), dtype=h5py.ref_dtype)
        file["wl"].attrs["MATLAB_class"] = np.bytes_("cell")

    matlab_7(tmp_path / "a.mat", write)
    np.testing.assert_allclose(open_cube(tmp_path / "a.mat").wavelengths, NM)


def test_structs_and_units_of_matlab_7(tmp_path):
    def write(file):
        band = file.create_group("band")
        band.attrs["MATLAB_class"] = np.bytes_("struct")
        refs = referred(file, (NM / 1000).tolist())
        band.create_dataset("wavelength", data=refs, dtype=h5py.ref_dtype)
        unit = np.frombuffer("Micrometers".encode("utf-16-le"), "u2")[:, None]
        file["wavelength_units"] = unit
        file["wavelength_units"].attrs["MATLAB_class"] = np.bytes_("char")

    matlab_7(tmp_path / "a.mat", write)
    cube = open_cube(tmp_path / "a.mat")
    np.testing.assert_allclose(cube.wavelengths, NM)
    assert (cube.wavelength_units_in_file, cube.warnings) == ("Micrometers", ())


@pytest.mark.parametrize(
    ("values", "known"),
    [
        (np.array(["400", "500.5", "600"], "S8"), True),
        (np.array(["blue", "green", "red"], "S8"), False),
        (np.full((3, 4), np.nan), False),
        (np.vstack([np.full((2, 4), 500.0), [[np.nan, 600, 600, 600]]]), True),
    ],
)
def test_lists_of_texts_and_of_columns_are_wavelengths_where_all_are_known(tmp_path, values, known):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["cube"] = np.zeros((5, 4, 3), "u2")
        file["wavelength"] = values
    found = open_cube(tmp_path / "a.h5").wavelengths
    assert (found is not None) == known
    if known:
        assert found[-1] == 600


def test_a_matrix_of_too_many_wavelengths_is_not_read(tmp_path, monkeypatch):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["cube"] = np.zeros((5, 4, 3), "u2")
        file["wavelength"] = np.repeat([[400.0], [500.0], [600.0]], 4, axis=1)
    assert list(open_cube(tmp_path / "a.h5").wavelengths) == [400, 500, 600]
    monkeypatch.setattr("hsi_viewer.io.arrays.band_lists.MOST_VALUES", 11)
    assert open_cube(tmp_path / "a.h5").wavelengths is None


@pytest.mark.parametrize("unknown", [None, 0, 1, 2])
def test_the_range_of_wavelengths_is_told_where_both_ends_are_known(tmp_path, unknown):
    nm = np.array([400.0, 500.0, 600.0])
    if unknown is not None:
        nm[unknown] = np.nan
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["cube"], file["wavelength"] = np.zeros((5, 4, 3), "u2"), nm
    told = cube_info(tmp_path / "a.h5")["wavelength_nm"]
    assert told == (None if unknown in (0, 2) else [400, 600])
