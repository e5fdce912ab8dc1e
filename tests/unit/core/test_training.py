"""What a training can be told, from a notebook as from the command line."""

from __future__ import annotations

from typing import get_args

import numpy as np
import pytest

from hsi_viewer.core.errors import HsiError, SettingError
from hsi_viewer.core.training import Device, DistillationMode, Preset, TrainingConfig


@pytest.mark.parametrize(
    "seed",
    [0, 7, 2**32 - 1, np.int64(7), np.uint8(7), np.float32(7), np.float64(7), 7.0],
)
def test_a_seed_is_a_whole_number_of_any_type(seed):
    config = TrainingConfig(seed=seed)
    assert (config.seed, type(config.seed)) == (int(seed), int)


@pytest.mark.parametrize(
    "seed",
    [
        -1, 2**32, 2**70, 1.5, float("nan"), float("inf"), np.float32("nan"), np.float64("-inf"),
        np.int64(-1), True, np.bool_(False), "7", None, [7], np.array([7, 8]), 1j,
    ],
)  # fmt: skip
def test_what_is_no_seed_is_refused_in_a_sentence(seed):
    with pytest.raises(
        SettingError, match=r"^A seed must be a whole number in 0\.\.4294967295, not "
    ):
        TrainingConfig(seed=seed)


@pytest.mark.parametrize("name", ["preset", "distillation", "device"])
@pytest.mark.parametrize(
    "value", ["", "FAST", "slow", "tpu", 1, True, 0.5, [], ["fast"], {}, b"fast", np.array(["a"])]
)
def test_a_choice_that_there_is_not_is_refused_with_those_there_are(name, value):
    with pytest.raises(SettingError, match=f"^There is no {name} .*; choose one of .*'") as caught:
        TrainingConfig(**{name: value})
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["preset", "device"])
def test_none_is_a_choice_of_the_distillation_only(name):
    with pytest.raises(SettingError, match="None"):
        TrainingConfig(**{name: None})
    assert TrainingConfig(distillation=None).distillation is None


@pytest.mark.parametrize("value", [1, 0, "yes", None, float("nan"), [True]])
def test_refine_is_yes_or_no(value):
    with pytest.raises(SettingError, match="refine must be True or False, not "):
        TrainingConfig(refine=value)


def test_every_choice_is_taken():
    for preset in get_args(Preset):
        for device in get_args(Device):
            for mode in (None, *get_args(DistillationMode)):
                config = TrainingConfig(preset, mode, 3, device, np.bool_(False))
                assert (config.preset, config.distillation, config.device) == (preset, mode, device)
                assert config.refine is False


def test_a_long_value_is_named_in_part_and_the_error_is_of_both_families():
    with pytest.raises(SettingError) as caught:
        TrainingConfig(preset="x" * 5000)
    assert len(str(caught.value)) < 200
    assert isinstance(caught.value, HsiError)
    assert isinstance(caught.value, ValueError)
