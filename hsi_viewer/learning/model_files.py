"""Writing and reading what all kinds of model share: facts as JSON, arrays as safetensors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import save
from torch import Tensor

from hsi_viewer.learning.checkpoint_schema import TENSORS
from hsi_viewer.learning.described_facts import FORMAT, SCHEMA, DescribedFacts
from hsi_viewer.learning.features import Features
from hsi_viewer.learning.model_description import write_pair
from hsi_viewer.learning.model_state import TrainingFacts


def write_model(
    target: str | Path, description: dict[str, Any], tensors: Mapping[str, Tensor]
) -> list[Path]:
    """Write both files of a model; errors as of `write_pair`."""
    own = {name: tensor.detach().cpu().contiguous().clone() for name, tensor in tensors.items()}
    return write_pair(target, description, save(own))


def feature_tensors(features: Features) -> dict[str, Tensor]:
    """Tensors of features, by the names that `checkpoint_schema.features_of` knows."""
    return {f"features.{name}": torch.from_numpy(getattr(features, name)) for name in TENSORS}


def facts_written(facts: TrainingFacts) -> dict[str, Any]:
    """The facts as the description of any model contains them."""
    waves = facts.wavelengths
    return {
        "format": FORMAT,
        "schema": SCHEMA,
        "class_ids": facts.class_ids,
        "legend": [asdict(c) for c in facts.legend],
        "config": asdict(facts.config),
        "bands": facts.bands,
        "wavelengths": None if waves is None else waves.tolist(),
        "warning": facts.warning,
        "scale": facts.scale,
        "offset": facts.offset,
        "seconds": facts.seconds,
        "versions": facts.versions,
        "label_digest": facts.label_digest,
    }


def facts_read(description: DescribedFacts) -> TrainingFacts:
    """The facts of a description."""
    waves = description.wavelengths
    return TrainingFacts(
        class_ids=description.class_ids,
        legend=description.legend,
        config=description.config,
        wavelengths=None if waves is None else np.array(waves, np.float64),
        bands=description.bands,
        seconds=description.seconds,
        versions=description.versions,
        label_digest=description.label_digest,
        warning=description.warning,
        scale=description.scale,
        offset=description.offset,
    )
