"""Choosing a classifier in the Training panel, with keys and mouse, and what comes of it."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog

from hsi_viewer.core.labels.sampling import Draw
from hsi_viewer.learning.classifiers import hybridsn_sd
from hsi_viewer.learning.hybridsn.network import HybridRecipe
from hsi_viewer.preferences.settings import Settings, load_settings
from hsi_viewer.session.document.map_scoring import scoring_of
from hsi_viewer.session.storage.training_runs import MODEL

KEYS = {"lda": 1, "svm": 2, "hybridsn-sd": 3}  # times Down from SDHSI-Net
TITLES = {
    "lda": "Linear discriminant",
    "svm": "Support vector machine",
    "hybridsn-sd": "Self-distilled HybridSN",
}


@pytest.fixture
def labelled(driver, tmp_path):
    """A small scene of two fields with a few labels in each."""
    rng = np.random.default_rng(0)
    truth = np.ones((24, 30), np.uint16)
    truth[:, 15:] = 2
    values = truth[:, :, None] * np.linspace(1, 3, 8) + rng.normal(0, 0.2, (24, 30, 8))
    np.save(tmp_path / "scene.npy", values.astype(np.float32))
    driver.open(str(tmp_path / "scene.npy"))
    driver.document.draw_training_pixels(truth, 6, 0, {1: "Corn", 2: "Woods"})
    return driver


def choose(driver, name: str) -> None:
    box = driver.window.panel("training").classifier_box
    for _ in range(box.count()):
        QTest.keyClick(box, Qt.Key.Key_Up)
    for _ in range(KEYS.get(name, 0)):
        QTest.keyClick(box, Qt.Key.Key_Down)
    assert box.currentData() == name


def press_train(driver) -> None:
    driver.window.feature("training").training.cancel()
    driver.settle()
    driver.trained = []
    driver.window.feature("training").training.trained.connect(driver.trained.append)
    button = driver.window.panel("training").train_button
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    driver.qtbot.waitUntil(lambda: bool(driver.trained))
    driver.settle()


def training_runs(driver):
    return driver.window.context.sessions.session.training_runs


@pytest.mark.parametrize("name", ["lda", "svm", "hybridsn-sd"])
def test_train_maps_with_the_chosen_classifier_and_keeps_its_model(labelled, name, monkeypatch):
    small = HybridRecipe(components=13, side=9, epochs=4, rate=3e-3)
    monkeypatch.setattr(hybridsn_sd, "RECIPE", small)
    choose(labelled, name)
    press_train(labelled)
    document, panel = labelled.document, labelled.window.panel("training")
    strength = labelled.window.feature("training").training.model.refinement.strength
    source = TITLES[name] + ", refined" * (strength != "none")
    assert document.prediction.source == source
    assert (document.prediction.class_map == document.truth).mean() > 0.95
    assert panel.status.text().startswith("The final map took ")
    assert source in panel.status.toolTip()
    assert labelled.window.feature("training").training.model.name == name
    labelled.qtbot.waitUntil(lambda: bool(training_runs(labelled).runs))
    run = training_runs(labelled).runs[0]
    assert run.title == f"1: {TITLES[name]}, seed 0"
    device = {"device": "auto"} if name == "hybridsn-sd" else {}
    assert run.config == {"classifier": name, "seed": 0, **device, "refine": True}
    assert set(MODEL) <= set(training_runs(labelled).files(run.id))


def test_settings_that_do_not_apply_are_grey_and_say_why(labelled):
    panel = labelled.window.panel("training")
    for name in ("lda", "svm", "hybridsn-sd"):
        assert not panel.unused.isVisible()
        choose(labelled, name)
        for widget in (panel.preset, panel.voices, panel.distillation):
            assert not widget.isEnabled()
            assert widget.toolTip() == f"{TITLES[name]} has no such setting"
        for widget in (panel.seed, panel.refine):
            assert widget.isEnabled()
        assert panel.unused.isVisible()
        assert panel.unused.text() == f"{TITLES[name]} doesn't use: preset, voices, distillation."
        choose(labelled, "sdhsi")
        assert panel.preset.isEnabled()
        assert "Fast" in panel.preset.toolTip()
        assert not panel.unused.isVisible()


def test_the_choice_is_remembered_and_one_that_is_gone_gives_the_default(make_driver, own_settings):
    first = make_driver()
    choose(first, "svm")
    first.window.close()
    assert load_settings().classifier == "svm"
    assert make_driver(Settings(classifier="svm")).window.panel("training").classifier.name == "svm"
    gone = make_driver(Settings(classifier="of a plug-in that was uninstalled"))
    assert gone.window.panel("training").classifier.name == "sdhsi"


@pytest.mark.parametrize("name", ["lda", "svm"])
def test_live_trains_after_each_stroke_and_such_runs_take_one_place(labelled, name):
    choose(labelled, name)
    press_train(labelled)
    QTest.mouseClick(labelled.window.panel("training").live, Qt.MouseButton.LeftButton)
    labelled.qtbot.waitUntil(lambda: len(labelled.trained) == 2)
    labelled.settle()
    labelled.key(Qt.Key.Key_1)
    free = np.argwhere(scoring_of(labelled.document).test_pixels() > 0)
    for number, pixel in ((3, free[0]), (4, free[-1])):
        labelled.click(*pixel)
        labelled.qtbot.waitUntil(lambda wanted=number: len(labelled.trained) == wanted)
        labelled.settle()
    labelled.qtbot.waitUntil(
        lambda: [run.live for run in training_runs(labelled).runs] == [False, True]
    )
    assert all(t.classifier.name == name for t in labelled.trained)
    assert [t.live for t in labelled.trained][:2] == [False, True]
    assert training_runs(labelled).runs[1].title.endswith("seed 0, live")


def test_a_model_of_another_classifier_is_not_gone_on_from(labelled):
    choose(labelled, "lda")
    press_train(labelled)
    choose(labelled, "svm")
    QTest.mouseClick(labelled.window.panel("training").live, Qt.MouseButton.LeftButton)
    labelled.qtbot.waitUntil(lambda: len(labelled.trained) == 2)
    assert (labelled.trained[1].classifier.name, labelled.trained[1].live) == ("svm", False)
    assert labelled.window.feature("training").training.model.name == "svm"


def test_the_sample_scene_and_cancel(sample):
    sample.window.context.labelling.files.load(sample.document.cube.ground_truth, Draw(10))
    sample.qtbot.waitUntil(lambda: sample.document.labels.total == 160)
    panel = sample.window.panel("training")
    choose(sample, "svm")
    QTest.mouseClick(panel.train_button, Qt.MouseButton.LeftButton)
    sample.qtbot.waitUntil(lambda: "cross-validation" in panel.status.text())
    QTest.mouseClick(panel.cancel_button, Qt.MouseButton.LeftButton)
    sample.qtbot.waitUntil(lambda: "cancelled" in panel.status.text())
    assert sample.document.prediction is None
    choose(sample, "lda")
    press_train(sample)
    document = sample.document
    scored = (document.truth > 0) & (document.labels.ids == 0)
    right = (document.prediction.class_map == document.truth)[scored].mean()
    assert document.prediction.source.startswith(TITLES["lda"])
    assert right > 0.7  # the plain methods reach a half without the refinement
    sample.document.mark_saved()


def test_the_model_of_a_run_comes_back_with_its_session(
    labelled, make_driver, tmp_path, monkeypatch
):
    choose(labelled, "lda")
    press_train(labelled)
    labelled.qtbot.waitUntil(lambda: bool(training_runs(labelled).runs))
    labelled.settle()
    path = tmp_path / "work.hsiproj"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_a, **_k: (str(path), ""))
    labelled.trigger("file.save")
    labelled.qtbot.waitUntil(lambda: not labelled.window.context.sessions.unsaved())
    labelled.settle()
    labelled.let_go()
    again = make_driver()
    again.window.open(str(path))
    again.qtbot.waitUntil(
        lambda: again.document is not None and again.document.prediction is not None
    )
    training = again.window.feature("training").training
    again.qtbot.waitUntil(lambda: training.model is not None)
    assert training.model.name == "lda"
    assert again.document.prediction.source.startswith("Linear discriminant")
