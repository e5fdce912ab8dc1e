"""The area of applicability of a model on its scene, in what the model sees of a pixel."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from hsi_viewer.core.assessment.applicability import (
    MOST_TRAINING,
    Applicability,
    fit_applicability,
    some_of_each,
)
from hsi_viewer.core.classifier import Model
from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.cube.fill_values import examined
from hsi_viewer.core.cube.real_values import real_valued
from hsi_viewer.core.progress import CancelToken, Progress, ProgressPort, SilentPort
from hsi_viewer.learning.features import FloatArray, fit_features
from hsi_viewer.learning.model import TrainedModel
from hsi_viewer.learning.scene_features import SceneFeatures
from hsi_viewer.learning.scene_mapper import FEATURES
from hsi_viewer.learning.spatial_folds import spatial_folds
from hsi_viewer.learning.survey import tiles


class SeenScene:
    """Features of the pixels of a scene, as a model sees them.

    The engine sees its features, with the surroundings of a pixel; others see its spectrum, as far
    as is known of them.

    Parameters
    ----------
    model : trained on the cube.
    cube : the scene.
    token : checked while features are computed.
    """

    def __init__(self, model: Model, cube: HyperCube, token: CancelToken | None = None) -> None:
        self.looks_around = isinstance(model, TrainedModel)
        scenes: list[SceneFeatures] = getattr(model, "scenes", [])
        scene = next((s for s in scenes if s.origin is cube), None)
        if scene is None:
            seen = examined(real_valued(cube))
            features = getattr(model, "features", None) if self.looks_around else None
            features = features or fit_features(seen, FEATURES, token)
            scene = SceneFeatures(seen, features, token, origin=cube)
        self.scene = scene

    def at(self, pixels: NDArray[np.int64], token: CancelToken | None = None) -> FloatArray:
        """Features (n, features) of pixels (n,), flat indices."""
        if self.looks_around:
            return self.scene.patches(pixels, 0, token)[:, :, 0, 0]
        return self.scene.spectra_at(pixels, token)

    def tile(
        self, rows: slice, columns: slice, token: CancelToken | None = None
    ) -> tuple[FloatArray, NDArray[np.bool_]]:
        """Features (rows * columns, features) of a tile, and where (rows, columns) it has data."""
        if not self.looks_around:
            return self.scene.spectra(rows, columns)
        values, valid = self.scene.window(rows, columns, 0, token)
        return np.moveaxis(values, 0, 2).reshape(-1, len(values)), valid


def applicability_of(
    seen: SeenScene,
    labels: NDArray[np.uint16],
    token: CancelToken | None = None,
    background: NDArray[np.bool_] | None = None,
) -> Applicability:
    """The area of applicability of a model from the labels that it was trained on.

    Parameters
    ----------
    seen : the scene, as the model sees it.
    labels : (rows, columns) class ids that it was trained on, 0 for none; two pixels at least.
    token : checked while features are computed.
    background : (rows, columns) where the user said that none of the classes is.
    """
    pixels = np.flatnonzero(labels)
    targets = np.unique(labels.ravel()[pixels], return_inverse=True)[1].reshape(-1)
    kept = some_of_each(targets, MOST_TRAINING)
    pixels, targets = pixels[kept], targets[kept]
    folds = spatial_folds(pixels, targets, labels.shape[1]).folds
    found = fit_applicability(seen.at(pixels, token), targets, folds)
    if background is None or not background.any():
        return found
    outside = np.flatnonzero(background & (labels == 0))
    outside = outside[some_of_each(np.zeros(outside.size, np.int64), MOST_TRAINING)]
    return found.with_background(seen.at(outside, token))


def dissimilarity_map(
    seen: SeenScene,
    applicability: Applicability,
    token: CancelToken | None = None,
    port: ProgressPort | None = None,
) -> FloatArray:
    """Dissimilarity (rows, columns) to the training pixels, tile by tile; NaN without data.

    Parameters
    ----------
    seen : the scene, as the model sees it.
    applicability : of the model.
    token : checked between tiles.
    port : takes `Progress`.
    """
    cube, port = seen.scene.cube, port or SilentPort()
    out = np.full((cube.rows, cube.columns), np.nan, np.float32)
    windows = list(tiles(cube.rows, cube.columns))
    for done, (rows, columns) in enumerate(windows):
        if token is not None:
            token.check()
        values, valid = seen.tile(rows, columns, token)
        found = applicability.dissimilarity(values).reshape(valid.shape)
        out[rows, columns] = np.where(valid, found, np.nan)
        port.report(Progress("Comparing with the training pixels", (done + 1) / len(windows)))
    return out
