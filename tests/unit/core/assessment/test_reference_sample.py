"""Reference samples: their size by the published formula, allocation, drawing, refusals."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from hsi_viewer.core.assessment.intervals import Z95
from hsi_viewer.core.assessment.reference_sample import (
    allocation,
    draw_sample,
    map_digest,
    sample_size,
    stratum_sizes,
)
from hsi_viewer.core.errors import LabelError

PUBLISHED = {1: 200_000, 2: 150_000, 3: 3_200_000, 4: 6_450_000}


def test_the_published_sample_size():
    users = {1: 0.70, 2: 0.60, 3: 0.90, 4: 0.95}
    assert sample_size(PUBLISHED, Z95 * 0.01, users) == 641


def test_a_small_scene_needs_no_more_points_than_it_has():
    assert sample_size({1: 30, 2: 20}, 0.001) == 50
    assert sample_size({1: 10_000}, 0.05, {1: 1.0}) == 1
    with pytest.raises(LabelError, match="wider than 0"):
        sample_size(PUBLISHED, 0)
    with pytest.raises(LabelError, match="no classified pixels"):
        sample_size({}, 0.05)


def test_rare_classes_get_the_least_and_the_others_share_by_area():
    assert allocation(PUBLISHED, 641, 75) == {1: 75, 2: 75, 3: 163, 4: 328}


def test_allocations_by_area_alone_and_in_equal_parts():
    assert allocation(PUBLISHED, 641, kind="proportional") == {1: 13, 2: 10, 3: 205, 4: 413}
    assert allocation(PUBLISHED, 641, kind="equal") == {1: 161, 2: 160, 3: 160, 4: 160}
    assert allocation({1: 9, 2: 500, 3: 1}, 100, kind="equal") == {1: 9, 2: 90, 3: 1}
    assert allocation({1: 9000, 2: 4}, 3, kind="proportional") == {1: 2, 2: 2}


@settings(max_examples=30)
@given(
    st.dictionaries(st.integers(1, 9), st.integers(2, 3000), min_size=1, max_size=6),
    st.integers(1, 2000),
    st.integers(0, 80),
    st.sampled_from(["recommended", "proportional", "equal"]),
)
def test_every_allocation_fits_its_classes(sizes, points, least, kind):
    found = allocation(sizes, points, least, kind)
    assert list(found) == list(sizes)
    least = least if kind == "recommended" else 0
    assert all(min(max(least, 2), n) <= found[i] <= n for i, n in sizes.items())
    fixed = sum(min(max(least, 2), n) for n in sizes.values())
    assert sum(found.values()) == min(max(points, fixed), sum(sizes.values()))


def made_map() -> np.ndarray:
    class_map = np.ones((20, 30), np.uint16)
    class_map[:, 20:] = 5
    class_map[0] = 0
    return class_map


def test_points_are_drawn_once_each_in_their_class_and_in_no_order():
    class_map = made_map()
    sample = draw_sample(class_map, {1: 40, 5: 25}, seed=3)
    assert sample.sizes == stratum_sizes(class_map) == {1: 380, 5: 190}
    assert np.unique(sample.pixels).size == 65
    np.testing.assert_array_equal(class_map.ravel()[sample.pixels], sample.strata)
    assert np.count_nonzero(np.diff(sample.strata)) > 10
    np.testing.assert_allclose(sample.inclusion[sample.strata == 5], 25 / 190)
    np.testing.assert_array_equal(
        sample.pixels, draw_sample(class_map, {1: 40, 5: 25}, seed=3).pixels
    )
    assert (sample.pixels != draw_sample(class_map, {1: 40, 5: 25}, seed=4).pixels).any()


def test_every_pixel_of_a_class_is_as_likely():
    class_map = made_map()[:4, 18:24]
    counts = np.zeros(class_map.size)
    for seed in range(600):
        counts[draw_sample(class_map, {1: 2, 5: 3}, seed).pixels] += 1
    assert (counts[class_map.ravel() == 0] == 0).all()
    for class_id, points in ((1, 2), (5, 3)):
        own = counts[class_map.ravel() == class_id]
        assert own.mean() == pytest.approx(600 * points / own.size)
        assert abs(own - own.mean()).max() < 4.5 * np.sqrt(own.mean())


def test_a_sample_knows_its_map():
    class_map = made_map()
    sample, other = draw_sample(class_map, {1: 4, 5: 4}), class_map.copy()
    other.ravel()[np.setdiff1d(np.flatnonzero(other == 5), sample.pixels)[0]] = 1
    assert sample.digest == map_digest(class_map) != map_digest(class_map.reshape(30, 20))
    for known in (sample, replace(sample, digest="")):
        assert known.is_from(class_map)
        assert not known.is_from(other)
        assert not known.is_from(class_map[:5])


def test_estimates_follow_from_the_labels_and_another_map_can_be_assessed():
    class_map = made_map()
    truth = np.where(np.arange(30) < 15, 1, 5).astype(np.uint16) * np.ones((20, 1), np.uint16)
    sample = draw_sample(class_map, {1: 380, 5: 190})
    reference = truth.ravel()[sample.pixels]
    own = sample.estimates(reference)
    assert own.overall.value == pytest.approx(25 / 30)
    assert own.shares[0].value == pytest.approx(0.5)
    assert sample.estimates(reference, truth).overall.value == pytest.approx(1)
    with pytest.raises(LabelError, match="The map is 2 x 2"):
        sample.estimates(reference, truth[:2, :2])
    with pytest.raises(LabelError, match="aren't labelled yet"):
        sample.estimates(np.where(np.arange(570) == 7, 0, reference))


def test_more_points_than_pixels_are_refused():
    with pytest.raises(LabelError, match="Class 5 has 190 pixels in the map, too few for 200"):
        draw_sample(made_map(), {5: 200})


def test_the_map_of_a_sample_of_another_version_is_known_again():
    class_map = np.arange(6, dtype=np.uint16).reshape(2, 3)
    assert map_digest(class_map) == map_digest(np.asfortranarray(class_map)) == "49a95fe23e67ef48"
    assert map_digest(class_map.T) != map_digest(class_map) != map_digest(class_map.reshape(3, 2))
