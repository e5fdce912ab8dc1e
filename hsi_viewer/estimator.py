"""SdhsiClassifier: the classifier as scikit-learn's estimators are used, on whole scenes."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from hsi_viewer.api import fit
from hsi_viewer.core.errors import FormatError, LabelError
from hsi_viewer.core.inputs import CubeLike, LabelsLike, as_cube, as_labels
from hsi_viewer.core.labels.class_ids import checked_ids
from hsi_viewer.core.training import MAX_SEED, DistillationMode, Preset, TrainingConfig, VoiceChoice

if TYPE_CHECKING:
    from hsi_viewer.core.classifier import Model
    from hsi_viewer.core.cube.cube import HyperCube
    from hsi_viewer.core.prediction import Prediction


class SdhsiClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc, unused-ignore]
    """SDHSI-Net with the methods of a scikit-learn classifier.

    It classifies pixels by what surrounds them, so X is a whole scene (rows, columns, bands) and
    y a label image (rows, columns) in which 0 is unlabelled; a table of separate spectra has no
    surroundings and is refused. Maps are refined along the image where the evidence bears it
    out, and don't hold to the labels; `hsi_viewer.fit` and `predict(labels=...)` do.

    Parameters
    ----------
    preset : "fast" or "best".
    distillation : how the exits teach one another; None is the preset's.
    random_state : seed, RandomState, or None for another result each time.
    device : "auto", "cpu", "cuda" or "mps".
    refine : whether maps are refined by the random walker.
    voices : "auto", "pixels", "surroundings" or "network"; see `hsi_viewer.TrainingConfig`.

    Attributes
    ----------
    classes_ : (classes,) class ids, ascending.
    n_features_in_ : bands of the training scene.
    model_ : the trained `Model`.
    """

    def __init__(
        self,
        preset: Preset = "fast",
        distillation: DistillationMode | None = None,
        random_state: Any = 0,
        device: Any = "auto",
        refine: bool = True,
        voices: VoiceChoice = "auto",
    ) -> None:
        self.preset = preset
        self.distillation = distillation
        self.random_state = random_state
        self.device = device
        self.refine = refine
        self.voices = voices

    def fit(self, X: CubeLike, y: LabelsLike) -> Self:  # noqa: N803 -- scikit-learn's name
        """Train on the labelled pixels of a scene.

        Parameters
        ----------
        X : a cube, an array (rows, columns, bands), an xarray.DataArray, or a path.
        y : (rows, columns) class ids, 0 unlabelled, or a path.

        Raises
        ------
        ValueError
            if X isn't a scene, or a parameter isn't one of its choices.
        FileError, FormatError
            if a path cannot be opened.
        LabelError
            if labels do not fit the scene or name fewer than two classes.
        """
        if y is None:
            raise ValueError(
                "SdhsiClassifier requires y to be passed, but the target y is None: "
                "it is a label image (rows, columns)."
            )
        seed = self.random_state
        if not isinstance(seed, (int, np.integer)):
            seed = int(check_random_state(seed).randint(0, MAX_SEED, dtype=np.uint32))
        config = TrainingConfig(
            self.preset,
            self.distillation,
            seed,
            self.device,
            refine=self.refine,
            voices=self.voices,
        )
        cube = _scene(X)
        self.model_: Model = fit(cube, y, config)
        self.classes_: NDArray[np.uint16] = np.array(self.model_.class_ids, np.uint16)
        self.n_features_in_ = cube.bands
        return self

    def predict(self, X: CubeLike) -> NDArray[np.uint16]:  # noqa: N803
        """Class map (rows, columns) of a scene; 0 where it has no data.

        Raises
        ------
        NotFittedError
            before `fit`.
        ModelError
            if the scene's bands cannot be matched with those of training.
        """
        return self._prediction(X).class_map

    def predict_proba(self, X: CubeLike) -> NDArray[np.float32]:  # noqa: N803
        """Probabilities (rows, columns, classes) of a scene, in the order of `classes_`.

        Raises
        ------
        NotFittedError, ModelError
            as `predict`.
        """
        probabilities = self._prediction(X).probabilities
        assert probabilities is not None  # noqa: S101 -- this model keeps them
        return probabilities

    def score(
        self,
        X: CubeLike,  # noqa: N803
        y: LabelsLike,
        sample_weight: ArrayLike | None = None,
    ) -> float:
        """Overall accuracy, 0..1, at the labelled pixels of y.

        Parameters
        ----------
        sample_weight : (rows, columns) weights of the pixels.

        Raises
        ------
        LabelError
            if labels do not fit the scene, or no pixel is labelled.
        """
        cube = _scene(X)
        truth = checked_ids(as_labels(y, cube), (cube.rows, cube.columns))
        if not truth.any():
            raise LabelError("No pixel of y is labelled, so there is nothing to score.")
        right = (self.predict(cube) == truth)[truth > 0]
        weights = None if sample_weight is None else np.asarray(sample_weight)[truth > 0]
        return float(np.average(right, weights=weights))

    def _prediction(self, X: CubeLike) -> Prediction:  # noqa: N803
        check_is_fitted(self)
        return self.model_.predict(_scene(X), refine=self.refine)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = False
        tags.input_tags.three_d_array = True
        tags.input_tags.allow_nan = True
        return tags


def _scene(scene: CubeLike) -> HyperCube:
    """The cube of X; a table of spectra is refused with the error that scikit-learn has for it."""
    try:
        return as_cube(scene)
    except FormatError as error:
        if isinstance(scene, (str, os.PathLike)):
            raise
        raise ValueError(
            f"{error} SdhsiClassifier needs a scene (rows, columns, bands), because it classifies "
            "pixels by what surrounds them."
        ) from error
