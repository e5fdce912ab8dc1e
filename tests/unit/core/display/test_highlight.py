"""A mask seen through a window, thinned or not; an area that goes on beyond its window."""

from __future__ import annotations

import numpy as np
import pytest

from hsi_viewer.core.display.highlight import BelowRaster, MaskRaster
from hsi_viewer.core.geometry.connected_regions import area_within

MASK = np.random.default_rng(0).random((13, 17)) > 0.8


@pytest.mark.parametrize("step", [1, 2, 3, 5])
def test_a_thinned_pixel_is_coloured_where_any_of_its_pixels_is(step):
    found = MaskRaster(MASK, (1, 2, 3), 90).rgba(slice(1, 13, step), slice(2, 16, step))
    rows, columns = range(1, 13, step), range(2, 16, step)
    wanted = [
        [MASK[r : min(r + step, 13), c : min(c + step, 16)].any() for c in columns] for r in rows
    ]
    np.testing.assert_array_equal(found[:, :, 3] == 90, wanted)
    np.testing.assert_array_equal((found == (1, 2, 3, 90)).all(axis=2), wanted)
    assert not found[~np.array(wanted)].any()


@pytest.mark.parametrize("box", [(2, 1, 6, 6), (1, 2, 6, 6), (1, 1, 5, 6), (1, 1, 6, 5)])
def test_an_area_that_reaches_a_rim_inside_the_scene_goes_on(box):
    """A square of ones about (3, 3), from row and column 2 to 4."""
    ids = np.zeros((7, 7), int)
    ids[2:5, 2:5] = 1
    cut = ids[box[0] : box[2], box[1] : box[3]]
    assert area_within(cut, box, (7, 7), (3, 3)) is None
    whole = area_within(ids[1:6, 1:6], (1, 1, 6, 6), (7, 7), (3, 3))
    np.testing.assert_array_equal(whole, np.flatnonzero(ids))
    ids[2:5, 1] = ids[2:5, 0] = 1
    for left in (0, 1):  # at the rim of the scene it ends, before it it goes on
        found = area_within(ids[1:6, left:6], (1, left, 6, 6), (7, 7), (3, 3))
        assert (found is None) == (left == 1)


@pytest.mark.parametrize("shape", [(10, 20), (20, 10)])
def test_an_area_over_a_whole_side_of_the_scene_goes_on_beyond_its_window(shape):
    ids = np.ones(shape, int)
    for side in (0, 1):
        low, high = [0, 0], [*shape]
        high[side] -= 1
        window = ids[: high[0], : high[1]]
        assert area_within(window, (*low, *high), shape, (3, 3)) is None
        low, high = [0, 0], [*shape]
        low[side] += 1
        window = ids[low[0] :, low[1] :]
        assert area_within(window, (*low, *high), shape, (3, 3)) is None
    assert area_within(ids, (0, 0, *shape), shape, (3, 3)) is not None


def test_values_up_to_the_threshold_are_coloured_and_missing_ones_are_not():
    values = np.array([[0.1, 0.5, 0.6], [np.nan, 0.2, -1.0]])
    raster = BelowRaster(values, 0.5, (1, 2, 3))
    near = np.array([[True, True, False], [False, True, True]])
    np.testing.assert_array_equal(raster.below, near)
    assert raster.shape == (2, 3)
    picture = raster.rgba(slice(0, 2, 1), slice(0, 3, 2))
    np.testing.assert_array_equal(picture[:, :, 3], 190 * near[:, ::2])
    np.testing.assert_array_equal(picture[0, 0], (1, 2, 3, 190))
