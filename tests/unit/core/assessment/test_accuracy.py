"""Accuracy against scikit-learn, scipy and cases computed by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from hsi_viewer.core.assessment.accuracy import score
from hsi_viewer.core.assessment.intervals import wilson
from hsi_viewer.core.errors import LabelError

ids = hnp.arrays(np.uint16, (5, 6), elements=st.sampled_from([0, 1, 2, 5, 300]))


def values(intervals) -> list[float]:
    return [i.value for i in intervals]


@settings(max_examples=40)
@given(ids, ids)
def test_against_scikit_learn(class_map, test):
    from sklearn import metrics

    assume(np.unique(test[test > 0]).size > 1)
    report = score(class_map, test)
    truth, mapped = test[test > 0], class_map[test > 0]
    labels = list(report.class_ids)
    assert labels == sorted((set(truth.tolist()) | set(mapped.tolist())) - {0})
    assert report.total == truth.size

    with_zero = metrics.confusion_matrix(truth, mapped, labels=[0, *labels])
    np.testing.assert_array_equal(report.matrix, with_zero[1:, 1:])
    np.testing.assert_array_equal(report.unclassified, with_zero[1:, 0])
    np.testing.assert_array_equal(report.truth_counts, with_zero[1:].sum(axis=1))

    precision, recall, f1, _ = metrics.precision_recall_fscore_support(
        truth, mapped, labels=labels, zero_division=np.nan
    )
    np.testing.assert_allclose(values(report.users), precision)
    np.testing.assert_allclose(values(report.producers), recall)
    np.testing.assert_allclose(report.f1, f1)
    assert report.overall.value == pytest.approx(metrics.accuracy_score(truth, mapped))
    assert report.average == pytest.approx(np.nanmean(recall))
    assert report.kappa == pytest.approx(metrics.cohen_kappa_score(truth, mapped))


def test_by_hand():
    truth = np.array([[1, 1, 1, 1], [2, 2, 2, 0]], np.uint16)
    mapped = np.array([[1, 1, 1, 2], [2, 2, 0, 1]], np.uint16)
    report = score(mapped, truth)
    assert report.class_ids == (1, 2)
    assert report.matrix.tolist() == [[3, 1], [0, 2]]  # rows are the truth
    assert report.unclassified.tolist() == [0, 1]
    assert report.overall.value == 5 / 7
    assert values(report.producers) == [3 / 4, 2 / 3]
    assert values(report.users) == [1.0, 2 / 3]
    assert report.average == pytest.approx((3 / 4 + 2 / 3) / 2)
    np.testing.assert_allclose(report.f1, [6 / 7, 2 / 3])
    chance = (4 * 3 + 3 * 3) / 49
    assert report.kappa == pytest.approx((5 / 7 - chance) / (1 - chance))


def test_a_class_that_only_the_map_holds_has_no_producers_accuracy():
    report = score(np.array([[1, 3]], np.uint16), np.array([[1, 1]], np.uint16))
    assert report.class_ids == (1, 3)
    np.testing.assert_array_equal(values(report.producers), [0.5, np.nan])
    assert values(report.users) == [1.0, 0.0]
    assert report.average == 0.5


def test_without_test_pixels_nothing_is_claimed():
    report = score(np.ones((2, 2), np.uint16), np.zeros((2, 2), np.uint16))
    assert report.total == 0
    assert np.isnan([report.overall.value, report.average, report.kappa]).all()


def test_kappa_of_one_class_is_not_defined():
    ones = np.ones((2, 2), np.uint16)
    report = score(ones, ones)
    assert report.overall.value == 1.0
    assert np.isnan(report.kappa)


@given(st.data(), st.integers(1, 10**6))
def test_wilson_against_scipy(data, total):
    from scipy.stats import binomtest

    successes = data.draw(st.integers(0, total))
    expected = binomtest(successes, total).proportion_ci(0.95, method="wilson")
    found = wilson(successes, total)
    assert found.value == successes / total
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high), abs=1e-9)
    assert 0 <= found.low <= found.value <= found.high <= 1


def test_labels_are_scored_by_the_rules_of_label_files_and_of_one_size():
    """Negative and NaN are unlabelled, in numbers of any type."""
    class_map = np.array([[1, 2, 2], [1, 1, 2]], np.uint16)
    test = np.array([[1, -1, 2], [np.nan, 2, 0]])
    for labels in (test, np.nan_to_num(test).astype(int), np.ma.masked_less(test, 0)):
        report = score(class_map, labels)
        assert (report.total, len(report.matrix)) == (3, 2)
        assert report.overall.value == pytest.approx(2 / 3)
    for wrong in (test[:1], test.ravel(), test * 0.5):
        with pytest.raises(LabelError):
            score(class_map, wrong)
