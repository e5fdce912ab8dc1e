"""What a training shows on the way, what it learns from without labels, and what it keeps."""

from __future__ import annotations

import gc
import hashlib
import weakref
from dataclasses import replace
from importlib.metadata import version

import numpy as np
import pytest

from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.errors import LabelError
from hsi_viewer.core.labels.classes import LabelClass
from hsi_viewer.core.labels.sampling import draw_per_class
from hsi_viewer.core.prediction import Prediction
from hsi_viewer.core.progress import CancelToken, Progress
from hsi_viewer.core.training import TrainingConfig
from hsi_viewer.learning import model as model_module
from hsi_viewer.learning import trainer
from hsi_viewer.learning.features import fit_features
from hsi_viewer.learning.model import prediction_of
from hsi_viewer.learning.predictor import DenseOutput
from hsi_viewer.learning.recipe import PRESETS, recipe_for
from hsi_viewer.learning.scene_features import SceneFeatures
from hsi_viewer.learning.trainer import Run, fit
from tests.unit.learning.made import SMALL, THREE_EPOCHS, Recorder, made_scene

CUBE, TRUTH = made_scene()
TRAINING, _ = draw_per_class(TRUTH, 4)
IDS = (2, 5, 7, 9)
WIDE = TrainingConfig(voices="surroundings")  # the network and the walker are heard


def run_of(cube: HyperCube, training, config=None, port=None, **distillation) -> Run:
    recipe = replace(SMALL, distillation=replace(SMALL.distillation, **distillation))
    scene = SceneFeatures(cube, fit_features(cube, recipe.features))
    return Run(
        scene, training, IDS, recipe, config or TrainingConfig(), CancelToken(), port or Recorder()
    )


@pytest.mark.parametrize("refine", [True, False])
def test_early_maps_are_refined_if_the_user_wants_it(refine: bool) -> None:
    port = Recorder()
    model = fit(CUBE, TRAINING, replace(WIDE, refine=refine), recipe=THREE_EPOCHS, port=port)
    maps = [i for i in port.items if isinstance(i, Prediction)]
    sources = ["instant model", "SDHSI-Net, shallow exit"]
    assert [m.source for m in maps] == [t + ", refined" * refine for t in sources]
    kinds = [type(i).__name__ for i in port.items]
    epoch = ["EpochReport", "Progress"]
    # The shallow exit is shown after a third of the steps, which is one epoch here.
    features = ["Progress"] * 3  # begun, computed, compared
    assert kinds == [*features, "Prediction", *epoch, "Prediction", *epoch, *epoch]
    again = Recorder()
    fit(CUBE, TRAINING, WIDE, recipe=THREE_EPOCHS, warm_start=model, port=again)
    assert not any(isinstance(i, Prediction) for i in again.items)
    assert not any("features" in getattr(i, "message", "") for i in again.items)


def test_a_warm_start_with_another_recipe_begins_again() -> None:
    plain = replace(WIDE, refine=False)
    model = fit(CUBE, TRAINING, plain, recipe=SMALL)
    other = replace(SMALL, training=replace(SMALL.training, smoothing=0.1))
    port = Recorder()
    again = fit(CUBE, TRAINING, plain, recipe=other, warm_start=model, port=port)
    assert again.scene_of(CUBE) is not model.scene_of(CUBE)
    assert port.items[0] == Progress("Computing features", 0.0)
    assert sum(isinstance(i, Prediction) for i in port.items) == 2


def test_a_model_knows_what_it_was_made_of() -> None:
    waves = np.linspace(400, 900, 20)
    cube = HyperCube.from_array(CUBE.read(), waves, class_names={5: "Corn", 7: "Oats"})
    wheat = LabelClass(7, "Wheat", (1, 2, 3))
    config = TrainingConfig(seed=3, distillation="mutual")
    model = fit(cube, TRAINING.astype(np.int64), config, legend=[wheat], recipe=SMALL)
    assert [c.name for c in model.legend] == ["Class 2", "Corn", "Wheat", "Class 9"]
    assert model.label_digest == hashlib.sha256(TRAINING.astype(np.uint16).tobytes()).hexdigest()
    assert np.array_equal(model.wavelengths, waves)
    assert (model.bands, model.config, model.warning) == (20, config, None)
    assert model.versions["numpy"] == version("numpy")
    assert model.versions["hsi-viewer"] == version("hsi-viewer")
    assert model.pool.temperature == 1.0
    assert not model.network.training


def test_a_preset_is_a_recipe_and_the_users_distillation_goes_before_its_own() -> None:
    assert recipe_for(TrainingConfig(preset="best")) == PRESETS["best"]
    assert recipe_for(TrainingConfig(preset="best", distillation=None)) == PRESETS["best"]
    for preset in PRESETS:
        found = recipe_for(TrainingConfig(preset=preset, distillation="ensemble"))
        assert found.distillation.mode == "ensemble"
        assert replace(found, distillation=PRESETS[preset].distillation) == PRESETS[preset]


def said_by(monkeypatch, probabilities, valid=None) -> None:
    """Let the network and the walker answer so of every scene."""
    rows, columns = probabilities.shape[:2]
    valid = np.ones((rows, columns), bool) if valid is None else valid
    output = DenseOutput(probabilities, np.zeros((rows, columns), np.float32), valid)
    monkeypatch.setattr(trainer, "dense", lambda *_a, **_k: output)
    monkeypatch.setattr(trainer, "walk", lambda p, *_a: p)


