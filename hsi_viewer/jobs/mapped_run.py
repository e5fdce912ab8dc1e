"""MappedRun: a class map with all that it was made from, for reports and bundles."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
from msgspec import Struct, field
from numpy.typing import NDArray

from hsi_viewer.core.assessment.sample_assessment import SampleAssessment
from hsi_viewer.core.classifier import Model
from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.evidence import Evidence
from hsi_viewer.core.labels.classes import ClassLegend, LabelClass
from hsi_viewer.core.postprocess.map_steps import MapStep
from hsi_viewer.core.prediction import Prediction
from hsi_viewer.core.training import EpochReport, Refine, TrainingConfig
from hsi_viewer.learning.classifiers import classifier

Ids = NDArray[np.uint16]


class MappedRun(Struct, frozen=True, eq=False):
    """A class map and what it was made from.

    Attributes
    ----------
    source : of the cube, as it was named.
    cube : the scene, as the model was given it.
    labels_source, labels : where the training labels came from, and the (rows, columns) class ids
        that the model was trained on, 0 for none; all 0 where that isn't known.
    model : that made the map.
    config : settings of the training.
    refine : strength of the refinement that was asked for.
    prediction : the map, with probabilities where there was memory for them.
    classes : of the map, as the user calls them.
    test_source, test : test pixels in the same way, without training pixels; None without any.
    epochs : what the training reported, in order.
    steps : what was done to the map afterwards, in order.
    evidence : what cross-validation has brought, where it is known already.
    continued : whether the training went on from an earlier model, so that labels and settings
        alone do not make the same map again.
    background : (rows, columns), True where the user said that none of the classes is; or None.
    warnings : sentences that were shown while the run was made.
    sample : what labelled reference points say about the map; None without any.
    """

    source: str
    cube: HyperCube
    labels_source: str
    labels: Ids
    model: Model
    config: TrainingConfig
    refine: Refine
    prediction: Prediction
    classes: tuple[LabelClass, ...]
    test_source: str | None = None
    test: Ids | None = None
    epochs: tuple[EpochReport, ...] = ()
    steps: tuple[MapStep, ...] = ()
    evidence: Evidence | None = None
    continued: bool = False
    background: NDArray[np.bool_] | None = None
    warnings: tuple[str, ...] = field(default=())
    sample: SampleAssessment | None = None

    @property
    def trained_elsewhere(self) -> bool:
        """Whether what the model was trained on isn't known, as of a map of `apply`."""
        return not self.labels.any()

    @property
    def legend(self) -> ClassLegend:
        """The classes by id; all are shown."""
        return ClassLegend(LabelClass(c.id, c.name, c.colour) for c in self.classes)

    @property
    def settings(self) -> dict[str, Any]:
        """The settings that make a difference, by name."""
        row = classifier(self.model.name)
        own = {name: getattr(self.config, name) for name in row.settings if name != "refine"}
        given = {name: value for name, value in own.items() if value is not None}
        return {"classifier": row.name, **given, "refine": self.refine}

    @property
    def title(self) -> str:
        """Title of the classifier."""
        return classifier(self.model.name).title


def was_trained_on(model: Model, labels: Ids) -> bool:
    """Whether a model was trained on these very labels; True of one that does not know."""
    known = getattr(model, "label_digest", "")
    digest = hashlib.sha256(np.ascontiguousarray(labels).tobytes()).hexdigest()
    return not known or bool(digest == known)


def settings_of(model: Model, seed: int = 0) -> TrainingConfig:
    """The settings that a model was trained with; the usual ones of one that does not know."""
    found: TrainingConfig = getattr(model, "config", None) or TrainingConfig(seed=seed)
    return found
