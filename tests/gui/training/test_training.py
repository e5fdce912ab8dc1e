from __future__ import annotations

import threading

import numpy as np
import pytest
from PySide6.QtCore import Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMessageBox

from hsi_viewer.core import time_left
from hsi_viewer.core.evidence import Evidence, VoiceShare
from hsi_viewer.core.labels.sampling import Draw
from hsi_viewer.core.prediction import Prediction
from hsi_viewer.core.progress import Note, Progress, TaskCancelledError
from hsi_viewer.core.training import EpochReport, Learned
from hsi_viewer.learning import cross_validation, trainer
from hsi_viewer.session.document.map_scoring import scoring_of
from hsi_viewer.ui.features.training import training


def prediction(value: int, *, final: bool = True) -> Prediction:
    return Prediction(
        np.full((145, 145), value, np.uint16),
        np.full((145, 145), 0.5, np.float32),
        (1, 2),
        source=f"map {value}",
        final=final,
    )


class SlowTrainer:
    """Stands in for the trainer: shows one early map and works until it is cancelled or let go."""

    name, class_ids = "sdhsi", (1, 2)
    evidence = Evidence(
        (
            VoiceShare("pixels", "Single pixels", 0.7, -0.1),
            VoiceShare("network", "Network", 0.3, -0.4),
            VoiceShare("surroundings", "Surroundings", 0.0, -2.0),
        ),
        "none",
        0,
    )

    def __init__(self) -> None:
        self.started = threading.Event()
        self.may_end = threading.Event()
        self.error: Exception | None = None
        self.seconds = {"train": 0.5}
        self.warning = ""
        self.runs: list[tuple[int, object]] = []  # labelled pixels, and the model gone on from

    def fit(self, cube, labels, config, *, legend, warm_start, viewed, token, port):
        self.runs.append((int((labels > 0).sum()), warm_start))
        self.viewed, self.voices = viewed, config.voices
        port.report(EpochReport(1, 3, 2.0, (0.2, 0.3, 0.4)))
        port.report(prediction(1, final=False))
        self.started.set()
        while not self.may_end.wait(0.01):
            token.check()
        if self.error is not None:
            raise self.error
        port.report(EpochReport(2, 3, 1.0, (0.5, 0.6, 0.7)))
        return self

    def predict(self, cube, *, labels, refine, token, port):
        return prediction(2)

    def save(self, folder):
        """There is nothing in it to be kept."""


@pytest.fixture
def slow(monkeypatch) -> SlowTrainer:
    slow_trainer = SlowTrainer()
    monkeypatch.setattr(trainer, "fit", slow_trainer.fit)
    monkeypatch.setattr(cross_validation, "evidence_of", lambda model, *_a, **_k: model.evidence)
    return slow_trainer


@pytest.fixture
def driver(shared):
    return shared


@pytest.fixture
def own_sample(make_driver):
    """A window for a test that closes it, with the sample scene open."""
    made = make_driver()
    made.open("sample:indian-pines")
    return made


@pytest.fixture
def labelled(sample):
    """The sample scene with ten training pixels a class."""
    return with_labels(sample)


def with_labels(sample):
    sample.window.context.labelling.files.load(sample.document.cube.ground_truth, Draw(10))
    sample.qtbot.waitUntil(lambda: sample.document.labels.total == 160)
    sample.document.mark_saved()
    return sample


def press_train(driver, slow) -> None:
    QTest.mouseClick(driver.window.panel("training").train_button, Qt.MouseButton.LeftButton)
    assert driver.window.feature("training").training.running
    driver.qtbot.waitUntil(lambda: driver.document.prediction is not None)


def answer(button_text: str) -> list[str]:
    """Press a button of the next message box; the list gets the box's text."""
    seen: list[str] = []

    def look() -> None:
        box = QApplication.activeModalWidget()
        if isinstance(box, QMessageBox):
            seen.append(box.text())
            for button in box.buttons():
                if button.text().replace("&", "") == button_text:
                    QTest.mouseClick(button, Qt.MouseButton.LeftButton)
                    return
        QTimer.singleShot(20, look)

    QTimer.singleShot(20, look)
    return seen


