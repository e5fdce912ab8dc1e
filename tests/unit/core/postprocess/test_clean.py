"""Cleaning a class map never invents a class, never changes id 0, and settles."""

from __future__ import annotations

import tracemalloc
from unittest import mock

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from hsi_viewer.core import strips
from hsi_viewer.core.postprocess import sieve
from hsi_viewer.core.postprocess.clean import Cleaning, cleaned
from hsi_viewer.core.postprocess.majority import majority
from hsi_viewer.core.postprocess.map_regions import map_regions
from hsi_viewer.core.postprocess.morphology import closed, opened
from hsi_viewer.core.postprocess.sieve import sieved

SHAPES = array_shapes(min_dims=2, max_dims=2, max_side=9)
MAPS = arrays(np.uint16, SHAPES, elements=st.sampled_from([0, 1, 2, 7]))


def as_map(text: str) -> np.ndarray:
    return np.array([[int(c) for c in line] for line in text.split()], np.uint16)


def neighbours(ids: np.ndarray, region: np.ndarray) -> set[int]:
    """Classes that share a side with a region, which is a mask."""
    found: set[int] = set()
    for axis in (0, 1):
        first, last = np.roll(region, 1, axis), np.roll(region, -1, axis)
        np.moveaxis(first, axis, 0)[0] = False
        np.moveaxis(last, axis, 0)[-1] = False
        found |= set(ids[(first | last) & ~region].tolist())
    return found - {0}


@settings(max_examples=30, deadline=None)
@given(
    MAPS,
    st.builds(
        Cleaning,
        merge=st.sampled_from([{}, {7: 2}]),
        open=st.sampled_from([(), (1,), (2, 1)]),
        close=st.sampled_from([(), (1,), (2,)]),
        majority=st.sampled_from([1, 3, 5]),
        minimum=st.integers(0, 9),
        square_metres=st.sampled_from([None, 3.0]),
        corners=st.booleans(),
    ),
)
def test_no_class_is_invented_and_0_stays(ids, cleaning):
    result = cleaned(ids, cleaning, np.full(len(ids), 2.0))
    assert result.dtype == np.uint16
    np.testing.assert_array_equal(result == 0, ids == 0)
    assert set(np.unique(result)) <= set(np.unique(ids)) | set(cleaning.close) | {
        cleaning.merge[i] for i in cleaning.merge if i in ids
    }
    if not cleaning.merge:
        assert set(np.unique(result)) <= set(np.unique(ids))


@settings(max_examples=30, deadline=None)
@given(MAPS, st.integers(1, 12), st.booleans())
def test_what_the_sieve_leaves_is_large_enough_or_alone(ids, minimum, corners):
    result = sieved(ids, minimum, corners=corners)
    np.testing.assert_array_equal(sieved(result, minimum, corners=corners), result)
    regions = map_regions(result, corners=corners)
    for number, pixels in enumerate(regions.pixels()[1:], start=1):
        assert pixels >= minimum or not neighbours(result, regions.numbers == number)


@settings(max_examples=30, deadline=None)
@given(MAPS, st.sampled_from([1, 2]), st.booleans())
def test_opening_and_closing_settle_and_change_one_way(ids, class_id, corners):
    less = opened(ids, class_id, corners=corners)
    more = closed(ids, class_id, corners=corners)
    assert not np.any((less == class_id) & (ids != class_id))
    np.testing.assert_array_equal(more[ids == class_id], class_id)
    np.testing.assert_array_equal((more != ids) & (more != class_id), False)
    np.testing.assert_array_equal(opened(less, class_id, corners=corners), less)
    np.testing.assert_array_equal(closed(more, class_id, corners=corners), more)


@settings(max_examples=30, deadline=None)
@given(MAPS, st.sampled_from([3, 5]))
def test_the_majority_is_that_of_each_window(ids, window):
    reach = window // 2
    expected = ids.copy()
    for row, column in np.argwhere(ids):
        part = ids[max(row - reach, 0) : row + reach + 1, max(column - reach, 0) :]
        counts = np.bincount(part[:, : column - max(column - reach, 0) + reach + 1].ravel())
        counts[0] = 0
        best = np.flatnonzero(counts == counts.max())
        if best.size == 1:
            expected[row, column] = best[0]
    np.testing.assert_array_equal(majority(ids, window), expected)


def test_a_small_region_goes_to_the_longest_border():
    ids = as_map("1112 1332 1122 1122")
    np.testing.assert_array_equal(sieved(ids, 3), as_map("1112 1112 1122 1122"))


def test_neighbours_at_a_corner_make_a_region_large_but_are_no_border():
    ids = as_map("3111 1311 1131 1111")
    np.testing.assert_array_equal(sieved(ids, 3, corners=True), ids)
    np.testing.assert_array_equal(sieved(ids, 3), np.ones((4, 4)))
    apart = as_map("20 01")
    np.testing.assert_array_equal(sieved(apart, 5, corners=True), apart)


