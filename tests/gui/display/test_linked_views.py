"""Linked views, overview and map marks, by real events."""

from __future__ import annotations

from threading import Event

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from benchmarks.big_scene import write_big_scene
from hsi_viewer.core.display.layers import CLASS_MAP, GROUND_TRUTH, IMAGE
from hsi_viewer.core.prediction import Prediction
from hsi_viewer.ui.features.display import map_overlay
from hsi_viewer.ui.features.display.linked_views import LinkedViewsFeature
from hsi_viewer.ui.features.display.map_overlay import MapMarksFeature
from tests.patience import PATIENCE

SHAPE = (90, 120, 6)


@pytest.fixture
def driver(shared):
    return shared


@pytest.fixture
def scene(driver, tmp_path):
    """A georeferenced scene with a class map."""
    driver.open(str(write_big_scene(tmp_path, SHAPE, "bip", groups=6)))
    driver.document.add_class("one")
    driver.document.set_prediction(
        Prediction(np.ones(SHAPE[:2], np.uint16), np.ones(SHAPE[:2], np.float32), (1,))
    )
    return driver


def feature(driver, kind):
    return next(f for f in driver.window.features if isinstance(f, kind))


def views(driver, number: int):
    driver.trigger(f"view.views{number}")
    QApplication.processEvents()
    return feature(driver, LinkedViewsFeature).grid.views


def move_over(view, row: int, column: int, held=Qt.MouseButton.NoButton) -> None:
    point = view.widget_position(row, column)
    event = QMouseEvent(
        QMouseEvent.Type.MouseMove,
        point,
        QPointF(view.viewport().mapToGlobal(point)),
        Qt.MouseButton.NoButton,
        held,
        Qt.KeyboardModifier.NoModifier,
    )
    QApplication.sendEvent(view.viewport(), event)


def same_view(a, b) -> bool:
    centre = a.seen().center() - b.seen().center()
    return (
        abs(centre.x()) < 1e-6
        and abs(centre.y()) < 1e-6
        and a.magnification() == pytest.approx(b.magnification())
    )


@pytest.mark.parametrize("number", [2, 4])
def test_views_share_zoom_and_place_whichever_is_moved(scene, number):
    shown = views(scene, number)
    assert len(shown) == number
    assert shown[0] is scene.canvas
    assert all(v.isVisible() for v in shown)
    scene.canvas.zoom(3.0)
    assert all(same_view(scene.canvas, v) for v in shown)
    last = shown[-1]
    before = last.seen().center()
    QTest.mousePress(
        last.viewport(), Qt.MouseButton.LeftButton, pos=last.widget_position(40, 60).toPoint()
    )
    move_over(last, 45, 63, Qt.MouseButton.LeftButton)
    QTest.mouseRelease(last.viewport(), Qt.MouseButton.LeftButton)
    assert last.seen().center() != before
    assert all(same_view(last, v) for v in shown)
    QTest.keyClick(last, Qt.Key.Key_Right)
    assert all(same_view(last, v) for v in shown)


def test_the_cursor_is_in_all_views_and_any_of_them_reads_out(scene):
    shown = views(scene, 2)
    move_over(shown[1], 30, 50)
    assert scene.window.context.readout.position.text() == "Row 31, column 51"
    assert shown[0]._cursor.getData()[0].tolist() == [50.5]
    assert shown[0]._cursor.getData()[1].tolist() == [30.5]
    QTest.mouseClick(
        shown[1].viewport(),
        Qt.MouseButton.LeftButton,
        pos=shown[1].widget_position(30, 50).toPoint(),
    )
    scene.qtbot.waitUntil(lambda: scene.window.context.viewing.pins == 1)
    assert [m[:2] for m in shown[1].marks] == [(30, 50)]
    assert shown[1].marks == scene.canvas.marks


def test_each_view_shows_the_layer_that_is_chosen_in_it(scene):
    _, view = views(scene, 2)
    assert view.layer == CLASS_MAP
    assert view.item(CLASS_MAP).isVisible()
    assert view.item(CLASS_MAP).opacity() == 1.0
    assert not view.item(IMAGE).isVisible()
    view.choice.setCurrentText(IMAGE)
    assert view.item(IMAGE).isVisible()
    assert not view.item(CLASS_MAP).isVisible()
    view.choice.setCurrentText(GROUND_TRUTH)
    assert view.hint.text() == "There is no ground truth yet."
    scene.document.set_truth(np.ones(SHAPE[:2], np.uint16))
    assert view.hint.text() == ""
    assert view.item(GROUND_TRUTH).isVisible()
    scene.key(Qt.Key.Key_I)
    assert view.item(GROUND_TRUTH).isVisible()


def test_back_to_one_view_and_another_scene(scene):
    views(scene, 4)
    scene.document.mark_saved()
    scene.open("sample:indian-pines")
    shown = feature(scene, LinkedViewsFeature).grid.views
    assert [v.shape for v in shown] == [(145, 145)] * 4
    assert len(views(scene, 1)) == 1
    assert scene.canvas.isVisible()
    scene.canvas.zoom(2.0)


