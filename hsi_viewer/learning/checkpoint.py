"""Model files: weights and features as safetensors, everything else as JSON; no pickle."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from hsi_viewer.core.classes import LandClass
from hsi_viewer.core.errors import ExportError, FileError, FormatError
from hsi_viewer.core.training import TrainingConfig
from hsi_viewer.learning.features import Features
from hsi_viewer.learning.instant import InstantModel
from hsi_viewer.learning.network import SdhsiNet
from hsi_viewer.learning.recipe import (
    DistillationRecipe,
    FeatureRecipe,
    NetworkRecipe,
    Recipe,
    TrainingRecipe,
    WalkerRecipe,
)

if TYPE_CHECKING:
    from hsi_viewer.learning.model import TrainedModel

FORMAT = "hsi-viewer model"
SCHEMA = 2  # 1 had no strength of components
STEM = "model"
TENSORS = ("bands", "centre", "spread", "components", "strength", "scales")  # of the features


def _pair(target: str | Path) -> tuple[Path, Path]:
    """The weights and the description that a folder or a path stands for."""
    path = Path(target)
    path = path.with_suffix("") if path.suffix in {".safetensors", ".json"} else path / STEM
    return path.with_suffix(".safetensors"), path.with_suffix(".json")


def save_model(model: TrainedModel, target: str | Path) -> list[Path]:
    """Write model.safetensors and model.json into a folder, or the pair that a path names.

    Each is written beside and renamed, so that a failed write leaves the old file.

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
    text = json.dumps(_described(model), indent=1)
    try:
        weights.parent.mkdir(parents=True, exist_ok=True)
        beside = weights.with_suffix(".safetensors.part")
        save_file(tensors, beside)
        beside.replace(weights)
        beside = description.with_suffix(".json.part")
        beside.write_text(text, encoding="utf-8")
        beside.replace(description)
    except (OSError, SafetensorError) as error:
        raise ExportError(f"{weights.parent}: the model cannot be written: {error}") from error
    return [weights, description]


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
        if a file is missing.
    FormatError
        if it is no model of this application.
    """
    from hsi_viewer.learning.model import TrainedModel

    weights, description = _pair(target)
    for path in (weights, description):
        if not path.is_file():
            raise FileError(
                f"{path}: the model file is missing; a model is a pair of .safetensors and .json."
            )
    try:
        data = json.loads(description.read_text(encoding="utf-8"))
        if data["format"] != FORMAT or data["schema"] != SCHEMA:
            raise FormatError(
                f"{description}: this is no model that this version can read. Train it again."
            )
        tensors = load_file(weights)
        recipe = _recipe(data["recipe"])
        network = SdhsiNet(
            data["channels"], len(data["sigmas"]), len(data["class_ids"]), recipe.network
        )
        network.load_state_dict(
            {k.removeprefix("network."): v for k, v in tensors.items() if k.startswith("network.")}
        )
        fitted = {k: tensors[f"features.{k}"].numpy() for k in TENSORS}
        features = Features(**fitted, sigmas=tuple(data["sigmas"]))
        waves = data["wavelengths"]
        return TrainedModel(
            network=network.eval(),
            instant=InstantModel(
                tensors["instant.weights"].numpy(), tensors["instant.bias"].numpy()
            ),
            features=features,
            recipe=recipe,
            class_ids=tuple(data["class_ids"]),
            legend=tuple(LandClass(**{**c, "colour": tuple(c["colour"])}) for c in data["legend"]),
            config=TrainingConfig(**data["config"]),
            wavelengths=None if waves is None else np.asarray(waves, np.float64),
            bands=data["bands"],
            temperature=data["temperature"],
            seconds=data["seconds"],
            versions=data["versions"],
            label_digest=data["label_digest"],
            warning=data["warning"],
        )
    except (KeyError, TypeError, ValueError, RuntimeError, OSError, SafetensorError) as error:
        raise FormatError(f"{description}: the model file is damaged: {error}") from error


def _recipe(data: dict[str, Any]) -> Recipe:
    features = {**data["features"], "sigmas": tuple(data["features"]["sigmas"])}
    return Recipe(
        FeatureRecipe(**features),
        NetworkRecipe(**data["network"]),
        TrainingRecipe(**data["training"]),
        WalkerRecipe(**data["walker"]),
        DistillationRecipe(**data["distillation"]),
    )
