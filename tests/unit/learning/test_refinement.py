"""The random walker: both solvers, its limits, its seeds."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter
from scipy.sparse import coo_array, csc_array, diags_array
from scipy.sparse.linalg import splu

from hsi_viewer.core.progress import CancelToken, TaskCancelledError
from hsi_viewer.learning import grid_plan, random_walker
from hsi_viewer.learning.calibration import tempered
from hsi_viewer.learning.dissection import depths, front_of
from hsi_viewer.learning.grid_solver import boxes_at_once
from hsi_viewer.learning.random_walker import (
    Walker,
    edge_weights,
    squared_distances,
    usual_mean,
    walk,
)
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


def exactly(probabilities, guide, valid, seeds, recipe):
    """What the walker approximates, by a factorisation of the whole matrix in 64 bits."""
    down, right = edge_weights(guide, valid, recipe.beta)
    node = np.arange(seeds.size).reshape(seeds.shape)
    first = np.concatenate([node[:-1].ravel(), node[:, :-1].ravel()])
    second = np.concatenate([node[1:].ravel(), node[:, 1:].ravel()])
    weights = np.concatenate([down.ravel(), right.ravel()]).astype(float)
    upper = coo_array((weights, (first, second)), (seeds.size, seeds.size))
    adjacency = (upper + upper.T).tocsc()
    trust = np.where(seeds >= 0, recipe.seed_weight, 0).ravel()
    diagonal = adjacency.sum(axis=0) + trust + recipe.gamma
    factors = splu(csc_array(diags_array(diagonal) - adjacency))
    classes = probabilities.shape[2]
    known = trust[:, None] * (seeds.ravel()[:, None] == np.arange(classes))
    shares = factors.solve(recipe.gamma * probabilities.reshape(-1, classes) + known)
    share = factors.solve(trust)[:, None]
    temperature = np.exp(recipe.doubt - recipe.assurance * share)
    return tempered(shares, temperature).reshape(probabilities.shape)


@pytest.mark.parametrize("gamma", [1e-7, 0.002, 0.2])
@pytest.mark.parametrize("size", [(37, 50), (1, 90), (64, 3), (1, 1), (5, 4), (131, 128)])
def test_the_walker_solves_its_equation(size, gamma) -> None:
    rng = np.random.default_rng(2)
    guide = np.stack([gaussian_filter(rng.normal(size=size), 1.0) for _ in range(3)])
    guide = guide.astype(np.float32)
    probabilities = rng.dirichlet(np.ones(4), size=size).astype(np.float32)
    seeds = np.full(size, -1)
    some = slice(None, None, -(-seeds.size // 7))
    seeds.flat[some] = np.arange(seeds.size)[some] % 4
    valid = np.ones(size, bool)
    valid[: size[0] // 3, : size[1] // 4] = False
    recipe = WalkerRecipe(gamma=gamma)
    refined = walk(probabilities, guide, valid, seeds, recipe)
    assert np.abs(refined - exactly(probabilities, guide, valid, seeds, recipe)).max() < 1e-3


@pytest.mark.parametrize("size", [(37, 50), (131, 128), (6, 9)])
def test_a_plan_that_is_kept_changes_no_bit(size, monkeypatch) -> None:
    """Lists of places change nothing: as computed anew, and by runs as in large boxes."""
    _, guide, probabilities, seeds = two_fields(*size)
    given, kinds = (probabilities, guide, np.ones(size, bool)), (seeds, np.full(size, -1))
    monkeypatch.setattr(grid_plan, "KEPT_PIXELS", 0)
    monkeypatch.setattr(grid_plan, "LISTED", 0)
    wanted = [walk(*given, held_out, WalkerRecipe()) for held_out in kinds]
    monkeypatch.undo()
    for _ in range(2):
        for held_out, expected in zip(kinds, wanted, strict=True):
            np.testing.assert_array_equal(walk(*given, held_out, WalkerRecipe()), expected)
    assert grid_plan.plan_of(*seeds.shape) is grid_plan.plan_of(*seeds.shape)


def test_pixels_that_nothing_reaches_do_no_harm() -> None:
    _, guide, probabilities, seeds = two_fields()
    lonely = np.zeros(seeds.shape, bool)
    refined = walk(probabilities, guide, lonely, seeds, WalkerRecipe(gamma=0.0))
    assert np.isfinite(refined).all()
    assert np.allclose(refined.sum(axis=2), 1, atol=1e-5)


def test_tiles_that_overlap_agree_with_one_piece(monkeypatch) -> None:
    truth, guide, probabilities, seeds = two_fields(110, 130)
    rng = np.random.default_rng(3)
    for k in (0, 1):
        seeds.flat[rng.choice(np.flatnonzero(truth == k), 10)] = k
    valid = np.ones(truth.shape, bool)
    valid[40:50, 20:60] = False
    exact = walk(probabilities, guide, valid, seeds, WalkerRecipe())
    monkeypatch.setattr(random_walker, "IN_ONE_PIECE", 0)
    monkeypatch.setattr(random_walker, "TILE", 64)
    tiled = walk(probabilities, guide, valid, seeds, WalkerRecipe())
    assert np.abs(exact - tiled).max() < 0.02
    assert (exact.argmax(2) == tiled.argmax(2)).mean() > 0.999


def test_many_classes_are_refined_in_their_place_and_in_little_memory() -> None:
    """Bit for bit as in an array of their own, with the solutions as the only large copy."""
    shape, classes = (200, 24), 150
    rng = np.random.default_rng(0)
    guide = rng.normal(size=(3, *shape)).astype(np.float32)
    said = rng.dirichlet(np.ones(classes), shape).astype(np.float32)
    seeds, valid = np.full(shape, -1), np.ones(shape, bool)
    with Walker(guide, valid, seeds, WalkerRecipe()) as walker:
        wanted = walker.refined(said)
        tracemalloc.start()
        try:
            found = walker.refined(said, overwrite=True)
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
    assert found is said
    np.testing.assert_array_equal(found, wanted)
    assert peak < 1.8 * said.nbytes


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


def test_edges_weigh_by_the_distance_of_their_two_pixels() -> None:
    guide = np.array([[[0, 1], [3, 1], [3, 4]], [[0, 0], [0, 2], [0, 2]]], np.float32)
    down, right = squared_distances(guide)
    assert down.tolist() == [[9, 4], [0, 9]]
    assert right.tolist() == [[1], [8], [5]]
    mean = (9 + 4 + 0 + 9 + 1 + 8 + 5) / 7
    valid = np.ones((3, 2), bool)
    for given, unit in ((None, mean), (2.0, 2.0)):
        weights = edge_weights(guide, valid, 3.0, given)
        for found, squares in zip(weights, (down, right), strict=True):
            np.testing.assert_allclose(found, np.exp(-3 * squares / unit) + 1e-6, rtol=1e-5)
    even = edge_weights(np.zeros((1, 3, 2), np.float32), valid, 3.0)
    np.testing.assert_allclose(even[0], 1, rtol=1e-5)


def test_stray_distances_do_not_count_for_the_usual_one() -> None:
    usual = np.ones(99, np.float32)
    assert usual_mean(usual, np.float32([20])) == pytest.approx(1.19)
    assert usual_mean(usual, np.float32([20.5])) == 1
    assert usual_mean(np.zeros(0, np.float32)) == 0


def test_a_pixel_without_data_has_no_edges() -> None:
    valid = np.ones((4, 4), bool)
    valid[1, 1] = False
    down, right = edge_weights(np.zeros((2, 4, 4), np.float32), valid, 4.0)
    assert down[0, 1] == down[1, 1] == right[1, 0] == right[1, 1] == 0
    assert down[2, 2] > 0


class CancelledAt(CancelToken):
    """A token that is cancelled at one of its checks."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.left = number

    def check(self) -> None:
        """Count down, then raise."""
        self.left -= 1
        if self.left == 0:
            self.cancel()
        super().check()


