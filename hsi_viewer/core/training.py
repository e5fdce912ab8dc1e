"""Settings and reports of a training run: the words that every layer shares."""

from __future__ import annotations

from dataclasses import dataclass
from numbers import Real
from typing import Any, Literal, get_args

from hsi_viewer.core.errors import SettingError

Preset = Literal["fast", "best"]
Device = Literal["auto", "cpu", "cuda", "mps"]
DistillationMode = Literal[
    "none",
    "deep_to_shallow",
    "shallow_to_deep",
    "mutual",
    "ensemble",
    "previous_epochs",
    "refined_rounds",
]
VoiceChoice = Literal["auto", "pixels", "surroundings", "network"]
Refine = bool | Literal["auto", "none", "weak", "full"]
Standardise = Literal["training", "scene"]
MAX_SEED = 2**32 - 1


@dataclass(frozen=True)
class TrainingConfig:
    """The user's settings for a training run.

    Attributes
    ----------
    preset : "fast" for interactive use, "best" for the final map.
    distillation : how the exits teach each other; None takes the preset's.
    seed : of every random choice.
    device : "auto" takes cuda, mps or cpu, in this order.
    refine : whether the map is refined by the random walker.
    voices : which classifiers are heard: "auto" weighs them by cross-validation, "pixels" are
        those of single pixels, "surroundings" those of wide windows, network included.

    Raises
    ------
    SettingError
        if a setting doesn't exist; a seed may be of any type of number, but whole.
    """

    preset: Preset = "fast"
    distillation: DistillationMode | None = None
    seed: int = 0
    device: Device = "auto"
    refine: bool = True
    voices: VoiceChoice = "auto"

    def __post_init__(self) -> None:
        _check_choice("preset", self.preset, get_args(Preset))
        _check_choice("distillation", self.distillation, (None, *get_args(DistillationMode)))
        _check_choice("device", self.device, get_args(Device))
        object.__setattr__(self, "seed", checked_seed(self.seed))
        if not _is_bool(self.refine):
            raise SettingError(f"refine must be True or False, not {_short(self.refine)}.")
        object.__setattr__(self, "refine", bool(self.refine))
        _check_choice("voices", self.voices, get_args(VoiceChoice))


def _check_choice(name: str, value: Any, choices: tuple[str | None, ...]) -> None:
    if not (value is None or isinstance(value, str)) or value not in choices:
        known = ", ".join(repr(choice) for choice in choices)
        raise SettingError(f"There is no {name} {_short(value)}; choose one of {known}.")


def _is_bool(value: Any) -> bool:
    if isinstance(value, bool):
        return True
    import numpy as np  # late: the command line starts without it

    return isinstance(value, np.bool_)


def is_whole(value: Any) -> bool:
    """Whether something is a number without a fraction, of any type."""
    is_number = isinstance(value, Real) and not isinstance(value, bool)
    return is_number and float(value).is_integer()


def whole_number(value: Any, what: str) -> int:
    """A number without a fraction, of any type, as an int.

    Raises
    ------
    SettingError
        if it isn't one; `what` begins the sentence.
    """
    if not is_whole(value):
        raise SettingError(f"{what} must be a whole number, not {_short(value)}.")
    return int(value)


def checked_seed(value: Any) -> int:
    """A seed as an int.

    Raises
    ------
    SettingError
        if it isn't a whole number, or is beyond the limits of a seed.
    """
    if not (is_whole(value) and 0 <= value <= MAX_SEED):
        raise SettingError(f"A seed must be a whole number in 0..{MAX_SEED}, not {_short(value)}.")
    return int(value)


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 40 else f"{text[:40]}..."


@dataclass(frozen=True, eq=False)
class Learned:
    """Sent to the progress port once a scene is learned that takes long to look at as a whole.

    Attributes
    ----------
    model : from which a training can continue; of fill values it knows those found so far.
    """

    model: Any


@dataclass(frozen=True)
class EpochReport:
    """Sent to the progress port at the end of each epoch.

    Attributes
    ----------
    epoch : from 1.
    epochs : planned number.
    loss : mean training loss of the epoch.
    exit_accuracy : accuracy of each exit on its training batches, 0..1, shallow to deep.
    """

    epoch: int
    epochs: int
    loss: float
    exit_accuracy: tuple[float, ...]
