"""Lists and attributes that stand beside an array, under the names that people give them."""

from __future__ import annotations

import h5py
import numpy as np
import pytest
import scipy.io

from hsi_viewer.core.errors import FormatError
from hsi_viewer.io.arrays.axes import guess_axes
from hsi_viewer.io.opening import open_cube

CUBE = np.arange(6 * 7 * 9, dtype="u2").reshape(6, 7, 9)
NM = np.linspace(400, 2400, 9)


@pytest.mark.parametrize(
    "name",
    [
        *("wavelength", "Wavelengths", "wl", "lambda", "wavlen", "WAVELENGTH_NM", "band_centers"),
        *("blue_wavelength", "bands", "wave_length", "center_wavelengths"),
    ],
)
def test_wavelengths_by_their_usual_names(tmp_path, name):
    scipy.io.savemat(tmp_path / "a.mat", {"cube": CUBE, name: NM})
    np.testing.assert_allclose(open_cube(tmp_path / "a.mat").wavelengths, NM)


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("SlectBands", np.arange(3, 12)),
        ("bands", np.arange(1, 10)),
        ("good_wavelengths", np.ones(9)),
        ("wavelength", np.arange(8)),
        ("wavelength_units", np.arange(9)),
        ("bands", np.r_[NM[:-1], 1e6]),
        ("bands", np.r_[1.0, NM[1:]]),
        ("bands", NM[::-1]),
    ],
)
def test_lists_that_are_no_wavelengths(tmp_path, name, values):
    scipy.io.savemat(tmp_path / "a.mat", {"cube": CUBE, name: values})
    cube = open_cube(tmp_path / "a.mat")
    assert (cube.shape, cube.wavelengths) == (CUBE.shape, None)


def test_a_struct_as_the_hypercube_class_has_it(tmp_path):
    scene = {"DataCube": CUBE, "Wavelength": NM, "FWHM": np.full(9, 8.0), "Metadata": {"h": 6}}
    scipy.io.savemat(tmp_path / "h.mat", {"hcube": scene})
    cube = open_cube(tmp_path / "h.mat")
    np.testing.assert_array_equal(cube.read(), CUBE)
    np.testing.assert_allclose(cube.wavelengths, NM)
    assert cube.fwhm[0] == 8


def test_the_list_of_the_same_group_comes_first(tmp_path):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        for k, group in enumerate("ab"):
            file[f"{group}/cube"] = CUBE + k
            file[f"{group}/wavelength"] = NM + k
    for k, group in enumerate("ab"):
        np.testing.assert_allclose(
            open_cube(f"{tmp_path / 'a.h5'}:{group}/cube").wavelengths, NM + k
        )


def test_attributes_of_the_array(tmp_path):
    """As HYPSO-1 and HICO write them; bands that come first are known by them, too."""
    with h5py.File(tmp_path / "a.nc", "w") as file:
        data = file.create_dataset("products/Lt", data=CUBE.transpose(2, 0, 1))
        data.attrs.update({"wavelengths": NM / 1000, "wavelength_units": "micrometers"})
        data.attrs.update({"fwhm": np.full(9, 0.0055), "scale_factor": 0.02, "_FillValue": 0})
    cube = open_cube(tmp_path / "a.nc")
    np.testing.assert_array_equal(cube.read(), CUBE)
    np.testing.assert_allclose(cube.wavelengths, NM)
    np.testing.assert_allclose(cube.fwhm, 5.5)
    assert (cube.scale, cube.nodata) == (0.02, 0)


def test_fwhm_in_a_unit_of_its_own(tmp_path):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["cube"], file["wavelength"], file["fwhm"] = CUBE, NM / 1000, np.full(9, 5.5)
        file["wavelength"].attrs["units"], file["fwhm"].attrs["units"] = "um", "nm"
    cube = open_cube(tmp_path / "a.h5")
    assert (cube.wavelengths[0], cube.fwhm[0]) == (400, 5.5)


