"""What may stand in for a cube and its labels."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.cube.region import RegionOfInterest
from hsi_viewer.core.errors import FileError, FormatError, LabelError
from hsi_viewer.core.inputs import as_cube, as_labels, as_mask, region_of
from hsi_viewer.core.labels.imported_labels import ImportedLabels

VALUES = np.arange(60, dtype=np.int16).reshape(5, 4, 3)


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    np.save(tmp_path / "cube.npy", VALUES)
    return tmp_path / "cube.npy"


def test_a_cube_stays_itself():
    cube = HyperCube.from_array(VALUES)
    assert as_cube(cube) is cube


@pytest.mark.parametrize("kind", [Path, str])
def test_a_path_is_opened(saved, kind):
    cube = as_cube(kind(saved))
    assert cube.path == saved
    np.testing.assert_array_equal(np.asarray(cube), VALUES)


@pytest.mark.parametrize("array", [VALUES, VALUES.tolist(), VALUES.astype(np.float16), VALUES > 7])
def test_an_array_is_a_cube(array):
    np.testing.assert_array_equal(np.asarray(as_cube(array)), array)


def test_what_is_masked_is_no_data_and_keeps_its_neighbours():
    mask = np.zeros(VALUES.shape, bool)
    mask[1, 2] = True
    cube = as_cube(np.ma.array(VALUES, mask=mask))
    stored = np.asarray(cube)
    assert stored.dtype == np.float32
    np.testing.assert_array_equal(cube.is_data(stored), ~mask)
    np.testing.assert_array_equal(stored[~mask], VALUES[~mask])
    assert VALUES[1, 2, 0] == 18
    assert as_cube(np.ma.array(VALUES)).dtype == np.int16


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (VALUES[:, :, 0], "3 axes .* not 2"),
        (7, "3 axes .* not 0"),
        (np.zeros((0, 4, 3)), "empty"),
        (np.full((2, 2, 2), "a"), "holds numbers, not <U1"),
        (np.full((2, 2, 2), None), "holds numbers, not object"),
        (np.zeros((2, 2, 2), "datetime64[s]"), "holds numbers"),
        ([[[1, 2], [3]]], "differ in length"),
    ],
)
def test_what_cannot_be_a_cube_is_refused(value, message):
    with pytest.raises(FormatError, match=message):
        as_cube(value)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(FileError, match=r"absent\.npy"):
        as_cube(tmp_path / "absent.npy")


@pytest.mark.parametrize("kind", [Path, str])
def test_labels_of_a_path_are_laid_on_the_cube(tmp_path, kind):
    ids = (VALUES[:, :, 0] // 20).astype(np.uint16)
    np.save(tmp_path / "labels.npy", ids)
    labels = as_labels(kind(tmp_path / "labels.npy"), as_cube(VALUES))
    assert isinstance(labels, ImportedLabels)
    np.testing.assert_array_equal(np.asarray(labels), ids)


def test_other_labels_stay_as_they_are():
    ids = np.ones((5, 4), int)
    assert as_labels(ids, as_cube(VALUES)) is ids


@pytest.mark.parametrize(
    "mask",
    [
        np.eye(5, 4, dtype=bool),
        np.eye(5, 4) * 0.5,
        np.where(np.eye(5, 4) > 0, -1.0, np.nan),
        np.ma.array(np.ones((5, 4), int), mask=np.eye(5, 4) == 0),
        np.eye(5, 4, dtype=np.uint8).tolist(),
    ],
)
def test_a_mask_is_true_where_there_is_a_number_but_zero(mask):
    cube = HyperCube.from_array(VALUES)
    np.testing.assert_array_equal(as_mask(mask, cube), np.eye(5, 4) > 0)
    np.testing.assert_array_equal(region_of(cube, mask).inside, np.eye(5, 4) > 0)
    np.testing.assert_array_equal(region_of(cube, mask=mask).inside, np.eye(5, 4) == 0)


@pytest.mark.parametrize("mask", [np.ones((4, 5)), np.ones((5, 4), complex), 1.0])
def test_a_mask_of_another_size_or_type_is_refused(mask):
    with pytest.raises(LabelError, match="is 5 x 4 pixels; give one number for each pixel"):
        as_mask(mask, HyperCube.from_array(VALUES))


def test_a_region_keeps_its_own_bands_unless_others_are_chosen():
    cube = HyperCube.from_array(VALUES)
    inside, bands = np.eye(5, 4) > 0, np.array([True, False, True])
    known = RegionOfInterest(inside, bands)
    whole = region_of(cube)
    assert (whole.inside, whole.bands) == (None, None)
    again = region_of(cube, known)
    np.testing.assert_array_equal(again.inside, inside)
    np.testing.assert_array_equal(again.bands, bands)
    other = region_of(cube, known, mask=np.arange(20).reshape(5, 4) > 3, bands="2-3")
    assert np.argwhere(other.inside).tolist() == [[0, 0]]
    assert other.bands.tolist() == [False, True, True]
