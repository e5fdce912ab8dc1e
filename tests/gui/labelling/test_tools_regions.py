"""Fill, wand, superpixels and the selection of regions by mouse and keys."""

from __future__ import annotations

import time

import numpy as np
import pytest
from PySide6.QtCore import Qt

from hsi_viewer.core.geometry import shapes
from hsi_viewer.core.prediction import Prediction
from hsi_viewer.ui.tools import fill
from tests.gui.hands import CTRL, SHIFT, SIZE, Hands, labelled, made_cube

ZOOMS = (0.5, 1.0, 4.0)
FIELD = shapes.rectangle((0, 0), (29, 39), SIZE)


@pytest.fixture
def driver(shared):
    return shared


@pytest.fixture
def hands(driver, tmp_path) -> Hands:
    path = tmp_path / "made.npy"
    np.save(path, made_cube())
    driver.open(str(path))
    driver.trigger("class.add")
    return Hands(driver)


def wait_for_preview(hands: Hands) -> None:
    def there() -> bool:
        preview = hands.canvas.preview
        return preview is not None and preview.mask.size > 1

    hands.driver.qtbot.waitUntil(there)


def test_fill_takes_the_connected_area_of_one_label(hands, monkeypatch):
    hands.tool("rectangle")
    hands.drag((20, 30), (40, 50))
    hands.tool("eraser")
    hands.driver.window.feature("labelling").tools.options.brush_size.setValue(5)
    hands.click((30, 40))
    hole = hands.ids == 0
    hole[:20], hole[41:], hole[:, :30], hole[:, 51:] = False, False, False, False
    hands.driver.trigger("class.add")
    hands.tool("fill")
    for level in ZOOMS:
        hands.zoom_to(level)
        hands.click((30, 40))
        np.testing.assert_array_equal(hands.ids == 2, hole)
        hands.driver.trigger("edit.undo")
        assert not (hands.ids == 2).any()
    hands.canvas.fit()
    monkeypatch.setattr(fill, "AT_ONCE", 100)  # larger areas are sought in the background
    hands.click((30, 40))
    hands.driver.qtbot.waitUntil(lambda: (hands.ids == 2).any())
    np.testing.assert_array_equal(hands.ids == 2, hole)
    hands.driver.trigger("edit.undo")
    monkeypatch.setattr(fill, "FURTHEST", 15)
    hands.click((59, 79))
    notices = hands.driver.window.notices
    hands.driver.qtbot.waitUntil(lambda: bool(notices.texts()))
    assert "too large to fill" in notices.texts()[-1]
    assert not (hands.ids == 2).any()
    monkeypatch.undo()
    hands.click((59, 79))
    assert (hands.ids[:20] == 2).all()
    assert not (hands.ids[hole] == 2).any()


def test_fill_by_the_class_map(hands):
    map_ = np.ones(SIZE, np.uint16)
    map_.flat[FIELD] = 2
    confidence = np.ones(SIZE, np.float32)
    hands.tool("fill")
    options = hands.driver.window.feature("labelling").tools.options
    options.fill_by.setCurrentIndex(1)
    options.fill_by.activated.emit(1)
    hands.click((3, 3))
    assert "no class map" in hands.driver.window.notices.texts()[-1]
    hands.driver.click_on(hands.driver.window.notices.notices[-1].buttons[0])
    assert options.fill_by.currentData() == "labels"
    options.fill_by.setCurrentIndex(1)
    options.fill_by.activated.emit(1)
    hands.driver.document.set_prediction(Prediction(map_, confidence, (1, 2)))
    hands.click((3, 3))
    np.testing.assert_array_equal(hands.ids, labelled(FIELD))


def test_the_wand_takes_a_field_previews_and_is_accepted(hands):
    hands.tool("wand")
    for measure, level in zip(("angle", "distance", "angle"), ZOOMS, strict=True):
        hands.zoom_to(level, (25, 35))
        hands.driver.window.context.labelling.toolbox.set_option("wand_measure", measure)
        hands.driver.window.context.labelling.toolbox.set_option("tolerance", 0.06)
        hands.click((25, 35))
        wait_for_preview(hands)
        assert not hands.ids.any()
        if measure == "angle":
            hands.driver.key(Qt.Key.Key_Return)
        else:
            hands.click((26, 34))
        np.testing.assert_array_equal(hands.ids, labelled(FIELD))
        assert hands.canvas.preview is None
        hands.driver.trigger("edit.undo")


def test_dragging_sets_the_tolerance_of_the_wand_and_escape_drops_it(hands):
    hands.tool("wand")
    settings = hands.driver.window.workspace.settings
    hands.hover((10, 20))
    hands.driver.qtbot.waitUntil(lambda: not hands.driver.window.workspace.tasks.running)
    hands.press((10, 20))
    start = settings.wand_angle
    hands.move((10, 40))
    wider = settings.wand_angle
    hands.move((10, 5))
    assert settings.wand_angle < start < wider
    assert hands.driver.window.feature("labelling").tools.options.accept.isVisible()
    hands.release((10, 5))
    hands.driver.key(Qt.Key.Key_Escape)
    assert hands.canvas.preview is None
    assert not hands.ids.any()
    assert not hands.driver.window.feature("labelling").tools.options.accept.isVisible()


