"""The user's own labels, cross-validated in the background after each training."""

from __future__ import annotations

import threading
from dataclasses import replace

import numpy as np
import pyqtgraph as pg
import pytest
from msgspec import structs
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog

from hsi_viewer.core.assessment.accuracy import score_pixels
from hsi_viewer.core.assessment.assessment import Assessment
from hsi_viewer.core.assessment.confusion_table import confusion_table
from hsi_viewer.learning import cross_validation
from hsi_viewer.session.document.label_load import LabelLoad, base_of, carry_out
from hsi_viewer.session.document.map_scoring import scoring_of
from hsi_viewer.session.document.results import Results
from hsi_viewer.ui import main_window
from hsi_viewer.ui.dialogs import Leave
from hsi_viewer.ui.features.training.result import accuracy_text
from hsi_viewer.ui.widgets.accuracy_panel import AccuracyPanel
from hsi_viewer.ui.widgets.confusion_dialog import ConfusionDialog
from hsi_viewer.ui.widgets.reliability_dialog import ReliabilityDialog
from tests.gui.hands import Hands

SHAPE = (40, 50, 8)
PLACES = {1: ((4, 4), (4, 40), (32, 20)), 2: ((32, 4), (20, 24), (32, 44))}


def made_scene() -> np.ndarray:
    """The third place of each class looks like the other class, but for a band of its own."""
    scene = np.random.default_rng(5).normal(0, 0.1, SHAPE)
    for sign, places in zip((1, -1), PLACES.values(), strict=True):
        for number, (row, column) in enumerate(places):
            field = scene[row - 3 : row + 4, column - 3 : column + 4]
            field[:, :, 0] += -sign if number == 2 else sign
            field[:, :, 5] += 3 * sign if number == 2 else 0
    return scene.astype(np.float32)


class Bench:
    """The window with the scene open, and hands that paint, train and look."""

    def __init__(self, driver) -> None:
        self.driver = driver

    @property
    def window(self):
        return self.driver.window

    @property
    def panel(self):
        return self.window.panel("accuracy")

    @property
    def results(self):
        return self.driver.document.results

    def paint(self, class_id: int, *places: tuple[int, int]) -> None:
        """A stroke of five pixels in each place."""
        self.driver.key(getattr(Qt.Key, f"Key_{class_id}"))
        for row, column in places:
            Hands(self.driver).drag(*((row, column + k) for k in range(-2, 3)))

    def train(self) -> None:
        """Press Train, and wait for the map."""
        button = self.window.panel("training").train_button
        training = self.window.feature("training").training
        with self.driver.qtbot.waitSignal(training.trained):
            QTest.mouseClick(button, Qt.MouseButton.LeftButton)

    def wait_for_figures(self) -> None:
        self.driver.qtbot.waitUntil(
            lambda: self.results.assessment is not None and not self.results.assessing
        )


@pytest.fixture
def bench(driver, tmp_path) -> Bench:
    np.save(tmp_path / "scene.npy", made_scene())
    driver.open(str(tmp_path / "scene.npy"))
    for _ in PLACES:
        driver.document.add_class()
    driver.trigger("tool.brush")
    driver.window.panel("training").choose_classifier("lda")
    driver.window.panel("training").refine.setChecked(False)
    driver.window.context.docking.show("accuracy")
    return Bench(driver)


class Held:
    """Cross-validation that takes until it is let go, or cancelled."""

    def __init__(self, monkeypatch) -> None:
        self.begun, self.go, self.cancelled = (threading.Event() for _ in range(3))
        self._evidence_of = cross_validation.evidence_of
        monkeypatch.setattr(cross_validation, "evidence_of", self)

    def __call__(self, model, cube, labels, config, token, port, **options):
        self.begun.set()
        while not self.go.wait(0.01):
            if token.cancelled:
                self.cancelled.set()
            token.check()
        return self._evidence_of(model, cube, labels, config, token, port, **options)


