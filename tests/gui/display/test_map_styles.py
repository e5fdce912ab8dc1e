"""Maps over a grey image, solid or as outlines; the legend and the colour bars on the canvas."""

from __future__ import annotations

import colorsys

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QImage, QPainter
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from hsi_viewer.core.display.layers import CLASS_MAP, IMAGE, UNCERTAINTY
from hsi_viewer.core.prediction import Prediction
from hsi_viewer.ui.dialogs import Leave

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def mapped(driver, tmp_path):
    """A scene in strong colours with a map of two classes."""
    rng = np.random.default_rng(1)
    values = rng.integers(1, 900, (30, 40, 8)).astype(np.float32)
    np.save(tmp_path / "scene.npy", values)
    driver.open(str(tmp_path / "scene.npy"))
    document = driver.document
    document.add_class("one")
    document.add_class("two")
    ids = np.ones((30, 40), np.uint16)
    ids[:, 20:] = 2
    confidence = np.linspace(0.5, 1, 1200, dtype=np.float32).reshape(30, 40)
    document.set_prediction(Prediction(ids, confidence, (1, 2), source="made"))
    QApplication.processEvents()
    return driver


def screen(driver) -> np.ndarray:
    """RGB of the middle of each pixel of the scene, (30, 40, 3), without what lies over it."""
    driver.trigger("view.fit")
    view = driver.canvas
    image = QImage(view.viewport().size(), QImage.Format.Format_RGB888)
    painter = QPainter(image)
    view.render(painter)
    painter.end()
    flat = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), -1)
    pixels = flat[:, : 3 * image.width()].reshape(image.height(), image.width(), 3)
    spots = [[view.widget_position(r, c).toPoint() for c in range(40)] for r in range(30)]
    return np.array([[pixels[p.y(), p.x()] for p in row] for row in spots])


def hues(pixels: np.ndarray) -> np.ndarray:
    flat = pixels.reshape(-1, 3) / 255
    return np.array([colorsys.rgb_to_hsv(*p)[0] for p in flat])


def test_map_colours_are_legend_colours_in_each_style(mapped):
    driver = mapped
    colours = [np.array(c.colour) for c in driver.document.legend]
    legend = driver.window.feature("legend").legend
    assert legend.isVisible()
    assert [(e.name, e.colour) for e in legend.entries] == [
        ("one", tuple(colours[0])), ("two", tuple(colours[1]))
    ]  # fmt: skip
    assert driver.canvas.picture.grey
    seen = screen(driver)
    for half, colour in ((seen[:, :20], colours[0]), (seen[:, 20:], colours[1])):
        wanted = colorsys.rgb_to_hsv(*(colour / 255))[0]
        away = np.abs(hues(half) - wanted)
        assert np.minimum(away, 1 - away).max() < 0.03  # brightness varies, the hue doesn't
        assert np.ptp(half.reshape(-1, 3), axis=0).max() > 30  # the image shines through
    driver.type("o")
    seen = screen(driver)
    assert (seen[:, :20] == colours[0]).all()
    assert (seen[:, 20:] == colours[1]).all()
    driver.type("o")
    seen = screen(driver)
    assert (seen[:, 19] == colours[0]).all()
    assert (seen[:, 20] == colours[1]).all()
    inside = np.ones(40, bool)
    inside[19:21] = False
    assert len(np.unique(seen[:, inside].reshape(-1, 3), axis=0)) > 500  # the image in colour
    panel = driver.window.panel("display")
    assert panel.map_style.currentData() == "outlines"
    driver.trigger("view.style.grey")
    assert panel.map_style.currentData() == "grey"
    assert driver.window.workspace.settings.map_style == "grey"
    driver.type("p")  # without the map, the image has its colours again
    assert not driver.canvas.picture.grey
    assert not legend.isVisible()


