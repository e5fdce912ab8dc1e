"""Confidence after cleaning: that of the class that each pixel has now."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from hsi_viewer.core.postprocess.clean import Cleaning, cleaned
from hsi_viewer.core.postprocess.cleaned_prediction import cleaned_prediction, cleaning_sentence
from hsi_viewer.core.prediction import Prediction

CLEANINGS = st.builds(
    Cleaning,
    merge=st.dictionaries(st.just(7), st.sampled_from([1, 2]), max_size=1),
    majority=st.sampled_from([1, 3]),
    minimum=st.sampled_from([0, 2, 4]),
)


def made(seed: int) -> Prediction:
    """A map of classes 1, 2 and 7, with a row without data."""
    shares = np.random.default_rng(seed).dirichlet((0.5,) * 3, (6, 7)).astype(np.float32)
    class_map = np.array([1, 2, 7], np.uint16)[shares.argmax(axis=2)]
    class_map[0] = 0
    confidence = np.where(class_map > 0, shares.max(axis=2), 0).astype(np.float32)
    return Prediction(class_map, confidence, (1, 2, 7), shares, source="m")


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 50), CLEANINGS)
def test_probabilities_give_the_confidence_of_the_class_that_a_pixel_has(seed, cleaning):
    before = made(seed)
    ids = cleaned(before.class_map, cleaning)
    after = cleaned_prediction(before, cleaning, ids)
    summed = after.probabilities.sum(axis=2)
    np.testing.assert_allclose(summed, 1, atol=1e-5)
    for row, column in np.ndindex(ids.shape):
        now = int(ids[row, column])
        into = [cleaning.merge.get(i, i) for i in before.class_ids]
        share = sum(
            float(before.probabilities[row, column, k]) for k, i in enumerate(into) if i == now
        )
        assert abs(after.confidence[row, column] - share) < 1e-5
    # without them: the most that is left to others
    bare = cleaned_prediction(replace(before, probabilities=None), cleaning, ids)
    changed = ids != cleaned(before.class_map, Cleaning(merge=cleaning.merge))
    np.testing.assert_array_equal(bare.confidence[changed], 1 - before.confidence[changed])
    assert cleaning.merge or (bare.confidence >= after.confidence - 1e-5)[changed].all()
    same = ids == before.class_map
    np.testing.assert_array_equal(bare.confidence[same], before.confidence[same])


def test_what_was_done_in_words():
    cleaning = Cleaning({3: 1}, (2,), (), 3, 0.0, 5000.0, corners=True)
    assert cleaning_sentence(cleaning, {1: "Corn", 2: "Oats", 3: "Corn, tilled"}) == (
        "Corn, tilled merged into Corn; Oats opened; majority of 3 x 3 pixels; "
        "regions below 5000 m² removed (8 neighbours)"
    )


@pytest.mark.parametrize(
    ("cleaning", "wanted"),
    [
        (Cleaning(open=(2,), corners=True), "Oats opened (8 neighbours)"),
        (Cleaning(close=(2,), corners=True), "Oats closed (8 neighbours)"),
        (Cleaning(close=(2,)), "Oats closed"),
        (Cleaning(majority=5, corners=True), "majority of 5 x 5 pixels"),
    ],
)
def test_neighbours_at_corners_are_told_wherever_they_count(cleaning, wanted):
    assert cleaning_sentence(cleaning, {2: "Oats"}) == wanted
