"""The description of a model, read and checked without torch, which takes seconds to load."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load

from hsi_viewer.atomic import remove_leftovers, replacing
from hsi_viewer.core.errors import ExportError, FileError, FormatError
from hsi_viewer.core.validation import parsed as read_as
from hsi_viewer.learning.described_facts import (
    FORMAT,
    OLDEST,
    SCHEMA,
    DescribedFacts,
    facts_checked,
)
from hsi_viewer.learning.recipe import Recipe, WalkerRecipe
from hsi_viewer.learning.voices.pool import Pool

STEM = "model"
FIRST = "sdhsi"  # the classifier of models whose description doesn't name one
WIDEST = 1_000.0  # pixels: wider windows would ask for all the memory there is
RETIRED = {"calibrate_from"}  # of the training's settings
NO_SCHEMA = 1_000_000  # versions count up
LARGEST = 100.0  # of the numbers of the walker; beyond, its exponentials overflow


def pair_of(target: str | Path) -> tuple[Path, Path]:
    """The weights and the description that a folder or a path stands for."""
    path = Path(target)
    path = path.with_suffix("") if path.suffix in {".safetensors", ".json"} else path / STEM
    return path.with_suffix(".safetensors"), path.with_suffix(".json")


def _not_a_model(target: Path) -> str:
    if target.exists():
        return "is not a model; name the folder that classify has written, or its model.json."
    return "does not exist; check the name of the model."


def check_model(target: str | Path) -> None:
    """Refuse what is missing or damaged, as far as it shows without torch.

    Raises
    ------
    FileError, FormatError
        as `load_model`.
    """
    weights, _ = pair_of(target)
    text, path = text_of(target)
    description = _object_in(text, path)
    if description.get("classifier", FIRST) == FIRST:
        parse_description(text, path)
    with refusing_damage(weights):
        for name, values in load(
            weights_of(str(description.get("weights_digest", "")), weights)
        ).items():
            if values.dtype.kind == "f" and not np.isfinite(values).all():
                raise ValueError(f"{name} contains values that are not numbers")


def description_of(target: str | Path) -> ModelDescription:
    """The description of a model whose two files are there.

    Raises
    ------
    FileError
        if a file is missing or cannot be read.
    FormatError
        if it is not a model of this application, or is damaged.
    """
    text, path = text_of(target)
    return parse_description(text, path)


def text_of(target: str | Path) -> tuple[bytes, Path]:
    """The description of a model whose two files are there, and where it lies; not checked.

    Raises
    ------
    FileError
        if a file is missing or cannot be read.
    """
    weights, description = pair_of(target)
    with refusing_damage(weights):
        if not weights.parent.exists() or weights.parent.is_file():
            raise FileError(f"{target} {_not_a_model(Path(target))}")
        _bring_back(weights, description)
        for path in (weights, description):
            if not path.is_file():
                raise FileError(
                    f"{path}: the model file is missing; a model consists of a .safetensors and a "
                    ".json."
                )
        return description.read_bytes(), description


def classifier_of(target: str | Path) -> str:
    """Key of the classifier that made a model.

    Raises
    ------
    FileError, FormatError
        as `description_of`.
    """
    text, path = text_of(target)
    name = _object_in(text, path).get("classifier", FIRST)
    if not isinstance(name, str):
        raise FormatError(f"{path}: the model file is damaged: its classifier isn't a name.")
    return name


def write_pair(target: str | Path, description: dict[str, Any], weights: bytes) -> list[Path]:
    """Write both files of a model together; a failed write leaves an old pair as it is.

    Raises
    ------
    ExportError
        if the files cannot be written.
    """
    pair = pair_of(target)
    text = json.dumps(description | {"weights_digest": digest_of(weights)}, indent=1)
    try:
        with replacing(*pair) as (new_weights, new_description):
            new_weights.write_bytes(weights)
            new_description.write_text(text, encoding="utf-8")
    except ExportError as error:
        raise ExportError(f"{pair[0].parent}: the model cannot be written: {error}") from error
    return list(pair)


def digest_of(weights: bytes) -> str:
    """SHA-256 of a file of weights, which its description names."""
    return hashlib.sha256(weights).hexdigest()


def weights_of(digest: str, path: Path) -> bytes:
    """The file of weights, if it has the digest that its description gives; else a ValueError."""
    data = path.read_bytes()
    if digest not in ("", digest_of(data)):
        raise ValueError("their checksum differs from the one in the description")
    return data


def _bring_back(*pair: Path) -> None:
    """Undo the half-done exchange of a killed program: the old pair lies beside, whole."""
    if not all(path.is_file() for path in pair):
        with suppress(OSError):
            remove_leftovers(*pair)


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
            f"{weights}: the weights are damaged or do not match their description: {error}. Copy "
            "both files again, or train again."
        ) from error


@dataclass(frozen=True, kw_only=True)
class ModelDescription(DescribedFacts):
    """Contents of a description, as `TrainedModel` needs them."""

    recipe: Recipe
    sigmas: tuple[float, ...]
    channels: int
    classifier: str = FIRST
    weights_digest: str = ""  # none before November 2026
    temperature: float = 1.0  # of models with one voice and its network, as the next three lack
    part: float = 0.5
    pool: Pool | None = None
    pool_elsewhere: Pool | None = None
    scene_digest: str = ""
    usual_distance: float | None = None
    evidence: str | None = None
    answers: tuple[str, ...] = ()


def parse_description(text: bytes, path: Path) -> ModelDescription:
    """The description, of the types and in the ranges that a model can have.

    Raises
    ------
    FormatError
        if it is of another kind, or anything in it is not as expected.
    """
    recipe = _object_in(text, path).get("recipe")
    return parsed(text, path, ModelDescription, lambda description: _check(description, recipe))


T = TypeVar("T")


def parsed(text: bytes, path: Path, kind: type[T], check: Callable[[T], None]) -> T:
    """A description of some kind; `check` raises a ValueError at what cannot be.

    Raises
    ------
    FormatError
        if it is of another kind.
    """
    try:
        description = read_as(kind, text)
        check(description)
    except (ValueError, RecursionError) as error:
        raise FormatError(f"{path}: the model file is damaged: {error}. Train it again.") from error
    return description


def _object_in(text: bytes, path: Path) -> dict[str, Any]:
    """The JSON object of a description of this version; else a FormatError."""
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise FormatError(f"{path}: the model file is damaged: {error}. Train it again.") from error
    named, schema = (
        (data.get("format"), data.get("schema")) if isinstance(data, dict) else (None, None)
    )
    if named == FORMAT and isinstance(schema, int) and SCHEMA < schema < NO_SCHEMA:
        raise FormatError(
            f"{path}: the model was saved by a newer HSI Viewer (model files of version {schema}; "
            f"this one reads version {SCHEMA}). Update HSI Viewer, or train again."
        )
    if named != FORMAT or schema not in range(OLDEST, SCHEMA + 1):
        raise FormatError(f"{path}: this isn't a model that this version can read. Train it again.")
    found: dict[str, Any] = data
    return found


def _check(description: ModelDescription, recipe: object) -> None:
    """Refuse numbers that no model has, with a ValueError."""
    sound = {
        "recipe": json.loads(json.dumps(asdict(description.recipe))) == _without_retired(recipe),
        "sigmas": description.sigmas and all(0 <= s <= WIDEST for s in description.sigmas),
        "temperature": 0 < description.temperature <= LARGEST,
        "part": 0 <= description.part <= 1,
        "pool": all(
            pool is None or pool.is_sound for pool in (description.pool, description.pool_elsewhere)
        ),
        "usual_distance": description.usual_distance is None or description.usual_distance > 0,
    }
    refuse(sound | facts_checked(description) | walker_checked(description.recipe.walker))


def _without_retired(recipe: object) -> object:
    """A recipe without settings that models of before had; the rest must be no more, no less."""
    if isinstance(recipe, dict) and isinstance(training := recipe.get("training"), dict):
        kept = {name: v for name, v in training.items() if name not in RETIRED}
        return {**recipe, "training": kept}
    return recipe


def walker_checked(walker: WalkerRecipe) -> dict[str, object]:
    """Whether the numbers of the walker can be, by name."""
    numbers = [walker.beta, walker.gamma, walker.seed_weight]
    powers = [walker.doubt, walker.assurance]
    return {
        "numbers of the walker": all(0 <= n <= LARGEST for n in numbers)
        and all(abs(n) <= LARGEST for n in powers),
        "guides": walker.guides >= 1,
    }


def refuse(sound: dict[str, object]) -> None:
    """Name what cannot be, in a ValueError."""
    wrong = [name for name, right in sound.items() if not right]
    if wrong:
        raise ValueError(f"invalid: {', '.join(wrong)}")
