"""Files of a HybridSN: a description as JSON, and arrays as safetensors; no pickle."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from safetensors.torch import load

from hsi_viewer.learning.checkpoint_schema import checked_tensors, features_of
from hsi_viewer.learning.described_facts import DescribedFacts, facts_checked
from hsi_viewer.learning.features import Features, FloatArray
from hsi_viewer.learning.hybridsn.network import (
    LEAST_COMPONENTS,
    LEAST_SIDE,
    HybridNet,
    HybridRecipe,
)
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
from hsi_viewer.learning.pixel_files import SIGMAS
from hsi_viewer.learning.recipe import WalkerRecipe

NAME = "hybridsn-sd"
MOST_COMPONENTS, LARGEST_SIDE = 1_000, 99  # larger networks would ask for all the memory there is


@dataclass(frozen=True, eq=False, kw_only=True)
class HybridState(TrainingFacts):
    """The parts of a trained HybridSN.

    Attributes
    ----------
    network, recipe : what was trained and how.
    axes : (bands in use, components) principal components of standardised bands.
    features : bands, their scaling, and the components that guide the walker.
    walker : strength of the refinement.
    """

    network: HybridNet
    recipe: HybridRecipe
    axes: FloatArray
    features: Features
    walker: WalkerRecipe


@dataclass(frozen=True, kw_only=True)
class HybridDescription(DescribedFacts):
    """The JSON of a model, as `HybridState` has it."""

    recipe: HybridRecipe
    walker: WalkerRecipe
    channels: int


def save_hybrid(state: HybridState, target: str | Path) -> list[Path]:
    """Write model.safetensors and model.json into a folder, or the pair that a path names.

    Raises
    ------
    ExportError
        if the files cannot be written.
    """
    tensors = {f"network.{k}": v for k, v in state.network.state_dict().items()}
    tensors |= feature_tensors(state.features) | {"axes": torch.from_numpy(state.axes)}
    description = {
        **facts_written(state),
        "classifier": NAME,
        "recipe": asdict(state.recipe),
        "walker": asdict(state.walker),
        "channels": state.features.channels,
    }
    return write_model(target, description, tensors)


def load_hybrid(target: str | Path) -> HybridState:
    """Read what `save_hybrid` wrote, from the folder or from either of the files.

    Raises
    ------
    FileError
        if a file is missing or cannot be read.
    FormatError
        if it isn't a model of this kind, or is damaged.
    """
    text, path = text_of(target)
    weights, _ = pair_of(target)
    description = parsed(text, path, HybridDescription, lambda found: _check(found, text))
    with refusing_damage(weights):
        tensors = load(weights_of(description.weights_digest, weights))
        features = features_of(tensors, description.channels, SIGMAS, description.bands)
        shape = (features.bands.size, description.recipe.components)
        axes = checked_tensors(tensors, {"axes": (shape, torch.float32)})["axes"].numpy()
        network = _network_of(tensors, len(description.class_ids), description.recipe)
    return HybridState(
        network=network,
        recipe=description.recipe,
        axes=axes,
        features=features,
        walker=description.walker,
        **vars(facts_read(description)),
    )


def _network_of(tensors: dict[str, torch.Tensor], classes: int, recipe: HybridRecipe) -> HybridNet:
    """The network, built only if the file holds all that it is made of."""
    prefix = "network."
    with torch.device("meta"):  # asks for no memory
        network = HybridNet(classes, recipe)
    stored = {k.removeprefix(prefix): v for k, v in tensors.items() if k.startswith(prefix)}
    wanted = {k: (tuple(v.shape), v.dtype) for k, v in network.state_dict().items()}
    network.load_state_dict(checked_tensors(stored, wanted), assign=True)
    return network.arranged().eval()


def _check(description: HybridDescription, text: bytes) -> None:
    """Refuse what no model has, with a ValueError."""
    recipe, written = description.recipe, json.loads(text)
    sound = {
        "classifier": description.classifier == NAME,
        "classes": len(description.class_ids) >= 2,
        "channels": description.channels >= 1,
        "components": LEAST_COMPONENTS <= recipe.components <= MOST_COMPONENTS,
        "side": recipe.side % 2 == 1 and LEAST_SIDE <= recipe.side <= LARGEST_SIDE,
        "recipe": written["recipe"] == asdict(recipe),  # no more, no less
        "walker": written["walker"] == asdict(description.walker),
    }
    refuse(sound | facts_checked(description) | walker_checked(description.walker))
