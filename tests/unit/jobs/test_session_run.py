"""The map of the window as a run: its labels of then, its model, its probabilities, its sample."""

from __future__ import annotations

from dataclasses import replace as changed
from pathlib import Path

import numpy as np
import pytest
from msgspec.structs import replace
from rasterio.crs import CRS

from hsi_viewer.core.assessment.labelled_sample import LabelledSample
from hsi_viewer.core.assessment.reference_sample import draw_sample
from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.cube.georeference import Georeference
from hsi_viewer.core.errors import LabelError, ModelError
from hsi_viewer.core.evidence import Evidence, RunEvidence
from hsi_viewer.core.labels.classes import LabelClass
from hsi_viewer.core.labels.label_snapshot import LabelSnapshot
from hsi_viewer.core.postprocess.clean import Cleaning, cleaned
from hsi_viewer.core.postprocess.map_steps import with_step
from hsi_viewer.core.progress import CancelToken, SilentPort
from hsi_viewer.core.training import EpochReport, TrainingConfig
from hsi_viewer.jobs.applied_run import OWN_SCENE
from hsi_viewer.jobs.mapped_run import MappedRun, settings_of, was_trained_on
from hsi_viewer.jobs.session_run import SessionRun
from hsi_viewer.learning.classifiers import fit
from hsi_viewer.session.storage.training_runs import APPLIED, MADE_FROM, Run
from tests.unit.jobs.report.made import NAMES, PLAIN, two_places
from tests.unit.learning.made import Recorder, made_scene

CUBE, TRUTH = made_scene(24, 24, 8)
LABELS = two_places(TRUTH)
CLASSES = (*(LabelClass(i, name, (i, 0, 0)) for i, name in NAMES.items()),
           LabelClass(11, "Nowhere", (1, 1, 1)))  # fmt: skip
SEEDED = TrainingConfig(seed=4, refine=False)


@pytest.fixture(scope="module")
def model():
    return fit(CUBE, LABELS, SEEDED, classifier="lda", legend=CLASSES)


@pytest.fixture(scope="module")
def prediction(model):
    return model.predict(CUBE, labels=LABELS, refine=False)


@pytest.fixture
def shown(model, prediction, tmp_path) -> SessionRun:
    """A run whose map, labels and model are at hand."""
    return SessionRun(
        source="made.npy",
        cube=CUBE,
        labels_source="session",
        labels=LabelSnapshot(LABELS.copy()),
        trained_on=LABELS > 0,
        evidence=None,
        test_source="truth.npy",
        truth=None,
        classes=CLASSES,
        prediction=prediction,
        runs={},
        folder=tmp_path,
        model=model,
    )


def mapped(run: SessionRun, port=None) -> MappedRun:
    return run.mapped(CancelToken(), port or SilentPort())


def run_of(number: int, **facts) -> Run:
    return Run(number, f"Run {number}", "2026-11-30T12:00:00Z", **facts)


def test_what_the_window_knows_is_what_the_run_says(shown, model, prediction):
    found = mapped(shown)
    assert found.prediction is prediction
    assert found.model is model
    np.testing.assert_array_equal(found.labels, LABELS)
    assert (found.source, found.labels_source) == ("made.npy", "session")
    assert found.config == SEEDED
    assert (found.refine, found.continued, found.steps, found.epochs) == ("none", False, (), ())
    assert [c.id for c in found.classes] == [2, 5, 7, 9]
    assert (found.test, found.test_source, found.sample, found.background) == (None,) * 4
    assert found.evidence is None
    assert found.warnings == ()
    assert mapped(changed(shown, model=refining(model))).refine == "auto"


def refining(model):
    return changed(model, config=TrainingConfig(), warning="It ended early.")


def test_a_warning_of_the_model_is_shown(shown, model):
    assert mapped(changed(shown, model=refining(model))).warnings == ("It ended early.",)


def test_the_labels_are_those_that_the_model_was_trained_on(shown, model):
    later = LABELS.copy()
    later[5, 5] = 2
    more = changed(shown, labels=LabelSnapshot(later))
    np.testing.assert_array_equal(mapped(more).labels, LABELS)
    later[0, 0] = 9
    other = changed(shown, labels=LabelSnapshot(later))
    with pytest.raises(LabelError, match=r"labels have changed since this map.*train again, then"):
        mapped(other)
    evidence = Evidence((), "none", 3)
    known = RunEvidence(evidence, LABELS, model.class_ids, 0)
    found = mapped(changed(other, evidence=known))
    assert found.labels is LABELS
    assert found.evidence is evidence
    stale = RunEvidence(evidence, later, model.class_ids, 0)
    assert mapped(changed(shown, evidence=stale)).evidence is None


def test_test_pixels_are_those_that_nobody_labelled(shown):
    extra = LABELS.copy()
    extra[5, 5] = 2
    found = mapped(changed(shown, truth=TRUTH, labels=LabelSnapshot(extra)))
    np.testing.assert_array_equal(found.test, np.where(extra > 0, 0, TRUTH))
    assert found.test_source == "truth.npy"
    none = mapped(changed(shown, truth=LABELS))
    assert (none.test, none.test_source) == (None, None)


