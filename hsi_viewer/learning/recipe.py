"""Recipe: every number of the learning engine, fixed in advance and the same for every scene."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Literal

from hsi_viewer.core.training import DistillationMode, Preset, TrainingConfig

FrontEnd = Literal["2d", "3d"]


@dataclass(frozen=True)
class FeatureRecipe:
    """Settings for computing features from spectra.

    Attributes
    ----------
    components : components kept, at most.
    noise_adjusted : whether components are ordered and scaled by their noise; otherwise they are
        plain principal components.
    emphasis : power of a component's strength that its features keep: 0 treats all components
        alike, 1 trusts those most that stand out from the noise.
    sigmas : standard deviations (pixels) of the Gaussian windows; 0 is the pixel itself.
    sample : pixels on which scaling and components are fitted, about.
    """

    components: int = 100
    noise_adjusted: bool = True
    emphasis: float = 1.0
    sigmas: tuple[float, ...] = (0.0, 1.0, 2.0, 4.0, 8.0)
    sample: int = 40_000


@dataclass(frozen=True)
class NetworkRecipe:
    """Shape of the network.

    Attributes
    ----------
    front_end : "2d", a linear map of each pixel's features, or "3d", convolutions along the
        components too.
    channels : width of every stage.
    stages : stages, each with an exit.
    convolutions : valid 3 x 3 convolutions a stage.
    """

    front_end: FrontEnd = "2d"
    channels: int = 64
    stages: int = 3
    convolutions: int = 1


@dataclass(frozen=True)
class TrainingRecipe:
    """Settings for training the network.

    Attributes
    ----------
    steps, batch : optimiser steps and patches in each.
    rate : peak of the one-cycle learning rate.
    smoothing : label smoothing.
    noise : standard deviation of the noise added to the features of a patch, the same for all
        its pixels: the classes differ by more than a shift of this size.
    patches : labelled pixels kept for training, at most.
    warm_steps, warm_rate : steps and rate when a run starts from a trained model.
    shrinkage : of the instant model's covariance towards a sphere.
    """

    steps: int = 150
    batch: int = 64
    rate: float = 3e-3
    weight_decay: float = 1e-2
    smoothing: float = 0.05
    noise: float = 0.3
    patches: int = 4_000
    warm_steps: int = 12
    warm_rate: float = 1e-3
    shrinkage: float = 0.3


@dataclass(frozen=True)
class DistillationRecipe:
    """Self-distillation (see `distillation`).

    Attributes
    ----------
    mode : which outputs teach which.
    temperature : that softens teacher and student; "mutual" uses 1.
    weight : of the added loss.
    warm_up : share of the steps over which the weight rises from 0.
    unlabelled : unlabelled patches a step in the second half of "refined_rounds".
    confident : a soft target counts when its largest probability exceeds this.
    nearby : how far from a label (pixels, the larger of rows and columns) an unlabelled pixel may
        be to be learned from; None for anywhere.
    momentum : of "previous_epochs": 0 keeps what was said last, more an exponential average.
    balanced : whether soft targets of unlabelled pixels are weighed to favour no class.
    compactness : weight of the loss that makes classes compact and moves them apart.
    """

    mode: DistillationMode = "none"
    temperature: float = 3.0
    weight: float = 0.3
    warm_up: float = 0.2
    unlabelled: int = 32
    confident: float = 0.7
    nearby: int | None = None
    momentum: float = 0.0
    balanced: bool = False
    compactness: float = 0.0


@dataclass(frozen=True)
class WalkerRecipe:
    """Extended random walker on the image graph (see `refinement`).

    Attributes
    ----------
    beta : fall of edge weights with squared spectral distance.
    gamma : trust in the classifier against smoothness.
    seed_weight : trust in the labels.
    guides : leading components that measure spectral distance.
    doubt, assurance : logarithm of the temperature of a refined pixel that no label reaches, and
        how far it falls for one that is all labels (see `refinement.walk`).
    """

    beta: float = 5.0
    gamma: float = 0.002
    seed_weight: float = 10.0
    guides: int = 3
    doubt: float = 0.0
    assurance: float = 2.5


@dataclass(frozen=True)
class Recipe:
    """The whole engine."""

    features: FeatureRecipe = field(default_factory=FeatureRecipe)
    network: NetworkRecipe = field(default_factory=NetworkRecipe)
    training: TrainingRecipe = field(default_factory=TrainingRecipe)
    walker: WalkerRecipe = field(default_factory=WalkerRecipe)
    distillation: DistillationRecipe = field(default_factory=DistillationRecipe)


PRESETS: dict[Preset, Recipe] = {
    "fast": Recipe(),
    "best": Recipe(
        training=TrainingRecipe(steps=200), distillation=DistillationRecipe("refined_rounds")
    ),
}


def recipe_for(config: TrainingConfig) -> Recipe:
    """The recipe of a user's choices."""
    recipe = PRESETS[config.preset]
    if config.distillation is not None:
        distillation = replace(recipe.distillation, mode=config.distillation)
        recipe = replace(recipe, distillation=distillation)
    return recipe
