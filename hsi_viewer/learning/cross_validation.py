"""Cross-validation of any classifier: each label is mapped by a model that never saw its fold.

A classifier that gathers evidence while it is trained (`model.evidence`) is not trained again.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hsi_viewer.core.classifier import Model
from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.evidence import Evidence, HeldOut
from hsi_viewer.core.labels.sampling import REACH
from hsi_viewer.core.prediction import Prediction
from hsi_viewer.core.progress import CancelToken, Progress, ProgressPort, SilentPort
from hsi_viewer.core.training import Refine, TrainingConfig
from hsi_viewer.learning.calibration import reliable
from hsi_viewer.learning.classifiers import fit
from hsi_viewer.learning.folds import random_folds
from hsi_viewer.learning.labels_with_data import labels_with_data
from hsi_viewer.learning.model import TrainedModel, strength_of
from hsi_viewer.learning.pixel_model import PixelModel
from hsi_viewer.learning.scene_mapper import SceneMapper
from hsi_viewer.learning.spatial_folds import FOLDS, spatial_folds
from hsi_viewer.learning.trainer import Run
from hsi_viewer.learning.training_pixels import checked_labels
from hsi_viewer.learning.voices.pool import Strength

Ids = NDArray[np.uint16]
Numbers = NDArray[np.int64]


def reach_of(model: Model, *, refined: bool) -> int:
    """Distance (pixels) up to which labels can influence the map of a pixel.

    The refinement carries a label about as far as the widest window of the engine looks.

    Parameters
    ----------
    model : what made the map.
    refined : whether the map was refined.
    """
    evidence: Evidence | None = getattr(model, "evidence", None)
    if evidence is not None:
        network: Any = getattr(model, "network", None)
        heard = any(v.name == "network" and v.weight > 0 for v in evidence.voices)
        reach = evidence.reach + (network.radius if heard and network is not None else 0)
        return max(reach, REACH) if refined and evidence.walker != "none" else reach
    return 0 if isinstance(model, PixelModel) and not refined else REACH


def evidence_of(
    model: Model,
    cube: HyperCube,
    labels: Ids,
    config: TrainingConfig,
    token: CancelToken | None = None,
    port: ProgressPort | None = None,
    *,
    continued: bool = False,
    refine: Refine = "auto",
) -> Evidence:
    """The evidence of a model, gathered by training again where it brings none.

    Parameters
    ----------
    model : trained on the cube.
    cube, labels, config : what it was trained with; labels (rows, columns), 0 for none.
    token : checked between folds, and by the trainings.
    port : takes `Progress`.
    continued : whether it went on from an earlier model after labels changed, and brings the
        evidence of that one.
    refine : how the map is refined that the evidence is of; "auto" as configured.

    Raises
    ------
    HsiError
        as the classifier raises when it is trained.
    TaskCancelledError
        if the token was cancelled.
    """
    known: Evidence | None = getattr(model, "evidence", None)
    wished: Refine = refine if config.refine else "none"
    if known is not None and isinstance(model, TrainedModel):
        strength = strength_of(wished, model.pool.walker)
        if not continued and strength == known.walker:
            return known
        return _judged_again(model, cube, labels, config, token or CancelToken(), strength) or known
    if known is not None and not continued:
        return known
    usual = model.refinement.strength if isinstance(model, SceneMapper) else "full"
    strength = strength_of(wished, usual)
    labels = labels_with_data(model, cube, labels, token)
    pixels = np.flatnonzero(np.isin(labels, model.class_ids))
    targets = np.searchsorted(model.class_ids, labels.ravel()[pixels])
    apart = spatial_folds(pixels, targets, cube.columns, joined_at=cube.joined_at)
    drawn = random_folds(targets, 0, FOLDS)
    wanted = {
        "separated": apart.folds if apart.too_few is None else None,
        "random": drawn if len(np.unique(targets[drawn >= 0])) > 1 else None,
    }
    asked = config, strength, token or CancelToken(), port or SilentPort()
    trial = Trial(model, cube, labels, *asked)
    total = sum(len(np.unique(f[f >= 0])) for f in wanted.values() if f is not None)
    found: dict[str, HeldOut | None] = {}
    done = 0
    for name, folds in wanted.items():
        found[name] = None
        if folds is not None:
            found[name] = trial.held_out(pixels, targets, apart.groups, folds, (done, total))
            done += len(np.unique(folds[folds >= 0]))
    return Evidence((), strength, reach_of(model, refined=False), **found)


def _judged_again(
    model: TrainedModel,
    cube: HyperCube,
    labels: Ids,
    config: TrainingConfig,
    token: CancelToken,
    strength: Strength,
) -> Evidence | None:
    """The evidence of the voices for these labels; the network isn't trained."""
    scene = model.scene_of(cube)
    if scene is None:
        return None
    ids, class_ids = checked_labels(labels, (cube.rows, cube.columns))
    run = Run(scene, ids, class_ids, model.recipe, config, token, SilentPort())
    with run.judged(None, strength) as judged:
        return judged.verdict().evidence