def test_progress_curves_early_map_and_final_map(labelled, slow):
    press_train(labelled, slow)
    panel = labelled.window.panel("training")
    assert labelled.document.prediction.source == "map 1"
    assert panel.epochs_shown() == 1
    part = slow.viewed.part  # early maps are painted first where the user looks
    assert (part.rows, part.columns) == (slice(0, 145), slice(0, 145))
    labelled.window.context.canvas.zoom(3.0)
    nearer = slow.viewed.part
    assert 0 < nearer.rows.start < nearer.rows.stop < 145
    assert nearer.step == 1
    assert panel.cancel_button.isVisible()
    assert not panel.train_button.isEnabled()
    slow.may_end.set()
    labelled.qtbot.waitUntil(lambda: not labelled.window.feature("training").training.running)
    assert labelled.document.prediction.source == "map 2"
    assert panel.epochs_shown() == 2
    assert "The final map took " in panel.status.text()
    assert "map 2" in panel.status.toolTip()
    assert panel.status.text().endswith(
        " Decided by single pixels (70 %) and network (30 %)."
    )  # and not by the voice without a share
    assert panel.status.toolTip().endswith(
        "Too few places are labelled to choose these shares by their accuracy."
    )
    assert panel.train_button.isEnabled()
    # those who know better choose the voices themselves
    assert slow.voices == "auto"
    QTest.keyClick(panel.voices, Qt.Key.Key_Down)
    assert panel.voices.currentText() == "Single pixels only"
    press_train(labelled, slow)
    labelled.qtbot.waitUntil(lambda: not labelled.window.feature("training").training.running)
    assert slow.voices == "pixels"


def test_what_the_engine_notes_is_shown_once_though_each_stroke_trains_again(labelled, slow):
    note = "3 of 160 labels lie on pixels without data and were not used."
    fit = slow.fit

    def noting(cube, *arguments, port, **options):
        port.report(Note(note))
        return fit(cube, *arguments, port=port, **options)

    trainer.fit = noting  # the fixture puts the real one back
    slow.may_end.set()
    for run in (1, 2):
        press_train(labelled, slow)
        labelled.qtbot.waitUntil(
            lambda: not labelled.window.feature("training").training.running, timeout=10_000
        )
        assert len(slow.runs) == run
        assert labelled.window.notices.texts().count(note) == 1


def test_cancel_answers_at_once_and_keeps_the_map(labelled, slow):
    press_train(labelled, slow)
    QTest.mouseClick(labelled.window.panel("training").cancel_button, Qt.MouseButton.LeftButton)
    assert not labelled.window.feature("training").training.running
    assert labelled.document.prediction.source == "map 1"
    assert "cancelled" in labelled.window.panel("training").status.text()
    low, high = labelled.window.panel("training").plot.viewRange()[0]
    assert 0.9 <= low < 1 < 3 <= high  # the axis begins at the first epoch
    assert labelled.window.panel("training").train_button.isEnabled()


def test_an_error_is_shown_and_the_old_map_stays(labelled, slow):
    from hsi_viewer.core.errors import TrainingError

    press_train(labelled, slow)
    slow.error = TrainingError("The loss is NaN: lower the rate.")
    slow.may_end.set()
    labelled.qtbot.waitUntil(lambda: not labelled.window.feature("training").training.running)
    assert "The loss is NaN: lower the rate." in labelled.window.notices.texts()
    told = labelled.window.panel("training").status.text()  # when the message is gone
    assert told == "Training failed. The loss is NaN: lower the rate."
    assert labelled.document.prediction.source == "map 1"


def test_the_map_stays_while_training_again(labelled, slow):
    press_train(labelled, slow)
    slow.may_end.set()
    labelled.qtbot.waitUntil(lambda: not labelled.window.feature("training").training.running)
    old = labelled.document.prediction
    shown = labelled.canvas.map_overlay.image.copy()
    slow.may_end.clear()
    slow.started.clear()
    QTest.mouseClick(labelled.window.panel("training").train_button, Qt.MouseButton.LeftButton)
    assert labelled.document.prediction is old
    np.testing.assert_array_equal(labelled.canvas.map_overlay.image, shown)

    def stopped() -> bool:
        labelled.key(Qt.Key.Key_Escape)  # the first may close a message
        return not labelled.window.feature("training").training.running

    labelled.qtbot.waitUntil(stopped)


def test_closing_in_mid_training_asks(own_sample, slow):
    labelled = with_labels(own_sample)
    press_train(labelled, slow)
    asked = answer("Cancel")
    assert not labelled.window.close()
    assert "Training is still running" in asked[0]
    assert labelled.window.feature("training").training.running
    asked = answer("Stop it")
    assert labelled.window.close()
    assert not labelled.window.feature("training").training.running


def test_closing_with_unsaved_labels_asks(own_sample, tmp_path, monkeypatch):
    from PySide6.QtWidgets import QFileDialog

    sample = own_sample
    sample.trigger("class.add")
    sample.click(4, 4)
    asked = answer("Cancel")
    assert not sample.window.close()
    assert "Save labels before closing the scene?" in asked[0]
    path = tmp_path / "kept.npy"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_a, **_k: (str(path), ""))
    answer("Save")
    assert sample.window.close()
    assert np.load(path)[4, 4] == 1


