"""The random walker: both solvers, its limits, its seeds."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from hsi_viewer.core.progress import CancelToken, TaskCancelledError
from hsi_viewer.learning import random_walker
from hsi_viewer.learning.random_walker import edge_weights, laplacian, walk
from hsi_viewer.learning.recipe import WalkerRecipe


def two_fields(rows: int = 37, columns: int = 50):
    """A scene of two fields, probabilities right in 80 % of the pixels, and a label in each."""
    rng = np.random.default_rng(0)
    truth = np.zeros((rows, columns), int)
    truth[:, columns // 2 :] = 1
    guide = (truth + 0.1 * rng.normal(size=(2, rows, columns))).astype(np.float32)
    predicted = np.where(rng.random(truth.shape) < 0.8, truth, 1 - truth)
    probabilities = np.where(predicted[..., None] == [0, 1], 0.7, 0.3).astype(np.float32)
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


@pytest.mark.parametrize("size", [(37, 50), (1, 90), (64, 3)])
def test_the_walker_solves_its_equation(size) -> None:
    rng = np.random.default_rng(2)
    guide = np.stack([gaussian_filter(rng.normal(size=size), 1.0) for _ in range(3)])
    guide = guide.astype(np.float32)
    probabilities = rng.dirichlet(np.ones(4), size=size).astype(np.float32)
    seeds = np.full(size, -1)
    seeds.flat[:: seeds.size // 7] = np.arange(seeds.size)[:: seeds.size // 7] % 4
    valid = np.ones(size, bool)
    valid[: size[0] // 3, : size[1] // 4] = False
    recipe = WalkerRecipe(doubt=0.0, assurance=0.0)
    x = walk(probabilities, guide, valid, seeds, recipe).reshape(-1, 4)
    matrix = laplacian(*edge_weights(guide, valid, recipe.beta)).toarray()
    trust = np.where(seeds >= 0, recipe.seed_weight, 0).ravel()
    known = trust[:, None] * (seeds.ravel()[:, None] == np.arange(4))
    wanted = recipe.gamma * probabilities.reshape(-1, 4) + known
    exact = np.linalg.solve(matrix + np.diag(trust + recipe.gamma), wanted)
    assert np.abs(x - exact).max() < 1e-4


def test_tiles_that_overlap_agree_with_one_piece(monkeypatch) -> None:
    truth, guide, probabilities, seeds = two_fields(150, 170)
    rng = np.random.default_rng(3)
    for k in (0, 1):
        seeds.flat[rng.choice(np.flatnonzero(truth == k), 10)] = k
    valid = np.ones(truth.shape, bool)
    valid[40:50, 20:60] = False
    exact = walk(probabilities, guide, valid, seeds, WalkerRecipe())
    monkeypatch.setattr(random_walker, "FACTORISED", 0)
    monkeypatch.setattr(random_walker, "TILE", 70)
    tiled = walk(probabilities, guide, valid, seeds, WalkerRecipe())
    assert np.abs(exact - tiled).max() < 0.02
    assert (exact.argmax(2) == tiled.argmax(2)).mean() > 0.999


def test_confidence_grows_towards_labels() -> None:
    truth, guide, probabilities, seeds = two_fields()
    valid = np.ones(truth.shape, bool)
    plain = walk(probabilities, guide, valid, seeds, WalkerRecipe(doubt=0.0, assurance=0.0))
    seeded = walk(probabilities, guide, valid, seeds, WalkerRecipe())
    assert (plain.argmax(2) == seeded.argmax(2)).all()
    assert seeded[6, 5].max() > plain[6, 5].max()
    unseeded = walk(probabilities, guide, valid, np.full(truth.shape, -1), WalkerRecipe())
    assert (unseeded.max(2) < seeded.max(2)).mean() > 0.99
    assert unseeded[6, 5].max() < plain[6, 5].max()


def test_a_pixel_without_data_has_no_edges() -> None:
    valid = np.ones((4, 4), bool)
    valid[1, 1] = False
    down, right = edge_weights(np.zeros((2, 4, 4), np.float32), valid, 4.0)
    assert down[0, 1] == down[1, 1] == right[1, 0] == right[1, 1] == 0
    assert down[2, 2] > 0


@pytest.mark.parametrize("limit", [0, 10**9])
def test_cancel_is_seen_by_both_solvers(limit, monkeypatch) -> None:
    monkeypatch.setattr(random_walker, "FACTORISED", limit)
    truth, guide, probabilities, seeds = two_fields()
    token = CancelToken()
    token.cancel()
    with pytest.raises(TaskCancelledError):
        walk(probabilities, guide, np.ones(truth.shape, bool), seeds, WalkerRecipe(), token)
