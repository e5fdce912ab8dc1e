"""A row of the registry gives a training what it takes, and nothing else."""

from __future__ import annotations

import pytest

from hsi_viewer.core.classifier import Classifier

MODEL, VIEWED = object(), object()


@pytest.mark.parametrize(
    ("warm", "early", "viewed", "options"),
    [
        (False, False, VIEWED, {}),
        (True, False, VIEWED, {"warm_start": MODEL}),
        (False, True, VIEWED, {"viewed": VIEWED}),
        (True, True, VIEWED, {"warm_start": MODEL, "viewed": VIEWED}),
        (True, True, None, {"warm_start": MODEL}),
    ],
)
def test_a_training_goes_on_and_paints_first_as_far_as_it_can(warm, early, viewed, options):
    row = Classifier("mine", "Mine", print, print, warm_start=warm, early_maps=early)
    assert row.options(MODEL, viewed) == options


def test_a_classifier_has_a_seed_and_a_refinement_unless_it_says_otherwise():
    row = Classifier("mine", "Mine", print, print)
    assert row.settings == ("seed", "refine")
    assert row.options(MODEL) == {}