def test_own_labels_are_measured_by_place_and_come_back_with_the_session(
    bench, make_driver, tmp_path, monkeypatch
):
    for class_id, places in PLACES.items():
        bench.paint(class_id, *places)
    bench.train()
    bench.wait_for_figures()
    found, panel = bench.results.assessment, bench.panel
    labelled = bench.driver.document.labels.total
    assert found.separated.total == found.random.total == labelled >= 30
    assert found.places == 6
    assert found.random.overall != found.separated.overall
    assert panel.overall.text() == f"{100 * found.separated.overall.value:.1f} %"
    low, high = found.separated.overall.low, found.separated.overall.high
    assert panel.interval.text() == (
        f"Overall accuracy, 95 % interval {100 * low:.1f} % to {100 * high:.1f} %; "
        f"{labelled} labels in 6 places."
    )
    assert "by cross-validation of your labels" in panel.title.text()
    assert panel.optimistic.text().startswith("Beside training pixels: ")  # it is the lower one
    assert f"{100 * found.random.overall.value:.1f} % overall" in panel.optimistic.text()
    assert accuracy_text(bench.results).endswith("of your labels, held out place by place.")
    assert panel.sentence.text() == found.sentence
    assert "Held-out labels lie at least" in panel.audit.text()
    assert panel.overall.font().pointSizeF() > 1.4 * panel.optimistic.font().pointSizeF()
    assert not panel.stop_button.isVisible()
    rows = panel.classes.viewport().visibleRegion().boundingRect()  # at 1280 x 800
    assert rows.height() >= panel.classes.verticalHeader().length() > 0
    assert panel.classes.columnWidth(0) > panel.classes.fontMetrics().horizontalAdvance("Class 1")

    runs = bench.window.context.sessions.session.training_runs
    bench.driver.qtbot.waitUntil(lambda: bool(runs.runs) and runs.runs[0].honest is not None)
    assert runs.runs[0].honest["overall"] == found.separated.overall.value
    bench.driver.trigger("train.runs")
    listed = bench.window.panel("runs").table.item(0, 1)
    assert listed.text() == panel.overall.text()
    assert f"of {labelled} labels on separate places are right, 95 %" in listed.toolTip()

    bench.driver.click_on(panel.matrix_button)
    matrix = bench.window.findChild(ConfusionDialog)
    assert matrix.table.item(2, 3).text() == "0"  # unclassified, in the row of totals
    assert matrix.table.item(2, 4).text() == str(labelled)
    bars = matrix.table.horizontalScrollBar(), matrix.table.verticalScrollBar()
    bench.driver.qtbot.waitUntil(matrix.table.isVisible)
    assert [bar.maximum() for bar in bars] == [0, 0]  # so few classes are seen whole
    QTest.keyClick(matrix.table, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    copied = QApplication.clipboard().text()
    assert copied == confusion_table(found.separated, bench.driver.document.legend.name_of).tabs()
    assert "Rows: truth. Columns: class map." in copied
    assert "Total" in copied
    saved = tmp_path / "matrix.csv"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_a, **_k: (str(saved), ""))
    QTest.keyClick(matrix.unit, Qt.Key.Key_Down)
    bench.driver.click_on(matrix.save_button)
    bench.driver.qtbot.waitUntil(saved.exists)
    assert saved.read_text(encoding="utf-8").startswith('"Confusion matrix, row percent. ')
    matrix.close()
    bench.window.context.docking.show("accuracy")
    panel.classes.setFocus()
    bench.driver.type(Qt.Key.Key_C, modifier=Qt.KeyboardModifier.ControlModifier)
    assert QApplication.clipboard().text().startswith("Accuracy with 95 % intervals.")
    bench.driver.click_on(panel.reliability_button)
    diagram = bench.window.findChild(ReliabilityDialog)
    error = 100 * found.calibration_error
    assert f"Expected calibration error {error:.1f} points, of {labelled}" in diagram.text.text()
    the_bars_are_the_figures(diagram, bench)
    diagram.close()
    path = tmp_path / "work.hsiproj"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_a, **_k: (str(path), ""))
    bench.driver.trigger("file.save")
    bench.driver.qtbot.waitUntil(lambda: not bench.window.context.sessions.unsaved())
    bench.driver.settle()
    shown = panel.overall.text(), panel.interval.text(), panel.optimistic.text()
    bench.driver.let_go()
    del panel, matrix, diagram, listed

    monkeypatch.setattr(cross_validation, "evidence_of", None)  # it isn't done again
    again = make_driver()
    again.window.open(str(path))
    again.qtbot.waitUntil(
        lambda: again.document is not None and again.document.results.assessment is not None
    )
    panel = again.window.panel("accuracy")
    assert (panel.overall.text(), panel.interval.text(), panel.optimistic.text()) == shown