@pytest.mark.parametrize("limit", [0, 10**9])
@pytest.mark.parametrize("number", [1, 70, 170])
def test_cancel_is_seen_at_every_step(number, limit, monkeypatch) -> None:
    monkeypatch.setattr(random_walker, "IN_ONE_PIECE", limit)
    truth, guide, probabilities, seeds = two_fields()
    token = CancelledAt(number)
    with pytest.raises(TaskCancelledError):
        walk(probabilities, guide, np.ones(truth.shape, bool), seeds, WalkerRecipe(), token)
    assert token.left == 0  # nothing went on after it


def test_no_step_is_a_large_part_of_the_work() -> None:
    """Between two checks of the token lies a small part of the multiplications."""
    steps = []
    for depth in depths(1000, 1000):
        for rows, i in depth.rows.alike().items():
            for columns, j in depth.columns.alike().items():
                front = front_of((rows, columns), depth.axis)
                framing = len(front.places) - front.eliminated
                at_once = min(i.size * j.size, boxes_at_once(front))
                steps.append(at_once * front.eliminated * framing**2)
    assert max(steps) < sum(steps) / 10


def test_boxes_and_cuts_cover_each_pixel_once() -> None:
    seen = np.zeros((23, 37), int)
    for depth in depths(*seen.shape):
        for rows, i in depth.rows.alike().items():
            for columns, j in depth.columns.alike().items():
                front = front_of((rows, columns), depth.axis)
                for top in depth.rows.starts[i]:
                    for left in depth.columns.starts[j]:
                        own = np.add(front.places[: front.eliminated], (top, left))
                        seen[own[:, 0], own[:, 1]] += 1
    assert (seen == 1).all()
