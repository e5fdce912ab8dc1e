"""The ledger of runs through the real window, with trainings that are made up."""

from __future__ import annotations

from threading import Event
from types import SimpleNamespace

import numpy as np
import pytest
from PySide6.QtCore import Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractItemView, QFileDialog, QMenu, QMessageBox

from hsi_viewer.core.evidence import Evidence
from hsi_viewer.core.prediction import Prediction
from hsi_viewer.core.training import TrainingConfig
from hsi_viewer.io.labels.label_file import read_labels
from hsi_viewer.learning.classifiers import classifier
from hsi_viewer.session.document.map_scoring import scoring_of
from hsi_viewer.session.storage.training_runs import MODEL
from hsi_viewer.ui import main_window
from hsi_viewer.ui.dialogs import Leave
from hsi_viewer.ui.features.training import runs
from hsi_viewer.ui.features.training.training import Trained
from hsi_viewer.ui.widgets.runs_panel import RunRow
from tests.patience import PATIENCE

ROWS, COLUMNS = 12, 16


def save_model(folder):
    for name in MODEL:
        (folder / name).write_text("model")


@pytest.fixture
def labelled(driver, tmp_path, monkeypatch):
    """A cube with two classes, a ground truth, and no torch."""
    monkeypatch.setattr(
        "hsi_viewer.ui.features.training.torch_preload.import_trainer", lambda _token, _port: None
    )
    np.save(tmp_path / "scene.npy", np.random.default_rng(0).normal(size=(ROWS, COLUMNS, 4)))
    driver.open(str(tmp_path / "scene.npy"))
    truth = np.ones((ROWS, COLUMNS), np.uint16)
    truth[:, 8:] = 2
    driver.document.draw_training_pixels(truth, 3, 0, {1: "Corn", 2: "Woods"})
    return driver


def train(driver, right: int, *, warm: bool = False) -> np.ndarray:
    """A made-up run whose map is right in the first columns, kept."""
    before = driver.window.context.sessions.shown_run
    class_map = end_training(driver, right, warm=warm)
    driver.qtbot.waitUntil(lambda: driver.window.context.sessions.shown_run != before)
    driver.settle()
    return class_map


def end_training(driver, right: int, *, warm: bool = False) -> np.ndarray:
    """Have such a run end; a worker keeps it."""
    class_map = np.where(np.arange(COLUMNS) < right, driver.document.truth, 9).astype(np.uint16)
    made = Prediction(class_map, np.full(class_map.shape, 0.75, np.float32), (1, 2, 9), source="m")
    model = SimpleNamespace(
        seconds={"train": 1.5}, evidence=Evidence((), "none", 0), class_ids=(1, 2, 9)
    )
    model.save = save_model
    driver.document.set_prediction(made, driver.document.labels.ids > 0)
    driver.window.feature("training").training.trained.emit(
        Trained(
            *(model, made, TrainingConfig(seed=right), classifier("sdhsi")),
            driver.document.labels.ids.copy(),
            warm,
        )
    )
    return class_map


def test_a_run_is_pending_until_the_map_on_the_screen_is_kept(labelled, monkeypatch):
    sessions, go_on, write = labelled.window.context.sessions, Event(), runs.write_run

    def slow(folder, run, *rest):
        assert run.id == 1 or go_on.wait(PATIENCE)
        return write(folder, run, *rest)

    monkeypatch.setattr(runs, "write_run", slow)
    end_training(labelled, 6)
    end_training(labelled, 15)
    labelled.qtbot.waitUntil(lambda: 1 in sessions.session.training_runs)
    assert sessions.run_pending
    go_on.set()
    labelled.qtbot.waitUntil(lambda: not sessions.run_pending)
    assert sessions.shown_run == 2


@pytest.fixture
def nowhere(own_settings, tmp_path, monkeypatch) -> None:
    """Neither the user's data nor the temporary folder can be written."""
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("HSI_VIEWER_DATA", str(tmp_path / "file"))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "file"))


def test_a_map_that_is_kept_nowhere_is_asked_about_at_the_end(
    nowhere, labelled, tmp_path, monkeypatch
):
    driver, asked, answer = labelled, [], [Leave.STAY]

    def ask(_window, unsaved, _running):
        asked.append(tuple(unsaved))
        return answer[0]

    monkeypatch.setattr(main_window, "ask_to_leave", ask)
    class_map = end_training(driver, 6)
    assert not driver.window.close()
    driver.document.mark_saved()
    assert not driver.window.close()
    assert asked == [("labels", "the class map"), ("the class map",)]
    answer[:] = [Leave.SAVE]
    chosen = iter(["", str(tmp_path / "kept.tif")])
    monkeypatch.setattr(
        QFileDialog, "getSaveFileName", lambda *_args: (next(chosen), "GeoTIFF (*.tif)")
    )
    assert not driver.window.close()  # no file was chosen
    assert driver.window.may_leave()
    np.testing.assert_array_equal(read_labels(tmp_path / "kept.tif").ids, class_map)
    assert driver.window.may_leave()  # a file has it: no file is asked for