def the_bars_are_the_figures(diagram, bench) -> None:
    """Each bar is the share of the held-out answers of its confidence that are right."""
    held = bench.results.evidence.evidence.separated
    sure, right = held.probabilities.max(axis=1), held.right
    (bars,) = (i for i in diagram.plot.getPlotItem().items if isinstance(i, pg.BarGraphItem))
    middles, heights = np.asarray(bars.opts["x"]), np.asarray(bars.opts["height"])
    bins = np.clip((sure * 15).astype(int), 0, 14)
    used = np.unique(bins)
    np.testing.assert_allclose(middles, (used + 0.5) / 15)
    np.testing.assert_allclose(heights, [right[bins == b].mean() for b in used])
    counts = np.bincount(bins)[used]
    assert heights @ counts / counts.sum() == pytest.approx(
        bench.results.assessment.separated.overall.value
    )
    gaps = [abs(right[bins == b].mean() - sure[bins == b].mean()) for b in used]
    assert np.dot(counts, gaps) / counts.sum() == pytest.approx(
        bench.results.assessment.calibration_error
    )


def test_cross_validation_delays_nothing_and_stops_when_its_labels_are_past(bench, monkeypatch):
    for class_id, places in PLACES.items():
        bench.paint(class_id, *places)
    held = Held(monkeypatch)
    qtbot, panel = bench.driver.qtbot, bench.panel

    bench.train()
    qtbot.waitUntil(held.begun.is_set)
    assert bench.driver.document.prediction.final  # the map is there; its figure isn't waited for
    assert bench.results.assessing
    assert panel.state.isVisible()
    bench.driver.click_on(panel.stop_button)
    qtbot.waitUntil(held.cancelled.is_set)
    assert "stopped because you asked for it" in panel.state.text()
    assert not panel.stop_button.isVisible()

    for change, why in (
        (lambda: bench.paint(1, (20, 4)), "the labels changed"),
        (bench.train, "the next training began"),
    ):
        held.begun.clear()
        held.cancelled.clear()
        bench.train()
        qtbot.waitUntil(held.begun.is_set)
        change()
        qtbot.waitUntil(held.cancelled.is_set)
        if why == "the labels changed":
            assert why in panel.state.text()
            assert bench.results.assessment is None
            assert not bench.results.assessing
    held.go.set()
    bench.wait_for_figures()
    assert bench.results.assessment.separated.total == bench.driver.document.labels.total

    held.go.clear()
    held.cancelled.clear()
    bench.train()
    qtbot.waitUntil(lambda: bench.results.assessing != "")
    monkeypatch.setattr(main_window, "ask_to_leave", lambda *_a: Leave.DISCARD)
    bench.driver.open("sample:indian-pines")
    qtbot.waitUntil(held.cancelled.is_set)
    assert bench.results.assessment is None
    assert "No map yet" in panel.state.text()


