"""What a model consists of, without what it can do: files hold this, and models extend it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.metadata import version

import numpy as np
from numpy.typing import NDArray

from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.labels.classes import LabelClass, legend_for
from hsi_viewer.core.training import TrainingConfig
from hsi_viewer.learning.features import Features
from hsi_viewer.learning.instant_model import InstantModel
from hsi_viewer.learning.network import SdhsiNet
from hsi_viewer.learning.recipe import Recipe

PACKAGES = ("hsi-viewer", "torch", "numpy", "scipy", "scikit-learn", "safetensors")


@dataclass(frozen=True, eq=False, kw_only=True)
class TrainingFacts:
    """What is known about the training of any model.

    Attributes
    ----------
    class_ids : ids in the order of the model's probabilities, ascending.
    legend : the classes as they were called when trained.
    config : the user's choices.
    wavelengths : (bands,) nm of the training cube, or None.
    bands : number of bands of the training cube.
    seconds : "features", "train", "predict", "refine" as measured; the last two of the last call.
    versions : of the packages that made it.
    label_digest : SHA-256 of the training labels.
    warning : fill values that training found, and why it ended early; None for nothing.
    """

    class_ids: tuple[int, ...]
    legend: tuple[LabelClass, ...]
    config: TrainingConfig
    wavelengths: NDArray[np.float64] | None
    bands: int
    seconds: dict[str, float]
    versions: dict[str, str]
    label_digest: str
    warning: str | None = None

    def described(self, title: str) -> str:
        """What the model is, in one line."""
        parts = [f"{len(self.class_ids)} classes", f"{self.bands} bands"]
        if self.wavelengths is not None:
            parts.append(f"{self.wavelengths.min():g}-{self.wavelengths.max():g} nm")
        if "train" in self.seconds:
            parts.append(f"trained in {self.seconds['train']:.1f} s")
        return f"{title}: {', '.join(parts)}"


def facts_of(
    cube: HyperCube,
    ids: NDArray[np.uint16],
    class_ids: tuple[int, ...],
    legend: Iterable[LabelClass],
    config: TrainingConfig,
    seconds: dict[str, float],
    warning: str | None,
) -> TrainingFacts:
    """The facts of a training that has ended; ids are its labels, (rows, columns)."""
    known = {c.id: c for c in legend}
    plain = legend_for(class_ids, cube.class_names)
    return TrainingFacts(
        class_ids=class_ids,
        legend=tuple(known.get(c.id, c) for c in plain),
        config=config,
        wavelengths=cube.wavelengths,
        bands=cube.bands,
        seconds=seconds,
        versions={name: version(name) for name in PACKAGES},
        label_digest=hashlib.sha256(ids.tobytes()).hexdigest(),
        warning=warning,
    )


@dataclass(frozen=True, eq=False, kw_only=True)
class ModelState(TrainingFacts):
    """A trained network, and all that it needs to map a cube.

    Attributes
    ----------
    network, instant, features, recipe : what was trained and how.
    temperature : of the calibration; 1 where labels were too few to measure it.
    """

    network: SdhsiNet
    instant: InstantModel
    features: Features
    recipe: Recipe
    temperature: float
