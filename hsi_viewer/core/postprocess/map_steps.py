"""What is done to a class map after it was made, in order, and how it is done again."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hsi_viewer.core.assessment.doubt_rule import DoubtRule
from hsi_viewer.core.postprocess.clean import Cleaning, cleaned
from hsi_viewer.core.postprocess.cleaned_prediction import cleaned_prediction, cleaning_sentence
from hsi_viewer.core.prediction import Prediction
from hsi_viewer.core.validation import checked

MapStep = Cleaning | DoubtRule
STEPS = "cleaning"  # their list in the settings of a run


def steps_of(config: Mapping[str, Any]) -> tuple[MapStep, ...]:
    """The steps that the settings of a run list.

    Raises
    ------
    InvalidError
        if they aren't steps.
    """
    return steps_from(config.get(STEPS, ()))


def steps_from(values: object) -> tuple[MapStep, ...]:
    """Steps from what `asdict` made of them; an InvalidError if they aren't steps."""
    listed = checked(list[dict[str, Any]], values)
    return tuple(
        checked(DoubtRule, facts) if "confidence" in facts else checked(Cleaning, facts)
        for facts in listed
    )


def with_step(config: Mapping[str, Any], step: MapStep) -> dict[str, Any]:
    """The settings of a run with one more step."""
    return {**config, STEPS: [*config.get(STEPS, ()), asdict(step)]}


def step_sentence(step: MapStep, names: Mapping[int, str]) -> str:
    """What a step did, in words, with the names of classes by id."""
    if isinstance(step, Cleaning):
        return cleaning_sentence(step, names)
    return f"pixels left unclassified: {step}"


def after_steps(
    prediction: Prediction,
    steps: Sequence[MapStep],
    row_area: NDArray[np.float64] | None,
    outside: Callable[[], NDArray[np.bool_]],
) -> Prediction:
    """A map after all of its steps.

    Parameters
    ----------
    prediction : the map as its model made it.
    steps : in order.
    row_area : (rows,) square metres of a pixel of each row, or None.
    outside : called for (rows, columns), True outside of the area of applicability, if a step asks
        for it.
    """
    for step in steps:
        if isinstance(step, Cleaning):
            ids = cleaned(prediction.class_map, step, row_area)
            prediction = cleaned_prediction(prediction, step, ids)
        else:
            prediction = step.applied(prediction, outside() if step.applicable else None)
    return prediction
