"""The description of a model, read and checked without torch, which takes seconds to load."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load

from hsi_viewer.atomic import tidy_up
from hsi_viewer.core.errors import FileError, FormatError
from hsi_viewer.core.labels.classes import MAX_CLASS_ID, LandClass
from hsi_viewer.core.training import TrainingConfig
from hsi_viewer.core.validation import parsed
from hsi_viewer.learning.recipe import Recipe

FORMAT = "hsi-viewer model"
SCHEMA = 2  # 1 had no strength of components
STEM = "model"
WIDEST = 1_000.0  # pixels: wider windows would ask for all the memory there is
LARGEST = 100.0  # of the numbers of the walker; beyond, its exponentials overflow


def pair_of(target: str | Path) -> tuple[Path, Path]:
    """The weights and the description that a folder or a path stands for."""
    path = Path(target)
    path = path.with_suffix("") if path.suffix in {".safetensors", ".json"} else path / STEM
    return path.with_suffix(".safetensors"), path.with_suffix(".json")


def check_model(target: str | Path) -> None:
    """Refuse what is missing or damaged, as far as it shows without torch.

    Raises
    ------
    FileError, FormatError
        as `load_model`.
    """
    told = description_of(target)
    weights, _ = pair_of(target)
    with refusing_damage(weights):
        for name, values in load(weights_of(told, weights)).items():
            if values.dtype.kind == "f" and not np.isfinite(values).all():
                raise ValueError(f"{name} holds what is no number")


def description_of(target: str | Path) -> Told:
    """The description of a model whose two files are there.

    Raises
    ------
    FileError
        if a file is missing or cannot be read.
    FormatError
        if it is no model of this application, or is damaged.
    """
    weights, description = pair_of(target)
    _bring_back(weights, description)
    with refusing_damage(weights):
        for path in (weights, description):
            if not path.is_file():
                raise FileError(
                    f"{path}: the model file is missing; a model is a pair of .safetensors and "
                    ".json."
                )
        return told_by(description.read_bytes(), description)


def digest_of(weights: bytes) -> str:
    """SHA-256 of a file of weights, which its description names."""
    return hashlib.sha256(weights).hexdigest()


def weights_of(told: Told, path: Path) -> bytes:
    """The file of weights, if it is the one that belongs to a description; else a ValueError."""
    data = path.read_bytes()
    if told.weights_digest not in ("", digest_of(data)):
        raise ValueError("their digest is not the one in the description")
    return data


def _bring_back(*pair: Path) -> None:
    """Take a half-done exchange of a killed program back: the old pair is beside, whole."""
    if not all(path.is_file() for path in pair):
        with suppress(OSError):
            tidy_up(*pair)


@contextmanager
def refusing_damage(weights: Path) -> Iterator[None]:
    """Errors of reading and checking model files as such that a user understands."""
    try:
        yield
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


@dataclass(frozen=True)
class Told:
    """What a description says, as `TrainedModel` has it."""

    class_ids: tuple[int, ...]
    legend: tuple[LandClass, ...]
    config: TrainingConfig
    recipe: Recipe
    sigmas: tuple[float, ...]
    channels: int
    bands: int
    wavelengths: tuple[float, ...] | None
    temperature: float
    warning: str | None
    seconds: dict[str, float]
    versions: dict[str, str]
    label_digest: str
    weights_digest: str = ""  # none before November 2026


def told_by(text: bytes, path: Path) -> Told:
    """The description, of the types and in the ranges that a model can have.

    Raises
    ------
    FormatError
        if it is of another kind, or anything in it is no such thing.
    """
    try:
        data = json.loads(text)
        kind = (data.get("format"), data.get("schema")) if isinstance(data, dict) else None
        if kind != (FORMAT, SCHEMA):
            raise FormatError(
                f"{path}: this is no model that this version can read. Train it again."
            )
        told = parsed(Told, text)
        _check(told, data["recipe"])
    except (ValueError, RecursionError) as error:
        raise FormatError(f"{path}: the model file is damaged: {error}. Train it again.") from error
    return told


def _check(told: Told, recipe: object) -> None:
    """Refuse numbers that no model has, with a ValueError."""
    ids, listed, walker = told.class_ids, [c.id for c in told.legend], told.recipe.walker
    numbers = [
        told.temperature, walker.beta, walker.gamma, walker.seed_weight, walker.doubt,
        walker.assurance,
    ]  # fmt: skip
    sound = {
        "recipe": json.loads(json.dumps(asdict(told.recipe))) == recipe,  # no more, no less
        "class_ids": ids and _ascend(ids) and 1 <= ids[0] <= ids[-1] <= MAX_CLASS_ID,
        "legend": len(set(listed)) == len(listed)
        and all(0 <= v <= 255 for c in told.legend for v in c.colour),
        "sigmas": told.sigmas and all(0 <= s <= WIDEST for s in told.sigmas),
        "wavelengths": told.wavelengths is None or len(told.wavelengths) == told.bands,
        "temperature": told.temperature > 0,
        "numbers of the walker": all(abs(n) <= LARGEST for n in numbers) and min(numbers[:4]) >= 0,
        "guides": walker.guides >= 1,
        "seed": 0 <= told.config.seed < 2**32,
    }
    wrong = [name for name, right in sound.items() if not right]
    if wrong:
        raise ValueError(f"{', '.join(wrong)} cannot be so")


def _ascend(ids: tuple[int, ...]) -> bool:
    return sorted(set(ids)) == list(ids)
