"""McNemar's test against scipy's distributions, and which pixels changed their class."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binom, chi2

from hsi_viewer.core.assessment.comparison import EXACT_UP_TO, Transition, mcnemar, transitions


def maps(only_first: int, only_second: int, both: int = 0, neither: int = 0):
    """Two maps and test pixels of which so many are right in one, in both and in neither."""
    right = [1] * only_first + [0] * only_second + [1] * both + [0] * neither
    right_too = [0] * only_first + [1] * only_second + [1] * both + [0] * neither
    test = np.full((1, len(right)), 2, np.uint16)
    first, second = (np.where(np.array([r]), test, np.uint16(5)) for r in (right, right_too))
    return first, second, test


@pytest.mark.parametrize(("b", "c"), [(3, 1), (1, 3), (0, 1), (0, 9), (20, 5), (5, 20)])
def test_few_discordant_pixels_are_tested_exactly(b, c):
    found = mcnemar(*maps(b, c, both=4, neither=2))
    assert found is not None
    assert (found.only_first, found.only_second, found.total) == (b, c, b + c + 6)
    assert found.p == pytest.approx(2 * binom.cdf(min(b, c), b + c, 0.5))


@pytest.mark.parametrize(("b", "c"), [(20, 6), (6, 20), (60, 30)])
def test_many_discordant_pixels_are_tested_with_the_normal_approximation(b, c):
    found = mcnemar(*maps(b, c))
    assert found is not None
    assert b + c > EXACT_UP_TO
    assert found.p == pytest.approx(chi2.sf((abs(b - c) - 1) ** 2 / (b + c), 1))


@pytest.mark.parametrize("n", [0, 1, 12, 13, 40])
def test_maps_that_are_equally_good_differ_by_chance(n):
    found = mcnemar(*maps(n, n, both=1))
    assert found is not None
    assert found.p == 1


def test_only_test_pixels_are_scored():
    first, second = np.array([[1, 1, 1]], np.uint16), np.array([[2, 2, 2]], np.uint16)
    found = mcnemar(first, second, np.array([[0, 1, 3]], np.uint16))
    assert found is not None
    assert (found.only_first, found.only_second, found.total) == (1, 0, 2)
    assert mcnemar(first, second, np.zeros((1, 3), np.uint16)) is None


def test_the_commonest_changes_of_class_come_first():
    first = np.array([[1, 1, 1, 2, 2, 700, 0]], np.uint16)
    second = np.array([[1, 2, 2, 65535, 3, 2, 1]], np.uint16)
    differ, found = transitions(first, second)
    assert differ == 6
    assert found[0] == Transition(1, 2, 2)
    assert found[1:] == (
        Transition(0, 1, 1),
        Transition(2, 3, 1),
        Transition(2, 65535, 1),
        Transition(700, 2, 1),
    )
    assert transitions(first, second, most=2) == (6, found[:2])
    assert transitions(first, first) == (0, ())


def test_eight_changes_are_listed():
    first, second = np.arange(9, dtype=np.uint16)[None], np.full((1, 9), 20, np.uint16)
    differ, found = transitions(first, second)
    assert (differ, len(found)) == (9, 8)
