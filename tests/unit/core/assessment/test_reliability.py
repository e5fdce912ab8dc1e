"""The reliability diagram by hand, and what holds of any."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from hsi_viewer.core.assessment.reliability import reliability


def test_two_bins_by_hand():
    found = reliability(np.array([0.2, 0.4, 0.9, 0.7]), np.array([0, 1, 1, 1], bool), bins=2)
    np.testing.assert_array_equal(found.counts, [2, 2])
    np.testing.assert_allclose(found.confidence, [0.3, 0.8])
    np.testing.assert_allclose(found.accuracy, [0.5, 1.0])
    assert found.error == pytest.approx((2 * 0.2 + 2 * 0.2) / 4)


def test_without_answers_nothing_is_told():
    found = reliability(np.zeros(0), np.zeros(0, bool))
    assert np.isnan(found.error)
    assert np.isnan(found.accuracy).all()


@settings(max_examples=30)
@given(
    st.integers(1, 40).flatmap(
        lambda n: st.tuples(
            hnp.arrays(np.float64, n, elements=st.floats(0, 1)), hnp.arrays(bool, n)
        )
    )
)
def test_bounds_and_sums(answers):
    confidence, right = answers
    found = reliability(confidence, right)
    used = found.counts > 0
    assert found.counts.sum() == len(right)
    assert 0 <= found.error <= 1
    assert (found.confidence[used] <= found.edges[1:][used] + 1e-9).all()
    assert (found.confidence[used] >= found.edges[:-1][used] - 1e-9).all()
    assert found.counts[used] @ found.accuracy[used] == pytest.approx(right.sum())
