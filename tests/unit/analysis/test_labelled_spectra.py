"""Spectra of labelled pixels against the cube itself."""

from __future__ import annotations

import numpy as np
import pytest

from hsi_viewer.analysis import labelled_spectra as module
from hsi_viewer.analysis.labelled_spectra import PER_CLASS, labelled_spectra
from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.progress import CancelToken, TaskCancelledError
from tests.unit.learning.made import Recorder

ROWS, COLUMNS = 12, 200
VALUES = np.arange(ROWS * COLUMNS * 3, dtype=np.int32).reshape(ROWS, COLUMNS, 3)


def as_rows(spectra) -> list[tuple[float, ...]]:
    return sorted(map(tuple, spectra.tolist()))


def test_they_are_the_values_at_the_labels_wherever_those_lie():
    labels = np.zeros((ROWS, COLUMNS), np.uint16)
    labels[0, [0, 1, 64, 65, 66, 130, 199]] = 4
    labels[1, 0] = labels[11, 199] = 4
    labels[3:5, 10:20] = 9
    cube = HyperCube.from_array(VALUES, scale=0.5)
    found = labelled_spectra(cube, labels)
    assert set(found) == {4, 9}
    for class_id, spectra in found.items():
        assert as_rows(spectra) == as_rows(VALUES[labels == class_id] / 2)


def test_bad_bands_and_pixels_without_data_are_left_out():
    values = VALUES.copy()
    values[2, 3, 2] = -1
    values[2, 4, 1] = -1  # in a bad band: it does not matter
    labels = np.zeros((ROWS, COLUMNS), np.uint16)
    labels[2, 3:6] = 1
    labels[2, 3] = 2
    cube = HyperCube.from_array(values, nodata=-1, good_bands=np.array([True, False, True]))
    found = labelled_spectra(cube, labels)
    assert found[2].shape == (0, 2)
    assert as_rows(found[1]) == as_rows(values[2, 4:6][:, [0, 2]].astype(float))


def test_a_cube_without_a_good_band_gives_all_bands():
    labels = np.zeros((ROWS, COLUMNS), np.uint16)
    labels[5, 5] = 1
    cube = HyperCube.from_array(VALUES, good_bands=np.zeros(3, bool))
    assert labelled_spectra(cube, labels)[1].tolist() == [VALUES[5, 5].tolist()]
    assert labelled_spectra(cube, np.zeros((ROWS, COLUMNS), np.uint16)) == {}


def test_of_many_pixels_a_part_is_drawn_by_the_seed():
    labels = np.full((ROWS, COLUMNS), 3, np.uint16)
    labels[0, :5] = 8
    cube = HyperCube.from_array(VALUES)
    first, again, other = (labelled_spectra(cube, labels, seed) for seed in (0, 0, 1))
    assert [len(first[i]) for i in (3, 8)] == [PER_CLASS, 5]
    assert as_rows(first[3]) == as_rows(again[3]) != as_rows(other[3])
    assert len(set(as_rows(first[3]))) == PER_CLASS
    rows = {int(v[0]) // (3 * COLUMNS) for v in first[3]}
    assert rows == set(range(ROWS))


def test_it_is_read_in_runs_of_a_row_and_tells_how_far_it_is(monkeypatch):
    labels = np.zeros((ROWS, COLUMNS), np.uint16)
    labels[:, ::99] = 1  # three a row, too far apart to be read at once
    reads: list[int] = []
    cube = HyperCube.from_array(VALUES)
    real = type(cube.source).read

    def read(self, rows, columns, bands):
        reads.append(columns.stop - columns.start)
        return real(self, rows, columns, bands)

    monkeypatch.setattr(type(cube.source), "read", read)
    port = Recorder()
    labelled_spectra(cube, labels, port=port)
    assert reads == [1] * 36
    assert [i.fraction for i in port.items] == [0.0]
    labels[:] = 0
    labels[:, ::20] = 1
    monkeypatch.setattr(module, "RUN", 1)
    labelled_spectra(cube, labels, port=port)
    assert [i.fraction for i in port.items[1:]] == [0.0, 64 / 120]
    labels[:, ::20], labels[:, ::99] = 0, 1
    monkeypatch.setattr(module, "RUN", 99)
    reads.clear()
    labelled_spectra(cube, labels)
    assert reads == [199] * ROWS
    token = CancelToken()
    token.cancel()
    with pytest.raises(TaskCancelledError):
        labelled_spectra(cube, labels, token=token)
