"""A reference sample by real keys and mouse: drawn, labelled blind, reopened, and what follows."""

from __future__ import annotations

import csv

import numpy as np
import pytest
from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QApplication, QFileDialog

from hsi_viewer.core.assessment.area_estimates import CANNOT_TELL
from hsi_viewer.core.assessment.sample_assessment import OTHER
from hsi_viewer.core.display.layers import CLASS_MAP, IMAGE
from hsi_viewer.core.prediction import Prediction
from hsi_viewer.io.regions.grid import Grid
from hsi_viewer.io.regions.reference_points import read_reference_points
from hsi_viewer.preferences.settings import Settings
from hsi_viewer.ui.features.reference.sample_dialog import SampleDialog
from hsi_viewer.ui.features.training.why import BLIND

SIZE = (20, 24)
TRUTH = np.where(np.arange(24) < 10, 1, 2).astype(np.uint16) * np.ones((20, 1), np.uint16)
MAP = np.where(np.arange(24) < 12, 1, 2).astype(np.uint16) * np.ones((20, 1), np.uint16)


def prediction_of(ids: np.ndarray) -> Prediction:
    return Prediction(ids, np.full(SIZE, 0.9, np.float32), (1, 2), "A map")


@pytest.fixture
def scene(make_driver, tmp_path):
    """A scene of two classes with a map that is wrong in two columns."""
    cube = np.random.default_rng(0).random((*SIZE, 6), np.float32) + TRUTH[..., None]
    np.save(tmp_path / "cube.npy", cube)
    driver = make_driver(Settings(theme="light"))
    driver.open(str(tmp_path / "cube.npy"))
    for name in ("Corn", "Oats"):
        driver.document.add_class(name)
    driver.document.set_prediction(prediction_of(MAP))
    return driver


def feature_of(driver):
    return driver.window.feature("reference")


def sample_of(driver):
    return driver.document.results.sample


def in_dialog(driver, act) -> None:
    """Open the dialog by its command, and do something in it once it lists the classes."""
    done = []

    def look() -> None:
        dialog = QApplication.activeModalWidget()
        if isinstance(dialog, SampleDialog) and dialog.table.rowCount():
            timer.stop()
            try:
                act(dialog)
                done.append(dialog)
                driver.click_on(dialog.buttons.button(dialog.buttons.StandardButton.Ok))
            finally:
                if not dialog.result():
                    dialog.reject()  # the test has failed, and should end

    timer = QTimer()
    timer.timeout.connect(look)
    timer.start(10)
    driver.trigger("map.sample")
    assert done
    driver.qtbot.waitUntil(lambda: sample_of(driver) is not None)


def answer(driver, count: int) -> None:
    """Label points truly, by keys."""
    for _ in range(count):
        row, column = sample_of(driver).place
        driver.type(str(TRUTH[row, column]))


