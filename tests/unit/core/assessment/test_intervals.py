"""Intervals over groups: by hand, within bounds, wider where errors are correlated."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from hsi_viewer.core.assessment.accuracy import score
from hsi_viewer.core.assessment.intervals import grouped_interval, wilson

maps = hnp.arrays(np.uint16, (8, 11), elements=st.integers(0, 3))


def test_eight_groups_by_hand():
    """Half of them 2 points above, half below: variance 8 / 7 * 8 * 0.0025 ** 2, seven degrees."""
    from scipy.stats import t

    residuals = np.tile([0.0025, -0.0025], 4)
    found = grouped_interval(0.7, residuals, np.full(8, 25.0), np.eye(8))
    size = 0.7 * 0.3 / (8 / 7 * 8 * 0.0025**2) * (1.959964 / t.ppf(0.975, 7)) ** 2
    expected = wilson(0.7 * size, size)
    assert found.value == 0.7
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high))


def test_a_class_is_as_sure_as_the_share_of_one_answer_from_each_group():
    """Two groups of ten pixels, 8 and 6 of them right: Student's t of one degree tells less."""
    residuals, weights = np.array([0.05, -0.05]), np.array([10.0, 10.0])
    found = grouped_interval(0.7, residuals, weights, np.eye(2), answers=True)
    expected = wilson(0.7 * 2, 2)
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high))
    other = grouped_interval(0.7, residuals, weights, np.eye(2))
    assert other.low < found.low < found.high < other.high
    linked = grouped_interval(0.7, residuals, weights, np.full((2, 2), 0.5), answers=True)
    expected = wilson(0.7 * 4 / 3, 4 / 3)  # answers that are alike tell less
    assert (linked.low, linked.high) == pytest.approx((expected.low, expected.high))


def test_correlation_between_groups_widens():
    weights, residuals = np.full(8, 20.0), np.linspace(-0.03, 0.03, 8)
    alone = grouped_interval(0.75, residuals, weights, 0.4 * np.eye(8))
    linked = grouped_interval(0.75, residuals, weights, np.full((8, 8), 0.2) + 0.2 * np.eye(8))
    assert linked.low < alone.low < 0.75 < alone.high < linked.high


@pytest.mark.parametrize("answers", [True, False])
def test_where_all_is_right_there_are_as_many_answers_as_groups(answers):
    nothing = np.zeros((10, 10))
    found = grouped_interval(1.0, np.zeros(10), np.full(10, 50.0), nothing, answers=answers)
    expected = wilson(10, 10)
    assert (found.low, found.high) == pytest.approx((expected.low, 1.0))


@pytest.mark.parametrize("weights", [[100.0], [100.0, 1.0], [100.0, 0.0, 0.0]])
def test_one_group_alone_tells_nothing(weights):
    size = len(weights)
    found = grouped_interval(0.9, np.zeros(size), np.array(weights), np.eye(size))
    assert found.value == 0.9
    assert np.isnan([found.low, found.high]).all()


def test_the_order_of_groups_does_not_matter():
    rng = np.random.default_rng(0)
    residuals, weights = rng.normal(0, 0.02, 6), rng.uniform(5, 50, 6)
    correlation = np.cov(rng.normal(size=(6, 40))) / 2
    order = rng.permutation(6)
    one = grouped_interval(0.8, residuals, weights, correlation)
    other = grouped_interval(
        0.8, residuals[order], weights[order], correlation[np.ix_(order, order)]
    )
    assert (one.low, one.high) == pytest.approx((other.low, other.high))


@settings(max_examples=30)
@given(maps, maps, st.booleans())
def test_every_interval_contains_its_figure_and_stays_within_its_bounds(class_map, test, random):
    report = score(class_map, test, drawn_at_random=random)
    figures = [
        (report.kappa_interval, -1),
        *((i, 0) for i in (report.overall, report.average_interval, *report.producers)),
        *((i, 0) for i in (*report.users, *report.f1_intervals)),
    ]
    for found, least in figures:
        if not np.isnan(found.low):
            assert least <= found.low <= found.value <= found.high <= 1


@settings(max_examples=30)
@given(maps, maps)
def test_intervals_of_a_random_sample_are_wilsons(class_map, test):
    report = score(class_map, test, drawn_at_random=True)
    right = np.diag(report.matrix)
    pairs = [
        (report.overall, right.sum(), report.total),
        *zip(report.producers, right, report.truth_counts, strict=True),
        *zip(report.users, right, report.mapped_counts, strict=True),
    ]
    for found, own, total in pairs:
        expected = wilson(int(own), int(total))
        assert (found.low, found.high) == pytest.approx((expected.low, expected.high), nan_ok=True)


@pytest.mark.parametrize("name", ["average", "kappa", "f1"])
def test_intervals_of_a_random_sample_are_as_wide_as_bootstrapped_ones(name):
    rng = np.random.default_rng(1)
    test = rng.integers(1, 4, (20, 20)).astype(np.uint16)
    class_map = np.where(rng.random((20, 20)) < 0.8, test, test % 3 + 1).astype(np.uint16)

    def figure(report):
        return report.f1_intervals[1] if name == "f1" else getattr(report, f"{name}_interval")

    found = figure(score(class_map, test, drawn_at_random=True))
    values = []
    for _ in range(200):
        chosen = rng.integers(0, 400, (20, 20))
        again = score(class_map.ravel()[chosen], test.ravel()[chosen], drawn_at_random=True)
        values.append(figure(again).value)
    low, high = np.quantile(values, [0.025, 0.975])
    assert found.high - found.low == pytest.approx(high - low, rel=0.2)


def test_a_field_that_is_wrong_as_a_whole_counts_once():
    """Twelve fields, two of them wrong: about 17 % +- 22 of twelve answers, not +- 2 of 1,200."""
    test = np.zeros((60, 80), np.uint16)
    for n in range(12):
        row, column = divmod(n, 4)
        test[20 * row : 20 * row + 10, 20 * column : 20 * column + 10] = 1 + n % 2
    class_map = test.copy()
    class_map[:10, :10], class_map[40:50, 60:70] = 2, 1
    grouped = score(class_map, test).overall
    independent = score(class_map, test, drawn_at_random=True).overall
    assert grouped.value == independent.value == pytest.approx(10 / 12)
    assert independent.high - independent.low < 0.05
    assert grouped.high - grouped.low > 0.3


def test_the_report_says_what_its_intervals_rest_on():
    test = np.ones((40, 40), np.uint16)
    assert "over 10 groups of neighbouring test pixels" in score(test, test).basis
    assert "1,600 test pixels as a random sample" in score(test, test, drawn_at_random=True).basis