def test_soft_targets_are_sure_unlabelled_pixels_evenly_of_all_classes(monkeypatch) -> None:
    values = CUBE.read().copy()
    values[30:, 30:] = np.nan
    cube = HyperCube.from_array(values)
    run = run_of(cube, TRAINING, confident=0.7)
    sure = np.full((*TRUTH.shape, 4), 0.05, np.float32)
    sure[np.arange(40)[:, None], np.arange(36), np.searchsorted(IDS, TRUTH)] = 0.85
    sure[:10] = 0.25  # nobody knows
    sure[10:12] = [0.7, 0.1, 0.1, 0.1]  # not above the limit
    said_by(monkeypatch, sure)
    monkeypatch.setattr(trainer, "SOFT_PIXELS", 4 * 50)
    network = run.network(None)
    wanted: list[np.ndarray] = []
    real = run.scene.patches

    def patches(pixels, radius, token):
        wanted.append(pixels)
        return real(pixels, radius, token)

    monkeypatch.setattr(run.scene, "patches", patches)
    soft = run.soft_targets(network)
    (pixels,) = wanted
    assert (np.diff(pixels) > 0).all()
    rows, columns = np.divmod(pixels, 36)
    assert rows.min() >= 12
    assert not ((rows >= 30) & (columns >= 30)).any()
    assert not TRAINING.ravel()[pixels].any()
    counts = np.bincount(np.searchsorted(IDS, TRUTH.ravel()[pixels]))
    assert counts.tolist() == [50] * 4
    assert np.array_equal(soft.probabilities.numpy(), sure.reshape(-1, 4)[pixels])
    assert soft.patches.shape == (200, run.scene.features.channels, 7, 7)
    run.recipe = replace(run.recipe, distillation=replace(run.recipe.distillation, balanced=True))
    even = run.soft_targets(network).probabilities
    assert np.allclose(even.sum(dim=1), 1)
    assert np.abs(even.mean(dim=0).numpy() - 0.25).max() < 0.01


@pytest.mark.parametrize("reach", [1, 3])
def test_nearby_is_counted_in_rows_and_columns(reach: int, monkeypatch) -> None:
    training = np.zeros_like(TRUTH)
    training[[5, 5, 30, 30], [5, 30, 5, 30]] = IDS
    run = run_of(CUBE, training, nearby=reach)
    sure = np.full((*TRUTH.shape, 4), 0.02, np.float32)
    sure[np.arange(40)[:, None], np.arange(36), np.searchsorted(IDS, TRUTH)] = 0.94
    said_by(monkeypatch, sure)
    assert len(run.soft_targets(run.network(None)).patches) == 4 * ((2 * reach + 1) ** 2 - 1)


def test_a_map_is_the_likeliest_class_with_its_probability() -> None:
    p = np.array([[[0.2, 0.5, 0.3], [0.7, 0.1, 0.2]], [[0.1, 0.1, 0.8], [0.4, 0.4, 0.2]]], "f4")
    valid = np.array([[True, True], [True, False]])
    found = prediction_of(p, valid, (3, 4, 9), "made")
    assert found.class_map.tolist() == [[4, 3], [9, 0]]
    assert found.confidence == pytest.approx(np.array([[0.5, 0.7], [0.8, 0.0]]))
    assert (found.final, found.source, found.class_ids) == (True, "made", (3, 4, 9))


def test_a_prediction_tells_what_it_is_and_keeps_what_the_network_said(monkeypatch) -> None:
    model = fit(CUBE, TRAINING, WIDE, recipe=SMALL)
    port = Recorder()
    plain = model.predict(CUBE, refine=False, port=port)
    assert plain.source == "SDHSI-Net, exits averaged"
    assert [type(i) for i in port.items] == [Progress]
    again = Recorder()
    refined = model.predict(CUBE, port=again)
    assert refined.source == "SDHSI-Net, exits averaged, refined"
    assert [i.message for i in again.items] == ["Refining the map along the image"]
    assert not np.array_equal(refined.confidence, plain.confidence)
    assert np.array_equal(refined.disagreement, plain.disagreement)
    seeded = model.predict(CUBE, labels=TRAINING)
    labelled = TRAINING > 0
    assert (seeded.class_map[labelled] == TRAINING[labelled]).all()
    assert seeded.confidence[labelled].mean() > refined.confidence[labelled].mean()
    other = HyperCube.from_array(CUBE.read()[:30] + 1, name="other")
    mapped = model.predict(other)
    assert mapped.class_map.shape == (30, 36)
    assert model.scene_of(other) is not None
    assert model.scene_of(CUBE) is None  # one scene is kept, the last
    monkeypatch.setattr(model_module, "KEEP_BYTES", 100)
    model._outputs.clear()
    for _ in range(2):
        port = Recorder()
        model.predict(other, refine=False, port=port)
        assert len(port.items) == 1
    with pytest.raises(LabelError, match="30"):
        model.predict(other, labels=TRAINING)


@pytest.mark.parametrize("config", [TrainingConfig(), WIDE])
def test_a_training_lets_go_of_the_scene_without_a_search_for_garbage(config, monkeypatch) -> None:
    """The features of a large scene are a gigabyte; Python looks for circles once in a while."""
    runs = []
    made = Run.__init__

    def noted(self, *args, **options) -> None:
        made(self, *args, **options)
        runs.append(weakref.ref(self))

    monkeypatch.setattr(Run, "__init__", noted)
    gc.collect()
    gc.disable()
    try:
        fit(CUBE, TRAINING, config, recipe=SMALL)
        assert [run() for run in runs] == [None]
    finally:
        gc.enable()
