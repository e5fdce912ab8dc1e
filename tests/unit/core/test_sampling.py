"""Training pixels are drawn from the ground truth, seeded, and never scored."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from hsi_viewer.core.errors import LabelError
from hsi_viewer.core.sampling import draw_per_class

truths = hnp.arrays(np.uint16, (6, 7), elements=st.integers(0, 4)).filter(lambda t: t.any())
TRUTH = np.repeat(np.array([0, 1, 2, 7], np.uint16), 50).reshape(10, 20)


@given(truths, st.integers(1, 50), st.integers(0, 2**32))
def test_training_and_test_pixels_part_the_truth(truth, n, seed):
    training, test = draw_per_class(truth, n, seed)
    assert training.dtype == test.dtype == truth.dtype
    assert not ((training > 0) & (test > 0)).any()
    np.testing.assert_array_equal(training + test, truth)
    for class_id in np.unique(truth[truth > 0]):
        size = np.count_nonzero(truth == class_id)
        assert np.count_nonzero(training == class_id) == min(n, max(size // 2, 1))


def test_a_seed_gives_the_same_pixels_again_and_another_others():
    first, again, other = (draw_per_class(TRUTH, 5, seed)[0] for seed in (3, 3, 4))
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()


def test_every_pixel_of_a_class_can_be_drawn():
    drawn = sum(draw_per_class(TRUTH, 5, seed)[0] > 0 for seed in range(100))
    assert (drawn[TRUTH > 0] > 0).all()
    assert not drawn[TRUTH == 0].any()


def test_what_cannot_be_drawn_from_is_refused():
    with pytest.raises(LabelError, match="At least one"):
        draw_per_class(TRUTH, 0)
    with pytest.raises(LabelError, match="no labelled pixel"):
        draw_per_class(np.zeros((2, 2), np.uint16), 1)
