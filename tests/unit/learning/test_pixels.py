"""Which labels are learned from, how they are drawn, and how patches are turned."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
import torch

from hsi_viewer.learning.training_pixels import (
    TrainingPixels,
    choose_pixels,
    seeds_of,
    turned,
)


def test_every_class_is_drawn_as_often() -> None:
    targets = torch.tensor([0, 0, 0, 1, 2, 2])
    data = TrainingPixels(torch.zeros(6, 1, 1, 1), targets)
    assert data.odds.tolist() == pytest.approx([1 / 9] * 3 + [1 / 3] + [1 / 6] * 2)


def test_seeds_are_places_among_the_classes_and_ids_of_no_class_are_none() -> None:
    labels = np.array([[0, 2, 3, 5], [6, 9, 10, 65535]], np.uint16)
    assert seeds_of(labels, (2, 5, 9)).tolist() == [[-1, 0, -1, 1], [-1, 2, -1, -1]]


def test_labels_without_data_are_left_out_and_the_order_is_that_of_the_image() -> None:
    seeds = np.array([[1, -1, 0], [0, 1, -1]])
    valid = np.array([[True, True, True], [False, True, True]])
    pixels, targets = choose_pixels(seeds, valid, 100, 0)
    assert pixels.tolist() == [0, 2, 4]
    assert targets.tolist() == [1, 0, 1]


def test_only_more_labels_than_the_limit_are_thinned_out() -> None:
    seeds = np.repeat([0, 1, 2], [30, 10, 2])[None]
    valid = np.ones(seeds.shape, bool)
    assert choose_pixels(seeds, valid, 42, 0)[0].tolist() == list(range(42))
    pixels, targets = choose_pixels(seeds, valid, 41, 0)
    assert np.bincount(targets).tolist() == [13, 10, 2]
    assert (np.diff(pixels) > 0).all()
    assert np.array_equal(seeds[0, pixels], targets)
    again, other = (choose_pixels(seeds, valid, 41, seed)[0] for seed in (0, 1))
    assert np.array_equal(pixels, again)
    assert not np.array_equal(pixels, other)
    few = choose_pixels(seeds, valid, 2, 0)[1]  # fewer than there are classes: one of each
    assert few.tolist() == [0, 1, 2]


def test_patches_are_mirrored_and_turned_in_all_eight_ways() -> None:
    x = torch.arange(9.0).reshape(1, 1, 3, 3).repeat(2, 1, 1, 1)
    generator = torch.Generator().manual_seed(0)
    square = x[0, 0].numpy()
    ways = {
        tuple((s.T if swap else s).ravel())
        for down, across, swap in product((False, True), repeat=3)
        for s in [square[:: -1 if down else 1, :: -1 if across else 1]]
    }
    seen = set()
    for _ in range(100):
        y = turned(x, generator, 0.0)
        assert torch.equal(y[0], y[1])  # all of a batch alike
        seen.add(tuple(y[0, 0].numpy().ravel()))
    assert seen == ways


def test_the_noise_shifts_all_pixels_of_a_patch_alike() -> None:
    x = torch.zeros(400, 5, 3, 3)
    y = turned(x, torch.Generator().manual_seed(0), 0.3)
    assert torch.equal(y, y[:, :, :1, :1].expand_as(y))
    shifts = y[:, :, 0, 0]
    assert float(shifts.std()) == pytest.approx(0.3, rel=0.1)
    assert abs(float(shifts.mean())) < 0.03
    assert len(torch.unique(shifts)) == shifts.numel()
