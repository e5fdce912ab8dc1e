"""The parts of a model without its abilities: files hold these, and models extend them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version

import numpy as np
from numpy.typing import NDArray

from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.evidence import Evidence
from hsi_viewer.core.labels.classes import LabelClass, legend_for
from hsi_viewer.core.training import TrainingConfig
from hsi_viewer.learning.features import Features
from hsi_viewer.learning.network import SdhsiNet
from hsi_viewer.learning.recipe import Recipe
from hsi_viewer.learning.voices.ensemble import Voices
from hsi_viewer.learning.voices.pool import Pool

SAMPLED = 6  # rows and columns of a scene whose values make its digest, about
PACKAGES = ("hsi-viewer", "torch", "numpy", "scipy", "scikit-learn", "safetensors")


@dataclass(frozen=True, eq=False, kw_only=True)
class TrainingFacts:
    """Facts about the training of any model.

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
    scale, offset : stored value * scale + offset = physical value, of the training cube.
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
    scale: float = 1.0
    offset: float = 0.0

    def described(self, title: str) -> str:
        """One line that describes the model."""
        parts = [f"{len(self.class_ids)} classes", f"{self.bands} bands"]
        if self.wavelengths is not None:
            known = self.wavelengths[np.isfinite(self.wavelengths)]
            parts += [f"{known.min():g}-{known.max():g} nm"] if known.size else []
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
        versions=dict(_versions()),
        label_digest=hashlib.sha256(ids.tobytes()).hexdigest(),
        warning=warning,
        scale=cube.scale,
        offset=cube.offset,
    )


@cache
def _versions() -> dict[str, str]:
    """Of the packages; looked up once, for each is found by reading a file as an e-mail."""
    return {name: version(name) for name in PACKAGES}


def scene_digest(cube: HyperCube) -> str:
    """SHA-256 of the size of a scene and of some of its values, by which it is known again."""
    down, across = (max(1, n // SAMPLED) for n in (cube.rows, cube.columns))
    some = cube.read(slice(0, None, down), slice(0, None, across))
    size = f"{cube.rows} {cube.columns} {cube.bands} {some.dtype}"
    return hashlib.sha256(size.encode() + np.ascontiguousarray(some).tobytes()).hexdigest()


@dataclass(frozen=True, eq=False, kw_only=True)
class ModelState(TrainingFacts):
    """Trained voices and their network, and all that they need to map a cube.

    Attributes
    ----------
    network, voices, features, recipe : what was trained and how.
    part : of the weight of the surroundings, 0..1, which the network has.
    pool : how the voices are joined on the scene that they were trained on.
    pool_elsewhere : the same for other scenes, of which no label is known.
    evidence : what the weights rest on; None in models of before.
    scene_digest : of values of the training scene, by which it is known again; "" for none.
    usual_distance : squared distance from the mean of the components that 99.9 % of the training
        scene's pixels stay within.
    """

    network: SdhsiNet
    voices: Voices
    features: Features
    recipe: Recipe
    part: float
    pool: Pool
    pool_elsewhere: Pool
    evidence: Evidence | None = None
    scene_digest: str = ""
    usual_distance: float = float("inf")