def test_scalar_layers_have_a_bar_and_cover_the_image(mapped):
    driver = mapped
    legend = driver.window.feature("legend").legend
    layers = driver.window.context.viewing.layers
    driver.type("u")
    assert (legend.bar.title, legend.bar.low, legend.bar.high) == ("Uncertainty", 0.0, 1.0)
    assert layers[UNCERTAINTY].opacity == 1.0
    driver.window.panel("display").opacity.setValue(50)
    assert layers[UNCERTAINTY].opacity == 0.5
    assert driver.window.workspace.settings.map_opacity == layers[CLASS_MAP].opacity != 0.5
    driver.type("u", "p")
    # a single band and a derived image, in values; three bands have none
    assert not legend.isVisible()
    driver.trigger("image.single")
    driver.qtbot.waitUntil(lambda: layers[IMAGE].bar is not None)
    assert legend.isVisible()
    assert legend.bar.title.lower().startswith("band")
    driver.window.feature("derived").show_formula("b1 / b2")
    driver.qtbot.waitUntil(lambda: legend.bar is not None and legend.bar.title == "b1 / b2")
    driver.trigger("image.keep")
    assert layers[layers.names[-2]].bar.title == "b1 / b2"
    driver.click(3, 3)
    driver.trigger("spectra.angle")
    driver.qtbot.waitUntil(lambda: legend.bar is not None and legend.bar.unit == "rad")
    # in linked views each scalar layer has its own
    driver.trigger("view.views4")
    bars = [v.legend.bar for v in driver.window.feature("linked-views").grid.views[1:]]
    assert [b.title if b else None for b in bars] == [None, None, "Uncertainty"]


def test_the_legend_is_moved_by_the_mouse_and_stays_there(mapped):
    driver = mapped
    legend = driver.window.feature("legend").legend
    viewport = driver.canvas.viewport()
    start = legend.pos()
    assert start.x() + legend.width() == viewport.width() - 8
    QTest.mousePress(legend, LEFT, pos=QPoint(5, 5))
    QTest.mouseMove(legend, QPoint(5 - 200, 5 + 150))
    QTest.mouseRelease(legend, LEFT, pos=QPoint(5, 5))
    assert legend.pos() == start + QPoint(-200, 150)
    # it stays within the view, whatever its size
    QTest.mousePress(legend, LEFT, pos=QPoint(5, 5))
    QTest.mouseMove(legend, QPoint(5000, 5000))
    QTest.mouseRelease(legend, LEFT, pos=QPoint(5, 5))
    driver.window.resize(900, 640)
    QApplication.processEvents()
    assert viewport.rect().contains(legend.geometry())
    driver.trigger("view.legend")
    assert not legend.isVisible()


def test_a_new_map_is_shown_also_where_the_last_one_was_hidden(mapped, tmp_path, monkeypatch):
    driver = mapped
    monkeypatch.setattr("hsi_viewer.ui.main_window.ask_to_leave", lambda *_: Leave.DISCARD)
    driver.type("p")
    np.save(tmp_path / "other.npy", np.zeros((9, 9, 4), np.float32) + np.arange(4))
    driver.open(str(tmp_path / "other.npy"))
    assert driver.window.context.viewing.layers[CLASS_MAP].visible
    driver.type("i")
    assert not driver.window.context.viewing.layers[CLASS_MAP].visible
    driver.window.feature("training").training.first_map.emit()
    assert driver.window.context.viewing.layers[CLASS_MAP].visible


def test_a_long_name_leaves_room_for_the_image_and_for_what_the_map_says(mapped):
    driver, name = mapped, "bare soil, dirt and dust " * 6
    driver.document.rename_class(1, name.strip())
    legend = driver.window.feature("legend").legend
    driver.qtbot.waitUntil(lambda: legend.width() > 120)
    assert legend.width() < driver.canvas.viewport().width() // 2
    assert name.strip() in legend.toolTip()
    assert "two" not in legend.toolTip().splitlines()
    driver.hover(3, 4)
    mapped_as = driver.window.context.readout.mapped
    driver.qtbot.waitUntil(lambda: mapped_as.text().endswith(" %"))
    assert mapped_as.text().startswith("Map: bare soil, dirt")
    assert mapped_as.text().rpartition(",")[0].endswith("dirt and dust")
    assert mapped_as.geometry().right() < driver.window.statusBar().width()
