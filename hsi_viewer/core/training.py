"""Settings and reports of a training run: the words that every layer shares."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

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


@dataclass(frozen=True)
class TrainingConfig:
    """What a user may choose before training.

    Attributes
    ----------
    preset : "fast" for interactive use, "best" for the final map.
    distillation : how the exits teach one another; None takes the preset's.
    seed : of every random choice.
    device : "auto" takes cuda, mps or cpu, in this order.
    refine : whether the map is refined by the random walker.
    """

    preset: Preset = "fast"
    distillation: DistillationMode | None = None
    seed: int = 0
    device: Device = "auto"
    refine: bool = True


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
