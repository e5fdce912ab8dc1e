from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtTest import QTest

from hsi_viewer.core.geometry.brush import disc_path
from hsi_viewer.core.labels.sampling import Draw
from hsi_viewer.session.document.map_scoring import scoring_of
from hsi_viewer.ui.widgets.class_panel import COUNT, EYE, NAME


@pytest.fixture
def driver(shared):
    return shared


def add_classes(driver, n: int) -> None:
    for _ in range(n):
        driver.trigger("class.add")
        driver.type(Qt.Key.Key_Return)  # the name that is proposed


def cell(driver, row: int, column: int) -> str:
    return driver.window.panel("classes").table.item(row, column).text()


def test_click_labels_one_pixel_and_counts_it(sample):
    add_classes(sample, 2)
    sample.key(Qt.Key.Key_2)
    sample.click(12, 34)
    expected = np.zeros((145, 145), np.uint16)
    expected[12, 34] = 2
    np.testing.assert_array_equal(sample.document.labels.ids, expected)
    assert cell(sample, 0, COUNT) == "0"
    assert cell(sample, 1, COUNT) == "1"
    assert cell(sample, 1, NAME) == "Corn-notill"


def test_a_stroke_paints_what_numpy_says_and_is_one_step(sample):
    add_classes(sample, 1)
    path = ((5, 5), (9, 20), (30, 22))
    for size in (1, 3, 7):
        sample.window.feature("labelling").tools.options.brush_size.setValue(size)
        sample.stroke(*path)
        expected = np.zeros(145 * 145, np.uint16)
        for a, b in zip((path[0], *path), path, strict=False):
            expected[disc_path(a, b, size, (145, 145))] = 1
        np.testing.assert_array_equal(sample.document.labels.ids.ravel(), expected)
        sample.key(Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
        assert sample.document.labels.total == 0
        sample.key(Qt.Key.Key_Y, Qt.KeyboardModifier.ControlModifier)
        np.testing.assert_array_equal(sample.document.labels.ids.ravel(), expected)
        sample.key(Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)


def test_a_stroke_over_the_border_stays_in_the_scene(sample):
    add_classes(sample, 1)
    sample.window.feature("labelling").tools.options.brush_size.setValue(9)
    sample.stroke((2, 140), (2, 150))
    ids = sample.document.labels.ids
    assert ids[2, 144] == 1
    assert ids[:, 0].sum() == 0


def test_erase_and_undo(sample):
    add_classes(sample, 1)
    sample.stroke((10, 10), (10, 20))
    sample.key(Qt.Key.Key_E)
    sample.stroke((10, 12), (10, 14))
    assert sample.document.labels.total == 11 - 3
    sample.trigger("edit.undo")
    assert sample.document.labels.total == 11
    sample.trigger("edit.undo")
    assert sample.document.labels.total == 0


def test_brush_keys_change_the_size_and_the_outline(sample):
    sample.key(Qt.Key.Key_B)
    sample.hover(50, 50)
    small = sample.canvas._outline.boundingRect().width()
    sample.key(Qt.Key.Key_BracketRight)
    assert sample.window.feature("labelling").tools.options.brush_size.value() == 3
    sample.hover(50, 51)
    assert sample.canvas._outline.isVisible()
    assert sample.canvas._outline.boundingRect().width() > small
    sample.key(Qt.Key.Key_BracketLeft)
    assert sample.window.feature("labelling").tools.options.brush_size.value() == 1


def test_escape_takes_the_unfinished_stroke_back(sample):
    add_classes(sample, 1)
    QTest.mousePress(sample.canvas.viewport(), Qt.MouseButton.LeftButton, pos=sample.point(10, 10))
    sample.mouse(
        QMouseEvent.Type.MouseMove,
        sample.point(10, 30),
        Qt.MouseButton.NoButton,
        Qt.MouseButton.LeftButton,
    )
    assert sample.document.labels.total == 21
    sample.key(Qt.Key.Key_Escape)
    QTest.mouseRelease(
        sample.canvas.viewport(), Qt.MouseButton.LeftButton, pos=sample.point(10, 30)
    )
    assert sample.document.labels.total == 0
    assert sample.document.history.undo_title == "Add class"


def test_labels_are_drawn_in_the_colour_of_their_class(sample):
    add_classes(sample, 1)
    sample.click(3, 4)
    shown = sample.canvas.label_overlay.image
    assert tuple(shown[3, 4]) == (*sample.document.legend.classes[0].colour, 255)
    assert shown[:, :, 3].sum() == 255


def test_rename_recolour_hide_remove(sample):
    add_classes(sample, 2)
    panel = sample.window.panel("classes")
    panel.edit_name(1)
    sample.type("Barley", Qt.Key.Key_Return)
    assert sample.document.legend[1].name == "Barley"
    sample.key(Qt.Key.Key_1)
    sample.click(7, 7)
    rect = panel.table.visualItemRect(panel.table.item(0, EYE))
    QTest.mouseClick(panel.table.viewport(), Qt.MouseButton.LeftButton, pos=rect.center())
    assert not sample.document.legend[1].visible
    assert sample.canvas.label_overlay.image[:, :, 3].sum() == 0
    panel.select(1)
    QTest.mouseClick(panel.remove_button, Qt.MouseButton.LeftButton)
    assert 1 not in sample.document.legend
    assert [c.id for c in sample.document.legend] == [2]
    assert sample.document.labels.total == 0
    sample.trigger("edit.undo")
    assert sample.document.legend[1].name == "Barley"
    assert sample.document.labels.ids[7, 7] == 1


def test_colour_dialog_recolours(sample, monkeypatch):
    from PySide6.QtGui import QColor
    from PySide6.QtWidgets import QColorDialog

    add_classes(sample, 1)
    monkeypatch.setattr(QColorDialog, "getColor", lambda *_: QColor(1, 2, 3))
    sample.window.panel("classes").recolour_requested.emit(1)
    assert sample.document.legend[1].colour == (1, 2, 3)


def test_training_pixels_are_drawn_from_the_ground_truth(sample):
    truth_source = sample.document.cube.ground_truth
    sample.window.context.labelling.files.load(truth_source, Draw(10, seed=3))
    sample.qtbot.waitUntil(lambda: sample.document.labels.total > 0)
    assert [sample.document.labels.count(i) for i in range(1, 17)] == [10] * 16
    test = scoring_of(sample.document).test_pixels()
    assert (test > 0).sum() == 10249 - 160
    assert not ((test > 0) & (sample.document.labels.ids > 0)).any()
    assert len(sample.document.legend) == 16
    assert cell(sample, 15, NAME) == "Stone-Steel-Towers"


def test_labels_of_another_size_explain_themselves_and_are_laid_as_chosen(make_driver, tmp_path):
    sample = make_driver()  # of its own: Escape means more where something was done before
    sample.open("sample:indian-pines")
    path = tmp_path / "labels.npy"
    np.save(path, np.ones((10, 12), np.uint8))
    sample.window.context.labelling.files.load(str(path), "labels")
    offers = sample.window.context.offers
    sample.qtbot.waitUntil(lambda: bool(offers.offers))
    text = offers.offers[-1].text
    assert "10 x 12" in text
    assert "145 x 145" in text
    assert sample.document.labels.total == 0
    # to import nothing is the default; the others are explained, with a picture each
    offer = offers.offers[-1]
    assert [b.text() for b in offer.buttons if b.objectName() == "primary"] == ["Don't import"]
    doubtful = [c for c in offer.choices if not c.escape]
    assert [c.text for c in doubtful] == ["Stretch to fit", "Align at top left"]
    stretched, cropped = (c.picture for c in doubtful)
    assert all(c.about.startswith("Right only if") for c in doubtful)
    assert stretched.shape == cropped.shape == (145, 145, 3)
    grey = (cropped == cropped[:, :, :1]).all(axis=2)
    assert not grey[:10, :12].any()
    assert grey[10:].all()
    assert not (stretched == stretched[:, :, :1]).all(axis=2).any()
    sample.type(Qt.Key.Key_Escape)
    assert (offers.offers, sample.document.labels.total) == ([], 0)
    sample.window.context.labelling.files.load(str(path), "labels")
    sample.qtbot.waitUntil(lambda: bool(offers.offers))
    crop = next(b for b in offers.offers[-1].buttons if b.text() == "Align at top left")
    QTest.mouseClick(crop, Qt.MouseButton.LeftButton)
    sample.qtbot.waitUntil(lambda: sample.document.labels.total > 0)
    expected = np.zeros((145, 145), np.uint16)
    expected[:10, :12] = 1
    np.testing.assert_array_equal(sample.document.labels.ids, expected)
    assert not offers.offers


def test_saved_labels_load_again(sample, tmp_path, monkeypatch):
    from PySide6.QtWidgets import QFileDialog

    add_classes(sample, 2)
    sample.stroke((10, 10), (10, 20))
    sample.key(Qt.Key.Key_2)
    sample.click(40, 40)
    assert sample.window.isWindowModified()
    path = tmp_path / "mine.npy"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_a, **_k: (str(path), ""))
    sample.trigger("file.save")
    sample.qtbot.waitUntil(lambda: not sample.document.modified)
    assert not sample.window.isWindowModified()
    saved = sample.document.labels.snapshot().ids
    np.testing.assert_array_equal(np.load(path), saved)
    sample.stroke((90, 90), (95, 95))
    assert sample.window.isWindowModified()
    sample.window.context.labelling.files.load(str(path), "labels")
    sample.qtbot.waitUntil(lambda: sample.document.labels.total == 12)
    np.testing.assert_array_equal(sample.document.labels.ids, saved)


def test_train_is_disabled_and_says_why(sample):
    button = sample.window.panel("training").train_button
    assert not button.isEnabled()
    assert "Label some pixels" in sample.window.panel("training").reason.text()
    add_classes(sample, 2)
    sample.click(5, 5)
    assert not button.isEnabled()
    assert "second class" in sample.window.panel("training").reason.text()
    sample.key(Qt.Key.Key_1)
    sample.click(5, 8)
    assert button.isEnabled()
    assert sample.window.panel("training").reason.isHidden()