def test_a_failed_save_does_not_close(sample, tmp_path, monkeypatch):
    from PySide6.QtWidgets import QFileDialog

    sample.trigger("class.add")
    sample.click(4, 4)
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    target = blocked / "labels.npy"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_a, **_k: (str(target), ""))
    answer("Save")
    assert not sample.window.close()
    assert sample.document.labels.total == 1
    assert str(target) in sample.window.notices.texts()[-1]


@pytest.mark.parametrize("meanwhile", [False, True])
def test_a_scene_that_was_written_again_while_it_is_open_is_told(driver, slow, tmp_path, meanwhile):
    path = tmp_path / "scene.npy"
    np.save(path, np.zeros((145, 145, 4), np.float32))
    driver.open(str(path))
    driver.type("a", "one", Qt.Key.Key_Return, "a", "two", Qt.Key.Key_Return)
    driver.trigger("tool.brush")
    driver.stroke((4, 3), (4, 20))
    driver.type("1")
    driver.stroke((30, 3), (30, 20))

    def told() -> list[str]:
        return [text for text in driver.window.notices.texts() if "changed since" in text]

    press_train(driver, slow)
    assert not told()
    if not meanwhile:
        driver.window.feature("training").training.cancel()
    np.save(path, np.ones((145, 145, 4), np.float32))
    if not meanwhile:
        press_train(driver, slow)
    slow.may_end.set()
    driver.qtbot.waitUntil(lambda: bool(told()))
    assert told()[0].startswith("scene.npy changed since the scene was opened")
    assert driver.document.labels.total > 0
    driver.settle()
    assert len(told()) == 1


def test_opening_another_cube_in_mid_training_asks_and_drops_late_results(labelled, slow, tmp_path):
    press_train(labelled, slow)
    path = tmp_path / "other.npy"
    np.save(path, np.random.default_rng(0).random((30, 40, 8), np.float32))
    asked = answer("Stop it")
    labelled.open(str(path))
    assert "Training is still running" in asked[0]
    slow.may_end.set()
    labelled.qtbot.waitUntil(lambda: all(t.quiet for t in labelled.window.workspace.tasks._tasks))
    assert labelled.document.cube.shape == (30, 40, 8)
    assert labelled.document.prediction is None
    assert labelled.canvas.map_overlay.image is None


def test_a_worker_emits_exactly_one_of_the_three_ends(driver, qtbot):
    runner = driver.window.workspace.tasks
    ends: list[str] = []

    def work_of(kind):
        def work(token, port):
            if kind == "failed":
                raise ValueError("no")
            if kind == "cancelled":
                raise TaskCancelledError
            return kind

        return work

    for kind in ("succeeded", "failed", "cancelled"):
        task = runner.start(kind, work_of(kind))
        for name in ("succeeded", "failed", "cancelled"):
            getattr(task, name).connect(lambda *_a, name=name: ends.append(name))
        qtbot.waitUntil(lambda: not runner.running)
    assert ends == ["succeeded", "failed", "cancelled"]


def test_accuracy_panel_shows_the_report(labelled, slow):
    press_train(labelled, slow)
    slow.may_end.set()
    labelled.qtbot.waitUntil(lambda: not labelled.window.feature("training").training.running)
    report = scoring_of(labelled.document).accuracy()
    truth = scoring_of(labelled.document).test_pixels()
    assert report.overall.value == pytest.approx((truth == 2).sum() / (truth > 0).sum())
    panel, results = labelled.window.panel("accuracy"), labelled.document.results
    labelled.qtbot.waitUntil(lambda: results.evidence is not None and not results.assessing)
    separated = results.assessment.separated  # at least eight pixels from the training pixels
    assert 0 < separated.total < results.assessment.random.total == report.total
    assert panel.overall.text() == f"{100 * separated.overall.value:.1f} %"
    assert f"Optimistic: {100 * report.overall.value:.1f} % overall" in panel.optimistic.text()
    assert f"kappa {report.kappa:.3f} (all test pixels" in panel.optimistic.text()
    assert panel.classes.rowCount() == len(separated.class_ids) < 16
    panel.open_matrix()
    from hsi_viewer.ui.widgets.confusion_dialog import ConfusionDialog

    dialog = labelled.window.findChild(ConfusionDialog)
    said = separated.class_ids.index(2)  # by the stand-in, of every pixel
    assert dialog.table.item(0, 1 + said).text() == f"{separated.matrix[0].sum()}" != "0"
    QTest.keyClick(dialog.unit, Qt.Key.Key_Down)
    assert dialog.table.item(0, 1 + said).text() == "100.00"
    dialog.close()


