"""What a Python program is told when a file changes while its values are read."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

import hsi_viewer
from hsi_viewer.io import watched_cube

VALUES = np.random.default_rng(0).random((12, 10, 6)).astype(np.float32)
LABELS = np.zeros((12, 10), int)
LABELS[1:4, 1:9], LABELS[8:11, 1:9] = 1, 2
CHANGED = r"^cube\.npy changed since it was opened: old values and new may be mixed\. Open it again"


@pytest.fixture
def path(tmp_path, monkeypatch):
    """A cube that is looked at after each window, however fast it is read."""
    monkeypatch.setattr(watched_cube, "RARELY", 0)
    np.save(tmp_path / "cube.npy", VALUES)
    return tmp_path / "cube.npy"


def test_training_and_mapping_warn_of_a_file_that_changes(path):
    cube = hsi_viewer.open_cube(path)
    np.save(path, VALUES[::-1])
    with pytest.warns(UserWarning, match=CHANGED) as told:
        model = hsi_viewer.fit(cube, LABELS, classifier="lda")
    assert len(told) == 1  # once for each change
    np.save(path, VALUES[:, ::-1])
    with pytest.warns(UserWarning, match=CHANGED):
        model.predict(cube)


def test_a_path_is_watched_too_and_a_quiet_file_says_nothing(path):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model = hsi_viewer.fit(path, LABELS, classifier="lda")
        model.predict(path)
    again = hsi_viewer.CallbackPort(lambda _item: np.save(path, VALUES[::-1]))
    with pytest.warns(UserWarning, match=CHANGED):
        model.predict(path, port=again)


def test_files_are_looked_at_rarely(path, monkeypatch):
    monkeypatch.setattr(watched_cube, "RARELY", 10**9)
    cube = hsi_viewer.open_cube(path)
    cube.read()
    np.save(path, VALUES[::-1])
    with warnings.catch_warnings(record=True) as told:
        cube.read()
    assert told == []


def test_it_reads_as_the_cube_that_it_watches(path):
    cube, plain = hsi_viewer.open_cube(path), hsi_viewer.io.opening.open_cube(path)
    np.testing.assert_array_equal(cube[2:9:2, ::3, [4, 1]], plain[2:9:2, ::3, [4, 1]])
    assert (cube.path, cube.dtype, repr(cube)) == (plain.path, plain.dtype, repr(plain))
    assert hsi_viewer.open_cube("sample:indian-pines").path is None
