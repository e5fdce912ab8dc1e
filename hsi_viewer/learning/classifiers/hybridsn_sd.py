"""HybridSN with self-distillation, the nearest public recipe to SDHSI-Net: a yardstick.

What it is after: `learning.hybridsn.network`. Where labels are few it is far behind the default
and needs minutes; docs/accuracy.md has both.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch.nn import functional

from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.labels.classes import LabelClass
from hsi_viewer.core.progress import CancelToken, NotingPort, ProgressPort
from hsi_viewer.core.training import TrainingConfig
from hsi_viewer.learning.features import FloatArray
from hsi_viewer.learning.hybridsn.files import NAME, HybridState, load_hybrid, save_hybrid
from hsi_viewer.learning.hybridsn.network import HybridNet, HybridRecipe
from hsi_viewer.learning.hybridsn.training import components_of, fit_components, patches_of, train
from hsi_viewer.learning.model_state import facts_of
from hsi_viewer.learning.predictor import choose_device
from hsi_viewer.learning.scene_features import SceneFeatures
from hsi_viewer.learning.scene_mapper import FEATURES, WALKER, SceneMapper, labelled_scene
from hsi_viewer.learning.survey import Window, tiles

TITLE = "Self-distilled HybridSN"
RECIPE = HybridRecipe()
MOST_PIXELS = 4_000  # labelled pixels that are learned from, in 300 MB of patches
TILE = 64  # pixels a side: cancelling waits for one


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class HybridModel(HybridState, SceneMapper):
    """A trained HybridSN."""

    name: ClassVar[str] = NAME

    @property
    def title(self) -> str:
        """Title of the classifier."""
        return TITLE

    def __getstate__(self) -> dict[str, Any]:
        """State for pickling and copying: without the last scene, and on the CPU."""
        network = self.network
        if next(network.parameters()).device.type != "cpu":
            network = deepcopy(network).cpu()
        return {**super().__getstate__(), "network": network}

    def tiles(self, rows: int, columns: int) -> list[Window]:
        """Tiles smaller than usual, because each pixel takes long."""
        return list(tiles(rows, columns, TILE))

    def tile_probabilities(
        self, scene: SceneFeatures, rows: slice, columns: slice
    ) -> tuple[FloatArray, NDArray[np.bool_], NDArray[np.bool_]]:
        """Probabilities (rows, columns, classes) of a tile, where it has data, and strays."""
        values, valid, strays = components_of(scene, self.axes, rows, columns, self.network.radius)
        device = next(self.network.parameters()).device
        with torch.inference_mode():
            logits = self.network.dense(torch.from_numpy(values).to(device))
            return functional.softmax(logits, dim=2).cpu().numpy(), valid, strays

    def save(self, target: str | Path) -> list[Path]:
        """Write the model; see `hybridsn.files.save_hybrid`."""
        return save_hybrid(self, target)


def load(target: str | Path) -> HybridModel:
    """Read a model; errors as of `hybridsn.files.load_hybrid`."""
    return HybridModel(**vars(load_hybrid(target)))


def fit(
    cube: HyperCube,
    labels: ArrayLike,
    config: TrainingConfig = TrainingConfig(),  # noqa: B008 -- frozen
    *,
    legend: Iterable[LabelClass] = (),
    recipe: HybridRecipe | None = None,
    token: CancelToken | None = None,
    port: ProgressPort | None = None,
) -> HybridModel:
    """Train the network on patches around labelled pixels.

    The other arguments and the errors as of `trainer.fit`.

    Parameters
    ----------
    recipe : for research, in place of the public one.
    """
    token, port = token or CancelToken(), port or NotingPort()
    recipe, device = recipe or RECIPE, choose_device(config.device)
    started = time.perf_counter()
    known = labelled_scene(cube, labels, FEATURES, MOST_PIXELS, config.seed, token, port)
    axes = fit_components(known.scene, known.valid, recipe.components, token)
    patches = patches_of(known.scene, axes, known.pixels, recipe.radius, token)
    seconds = {"features": time.perf_counter() - started}

    started = time.perf_counter()
    network = HybridNet.initialised(len(known.class_ids), recipe, config.seed).to(device)
    targets = torch.from_numpy(known.targets)
    train(network, patches, targets, recipe, seed=config.seed, token=token, port=port)
    seconds["train"] = time.perf_counter() - started
    facts = facts_of(cube, known.ids, known.class_ids, legend, config, seconds, known.warning)
    return HybridModel(
        **vars(facts),
        network=network,
        recipe=recipe,
        axes=axes,
        features=known.scene.features,
        walker=WALKER,
        scenes=[known.scene],
    )
