"""Why a pixel has its class: by hand for a linear model, and for each kind of model."""

from __future__ import annotations

from dataclasses import dataclass, replace
from types import SimpleNamespace

import numpy as np
import pytest

import hsi_viewer
from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.errors import LabelError
from hsi_viewer.core.explanation import band_groups, log_odds
from hsi_viewer.core.prediction import Prediction
from hsi_viewer.core.progress import CancelToken, SilentPort, TaskCancelledError
from hsi_viewer.core.training import TrainingConfig
from hsi_viewer.learning.classifiers import fit, load_model
from hsi_viewer.learning.explaining import Explainer
from hsi_viewer.learning.occlusion import fitting_scene, mean_of_classes, occluded
from hsi_viewer.learning.trainer import fit as fit_engine
from tests.unit.learning.made import SMALL, made_scene

PLAIN = TrainingConfig(refine=False)


@pytest.fixture(scope="module")
def scene():
    cube, truth = made_scene(24, 24, 20)
    labels = np.zeros_like(truth)
    labels[::6, ::5] = truth[::6, ::5]
    return cube, labels


def test_log_odds_and_groups_by_hand():
    logits = np.log(np.array([[0.2, 0.5, 0.3]], np.float32))
    assert log_odds(logits, 1) == pytest.approx([0.0], abs=1e-6)
    assert log_odds(logits, 0) == pytest.approx([np.log(0.2 / 0.8)], abs=1e-6)
    bands = np.array([0, 1, 3, 4, 5])
    waves = np.array([400, 410, np.nan, 430, 440, 450.4])
    assert [t for _, t in band_groups(bands, waves, 2)] == ["400–430 nm", "440–450 nm"]
    assert [t for _, t in band_groups(bands, None, 3)] == ["Bands 1–2", "Bands 4–5", "Band 6"]
    assert [t for _, t in band_groups(bands[:2], waves)] == ["400 nm", "410 nm"]
    values = np.array([[0.0, 2], [4, 2], [9, 5]])
    np.testing.assert_allclose(mean_of_classes(values, np.array([1, 1, 2])), [5.5, 3.5])
    changed = occluded(np.float32([7, 8]), np.float32([1, 2]), [np.array([1])])
    assert changed.tolist() == [[7, 8], [7, 2]]


def test_features_of_the_scene_that_is_explained_are_taken_where_the_model_has_them(scene):
    cube, _ = scene
    other = replace(cube, name="other")
    kept = [SimpleNamespace(origin=other), SimpleNamespace(origin=cube)]
    model = SimpleNamespace(scenes=kept)
    assert fitting_scene(model, cube) is kept[1]
    assert fitting_scene(model, other) is kept[0]


def test_a_linear_model_decides_by_its_weights(scene):
    """The effect of a group is steepness x the sum of weight differences x what was occluded."""
    cube, labels = scene
    two = np.where(labels <= 5, labels, 0).astype(np.uint16)
    model = fit(cube, two, PLAIN, classifier="lda")
    found = hsi_viewer.explain(model, cube, 0, 0, labels=two)
    (features,) = [s for s in model.scenes if s.origin is cube]
    labelled = np.flatnonzero(two)
    own = features.spectra_at(labelled)
    ids = two.ravel()[labelled]
    neutral = (own[ids == 2].mean(axis=0) + own[ids == 5].mean(axis=0)) / 2
    spectrum = features.spectra_at(np.array([0]))[0]
    k = found.class_ids.index(found.class_id)
    weights = model.steepness * (model.scorer.weights[:, k] - model.scorer.weights[:, 1 - k])
    by_hand = weights * (spectrum - neutral)
    wanted = [by_hand[list(g.bands)].sum() for g in found.groups]
    np.testing.assert_allclose([g.effect for g in found.groups], wanted, rtol=1e-3, atol=1e-4)
    assert {b for g in found.groups for b in g.bands} == set(range(20))
    assert len(found.groups) == 16
    assert max(wanted) > 0 > min(wanted)
    order = np.argsort([g.effect for g in found.groups])
    np.testing.assert_array_equal(order, np.argsort(wanted))
    (voice,) = found.voices
    assert (voice.title, voice.weight) == ("Linear discriminant", 1.0)
    said = model.predict(cube, refine=False).probabilities[0, 0]
    np.testing.assert_allclose(found.probabilities, said, atol=1e-6)
    p = float(said[k])
    for group in found.groups:  # log-odds and probability say the same
        odds = np.log(p / (1 - p)) - group.effect
        assert group.without == pytest.approx(1 / (1 + np.exp(-odds)), abs=1e-4)
    np.testing.assert_allclose(found.spectrum, cube.spectrum(0, 0))
    np.testing.assert_allclose(
        found.class_means[5], cube.read()[two == 5].mean(axis=0, dtype=np.float64), rtol=1e-5
    )
    assert found.nearest[0].distance == pytest.approx(found.dissimilarity)
    assert repr(found).startswith(f"<Explanation of class {found.class_id} at row 0, column 0: ")
    elsewhere = hsi_viewer.explain(model, cube, 3, 17, labels=two)
    assert (elsewhere.row, elsewhere.column) == (3, 17)
    np.testing.assert_allclose(elsewhere.spectrum, cube.spectrum(3, 17))