def test_hidden_classes_vanish_from_the_map_and_opacity_is_applied(labelled, slow):
    press_train(labelled, slow)
    assert labelled.canvas.map_overlay.image[:, :, 3].min() == 255
    labelled.document.show_class(1, visible=False)
    assert labelled.canvas.map_overlay.image[:, :, 3].max() == 0
    labelled.window.panel("display").opacity.setValue(30)
    assert labelled.canvas.map_overlay.opacity() == pytest.approx(0.3)
    labelled.key(Qt.Key.Key_P)
    assert not labelled.canvas.map_overlay.isVisible()
    labelled.key(Qt.Key.Key_P)
    labelled.key(Qt.Key.Key_Escape)


def test_hover_tells_class_and_confidence(labelled, slow):
    press_train(labelled, slow)
    labelled.hover(4, 5)
    assert labelled.window.context.readout.mapped.text() == "Map: Alfalfa, 50 %"
    labelled.key(Qt.Key.Key_Escape)


def test_live_trains_on_after_each_stroke_and_makes_no_queue(labelled, slow):
    slow.may_end.set()
    labelled.key(Qt.Key.Key_L)
    labelled.qtbot.waitUntil(lambda: not labelled.window.feature("training").training.running)
    assert slow.runs == [(160, None)]
    slow.may_end.clear()
    slow.started.clear()
    labelled.key(Qt.Key.Key_1)
    free = np.argwhere(scoring_of(labelled.document).test_pixels() > 0)[[0, 500, 900, 1300]]
    labelled.click(*free[0])
    labelled.qtbot.waitUntil(slow.started.is_set)
    for pixel in free[1:]:  # three strokes during one run: one more run
        labelled.click(*pixel)
    slow.may_end.set()
    labelled.qtbot.waitUntil(lambda: len(slow.runs) == 3)
    labelled.qtbot.waitUntil(lambda: not labelled.window.feature("training").training.running)
    assert [n for n, _ in slow.runs] == [160, 161, 164]
    assert slow.runs[1][1] is not None
    labelled.key(Qt.Key.Key_L)
    labelled.key(Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert not labelled.window.feature("training").training.running
    assert len(slow.runs) == 3
    erased = tuple(free[-1])  # its label is gone, but the model has seen it
    assert labelled.document.labels.ids[erased] == 0
    assert scoring_of(labelled.document).test_pixels()[erased] == 0


@pytest.mark.parametrize("long", [True, False])
def test_a_map_that_takes_long_is_not_waited_for_where_labels_have_changed(
    labelled, slow, monkeypatch, long
):
    monkeypatch.setattr(training, "LONG", -1.0 if long else 1e9)
    monkeypatch.setattr(time_left, "SETTLING_SECONDS", 0.0)
    mapping, may_map, maps = threading.Event(), threading.Event(), []
    fit, seen = slow.fit, []

    def learns(*arguments, port, **options):
        seen.append((options["warm_start"], len(maps)))
        model = fit(*arguments, port=port, **options)
        port.report(Learned(model))
        return model

    def maps_for_long(_cube, *, labels, refine, token, port):
        share = 0.0
        while not may_map.wait(0.01):
            token.check()
            share += (0.9 - share) / 2
            port.report(Progress("Predicting the map", share))
            mapping.set()
        maps.append(labels)
        return prediction(2)

    monkeypatch.setattr(trainer, "fit", learns)
    monkeypatch.setattr(slow, "predict", maps_for_long)
    slow.may_end.set()
    labelled.key(Qt.Key.Key_L)
    labelled.qtbot.waitUntil(mapping.is_set)
    labelled.key(Qt.Key.Key_1)
    labelled.click(*np.argwhere(scoring_of(labelled.document).test_pixels() > 0)[0])
    if long:
        labelled.qtbot.waitUntil(lambda: len(seen) == 2)
    may_map.set()
    labelled.qtbot.waitUntil(lambda: not labelled.window.feature("training").training.running)
    assert [n for n, _ in slow.runs] == [160, 161]
    assert seen == [(None, 0), (slow, 0 if long else 1)]  # it goes on from what was learned
    assert (maps[-1] > 0).sum() == 161
    labelled.key(Qt.Key.Key_L)


def test_uncertainty_layer(labelled, slow):
    press_train(labelled, slow)
    canvas = labelled.canvas
    assert canvas.map_overlay.isVisible()
    labelled.key(Qt.Key.Key_U)
    doubtful = canvas.item("Uncertainty").image
    assert canvas.item("Uncertainty").isVisible()
    assert not canvas.map_overlay.isVisible()
    assert not np.array_equal(doubtful, canvas.map_overlay.image)
    assert (doubtful == doubtful[0, 0]).all()  # the stand-in is equally sure everywhere
    labelled.key(Qt.Key.Key_U)
    assert canvas.map_overlay.isVisible()
    assert not canvas.item("Uncertainty").isVisible()
    labelled.key(Qt.Key.Key_Escape)
