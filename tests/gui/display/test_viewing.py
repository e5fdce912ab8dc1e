from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, Qt
from PySide6.QtGui import QFocusEvent, QImage, QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from hsi_viewer.analysis.geographic import ScaleAndNorth
from hsi_viewer.ui.scene.map_marks import MapMarks


@pytest.fixture
def driver(shared):
    return shared


def test_hover_shows_the_spectrum_and_the_readout(sample):
    sample.hover(20, 33)
    x, y = sample.window.context.plot.live_values()
    np.testing.assert_array_equal(y, sample.document.cube.spectrum(20, 33))
    np.testing.assert_array_equal(x, sample.document.cube.wavelengths)
    assert sample.window.context.readout.position.text() == "Row 21, column 34"
    assert sample.window.context.readout.values.text().startswith("R ")


def test_the_pixel_under_the_mouse_is_the_pixel_that_is_read_at_every_zoom(sample):
    for _ in range(3):
        for row, column in ((0, 0), (0, 144), (144, 0), (144, 144), (72, 31)):
            point = sample.point(row, column)
            if sample.canvas.viewport().rect().contains(point):
                sample.hover(row, column)
                assert (
                    sample.window.context.readout.position.text()
                    == f"Row {row + 1}, column {column + 1}"
                )
        sample.wheel(sample.point(72, 31), 240)


def test_a_click_pins_and_marks_the_pixel(sample):
    sample.click(50, 60)
    sample.click(90, 20)
    assert sample.window.context.plot.pinned() == 2
    assert sample.window.context.viewing.pins == 2
    sample.trigger("view.pins")
    assert sample.window.context.plot.pinned() == 0


def test_the_wheel_zooms_at_the_cursor(sample):
    point = sample.point(30, 110)
    width = sample.canvas._box.viewRect().width()
    sample.wheel(point, 120)
    assert sample.canvas._box.viewRect().width() < width
    moved = sample.point(30, 110) - point
    assert abs(moved.x()) <= 1
    assert abs(moved.y()) <= 1


def test_zoom_and_pan_go_on_while_a_brush_is_active(sample):
    sample.key(Qt.Key.Key_B)
    assert sample.window.context.labelling.tool == "brush"
    sample.wheel(sample.point(70, 70), 480)
    before = sample.canvas._box.viewRect().center()
    sample.stroke((70, 70), (74, 76), button=Qt.MouseButton.MiddleButton)
    after = sample.canvas._box.viewRect().center()
    assert (round(before.x() - after.x()), round(before.y() - after.y())) == (6, 4)
    assert sample.document.labels.total == 0


def test_space_and_left_drag_pan(sample):
    sample.key(Qt.Key.Key_B)
    sample.wheel(sample.point(70, 70), 480)
    before = sample.canvas._box.viewRect().center()
    QTest.keyPress(sample.canvas, Qt.Key.Key_Space)
    sample.stroke((70, 70), (74, 70))
    QTest.keyRelease(sample.canvas, Qt.Key.Key_Space)
    assert round(before.y() - sample.canvas._box.viewRect().center().y()) == 4
    assert sample.document.labels.total == 0
    sample.click(70, 70)
    assert sample.document.labels.total == 1


def test_space_that_is_let_go_in_another_window_leaves_the_button_to_the_tool(sample):
    sample.key(Qt.Key.Key_B)
    QTest.keyPress(sample.canvas, Qt.Key.Key_Space)
    reason = Qt.FocusReason.ActiveWindowFocusReason
    QApplication.sendEvent(sample.canvas, QFocusEvent(QEvent.Type.FocusOut, reason))
    assert sample.canvas.cursor().shape() == Qt.CursorShape.CrossCursor
    sample.click(70, 70)
    assert sample.document.labels.total == 1


def test_home_and_double_click_fit_and_arrows_pan(sample):
    whole = sample.canvas._box.viewRect()
    sample.wheel(sample.point(10, 10), 600)
    sample.key(Qt.Key.Key_Home)
    assert sample.canvas._box.viewRect() == whole
    sample.wheel(sample.point(10, 10), 600)
    QTest.mouseDClick(sample.canvas.viewport(), Qt.MouseButton.LeftButton, pos=sample.point(12, 12))
    assert sample.canvas._box.viewRect() == whole
    sample.key(Qt.Key.Key_Right)
    assert sample.canvas._box.viewRect().center().x() > whole.center().x()


