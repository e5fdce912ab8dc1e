"""The menu Map: cleaning with a preview and undo, polygons, and areas of the map that is shown."""

from __future__ import annotations

import csv
import json
from threading import Event

import numpy as np
import pyogrio
import pytest
from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog

from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.labels.classes import LabelClass
from hsi_viewer.core.postprocess.clean import Cleaning, cleaned
from hsi_viewer.core.postprocess.map_regions import map_regions
from hsi_viewer.core.prediction import Prediction
from hsi_viewer.core.progress import SilentPort, UnlikeSpectra
from hsi_viewer.learning.classifiers import fit
from hsi_viewer.ui.features.after_map import applying as module
from hsi_viewer.ui.features.after_map import vectors
from hsi_viewer.ui.features.after_map.areas_dialog import AreasDialog
from hsi_viewer.ui.features.after_map.polygons_dialog import SAVE, PolygonsDialog
from tests.gui.after_map.shown import shown_ids
from tests.gui.exporting.test_layers_and_figures import answer, scene
from tests.patience import PATIENCE
from tests.unit.jobs.report.made import leave_undrawn

ENTER, CTRL = Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier


@pytest.fixture
def mapped(driver, tmp_path):
    """A georeferenced scene with a map: two fields of three classes, and noise."""
    driver.open(scene(tmp_path, 32633))
    driver.type("a", "one", ENTER, "a", "two", ENTER, "a", "three", ENTER)
    rng = np.random.default_rng(5)
    class_map = np.where(np.arange(24) < 12, 1, 2) * np.ones((20, 1), int)
    noise = rng.random((20, 24)) < 0.08
    class_map[noise] = 3
    class_map[:2] = 0
    confidence = np.where(class_map > 0, 0.75, 0).astype(np.float32)
    made = Prediction(class_map.astype(np.uint16), confidence, (1, 2, 3), source="m")
    driver.document.set_prediction(made)
    return driver


def test_cleaning_polygons_and_areas(mapped, tmp_path, monkeypatch):
    before = cleaning(mapped)
    areas(mapped, tmp_path, monkeypatch)
    polygons(mapped, tmp_path, monkeypatch)
    merging(mapped, before)
    applying(mapped, tmp_path, monkeypatch)


def cleaning(driver) -> Prediction:
    document, original = driver.document, driver.document.prediction
    driver.type("u")  # the uncertainty lies over the map, and would hide the preview
    driver.type("k", modifier=CTRL | SHIFT)
    assert driver.window.context.viewing.layers["Class map"].visible
    assert not driver.window.context.viewing.layers["Uncertainty"].visible
    panel = driver.window.panel("clean-map")
    assert panel.isVisible()
    assert not panel.apply_button.isEnabled()
    panel.majority.setFocus()
    QTest.keyClick(panel.majority, Qt.Key.Key_Down)
    panel.minimum.setFocus()
    panel.minimum.selectAll()
    QTest.keyClicks(panel.minimum, "3")
    driver.qtbot.waitUntil(lambda: "pixels change" in panel.summary.text())
    wanted = cleaned(original.class_map, Cleaning(majority=3, minimum=3))
    changed = int((wanted != original.class_map).sum())
    assert changed > 10
    assert panel.summary.text().startswith(f"{changed} of 432 pixels change")
    # the preview is drawn, and nothing else has changed
    np.testing.assert_array_equal(shown_ids(driver), wanted)
    assert document.prediction is original
    driver.click_on(panel.preview)
    np.testing.assert_array_equal(shown_ids(driver), original.class_map)
    driver.click_on(panel.preview)
    # an area as the least size: a hectare is 400 pixels of 5 m
    assert panel.unit.model().item(2).isEnabled()
    driver.click_on(panel.apply_button)
    driver.qtbot.waitUntil(lambda: document.prediction is not original)
    driver.settle()
    np.testing.assert_array_equal(document.prediction.class_map, wanted)
    same = wanted == original.class_map
    np.testing.assert_array_equal(
        document.prediction.confidence, np.where(same, original.confidence, np.float32(0.25))
    )
    sessions = driver.window.context.sessions
    driver.qtbot.waitUntil(lambda: not sessions.run_pending)
    (run,) = sessions.session.training_runs.runs
    assert run.title == "1: cleaned"
    assert run.config["cleaned"] == "majority of 3 x 3 pixels; regions below 3 pixels removed"
    assert run.config["cleaning"][0]["majority"] == 3
    assert sessions.shown_run == 1
    # one step back, and again
    kept = document.prediction
    driver.type("z", modifier=CTRL)
    assert document.prediction is original
    assert sessions.shown_run is None
    driver.trigger("edit.redo")
    assert document.prediction is kept
    assert sessions.shown_run == 1
    return original


