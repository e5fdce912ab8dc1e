"""Conformal sets: thresholds by hand, and the coverage that is asked for on new pixels."""

from __future__ import annotations

import numpy as np
import pytest

from hsi_viewer.core.assessment.conformal import fit_conformal


def drawn(rng, count, shares=(0.7, 0.2, 0.1)):
    """Classes in unequal shares, and probabilities of a classifier that is far too sure."""
    targets = rng.choice(3, count, p=shares)
    scores = rng.normal(0, 1, (count, 3)) + 1.5 * np.eye(3)[targets]
    p = np.exp(3 * scores)
    return p / p.sum(axis=1, keepdims=True), targets


def test_the_threshold_by_hand():
    """Of nine labels at 90 %, the least probability; of nineteen, the second least."""
    own = np.linspace(0.1, 0.9, 9)
    p = np.column_stack([own, 1 - own])
    assert fit_conformal(p, np.zeros(9, int)).thresholds[0] == pytest.approx(0.1)
    more = np.linspace(0.05, 0.95, 19)
    p = np.column_stack([more, 1 - more])
    assert fit_conformal(p, np.zeros(19, int)).thresholds[0] == pytest.approx(0.1)


def test_too_few_labels_leave_every_class_possible():
    p = np.array([[0.9, 0.1], [0.2, 0.8]])
    sets = fit_conformal(p, np.array([0, 1]))
    np.testing.assert_array_equal(sets.sizes(np.array([[1.0, 0.0], [0.0, 0.0]])), [2, 0])


def test_a_class_of_few_labels_has_the_threshold_of_all():
    rng = np.random.default_rng(1)
    p, targets = drawn(rng, 300, (0.6, 0.38, 0.02))
    few = np.bincount(targets, minlength=3)[2]
    assert 0 < few < 9
    sets = fit_conformal(p, targets)
    own = np.sort(p[np.arange(300), targets])
    assert sets.thresholds[2] == pytest.approx(own[300 - int(np.ceil(301 * 0.9))])
    assert sets.thresholds[0] != sets.thresholds[2]


@pytest.mark.parametrize("coverage", [0.8, 0.9])
def test_new_pixels_are_covered_in_every_class(coverage):
    rng = np.random.default_rng(2)
    found = []
    for _ in range(60):
        p, targets = drawn(rng, 300)
        sets = fit_conformal(p, targets, coverage)
        p, targets = drawn(rng, 2000, (0.1, 0.2, 0.7))
        inside = sets.contains(p)[np.arange(2000), targets]
        found.append([inside[targets == k].mean() for k in range(3)])
    assert np.mean(found, axis=0) == pytest.approx([coverage] * 3, abs=0.03)


def test_sets_grow_with_doubt():
    rng = np.random.default_rng(3)
    sets = fit_conformal(*drawn(rng, 400))
    p, _ = drawn(rng, 500)
    sizes = sets.sizes(p)
    assert sizes.max() > 1
    sure = p.max(axis=1)
    assert sure[sizes > 1].mean() < sure[sizes == 1].mean()
    np.testing.assert_array_equal(sizes, sets.contains(p).sum(axis=1))