def test_control_arrows_move_the_picked_pixel(sample):
    sample.click(40, 41)
    sample.key(Qt.Key.Key_Right, Qt.KeyboardModifier.ControlModifier)
    sample.key(Qt.Key.Key_Up, Qt.KeyboardModifier.ControlModifier)
    assert sample.window.context.readout.position.text() == "Row 40, column 43"
    _, y = sample.window.context.plot.live_values()
    np.testing.assert_array_equal(y, sample.document.cube.spectrum(39, 42))


def test_the_readout_empties_outside_the_scene(sample):
    sample.hover(5, 5)
    sample.mouse(QMouseEvent.Type.MouseMove, QPoint(1, 1))
    assert sample.window.context.readout.position.text() == ""


def test_the_readout_follows_what_comes_under_a_resting_mouse(sample):
    """Zoomed and panned by keys or commands, labelled and undone."""
    readout, spot = sample.window.context.readout, sample.point(100, 100)
    sample.hover(100, 100)
    for move in (
        lambda: sample.trigger("view.in"),
        lambda: sample.key(Qt.Key.Key_Left),
        lambda: sample.canvas.set_view_box((40.0, 10.0, 60.0, 60.0)),
        lambda: sample.trigger("view.fit"),
    ):
        move()
        row, column = sample.canvas.pixel_at(spot)
        assert readout.position.text() == f"Row {row + 1}, column {column + 1}"
        _, y = sample.window.context.plot.live_values()
        np.testing.assert_array_equal(y, sample.document.cube.spectrum(row, column))
    sample.document.add_class("Water")
    sample.trigger("tool.brush")
    sample.stroke((100, 100))
    assert readout.label.text() == "Label: Water"
    sample.trigger("edit.undo")
    sample.qtbot.waitUntil(lambda: readout.label.text() == "")
    assert readout.position.text() == "Row 101, column 101"


def test_the_north_arrow_is_drawn_whole_wherever_north_is(driver):
    marks = MapMarks(driver.canvas)
    for angle in range(0, 360, 30):
        turn = np.deg2rad(angle)
        ground = ScaleAndNorth(2.0, (float(np.sin(turn)), float(-np.cos(turn))))
        image = marks._picture(ground).toImage().convertToFormat(QImage.Format.Format_RGBA8888)
        flat = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.width(), 4)
        opacity = flat[:, :, 3]
        assert opacity.any(), angle
        assert not opacity[[0, -1]].any(), angle
        assert not opacity[:, 0].any(), angle


@pytest.mark.parametrize("shape", [(1, 1600, 4), (1600, 1, 4)])
def test_a_single_line_of_a_scanner_is_seen(driver, tmp_path, shape):
    values = np.arange(6400, dtype=np.uint16).reshape(shape)
    np.save(tmp_path / "line.npy", values)
    driver.open(str(tmp_path / "line.npy"))
    view = driver.canvas
    for fit in (lambda: None, lambda: driver.key(Qt.Key.Key_Home)):
        fit()
        assert view.magnification() == pytest.approx(12, rel=0.05)
        middle = (shape[0] // 2, shape[1] // 2)
        driver.hover(*middle)
        _, spectrum = driver.window.context.plot.live_values()
        np.testing.assert_array_equal(spectrum, values[middle])
        driver.canvas.zoom(3)


def test_a_cube_of_one_pixel_is_not_shown_black(make_driver, tmp_path):
    driver = make_driver()
    np.save(tmp_path / "one.npy", np.full((1, 1, 6), (8, 3, 9, 5, 7, 1), np.uint16))
    driver.open(str(tmp_path / "one.npy"))
    driver.hover(0, 0)
    spot = driver.point(0, 0)
    shown = QImage(driver.canvas.viewport().grab().toImage()).pixelColor(spot)
    assert np.abs(np.subtract(shown.getRgb()[:3], 128)).max() <= 1
