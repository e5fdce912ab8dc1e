"""Model files: weights and features as safetensors, everything else as JSON; no pickle.

The two are replaced together or not at all, and the JSON holds the digest of the other file, so
that files of two models are not taken for one.
"""

from __future__ import annotations

import hashlib
import json
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load, save

from hsi_viewer.atomic import replacing, tidy_up
from hsi_viewer.core.errors import ExportError, FileError, FormatError
from hsi_viewer.learning.checkpoint_check import (
    FORMAT,
    SCHEMA,
    TENSORS,
    Told,
    fitted,
    network_of,
    told_by,
)

if TYPE_CHECKING:
    from hsi_viewer.learning.model import TrainedModel

STEM = "model"


def _pair(target: str | Path) -> tuple[Path, Path]:
    """The weights and the description that a folder or a path stands for."""
    path = Path(target)
    path = path.with_suffix("") if path.suffix in {".safetensors", ".json"} else path / STEM
    return path.with_suffix(".safetensors"), path.with_suffix(".json")


def save_model(model: TrainedModel, target: str | Path) -> list[Path]:
    """Write model.safetensors and model.json into a folder, or the pair that a path names.

    They take the place of the old pair together; a failed write leaves that as it is.

    Raises
    ------
    ExportError
        if the files cannot be written.
    """
    weights, description = _pair(target)
    tensors = {f"network.{k}": v.cpu().contiguous() for k, v in model.network.state_dict().items()}
    for name in ("weights", "bias"):
        tensors[f"instant.{name}"] = torch.from_numpy(getattr(model.instant, name).copy())
    for name in TENSORS:
        tensors[f"features.{name}"] = torch.from_numpy(getattr(model.features, name).copy())
    data = save(tensors)
    text = json.dumps(_described(model) | {"weights_digest": _digest(data)}, indent=1)
    try:
        with replacing(weights, description) as (new_weights, new_description):
            new_weights.write_bytes(data)
            new_description.write_text(text, encoding="utf-8")
    except ExportError as error:
        raise ExportError(f"{weights.parent}: the model cannot be written: {error}") from error
    return [weights, description]


def _digest(weights: bytes) -> str:
    return hashlib.sha256(weights).hexdigest()


def _weights_of(told: Told, path: Path) -> bytes:
    """The file of weights, if it is the one that belongs to a description; else a ValueError."""
    data = path.read_bytes()
    if told.weights_digest not in ("", _digest(data)):
        raise ValueError("their digest is not the one in the description")
    return data


def _bring_back(*pair: Path) -> None:
    """Take a half-done exchange of a killed program back: the old pair is beside, whole."""
    if not all(path.is_file() for path in pair):
        with suppress(OSError):
            tidy_up(*pair)


def _described(model: TrainedModel) -> dict[str, Any]:
    waves = model.wavelengths
    return {
        "format": FORMAT,
        "schema": SCHEMA,
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
        "temperature": model.temperature,
        "warning": model.warning,
        "seconds": model.seconds,
        "versions": model.versions,
        "label_digest": model.label_digest,
    }


def _sensor_range(model: TrainedModel) -> list[float] | None:
    """First and last wavelength (nm) that the model looks at."""
    if model.wavelengths is None:
        return None
    used = model.wavelengths[model.features.bands]
    return [float(used.min()), float(used.max())]


def load_model(target: str | Path) -> TrainedModel:
    """Read a model from its folder or from either of its files.

    Raises
    ------
    FileError
        if a file is missing or cannot be read.
    FormatError
        if it is no model of this application, or is damaged.
    """
    from hsi_viewer.learning.model import TrainedModel

    weights, description = _pair(target)
    try:
        _bring_back(weights, description)
        for path in (weights, description):
            if not path.is_file():
                raise FileError(
                    f"{path}: the model file is missing; a model is a pair of .safetensors and "
                    ".json."
                )
        told = told_by(description.read_bytes(), description)
        tensors = load(_weights_of(told, weights))
        features, instant = fitted(tensors, told)
        network = network_of(tensors, told)
    except OSError as error:
        raise FileError(
            f"{weights.parent}: the model cannot be read: {error.strerror or error}; check the "
            "folder and its permissions."
        ) from error
    except (KeyError, ValueError, SafetensorError) as error:
        raise FormatError(
            f"{weights}: the weights are damaged or belong to another description: {error}. "
            "Copy both files again, or train again."
        ) from error
    return TrainedModel(
        network=network,
        instant=instant,
        features=features,
        recipe=told.recipe,
        class_ids=told.class_ids,
        legend=told.legend,
        config=told.config,
        wavelengths=None if told.wavelengths is None else np.array(told.wavelengths, np.float64),
        bands=told.bands,
        temperature=told.temperature,
        seconds=told.seconds,
        versions=told.versions,
        label_digest=told.label_digest,
        warning=told.warning,
    )
