"""SDHSI-Net, the self-distilled network: see `learning.trainer`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hsi_viewer.learning import model, trainer


def fit(*arguments: Any, **options: Any) -> model.TrainedModel:
    """Train the network; see `trainer.fit`."""
    return trainer.fit(*arguments, **options)


def load(target: str | Path) -> model.TrainedModel:
    """Read a network; see `model.load_model`."""
    return model.load_model(target)
