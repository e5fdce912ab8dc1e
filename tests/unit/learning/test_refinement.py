"""The random walker: both solvers, its limits, its seeds."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from hsi_viewer.core.progress import CancelToken, TaskCancelledError
from hsi_viewer.learning import refinement
from hsi_viewer.learning.multigrid import grid_of, hierarchy
from hsi_viewer.learning.recipe import WalkerRecipe
from hsi_viewer.learning.refinement import edge_weights, laplacian, walk


def two_fields(rows: int = 37, columns: int = 50):
    """A scene of two fields, probabilities right in 80 % of the pixels, and a label in each."""
    rng = np.random.default_rng(0)
    truth = np.zeros((rows, columns), int)
    truth[:, columns // 2 :] = 1
    guide = (truth + 0.1 * rng.normal(size=(2, rows, columns))).astype(np.float32)
    said = np.where(rng.random(truth.shape) < 0.8, truth, 1 - truth)
    probabilities = np.where(said[..., None] == [0, 1], 0.7, 0.3).astype(np.float32)
    seeds = np.full(truth.shape, -1)
    seeds[5, 5], seeds[5, -5] = 0, 1
    return truth, guide, probabilities, seeds


def test_the_walker_repairs_scattered_errors_inside_fields() -> None:
    truth, guide, probabilities, seeds = two_fields()
    refined = walk(probabilities, guide, np.ones(truth.shape, bool), seeds, WalkerRecipe())
    assert (probabilities.argmax(2) == truth).mean() < 0.85
    assert (refined.argmax(2) == truth).mean() > 0.99
    assert np.allclose(refined.sum(axis=2), 1, atol=1e-5)
    assert refined[5, 5, 0] > 0.95


@pytest.mark.parametrize("size", [(37, 50), (1, 90), (64, 3), (33, 65)])
def test_multigrid_agrees_with_the_factorisation(size, monkeypatch) -> None:
    rng = np.random.default_rng(2)
    guide = np.stack([gaussian_filter(rng.normal(size=size), 1.0) for _ in range(3)])
    guide = guide.astype(np.float32)
    probabilities = rng.dirichlet(np.ones(4), size=size).astype(np.float32)
    seeds = np.full(size, -1)
    seeds.flat[:: seeds.size // 7] = np.arange(seeds.size)[:: seeds.size // 7] % 4
    valid = np.ones(size, bool)
    valid[: size[0] // 3, : size[1] // 4] = False
    exact = walk(probabilities, guide, valid, seeds, WalkerRecipe())
    monkeypatch.setattr(refinement, "FACTORISED", 0)
    solved = walk(probabilities, guide, valid, seeds, WalkerRecipe())
    assert np.abs(exact - solved).max() < 0.002
    assert (exact.argmax(2) == solved.argmax(2)).mean() > 0.998


def test_the_grid_and_the_laplacian_are_one_matrix() -> None:
    _, guide, _, _ = two_fields(9, 7)
    valid = np.ones((9, 7), bool)
    valid[2, 3] = False
    down, right = edge_weights(guide, valid, 4.0)
    x = np.random.default_rng(0).normal(size=(2, 9, 7)).astype(np.float32)
    mass = np.full((9, 7), 0.5, np.float32)
    applied = grid_of(down, right, mass).apply(x)
    matrix = laplacian(down, right).toarray() + 0.5 * np.eye(63)
    assert np.allclose(applied.reshape(2, -1), x.reshape(2, -1) @ matrix, atol=1e-5)


def test_coarse_grids_keep_the_mass() -> None:
    _, guide, _, _ = two_fields(45, 70)
    down, right = edge_weights(guide, np.ones((45, 70), bool), 4.0)
    grids = hierarchy(grid_of(down, right, np.full((45, 70), 0.25, np.float32)))
    assert len(grids) == 4
    assert all(np.isclose(g.mass.sum(), 0.25 * 45 * 70) for g in grids)


def test_a_pixel_without_data_has_no_edges() -> None:
    valid = np.ones((4, 4), bool)
    valid[1, 1] = False
    down, right = edge_weights(np.zeros((2, 4, 4), np.float32), valid, 4.0)
    assert down[0, 1] == down[1, 1] == right[1, 0] == right[1, 1] == 0
    assert down[2, 2] > 0


@pytest.mark.parametrize("limit", [0, 10**9])
def test_cancel_is_seen_by_both_solvers(limit, monkeypatch) -> None:
    monkeypatch.setattr(refinement, "FACTORISED", limit)
    truth, guide, probabilities, seeds = two_fields()
    token = CancelToken()
    token.cancel()
    with pytest.raises(TaskCancelledError):
        walk(probabilities, guide, np.ones(truth.shape, bool), seeds, WalkerRecipe(), token)
