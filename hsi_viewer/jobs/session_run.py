"""The map that the window shows, as a run that a report or a bundle can be made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray

from hsi_viewer.analysis.pixel_area import pixel_area
from hsi_viewer.core.assessment.labelled_sample import LabelledSample
from hsi_viewer.core.assessment.sample_assessment import SampleAssessment, assess_sample
from hsi_viewer.core.classifier import Model
from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.cube.region import labels_inside
from hsi_viewer.core.errors import LabelError, ModelError
from hsi_viewer.core.evidence import Evidence, RunEvidence
from hsi_viewer.core.labels.classes import LabelClass
from hsi_viewer.core.labels.decisions import background_of
from hsi_viewer.core.labels.label_snapshot import LabelSnapshot
from hsi_viewer.core.postprocess.clean import Cleaning
from hsi_viewer.core.postprocess.map_steps import MapStep, after_steps, steps_of
from hsi_viewer.core.prediction import Prediction
from hsi_viewer.core.progress import CancelToken, Progress, ProgressPort
from hsi_viewer.core.training import Refine
from hsi_viewer.core.validation import InvalidError
from hsi_viewer.jobs.applied_run import OWN_SCENE, applied_source, is_own_scene
from hsi_viewer.jobs.doubt_layers import MapFacts, outside_of
from hsi_viewer.jobs.mapped_run import Ids, MappedRun, settings_of, was_trained_on
from hsi_viewer.learning.classifiers import classifier, load_model
from hsi_viewer.session.storage.training_runs import MADE_FROM, MODEL, Run

AGAIN = "train again, then save this once more"


@dataclass(frozen=True, eq=False)
class SessionRun:
    """What the window knows of its map at one moment.

    Attributes
    ----------
    source, cube : the scene.
    labels_source, labels : the labels as they are now.
    trained_on : (rows, columns), True where the model saw a label.
    evidence : of the run that is shown, with the labels that it was trained on, if it is known.
    test_source, truth : the ground truth, or None.
    classes : as they are called now.
    prediction : the map.
    runs, folder, shown : the runs of the session, their folder, and which one is shown.
    model : the latest one, where the shown run is not kept.
    sample : reference points with their labels, or None.
    decisions : what was decided about pixels, other than a class; None for nothing.
    """

    source: str
    cube: HyperCube
    labels_source: str
    labels: LabelSnapshot
    trained_on: NDArray[np.bool_]
    evidence: RunEvidence | None
    test_source: str | None
    truth: Ids | None
    classes: tuple[LabelClass, ...]
    prediction: Prediction
    runs: Mapping[int, Run]
    folder: Path
    shown: int | None = None
    model: Model | None = None
    sample: LabelledSample | None = None
    decisions: LabelSnapshot | None = None

    @cached_property
    def background(self) -> NDArray[np.bool_] | None:
        """(rows, columns) where the user said that none of the classes is."""
        return None if self.decisions is None else background_of(self.decisions.ids)

    def mapped(self, token: CancelToken, port: ProgressPort) -> MappedRun:
        """The run with the labels that it was trained on; imports torch.

        Raises
        ------
        LabelError
            if these have changed since.
        ModelError
            if the model is not kept.
        HsiError
            if a file cannot be read.
        """
        from hsi_viewer.io.info import cube_warnings

        run = None if self.shown is None else self.runs.get(self.shown)
        model, applied = self._model(run), None if run is None else run.applied
        labels = self._training_labels(model) if applied is None else np.zeros_like(self.labels.ids)
        config = settings_of(model)
        refine: Refine = "auto" if config.refine else "none"
        steps = _steps(run)
        prediction, notes = self.prediction, list[str]()
        if applied is None:
            prediction, notes = self._with_probabilities(model, labels, refine, steps, token, port)
        test = self._test_pixels()
        if test is not None and applied is not None and self._knows_scene(model, applied):
            test, notes = None, [OWN_SCENE]
        mapped = {*prediction.class_ids, *np.unique(prediction.class_map).tolist()}
        if applied is None:  # else its ids may be those of other classes here
            mapped |= set(model.class_ids)
        for step in steps:  # which name classes that have become others
            mapped |= step.class_ids if isinstance(step, Cleaning) else set()
        return MappedRun(
            source=self.source,
            cube=self.cube,
            labels_source=self.labels_source if applied is None else applied_source(applied),
            labels=labels,
            model=model,
            config=config,
            refine=refine,
            prediction=prediction,
            classes=tuple(c for c in self.classes if c.id in mapped),
            test_source=None if test is None else self.test_source,
            test=test,
            epochs=() if run is None else run.training,
            steps=steps,
            evidence=self._evidence_on(labels),
            sample=self._assessed_sample(),
            continued=run is not None and run.live and classifier(model.name).warm_start,
            background=self.background,
            warnings=(
                *cube_warnings(self.cube),
                *([model.warning] if model.warning else []),
                *notes,
            ),
        )

    def _test_pixels(self) -> Ids | None:
        """The ground truth without pixels that are labelled; None where nothing is left."""
        if self.truth is None:
            return None
        seen = self.trained_on | (self.labels.ids > 0)
        test = labels_inside(np.where(seen, np.uint16(0), self.truth), self.cube)[0]
        return test if test.any() else None

    def _knows_scene(self, model: Model, named: str) -> bool:
        """Whether a model that was applied may have learnt the test pixels."""
        return is_own_scene(model, Path(named), self.cube, self.source)

    def _assessed_sample(self) -> SampleAssessment | None:
        """What the reference points say about the map, once all are labelled."""
        if self.sample is None or not self.sample.complete:
            return None
        area = pixel_area(self.cube.georeference, self.cube.rows, self.cube.columns)
        given = self.sample.sample, self.sample.reference
        return assess_sample(*given, self.prediction.class_map, area)

    def _training_labels(self, model: Model) -> Ids:
        """The labels that the model was trained on."""
        if self.evidence is not None and was_trained_on(model, self.evidence.labels):
            return self.evidence.labels
        now: Ids = np.where(self.trained_on, self.labels.ids, np.uint16(0))
        if not was_trained_on(model, now):
            raise LabelError(f"The labels have changed since this map was trained; {AGAIN}.")
        return now

    def _evidence_on(self, labels: Ids) -> Evidence | None:
        """The evidence, if it is of these labels."""
        known = self.evidence
        return known.evidence if known is not None and known.labels is labels else None

    def _model(self, run: Run | None) -> Model:
        """The model of the shown run, or of the run that its map was made from."""
        origin = run
        while origin is not None:
            target = self.folder / str(origin.id)
            if all((target / name).is_file() for name in MODEL):
                return load_model(target)
            before = origin.config.get(MADE_FROM)
            origin = self.runs.get(before) if isinstance(before, int) else None
        if run is None and self.model is not None:
            return self.model
        raise ModelError(f"The model of this map is not kept; {AGAIN}.")

    def _with_probabilities(
        self,
        model: Model,
        labels: Ids,
        refine: Refine,
        steps: tuple[MapStep, ...],
        token: CancelToken,
        port: ProgressPort,
    ) -> tuple[Prediction, list[str]]:
        """The map with its probabilities, which runs do not keep, and what to say of it."""
        shown = self.prediction
        if shown.probabilities is not None:
            return shown, []
        port.report(Progress("Mapping the scene"))
        again = model.predict(self.cube, labels=labels, refine=refine, token=token, port=port)
        area = pixel_area(self.cube.georeference, self.cube.rows, self.cube.columns)
        facts = MapFacts(self.cube, again, model, labels, None, self.background)
        ids = after_steps(again, steps, area, lambda: outside_of(facts, token, port)).class_map
        changed = int(np.count_nonzero(ids != shown.class_map))
        found = replace(again, class_map=shown.class_map, confidence=shown.confidence)
        found = replace(found, source=shown.source, disagreement=shown.disagreement)
        found = replace(found, unclassified=shown.unclassified)
        if not changed:
            return found, []
        return found, [
            f"The model maps {changed:,} of {ids.size:,} pixels otherwise than the map that is "
            "shown; margin, entropy and conformal sets are those of the model."
        ]


def _steps(run: Run | None) -> tuple[MapStep, ...]:
    """What was done to a map, by the settings of its run."""
    try:
        return () if run is None else steps_of(run.config)
    except InvalidError as error:
        raise ModelError(f"The steps of this map are not readable ({error}); {AGAIN}.") from error