def test_the_minimum_may_be_an_area_that_differs_by_row():
    ids = as_map("1211 1111 1211")
    size = np.array([1.0, 1.0, 3.0])
    expected = as_map("1111 1111 1211")
    np.testing.assert_array_equal(sieved(ids, 2, pixel_size=size), expected)
    by_area = cleaned(ids, Cleaning(square_metres=2.0), size)
    np.testing.assert_array_equal(by_area, expected)
    with pytest.raises(ValueError, match="area of a pixel"):
        cleaned(ids, Cleaning(square_metres=2.0))


def test_opening_spares_the_edge_and_what_borders_on_no_data():
    ids = as_map("11111 22222 22122 22122 00100")
    assert np.all(opened(ids, 1)[0] == 1)  # of a field that may continue beyond the scene
    assert not np.any(opened(ids, 1, corners=True)[2:4] == 1)
    np.testing.assert_array_equal(opened(np.ones((1, 3), np.uint16), 1), [[1, 1, 1]])


def test_closing_fills_a_gap():
    ids = as_map("11111 11211 11111")
    np.testing.assert_array_equal(closed(ids, 1), np.ones((3, 5)))


@pytest.mark.parametrize("window", [0, 2, -3, 257])
def test_a_window_is_odd(window):
    with pytest.raises(ValueError, match="odd"):
        majority(np.ones((2, 2), np.uint16), window)


@pytest.mark.parametrize("merge", [{0: 1}, {1: 0}])
def test_no_data_is_not_merged(merge):
    with pytest.raises(ValueError, match="no data"):
        cleaned(np.ones((2, 2), np.uint16), Cleaning(merge=merge))


def test_merged_classes_count_as_one():
    ids = as_map("3422 2222 2222")
    result = cleaned(ids, Cleaning(merge={4: 3}, minimum=2))
    np.testing.assert_array_equal(result, as_map("3322 2222 2222"))


def test_regions_have_pixels_sums_and_centroids():
    regions = map_regions(as_map("1102 1002 0200"))
    assert len(regions) == 3
    assert regions.classes.tolist() == [0, 1, 2, 2]
    assert regions.pixels().tolist() == [6, 3, 2, 1]
    np.testing.assert_allclose(regions.centroids()[1:], [[5 / 6, 5 / 6], [1, 3.5], [2.5, 1.5]])
    np.testing.assert_allclose(regions.sums(np.array([[1.0], [2.0], [4.0]]))[1:], [4, 3, 4])


@settings(max_examples=20, deadline=None)
@given(MAPS, st.sampled_from([3, 5]), st.integers(2, 12), st.booleans())
def test_the_height_of_a_strip_changes_nothing(ids, window, minimum, corners):
    def results() -> list[np.ndarray]:
        return [
            majority(ids, window),
            opened(ids, 1, corners=corners),
            sieved(ids, minimum, corners=corners),
        ]

    expected = results()
    with mock.patch.object(strips, "ROWS", 1), mock.patch.object(sieve, "ROWS", 2):
        for result, whole in zip(results(), expected, strict=True):
            np.testing.assert_array_equal(result, whole)


@pytest.mark.parametrize(
    ("clean", "most"),
    [
        (lambda ids: majority(ids, 3), 6),
        (lambda ids: opened(ids, 1), 6),
        (lambda ids: sieved(ids, 8), 20),
    ],
    ids=["majority", "opening", "sieve"],
)
def test_a_large_noisy_map_is_cleaned_in_little_memory(clean, most):
    """A map of 40 million pixels has to fit into 1 GiB, with its many regions."""
    rng = np.random.default_rng(0)
    ids = (1 + np.arange(2000)[:, None] // 40 % 5 + np.zeros((1, 150))).astype(np.uint16)
    noisy = rng.random(ids.shape) < 0.1
    ids[noisy] = rng.integers(1, 7, np.count_nonzero(noisy))
    clean(ids[:20])  # modules that are loaded here stay
    tracemalloc.start()
    try:
        clean(ids)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak / ids.size < most  # bytes a pixel


@pytest.mark.parametrize(("minimum", "left"), [(1, {1, 2, 3}), (2, {1, 3}), (3, {1})])
def test_regions_of_fewer_pixels_than_the_minimum_go(minimum, left):
    ids = as_map("1111 1211 1111 1331")
    assert set(np.unique(cleaned(ids, Cleaning(minimum=minimum))).tolist()) == left


@pytest.mark.parametrize("merge", [{0: 1}, {1: 0}, {1: 65536}, {65536: 1}, {70000: 1}, {-1: 2}])
def test_only_classes_are_merged(merge):
    with pytest.raises(ValueError, match="Only classes"):
        cleaned(as_map("12"), Cleaning(merge=merge))
    assert cleaned(as_map("12"), Cleaning(merge={2: 65535})).tolist() == [[1, 65535]]
