"""Correlation of errors between groups: found where it was made, and none where it was not."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from hsi_viewer.core.assessment.error_correlation import error_correlation

SIDE, BLOCK = 60, 12
PIXELS = np.arange(SIDE * SIDE)
ROWS, COLUMNS = np.divmod(PIXELS, SIDE)
GROUPS = ROWS // BLOCK * (SIDE // BLOCK) + COLUMNS // BLOCK


def correlation_of(right: np.ndarray) -> np.ndarray:
    return error_correlation(right.ravel(), PIXELS, GROUPS, SIDE, GROUPS)


def distances() -> np.ndarray:
    rows, columns = np.divmod(np.arange((SIDE // BLOCK) ** 2), SIDE // BLOCK)
    return np.hypot(rows[:, None] - rows, columns[:, None] - columns)


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_errors_that_spread_beyond_their_group_are_found_and_fall_with_the_distance(seed):
    field = gaussian_filter(np.random.default_rng(seed).normal(size=(SIDE, SIDE)), 6.0)
    right = field > np.quantile(field, 0.3)
    errors = right.ravel() - right.mean()
    mean_of = np.bincount(GROUPS, errors) / BLOCK**2
    near = distances() == 1
    true = np.outer(mean_of, mean_of)[near].mean() / errors.var()
    found = correlation_of(right)
    assert 0.5 * true < found[near].mean() < 1.5 * true
    assert found[distances() > 4].mean() < found[near].mean() / 4
    np.testing.assert_allclose(found, found.T)
    assert np.diag(found).max() <= 1.0
    assert np.diag(found).min() > found[near].mean()


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_errors_without_a_pattern_are_not_correlated(seed):
    right = np.random.default_rng(seed).random((SIDE, SIDE)) > 0.3
    assert correlation_of(right).max() < 0.05


def test_errors_of_whole_groups_stay_within_them():
    right = np.isin(GROUPS, np.random.default_rng(0).permutation(25)[:17])
    found = correlation_of(right)
    np.testing.assert_allclose(np.diag(found), 1.0, atol=0.01)
    assert found[~np.eye(25, dtype=bool)].max() < 0.35


def test_where_all_is_right_nothing_is_correlated():
    assert not correlation_of(np.ones(PIXELS.size, bool)).any()


def test_in_a_small_scene_errors_reach_three_pixels_at_most():
    """The reach follows from how much less alike groups are that lie further apart."""
    rows, columns = np.divmod(np.arange(64), 8)
    groups = columns // 2
    right = (columns >= 3) & (rows > 2)  # far more alike than that explains
    found = error_correlation(right, np.arange(64), groups, 8, groups)
    assert found.max() < 0.5
    near, far = (mean_likeness_by_hand(rows, columns, groups, k, 3.0) for k in (1, 2))
    assert found[0, 1] / found[0, 2] == pytest.approx(near / far, rel=0.05)


def mean_likeness_by_hand(rows, columns, groups, k, reach) -> float:
    one, other = groups == 0, groups == k
    offsets = np.hypot(rows[one][:, None] - rows[other], columns[one][:, None] - columns[other])
    return float(np.exp(-offsets / reach).mean())