def test_the_engine_says_what_its_voices_and_exits_say(scene, tmp_path):
    cube, labels = scene
    model = fit_engine(cube, labels, PLAIN, recipe=SMALL, port=SilentPort())
    explainer = Explainer(model, cube, labels)
    mapped = model.predict(cube, labels=labels, refine=False, port=SilentPort())
    for row, column in ((0, 0), (11, 13), (23, 4)):
        found = explainer.explain(row, column)
        said = mapped.probabilities[row, column]
        np.testing.assert_allclose(found.probabilities, said, atol=2e-4)
        assert found.answer == mapped.class_map[row, column]
        assert sum(v.weight for v in found.voices) == pytest.approx(1, abs=1e-5)
        assert [v.title for v in found.voices][-1] == "Network, exit 3"
        assert all(v.probabilities.sum() == pytest.approx(1, abs=1e-4) for v in found.voices)
    labelled = explainer.explain(6, 5)
    assert (labelled.nearest[0].row, labelled.nearest[0].column) == (6, 5)
    assert labelled.nearest[0].class_id == labels[6, 5]
    assert labelled.nearest[0].distance == pytest.approx(0, abs=1e-3)
    assert labelled.applies
    other = next(i for i in model.class_ids if i != labelled.class_id)
    assert explainer.explain(6, 5, other).class_id == other

    even = HyperCube.from_array(np.broadcast_to(cube.spectrum(0, 0), cube.shape), cube.wavelengths)
    usual = hsi_viewer.explain(model, even, 6, 5, labels=labels)
    assert max(abs(g.effect) for g in labelled.groups) > 0.01
    np.testing.assert_allclose([g.effect for g in usual.groups], 0, atol=1e-4)

    model.save(tmp_path)
    loaded = load_model(tmp_path)
    again = hsi_viewer.explain(loaded, cube, 6, 5, labels=labels)
    np.testing.assert_allclose(again.probabilities, labelled.probabilities, atol=1e-4)
    for one, two in zip(again.groups, labelled.groups, strict=True):
        assert one.effect == pytest.approx(two.effect, rel=0.01, abs=0.02)
    alone = hsi_viewer.explain(loaded, cube, 6, 5)
    assert (alone.nearest, alone.class_means) == ((), {})
    assert np.isnan(alone.dissimilarity)
    assert alone.applies


@dataclass
class Thirds:
    """A model of another package: the mean of the last third of the bands decides."""

    name: str = "thirds"
    class_ids: tuple[int, ...] = (3, 8)

    def predict(self, cube, *, labels=None, refine=True, token=None, port=None):
        values = cube.read().astype(float)
        sure = 1 / (1 + np.exp(-values[:, :, -(cube.bands // 3) :].mean(axis=2)))
        probabilities = np.stack([1 - sure, sure], axis=2).astype(np.float32)
        ids = np.where(sure > 0.5, 8, 3).astype(np.uint16)
        return Prediction(ids, probabilities.max(axis=2), self.class_ids, probabilities)


@pytest.mark.parametrize("dtype", ["float32", "int16"])
def test_models_of_which_nothing_is_known_are_asked_by_maps(dtype):
    """Also in the corners of a scene smaller than what is looked at, and without labels."""
    values = np.random.default_rng(1).normal(0, 1, (2, 9, 6)) * (1000 if dtype == "int16" else 1)
    values[:, :, 4:] = np.linspace(-2, 2, 9)[:, None] * (1 if dtype == "float32" else 1.9)
    cube = HyperCube.from_array(values.astype(dtype))
    labels = np.zeros((2, 9), np.uint16)
    labels[0, 0], labels[1, 8] = 3, 8
    for known in (labels, None):
        for row, column, class_id, sign in ((0, 0, 3, 1), (1, 8, 8, 1), (1, 8, 3, -1)):
            found = hsi_viewer.explain(Thirds(), cube, row, column, class_id, labels=known)
            effects = [g.effect for g in found.groups]
            np.testing.assert_allclose(effects[:4], 0, atol=1e-4)
            assert np.sign(effects[4:]).tolist() == [sign] * 2
            np.testing.assert_allclose(
                found.probabilities, Thirds().predict(cube).probabilities[row, column], atol=1e-4
            )
            assert found.voices[0].title == "thirds"


def test_what_cannot_be_explained_is_refused(scene):
    cube, labels = scene
    values = cube.read().copy()
    values[3, 4] = np.nan
    holed = HyperCube.from_array(values)
    model = fit(holed, labels, PLAIN, classifier="lda")
    explainer = Explainer(model, holed, labels)
    with pytest.raises(LabelError, match=r"Row 3, column 4 of .* has no data"):
        explainer.explain(3, 4)
    with pytest.raises(LabelError, match="outside of"):
        explainer.explain(24, 0)
    with pytest.raises(LabelError, match="isn't one of the model's"):
        explainer.explain(0, 0, 77)
    assert np.isfinite(explainer.explain(3, 5).probabilities).all()
    engine = fit_engine(holed, labels, replace(PLAIN, seed=1), recipe=SMALL, port=SilentPort())
    token = CancelToken()
    token.cancel()
    with pytest.raises(TaskCancelledError):
        Explainer(engine, holed, labels).explain(5, 5, token=token)