def test_the_model_is_that_of_the_run_or_of_the_one_it_was_made_from(shown, model, tmp_path):
    (tmp_path / "1").mkdir()
    model.save(tmp_path / "1")
    epochs = (EpochReport(1, 1, 0.5, (0.5,)),)
    runs = {1: run_of(1, training=epochs), 2: run_of(2, config={MADE_FROM: 1}),
            3: run_of(3, config={MADE_FROM: 9})}  # fmt: skip
    kept = changed(shown, runs=runs, model=None, shown=1)
    found = mapped(kept)
    assert found.model.name == "lda"
    assert found.model.config.seed == 4
    assert found.epochs == epochs
    assert mapped(changed(kept, shown=2)).model.config.seed == 4
    for lost in (3, None):
        with pytest.raises(ModelError, match="The model of this map is not kept; train again"):
            mapped(changed(kept, shown=lost))
    with pytest.raises(ModelError, match="not kept"):  # the latest model is of another run
        mapped(changed(kept, shown=3, model=model))
    assert mapped(changed(kept, shown=8, model=model)).model is model
    for live in (True, False):
        assert not mapped(changed(kept, runs={1: run_of(1, live=live)})).continued  # it can't go on


def test_probabilities_that_were_not_kept_are_computed_again(shown, prediction):
    bare = replace(prediction, probabilities=None, source="kept", unclassified="doubt")
    port = Recorder()
    found = mapped(changed(shown, prediction=bare), port)
    assert port.items[0].message == "Mapping the scene"
    np.testing.assert_allclose(found.prediction.probabilities, prediction.probabilities)
    assert found.prediction.class_map is bare.class_map
    assert found.prediction.confidence is bare.confidence
    assert (found.prediction.source, found.prediction.unclassified) == ("kept", "doubt")
    assert found.warnings == ()
    other = bare.class_map.copy()
    other[0, :3] = np.where(other[0, :3] == 2, 5, 2)
    (said,) = mapped(changed(shown, prediction=replace(bare, class_map=other))).warnings
    assert said.startswith("The model maps 3 of 576 pixels otherwise than the map that is shown; ")


def test_steps_of_the_map_are_done_again_before_it_is_compared(shown, prediction, tmp_path, model):
    (tmp_path / "1").mkdir()
    model.save(tmp_path / "1")
    cleaning = Cleaning(merge={9: 7})
    runs = {1: run_of(1, config=with_step({}, cleaning)), 2: run_of(2, config={"cleaning": 3})}
    ids = cleaned(prediction.class_map, cleaning)
    clean = replace(prediction, class_map=ids, probabilities=None)
    kept = changed(shown, runs=runs, shown=1, prediction=clean)
    found = mapped(kept)
    assert found.steps == (cleaning,)
    assert found.warnings == ()
    np.testing.assert_array_equal(found.prediction.class_map, ids)
    with pytest.raises(ModelError, match="steps of this map are not readable"):
        mapped(changed(kept, shown=2, runs=runs | {2: changed(runs[2], id=1)}))
    decisions = np.zeros((24, 24), np.uint16)
    decisions[3, 3], decisions[4, 4] = 2, 1
    with_background = mapped(changed(shown, decisions=LabelSnapshot(decisions)))
    np.testing.assert_array_equal(np.argwhere(with_background.background), [[3, 3]])


def test_a_map_of_another_model_has_no_labels(shown, model, tmp_path):
    (tmp_path / "1").mkdir()
    model.save(tmp_path / "1")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    other = HyperCube.from_array(CUBE.read()[::-1])
    fit(other, LABELS[::-1], PLAIN, classifier="lda").save(elsewhere)
    runs = {1: run_of(1, config={APPLIED: str(elsewhere)})}
    applied = changed(shown, runs=runs, shown=1, truth=TRUTH)
    found = mapped(applied)
    assert found.trained_elsewhere
    assert not found.labels.any()
    assert found.labels_source == f"not known here: the model {elsewhere} was applied"
    assert (found.test_source, found.warnings) == ("truth.npy", ())
    own = Path(tmp_path / "own")
    own.mkdir()
    (own / "report.json").write_text(
        f'{{"cube": "{tmp_path / "made.npy"}", "classes": [], "labels": "l.npy"}}'
    )
    model.save(own)
    mine = changed(applied, runs={1: run_of(1, config={APPLIED: str(own)})},
                   source=str(tmp_path / "made.npy"))  # fmt: skip
    found = mapped(mine)
    assert (found.test, found.test_source) == (None, None)
    assert found.warnings == (OWN_SCENE,)


@pytest.mark.parametrize("placed", [True, False])
def test_reference_points_count_once_all_are_labelled(shown, prediction, placed):
    place = Georeference((10.0, 0, 5e5, 0, -10.0, 5.1e6), CRS.from_epsg(32633).to_wkt())
    cube = changed(CUBE, georeference=place) if placed else CUBE
    drawn = draw_sample(prediction.class_map, dict.fromkeys((2, 5, 7, 9), 4), 1)
    sample = LabelledSample(drawn)
    run = changed(shown, sample=sample, cube=cube)
    assert mapped(run).sample is None
    for class_id in TRUTH.ravel()[drawn.pixels]:
        sample.answer(int(class_id))
    found = mapped(run).sample
    assert found.estimates.points == 16
    metres = found.square_metres
    assert metres == pytest.approx(576 * 100.0, rel=0.01) if placed else metres is None


def test_settings_that_make_a_difference_are_named(shown, model):
    found = mapped(shown)
    assert found.settings["classifier"] == "lda"
    assert found.settings["refine"] == "none"
    assert found.title == "Linear discriminant"
    assert None not in found.settings.values()
    assert [c.colour for c in found.legend] == [c.colour for c in CLASSES[:4]]
    assert not found.trained_elsewhere
    bare = object()
    assert settings_of(bare, 7) == TrainingConfig(seed=7)
    assert settings_of(bare) == TrainingConfig()
    assert settings_of(model, 7) is model.config
    assert was_trained_on(bare, LABELS)
    assert was_trained_on(model, np.asfortranarray(LABELS))
    assert not was_trained_on(model, LABELS[::-1])