def test_a_map_of_other_classes_is_not_scored_and_undo_scores_it_again(bench):
    truth = np.zeros(SHAPE[:2], np.uint16)
    for class_id, places in PLACES.items():
        bench.paint(class_id, *places)
        for row, column in places:
            truth[row - 3 : row + 4, column - 3 : column + 4] = class_id
    document, panel = bench.driver.document, bench.panel
    bench.train()
    bench.wait_for_figures()
    document.set_truth(truth)
    bench.wait_for_figures()
    assert "test pixels" in panel.optimistic.text()
    scored = panel.optimistic.text()
    document.rename_class(1, "Corn")  # the same class by another name
    bench.driver.qtbot.waitUntil(lambda: "Corn" in panel.classes.item(0, 0).text())
    assert panel.optimistic.text() == scored

    classes = tuple(replace(c, name=n) for c, n in zip(document.legend, "AB", strict=True))
    base = base_of(document)
    change = document.labels.prepare(document.labels.edit_for(np.array([7]), 1), base.labels)
    assert carry_out(document, LabelLoad(base, "Load labels", classes, change))
    document.set_truth(truth)
    bench.wait_for_figures()
    assert "classes have changed since this map was made" in panel.warnings.text()
    assert "random folds of the labels" in panel.optimistic.text()
    assert scoring_of(document).accuracy() is None
    bench.driver.key(Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    bench.driver.qtbot.waitUntil(lambda: panel.optimistic.text() == scored)
    assert "have changed" not in panel.warnings.text()


@pytest.mark.parametrize(("first", "second"), [(3, 2), (3, 3), (2, 3)])
def test_only_what_is_above_the_first_figure_is_called_optimistic(first, second, qtbot):
    truth, pixels, panel = np.ones(4, np.uint16), np.arange(4), AccuracyPanel()
    qtbot.addWidget(panel)
    apart, beside = (
        score_pixels(truth, np.where(pixels < right, 1, 2).astype(np.uint16), pixels, 4)
        for right in (first, second)
    )
    panel.show_assessment(Assessment(apart, beside, None, None, 8, 4), str)
    title = "Optimistic" if second > first else "Beside training pixels"
    assert panel.optimistic.text().startswith(f"{title}: {25 * second}.0 % overall")
    assert "optimistic" not in panel.sentence.text()
    # with test pixels, the figure of the labels stands small beside theirs
    assert "Cross-validation" not in panel.optimistic.text()
    found = Assessment(apart, beside, None, None, 8, 4, (), "test pixels", "test pixels")
    panel.show_assessment(structs.replace(found, cross_validated=beside), str)
    assert panel.overall.text() == f"{25 * first}.0 %"
    assert f"Cross-validation of your labels, place by place: {25 * second}.0 %" in (
        panel.optimistic.text()
    )
    # without any apart, the card names both, too
    results = Results(assessment=structs.replace(found, separated_on="labels"))
    title = "optimistic, " if second > first else ""
    assert accuracy_text(results).startswith(f"{25 * first}.0 % right")
    assert accuracy_text(results).endswith(
        f"on 4 of your labels, held out place by place; {title}{25 * second}.0 % on all 4 test "
        "pixels, which lie beside training pixels."
    )


def test_with_one_place_a_class_the_panel_says_what_to_label(bench):
    for class_id, places in PLACES.items():
        bench.paint(class_id, places[0])
    bench.train()
    bench.wait_for_figures()
    panel = bench.panel
    assert bench.results.assessment.separated is None
    assert not panel.overall.isVisibleTo(panel)
    assert panel.title.text() == "No honest figure yet"
    assert "label another place of Class 1 and Class 2" in panel.warnings.text()
    assert "Optimistic: " in panel.optimistic.text()
    assert "It says nothing about places without labels" in panel.sentence.text()
    assert accuracy_text(bench.results).startswith("Optimistic: ")
    assert accuracy_text(bench.results).endswith("of your labels, held out at random.")


def test_the_classes_are_listed_again_only_when_they_differ(qtbot):
    truth, panel = np.array([1, 1, 2, 2], np.uint16), AccuracyPanel()
    qtbot.addWidget(panel)
    right, wrong = (
        Assessment(score_pixels(truth, mapped, np.arange(4), 4), None, None, None, 8, 4)
        for mapped in (truth, truth[::-1].copy())
    )
    panel.show_assessment(right, str)
    first = panel.classes.item(0, 0)
    panel.show_waiting()
    panel.show_assessment(right, str)  # as each step of a cross-validation does
    assert panel.classes.item(0, 0) is first
    assert panel.classes.isEnabled()
    panel.show_assessment(right, "Class {}".format)
    assert panel.classes.item(0, 0).text() == "Class 1"
    assert panel.classes.item(0, 4).text() == "100.0"
    heads = [panel.classes.horizontalHeaderItem(column).text() for column in (2, 3, 4)]
    assert all(text.endswith("%") for text in heads)
    panel.show_assessment(wrong, "Class {}".format)
    assert panel.classes.item(0, 4).text() == "0.0"
    panel.show_assessment(right, "Class {}".format)
    assert panel.classes.item(0, 4).text() == "100.0"
