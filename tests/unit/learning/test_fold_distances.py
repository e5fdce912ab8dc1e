"""Distances between labels and what was trained on, beside those of a map's pixels."""

from __future__ import annotations

import numpy as np
import pytest

from hsi_viewer.learning.fold_distances import held_distances, map_distances, share_apart

RNG = np.random.default_rng(0)


def test_held_labels_are_as_far_as_the_nearest_label_of_another_fold():
    positions = np.array([[0, 0], [0, 1], [0, 5], [0, 9], [3, 9]])
    found = held_distances(positions, np.array([0, 0, 1, -1, 1]))
    np.testing.assert_allclose(found, [5, 4, 4, 3])  # the fourth is never held out


def test_pixels_are_as_far_as_the_nearest_label():
    found = map_distances(np.array([[0, 0], [3, 4], [2, 0]]), np.array([[0, 0], [9, 9]]))
    np.testing.assert_allclose(found, [0, 5, 2])


@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
def test_the_share_that_a_map_was_made_with_is_found(share):
    apart, beside = RNG.gamma(4, 6, 900), RNG.gamma(4, 1, 700)
    far = RNG.random(4000) < share
    of_map = np.where(far, RNG.gamma(4, 6, 4000), RNG.gamma(4, 1, 4000))
    assert share_apart(of_map, apart, beside) == pytest.approx(share, abs=0.1)


def test_a_map_further_than_any_label_is_like_those_held_out_by_place():
    assert share_apart(np.full(9, 100.0), np.full(4, 20.0), np.full(5, 2.0)) == 1
    assert share_apart(np.full(9, 1.0), np.full(4, 20.0), np.full(5, 2.0)) == 0


def test_labels_that_are_all_as_far_have_a_share():
    assert 0 <= share_apart(np.full(9, 3.0), np.full(4, 3.0), np.full(5, 3.0)) <= 1
