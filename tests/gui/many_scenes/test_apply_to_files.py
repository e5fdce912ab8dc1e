"""Map › Apply to files: the model of the open scene on other files, cancelled, resumed, opened."""

from __future__ import annotations

import csv
from threading import Event

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog, QMessageBox

from hsi_viewer.core.training import TrainingConfig
from hsi_viewer.jobs.batch import pools
from hsi_viewer.jobs.classify import classify
from hsi_viewer.jobs.job import Job
from hsi_viewer.learning.classifiers import load_model
from hsi_viewer.session.document.results import ModelResult
from hsi_viewer.ui.features.many_scenes.apply_dialog import ApplyDialog
from tests.unit.learning.made import made_scene


@pytest.fixture
def folder(tmp_path):
    """Three scenes, one of them damaged, and a model in "model"."""
    cube, truth = made_scene(20, 24, 8)
    for name in ("first", "second"):
        np.save(tmp_path / f"{name}.npy", cube.read())
    (tmp_path / "damaged.npy").write_bytes(b"nothing of use")
    np.save(tmp_path / "truth.npy", truth)
    training = Job(
        tmp_path / "model", TrainingConfig(device="cpu"), classifier="lda", formats=("npy",)
    )
    classify(str(tmp_path / "first.npy"), str(tmp_path / "truth.npy"), training)
    return tmp_path


def test_a_model_is_applied_to_files(driver, folder, monkeypatch):
    driver.open(str(folder / "first.npy"))
    driver.trigger("map.files")
    dialog = driver.window.findChild(ApplyDialog)
    assert dialog.isVisible()
    assert dialog.model.count() == 0
    assert not dialog.start.isEnabled()
    assert dialog.start.toolTip() == "To begin, choose a model, add files."
    asked: list[str] = []
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: asked.append("") or "")
    QTest.keyClick(dialog.folder, Qt.Key.Key_Return)
    assert asked == []  # the key means Apply, and no other button
    QTest.keyClick(dialog, Qt.Key.Key_Escape)
    document = driver.document
    document.results.model = ModelResult(load_model(folder / "model"), document.labels.ids)
    driver.trigger("map.files")
    assert driver.window.findChildren(ApplyDialog) == [dialog]
    assert dialog.model.currentText() == "Of the open scene: Linear discriminant, 4 classes"
    assert not dialog.start.isEnabled()
    assert dialog.start.toolTip() == "To begin, add files."
    names = [str(folder / name) for name in ("first.npy", "damaged.npy", "second.npy")]
    monkeypatch.setattr(QFileDialog, "getOpenFileNames", lambda *_args: (names, ""))
    driver.click_on(dialog.add_files)
    dialog.folder.selectAll()
    QTest.keyClicks(dialog.folder, str(folder / "maps"))
    cancelled_and_resumed(driver, dialog, folder, monkeypatch)
    with driver.qtbot.waitSignal(driver.window.context.opening.opened):
        click(dialog, 2, 0)
    driver.settle()
    assert driver.document.cube.path == folder / "second.npy"
    it_comes_with_its_map(driver, folder)
    # the model of the scene that was closed is still there, and what it has mapped is kept
    titles = [dialog.model.itemText(i) for i in range(dialog.model.count())]
    assert titles == ["Of first.npy: Linear discriminant, 4 classes"]
    driver.click_on(dialog.start)
    driver.qtbot.waitUntil(dialog.start.isEnabled)
    assert statuses(dialog) == ["Done", "Failed", "Done"]


