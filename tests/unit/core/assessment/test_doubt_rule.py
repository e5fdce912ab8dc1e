"""Which pixels a rule leaves out, also of a map whose confidence was rounded to be kept."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hsi_viewer.core.assessment.doubt_rule import DoubtRule
from hsi_viewer.core.postprocess.clean import Cleaning
from hsi_viewer.core.postprocess.map_steps import after_steps, step_sentence, steps_of, with_step
from hsi_viewer.core.prediction import Prediction


def made(confidence, ids=None) -> Prediction:
    confidence = np.atleast_2d(np.asarray(confidence, np.float32))
    ids = np.ones(confidence.shape, np.uint16) if ids is None else np.atleast_2d(ids)
    return Prediction(ids.astype(np.uint16), confidence, (1,), source="made")


def test_by_hand():
    outside = np.array([[False, False, False, True, True]])
    prediction = made([0.2, 0.5, 0.9, 0.9, 0.0], [1, 1, 1, 1, 0])
    found = DoubtRule(0.5, applicable=True).applied(prediction, outside)
    assert found.class_map.tolist() == [[0, 1, 1, 0, 0]]
    assert found.confidence.tolist() == [[0, 0.5, np.float32(0.9), 0, 0]]
    assert found.unclassified == "confidence below 50 % or outside the area of applicability"
    assert prediction.class_map.tolist() == [[1, 1, 1, 1, 0]]  # moving back restores
    again = DoubtRule(0.95).applied(found, None)
    assert again.unclassified == f"{found.unclassified} or confidence below 95 %"
    assert not DoubtRule().doubtful(prediction, None).any()


@settings(max_examples=30)
@given(st.integers(1, 99), st.lists(st.floats(0, 1, width=32), min_size=1, max_size=20))
def test_a_map_that_was_kept_loses_the_same_pixels(percent, values):
    rule = DoubtRule(percent / 100)
    near = np.float16(percent / 100) + np.array([-1, 0, 1]) * np.float16(2**-11)
    whole = made([*values, percent / 100, *near])
    kept = made(whole.confidence.astype(np.float16))
    found = rule.doubtful(whole, None)
    np.testing.assert_array_equal(found, rule.doubtful(kept, None))
    clear = np.abs(whole.confidence - percent / 100) > 1e-3
    np.testing.assert_array_equal(found[clear], whole.confidence[clear] < percent / 100)


def test_steps_are_kept_in_order_in_the_settings_of_a_run():
    steps = (DoubtRule(0.25), Cleaning(merge={3: 1}, majority=5), DoubtRule(applicable=True))
    config = {"seed": 3}
    for step in steps:
        config = with_step(config, step)
    assert config["seed"] == 3
    assert steps_of(json.loads(json.dumps(config))) == steps
    assert steps_of({}) == ()
    told = [step_sentence(step, {1: "Corn", 3: "Oats"}) for step in steps]
    assert told == [
        "pixels left unclassified: confidence below 25 %",
        "Oats merged into Corn; majority of 5 x 5 pixels",
        "pixels left unclassified: outside the area of applicability",
    ]
    with pytest.raises(ValueError, match=r"^0: expected an object"):
        steps_of({"cleaning": [7]})


def test_steps_are_done_again_in_their_order():
    prediction = made([[0.2, 0.9, 0.9], [0.9, 0.9, 0.9]], [[1, 3, 1], [3, 3, 3]])
    merged = Cleaning(merge={3: 1})
    outside = np.array([[False, False, True], [False, False, False]])
    asked = []

    def where() -> np.ndarray:
        asked.append(outside)
        return outside

    def after(*steps):
        return after_steps(prediction, steps, None, where).class_map.tolist()

    assert after() == [[1, 3, 1], [3, 3, 3]]
    assert after(DoubtRule(0.5), merged) == [[0, 1, 1], [1, 1, 1]]
    assert not asked
    assert after(merged, DoubtRule(applicable=True)) == [[1, 1, 0], [1, 1, 1]]
    assert len(asked) == 1


@pytest.mark.parametrize(
    ("rule", "anything", "words"),
    [
        (DoubtRule(), False, ""),
        (DoubtRule(0.5), True, "confidence below 50 %"),
        (DoubtRule(applicable=True), True, "outside the area of applicability"),
        (
            DoubtRule(0.125, applicable=True),
            True,
            "confidence below 12.5 % or outside the area of applicability",
        ),
    ],
)
def test_a_rule_knows_whether_it_leaves_anything_out(rule, anything, words):
    assert (rule.anything, str(rule)) == (anything, words)
