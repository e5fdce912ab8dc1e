"""After a training: the card with its facts and next steps, and what else has to follow the map."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QContextMenuEvent, QGuiApplication
from PySide6.QtWidgets import QApplication, QFileDialog, QMenu

from hsi_viewer.core.time_left import took
from hsi_viewer.preferences.settings import Settings
from hsi_viewer.ui.features.exporting.export_dialog import ExportDialog
from hsi_viewer.ui.widgets.class_panel import NAME

CTRL = Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def labelled(make_driver, tmp_path):
    """A small scene of two fields with a few labels in each, and a classifier that is quick."""
    driver = make_driver(Settings(theme="light", classifier="lda"))
    rng = np.random.default_rng(0)
    truth = np.ones((24, 30), np.uint16)
    truth[:, 15:] = 2
    values = truth[:, :, None] * np.linspace(1, 3, 8) + rng.normal(0, 0.2, (24, 30, 8))
    np.save(tmp_path / "scene.npy", values.astype(np.float32))
    driver.open(str(tmp_path / "scene.npy"))
    driver.document.draw_training_pixels(truth, 6, 0, {1: "Corn", 2: "Woods"})
    return driver


def train(driver) -> None:
    """Ctrl+T, until the map is there."""
    driver.trained = []
    driver.window.feature("training").training.trained.connect(driver.trained.append)
    driver.window.activateWindow()
    driver.qtbot.waitUntil(driver.window.isActiveWindow)
    driver.window.context.canvas.setFocus()
    driver.type(Qt.Key.Key_T, modifier=CTRL)
    driver.qtbot.waitUntil(lambda: bool(driver.trained))
    driver.settle()


def in_front(driver, key: str) -> bool:
    return not driver.window.context.docking.docks[key].visibleRegion().isEmpty()


def test_after_a_training(labelled, monkeypatch):
    window, document = labelled.window, labelled.document
    card, docking = window.feature("result").card, window.context.docking
    assert not card.isVisible()
    # Ctrl+T raises Training from behind its tabs, and the hidden map is shown
    docking.show("accuracy")
    labelled.trigger("view.image")
    labelled.qtbot.waitUntil(lambda: in_front(labelled, "accuracy"))
    labelled.hover(5, 5)
    assert "Map" not in window.context.readout.mapped.text()
    train(labelled)
    assert in_front(labelled, "training")
    assert window.context.viewing.map_shown
    # the class under the resting cursor is that of the new map
    assert window.context.readout.mapped.text().startswith("Map: Corn, ")
    # the card
    labelled.qtbot.waitUntil(lambda: bool(card.accuracy.text()))
    assert card.isVisible()
    assert window.rect().contains(card.rect().translated(card.mapTo(window, QPoint())))
    assert card.title.text().startswith("2 classes mapped by Linear discriminant in ")
    labelled.qtbot.waitUntil(lambda: document.results.assessment is not None)
    labelled.qtbot.waitUntil(lambda: not document.results.assessing)
    found = document.results.assessment
    report = found.separated or found.random
    low, high = 100 * report.overall.low, 100 * report.overall.high
    assert (
        f"{100 * report.overall.value:.1f} % right (95 % interval {low:.1f} to {high:.1f} %)"
        in card.accuracy.text()
    )
    apart = " apart from the training pixels" if found.separated and found.separation else ""
    assert card.accuracy.text().endswith(f" on {report.total:,} test pixels{apart}.")
    assert card.accuracy.text().startswith("Optimistic: ") == (found.separated is None)
    assert card.change.isHidden()  # there was no map before
    texts = [b.text() for b in card.buttons]
    assert texts == ["Label here next", "Check labels", "Export…", "Report…"], texts
    for button in card.buttons:  # only what works
        command = button.property("command")
        assert window.commands.action(command).isEnabled()
    # one run has one duration
    runs = window.context.sessions.session.training_runs
    labelled.qtbot.waitUntil(lambda: bool(runs.runs))
    assert (
        window.panel("training").status.text()
        == f"The final map took {took(runs.runs[0].seconds)}."
    )
    # a step that is taken by its key closes it, too; the next training tells what has changed
    labelled.trigger("labels.check")
    assert not card.isVisible()
    card.show()  # it lies over what is asked about next, and tells of the map that isn't to be seen
    labelled.trigger("map.why")
    assert not card.isVisible()
    first = document.prediction.class_map
    labelled.type("b2")
    labelled.stroke((2, 5), (3, 12))
    train(labelled)
    labelled.qtbot.waitUntil(lambda: bool(card.change.text()))
    changed = np.count_nonzero(first != document.prediction.class_map)
    assert f"{changed:,} pixels" in card.change.text()
    assert "more labelled pixels" in card.change.text()
    # a button leads on, and the card is gone
    opened = []
    monkeypatch.setattr(ExportDialog, "exec", lambda dialog: opened.append(dialog) or 0)
    monkeypatch.setattr(QFileDialog, "getSaveFileName", staticmethod(lambda *_: ("", "")))
    labelled.click_on(next(b for b in card.buttons if b.text() == "Export…"))
    assert len(opened) == 1
    assert not card.isVisible()
    a_derived_image_is_seen_with_its_colour_bar(labelled)
    the_menu_of_a_pixel(labelled)
    f2_renames_the_class(labelled)


def a_derived_image_is_seen_with_its_colour_bar(driver) -> None:
    legend = driver.window.feature("legend").legend
    assert legend.entries
    driver.trigger("image.anomalies")
    driver.settle()
    driver.qtbot.waitUntil(lambda: legend.bar is not None)
    assert legend.isVisible()
    assert not driver.window.context.viewing.map_shown
    driver.type("p")
    assert driver.window.context.viewing.map_shown


def the_menu_of_a_pixel(driver) -> None:
    canvas, window = driver.canvas, driver.window
    at = driver.point(5, 20)
    reason = QContextMenuEvent.Reason.Mouse
    event = QContextMenuEvent(reason, at, canvas.viewport().mapToGlobal(at))
    QApplication.sendEvent(canvas.viewport(), event)
    menu = next(m for m in window.findChildren(QMenu) if m.isVisible())
    actions = {a.text().replace("&", ""): a for a in menu.actions()}
    pins = window.context.viewing.pins
    assert menu.actions()[0].text() == "Row 6, column 21"
    actions["Pin the spectrum"].trigger()
    assert window.context.viewing.pins == pins + 1
    actions["Copy the position and values"].trigger()
    assert QGuiApplication.clipboard().text().startswith("row 6\tcolumn 21\tWoods")
    actions["Choose the class Woods"].trigger()
    assert window.context.labelling.active_class == 2
    assert {"Fit the scene", "Class map"} <= set(actions)
    menu.close()


def f2_renames_the_class(driver) -> None:
    driver.window.activateWindow()
    driver.qtbot.waitUntil(driver.window.isActiveWindow)
    driver.type(Qt.Key.Key_F2, "forest", Qt.Key.Key_Return)
    assert driver.document.legend[2].name == "forest"
    table = driver.window.panel("classes").table
    at = table.visualItemRect(table.item(1, NAME)).center()
    where = table.viewport().mapToGlobal(at)
    reason = QContextMenuEvent.Reason.Mouse
    QApplication.sendEvent(table.viewport(), QContextMenuEvent(reason, at, where))
    menu = next(m for m in driver.window.findChildren(QMenu) if m.isVisible())
    next(a for a in menu.actions() if a.text().replace("&", "") == "Rename class").trigger()
    menu.close()
    driver.type("wood", Qt.Key.Key_Return)
    assert driver.document.legend[2].name == "wood"


def test_a_ground_truth_over_painted_classes_keeps_its_ids(labelled, tmp_path):
    """The class that loses all its labels goes along; undo brings both back."""
    document = labelled.document
    before = document.labels.ids.copy()
    document.rename_class(1, "Water")
    document.rename_class(2, "Soil")
    truth = np.ones((24, 30), np.uint16)
    truth[:, 10:] = 2
    truth[:, 20:] = 3
    names = "ENVI\nsamples = 30\nlines = 24\nbands = 1\ndata type = 12\ninterleave = bsq\n"
    names += "file type = ENVI Classification\nclasses = 4\n"
    names += "class names = {Unclassified, Alfalfa, Corn, Oats}\nbyte order = 0\n"
    (tmp_path / "truth.hdr").write_text(names)
    truth.tofile(tmp_path / "truth.dat")
    from hsi_viewer.core.labels.sampling import Draw

    labelled.window.context.labelling.files.load(str(tmp_path / "truth.dat"), Draw(5, seed=0))
    labelled.qtbot.waitUntil(lambda: len(document.legend) == 3)
    assert [(c.id, c.name) for c in document.legend] == [(1, "Alfalfa"), (2, "Corn"), (3, "Oats")]
    assert document.labels.present() == (1, 2, 3)
    labelled.trigger("edit.undo")
    assert [c.name for c in document.legend] == ["Water", "Soil"]
    assert (document.labels.ids == before).all()