def it_comes_with_its_map(driver, folder) -> None:
    """What was written is shown, with its classes and where it is from; undo takes it back."""
    document, context = driver.document, driver.window.context
    driver.qtbot.waitUntil(lambda: document.prediction is not None)
    written = np.load(folder / "maps" / "second" / "class_map.npy")
    np.testing.assert_array_equal(document.prediction.class_map, written)
    assert document.prediction.confidence[written > 0].min() > 0
    assert context.viewing.map_shown
    trained = {c.id: (c.name, c.colour) for c in load_model(folder / "model").legend}
    assert {c.id: (c.name, c.colour) for c in document.legend} == trained
    legend = driver.window.feature("legend").legend
    driver.qtbot.waitUntil(lambda: [entry.name for entry in legend.entries] != [])
    assert [entry.name for entry in legend.entries] == [name for name, _ in trained.values()]
    told = driver.window.notices.texts()[-1]
    assert str(folder / "maps" / "second") in told
    assert "made by the model" in told
    driver.qtbot.waitUntil(lambda: not context.sessions.run_pending)
    (run,) = context.sessions.session.training_runs.runs
    assert run.title == "1: Linear discriminant, map in second"
    assert not document.labels.ids.any()
    assert not context.sessions.session.modified  # the next result opens without a question
    # it is one step; Enter on the name shows it again, though the scene is open
    driver.trigger("edit.undo")
    assert document.prediction is None
    assert len(document.legend) == 0
    dialog = driver.window.findChild(ApplyDialog)
    dialog.activateWindow()
    driver.qtbot.waitUntil(dialog.isActiveWindow)
    dialog.table.setFocus()
    dialog.table.setCurrentCell(2, 0)
    QTest.keyClick(dialog.table, Qt.Key.Key_Return)
    assert not dialog.running  # Apply isn't pressed besides
    driver.qtbot.waitUntil(lambda: document.prediction is not None)
    assert driver.document is document
    document.mark_saved()


def cancelled_and_resumed(driver, dialog, folder, monkeypatch) -> None:
    """Cancel at the first tile, close and show the dialog while it runs, then let it finish."""
    real = pools.compute_tile

    def waiting(task, token):
        while not token.cancelled:
            Event().wait(0.02)
        return real(task, token)

    monkeypatch.setattr(pools, "compute_tile", waiting)
    driver.click_on(dialog.start)
    assert dialog.table.item(0, 1).text() == "Waiting"
    assert not dialog.start.isEnabled()
    dialog.activateWindow()  # a window manager does it for a window that is clicked
    driver.qtbot.waitUntil(dialog.isActiveWindow)
    QTest.keyClick(dialog, Qt.Key.Key_Escape)
    assert not dialog.isVisible()
    assert dialog.running
    driver.trigger("map.files")
    assert dialog.isVisible()
    asked: list[str] = []
    monkeypatch.setattr(QMessageBox, "exec", lambda box: asked.append(box.text()))
    assert driver.window.may_leave()  # another scene doesn't stop it
    assert not driver.window.close()
    assert asked == ["Applying the model to files is still running and will be stopped."]
    assert dialog.running
    driver.click_on(dialog.cancel)
    driver.qtbot.waitUntil(dialog.start.isEnabled)
    assert statuses(dialog)[2] == "Not mapped"
    monkeypatch.setattr(pools, "compute_tile", real)
    driver.click_on(dialog.start)
    driver.qtbot.waitUntil(dialog.start.isEnabled)
    cells = [[dialog.table.item(r, c).text() for c in range(5)] for r in range(3)]
    assert [row[1] for row in cells] == ["Done", "Failed", "Done"]
    assert cells[1][4].startswith("damaged.npy")  # the folder is in the tooltip
    assert str(folder) in dialog.table.item(1, 4).toolTip()
    assert cells[0][2].endswith("%")
    click(dialog, 1, 1)
    assert dialog.note.text() == f"damaged.npy: {cells[1][4]}"
    with (folder / "maps" / "summary.csv").open(encoding="utf-8-sig", newline="") as file:
        assert [row["status"] for row in csv.DictReader(file)] == ["done", "failed", "done"]
    maps = [np.load(folder / "maps" / n / "class_map.npy") for n in ("first", "second")]
    np.testing.assert_array_equal(*maps)


def statuses(dialog) -> list[str]:
    return [dialog.table.item(row, 1).text() for row in range(dialog.table.rowCount())]


def click(dialog, row: int, column: int) -> None:
    table = dialog.table
    where = table.visualRect(table.model().index(row, column)).center()
    QTest.mouseClick(table.viewport(), Qt.MouseButton.LeftButton, pos=where)
