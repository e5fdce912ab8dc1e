"""The area of applicability: dissimilarity and threshold by hand, and unknown spectra found."""

from __future__ import annotations

import numpy as np
import pytest

from hsi_viewer.core.assessment.applicability import (
    fit_applicability,
    importance,
    some_of_each,
)

ONES = np.ones(1, np.float32)


def test_dissimilarity_by_hand():
    """Four pixels at 0, 1, 3 and 6, in two folds: mean distance 20 / 6, spread 2.29."""
    features = np.array([[0.0], [1.0], [3.0], [6.0]])
    found = fit_applicability(features, np.zeros(4, int), np.array([0, 0, 1, 1]), weights=ONES)
    mean = (1 + 3 + 6 + 2 + 5 + 3) / 6
    assert found.dissimilarity(np.array([[3.0], [4.0], [-7.0]])) == pytest.approx(
        [0, 1 / mean, 7 / mean], rel=1e-5, abs=1e-5
    )
    # of the folds: 0 and 1 to 3 are 3 and 2, 3 and 6 to 1 are 2 and 5; 5 is within the whisker
    assert found.threshold == pytest.approx(5 / mean, rel=1e-5)
    assert found.applies(found.dissimilarity(np.array([[10.9], [11.1]]))).tolist() == [True, False]


def test_outliers_do_not_set_the_threshold():
    features = np.arange(40.0)[:, None]
    features[39] = 1000
    found = fit_applicability(features, np.zeros(40, int), np.arange(40), weights=ONES)
    assert not found.applies(found.dissimilarity(np.array([[500.0]])))[0]
    assert found.applies(found.dissimilarity(np.array([[20.4]])))[0]


def test_a_feature_that_tells_nothing_counts_for_nothing():
    rng = np.random.default_rng(0)
    targets = np.repeat([0, 1], 50)
    features = np.column_stack([targets + rng.normal(0, 0.05, 100), rng.normal(0, 1, 100)])
    assert importance(features, targets)[0] > 0.9 > 0.1 > importance(features, targets)[1]
    found = fit_applicability(features, targets, np.arange(100) % 3)
    strange_noise, strange_signal = found.dissimilarity(np.array([[0.0, 6.0], [4.0, 0.0]]))
    assert strange_signal > 5 * strange_noise
    assert found.applies(found.dissimilarity(features)).all()


def test_pixels_that_are_never_held_out_count_as_neighbours():
    features = np.array([[0.0], [1.0], [2.0], [2.5]])
    folds = np.array([0, 0, 1, -1])
    found = fit_applicability(features, np.zeros(4, int), folds, weights=ONES)
    distances = np.array([2, 1, 0.5]) * 6 / (1 + 2 + 2.5 + 1 + 1.5 + 0.5)
    assert found.threshold == pytest.approx(distances.max(), rel=1e-5)


@pytest.mark.parametrize("never", [1, 12])
def test_pixels_that_are_never_held_out_do_not_set_the_threshold(never):
    features = np.array([0.0, 1, 2, *(4.5 + np.arange(never))])[:, None]
    folds = np.array([0, 0, 1, *[-1] * never])
    found = fit_applicability(features, np.zeros(3 + never, int), folds, weights=ONES)
    apart = np.abs(features - features.T)
    mean = apart.sum() / (apart.size - len(apart))
    assert found.threshold == pytest.approx(2 / mean, rel=1e-5)


def test_the_same_pixels_twice():
    found = fit_applicability(np.ones((4, 2)), np.zeros(4, int), np.full(4, -1))
    assert (found.unit, found.threshold) == (1, 0)
    assert found.applies(found.dissimilarity(np.ones((1, 2))))[0]


def test_many_pixels_are_thinned_evenly():
    targets = np.array([0] * 1000 + [1] * 10)
    kept = some_of_each(targets, 100)
    assert (np.bincount(targets[kept]) == [50, 10]).all()
    assert np.unique(kept).size == kept.size
    found = fit_applicability(np.arange(1010.0)[:, None], targets, np.arange(1010) % 4, most=100)
    assert len(found.training) == 60


def test_what_is_nearer_to_the_background_is_outside():
    features = np.array([[0.0], [1.0], [3.0], [6.0]])
    found = fit_applicability(features, np.zeros(4, int), np.array([0, 0, 1, 1]), weights=ONES)
    asked = np.array([[0.2], [4.4], [4.6], [5.4], [5.6]])
    assert found.applies(found.dissimilarity(asked)).all()
    known = found.with_background(np.array([[5.0]]))
    assert known.applies(known.dissimilarity(asked)).tolist() == [True, False, False, False, True]
    before, after = found.dissimilarity(asked), known.dissimilarity(asked)
    np.testing.assert_array_equal(after[[0, 4]], before[[0, 4]])
    assert (after >= before).all()
    assert found.with_background(np.zeros((0, 1))).background is None


def test_distances_are_to_each_training_pixel():
    features = np.array([[0.0], [1.0], [3.0], [6.0]])
    found = fit_applicability(features, np.zeros(4, int), np.array([0, 0, 1, 1]), weights=ONES)
    distances = found.distances(np.array([[4.0], [1.0], [-7.0]]))
    expected = np.array([[4, 3, 1, 2], [1, 0, 2, 5], [7, 8, 10, 13]]) / (20 / 6)
    np.testing.assert_allclose(distances, expected, atol=1e-3)
    assert distances.dtype == np.float32


def test_the_importance_of_features_does_not_depend_on_their_unit():
    features = np.array([[0.0, 0, 5], [0, 1, 5], [1, 0, 5], [1, 2, 5]]) * 0.01
    found = importance(features, np.array([0, 0, 3, 3]))
    # the second varies by 2.75 in all, of which 0.25 lies between the classes
    np.testing.assert_allclose(found, [1, 0.25 / 2.75, 0], atol=1e-6)