def areas(driver, tmp_path, monkeypatch) -> None:
    driver.trigger("map.areas")
    dialog = driver.window.feature("map")._areas
    driver.qtbot.waitUntil(lambda: dialog.table.rowCount() > 0)
    ids = driver.document.prediction.class_map
    first = [dialog.table.item(0, c).text() for c in range(4)]
    count = int((ids == 1).sum())
    assert first[0] == "one"
    assert first[1] == f"{count:,}"
    assert first[3] == f"{25 * count:,.1f} m²"
    driver.click_on(dialog.copy)
    assert QGuiApplication.clipboard().text().splitlines()[0] == "Class\tPixels\tShare\tArea"
    path = tmp_path / "areas.csv"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_a, **_k: (str(path), ""))
    driver.click_on(dialog.save)
    driver.qtbot.waitUntil(path.exists)
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert sum(int(row["pixels"]) for row in rows) == np.count_nonzero(ids)
    dialog.close()


def test_areas_of_a_map_that_is_gone_are_not_listed(mapped, monkeypatch):
    begun, go_on, count = Event(), Event(), vectors.strip_areas

    def slow(*wanted):
        begun.set()
        assert go_on.wait(PATIENCE)
        return count(*wanted)

    monkeypatch.setattr(vectors, "strip_areas", slow)
    mapped.trigger("map.areas")
    mapped.qtbot.waitUntil(begun.is_set)
    mapped.document.set_prediction(None)
    go_on.set()
    tasks = mapped.window.workspace.tasks
    mapped.qtbot.waitUntil(lambda: all(task.title != vectors.COUNTING for task in tasks.running))
    dialog = mapped.window.findChild(AreasDialog)
    assert dialog.table.rowCount() == 0
    dialog.close()


def polygons(driver, tmp_path, monkeypatch) -> None:
    path = tmp_path / "fields.gpkg"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_a, **_k: (str(path), ""))
    regions = map_regions(driver.document.prediction.class_map)

    def press() -> None:
        dialog = QApplication.activeModalWidget()
        assert isinstance(dialog, PolygonsDialog)
        save = dialog.buttons.button(SAVE)
        if not save.isEnabled():  # the regions are being counted
            QTimer.singleShot(5, press)
            return
        assert dialog.count.text().startswith(f"{len(regions)} polygons")
        driver.click_on(dialog.objects)
        driver.click_on(dialog.spectra)
        driver.click_on(save)

    QTimer.singleShot(0, lambda: answer(PolygonsDialog, lambda _dialog: press()))
    driver.trigger("map.polygons")
    driver.settle()
    meta, _, _, fields = pyogrio.raw.read(path)
    assert "UTM zone 33N" in meta["crs"]
    found = dict(zip(meta["fields"], fields, strict=True))
    assert sorted(found["pixels"]) == sorted(regions.pixels()[1:])
    assert found["area_m2"].sum() == pytest.approx(25 * 432, rel=0.01)
    assert ((found["confidence"] > 0) & (found["confidence"] <= 0.75)).all()
    with path.with_suffix(".csv").open(encoding="utf-8", newline="") as file:
        assert len(list(csv.reader(file))) == len(regions) + 1


def merging(driver, original: Prediction) -> None:
    """A class that becomes another one; the preview goes with the panel."""
    document = driver.document
    document.set_prediction(original)
    driver.trigger("map.clean")
    panel = driver.window.panel("clean-map")
    box = panel.table.cellWidget(2, 3)
    box.setFocus()
    QTest.keyClick(box, Qt.Key.Key_Down)
    assert box.currentText() == "one"
    driver.qtbot.waitUntil(lambda: "pixels change" in panel.summary.text())
    assert 3 not in shown_ids(driver)
    driver.window.context.docking.docks["clean-map"].close()
    np.testing.assert_array_equal(shown_ids(driver), original.class_map)


def trained_elsewhere(folder, colour):
    """A model of another sensor, whose classes are partly those of the scene, under other ids."""
    rng = np.random.default_rng(0)
    labels = np.repeat(np.array([[1, 2, 3, 4]], np.uint16), 4, axis=0)
    values = rng.uniform(0.1, 0.9, (4, 4, 8)).astype(np.float32)
    cube = HyperCube.from_array(values, wavelengths=np.linspace(455, 905, 8))
    names = {1: "two", 2: "grass", 3: "Three", 4: "one"}
    legend = [LabelClass(i, n, colour if n == "grass" else (i, i, i)) for i, n in names.items()]
    model = fit(cube, labels, classifier="lda", legend=legend)
    model.save(folder)
    return model