def panel_of(driver):
    return next(f for f in driver.window.features if f.key == "runs").panel


def press(driver, button) -> None:
    """Click once the button can be clicked, and see that the click came through."""
    driver.qtbot.waitUntil(lambda: button.isVisible() and button.isEnabled())
    with driver.qtbot.waitSignal(button.clicked):
        QTest.mouseClick(button, Qt.MouseButton.LeftButton)


def titles(panel) -> list[str]:
    return [panel.table.item(r, 0).text() for r in range(panel.table.rowCount())]


def test_a_map_that_is_still_being_kept_goes_with_its_scene(labelled, tmp_path, monkeypatch):
    driver, written, let_go = labelled, runs.write_run, Event()
    other, kept = tmp_path / "other.npy", tmp_path / "kept.hsiproj"
    np.save(other, np.ones((5, 6, 4)))
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(kept), ""))
    asked: list[str] = []

    def save(box) -> None:
        asked.append(box.text())
        driver.click_on(next(b for b in box.buttons() if b.text() == "Save"))

    def write(*run):
        assert let_go.wait(PATIENCE)
        return written(*run)

    monkeypatch.setattr(QMessageBox, "exec", save)
    monkeypatch.setattr(runs, "write_run", write)
    class_map, folder = end_training(driver, 5), driver.window.context.sessions.session.folder.path
    done, waited = main_window.all_done, []

    def all_done(tasks, **how) -> bool:  # the other scene is read
        waited.append([task.title for task in tasks])
        QTimer.singleShot(0, let_go.set)
        return done(tasks, **how)

    monkeypatch.setattr(main_window, "all_done", all_done)
    driver.open(str(other))
    assert "Saving the run" in waited[0]
    assert asked == ["Save labels and 1 class map before closing the scene?"]
    assert driver.document.cube.name == "other.npy"
    assert not folder.exists()  # nothing was written where nobody looks
    driver.open(str(kept))
    driver.qtbot.waitUntil(lambda: driver.document.prediction is not None)
    np.testing.assert_array_equal(driver.document.prediction.class_map, class_map)


def test_runs_are_kept_shown_again_compared_renamed_and_deleted(labelled, tmp_path, monkeypatch):
    window, document = labelled.window, labelled.document
    first, second = train(labelled, 6), train(labelled, 15)
    labelled.trigger("train.runs")
    panel = panel_of(labelled)
    labelled.settle()
    assert titles(panel) == ["1: fast, seed 6", "2: fast, seed 15"]
    assert panel.table.item(1, 0).font().bold()
    assert not panel.table.item(0, 0).font().bold()
    accuracy = scoring_of(document).accuracy().overall.value
    assert panel.table.item(1, 1).text() == f"{100 * accuracy:.1f} %"
    assert "class maps" in window.context.sessions.unsaved()[1]

    panel.table.selectRow(0)
    assert not panel.compare_button.isEnabled()
    press(labelled, panel.show_button)
    labelled.qtbot.waitUntil(lambda: window.context.sessions.shown_run == 1)
    np.testing.assert_array_equal(document.prediction.class_map, first)
    assert panel.table.item(0, 0).font().bold()

    panel.table.selectAll()
    assert not panel.show_button.isEnabled()
    assert panel.show_button.toolTip() == "Choose one run in the list"
    press(labelled, panel.compare_button)
    labelled.qtbot.waitUntil(panel.result.isVisible)
    text = panel.result.toPlainText()
    assert f"{(first != second).sum()} pixels differ" in text
    unbroken = "\N{NO-BREAK SPACE}%)"  # a line may end there otherwise
    assert unbroken in panel.result.document().toRawText()
    assert "2: fast, seed 15 is better (p < 0.001" in text
    assert "Class 9 → Woods" in text

    panel.table.item(0, 0).setText("Baseline")
    assert window.context.sessions.session.training_runs[1].title == "Baseline"

    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_a: str(tmp_path))
    panel.table.selectRow(1)
    press(labelled, panel.export_button)
    labelled.qtbot.waitUntil((tmp_path / "scene_run2_model" / MODEL[1]).exists)

    press(labelled, panel.delete_button)
    assert len(titles(panel)) == 2
    window.context.offers.press("run 2", "Delete")
    assert titles(panel) == ["Baseline"]
    assert panel.result.isHidden()  # it was about the run that is gone


