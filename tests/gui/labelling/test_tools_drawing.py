"""Brush, eraser, shapes and outlines by mouse and keys, at three zoom levels and the borders."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QMouseEvent

from hsi_viewer.core.geometry import shapes
from hsi_viewer.core.geometry.brush import disc_path
from hsi_viewer.core.labels.paint_mode import PaintMode
from tests.gui.hands import CTRL, SHIFT, SIZE, Hands, labelled, made_cube

ZOOMS = (0.5, 1.0, 4.0)


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


def undo_redo(hands: Hands, expected: np.ndarray, title: str) -> None:
    """The gesture was one step, and undo and redo are exact."""
    history = hands.driver.document.history
    np.testing.assert_array_equal(hands.ids, expected)
    assert history.undo_title.startswith(title)
    hands.driver.trigger("edit.undo")
    assert not hands.ids.any()
    hands.driver.trigger("edit.redo")
    np.testing.assert_array_equal(hands.ids, expected)


def test_a_lasso_that_selects_is_told_above_the_image_and_put_away_by_escape(hands):
    driver = hands.driver
    hint = driver.window.feature("labelling").tools.options.hint
    hands.tool("brush")
    driver.trigger("select.lasso")
    assert hint.text().startswith("Select pixels: draw around")
    driver.type("]", Qt.Key.Key_Escape)  # the brush of later grows, the lasso stays until it goes
    assert hint.text().startswith("Brush: ")
    assert not driver.window.commands.action("select.lasso").isChecked()
    hands.drag((27, 36), (33, 46))
    assert hands.ids.any()
    assert not len(driver.document.selection)


def test_rectangle_ellipse_and_line(hands):
    a, b = (27, 36), (33, 46)
    wanted = {
        "rectangle": shapes.rectangle(a, b, SIZE),
        "ellipse": shapes.ellipse(a, b, SIZE),
        "line": disc_path(a, b, 3, SIZE),
    }
    for level, (name, pixels) in product(ZOOMS, wanted.items()):
        hands.zoom_to(level)
        hands.tool(name)
        hands.driver.window.feature("labelling").tools.options.brush_size.setValue(3)
        hands.press(a)
        hands.move((30, 40))
        hands.move(b)
        assert hands.canvas.preview is not None
        assert not hands.ids.any()  # labels change when the button is let go
        hands.release(b)
        assert hands.canvas.preview is None
        undo_redo(hands, labelled(pixels), f"Label {pixels.size} pixel")
        hands.driver.trigger("edit.undo")


def test_brushes_of_both_shapes(hands):
    hands.tool("brush")
    hands.driver.window.feature("labelling").tools.options.brush_size.setValue(3)
    path = ((28, 36), (31, 39), (31, 45))
    for level, square in product(ZOOMS, (False, True)):
        hands.zoom_to(level)
        hands.driver.window.feature("labelling").tools.options.square.setChecked(square)
        hands.drag(*path)
        draw = shapes.square_path if square else disc_path
        pixels = [draw(a, b, 3, SIZE) for a, b in zip((path[0], *path), path, strict=False)]
        undo_redo(hands, labelled(np.unique(np.concatenate(pixels))), "Label")
        hands.driver.trigger("edit.undo")


def test_polygon_closes_by_enter_double_click_and_first_vertex(hands):
    hands.tool("polygon")
    corners = [(26, 35), (26, 46), (34, 44), (35, 36)]
    pixels = shapes.polygon([(r + 0.5, c + 0.5) for r, c in corners], SIZE)

    def click_corners() -> None:
        for corner in corners[:-1]:
            hands.click(corner)
            hands.hover((30, 40))

    def by_enter() -> None:
        hands.click(corners[-1])
        hands.driver.key(Qt.Key.Key_Return)

    def by_double_click() -> None:
        hands.double_click(corners[-1])

    def by_first_vertex() -> None:
        hands.click(corners[-1])
        hands.click(corners[0])

    for level, close in product(ZOOMS, (by_enter, by_double_click, by_first_vertex)):
        hands.zoom_to(level)
        click_corners()
        assert not hands.ids.any()
        close()
        found = np.flatnonzero(hands.ids)
        assert set(found.tolist()) ^ set(pixels.tolist()) <= edge_pixels(corners)
        hands.driver.trigger("edit.undo")
        assert not hands.ids.any()


def edge_pixels(corners) -> set[int]:
    """Pixels whose centre lies on the polygon: the mouse hits it to a thousandth of a pixel."""
    inner = [np.array([r + 0.5, c + 0.5]) for r, c in corners]
    middle = np.mean(inner, axis=0)
    grown, shrunk = ([middle + f * (p - middle) for p in inner] for f in (1.01, 0.99))
    outside, inside = (shapes.polygon(np.array(p), SIZE) for p in (grown, shrunk))
    return set(outside.tolist()) - set(inside.tolist())


def test_backspace_drops_the_last_vertex_and_escape_all(hands):
    hands.tool("polygon")
    tool = hands.driver.window.context.labelling.toolbox.tools["polygon"]
    for corner in ((10.25, 10.25), (10.25, 30.25), (30.25, 30.25), (50.25, 70.25)):
        hands.click(corner)
    hands.driver.key(Qt.Key.Key_Backspace)
    assert len(tool.vertices) == 3
    hands.click((30.25, 10.25))
    hands.driver.key(Qt.Key.Key_Enter)
    np.testing.assert_array_equal(hands.ids, labelled(shapes.rectangle((11, 11), (30, 30), SIZE)))
    hands.click((1, 1))
    hands.click((1, 9))
    hands.driver.key(Qt.Key.Key_Escape)
    assert tool.vertices == ()
    assert hands.canvas.preview is None
    hands.driver.trigger("edit.undo")
    hands.click((10, 10))
    hands.click((10, 30))
    hands.tool("brush")  # another tool drops what is being drawn
    assert hands.canvas.preview is None
    hands.tool("polygon")
    hands.driver.key(Qt.Key.Key_Return)
    assert not hands.ids.any()


def test_shift_keeps_a_polygon_straight_and_a_rectangle_square(hands):
    hands.tool("polygon")
    tool = hands.driver.window.context.labelling.toolbox.tools["polygon"]
    hands.click((20, 20))
    hands.click((21, 50), keys=SHIFT)
    assert tool.vertices[1][0] == pytest.approx(tool.vertices[0][0])
    assert tool.vertices[1][1] == pytest.approx(50.5, abs=0.2)
    hands.driver.key(Qt.Key.Key_Escape)
    hands.tool("rectangle")
    hands.drag((5, 5), (9, 20), keys=SHIFT)
    np.testing.assert_array_equal(hands.ids, labelled(shapes.rectangle((5, 5), (20, 20), SIZE)))


def test_lasso_labels_what_it_goes_around_and_smooths_it(hands):
    hands.tool("lasso")
    angle = np.linspace(0, 2 * np.pi, 40, endpoint=False)
    way = [(30 + 4.3 * np.sin(a), 40 + 5.3 * np.cos(a)) for a in angle]
    rows, columns = np.mgrid[: SIZE[0], : SIZE[1]]
    reach = np.hypot((rows - 30) / 4.3, (columns - 40) / 5.3)
    for level in ZOOMS:
        hands.zoom_to(level)
        hands.drag(*way)
        ids = hands.ids == 1
        assert ids[reach < 0.9].all()
        assert not ids[reach > 1.1].any()
        assert hands.driver.document.history.undo_title == f"Label {ids.sum()} pixels"
        hands.driver.trigger("edit.undo")
    hands.zoom_to(1)
    hands.driver.window.feature("labelling").tools.options.smooth.setChecked(True)
    hands.drag((10.25, 10.25), (10.25, 30.25), (30.25, 30.25), (30.25, 10.25))
    assert hands.ids[11, 20] == 1
    assert hands.ids[11, 11] == 0  # the corner is rounded


def test_shapes_over_the_border_are_cut_there_and_may_begin_outside(hands):
    hands.canvas.zoom(0.5)
    a, b = (55, 74), (64, 90)
    for name, pixels in (
        ("rectangle", shapes.rectangle(a, b, SIZE)),
        ("ellipse", shapes.ellipse(a, b, SIZE)),
        ("line", disc_path(a, b, 1, SIZE)),
        ("brush", disc_path(a, b, 1, SIZE)),
    ):
        hands.tool(name)
        hands.drag(a, b)
        np.testing.assert_array_equal(hands.ids, labelled(pixels))
        hands.driver.trigger("edit.undo")
    hands.tool("rectangle")
    hands.drag((-5, -5), (1, 2))
    np.testing.assert_array_equal(hands.ids, labelled(shapes.rectangle((0, 0), (1, 2), SIZE)))
    hands.tool("point")
    hands.click((-5, -5))
    hands.click((59, 79))
    assert hands.ids[59, 79] == 1
    assert hands.driver.document.labels.total == 7


def test_modes_replace_unlabelled_erase_and_one_class(hands):
    driver, box = hands.driver, hands.driver.window.context.labelling.toolbox
    hands.tool("rectangle")
    hands.drag((10, 10), (19, 19))
    driver.trigger("class.add")
    box.set_mode(PaintMode.UNLABELLED)
    hands.tool("rectangle")
    hands.drag((10, 10), (19, 29))
    expected = labelled(shapes.rectangle((10, 10), (19, 29), SIZE), 2)
    expected.flat[shapes.rectangle((10, 10), (19, 19), SIZE)] = 1
    np.testing.assert_array_equal(hands.ids, expected)
    box.set_mode(PaintMode.ERASE_CLASS)
    hands.drag((10, 15), (11, 24))
    expected[10:12, 20:25] = 0
    np.testing.assert_array_equal(hands.ids, expected)
    box.set_mode(PaintMode.ERASE)
    hands.drag((10, 10), (10, 29))
    expected[10] = 0
    np.testing.assert_array_equal(hands.ids, expected)
    box.set_mode(PaintMode.REPLACE)
    hands.drag((12, 10), (12, 29))
    expected[12, 10:30] = 2
    np.testing.assert_array_equal(hands.ids, expected)


def test_wheel_zooms_and_pans_while_a_tool_is_active_and_sizes_it_with_ctrl(hands):
    hands.tool("polygon")
    hands.click((20, 20))
    hands.canvas.zoom(1.1)
    before = hands.canvas.view_box()
    hands.wheel((30, 40), 2)
    assert hands.canvas.view_box()[2] < before[2]
    before = hands.canvas.view_box()
    middle = Qt.MouseButton.MiddleButton
    hands.send(QMouseEvent.Type.MouseButtonPress, (30, 40), middle, middle)
    hands.move((35, 45), held=middle)
    hands.send(QMouseEvent.Type.MouseButtonRelease, (30, 40), middle)
    assert hands.canvas.view_box()[:2] != before[:2]
    assert len(hands.driver.window.context.labelling.toolbox.tools["polygon"].vertices) == 1
    hands.tool("brush")
    view = hands.canvas.view_box()
    hands.wheel((30, 40), 2, CTRL)
    assert hands.driver.window.feature("labelling").tools.options.brush_size.value() == 5
    hands.wheel((30, 40), -1, CTRL)
    assert hands.driver.window.feature("labelling").tools.options.brush_size.value() == 3
    hands.wheel((30, 40), 1, CTRL, sideways=True)
    assert hands.driver.window.feature("labelling").tools.options.brush_size.value() == 3
    assert hands.canvas.view_box() == view


def test_shift_click_joins_strokes_by_a_line(hands):
    hands.tool("brush")
    hands.click((10, 10))
    hands.click((10, 30), keys=SHIFT)
    np.testing.assert_array_equal(hands.ids, labelled(disc_path((10, 10), (10, 30), 1, SIZE)))
    hands.driver.trigger("edit.undo")
    assert hands.driver.document.labels.total == 1


def test_pixels_are_labelled_by_keys_alone(hands):
    hands.driver.key(Qt.Key.Key_Down, CTRL)  # the first move starts in the middle
    hands.driver.key(Qt.Key.Key_Left, CTRL)
    hands.driver.key(Qt.Key.Key_Period)
    expected = np.zeros(SIZE, np.uint16)
    expected[31, 39] = 1
    np.testing.assert_array_equal(hands.ids, expected)
    assert hands.driver.document.history.undo_title == "Label 1 pixel"