@dataclass(frozen=True)
class Trial:
    """Trains a classifier again on parts of its labels.

    Attributes
    ----------
    model : names the classifier and the classes.
    cube, labels, config : what it was trained with.
    refine : strength of the refinement.
    """

    model: Model
    cube: HyperCube
    labels: Ids
    config: TrainingConfig
    refine: Strength
    token: CancelToken
    port: ProgressPort

    def held_out(
        self,
        pixels: Numbers,
        targets: Numbers,
        groups: Numbers,
        folds: Numbers,
        progress: tuple[int, int],
    ) -> HeldOut | None:
        """Answers for the labels of each fold; None where no model could map them.

        Parameters
        ----------
        pixels, targets, groups, folds : (n,) of the labels; fold -1 is never held out.
        progress : folds that are done, and how many there are in all.
        """
        answers = np.zeros((len(pixels), len(self.model.class_ids)), np.float32)
        done, total = progress
        for fold in np.unique(folds[folds >= 0]):
            self.token.check()
            done += 1
            message = f"Cross-validation: training {done} of {total}"
            self.port.report(Progress(message, (done - 1) / total))
            test = folds == fold
            answers[test] = self._answers(pixels[test])
        mapped = answers.sum(axis=1) > 0  # none where the cube has no data
        held = (folds >= 0) & mapped
        if not held.any():
            return None
        return HeldOut(pixels[held], targets[held], groups[held], folds[held], answers[held])

    def _answers(self, test: Numbers) -> NDArray[np.float32]:
        """Probabilities (n, classes) of labels by a model that was trained without them."""
        rest = self.labels.copy()
        rest.flat[test] = 0
        model = fit(
            self.cube,
            rest,
            replace(self.config, refine=False),  # how strongly to refine was judged before
            classifier=self.model.name,
            legend=self.model.legend,
            token=self.token,
            port=SilentPort(),
        )
        prediction = model.predict(
            self.cube,
            labels=rest,
            refine=self.refine,
            token=self.token,
            port=SilentPort(),
        )
        answers = probabilities_at(prediction, test, self.model.class_ids)
        if isinstance(self.model, SceneMapper):
            answers = reliable(answers, *self.model.refinement.reliable_at(self.refine))
        return answers


def probabilities_at(
    prediction: Prediction, pixels: Numbers, class_ids: tuple[int, ...]
) -> NDArray[np.float32]:
    """Probabilities (n, classes) of some pixels, 0 where the map has none.

    A map that kept no probabilities gives its confidence to the mapped class, the rest evenly.

    Parameters
    ----------
    prediction : of classes among `class_ids`.
    pixels : (n,) flat indices.
    class_ids : ascending.
    """
    out = np.zeros((len(pixels), len(class_ids)), np.float32)
    mapped = prediction.class_map.ravel()[pixels]
    valid = mapped > 0
    if prediction.probabilities is not None:
        own = np.searchsorted(class_ids, prediction.class_ids)
        rows = prediction.probabilities.reshape(-1, len(prediction.class_ids))[pixels[valid]]
        out[np.ix_(valid, own)] = rows
        return out
    sure = prediction.confidence.ravel()[pixels]
    out[valid] = ((1 - sure) / max(len(class_ids) - 1, 1))[valid, None]
    out[valid, np.searchsorted(class_ids, mapped[valid])] = sure[valid]
    return out
