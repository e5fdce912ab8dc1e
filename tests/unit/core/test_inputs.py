"""What may stand in for a cube and its labels."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.errors import FileError, FormatError
from hsi_viewer.core.inputs import as_cube, as_labels
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
