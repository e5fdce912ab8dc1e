"""Gaps without data, which the walker passes over if they are narrow."""

from __future__ import annotations

import numpy as np
import pytest

from hsi_viewer.learning import random_walker
from hsi_viewer.learning.gaps import WIDEST, narrow_gaps
from hsi_viewer.learning.random_walker import walk
from hsi_viewer.learning.recipe import WalkerRecipe

ROWS, COLUMNS = 20, 40


def one_field(gap: slice, *, turned: bool = False):
    """A field that a gap divides, with a label of the second class on its left."""
    guide = np.ones((2, ROWS, COLUMNS), np.float32)
    guide[:, :, 30:] = np.random.default_rng(0).normal(1, 8, (2, ROWS, 10))  # so edges are usual
    valid = np.ones((ROWS, COLUMNS), bool)
    probabilities = np.tile(np.float32([0.6, 0.4]), (ROWS, COLUMNS, 1))
    seeds = np.full(valid.shape, -1)
    valid[:, gap], seeds[:, 8] = False, 1
    guide[:, ~valid] = 0
    if turned:
        guide, probabilities = guide.swapaxes(1, 2).copy(), probabilities.swapaxes(0, 1).copy()
        valid, seeds = valid.T.copy(), seeds.T.copy()
    return probabilities, guide, valid, seeds, WalkerRecipe()


@pytest.mark.parametrize("limit", [0, 10**9])
@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize(("width", "passes"), [(1, True), (WIDEST, True), (WIDEST + 1, False)])
def test_a_label_reaches_over_a_narrow_gap(width, passes, turned, limit, monkeypatch) -> None:
    monkeypatch.setattr(random_walker, "IN_ONE_PIECE", limit)
    refined = walk(*one_field(slice(10, 10 + width), turned=turned))
    beyond = refined[20:30, :, 1] if turned else refined[:, 20:30, 1]
    assert ((beyond > 0.6) == passes).all()


def test_nothing_that_is_said_of_a_gap_counts() -> None:
    probabilities, *rest = one_field(slice(10, 13))
    said = probabilities.copy()
    said[:, 10:13] = [1.0, 0.0]
    known = rest[1]
    np.testing.assert_array_equal(walk(said, *rest)[known], walk(probabilities, *rest)[known])


def test_a_gap_does_not_join_what_differs_on_both_sides() -> None:
    probabilities, guide, *rest = one_field(slice(10, 13))
    guide[:, :, 13:30] += 20
    refined = walk(probabilities, guide, *rest)
    assert (refined[:, :10, 1] > 0.6).all()
    assert (refined[:, 13:30, 1] < 0.5).all()


def test_gaps_lie_between_data() -> None:
    valid = np.ones((30, 30), bool)
    assert not narrow_gaps(valid).any()
    valid[:, :3] = valid[-2:] = False  # margins
    valid[5:20, 5:20] = False  # a hole
    valid[7, 8] = True
    gaps = narrow_gaps(valid)
    assert not gaps[valid].any()
    assert not gaps[:, :3].any()
    assert not gaps[-2:].any()
    assert gaps[7, 5:8].all()  # three from its border
    assert not gaps[12:15, 12:15].any()
