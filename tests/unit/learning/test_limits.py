"""Any number of labels, classes and bands; what goes wrong is said."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.errors import LabelError, ModelError, TrainingError
from hsi_viewer.core.labels.classes import LabelClass
from hsi_viewer.core.labels.sampling import draw_per_class
from hsi_viewer.core.training import TrainingConfig
from hsi_viewer.learning import training_loop
from hsi_viewer.learning.trainer import fit
from hsi_viewer.learning.training_pixels import choose_pixels
from tests.unit.learning.made import SMALL, THREE_EPOCHS, Recorder, made_scene


def accuracy(cube: HyperCube, training: np.ndarray, truth: np.ndarray) -> float:
    prediction = fit(cube, training, recipe=SMALL).predict(cube, labels=training)
    return float((prediction.class_map == truth).mean())


def test_one_pixel_in_each_class() -> None:
    cube, truth = made_scene()
    training, _ = draw_per_class(truth, 1)
    assert np.count_nonzero(training) == 4
    assert accuracy(cube, training, truth) > 0.9


def test_two_classes() -> None:
    cube, truth = made_scene()
    two = np.where(truth < 6, 1, 4).astype(np.uint16)
    training, _ = draw_per_class(two, 6)
    assert accuracy(cube, training, two) > 0.95


def test_two_hundred_classes_with_gaps_in_their_ids() -> None:
    rng = np.random.default_rng(0)
    truth = np.repeat(np.repeat(np.arange(200).reshape(10, 20), 3, 0), 3, 1) * 3 + 7
    spectra = rng.uniform(0, 100, (200, 30))
    values = spectra[(truth - 7) // 3] + rng.normal(0, 1, (30, 60, 30))
    cube = HyperCube.from_array(values.astype(np.float32))
    training, _ = draw_per_class(truth.astype(np.uint16), 2)
    model = fit(
        cube, training, recipe=replace(SMALL, features=replace(SMALL.features, components=30))
    )
    prediction = model.predict(cube, labels=training)
    assert model.class_ids == tuple(range(7, 607, 3))
    assert set(np.unique(prediction.class_map)) <= set(model.class_ids)
    assert (prediction.class_map == truth).mean() > 0.6


def test_extreme_imbalance_keeps_the_rare_class() -> None:
    cube, truth = made_scene()
    training = np.where(truth == 2, truth, 0).astype(np.uint16)
    training[-1, -1] = 9
    prediction = fit(cube, training, recipe=SMALL).predict(cube, labels=training)
    assert (prediction.class_map[truth == 9] == 9).mean() > 0.9
    assert (prediction.class_map[truth == 2] == 2).mean() > 0.9


def test_every_pixel_labelled_is_bounded_in_memory() -> None:
    cube, truth = made_scene()
    few = replace(SMALL, training=replace(SMALL.training, patches=100))
    prediction = fit(cube, truth, recipe=few).predict(cube, labels=truth)
    assert (prediction.class_map == truth).mean() > 0.98
    seeds = np.searchsorted([2, 5, 7, 9], truth)
    pixels, targets = choose_pixels(seeds, np.ones(truth.shape, bool), 100, 0)
    assert np.bincount(targets).tolist() == [25] * 4
    assert (seeds.ravel()[pixels] == targets).all()


@pytest.mark.parametrize("bands", [3, 500])
def test_any_number_of_bands(bands: int) -> None:
    """Also more of them than pixels."""
    cube, truth = made_scene(24, 20, bands=bands)
    training, _ = draw_per_class(truth, 5)
    assert accuracy(cube, training, truth) > 0.9


def test_a_cube_of_one_row() -> None:
    cube, truth = made_scene(2, 120)
    row = HyperCube.from_array(cube.read(slice(1, 2)))
    training, _ = draw_per_class(truth[1:], 4)
    assert accuracy(row, training, truth[1:]) > 0.9


def test_constant_and_missing_values_in_bands() -> None:
    cube, truth = made_scene()
    values = cube.read()
    values[:, :, 4] = 12.0
    values[:, :, 6] = np.nan
    values[3:6, 3:6, 8] = np.nan
    values[20, 30] = np.nan
    holed = HyperCube.from_array(values)
    training, _ = draw_per_class(truth, 4)
    training[20, 30] = 9
    with pytest.warns(UserWarning, match="1 of 17 labels lies on a pixel without data"):
        prediction = fit(holed, training, recipe=SMALL).predict(holed, labels=training)
    assert prediction.class_map[20, 30] == 0
    assert prediction.confidence[20, 30] == 0
    assert np.isfinite(prediction.confidence).all()
    assert (prediction.class_map == truth).mean() > 0.95


def test_a_class_labelled_only_where_there_is_no_data_is_refused() -> None:
    cube, truth = made_scene()
    values = cube.read()
    values[0, 0] = np.nan
    training, _ = draw_per_class(truth, 3)
    training[0, 0] = 11
    with pytest.raises(LabelError, match="no data"):
        fit(HyperCube.from_array(values), training, recipe=SMALL)


def test_labels_of_another_size_are_refused() -> None:
    cube, _ = made_scene()
    with pytest.raises(LabelError, match="10 x 10"):
        fit(cube, np.ones((10, 10), int))


def test_legend_names_win_over_the_scenes_and_other_classes_have_a_name() -> None:
    cube, truth = made_scene()
    training, _ = draw_per_class(truth, 2)
    wheat = LabelClass(5, "Wheat", (1, 2, 3))
    legend = fit(cube, training, recipe=SMALL, legend=[wheat]).legend
    assert legend[1] == wheat
    assert [c.id for c in legend] == [2, 5, 7, 9]
    assert legend[0].name == "Class 2"


def diverging(monkeypatch: pytest.MonkeyPatch, bad_call: int) -> None:
    """Make the loss no number at one step."""
    calls = 0
    real = training_loop.Learner._loss

    def loss(self, *arguments):
        nonlocal calls
        calls += 1
        return real(self, *arguments) * (np.nan if calls == bad_call else 1.0)

    monkeypatch.setattr(training_loop.Learner, "_loss", loss)


def test_a_loss_that_is_no_number_leaves_the_last_good_model(monkeypatch) -> None:
    cube, truth = made_scene()
    training, test = draw_per_class(truth, 4)
    diverging(monkeypatch, 25)
    recorder = Recorder()
    model = fit(cube, training, recipe=THREE_EPOCHS, port=recorder)
    assert model.warning is not None
    assert "step 25 of 30" in model.warning
    assert any(model.warning == getattr(i, "message", "") for i in recorder.items)
    prediction = model.predict(cube, labels=training)
    assert (prediction.class_map[test > 0] == test[test > 0]).mean() > 0.9


def test_a_loss_that_is_no_number_at_once_is_an_error(monkeypatch) -> None:
    cube, truth = made_scene()
    training, _ = draw_per_class(truth, 4)
    diverging(monkeypatch, 1)
    with pytest.raises(TrainingError, match="NaN at step 1 "):
        fit(cube, training, recipe=SMALL)


def test_a_device_that_is_not_there_is_named() -> None:
    cube, truth = made_scene()
    training, _ = draw_per_class(truth, 2)
    with pytest.raises(TrainingError, match="mps"):
        fit(cube, training, TrainingConfig(device="mps"), recipe=SMALL)


def test_a_cube_with_other_bands_and_no_wavelengths_is_refused() -> None:
    cube, truth = made_scene()
    training, _ = draw_per_class(truth, 2)
    model = fit(cube, training, recipe=SMALL)
    with pytest.raises(ModelError, match="7 bands but the model was trained on 20"):
        model.predict(HyperCube.from_array(cube.read(bands=range(7))))