def test_the_wand_takes_all_alike_when_not_connected(hands):
    hands.driver.window.feature("labelling").tools.options.connected.setChecked(False)
    cube = hands.driver.document.cube.read()
    cube[50:55, 70:75] = cube[5, 5]
    box = hands.driver.window.context.labelling.toolbox
    box.set_option("tolerance", 0.02)
    hands.tool("wand")
    hands.click((5, 5))
    wait_for_preview(hands)
    hands.driver.key(Qt.Key.Key_Return)
    np.testing.assert_array_equal(hands.ids, labelled(FIELD))


def test_a_click_of_the_wand_takes_less_than_100_ms_on_the_sample_scene(sample):
    """Time of the processor: other programs do not lengthen it."""
    sample.trigger("class.add")
    hands = Hands(sample)
    hands.tool("wand")
    hands.hover((70, 70))
    sample.qtbot.waitUntil(lambda: not sample.window.workspace.tasks.running)
    times = []
    for pixel in ((70, 70), (20, 100), (120, 30), (100, 100), (60, 20)):
        sample.key(Qt.Key.Key_Escape)
        start = time.thread_time()
        hands.press(pixel)
        times.append(time.thread_time() - start)
        assert hands.canvas.preview is not None
        hands.release(pixel)
    assert np.median(times) < 0.1


def test_superpixels_follow_fields_and_are_painted_whole(hands):
    hands.tool("superpixel")
    hands.hover((10, 10))
    wait_for_preview(hands)
    assert hands.canvas.preview.mask.sum() > 9
    hands.click((10, 10))
    first = hands.ids == 1
    preview = hands.canvas.preview
    top, left = preview.origin
    height, width = preview.mask.shape
    np.testing.assert_array_equal(first[top : top + height, left : left + width], preview.mask)
    assert first.sum() == preview.mask.sum()
    hands.driver.trigger("edit.undo")
    hands.drag((3, 3), (15, 20), (26, 36))
    in_field = np.zeros(SIZE, bool)
    in_field.flat[FIELD] = True
    painted = hands.ids == 1
    assert painted.sum() > 3 * first.sum()
    assert (painted & ~in_field).sum() < 0.05 * painted.sum()
    hands.driver.trigger("edit.undo")
    assert not hands.ids.any()


def test_regions_are_selected_moved_copied_and_deleted(hands):
    hands.tool("rectangle")
    hands.drag((10, 10), (14, 19))
    hands.drag((40, 60), (44, 69))
    a, b = (shapes.rectangle(p, q, SIZE) for p, q in (((10, 10), (14, 19)), ((40, 60), (44, 69))))
    hands.tool("select")
    moved = shapes.rectangle((15, 12), (19, 21), SIZE)
    for level in ZOOMS:
        hands.zoom_to(level, (14, 14))
        hands.drag((12, 12), (17, 14))
        np.testing.assert_array_equal(hands.ids, labelled(np.r_[moved, b]))
        hands.driver.trigger("edit.undo")
        np.testing.assert_array_equal(hands.ids, labelled(np.r_[a, b]))
        hands.drag((12, 12), (17, 14), keys=CTRL)
        np.testing.assert_array_equal(hands.ids, labelled(np.r_[a, moved, b]))
        hands.driver.trigger("edit.undo")
        hands.driver.key(Qt.Key.Key_Escape)
    hands.canvas.fit()
    hands.click((12, 12))
    hands.click((42, 62), keys=SHIFT)
    hands.driver.key(Qt.Key.Key_Delete)
    assert not hands.ids.any()
    hands.driver.trigger("edit.undo")
    np.testing.assert_array_equal(hands.ids, labelled(np.r_[a, b]))


def test_copy_and_paste_at_the_mouse_cut_at_the_border(hands):
    hands.tool("rectangle")
    hands.drag((10, 10), (14, 19))
    a = shapes.rectangle((10, 10), (14, 19), SIZE)
    hands.tool("select")
    hands.click((12, 12))
    hands.driver.key(Qt.Key.Key_C, CTRL)
    hands.hover((58, 40))
    hands.driver.key(Qt.Key.Key_V, CTRL)
    b = shapes.rectangle((56, 36), (59, 45), SIZE)
    np.testing.assert_array_equal(hands.ids, labelled(np.r_[a, b]))
    assert hands.driver.document.history.undo_title == "Paste region"
    hands.driver.trigger("edit.undo")
    np.testing.assert_array_equal(hands.ids, labelled(a))


def test_locked_classes_are_neither_painted_over_nor_moved(hands):
    hands.tool("rectangle")
    hands.drag((10, 10), (14, 19))
    a = shapes.rectangle((10, 10), (14, 19), SIZE)
    hands.driver.document.lock_class(1, True)
    hands.driver.trigger("class.add")
    hands.tool("rectangle")
    hands.drag((8, 8), (16, 30))
    expected = labelled(shapes.rectangle((8, 8), (16, 30), SIZE), 2)
    expected.flat[a] = 1
    np.testing.assert_array_equal(hands.ids, expected)
    hands.tool("select")
    hands.drag((12, 12), (17, 14))
    assert (hands.ids.flat[a] == 1).all()
    unlock = hands.driver.window.notices.notices[-1].buttons[0]
    assert unlock.text() == "Unlock"
    hands.driver.click_on(unlock)
    assert not hands.driver.document.legend[1].locked
    hands.driver.document.lock_class(1, True)
    hands.tool("eraser")
    hands.drag((12, 12), (12, 25))
    expected[12, 20:26] = 0
    np.testing.assert_array_equal(hands.ids, expected)