@pytest.mark.parametrize(
    ("shape", "lists", "names", "axes"),
    [
        ((610, 340, 103), (), (), (0, 1, 2)),  # Pavia University
        ((512, 217, 224), (), (), (0, 1, 2)),  # Salinas
        ((1476, 256, 145), (), (), (0, 1, 2)),  # Botswana
        ((349, 1905, 144), (), (), (0, 1, 2)),  # Houston
        ((250, 190, 188), (), (), (0, 1, 2)),  # Cuprite
        ((144, 349, 1905), (), (), (1, 2, 0)),  # the same turned by a program that has bands first
        ((31, 512, 512), (), (), (1, 2, 0)),  # a square image, bands first
        ((9, 6, 7), (9,), (), (1, 2, 0)),
        ((6, 7, 9), (), ("wavelength", "y", "x"), (1, 2, 0)),
        ((6, 7, 9), (), ("x", "y", "band"), (1, 0, 2)),
        ((6, 7, 9), (), ("lat", "blue_bands", "lon"), (0, 2, 1)),
        ((6, 7, 9), (6,), ("lat", "lon", "z"), (0, 1, 2)),
        ((6, 7, 9), (), ("z", "latitude", "longitude"), (1, 2, 0)),
        ((6, 7, 9), (), ("variable", "y", "x"), (1, 2, 0)),
        ((6, 7, 9), (), ("a", "b", "x"), (0, 1, 2)),
    ],
)
def test_axes_are_guessed_from_names_lists_and_sizes(shape, lists, names, axes):
    assert guess_axes(shape, lists, names)[0] == axes


def hdf5(path, wavelength=None, **attributes):
    """A file of the cube, a list of wavelengths in it and attributes of the cube."""
    with h5py.File(path, "w") as file:
        file["cube"] = CUBE
        file["cube"].attrs.update(attributes)
        if wavelength is not None:
            file["wavelength"] = wavelength
    return open_cube(path)


@pytest.mark.parametrize("suffix", ["", " nm"])
def test_wavelengths_that_are_texts(tmp_path, suffix):
    texts = [f"{w:g}{suffix}" for w in NM]
    bare = [text.encode() for text in texts]
    for k, given in enumerate((np.array(texts, h5py.string_dtype()), np.array(bare))):
        np.testing.assert_allclose(hdf5(tmp_path / f"a{k}.h5", given).wavelengths, NM)
        found = hdf5(tmp_path / f"b{k}.h5", wavelengths=given)
        np.testing.assert_allclose(found.wavelengths, NM)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"wavelength": NM[:5]}, '"wavelength" has 5 entries for 9 bands; it is not used.'),
        ({"wavelengths": NM[:4]}, '"wavelengths" has 4 entries for 9 bands; it is not used.'),
        ({"wavelengths": ["?"] * 9}, '"wavelengths" contains something other than numbers'),
        ({"scale_factor": np.arange(9.0)}, '"scale_factor" of the values, 0.0, 1.0, 2.0, ...,'),
        ({"_FillValue": 4000, "missing_value": 4001}, "a missing_value, 4001; only the first"),
        ({"scale_factor": np.nan}, '"scale_factor" of the values, nan, cannot be applied.'),
        ({"_FillValue": "abc"}, '"_fillvalue" of the values, abc, cannot be applied.'),
        ({"_FillValue": [1, 2]}, '"_fillvalue" of the values, 1, 2, cannot be applied.'),
        ({"scale_factor": 2.0, "add_offset": np.inf}, '"add_offset" of the values, inf, cannot'),
    ],
)
def test_what_is_given_and_cannot_be_used_is_reported(tmp_path, given, said):
    cube = hdf5(tmp_path / "a.h5", **given)
    np.testing.assert_array_equal(cube.read(), CUBE)
    assert any(said in warning for warning in cube.warnings)


def test_a_wrong_unit_gives_way_for_wavelengths_and_widths(tmp_path):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["cube"] = CUBE
        for name, values in (("wavelength", NM), ("fwhm", np.full(9, 10.0))):
            file[name] = values
            file[name].attrs["units"] = "um"
    cube = open_cube(tmp_path / "a.h5")
    np.testing.assert_allclose(cube.wavelengths, NM)
    np.testing.assert_allclose(cube.fwhm, 10)
    assert any("nanometres are assumed" in warning for warning in cube.warnings)


def test_a_long_fill_value_is_no_data_to_its_last_digit(tmp_path):
    values = CUBE.astype(np.int64)
    values[0, 0], values[0, 1] = 2**60 + 1, 2**60
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["cube"] = values
        file["cube"].attrs["_FillValue"] = np.int64(2**60 + 1)
    cube = open_cube(tmp_path / "a.h5")
    assert np.isnan(cube.spectrum(0, 0)).all()
    assert np.isfinite(cube.spectrum(0, 1)).all()


