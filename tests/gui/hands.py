"""Mouse and keys on the canvas with modifiers and parts of pixels."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent, QWheelEvent
from PySide6.QtWidgets import QApplication

LEFT, NO_BUTTON = Qt.MouseButton.LeftButton, Qt.MouseButton.NoButton
NONE = Qt.KeyboardModifier.NoModifier
SHIFT, CTRL = Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.ControlModifier
SIZE = (60, 80)


def made_cube() -> np.ndarray:
    """Four fields of one spectrum each with a little noise, (60, 80, 8)."""
    rng = np.random.default_rng(3)
    spectra = rng.uniform(200, 1000, (4, 8))
    field = (np.arange(60)[:, None] >= 30) * 2 + (np.arange(80) >= 40)
    return (spectra[field] + rng.normal(0, 2, (60, 80, 8))).astype(np.float32)


class Hands:
    """What a person does on the canvas; places are (row, column) of pixel centres."""

    def __init__(self, driver) -> None:
        self.driver, self.canvas = driver, driver.window.context.canvas

    @property
    def ids(self) -> np.ndarray:
        return self.driver.document.labels.ids

    def send(self, kind, position, button=NO_BUTTON, held=NO_BUTTON, keys=NONE) -> None:
        viewport, spot = self.canvas.viewport(), self.canvas.widget_position(*position)
        everywhere = QPointF(viewport.mapToGlobal(spot.toPoint()))
        QApplication.sendEvent(viewport, QMouseEvent(kind, spot, everywhere, button, held, keys))

    def press(self, position, keys=NONE) -> None:
        self.send(QMouseEvent.Type.MouseButtonPress, position, LEFT, LEFT, keys)

    def move(self, position, keys=NONE, held=LEFT) -> None:
        self.send(QMouseEvent.Type.MouseMove, position, NO_BUTTON, held, keys)

    def release(self, position, keys=NONE) -> None:
        self.send(QMouseEvent.Type.MouseButtonRelease, position, LEFT, NO_BUTTON, keys)

    def click(self, position, keys=NONE) -> None:
        self.press(position, keys)
        self.release(position, keys)

    def hover(self, position) -> None:
        self.move(position, held=NO_BUTTON)

    def drag(self, *positions, keys=NONE) -> None:
        self.press(positions[0], keys)
        for position in positions[1:]:
            self.move(position, keys)
        self.release(positions[-1], keys)

    def double_click(self, position) -> None:
        self.click(position)
        self.send(QMouseEvent.Type.MouseButtonDblClick, position, LEFT, LEFT)
        self.release(position)

    def wheel(self, position, steps: int, keys=NONE, *, sideways: bool = False) -> None:
        spot = self.canvas.widget_position(*position)
        everywhere = QPointF(self.canvas.viewport().mapToGlobal(spot.toPoint()))
        delta = QPoint(120 * steps, 0) if sideways else QPoint(0, 120 * steps)
        phase = Qt.ScrollPhase.NoScrollPhase
        event = QWheelEvent(spot, everywhere, QPoint(), delta, NO_BUTTON, keys, phase, False)
        QApplication.sendEvent(self.canvas.viewport(), event)

    def tool(self, name: str) -> None:
        self.driver.trigger(f"tool.{name}")

    def zoom_to(self, level: float, middle=(30, 40)) -> None:
        """Show the scene at one of the zoom levels, with a pixel in the middle."""
        self.canvas.fit()
        if level != 1:
            self.canvas.zoom(level)
            view = self.canvas.view_box()
            assert view is not None
            self.canvas.set_view_box(
                (middle[1] - view[2] / 2, middle[0] - view[3] / 2, view[2], view[3])
            )


def labelled(pixels, class_id: int = 1) -> np.ndarray:
    """The label map that has a class at some flat pixels."""
    expected = np.zeros(SIZE, np.uint16)
    expected.flat[pixels] = class_id
    return expected
