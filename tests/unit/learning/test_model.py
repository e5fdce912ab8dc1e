"""A trained model: files, other sensors, warm starts, strokes."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest

from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.errors import ExportError, FileError, FormatError, ModelError
from hsi_viewer.core.labels.sampling import draw_per_class
from hsi_viewer.learning import model as model_module
from hsi_viewer.learning.model import TrainedModel, load_model
from hsi_viewer.learning.model_state import scene_digest
from hsi_viewer.learning.trainer import fit
from tests.unit.learning.made import SMALL, Recorder, made_scene

WAVES = np.linspace(400, 1000, 20)


Trained = tuple[HyperCube, np.ndarray, np.ndarray, TrainedModel]


@pytest.fixture(scope="module")
def trained() -> Trained:
    """A made scene with smooth spectra and wavelengths, its truth, labels and model."""
    _, truth = made_scene()
    rng = np.random.default_rng(0)
    curves = {i: 1000 + 500 * np.sin(WAVES / 120 + rng.uniform(0, 6)) for i in (2, 5, 7, 9)}
    values = np.stack([curves[int(i)] for i in truth.ravel()]).reshape(*truth.shape, 20)
    values += rng.normal(0, 30, values.shape)
    scene = HyperCube.from_array(values.astype(np.float32), WAVES, name="scene")
    training, _ = draw_per_class(truth, 5)
    return scene, truth, training, fit(scene, training, recipe=SMALL)


def test_a_model_file_tells_everything(trained, tmp_path) -> None:
    cube, _, _, model = trained
    said = r"<TrainedModel SDHSI-Net: 4 classes, 20 bands, 400-1000 nm, trained in \d+\.\d s>"
    assert re.fullmatch(said, repr(model))
    weights, description = model.save(tmp_path / "out")
    facts = json.loads(description.read_text())
    assert facts["sensor_range"] == [400.0, 1000.0]
    assert facts["seed"] == 0
    assert len(facts["label_digest"]) == 64
    assert set(facts["versions"]) >= {"torch", "numpy"}
    for location in (tmp_path / "out", weights, description):
        again = load_model(location)
        assert again.recipe == model.recipe
        assert np.array_equal(again.predict(cube).confidence, model.predict(cube).confidence)


def test_damaged_and_missing_files_are_named(trained, tmp_path) -> None:
    _, _, _, model = trained
    weights, description = model.save(tmp_path)
    description.write_text("{}")
    with pytest.raises(FormatError, match=r"model\.json"):
        load_model(tmp_path)
    model.save(tmp_path)
    weights.write_bytes(b"no tensors")
    with pytest.raises(FormatError, match=r"model\.safetensors"):
        load_model(tmp_path)
    weights.unlink()
    with pytest.raises(FileError, match="missing"):
        load_model(tmp_path)


def test_a_model_of_an_earlier_version_is_refused(tmp_path) -> None:
    cube, truth = made_scene()
    _, description = fit(cube, draw_per_class(truth, 3)[0], recipe=SMALL).save(tmp_path / "m")
    written = json.loads(description.read_text("utf-8"))
    description.write_text(json.dumps({**written, "schema": 1}), "utf-8")
    with pytest.raises(FormatError, match="Train it again"):
        load_model(tmp_path / "m")


def test_a_folder_that_is_a_file_cannot_be_written(trained, tmp_path) -> None:
    _, _, _, model = trained
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(ExportError, match="cannot be written"):
        model.save(tmp_path / "file" / "deeper")


def test_another_sensor_of_the_same_range_is_resampled(trained) -> None:
    cube, truth, training, model = trained
    finer = np.linspace(395, 1005, 71)
    values = cube.read().reshape(-1, 20)
    fine = np.stack([np.interp(finer, WAVES, v) for v in values]).reshape(*truth.shape, 71)
    other = HyperCube.from_array(fine[:, :, ::-1], finer[::-1].copy(), name="other")
    with pytest.warns(UserWarning, match="other has other bands .* resampled to its 20"):
        prediction = model.predict(other, labels=training)
    assert (prediction.class_map == truth).mean() > 0.95


def test_another_range_is_refused_and_both_are_named(trained) -> None:
    cube, _, _, model = trained
    other = HyperCube.from_array(cube.read(), WAVES + 600, name="infrared")
    with pytest.raises(ModelError, match=r"400-1000 nm, but infrared covers 1000-1600 nm"):
        model.predict(other)


def test_missing_values_of_another_sensor_stay_missing(trained) -> None:
    cube, _, _, model = trained
    values = cube.read()
    values[2, 3] = -1.0
    other = HyperCube.from_array(values, WAVES + 3.0, nodata=-1.0)
    with pytest.warns(UserWarning, match="has other bands"):
        prediction = model.predict(other)
    assert prediction.class_map[2, 3] == 0
    assert np.count_nonzero(prediction.class_map == 0) == 1


def test_a_stroke_changes_the_map_without_new_inference(trained, monkeypatch) -> None:
    cube, truth, training, model = trained
    before = model.predict(cube, labels=training)
    stroke = training.copy()
    stroke[:6, :6] = 9
    monkeypatch.setattr(model_module.Ensemble, "mapped", None)  # no voice is asked again
    after = model.predict(cube, labels=stroke)
    assert (after.class_map[:6, :6] == 9).all()
    assert (before.class_map[:6, :6] == truth[:6, :6]).all()


def test_results_are_not_shared_between_predictions(trained) -> None:
    cube, _, _, model = trained
    first, second = model.predict(cube, refine=False), model.predict(cube, refine=False)
    assert first.probabilities is not None
    assert second.probabilities is not None
    first.probabilities[:] = 0
    assert first.disagreement is not None
    first.disagreement[:] = 5
    assert second.probabilities.max() > 0.25
    third = model.predict(cube, refine=False)
    assert np.array_equal(second.class_map, third.class_map)
    assert third.disagreement is not None
    assert 0 <= third.disagreement.min() <= third.disagreement.max() <= 1


def test_a_warm_start_goes_on_and_learns_a_new_class(trained) -> None:
    cube, truth, training, model = trained
    changed = training.copy()
    changed[2:6, 2:6] = 30
    recorder = Recorder()
    warm = fit(cube, changed, recipe=SMALL, warm_start=model, port=recorder)
    assert warm.scene_of(cube) is model.scene_of(cube)
    assert warm.class_ids == (2, 5, 7, 9, 30)
    epochs = [i for i in recorder.items if hasattr(i, "exit_accuracy")]
    assert epochs[-1].epochs == -(-SMALL.training.warm_steps // 10)
    kept = warm.predict(cube, labels=changed).class_map[truth == 9]
    assert (kept == 9).mean() > 0.9


def test_a_warm_start_from_another_cube_begins_anew(trained) -> None:
    _, _, _, model = trained
    other, truth = made_scene()
    training, _ = draw_per_class(truth, 4)
    fresh = fit(other, training, recipe=SMALL)
    warm = fit(other, training, recipe=SMALL, warm_start=model)
    assert np.array_equal(fresh.predict(other).confidence, warm.predict(other).confidence)


def test_a_loaded_model_knows_its_wavelengths(trained, tmp_path) -> None:
    cube, truth, training, model = trained
    model.save(tmp_path)
    again = load_model(tmp_path)
    assert np.array_equal(again.wavelengths, WAVES)
    assert again.bands == 20
    far = HyperCube.from_array(cube.read(), WAVES + 600, name="infrared")
    with pytest.raises(ModelError, match=r"400-1000 nm, but infrared covers 1000-1600 nm"):
        again.predict(far)
    finer = np.linspace(400, 1000, 71)
    values = np.stack([np.interp(finer, WAVES, v) for v in cube.read().reshape(-1, 20)])
    fine = HyperCube.from_array(values.reshape(*truth.shape, 71), finer)
    with pytest.warns(UserWarning, match="has other bands"):
        prediction = again.predict(fine, labels=training)
    assert (prediction.class_map == truth).mean() > 0.95


def test_the_scene_of_a_model_of_another_version_is_known_again():
    values = np.arange(30 * 12 * 2, dtype=np.int16).reshape(30, 12, 2)
    digest = "796ebbb0ab278583d9f834489d55921d4322b9649851aa9c2f8f061ce5bd1397"
    assert scene_digest(HyperCube.from_array(values)) == digest
