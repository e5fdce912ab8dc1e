"""A sample while it is labelled: which point comes next, undo, and what a session keeps of it."""

from __future__ import annotations

import numpy as np
import pytest

from hsi_viewer.core.assessment.area_estimates import CANNOT_TELL
from hsi_viewer.core.assessment.labelled_sample import LabelledSample, sample_from_json
from hsi_viewer.core.assessment.reference_sample import draw_sample


@pytest.fixture
def labelled() -> LabelledSample:
    return LabelledSample(draw_sample(np.ones((2, 5), np.uint16), {1: 4}, 1))


def test_the_next_point_comes_by_itself(labelled):
    assert labelled.at == 0
    labelled.later()
    labelled.answer(1)
    assert (labelled.at, labelled.done) == (2, 1)
    labelled.answer(CANNOT_TELL)
    labelled.answer(2)
    assert labelled.at == 0
    assert labelled.take_back()
    assert (labelled.at, labelled.done) == (3, 2)
    labelled.answer(1)
    labelled.answer(1)
    assert labelled.complete
    assert labelled.place is None
    assert labelled.reference.tolist() == [1, 1, CANNOT_TELL, 1]
    labelled.answer(9)  # nothing is asked
    assert labelled.complete
    for _ in range(4):
        assert labelled.take_back()
    assert not labelled.take_back()
    assert not labelled.done


def test_a_session_keeps_it_and_refuses_what_is_damaged(labelled):
    labelled.answer(3)
    kept = labelled.to_json()
    again = sample_from_json(kept, (2, 5))
    assert again.to_json() == kept
    assert again.place == labelled.place
    assert sample_from_json(kept, (5, 2)) is None
    damaged = (
        ("pixels", [0, 1, 2, 10]),
        ("pixels", [0, 0, 1, 2]),
        ("pixels", [2**70, 0, 1, 2]),
        ("reference", [0, 0, 0, 70000]),
        ("reference", [0, 0, 0, -2]),
        ("strata", [2, 1, 1, 1]),
        ("sizes", []),
        ("answered", [7]),
        ("digest", None),
    )
    for name, value in damaged:
        assert sample_from_json({**kept, name: value}, (2, 5)) is None
    assert sample_from_json(None, (2, 5)) is None
