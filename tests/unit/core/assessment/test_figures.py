"""What groups add to the error of figures: by hand, and against counts that change a little."""

from __future__ import annotations

import numpy as np
import pytest

from hsi_viewer.core.assessment.figures import AVERAGE, figures_of, residuals_of


def counts(seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Right, true and mapped pixels of five groups and three classes."""
    matrices = np.random.default_rng(seed).integers(1, 30, (5, 3, 3))
    return np.einsum("gcc->gc", matrices), matrices.sum(axis=2), matrices.sum(axis=1)


def test_two_groups_by_hand():
    """8 of 10 and 6 of 10 right, of one class each: 0.7 +- 0.05; of the second, 6 of 8 mapped."""
    right, truth = np.array([[8, 0], [0, 6]]), np.array([[10, 0], [0, 10]])
    mapped = np.array([[8, 2], [4, 6]])
    found = residuals_of(right, truth, mapped)
    np.testing.assert_allclose(found[:, 0], [0.05, -0.05])
    np.testing.assert_allclose(found[:, 3:5], 0)  # producer's: each class lies in one group
    np.testing.assert_allclose(found[:, 6], [-0.1875, 0.1875])  # (0 - 0.75 * 2) / 8
    np.testing.assert_allclose(found[:, AVERAGE], [0.05, -0.05])  # 0.6 without the first


@pytest.mark.parametrize("seed", range(3))
def test_residuals_are_how_figures_change_with_a_group(seed):
    parts = counts(seed)
    found = residuals_of(*parts)
    np.testing.assert_allclose(found.sum(axis=0), 0, atol=1e-12)
    for group in range(5):
        weights, step = np.ones((5, 1)), 1e-6
        weights[group] += step
        changed = figures_of(*((weights * c).sum(axis=0) for c in parts))
        slopes = (changed - figures_of(*(c.sum(axis=0) for c in parts))) / step
        same = np.arange(slopes.size) != AVERAGE
        np.testing.assert_allclose(found[group, same], slopes[same], atol=1e-5)


def test_figures_that_are_not_defined_have_no_residuals():
    right, truth = np.array([[3, 0], [2, 0]]), np.array([[4, 0], [2, 0]])
    found = residuals_of(right, truth, right)
    assert np.isnan(found[:, 4]).all()  # nothing is of the second class
    assert not np.isnan(found[:, 0]).any()
