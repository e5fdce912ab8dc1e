"""Recipe: every number of the learning engine, fixed in advance and the same for every scene."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from hsi_viewer.core.training import DistillationMode, Preset, TrainingConfig


@dataclass(frozen=True)
class FeatureRecipe:
    """How spectra become features.

    Attributes
    ----------
    components : principal components kept, at most.
    sigmas : standard deviations (pixels) of the Gaussian windows; 0 is the pixel itself.
    sample : pixels on which scaling and components are fitted, about.
    """

    components: int = 60
    sigmas: tuple[float, ...] = (1.0, 2.0, 4.0, 8.0)
    sample: int = 40_000


@dataclass(frozen=True)
class NetworkRecipe:
    """Shape of the network.

    Attributes
    ----------
    channels : width of every stage.
    stages : stages, each with an exit.
    convolutions : valid 3 x 3 convolutions a stage.
    """

    channels: int = 64
    stages: int = 3
    convolutions: int = 1


@dataclass(frozen=True)
class TrainingRecipe:
    """How the network is trained.

    Attributes
    ----------
    steps, batch : optimiser steps and patches in each.
    rate : peak of the one-cycle learning rate.
    smoothing : label smoothing.
    noise : standard deviation of the noise added to whitened features.
    patches : labelled pixels kept for training, at most.
    """

    steps: int = 150
    batch: int = 64
    rate: float = 3e-3
    weight_decay: float = 1e-2
    smoothing: float = 0.05
    noise: float = 0.3
    patches: int = 6_000


@dataclass(frozen=True)
class WalkerRecipe:
    """Extended random walker on the image graph (see `refinement`).

    Attributes
    ----------
    beta : fall of edge weights with squared spectral distance.
    gamma : trust in the classifier against smoothness.
    seed_weight : trust in the labels.
    guides : principal components that measure spectral distance.
    """

    beta: float = 4.0
    gamma: float = 0.003
    seed_weight: float = 10.0
    guides: int = 5


@dataclass(frozen=True)
class Recipe:
    """The whole engine."""

    features: FeatureRecipe = field(default_factory=FeatureRecipe)
    network: NetworkRecipe = field(default_factory=NetworkRecipe)
    training: TrainingRecipe = field(default_factory=TrainingRecipe)
    walker: WalkerRecipe = field(default_factory=WalkerRecipe)
    distillation: DistillationMode = "none"


PRESETS: dict[Preset, Recipe] = {
    "fast": Recipe(),
    "best": Recipe(training=TrainingRecipe(steps=400)),
}


def recipe_for(config: TrainingConfig) -> Recipe:
    """The recipe of a user's choices."""
    recipe = PRESETS[config.preset]
    if config.distillation is not None:
        recipe = replace(recipe, distillation=config.distillation)
    return recipe
