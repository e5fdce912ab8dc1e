"""Confidence that was set on labels held out: fitted as it should be, and applied as fitted."""

from __future__ import annotations

import numpy as np
import pytest

from hsi_viewer.learning.calibration import fit_reliability, reliable

RNG = np.random.default_rng(0)


def answers(count: int, offset: float, slope: float) -> tuple[np.ndarray, np.ndarray]:
    """Confidences, and answers that are right as often as offset and slope say."""
    confidence = RNG.uniform(0.4, 0.99, count)
    logit = offset + slope * np.log(confidence / (1 - confidence))
    return confidence, RNG.random(count) < 1 / (1 + np.exp(-logit))


@pytest.mark.parametrize(("offset", "slope"), [(0.0, 1.0), (-1.0, 0.6), (1.5, 1.4), (0.0, 0.5)])
def test_many_answers_give_back_how_often_they_were_right(offset, slope):
    found = fit_reliability(*answers(20_000, offset, slope))
    assert found == pytest.approx((offset, slope), abs=0.12)


def test_a_model_that_was_right_each_time_is_not_doubted_for_want_of_labels():
    offset, slope = fit_reliability(np.array([0.9, 0.8, 0.95]), np.ones(3, bool))
    assert offset >= 0
    assert slope == pytest.approx(1, abs=0.3)


def test_the_largest_probability_becomes_that_of_being_right_and_stays_the_largest():
    probabilities = RNG.dirichlet(np.ones(4), 200).astype(np.float32).reshape(10, 20, 4)
    changed = reliable(probabilities, 0.7, 1.3)
    best = probabilities.max(axis=-1)
    wanted = 1 / (1 + np.exp(-(0.7 + 1.3 * np.log(best / (1 - best)))))
    kept = wanted > 0.6  # where it is the largest in any case
    np.testing.assert_allclose(changed.max(axis=-1)[kept], wanted[kept], atol=2e-3)
    np.testing.assert_allclose(changed.sum(axis=-1), 1.0, atol=1e-5)
    np.testing.assert_array_equal(changed.argmax(axis=-1), probabilities.argmax(axis=-1))
    rest = np.sort(probabilities, axis=-1)[..., :-1], np.sort(changed, axis=-1)[..., :-1]
    ratios = [r / r.sum(axis=-1, keepdims=True) for r in rest]  # the others keep their shares
    np.testing.assert_allclose(*ratios, atol=1e-4)
    lowered = reliable(probabilities, -5.0, 1.0)
    np.testing.assert_array_equal(lowered.argmax(axis=-1), probabilities.argmax(axis=-1))


@pytest.mark.parametrize("sure", [1.0, 0.0])
def test_a_certain_answer_gives_finite_probabilities(sure):
    changed = reliable(np.array([[sure, 1 - sure]], np.float32), 0.5, 2.0)
    assert np.isfinite(changed).all()
    assert changed.max() > 0.99
