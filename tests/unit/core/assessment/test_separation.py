"""The distance between test and training pixels, and what it means for the model."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from hsi_viewer.core.assessment.separation import separation

masks = hnp.arrays(bool, (7, 9))


@settings(max_examples=30)
@given(masks, masks, st.integers(0, 5))
def test_against_every_pair(training, test, reach):
    found = separation(np.flatnonzero(training), np.flatnonzero(test), 9, reach)
    if not (training.any() and test.any()):
        assert found is None
        return
    pairs = np.abs(np.argwhere(test)[:, None] - np.argwhere(training)[None])
    distances = pairs.max(axis=2).min(axis=1)
    assert found.least == distances.min()
    assert found.median == np.median(distances)
    assert found.within == pytest.approx((distances <= reach).mean())
    assert found.strict == (distances > reach).all()


def test_in_words():
    near = separation(np.array([0]), np.array([1, 5]), 10, reach=3)
    assert str(near) == (
        "Test pixels lie at least 1 pixel from the nearest training pixel (median 3); the model "
        "looks 3 pixels far, so 50 % of them are not independent of the training."
    )
    far = separation(np.array([0]), np.array([5, 6]), 10, reach=3)
    assert str(far) == (
        "Test pixels lie at least 5 pixels from the nearest training pixel (median 5.5), beyond "
        "the 3 pixels that the model looks."
    )
