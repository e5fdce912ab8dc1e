"""CubeMetadata: completed by another source, and made into a cube."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
import pytest
from msgspec import structs

from hsi_viewer.core.cube.cube import ArraySource, HyperCube
from hsi_viewer.core.cube.georeference import Georeference
from hsi_viewer.core.cube.metadata import CubeMetadata
from hsi_viewer.core.errors import FormatError

NM = np.array([450.0, 550.0, 650.0])
FULL = CubeMetadata(
    wavelengths=NM,
    fwhm=np.array([5.0, 6.0, 7.0]),
    wavelength_units_in_file="Micrometers",
    good_bands=np.array([True, False, True]),
    nodata=-9999.0,
    scale=0.0001,
    offset=-0.1,
    georeference=Georeference((30.0, 0.0, 5.0, 0.0, -30.0, 7.0), "wkt"),
    default_bands=(2, 1, 0),
    band_names=("blue", "green", "red"),
    format_name="ENVI",
    interleave="bil",
    class_names={1: "Oak"},
    fields={"sensor type": "Unknown"},
    about="Public domain",
    ground_truth="scene:x-gt",
    valid_range=(0.0, 100.0),
)
NAMES = [f.name for f in structs.fields(CubeMetadata)]


def same(a: object, b: object) -> bool:
    return bool(np.array_equal(a, b)) if isinstance(a, np.ndarray) else a == b


@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_completed_by_everything_and_everything_by_nothing(name):
    assert not same(getattr(FULL, name), getattr(CubeMetadata(), name)), "the sample must set it"
    assert same(getattr(CubeMetadata().merged(FULL), name), getattr(FULL, name))
    assert same(getattr(FULL.merged(CubeMetadata()), name), getattr(FULL, name))


@pytest.mark.parametrize("name", NAMES)
def test_what_both_know_stays(name):
    other = CubeMetadata(
        NM + 1, NM, "nm", np.ones(3, bool), 0.0, 2.0, 3.0, Georeference(), (0, 0, 0), ("a",) * 3,
        "TIFF", "bsq", {2: "Elm"}, {"sensor type": "HySpex"}, "Mine", "y",
        (1.0, 2.0),
    )  # fmt: skip
    assert same(getattr(FULL.merged(other), name), getattr(FULL, name))


def test_a_unit_comes_with_its_wavelengths_only():
    known = CubeMetadata(wavelengths=NM, wavelength_units_in_file=None)
    assert known.merged(FULL).wavelength_units_in_file is None
    unknown = CubeMetadata(wavelength_units_in_file="nm")
    assert unknown.merged(FULL).wavelength_units_in_file == "Micrometers"
    assert unknown.merged(CubeMetadata()).wavelength_units_in_file == "nm"


@pytest.mark.parametrize("own", [(2.0, 0.0), (1.0, 5.0)])
def test_scale_and_offset_are_of_one_source(own):
    found = CubeMetadata(scale=own[0], offset=own[1]).merged(FULL)
    assert (found.scale, found.offset) == own


def test_a_nodata_of_zero_is_known():
    assert CubeMetadata(nodata=0.0).merged(FULL).nodata == 0.0


def test_other_fields_are_joined_and_neither_source_changes():
    known = CubeMetadata(fields={"array": "cube", "sensor type": "mine"})
    found = known.merged(structs.replace(FULL, fields={"sensor type": "theirs", "sun": "45"}))
    assert found.fields == {"array": "cube", "sensor type": "mine", "sun": "45"}
    assert known.fields == {"array": "cube", "sensor type": "mine"}
    assert known.wavelengths is None


def test_a_cube_has_every_item_of_its_metadata(tmp_path):
    source = ArraySource(np.zeros((2, 4, 3), np.int16))
    cube = HyperCube.described(source, FULL, "scene", tmp_path / "x.dat", ["Odd."])
    for name in NAMES:
        given = cube.metadata if name == "fields" else getattr(cube, name)
        assert same(given, getattr(FULL, name)), name
    assert (cube.source, cube.name, cube.path) == (source, "scene", tmp_path / "x.dat")
    assert cube.warnings == ("Odd.",)


def test_a_cube_of_no_metadata_is_as_one_made_of_an_array():
    array = np.zeros((2, 4, 3), np.int16)
    cube = HyperCube.described(ArraySource(array), CubeMetadata(), "array")
    plain = HyperCube.from_array(array)
    for f in fields(HyperCube):
        if f.name != "source":
            assert same(getattr(cube, f.name), getattr(plain, f.name)), f.name


def test_lists_must_fit_the_bands():
    source = ArraySource(np.zeros((2, 4, 5)))
    with pytest.raises(FormatError, match="wavelengths has 3 entries for 5 bands"):
        HyperCube.described(source, FULL, "scene")


@pytest.mark.parametrize(
    ("given", "kept", "said"),
    [
        ((450.0, 550.0, 650.0), (450.0, 550.0, 650.0), None),
        ((450.0, np.nan, 650.0), (450.0, np.nan, 650.0), "for 1 of 3 bands (nan)."),
        ((-450.0, 0.0, np.inf), None, "not positive numbers"),
        ((450.0, 0.0, np.inf), (450.0, np.nan, np.nan), "for 2 of 3 bands (0, inf)."),
    ],
)
def test_wavelengths_that_no_light_has_are_left_out_and_reported(given, kept, said):
    source = ArraySource(np.zeros((1, 1, 3)))
    cube = HyperCube.described(source, CubeMetadata(wavelengths=np.array(given)), "c")
    if kept is None:
        assert cube.wavelengths is None
    else:
        np.testing.assert_array_equal(cube.wavelengths, kept)
    assert [said in warning for warning in cube.warnings] == [True] * (said is not None)
    assert "nan" not in repr(cube)
