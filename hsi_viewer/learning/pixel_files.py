"""Files of classifiers of spectra: a description as JSON, and arrays as safetensors; no pickle."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields
from pathlib import Path

import torch
from safetensors.torch import load
from torch import Tensor

from hsi_viewer.learning.checkpoint_schema import checked_tensors, features_of
from hsi_viewer.learning.described_facts import DescribedFacts, facts_checked
from hsi_viewer.learning.features import Features
from hsi_viewer.learning.model_description import (
    pair_of,
    parsed,
    refuse,
    refusing_damage,
    text_of,
    walker_checked,
    weights_of,
)
from hsi_viewer.learning.model_files import (
    facts_read,
    facts_written,
    feature_tensors,
    write_model,
)
from hsi_viewer.learning.model_state import TrainingFacts
from hsi_viewer.learning.pixel_kind import PixelKind, Scorer
from hsi_viewer.learning.pixel_refinement import Refinement
from hsi_viewer.learning.recipe import WalkerRecipe

SIGMAS = (0.0,)
STEEPEST = 1e6


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class PixelState(TrainingFacts):
    """The parts of a trained classifier of spectra.

    Attributes
    ----------
    kind : which one.
    scorer, steepness : what was fitted; see `FitScorer`.
    features : bands, their scaling, and the components that guide the walker.
    walker : settings of the refinement.
    refinement : how strong it is by default, and what makes confidence reliable then.
    """

    kind: PixelKind
    scorer: Scorer
    steepness: float
    features: Features
    walker: WalkerRecipe
    refinement: Refinement = Refinement()  # noqa: RUF009 -- frozen


@dataclass(frozen=True, kw_only=True)
class PixelDescription(DescribedFacts):
    """The JSON of a model, as `PixelState` has it."""

    walker: WalkerRecipe
    steepness: float
    channels: int
    refinement: Refinement = Refinement()  # noqa: RUF009 -- full in files of earlier versions


def save_pixels(state: PixelState, target: str | Path) -> list[Path]:
    """Write model.safetensors and model.json into a folder, or the pair that a path names.

    Raises
    ------
    ExportError
        if the files cannot be written.
    """
    tensors = feature_tensors(state.features)
    for part in fields(state.scorer):  # type: ignore[arg-type]  # a protocol of dataclasses
        tensors[f"scorer.{part.name}"] = torch.from_numpy(getattr(state.scorer, part.name))
    description = {
        **facts_written(state),
        "classifier": state.kind.name,
        "walker": asdict(state.walker),
        "refinement": asdict(state.refinement),
        "steepness": state.steepness,
        "channels": state.features.channels,
    }
    return write_model(target, description, tensors)


def load_pixels(kind: PixelKind, target: str | Path) -> PixelState:
    """Read what `save_pixels` wrote, from the folder or from either of the files.

    Raises
    ------
    FileError
        if a file is missing or cannot be read.
    FormatError
        if it isn't a model of this kind, or is damaged.
    """
    text, path = text_of(target)
    weights, _ = pair_of(target)
    description = parsed(
        text, path, PixelDescription, lambda description: _check(description, kind, text)
    )
    with refusing_damage(weights):
        tensors = load(weights_of(description.weights_digest, weights))
        features = features_of(tensors, description.channels, SIGMAS, description.bands)
        scorer = _scorer_of(tensors, kind, features.bands.size, len(description.class_ids))
    return PixelState(
        kind=kind,
        scorer=scorer,
        steepness=description.steepness,
        features=features,
        walker=description.walker,
        refinement=description.refinement,
        **vars(facts_read(description)),
    )


def _scorer_of(tensors: dict[str, Tensor], kind: PixelKind, bands: int, classes: int) -> Scorer:
    """The scorer; a KeyError or ValueError if an array is missing or isn't what it should be."""
    found = {name: t for name, t in tensors.items() if name.startswith("scorer.")}
    sound = checked_tensors(found, {n: (tuple(t.shape), torch.float32) for n, t in found.items()})
    arrays = {name.removeprefix("scorer."): tensor.numpy() for name, tensor in sound.items()}
    return kind.checked(arrays, bands, classes)


def _check(description: PixelDescription, kind: PixelKind, text: bytes) -> None:
    """Refuse what no model of a kind has, with a ValueError."""
    sound = {
        "classifier": description.classifier == kind.name,
        "classes": len(description.class_ids) >= 2,
        "steepness": 0 < description.steepness <= STEEPEST,
        "channels": description.channels >= 1,
        "refinement": description.refinement.is_sound,
        "walker": json.loads(text)["walker"] == asdict(description.walker),  # no more, no less
    }
    refuse(sound | facts_checked(description) | walker_checked(description.walker))
