"""The selection: by a lasso on the image or in the scatter plot, seen in both, then labelled."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QStyle, QStyleOptionComboBox

from hsi_viewer.core.display.scatter_density import inside
from tests.gui.hands import Hands, made_cube

LEFT, NO_BUTTON = Qt.MouseButton.LeftButton, Qt.MouseButton.NoButton
NONE = Qt.KeyboardModifier.NoModifier


@pytest.fixture
def driver(shared):
    return shared


@pytest.fixture
def fields(driver, tmp_path):
    """A window with a scene of four fields."""
    np.save(tmp_path / "fields.npy", made_cube())
    driver.open(str(tmp_path / "fields.npy"))
    return driver


def feature(driver, name: str):
    return driver.window.feature(name)


def open_plot(driver):
    scatter = feature(driver, "scatter")
    driver.trigger("spectra.scatter")
    driver.qtbot.waitUntil(lambda: scatter.result is not None)
    driver.settle()
    return scatter


def lasso(plot, corners) -> None:
    """Drag a line around a part of the plot."""
    spots = [plot.widget_position(x, y) for x, y in corners]

    def send(kind, spot: QPointF, button, held) -> None:
        on_screen = QPointF(plot.viewport().mapToGlobal(spot.toPoint()))
        QApplication.sendEvent(
            plot.viewport(), QMouseEvent(kind, spot, on_screen, button, held, NONE)
        )

    send(QMouseEvent.Type.MouseButtonPress, spots[0], LEFT, LEFT)
    for spot in spots[1:]:
        send(QMouseEvent.Type.MouseMove, spot, NO_BUTTON, LEFT)
    send(QMouseEvent.Type.MouseButtonRelease, spots[-1], LEFT, NO_BUTTON)


def test_a_lasso_in_the_plot_selects_in_the_image_and_labels(fields):
    scatter = open_plot(fields)
    document, plot = fields.document, scatter.plot
    values = document.cube.read().astype(float)
    assert scatter.result.density.counts.sum() == 4800
    x, y = values[:, :, 0], values[:, :, 7]
    field = (slice(0, 30), slice(0, 40))
    cx, cy = x[field].mean(), y[field].mean()
    reach_x, reach_y = np.ptp(x) / 8, np.ptp(y) / 8
    corners = [
        (cx - reach_x, cy - reach_y),
        (cx + reach_x, cy - reach_y),
        (cx + reach_x, cy + reach_y),
        (cx - reach_x, cy + reach_y),
    ]
    drawn = []
    plot.lassoed.connect(drawn.append)
    lasso(plot, corners)
    fields.qtbot.waitUntil(lambda: len(document.selection) > 0)
    np.testing.assert_array_equal(document.selection.mask, inside(x, y, drawn[0]))
    assert document.selection.mask[field].mean() > 0.9
    raster = fields.window.context.viewing.layers["Selection"].raster
    seen = raster.rgba(slice(0, 60, 1), slice(0, 80, 1))[:, :, 3] > 0
    np.testing.assert_array_equal(seen, document.selection.mask)

    added = document.add_class("field")
    fields.window.context.labelling.choose_class(added.id)
    assert "field" in scatter.panel.label_button.text()
    QTest.mouseClick(scatter.panel.label_button, LEFT)
    np.testing.assert_array_equal(document.labels.ids == added.id, document.selection.mask)
    fields.key(Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert document.labels.total == 0
    QTest.mouseClick(scatter.panel.clear_button, LEFT)
    assert "Selection" not in fields.window.context.viewing.layers


def test_a_lasso_in_the_image_is_seen_in_the_plot(fields):
    scatter, hands = open_plot(fields), Hands(fields)
    document = fields.document
    fields.trigger("select.lasso")
    hands.drag((5, 5), (5, 25), (20, 25), (20, 5))
    assert document.labels.total == 0
    chosen = document.selection.mask
    assert chosen[6:20, 6:25].all()
    assert not chosen[:4].any()
    assert fields.window.context.labelling.tool == "navigate"
    fields.qtbot.waitUntil(lambda: len(scatter.plot.points) == 1)
    (points,) = scatter.plot.points
    values = document.cube.read().astype(float)[chosen]
    np.testing.assert_allclose(points.x, values[:, 0])
    np.testing.assert_allclose(points.y, values[:, 7])

    QTest.mouseClick(scatter.panel.mean_button, LEFT)
    fields.settle()
    (curve,) = fields.window.context.plot.curves.of("region")
    np.testing.assert_allclose(curve.values, values.mean(axis=0), rtol=1e-6)
    np.testing.assert_allclose(
        curve.statistics.percentiles[2], np.median(values, axis=0), rtol=1e-6
    )

    # the next press of the navigate tool pans again
    before = fields.canvas._box.viewRect().center()
    fields.trigger("view.in")
    fields.stroke((20, 40), (25, 45))
    assert fields.canvas._box.viewRect().center() != before
    assert document.selection.mask is chosen


def test_classes_are_seen_in_the_plot_in_their_colours(fields):
    scatter, document = open_plot(fields), fields.document
    ids = np.zeros((60, 80), np.uint16)
    ids[:5, :5], ids[40:45, 50:60] = 1, 2
    document.load_labels(ids)
    scatter.panel.classes.click()
    fields.qtbot.waitUntil(lambda: len(scatter.plot.points) == 2)
    assert [p.colour for p in scatter.plot.points] == [c.colour for c in document.legend]
    assert [p.x.size for p in scatter.plot.points] == [25, 50]
    fields.window.context.labelling.choose_class(2)
    fields.trigger("select.class")
    np.testing.assert_array_equal(document.selection.mask, ids == 2)


def test_components_are_axes(fields):
    scatter = open_plot(fields)
    box = scatter.panel.x_axis
    box.setCurrentIndex(box.findText("Principal component 1"))
    fields.qtbot.waitUntil(lambda: scatter.result.axes.x.kind == "pca")
    first, _ = scatter.result.axes.values(slice(0, 60), slice(0, 80))
    values = made_cube().reshape(-1, 8).astype(float)
    centred = values - values.mean(axis=0)
    _, _, vt = np.linalg.svd(centred, full_matrices=False)
    expected = (centred @ vt[0]).reshape(60, 80)
    sign = np.sign((expected * first).sum())
    np.testing.assert_allclose(first, sign * expected, rtol=1e-3, atol=0.5)


def test_escape_drops_a_lasso_in_the_plot(fields):
    scatter = open_plot(fields)
    plot, drawn = scatter.plot, []
    plot.lassoed.connect(drawn.append)
    spot = QPointF(plot.viewport().rect().center())
    on_screen = QPointF(plot.viewport().mapToGlobal(spot.toPoint()))
    press = QMouseEvent(QMouseEvent.Type.MouseButtonPress, spot, on_screen, LEFT, LEFT, NONE)
    QApplication.sendEvent(plot.viewport(), press)
    QTest.keyClick(plot, Qt.Key.Key_Escape)
    QTest.mouseRelease(plot.viewport(), LEFT, pos=spot.toPoint())
    assert not drawn
    assert fields.document.selection.mask is None


def test_the_names_of_the_axes_are_not_cut_off(sample):
    panel = open_plot(sample).panel
    for box in (panel.x_axis, panel.y_axis):
        option = QStyleOptionComboBox()
        box.initStyleOption(option)
        field = box.style().subControlRect(
            QStyle.ComplexControl.CC_ComboBox, option, QStyle.SubControl.SC_ComboBoxEditField, box
        )
        assert box.fontMetrics().horizontalAdvance(box.currentText()) <= field.width()
