"""Model files: weights and features as safetensors, everything else as JSON; no pickle.

The two are replaced together or not at all, and the JSON holds the digest of the other file, so
that files of two models are not mistaken for one.
"""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.torch import load

from hsi_viewer.learning.checkpoint_schema import features_of, network_of
from hsi_viewer.learning.model_description import (
    FIRST,
    description_of,
    pair_of,
    refusing_damage,
    weights_of,
)
from hsi_viewer.learning.model_files import (
    facts_read,
    facts_written,
    feature_tensors,
    write_model,
)
from hsi_viewer.learning.model_state import ModelState
from hsi_viewer.learning.voice_files import (
    answers_in,
    evidence_of,
    evidence_tensors,
    pools_of,
    voice_tensors,
    voices_of,
)


def save_model(model: ModelState, target: str | Path) -> list[Path]:
    """Write model.safetensors and model.json into a folder, or the pair that a path names.

    They take the place of the old pair together; a failed write leaves that as it is.

    Raises
    ------
    ExportError
        if the files cannot be written.
    """
    tensors = {f"network.{k}": v for k, v in model.network.state_dict().items()}
    tensors |= feature_tensors(model.features)
    tensors |= voice_tensors(model.voices) | evidence_tensors(model.evidence)
    return write_model(target, _described(model), tensors)


def _described(model: ModelState) -> dict[str, Any]:
    return {
        **facts_written(model),
        "classifier": FIRST,
        "recipe": asdict(model.recipe),
        "sigmas": model.features.sigmas,
        "channels": model.features.channels,
        "sensor_range": _sensor_range(model),
        "seed": model.config.seed,
        "part": model.part,
        "pool": asdict(model.pool),
        "pool_elsewhere": asdict(model.pool_elsewhere),
        "evidence": None if model.evidence is None else model.evidence.sentence,
        "answers": answers_in(model.evidence),
        "scene_digest": model.scene_digest,
        "usual_distance": model.usual_distance if np.isfinite(model.usual_distance) else None,
    }


def _sensor_range(model: ModelState) -> list[float] | None:
    """First and last wavelength (nm) that the model looks at."""
    if model.wavelengths is None:
        return None
    used = model.wavelengths[model.features.bands]
    return [float(used.min()), float(used.max())]


def load_state(target: str | Path) -> ModelState:
    """Read a model from its folder or from either of its files.

    Raises
    ------
    FileError
        if a file is missing or cannot be read.
    FormatError
        if it isn't a model of this application, or is damaged.
    """
    description = description_of(target)
    weights, _ = pair_of(target)
    with refusing_damage(weights):
        tensors = load(weights_of(description.weights_digest, weights))
        features = features_of(tensors, description.channels, description.sigmas, description.bands)
        network = network_of(tensors, description)
        voices = voices_of(tensors, features, description)
        pool, elsewhere = pools_of(description, voices)
        evidence = evidence_of(tensors, description, pool, features)
    usual = description.usual_distance
    return ModelState(
        network=network,
        voices=voices,
        part=description.part,
        pool=pool,
        pool_elsewhere=elsewhere,
        evidence=evidence,
        scene_digest=description.scene_digest,
        usual_distance=float("inf") if usual is None else usual,
        features=features,
        recipe=description.recipe,
        **vars(facts_read(description)),
    )
