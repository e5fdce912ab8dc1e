"""Layers of doubt by hand, their bounds, and that tiles give what the whole gives."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from hsi_viewer.core.assessment.uncertainty import entropy, margin, unclassified_where

raw = hnp.arrays(
    np.float32,
    st.tuples(st.integers(1, 5), st.integers(1, 5), st.integers(2, 6)),
    elements=st.floats(0.0078125, 1, width=32),
)


def test_by_hand():
    p = np.array([[0.5, 0.5], [1, 0], [0.9, 0.1], [0, 0]], np.float32)
    assert margin(p) == pytest.approx([0, 1, 0.8, 0])
    assert entropy(p) == pytest.approx([1, 0, 0.468996, 0], abs=1e-6)
    assert entropy(np.full((1, 4), 0.25)) == pytest.approx([1])
    assert margin(np.ones((3, 1))) == pytest.approx([1, 1, 1])
    assert entropy(np.ones((3, 1))) == pytest.approx([0, 0, 0])
    assert entropy(np.ones((3, 4, 1))).tolist() == [[0] * 4] * 3


def test_entropy_is_a_share_of_what_so_many_classes_can_have_at_most():
    p = np.full((2, 5, 3), 1 / 3, np.float32)
    p[1, 4] = 0.5, 0.5, 0
    expected = np.ones((2, 5))
    expected[1, 4] = np.log(2) / np.log(3)
    assert entropy(p) == pytest.approx(expected)
    assert margin(p)[1, 4] == 0


@settings(max_examples=30)
@given(raw)
def test_bounds_order_and_tiles(values):
    p = values / values.sum(axis=-1, keepdims=True)
    for layer in (margin, entropy):
        whole = layer(p)
        assert whole.shape == p.shape[:2]
        assert whole.dtype == np.float32
        assert ((whole >= 0) & (whole <= 1)).all()
        np.testing.assert_allclose(layer(p[..., ::-1]), whole, atol=1e-6)
        np.testing.assert_array_equal(layer(p[:1]), whole[:1])
    assert (entropy(p)[margin(p) == 1] < 1e-6).all()


def test_doubtful_pixels_lose_their_class_and_can_get_it_back():
    class_map = np.array([[1, 2], [3, 0]], np.uint16)
    doubt = np.array([[0.1, 0.8], [0.5, 0.9]])
    before = class_map.copy()
    np.testing.assert_array_equal(unclassified_where(class_map, doubt > 0.6), [[1, 0], [3, 0]])
    np.testing.assert_array_equal(unclassified_where(class_map, doubt > 1), before)
    np.testing.assert_array_equal(class_map, before)
    assert unclassified_where(class_map, doubt > 0.6).dtype == np.uint16
