"""Conformal sets: thresholds by hand, and the coverage that is asked for on new pixels."""

from __future__ import annotations

import numpy as np
import pytest

from hsi_viewer.core.assessment.conformal import fit_by_place, fit_conformal


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
    assert fit_conformal(p, np.zeros(9, int)).threshold == pytest.approx(0.1)
    more = np.linspace(0.05, 0.95, 19)
    p = np.column_stack([more, 1 - more])
    assert fit_conformal(p, np.zeros(19, int)).threshold == pytest.approx(0.1)
    heavy = np.where(np.arange(19) == 1, 4.0, 1.0)  # of 22 + 22 / 19, 20.84 are to be covered
    found = fit_conformal(p, np.zeros(19, int), weights=heavy)
    assert found.threshold == pytest.approx(0.1)
    heavy[0] = 8.0  # of 29 + 29 / 19, 27.47 are to be covered: all but the last do not suffice
    assert fit_conformal(p, np.zeros(19, int), weights=heavy).threshold == pytest.approx(0.05)


@pytest.mark.parametrize("count", [0, 8])
def test_too_few_labels_leave_every_class_possible(count):
    sets = fit_conformal(np.tile([0.9, 0.1], (count, 1)), np.zeros(count, int))
    np.testing.assert_array_equal(sets.sizes(np.array([[1.0, 0.0], [0.0, 0.0]])), [2, 0])


def test_labels_of_one_place_count_as_one():
    """Nine places of 1 to 9 labels, and their least certain one counts like the others."""
    own, groups = (
        np.repeat(np.linspace(0.1, 0.9, 9), range(1, 10)),
        np.repeat(range(9), range(1, 10)),
    )
    p, targets = np.column_stack([own, 1 - own]), np.zeros(own.size, int)
    assert fit_conformal(p, targets, groups=groups + 7).threshold == pytest.approx(0.1)
    assert fit_conformal(p, targets).threshold == pytest.approx(0.3)  # 42.4 of 45 labels
    fewer = groups < 8
    found = fit_by_place(p[fewer], targets[fewer], groups[fewer])
    assert (found.threshold, found.places) == (
        fit_conformal(p[fewer], targets[fewer]).threshold,
        False,
    )
    assert fit_by_place(p, targets, groups).places


def test_pixels_of_new_places_are_covered():
    """Where places differ, counting labels promises too much, and counting places does not."""
    rng = np.random.default_rng(8)
    covered = []
    for _ in range(80):
        hard = rng.random(40) < 0.3
        groups = np.repeat(np.arange(20), 6)
        own = np.where(hard, 0.3, 0.8)[np.repeat(np.arange(40), 6)] + rng.uniform(-0.2, 0.2, 240)
        p = np.column_stack([own, 1 - own])
        known, zeros = p[:120], np.zeros(120, int)
        covered.append(
            [
                fit_conformal(known, zeros, groups=by).contains(p[120:])[:, 0].mean()
                for by in (None, groups)
            ]
        )
    plain, by_place = np.mean(covered, axis=0)
    assert plain < 0.9 <= by_place < 0.97


@pytest.mark.parametrize("coverage", [0.8, 0.9])
def test_new_pixels_are_covered(coverage):
    rng = np.random.default_rng(2)
    found = []
    for _ in range(60):
        sets = fit_conformal(*drawn(rng, 300), coverage)
        p, targets = drawn(rng, 2000)
        found.append(sets.contains(p)[np.arange(2000), targets].mean())
    assert np.mean(found) == pytest.approx(coverage, abs=0.015)


def test_weights_make_up_for_other_shares_of_the_classes():
    rng = np.random.default_rng(4)
    labelled, scene = np.array([0.7, 0.2, 0.1]), np.array([0.1, 0.2, 0.7])
    covered = []
    for _ in range(60):
        p, targets = drawn(rng, 400, labelled)
        p[:, 2] *= 0.3  # a class that is seldom recognised
        p /= p.sum(axis=1, keepdims=True)
        new, truth = drawn(rng, 2000, scene)
        new[:, 2] *= 0.3
        new /= new.sum(axis=1, keepdims=True)
        inside = [
            fit_conformal(p, targets, weights=w).contains(new)[np.arange(2000), truth].mean()
            for w in (None, (scene / labelled)[targets])
        ]
        covered.append(inside)
    plain, weighted = np.mean(covered, axis=0)
    assert weighted == pytest.approx(0.9, abs=0.02)
    assert plain < 0.87


def test_sets_grow_with_doubt():
    rng = np.random.default_rng(3)
    sets = fit_conformal(*drawn(rng, 400))
    p, _ = drawn(rng, 500)
    sizes = sets.sizes(p)
    assert sizes.max() > 1
    sure = p.max(axis=1)
    assert sure[sizes > 1].mean() < sure[sizes == 1].mean()
    np.testing.assert_array_equal(sizes, sets.contains(p).sum(axis=1))
