"""What decides a map, in words."""

from __future__ import annotations

import numpy as np
import pytest

from hsi_viewer.core.evidence import Evidence, HeldOut, VoiceShare


def evidence(*weights: float, folds: int = 0) -> Evidence:
    names = ("Similar pixels", "Surroundings", "Network")
    voices = tuple(
        VoiceShare(name.lower(), name, weight, 0.0)
        for name, weight in zip(names, weights, strict=False)
    )
    number = np.arange(6)
    held = HeldOut(number, number * 0, number, number % max(folds, 1), np.ones((6, 1), np.float32))
    return Evidence(voices, "none", 8, held if folds else None)


@pytest.mark.parametrize(
    ("weights", "decided"),
    [
        ((0.444, 0.31, 0.246), "similar pixels (44 %), surroundings (31 %) and network (25 %)"),
        ((0.75, 0.25, 0.001), "similar pixels (75 %) and surroundings (25 %)"),
        ((0.0, 1.0), "surroundings alone"),
    ],
)
def test_who_decides_is_said_in_whole_percent(weights, decided):
    assert evidence(*weights).decided == f"Decided by {decided}."
    assert evidence().decided == ""


def test_how_the_shares_were_found():
    assert "cut into 3 parts that lie apart" in evidence(0.5, 0.5, folds=3).weighed
    assert evidence(0.5, 0.5).weighed.startswith("Too few places are labelled")


def test_the_weights_and_how_many_folds_chose_them():
    assert evidence(0.5, 0.25, 0.25, folds=3).sentence == (
        "similar pixels 0.50, surroundings 0.25, network 0.25, by 3 spatial folds"
    )
    assert evidence(0.75, 0.246, 0.004).sentence == (
        "similar pixels 0.75, surroundings 0.25; too few groups of labels to choose by"
    )
