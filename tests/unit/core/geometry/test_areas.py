"""Areas and regions against scipy on the whole map, and the windows in which they are sought."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy.ndimage import label

from hsi_viewer.core.geometry import connected_regions
from hsi_viewer.core.geometry.connected_regions import Region, connected_area, regions_of

maps = hnp.arrays(np.uint16, (7, 9), elements=st.integers(0, 2))


@given(maps, st.integers(0, 6), st.integers(0, 8), st.booleans())
def test_an_area_is_what_scipy_finds_on_the_whole_map(ids, row, column, corners):
    parts, _ = label(ids == ids[row, column], np.ones((3, 3)) if corners else None)
    expected = np.flatnonzero(parts == parts[row, column])
    found = connected_area(ids, (row, column), corners=corners)
    np.testing.assert_array_equal(found, expected)


@given(maps, st.integers(0, 6), st.integers(0, 8))
def test_a_small_window_grows_until_it_holds_the_area(ids, row, column):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(connected_regions, "FIRST_REACH", 1)
        found = connected_area(ids, (row, column))
    np.testing.assert_array_equal(found, connected_area(ids, (row, column)))


def test_an_area_beyond_the_limit_is_not_searched():
    ids = np.zeros((600, 700), np.uint16)
    ids[10:20, 10:20] = 1
    assert connected_area(ids, (500, 500), limit=100_000) is None
    assert connected_area(ids, (15, 15), limit=100_000).size == 100


@given(maps)
def test_regions_hold_every_labelled_pixel_once(ids):
    regions = regions_of(ids, (1, 2))
    assert sum(r.pixels for r in regions) == np.count_nonzero(ids)
    for region in regions:
        pixels = connected_area(ids, region.seed, corners=True)
        rows, columns = np.divmod(pixels, 9)
        assert ids[region.seed] == region.class_id
        assert pixels.size == region.pixels
        box = (rows.min(), columns.min(), rows.max() + 1, columns.max() + 1)
        assert region.box == box


def test_the_largest_region_of_each_class_comes_first():
    ids = np.array([[1, 0, 1, 1], [0, 0, 1, 0], [5, 0, 0, 0]], np.uint16)
    assert regions_of(ids, (1, 5)) == [
        Region(1, 3, (0, 2, 2, 4), (0, 2)),
        Region(1, 1, (0, 0, 1, 1), (0, 0)),
        Region(5, 1, (2, 0, 3, 1), (2, 0)),
    ]
    assert regions_of(ids, ()) == []