def test_one_number_for_each_band_that_is_the_same_is_that_number(tmp_path):
    cube = hdf5(tmp_path / "a.h5", scale_factor=np.full(9, 0.5), _FillValue=[3, 3])
    assert (cube.scale, cube.nodata, cube.warnings) == (0.5, 3, ())


@pytest.mark.parametrize(
    ("given", "gain", "offset"),
    [
        ({"scale_factor": np.arange(1.0, 10)}, np.arange(1.0, 10), 0),
        ({"scale_factor": np.arange(1.0, 10), "add_offset": 2.0}, np.arange(1.0, 10), 2),
        ({"scale_factor": 0.5, "add_offset": np.arange(9.0)}, 0.5, np.arange(9.0)),
        ({"scale_factor": -2.0}, -2.0, 0),
    ],
)
def test_scales_of_each_band_and_below_zero_are_applied(tmp_path, given, gain, offset):
    cube = hdf5(tmp_path / "a.h5", **given)
    np.testing.assert_allclose(cube.read(), CUBE * gain + offset, rtol=1e-6)
    assert len(cube.warnings) == (np.size(gain) > 1 or np.size(offset) > 1)


@pytest.mark.parametrize(("unit", "factor"), [("um", 1e-3), ("nm", 1), ("1", 1), (None, 1)])
def test_coordinates_of_the_bands_are_wavelengths_in_their_unit(tmp_path, unit, factor):
    nm = np.linspace(450, 2400, 5)
    with h5py.File(tmp_path / "a.nc", "w") as file:
        file["cube"] = np.zeros((3, 4, 5), np.float32)
        file["band"] = nm * factor
        if unit is not None:
            file["band"].attrs["units"] = unit
    np.testing.assert_allclose(open_cube(tmp_path / "a.nc").wavelengths, nm)
    with h5py.File(tmp_path / "b.nc", "w") as file:
        file["cube"] = np.zeros((3, 4, 5), np.float32)
        file["band"] = np.arange(1, 6)
        file["band"].attrs["units"] = "1"
    assert open_cube(tmp_path / "b.nc").wavelengths is None


def test_an_offset_leaves_the_last_digits_of_large_integers(tmp_path):
    stored = 1_000_000_000 + np.arange(60, dtype=np.int32).reshape(3, 4, 5)
    with h5py.File(tmp_path / "a.nc", "w") as file:
        file["cube"] = stored
        file["cube"].attrs.update({"scale_factor": 0.001, "add_offset": -1e6})
    found = open_cube(tmp_path / "a.nc").read()
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, stored * 0.001 - 1e6, rtol=1e-6)


def test_names_with_colons_and_files_of_more_than_can_be_looked_at(tmp_path, monkeypatch):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        for k in range(5):
            file.create_group(f"group{k}")
        file["z:1/cube"] = CUBE
    np.testing.assert_array_equal(open_cube(f"{tmp_path / 'a.h5'}:z:1/cube").read(), CUBE)
    monkeypatch.setattr("hsi_viewer.io.arrays.hdf5.MAX_OBJECTS", 4)
    with pytest.raises(FormatError, match="objects beyond the first 4, which are not looked at"):
        open_cube(tmp_path / "a.h5")


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ({"valid_range": np.array([5, 600], "i2")}, (5, 600)),
        ({"valid_min": 5, "valid_max": "600"}, (5, 600)),
        ({"valid_max": 600}, (-np.inf, 600)),
        ({"valid_min": 5, "valid_max": 600, "scale_factor": -0.5, "add_offset": 1.0}, (-299, -1.5)),
        ({"valid_range": [600, 5]}, None),
        ({"valid_range": "5, 600"}, None),
        ({"valid_min": np.nan}, None),
        ({"valid_range": [5, 600], "_Unsigned": "true"}, None),
        ({"valid_range": [5, 600], "scale_factor": np.arange(1.0, 10)}, None),
    ],
)
def test_the_range_that_a_file_calls_valid(tmp_path, given, found):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["cube"] = CUBE.astype(np.int16)
        file["cube"].attrs.update(given)
    cube = open_cube(tmp_path / "a.h5")
    if found is None:
        assert cube.valid_range is None
    else:
        np.testing.assert_allclose(cube.valid_range, found, atol=1e-3)