def test_the_overview_shows_the_frame_and_dragging_it_pans(scene):
    mini = feature(scene, LinkedViewsFeature).mini_map
    assert not mini.isVisible()
    scene.canvas.zoom(5.0)
    assert mini.isVisible()
    seen = scene.canvas.seen()
    assert mini.frame().center().x() == pytest.approx(mini.width() * seen.center().x() / 120)
    assert mini.frame().height() == pytest.approx(mini.height() * seen.height() / 90)
    at = QPoint(mini.width() // 4, mini.height() // 4)
    QTest.mouseClick(mini, Qt.MouseButton.LeftButton, pos=at)
    centre = scene.canvas.seen().center()
    assert (centre.x(), centre.y()) == pytest.approx(
        (120 * at.x() / mini.width(), 90 * at.y() / mini.height())
    )
    scene.trigger("view.overview")
    assert not mini.isVisible()
    scene.trigger("view.overview")
    scene.key(Qt.Key.Key_Home)
    assert not mini.isVisible()


def test_scale_bar_north_arrow_and_degrees(scene):
    found = feature(scene, MapMarksFeature)
    scene.qtbot.waitUntil(found.marks.isVisible)
    metres, length, _ = found.marks.bar
    assert metres in {10.0**k * f for k in range(5) for f in (1, 2, 5)}
    per_pixel = metres / length * scene.canvas.magnification()
    assert per_pixel == pytest.approx(5.0, rel=0.005)  # the scale of UTM and the sphere's
    scene.canvas.zoom(4.0)
    assert found.marks.bar[0] < metres
    scene.hover(45, 60)
    scene.qtbot.waitUntil(lambda: bool(scene.window.context.readout.degrees.text()))
    text = scene.window.context.readout.degrees.text()
    latitude, longitude = float(text.split("°")[0]), float(text.split()[2].rstrip("°"))
    # UTM zone 33 N, 400 302.5 m E, 5 799 772.5 m N; by the series of Snyder (1987), 8-17 and 8-18.
    assert (latitude, longitude) == pytest.approx(inverse_utm(400_302.5, 5_799_772.5, 33), abs=2e-6)
    scene.trigger("view.marks")
    assert not found.marks.isVisible()
    scene.trigger("view.marks")
    assert found.marks.isVisible()
    scene.document.mark_saved()
    scene.open("sample:indian-pines")
    assert not found.marks.isVisible()
    assert scene.window.context.readout.degrees.text() == ""


def test_what_the_status_bar_has_no_room_for_is_left_out_whole(scene):
    readout = scene.window.context.readout
    texts = (readout.position, readout.map_xy, readout.degrees, readout.values, readout.mapped)
    scene.qtbot.waitUntil(feature(scene, MapMarksFeature).marks.isVisible)
    scene.window.resize(1900, 900)
    scene.hover(45, 60)
    scene.qtbot.waitUntil(lambda: bool(readout.degrees.text()))
    assert all(label.isVisible() for label in texts), [label.text() for label in texts]
    font = readout.font()
    font.setPointSizeF(1.6 * font.pointSizeF())  # as with larger text
    readout.setStyleSheet(f"font-size: {font.pointSizeF()}pt")
    scene.window.resize(900, 700)
    scene.hover(46, 61)
    scene.qtbot.waitUntil(lambda: not readout.degrees.isVisible())
    shown = [label for label in texts if label.isVisible()]
    assert {readout.position, readout.mapped} <= set(shown)
    assert all(label.width() >= label.sizeHint().width() for label in shown)
    scene.qtbot.waitUntil(lambda: readout.degrees.text() in readout.toolTip())


def test_a_place_that_is_found_late_is_not_shown_in_the_next_scene(scene, monkeypatch):
    scene.qtbot.waitUntil(feature(scene, MapMarksFeature).marks.isVisible)
    begun, go_on, degrees = Event(), Event(), map_overlay.degrees

    def slow(*wanted):
        begun.set()
        assert go_on.wait(PATIENCE)
        return degrees(*wanted)

    monkeypatch.setattr(map_overlay, "degrees", slow)
    scene.hover(45, 60)
    scene.qtbot.waitUntil(begun.is_set)
    scene.document.mark_saved()
    scene.open("sample:indian-pines")
    go_on.set()
    tasks = scene.window.workspace.tasks
    scene.qtbot.waitUntil(lambda: all("longitude" not in task.title for task in tasks.running))
    assert scene.window.context.readout.degrees.text() == ""


def inverse_utm(x: float, y: float, zone: int) -> tuple[float, float]:
    """Latitude and longitude in degrees of a place in a northern UTM zone (Snyder 1987)."""
    a, e2, k0 = 6_378_137.0, 0.006694379990141317, 0.9996
    ep2 = e2 / (1 - e2)
    m = y / k0
    mu = m / (a * (1 - e2 / 4 - 3 * e2**2 / 64 - 5 * e2**3 / 256))
    e1 = (1 - np.sqrt(1 - e2)) / (1 + np.sqrt(1 - e2))
    phi = (
        mu
        + (3 * e1 / 2 - 27 * e1**3 / 32) * np.sin(2 * mu)
        + (21 * e1**2 / 16 - 55 * e1**4 / 32) * np.sin(4 * mu)
        + (151 * e1**3 / 96) * np.sin(6 * mu)
        + (1097 * e1**4 / 512) * np.sin(8 * mu)
    )
    c, t = ep2 * np.cos(phi) ** 2, np.tan(phi) ** 2
    n = a / np.sqrt(1 - e2 * np.sin(phi) ** 2)
    r = a * (1 - e2) / (1 - e2 * np.sin(phi) ** 2) ** 1.5
    d = (x - 500_000) / (n * k0)
    latitude = phi - (n * np.tan(phi) / r) * (
        d**2 / 2
        - (5 + 3 * t + 10 * c - 4 * c**2 - 9 * ep2) * d**4 / 24
        + (61 + 90 * t + 298 * c + 45 * t**2 - 252 * ep2 - 3 * c**2) * d**6 / 720
    )
    longitude = np.radians(6 * zone - 183) + (
        d
        - (1 + 2 * t + c) * d**3 / 6
        + (5 - 2 * c + 28 * t - 3 * c**2 + 8 * ep2 + 24 * t**2) * d**5 / 120
    ) / np.cos(phi)
    return float(np.degrees(latitude)), float(np.degrees(longitude))
