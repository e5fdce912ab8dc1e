"""The list of layers, swipe and flicker, by real events; the screen is compared with numpy."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QImage, QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from hsi_viewer.core.display.contrast import Contrast, sample_bands
from hsi_viewer.core.display.layers import (
    CLASS_MAP,
    GROUND_TRUTH,
    IMAGE,
    LABELS,
    UNCERTAINTY,
    Layer,
)
from hsi_viewer.core.display.rasters import RgbaRaster
from hsi_viewer.core.display.stretch import composite
from hsi_viewer.core.prediction import Prediction
from hsi_viewer.ui.features.display.layers import LayersFeature

ROWS, COLUMNS, BANDS = 30, 40, 8
RNG = np.random.default_rng(0)


@pytest.fixture
def driver(shared):
    return shared


@pytest.fixture
def scene(driver, tmp_path):
    """A small scene with nodata, a map of two classes, and a ground truth."""
    values = RNG.integers(1, 900, (ROWS, COLUMNS, BANDS)).astype(np.float32)
    values[3:6, 4:9] = np.nan
    path = tmp_path / "scene.npy"
    np.save(path, values)
    driver.open(str(path))
    document = driver.document
    document.add_class("one")
    document.add_class("two")
    ids = np.ones((ROWS, COLUMNS), np.uint16)
    ids[:, 20:] = 2
    confidence = np.linspace(0.5, 1, ROWS * COLUMNS, dtype=np.float32).reshape(ROWS, COLUMNS)
    document.set_prediction(Prediction(ids, confidence, (1, 2), source="made"))
    document.set_truth(ids[:, ::-1])
    return driver


def feature(driver) -> LayersFeature:
    return next(f for f in driver.window.features if isinstance(f, LayersFeature))


def screen(driver) -> np.ndarray:
    """RGB bytes of the canvas."""
    image = driver.canvas.viewport().grab().toImage()
    image = image.convertToFormat(QImage.Format.Format_RGBA8888)
    flat = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), -1)
    return flat[:, : 4 * image.width()].reshape(image.height(), image.width(), 4)[:, :, :3].copy()


def pixels(driver) -> np.ndarray:
    """Colour on the screen of each pixel of the scene, (rows, columns, 3)."""
    shot = screen(driver)
    found = np.zeros((ROWS, COLUMNS, 3), np.uint8)
    for row in range(ROWS):
        for column in range(COLUMNS):
            point = driver.point(row, column)
            found[row, column] = shot[point.y(), point.x()]
    return found


def image_of(driver) -> np.ndarray:
    """The image as numpy computes it, on the background of the canvas."""
    cube, bands = driver.document.cube, driver.window.context.viewing.picture.bands
    stored = cube.read(bands=bands)
    rgba = composite(stored, cube.is_data(stored), Contrast().transfers(sample_bands(cube, bands)))
    background = driver.canvas.backgroundBrush().color()
    seen = rgba[:, :, :3].copy()
    seen[rgba[:, :, 3] == 0] = (background.red(), background.green(), background.blue())
    return seen


def colours_of(driver, ids: np.ndarray) -> np.ndarray:
    return driver.document.legend.colour_table()[ids][:, :, :3]


def row_of(panel, name: str):
    return panel.list.item(panel.names().index(name))


def check(panel, name: str) -> None:
    """Click the box of a layer."""
    rect = panel.list.visualItemRect(row_of(panel, name))
    at = QPoint(rect.left() + 10, rect.center().y())
    QTest.mouseClick(panel.list.viewport(), Qt.MouseButton.LeftButton, pos=at)


def open_panel(driver):
    driver.window.context.docking.docks["layers"].show()
    driver.window.context.docking.docks["layers"].raise_()
    QApplication.processEvents()
    return feature(driver).panel


def test_the_screen_is_the_composite_of_numpy_and_nodata_is_transparent(scene):
    scene.key(Qt.Key.Key_I)
    np.testing.assert_array_equal(pixels(scene), image_of(scene))


def test_boxes_show_and_hide_and_agree_with_the_keys(scene):
    panel, layers = open_panel(scene), scene.window.context.viewing.layers
    layers.set_opacity(1.0, CLASS_MAP)
    ids = scene.document.prediction.class_map
    np.testing.assert_array_equal(pixels(scene), colours_of(scene, ids))
    check(panel, CLASS_MAP)
    assert not layers[CLASS_MAP].visible
    assert not scene.window.panel("display").show_map.isChecked()
    np.testing.assert_array_equal(pixels(scene), image_of(scene))
    scene.key(Qt.Key.Key_P)
    assert row_of(panel, CLASS_MAP).checkState() == Qt.CheckState.Checked
    scene.key(Qt.Key.Key_U)
    assert row_of(panel, CLASS_MAP).checkState() == Qt.CheckState.Unchecked
    assert row_of(panel, UNCERTAINTY).checkState() == Qt.CheckState.Checked
    scene.key(Qt.Key.Key_L, Qt.KeyboardModifier.ShiftModifier)
    assert row_of(panel, LABELS).checkState() == Qt.CheckState.Unchecked
    check(panel, GROUND_TRUTH)
    assert scene.canvas.item(GROUND_TRUTH).isVisible()
    every_key_that_shows_or_hides_has_a_check_mark(scene)


def every_key_that_shows_or_hides_has_a_check_mark(scene) -> None:
    names = ("image", "map", "labels", "uncertainty", "legend", "overview")
    menu = next(a.menu() for a in scene.window.menuBar().actions() if a.text() == "&View")
    menu.adjustSize()
    for name in (f"view.{n}" for n in names):
        action = scene.window.commands.action(name)
        assert action.isCheckable(), name
        before = action.isChecked()
        looks = {}
        for wanted in (not before, before):
            action.trigger()
            assert action.isChecked() == wanted, name
            looks[wanted] = menu.grab(menu.actionGeometry(action)).toImage()
        assert looks[True] != looks[False], name  # and it is seen
    for name, layer in (("view.uncertainty", UNCERTAINTY), ("view.labels", LABELS)):
        shown = scene.window.context.viewing.layers[layer].visible
        action = scene.window.commands.action(name)
        scene.qtbot.waitUntil(lambda a=action, s=shown: a.isChecked() == s)


def test_what_is_asked_for_is_not_left_under_a_kept_image(scene):
    viewing, panel = scene.window.context.viewing, open_panel(scene)
    scene.trigger("image.keep")  # it lies over all of the map
    kept = next(layer.name for layer in viewing.layers.layers if layer.removable)
    viewing.layers.add(Layer("half", viewing.picture.raster, opacity=0.5, removable=True))
    assert row_of(panel, kept).checkState() == Qt.CheckState.Checked
    viewing.show_map(True)  # as for a new map
    assert row_of(panel, kept).checkState() == Qt.CheckState.Unchecked
    assert viewing.layers["half"].visible  # the user has seen to it
    for ask in (lambda: scene.type("pp"), viewing.show_image, lambda: scene.type("u")):
        viewing.layers.show(True, kept)
        ask()
        assert not viewing.layers[kept].visible
    viewing.layers.remove(kept)
    viewing.layers.remove("half")


def test_the_ground_truth_has_colours_for_classes_that_the_legend_lacks(scene):
    truth = np.full((ROWS, COLUMNS), 7, np.uint16)
    scene.document.set_truth(truth)
    shown = scene.canvas.item(GROUND_TRUTH).image
    assert (shown[:, :, 3] == 255).all()
    assert tuple(shown[0, 0, :3]) not in {c.colour for c in scene.document.legend}


def test_opacity_blends_the_chosen_layer(scene):
    panel = open_panel(scene)
    panel.list.setCurrentItem(row_of(panel, CLASS_MAP))
    panel.opacity.setValue(40)
    assert panel.percent.text() == "40 %"
    assert scene.window.workspace.settings.map_opacity == pytest.approx(0.4)
    ids = scene.document.prediction.class_map
    # what shines through is the image in grey, so that the hue is that of the class
    through = (pixels(scene) - 0.4 * colours_of(scene, ids).astype(float)) / 0.6
    covered = ~np.isnan(scene.document.cube.read(bands=[0])[:, :, 0])
    assert np.ptp(through[covered], axis=1).max() < 4
    brightness = image_of(scene).mean(axis=2)
    alike = np.corrcoef(through.mean(axis=2)[covered], brightness[covered])[0, 1]
    assert alike > 0.6  # bright where the image is; by weights, not by the mean


def test_the_order_is_changed_by_buttons_and_by_dragging(scene):
    panel, layers = open_panel(scene), scene.window.context.viewing.layers
    layers.set_opacity(1.0, CLASS_MAP)
    panel.list.setCurrentItem(row_of(panel, IMAGE))
    for _ in range(5):
        QTest.mouseClick(panel.up, Qt.MouseButton.LeftButton)
    assert panel.names()[0] == IMAGE
    assert layers.names[-1] == IMAGE
    seen = image_of(scene)
    covered = ~np.isnan(scene.document.cube.read(bands=[0])[:, :, 0])
    np.testing.assert_array_equal(pixels(scene)[covered], seen[covered])
    panel.list.setCurrentItem(row_of(panel, IMAGE))
    QTest.mouseClick(panel.down, Qt.MouseButton.LeftButton)
    assert panel.names()[1] == IMAGE
    # What a drag inside the list does, without the drag's own event loop.
    panel.list.insertItem(panel.list.count() - 1, panel.list.takeItem(1))
    panel.list.arranged.emit()
    assert layers.names[0] == IMAGE
    scene.key(Qt.Key.Key_P)
    np.testing.assert_array_equal(pixels(scene), seen)


def test_a_layer_of_others_comes_and_goes(scene):
    panel, layers = open_panel(scene), scene.window.context.viewing.layers
    picture = RNG.integers(0, 256, (ROWS, COLUMNS, 4)).astype(np.uint8)
    picture[:, :, 3] = 255
    layers.add(Layer("Components", RgbaRaster(picture), removable=True, about="PC 1 to 3"))
    assert panel.names()[:2] == (LABELS, "Components")
    np.testing.assert_array_equal(pixels(scene), picture[:, :, :3])
    assert row_of(panel, "Components").toolTip() == "PC 1 to 3"
    panel.list.setCurrentItem(row_of(panel, CLASS_MAP))
    assert not panel.remove.isEnabled()
    panel.list.setCurrentItem(row_of(panel, "Components"))
    QTest.mouseClick(panel.remove, Qt.MouseButton.LeftButton)
    assert "Components" not in layers
    assert "Components" not in panel.names()
    layers.add(Layer("Components", RgbaRaster(picture)))
    scene.document.mark_saved()
    scene.open("sample:indian-pines")
    assert "Components" not in layers


def test_a_swipe_shows_one_layer_on_each_side_of_its_line(scene):
    window, layers = scene.window, scene.window.context.viewing.layers
    compare, line = feature(scene).compare, feature(scene).line
    layers.set_opacity(1.0, CLASS_MAP, GROUND_TRUTH)
    compare.left.setCurrentText(CLASS_MAP)
    compare.right.setCurrentText(GROUND_TRUTH)
    scene.trigger("view.swipe")
    assert line.isVisible()
    middle = QPoint(line.width() // 2, 40)
    target = scene.point(0, 10).x()
    QTest.mousePress(line, Qt.MouseButton.LeftButton, pos=middle)
    at = QPointF(target - line.x(), 40)
    move = QMouseEvent(
        QMouseEvent.Type.MouseMove,
        at,
        QPointF(line.mapToGlobal(at)),
        Qt.MouseButton.NoButton,
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
    )
    QApplication.sendEvent(line, move)
    QTest.mouseRelease(line, Qt.MouseButton.LeftButton)
    assert abs(line.position - target) <= 1
    seen = pixels(scene)
    ids, truth = scene.document.prediction.class_map, scene.document.truth
    np.testing.assert_array_equal(seen[:, :8], colours_of(scene, ids)[:, :8])
    np.testing.assert_array_equal(seen[:, 13:], colours_of(scene, truth)[:, 13:])
    before = line.position
    QTest.keyClick(line, Qt.Key.Key_Right)
    assert line.position > before
    scene.trigger("view.swipe")
    assert not line.isVisible()
    assert not window.context.canvas.item(GROUND_TRUTH).isVisible()
    np.testing.assert_array_equal(pixels(scene), colours_of(scene, ids))


def test_flicker_shows_two_layers_in_turn(scene):
    compare, layers = feature(scene).compare, scene.window.context.viewing.layers
    layers.set_opacity(1.0, CLASS_MAP, GROUND_TRUTH)
    compare.left.setCurrentText(CLASS_MAP)
    compare.right.setCurrentText(GROUND_TRUTH)
    compare.rate.setValue(5.0)
    scene.key(Qt.Key.Key_F, Qt.KeyboardModifier.ShiftModifier)
    ids, truth = scene.document.prediction.class_map, scene.document.truth
    for wanted in (colours_of(scene, ids), colours_of(scene, truth), colours_of(scene, ids)):
        scene.qtbot.waitUntil(lambda wanted=wanted: np.array_equal(pixels(scene)[10], wanted[10]))
    scene.trigger("view.flicker")
    np.testing.assert_array_equal(pixels(scene), colours_of(scene, ids))


@pytest.mark.parametrize("mode", ["swipe", "flicker"])
def test_another_scene_is_not_compared_as_the_last_one_was(scene, tmp_path, mode):
    scene.trigger(f"view.{mode}")
    np.save(tmp_path / "next.npy", np.random.default_rng(0).random((20, 30, 4), np.float32))
    scene.document.mark_saved()
    scene.open(str(tmp_path / "next.npy"))
    assert not scene.window.commands.action(f"view.{mode}").isChecked()
    assert not feature(scene).line.isVisible()