def test_a_comparison_goes_with_the_scene_of_its_runs(driver, tmp_path):
    panel = driver.window.panel("runs")
    for name in ("one", "two"):
        np.save(tmp_path / f"{name}.npy", np.ones((5, 6, 3)))
        driver.open(str(tmp_path / f"{name}.npy"))
        assert panel.result.isHidden()
        panel.show_comparison((1, 2), ("a", "b"), (3, 30), [], None)
        assert not panel.result.isHidden()
    driver.window.context.docking.show("runs")
    the_menu_does_what_the_buttons_do(driver, panel)


def the_menu_does_what_the_buttons_do(driver, panel) -> None:
    panel.show_runs([RunRow(n, f"{n}: fast", 0.5, 9, 1.0, "") for n in (1, 2)], 1)
    panel.table.selectRow(1)
    at = panel.table.visualItemRect(panel.table.item(1, 0)).center()
    panel.table.customContextMenuRequested.emit(at)
    menu = panel.findChild(QMenu)
    actions = {a.text(): a for a in menu.actions()}
    assert [text for text, a in actions.items() if not a.isEnabled()] == ["Compare"]
    panel.show_requested.disconnect()  # there is no such run
    with driver.qtbot.waitSignal(panel.show_requested) as shown:
        actions["Show"].trigger()
    assert shown.args == [2]
    actions["Rename"].trigger()
    assert panel.table.state() == QAbstractItemView.State.EditingState
    menu.close()


@pytest.mark.parametrize("held", [Qt.Key.Key_Control, Qt.Key.Key_Shift])
def test_chosen_runs_stay_chosen_when_the_list_is_filled_again_with_a_key_held(labelled, held):
    train(labelled, 6), train(labelled, 15)
    labelled.trigger("train.runs")
    panel, table = panel_of(labelled), panel_of(labelled).table
    below = table.visualItemRect(table.item(0, 0)).center()
    QTest.mouseClick(table.viewport(), Qt.MouseButton.LeftButton, pos=below)
    modifier = {
        Qt.Key.Key_Control: Qt.KeyboardModifier.ControlModifier,
        Qt.Key.Key_Shift: Qt.KeyboardModifier.ShiftModifier,
    }[held]
    QTest.keyPress(table, held, modifier)
    try:
        train(labelled, 7)
        assert panel.chosen() == [1]
        last = table.visualItemRect(table.item(1, 0)).center()
        QTest.mouseClick(table.viewport(), Qt.MouseButton.LeftButton, modifier, last)
        assert panel.chosen() == [1, 2]
        train(labelled, 8)
    finally:
        QTest.keyRelease(table, held)
    assert panel.chosen() == [1, 2]
    assert panel.compare_button.isEnabled()
    assert not panel.show_button.isEnabled()


def test_runs_of_strokes_take_the_place_of_one_another(labelled):
    train(labelled, 5)
    for right in (6, 7, 8):
        train(labelled, right, warm=True)
    assert titles(panel_of(labelled)) == ["1: fast, seed 5", "4: fast, seed 8, live"]


def test_runs_and_the_shown_one_come_back_with_the_session(labelled, make_driver, tmp_path):
    path = tmp_path / "work.hsiproj"
    monkey = pytest.MonkeyPatch()
    with monkey.context() as patch:
        patch.setattr(QFileDialog, "getSaveFileName", lambda *_a, **_k: (str(path), ""))
        first = train(labelled, 6)
        train(labelled, 15)
        panel_of(labelled).show_requested.emit(1)
        labelled.qtbot.waitUntil(lambda: labelled.window.context.sessions.shown_run == 1)
        labelled.trigger("file.save")
        labelled.qtbot.waitUntil(lambda: not labelled.window.context.sessions.unsaved())
        labelled.settle()
    labelled.let_go()
    with monkey.context() as patch:
        patch.setattr(
            "hsi_viewer.ui.features.training.runs.load_model",
            lambda _f: SimpleNamespace(name="model"),
        )
        again = make_driver()
        again.window.open(str(path))
        again.qtbot.waitUntil(
            lambda: again.document is not None and again.document.prediction is not None
        )
        again.qtbot.waitUntil(lambda: again.window.feature("training").training.model is not None)
    np.testing.assert_array_equal(again.document.prediction.class_map, first)
    assert titles(panel_of(again)) == ["1: fast, seed 6", "2: fast, seed 15"]
    assert again.window.context.sessions.shown_run == 1
    assert again.window.context.sessions.unsaved() == ()
    assert scoring_of(again.document).accuracy().total == ROWS * COLUMNS - 6
