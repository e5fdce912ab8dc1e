"""Separability against closed forms, and with few pixels."""

from __future__ import annotations

import math

import numpy as np
import pytest

from hsi_viewer.core.assessment.separability import PairSeparability, _covariances, separability

RNG = np.random.default_rng(5)


def cloud(mean, spread, n=4000) -> np.ndarray:
    return RNG.normal(size=(n, len(mean))) * spread + mean


def test_jeffries_matusita_of_two_normal_clouds():
    """B = (m / s)^2 / 8 for equal spreads, here m / s = 2; the other bands say nothing."""
    report = separability({3: cloud([10, 10, 10], 1.0), 7: cloud([12, 10, 10], 1.0)})
    pair = report.pairs[0]
    assert (pair.first, pair.second) == (3, 7)
    assert pair.jeffries_matusita == pytest.approx(2 * (1 - math.exp(-0.5)), abs=0.03)
    a, b = np.array([10.0, 10, 10]), np.array([12.0, 10, 10])
    expected = math.acos(a @ b / np.linalg.norm(a) / np.linalg.norm(b))
    assert pair.angle == pytest.approx(expected, abs=0.005)
    assert report.counts == {3: 4000, 7: 4000}


def test_spreads_alone_part_classes():
    """Equal means, spreads 1 and 3: B = ln((1 + 9) / 2 / 3) / 2 a band."""
    report = separability({1: cloud([5, 5], 1.0), 2: cloud([5, 5], 3.0)})
    expected = 2 * (1 - math.exp(-math.log(5 / 3)))
    assert report.pairs[0].jeffries_matusita == pytest.approx(expected, abs=0.04)


def test_the_worst_pair_comes_first_and_is_named():
    report = separability(
        {1: cloud([1, 2, 3], 0.1), 2: cloud([1, 2, 3], 0.1), 3: cloud([9, 2, 1], 0.1)}
    )
    assert (report.pairs[0].first, report.pairs[0].second) == (1, 2)
    assert [p.verdict for p in report.pairs] == ["not separable", "separable", "separable"]
    assert report.pairs[-1].jeffries_matusita == pytest.approx(2, abs=1e-3)


def test_few_pixels_of_one_field_do_not_seem_apart():
    """Of one distribution in 50 bands, 5 pixels each: unregularised, JM would be 2."""
    found = []
    for _ in range(20):
        report = separability({1: cloud(np.zeros(50), 1.0, 5), 2: cloud(np.zeros(50), 1.0, 5)})
        assert report.few == (1, 2)
        found.append(report.pairs[0].jeffries_matusita)
    assert np.median(found) < 1


@pytest.mark.parametrize("counts", [(1, 1), (1, 30), (2, 1)])
def test_single_pixels_are_compared(counts):
    pair = separability({i: cloud([1.0 * i, 5, 5], 0.1, n) for i, n in enumerate(counts)}).pairs[0]
    assert 0 <= pair.jeffries_matusita <= 2


def test_equal_spectra_and_missing_classes():
    report = separability({1: np.ones((4, 3)), 2: np.ones((4, 3)), 3: np.zeros((0, 3))})
    assert report.pairs[0].jeffries_matusita == pytest.approx(0, abs=1e-9)
    assert report.pairs[0].angle == pytest.approx(0, abs=1e-6)
    assert 3 not in report.counts
    assert separability({1: np.ones((4, 3))}).pairs == ()


def test_ten_pixels_are_not_few_and_a_spectrum_of_zeros_has_no_angle():
    report = separability({1: cloud([1, 2], 0.1, 9), 2: cloud([1, 2], 0.1, 10)})
    assert report.few == (1,)
    assert separability({4: cloud([1, 2], 0.1, 3)}).few == (4,)
    (pair,) = separability({1: np.zeros((4, 3)), 2: np.ones((4, 3))}).pairs
    assert pair.angle == 0


@pytest.mark.parametrize(
    ("distance", "verdict"),
    [
        (0.99, "not separable"),
        (1.0, "partly separable"),
        (1.89, "partly separable"),
        (1.9, "separable"),
    ],
)
def test_verdicts_begin_at_their_limits(distance, verdict):
    assert PairSeparability(1, 2, distance, 0.1).verdict == verdict


def test_covariances_are_shrunk_towards_their_mean_and_that_towards_a_sphere():
    sizes = {1: 4, 2: 9, 3: 1}
    reduced = {i: cloud([0, i, 0, 2 * i], [1, 2, 3, 4], n) for i, n in sizes.items()}
    means = {i: x.mean(axis=0) for i, x in reduced.items()}
    found = _covariances(reduced, means)
    scatter = sum((x - means[i]).T @ (x - means[i]) for i, x in reduced.items())
    freedom = 3 + 8 + 0
    common = scatter / freedom
    share = 4 / (4 + freedom)
    common = (1 - share) * common + share * np.trace(common) / 4 * np.eye(4)
    for i, n in sizes.items():
        own = np.cov(reduced[i].T) if n > 1 else np.zeros((4, 4))
        weight = 4 / (4 + n - 1)
        np.testing.assert_allclose(found[i], weight * common + (1 - weight) * own, rtol=1e-9)


@pytest.mark.parametrize("unit", [1e-4, 1.0, 1e5])
def test_units_and_bands_that_repeat_others_change_nothing(unit):
    spectra = {i: cloud([i, 5, 5], 0.5, 40) for i in (1, 2)}
    wide = {i: unit * np.column_stack([s, s.sum(axis=1), s[:, 0]]) for i, s in spectra.items()}
    plain, found = (separability(each).pairs[0] for each in (spectra, wide))
    assert found.jeffries_matusita == pytest.approx(plain.jeffries_matusita, rel=1e-6)
    assert 0.1 < plain.jeffries_matusita < 1.9


def test_spectra_that_are_all_the_same_are_not_separable():
    same = separability({1: np.full((3, 4), 7.0), 2: np.full((2, 4), 7.0)}).pairs[0]
    assert same.jeffries_matusita < 0.1
    assert same.verdict == "not separable"