def test_from_drawing_to_the_areas(scene, tmp_path, monkeypatch):
    window, document = scene.window, scene.document
    layers, readout = window.context.viewing.layers, window.context.readout
    canvas = window.context.canvas
    scene.trigger("map.why")
    scene.click(5, 5)
    assert [mark[:2] for mark in canvas.drawn_marks] == [(5, 5)]
    scene.hover(5, 5)
    assert "Corn" in readout.mapped.text()

    # the number of points follows from the wishes at once
    def wish(dialog) -> None:
        assert dialog.count.text().startswith("163 points.")
        dialog.interval.setValue(10.0)
        assert "The interval alone needs" in dialog.count.text()
        dialog.least.setValue(2)
        dialog.table.cellWidget(0, 2).setValue(90.0)
        few = dialog.plan().points({1: 240, 2: 240})
        assert dialog.count.text() == f"{sum(few.values())} points."
        assert [dialog.table.item(k, 3).text() for k in (0, 1)] == [str(n) for n in few.values()]
        dialog.kind.setCurrentIndex(2)
        dialog.seed.setValue(5)

    in_dialog(scene, wish)
    feature = feature_of(scene)
    scene.qtbot.waitUntil(lambda: feature.active)
    sample = sample_of(scene)
    total = sample.total
    assert np.count_nonzero(sample.sample.strata == 1) == (total + 1) // 2
    np.testing.assert_array_equal(MAP.ravel()[sample.sample.pixels], sample.sample.strata)

    # blind: neither the map nor its legend nor its classes under the cursor
    assert layers[IMAGE].raster is not None
    assert all(la.raster is None for la in layers.layers if la.name != IMAGE)
    scene.hover(5, 5)
    assert readout.position.text()
    assert not readout.mapped.text()
    assert not window.feature("legend").legend.isVisible()
    assert window.feature("image-menu")._classes_at(document, 5, 5) == []
    window.feature("why").refresh()
    assert window.panel("why").title.text() == BLIND
    scene.type("p")  # even where somebody asks for it
    assert layers[CLASS_MAP].raster is None
    panel = window.panel("reference")
    assert canvas.drawn_marks == []  # only the point is pointed out
    first = sample.place
    assert f"Row {first[0] + 1}, column {first[1] + 1}" in panel.question.text()
    view = window.context.canvas.view_box()
    assert view[0] <= first[1] <= view[0] + view[2]
    np.testing.assert_allclose(panel.plot.live_values()[1], document.cube.spectrum(*first))

    # later, undo, cannot tell, none of the classes; the mouse answers, too
    scene.type(" ")
    assert sample.place != first
    answer(scene, 1)
    second = sample.place
    scene.type("s", "u")
    assert sample.place == second
    assert sample.done == 1
    scene.type("s", "x")
    assert sorted(sample.reference[sample.reference != 0].tolist())[0] == CANNOT_TELL
    assert OTHER in sample.reference
    row, column = sample.place
    item = panel.classes.item(int(TRUTH[row, column]) - 1)
    at = panel.classes.visualItemRect(item).center()
    scene.click_on(panel.classes.viewport(), at)
    assert sample.done == 4
    assert panel.bar.value() == 4
    assert not document.labels.total  # they aren't training labels

    # stopped in the middle: the map is back, and no figure is shown yet
    scene.type(Qt.Key.Key_Escape)
    assert not feature.active
    assert window.panel("why").title.text() != BLIND
    assert layers[CLASS_MAP].raster is not None
    assert canvas.drawn_marks == canvas.marks != []
    figures = window.panel("accuracy").sample
    assert f"{total - 4} of {total} reference points aren't labelled yet" in figures.words.text()
    assert figures.table.isHidden()

    # exported blind while labels are missing
    path = tmp_path / "points.csv"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(path), "CSV (*.csv)"))
    scene.trigger("map.export_sample")
    scene.qtbot.waitUntil(path.exists)
    scene.settle()
    assert "stratum" not in path.read_text("utf-8")
    again, labels = read_reference_points(path, document.legend, Grid(*SIZE), MAP)
    np.testing.assert_array_equal(again.pixels, sample.sample.pixels)
    np.testing.assert_array_equal(labels, sample.reference)

    # on again, to the figures
    scene.click_on(panel.start_button)
    answer(scene, total - 4)
    assert not feature.active
    results = document.results
    scene.qtbot.waitUntil(lambda: results.sample_assessment is not None)
    found = results.sample_assessment
    assert (found.estimates.points, found.estimates.untold) == (total - 1, 1)
    assert found.own_strata
    assert figures.isVisible()
    assert figures.overall.text() == f"{100 * found.estimates.overall.value:.1f} %"
    assert "The class of 1 of" in figures.words.text()
    names = [figures.table.item(k, 0).text() for k in range(figures.table.rowCount())]
    assert names == ["Corn", "Oats", "None of the classes"]
    low, high = found.areas[0].low, found.areas[0].high
    assert low < 200 < high  # true pixels of corn
    figures.table.setFocus()
    scene.type("c", modifier=Qt.KeyboardModifier.ControlModifier)
    assert "Estimated, pixels" in QApplication.clipboard().text()

    # the areas of the menu have them, too; another map is assessed by the same points
    scene.trigger("map.areas")
    dialog = window.feature("map")._areas
    scene.qtbot.waitUntil(lambda: dialog.table.rowCount() == 3)
    assert dialog.table.item(0, 4).text().startswith(f"{found.areas[0].value:,.0f} (")
    written = tmp_path / "areas.csv"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(written), "CSV (*.csv)"))
    scene.click_on(dialog.save)
    scene.settle()
    with written.open(encoding="utf-8", newline="") as file:
        lines = list(csv.DictReader(file))
    assert [line["class_name"] for line in lines] == names
    corn = [float(lines[0][f"estimated_pixels{end}"]) for end in ("", "_low", "_high")]
    assert corn == pytest.approx([found.areas[0].value, low, high])
    assert int(lines[2]["pixels"]) == 0
    document.set_prediction(prediction_of(TRUTH))
    scene.qtbot.waitUntil(
        lambda: results.sample_assessment is not None and not results.sample_assessment.own_strata
    )
    assert "Stehman 2014" in figures.words.text()
    assert results.sample_assessment.estimates.overall.value > found.estimates.overall.value


def test_a_session_goes_on_in_the_middle(scene, make_driver):
    feature = feature_of(scene)
    in_dialog(scene, lambda dialog: dialog.least.setValue(2))
    scene.qtbot.waitUntil(lambda: feature.active)
    answer(scene, 3)
    sample = sample_of(scene)
    session = scene.window.context.sessions.session
    assert "reference points" in session.extras_words
    state = scene.window.context.sessions.data().features["reference"]

    stored = session.folder.path / "session.json"
    scene.qtbot.waitUntil(lambda: '"answered"' in stored.read_text("utf-8"))

    feature.stop()
    scene.document.results.sample = None
    feature.restore_session_state(state)
    again = sample_of(scene)
    assert feature.active
    assert (again.done, again.place) == (3, sample.place)
    np.testing.assert_array_equal(again.reference, sample.reference)
    scene.type("u")
    assert again.done == 2
    feature.stop()
    for key, value in (("pixels", [1]), ("shape", [2, 2]), ("reference", "x"), ("strata", None)):
        feature.restore_session_state({"sample": {**state["sample"], key: value}})
        assert sample_of(scene) is None


def test_areas_are_refused_without_a_sample(scene):
    scene.trigger("map.areas")
    dialog = scene.window.feature("map")._areas
    scene.qtbot.waitUntil(lambda: dialog.table.rowCount() == 2)
    assert "Areas can only be estimated from a probability sample" in dialog.note.text()
    assert dialog.table.isColumnHidden(4)
    assert not scene.window.panel("accuracy").sample.isVisible()


def test_a_digit_of_no_class_says_what_to_answer_instead(scene):
    in_dialog(scene, lambda dialog: dialog.at_once.setChecked(True))
    sample, notices = sample_of(scene), scene.window.notices
    scene.qtbot.waitUntil(lambda: feature_of(scene).active)
    place = sample.place
    scene.type("3")
    assert sample.done == 0
    assert notices.texts()[-1] == "There is no class 3. X: none of the classes."
    scene.click_on(notices.notices[-1].buttons[0])
    assert sample.done == 1
    assert sample.place != place
    scene.type(Qt.Key.Key_Escape)
