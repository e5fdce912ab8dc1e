"""Model files: weights and features as safetensors, everything else as JSON; no pickle.

The two are replaced together or not at all, and the JSON holds the digest of the other file, so
that files of two models are not mistaken for one.
"""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import load, save

from hsi_viewer.learning.checkpoint_schema import TENSORS, features_of, network_of
from hsi_viewer.learning.model_description import (
    FIRST,
    FORMAT,
    SCHEMA,
    description_of,
    pair_of,
    refusing_damage,
    weights_of,
    write_pair,
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
    tensors = {f"network.{k}": v.cpu().contiguous() for k, v in model.network.state_dict().items()}
    tensors |= voice_tensors(model.voices) | evidence_tensors(model.evidence)
    for name in TENSORS:
        tensors[f"features.{name}"] = torch.from_numpy(getattr(model.features, name).copy())
    return write_pair(target, _described(model), save(tensors))


def _described(model: ModelState) -> dict[str, Any]:
    waves = model.wavelengths
    return {
        "format": FORMAT,
        "schema": SCHEMA,
        "classifier": FIRST,
        "class_ids": model.class_ids,
        "legend": [asdict(c) for c in model.legend],
        "config": asdict(model.config),
        "recipe": asdict(model.recipe),
        "sigmas": model.features.sigmas,
        "channels": model.features.channels,
        "bands": model.bands,
        "wavelengths": None if waves is None else waves.tolist(),
        "sensor_range": _sensor_range(model),
        "seed": model.config.seed,
        "part": model.part,
        "pool": asdict(model.pool),
        "pool_elsewhere": asdict(model.pool_elsewhere),
        "evidence": None if model.evidence is None else model.evidence.sentence,
        "answers": answers_in(model.evidence),
        "scene_digest": model.scene_digest,
        "usual_distance": model.usual_distance if np.isfinite(model.usual_distance) else None,
        "warning": model.warning,
        "scale": model.scale,
        "offset": model.offset,
        "seconds": model.seconds,
        "versions": model.versions,
        "label_digest": model.label_digest,
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
        class_ids=description.class_ids,
        legend=description.legend,
        config=description.config,
        wavelengths=None
        if description.wavelengths is None
        else np.array(description.wavelengths, np.float64),
        bands=description.bands,
        seconds=description.seconds,
        versions=description.versions,
        label_digest=description.label_digest,
        warning=description.warning,
        scale=description.scale,
        offset=description.offset,
    )
