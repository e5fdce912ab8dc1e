"""Test pixels that lie together form few groups of like size; regions stay whole if they can."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from hsi_viewer.core.assessment.groups import LEAST_EFFECTIVE, MOST_GROUPS, groups_of
from hsi_viewer.core.geometry.connected_labels import connected_labels

tests = hnp.arrays(np.uint16, (9, 12), elements=st.integers(0, 3)).filter(lambda t: t.any())


def found(test: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Regions and groups of all test pixels."""
    pixels = np.flatnonzero(test)
    regions = connected_labels(pixels, test.ravel()[pixels], test.shape[1])
    return regions, groups_of(pixels, regions, test.shape[1])


@settings(max_examples=30)
@given(tests)
def test_every_pixel_is_in_one_of_few_groups(test):
    _, groups = found(test)
    used = np.unique(groups)
    np.testing.assert_array_equal(used, np.arange(used.size))
    assert used.size <= MOST_GROUPS
    assert groups.size == np.count_nonzero(test)


def test_regions_of_equal_size_stay_whole_and_neighbours_are_joined():
    test = np.zeros((40, 200), np.uint16)
    for column in range(0, 200, 10):
        test[10:14, column : column + 4] = 1 + column % 3
    regions, groups = found(test)
    assert regions.max() + 1 == 20
    assert groups.max() + 1 == MOST_GROUPS
    for region in range(20):
        assert np.unique(groups[regions == region]).size == 1
    for group in range(MOST_GROUPS):
        joined = np.unique(regions[groups == group])
        assert np.ptp(joined) + 1 == joined.size <= 3  # neighbours


def test_one_huge_region_is_cut_into_parts_of_like_size():
    _, groups = found(np.ones((60, 60), np.uint16))
    sizes = np.bincount(groups)
    assert LEAST_EFFECTIVE <= sizes.sum() ** 2 / (sizes**2).sum() <= MOST_GROUPS
    assert sizes.max() <= 2 * sizes.min()


def test_groups_of_huge_regions_have_all_classes_around_them():
    test = np.ones((80, 80), np.uint16)
    for row in range(0, 80, 8):  # two combs, tooth between tooth
        test[row : row + 4, 4:] = 2
    test[:, -4:] = 2
    regions, groups = found(test)
    assert regions.max() + 1 == 2
    classes = test.ravel()
    assert sum(np.unique(classes[groups == g]).size > 1 for g in range(MOST_GROUPS)) >= 8


def test_no_test_pixels_no_groups():
    nothing = np.zeros(0, np.int64)
    assert groups_of(nothing, nothing, 10).size == 0


def test_small_regions_stay_whole_where_a_huge_one_is_cut():
    test = np.zeros((90, 60), np.uint16)
    test[:60] = 1
    for n, row in enumerate((65, 75, 85)):
        test[row] = 2 + n
    regions, groups = found(test)
    assert regions.max() + 1 == 4
    assert np.unique(groups[regions == 0]).size > MOST_GROUPS / 2
    for small in (1, 2, 3):
        assert np.unique(groups[regions == small]).size == 1
