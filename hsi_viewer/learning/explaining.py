"""Explains why a model gives a pixel its class: which bands, which voices, which training pixels.

Bands are occluded group by group (Zeiler and Fergus, "Visualizing and understanding convolutional
networks", ECCV 2014): they take the mean of the training pixels, as if they said nothing, and the
class gains or loses log-odds. Nothing is assumed of the model but that it answers.
"""

from __future__ import annotations

from functools import cached_property
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from hsi_viewer.core.assessment.applicability import MOST_TRAINING, Applicability, some_of_each
from hsi_viewer.core.classifier import Model
from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.cube.real_values import real_valued
from hsi_viewer.core.errors import LabelError
from hsi_viewer.core.explanation import (
    BandGroup,
    Explanation,
    NearPixel,
    VoiceAnswer,
    band_groups,
    log_odds,
)
from hsi_viewer.core.progress import CancelToken
from hsi_viewer.core.training import whole_number
from hsi_viewer.learning.applicability import SeenScene, applicability_of
from hsi_viewer.learning.model import TrainedModel
from hsi_viewer.learning.occlusion import (
    EngineOcclusion,
    MapOcclusion,
    SpectrumOcclusion,
    stored_at,
)
from hsi_viewer.learning.pixel_model import PixelModel

NEAREST = 5
Ids = NDArray[np.uint16]
FloatArray = NDArray[np.float32]


class Occlusion(Protocol):
    """Asks a model about a pixel, whole and with groups of its bands occluded."""

    bands: NDArray[np.int64]
    wavelengths: NDArray[np.float64] | None

    def answers(
        self,
        row: int,
        column: int,
        groups: list[NDArray[np.int64]],
        token: CancelToken | None = None,
    ) -> tuple[FloatArray, list[VoiceAnswer]]:
        """Logits (1 + groups, classes), whole and without each group, and the voices' answers."""

    def probabilities(self, logits: FloatArray) -> FloatArray:
        """Probabilities (n, classes) of logits, as the model's map has them."""


class Explainer:
    """Explains the pixels of a scene; what they share is computed once.

    Parameters
    ----------
    model : of any classifier.
    cube : the scene.
    labels : (rows, columns) class ids that it was trained on, 0 for none; None where they aren't
        known.
    background : (rows, columns) where the user said that none of the classes is, or None.
    token : checked while features are computed.
    """

    def __init__(
        self,
        model: Model,
        cube: HyperCube,
        labels: Ids | None = None,
        background: NDArray[np.bool_] | None = None,
        token: CancelToken | None = None,
    ) -> None:
        self.model, self.cube, self._background = model, cube, background
        self._real, self._token = real_valued(cube), token
        self._labels = None if labels is None or np.count_nonzero(labels) < 2 else labels
        self._pixels, self._ids = self._training()
        self.means = self._class_means()
        self._occlusion: Occlusion = _occlusion(model, cube, self._pixels, self._ids)

    def _training(self) -> tuple[NDArray[np.int64], Ids]:
        """Flat indices and class ids (n,) of some of the training pixels."""
        if self._labels is None:
            return np.zeros(0, np.int64), np.zeros(0, np.uint16)
        pixels = np.flatnonzero(self._labels)
        ids = self._labels.ravel()[pixels]
        kept = some_of_each(np.unique(ids, return_inverse=True)[1].reshape(-1), MOST_TRAINING)
        return pixels[kept], ids[kept]

    def _class_means(self) -> dict[int, NDArray[np.float64]]:
        """Mean physical spectrum (bands,) of the training pixels by class; NaN without data."""
        stored = stored_at(self._real, self._pixels)
        is_data = self._real.is_data(stored)
        values = np.where(is_data, self._real.physical(stored), 0)
        means = {}
        for class_id in np.unique(self._ids):
            own = self._ids == class_id
            sums, counts = values[own].sum(axis=0), is_data[own].sum(axis=0)
            none = np.full(sums.shape, np.nan)
            means[int(class_id)] = np.divide(sums, counts, out=none, where=counts > 0)
        return means

    @cached_property
    def _seen(self) -> SeenScene:
        return SeenScene(self.model, self.cube, self._token)

    @cached_property
    def _known(self) -> Applicability | None:
        if self._labels is None:
            return None
        return applicability_of(self._seen, self._labels, self._token, self._background)

    def explain(
        self,
        row: int,
        column: int,
        class_id: int | None = None,
        token: CancelToken | None = None,
    ) -> Explanation:
        """Why a pixel has its class.

        Parameters
        ----------
        row, column : the pixel.
        class_id : the class to explain; the most likely one by default.
        token : checked while features are computed.

        Raises
        ------
        LabelError
            if the pixel is outside of the scene or has no data, or the class isn't the model's.
        SettingError
            if row or column isn't a whole number.
        TaskCancelledError
            if the token was cancelled.
        """
        self._token = token
        row, column = whole_number(row, "A row"), whole_number(column, "A column")
        if not (0 <= row < self.cube.rows and 0 <= column < self.cube.columns):
            raise LabelError(
                f"Row {row}, column {column} is outside of {self.cube.name}, which has "
                f"{self.cube.rows} x {self.cube.columns} pixels."
            )
        ids = self.model.class_ids
        if class_id is not None and class_id not in ids:
            raise LabelError(f"Class {class_id} isn't one of the model's: {ids}.")
        spectrum = self._real.spectrum(row, column)
        if not np.isfinite(spectrum).any():
            raise LabelError(f"Row {row}, column {column} of {self.cube.name} has no data.")
        asked = self._occlusion
        groups = band_groups(asked.bands, asked.wavelengths)
        logits, voices = asked.answers(row, column, [places for places, _ in groups], token)
        said = asked.probabilities(logits)
        probabilities = said[0]
        index = int(probabilities.argmax()) if class_id is None else ids.index(class_id)
        odds = log_odds(logits, index)
        nearest, dissimilarity, threshold = self._nearest(row, column)
        return Explanation(
            row,
            column,
            ids[index],
            ids,
            probabilities,
            tuple(
                BandGroup(
                    tuple(asked.bands[places].tolist()),
                    title,
                    float(odds[0] - odds[1 + i]),
                    float(said[1 + i, index]),
                )
                for i, (places, title) in enumerate(groups)
            ),
            tuple(voices),
            nearest,
            dissimilarity,
            threshold,
            spectrum,
            self.means,
        )

    def _nearest(self, row: int, column: int) -> tuple[tuple[NearPixel, ...], float, float]:
        """The most similar training pixels, and how the pixel lies to the area of applicability."""
        known = self._known
        if known is None or self._labels is None:
            return (), float("nan"), float("nan")
        values = self._seen.at(np.array([row * self.cube.columns + column]), self._token)
        distances = known.distances(values)[0]
        order = np.argsort(distances, kind="stable")[:NEAREST]
        found = []
        for i in order:
            r, c = divmod(int(self._pixels[i]), self.cube.columns)
            found.append(NearPixel(r, c, int(self._labels[r, c]), float(distances[i])))
        return tuple(found), float(known.dissimilarity(values)[0]), known.threshold


def _occlusion(model: Model, cube: HyperCube, pixels: NDArray[np.int64], ids: Ids) -> Occlusion:
    """How a model can be asked; any can by its maps."""
    if isinstance(model, TrainedModel):
        return EngineOcclusion(model, cube, pixels, ids)
    if isinstance(model, PixelModel):
        return SpectrumOcclusion(model, cube, pixels, ids)
    return MapOcclusion(model, cube, pixels, ids)