def applying(driver, tmp_path, monkeypatch) -> None:
    """The classes of the model join those of the scene by name; undo takes all of it back."""
    monkeypatch.setattr(module, "import_trainer", lambda _token, _port: None)
    document = driver.document
    original, classes = document.prediction, document.legend.classes
    model = trained_elsewhere(tmp_path / "field7_model", classes[0].colour)
    path = tmp_path / "field7_model" / "model.json"
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_a, **_k: (str(path), ""))
    sessions = driver.window.context.sessions
    told: list[str] = []
    driver.window.workspace.noticed.connect(lambda text, _level: told.append(text))
    driver.trigger("map.apply")
    driver.qtbot.waitUntil(lambda: document.prediction is not original)
    driver.settle()
    own = model.predict(document.cube, port=SilentPort())
    becomes = np.array([0, 2, 5, 3, 1], np.uint16)
    np.testing.assert_array_equal(document.prediction.class_map, becomes[own.class_map])
    assert document.prediction.class_ids == (2, 5, 3, 1)
    assert document.legend.classes[:3] == classes
    assert [(c.id, c.name) for c in document.legend][3:] == [(5, "grass")]
    assert document.legend[5].colour not in {c.colour for c in classes}
    assert told[0] == "Applied field7_model to this scene. One class was added."
    assert "other bands than the model was trained on" in told[1]
    driver.qtbot.waitUntil(lambda: not sessions.run_pending)
    run = sessions.session.training_runs.runs[-1]
    assert run.config["applied model"] == str(path)
    assert "resampled to its 8 wavelengths" in run.config["notes"][0]
    assert sessions.shown_run == run.id
    kept = document.prediction
    driver.type("z", modifier=CTRL)
    assert document.prediction is original
    assert document.legend.classes == classes
    driver.trigger("edit.redo")
    assert document.prediction is kept
    reported(driver, path, tmp_path, monkeypatch)
    unlike_spectra_and_damage(driver, path, model, monkeypatch)
    assert "model.json" in told[-1]


def reported(driver, model_path, tmp_path, monkeypatch) -> None:
    """The report says what the map is: of a model that was not trained on this scene."""
    leave_undrawn(monkeypatch)
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_a, **_k: str(tmp_path))
    driver.trigger("file.report")
    driver.settle()
    (path,) = tmp_path.glob("*_report/report.json")
    facts = json.loads(path.read_text("utf-8"))
    assert facts["labels"] == f"not known here: the model {model_path} was applied"
    assert "Its model was trained elsewhere" in facts["methods"]
    mapped = np.unique(driver.document.prediction.class_map)
    assert {c["id"] for c in facts["classes"] if c["pixels"]} == {*mapped.tolist()} - {0}
    assert {c["training"] for c in facts["classes"]} == {None}
    bundle = driver.window.commands.action("file.bundle")
    assert not bundle.isEnabled()
    assert "was not trained here" in bundle.toolTip()


class Unlike:
    """A model that finds the spectra of the scene unlike those of its own."""

    def __init__(self, model) -> None:
        self.model, self.asked = model, []
        for name in ("name", "class_ids", "legend", "seconds", "warning", "save"):
            setattr(self, name, getattr(model, name))

    def predict(self, cube, *, standardise="training", port=None, **options):
        self.asked.append(standardise)
        if standardise == "training":
            port.report(UnlikeSpectra("40% of the pixels have other spectra.", 0.4))
        return self.model.predict(cube, port=port, **options)


def unlike_spectra_and_damage(driver, path, model, monkeypatch) -> None:
    unlike = Unlike(model)
    monkeypatch.setattr(module, "load_model", lambda _path: unlike)
    before = driver.document.prediction
    driver.trigger("map.apply")
    driver.qtbot.waitUntil(lambda: driver.document.prediction is not before)
    driver.settle()
    bar = driver.window.notices
    driver.qtbot.waitUntil(
        lambda: any(n.text.startswith("40%") and n.buttons[0].height() > 10 for n in bar.notices)
    )
    notice = next(n for n in bar.notices if n.text.startswith("40%"))
    driver.click_on(notice.buttons[0])
    driver.qtbot.waitUntil(lambda: unlike.asked == ["training", "scene"])
    driver.settle()
    path.write_text("{}")
    driver.trigger("map.apply")
    driver.settle()
