"""Labels of pixels without data are left out, in whichever way a scene marks them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.labels.on_data import labels_on_data
from hsi_viewer.core.progress import CancelToken, TaskCancelledError

EMPTY = np.zeros((12, 9), bool)
EMPTY[:3], EMPTY[:, -2:] = True, True
IDS = np.ones((12, 9), np.uint16)
IDS[6:] = 5
IDS[8, :4] = 0


def scene(kind: str) -> HyperCube:
    """A cube of 20 bands without data where EMPTY says so."""
    values = np.random.default_rng(1).integers(100, 900, (12, 9, 20)).astype(np.int16)
    if kind == "nan":
        values = values.astype(np.float32)
        values[EMPTY] = np.nan
        return HyperCube.from_array(values)
    values[EMPTY] = -999
    cube = HyperCube.from_array(values)
    return (
        replace(cube, nodata=-999.0) if kind == "nodata" else replace(cube, fill_values=(-999.0,))
    )


@pytest.mark.parametrize("kind", ["nan", "nodata", "fill"])
def test_labels_of_pixels_without_data_are_left_out(kind):
    given = IDS.copy()
    found = labels_on_data(given, scene(kind), CancelToken())
    np.testing.assert_array_equal(found, np.where(EMPTY, 0, IDS))
    np.testing.assert_array_equal(given, IDS)


def test_a_gap_in_a_few_bands_is_not_the_end_of_a_pixel():
    values = np.ones((3, 4, 20), np.float32)
    values[1, 1, 4:7] = np.nan  # a few bands
    values[2, 2, 3:] = np.nan  # nearly all
    found = labels_on_data(np.ones((3, 4), np.uint16), HyperCube.from_array(values), CancelToken())
    assert (found[1, 1], found[2, 2], found.sum()) == (1, 0, 11)


def test_values_that_cannot_be_missing_are_not_read():
    cube = HyperCube.from_array(np.ones((12, 9, 20), np.uint16))
    assert labels_on_data(IDS, replace(cube, source=Unreadable(cube.source)), CancelToken()) is IDS


def test_it_can_be_cancelled():
    token = CancelToken()
    token.cancel()
    with pytest.raises(TaskCancelledError):
        labels_on_data(IDS, scene("nan"), token)


class Unreadable:
    """A source that must not be read."""

    def __init__(self, source) -> None:
        self.shape, self.dtype = source.shape, source.dtype

    def read(self, rows, columns, bands):
        raise AssertionError("values were read that cannot be missing")


@pytest.mark.parametrize(("known", "kept"), [(5, True), (4, False)])
def test_a_label_stays_where_half_of_the_bands_have_data(known, kept):
    values = np.full((1, 2, 9), np.nan, np.float32)
    values[0, 0, :known], values[0, 1] = 1, 1
    ids = np.full((1, 2), 3, np.uint16)
    found = labels_on_data(ids, HyperCube.from_array(values), CancelToken())
    assert found.tolist() == [[3 * kept, 3]]
