"""PixelModel: a classifier of single spectra that maps a scene as the network does.

Bands are chosen, standardised and repaired as for the network, so that no data, bad bands and fill
values count for nothing; the map is refined by the same walker.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.labels.classes import LabelClass
from hsi_viewer.core.progress import CancelToken, NotingPort, ProgressPort
from hsi_viewer.core.training import TrainingConfig
from hsi_viewer.learning.features import FloatArray
from hsi_viewer.learning.folds import FOLDS
from hsi_viewer.learning.model_state import facts_of
from hsi_viewer.learning.pixel_files import PixelState, load_pixels, save_pixels
from hsi_viewer.learning.pixel_kind import PixelKind
from hsi_viewer.learning.pixel_refinement import Labelled, Refinement, judged, probabilities
from hsi_viewer.learning.scene_features import SceneFeatures
from hsi_viewer.learning.scene_mapper import FEATURES, WALKER, SceneMapper, labelled_scene
from hsi_viewer.learning.spatial_folds import spatial_folds

MOST_PIXELS = 4_000  # labelled pixels that are learned from, evenly over the classes


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class PixelModel(PixelState, SceneMapper):
    """A trained classifier of spectra."""

    @property
    def name(self) -> str:
        """Key of the classifier."""
        return self.kind.name

    @property
    def title(self) -> str:
        """Title of the classifier."""
        return self.kind.title

    def tile_probabilities(
        self, scene: SceneFeatures, rows: slice, columns: slice
    ) -> tuple[FloatArray, NDArray[np.bool_], NDArray[np.bool_]]:
        """Probabilities (rows, columns, classes) of a tile, where it has data, and strays."""
        values, valid = scene.spectra(rows, columns)
        strays = scene.features.strays(values).reshape(valid.shape)
        return self.probabilities(values).reshape(*valid.shape, -1), valid, strays

    def probabilities(self, values: FloatArray) -> FloatArray:
        """Probabilities (n, classes) of standardised values (n, bands)."""
        return probabilities(self.scorer, self.steepness, values)

    def save(self, target: str | Path) -> list[Path]:
        """Write the model; see `pixel_files.save_pixels`."""
        return save_pixels(self, target)


def load_pixel_model(kind: PixelKind, target: str | Path) -> PixelModel:
    """Read a model of a kind; errors as of `pixel_files.load_pixels`."""
    return PixelModel(**vars(load_pixels(kind, target)))


def fit_pixel_model(
    kind: PixelKind,
    cube: HyperCube,
    labels: ArrayLike,
    config: TrainingConfig = TrainingConfig(),  # noqa: B008 -- frozen
    *,
    legend: Iterable[LabelClass] = (),
    token: CancelToken | None = None,
    port: ProgressPort | None = None,
) -> PixelModel:
    """Train a classifier of spectra; the other arguments and the errors as of `trainer.fit`."""
    token, port = token or CancelToken(), port or NotingPort()
    started = time.perf_counter()
    known = labelled_scene(cube, labels, FEATURES, MOST_PIXELS, config.seed, token, port)
    values = known.scene.spectra_at(known.pixels, token)
    seconds = {"features": time.perf_counter() - started}

    started = time.perf_counter()
    apart = spatial_folds(
        known.pixels, known.targets, cube.columns, FOLDS, joined_at=cube.joined_at
    )
    scorer, steepness = kind.fit(
        values, known.targets, folds=apart.folds, seed=config.seed, token=token, port=port
    )
    labelled = Labelled(known.scene, known.pixels, known.targets, values)
    refinement = Refinement()
    if config.refine:
        refinement = judged(kind, labelled, apart.folds, WALKER, config.seed, token, port)
    seconds["train"] = time.perf_counter() - started
    facts = facts_of(cube, known.ids, known.class_ids, legend, config, seconds, known.warning)
    return PixelModel(
        **vars(facts),
        kind=kind,
        scorer=scorer,
        steepness=steepness,
        features=known.scene.features,
        walker=WALKER,
        refinement=refinement,
        scenes=[known.scene],
    )
