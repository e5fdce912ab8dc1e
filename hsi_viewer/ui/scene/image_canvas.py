"""ImageCanvas: the scene view whose left button belongs to the active tool."""

from __future__ import annotations

from typing import cast

import pyqtgraph as pg
from PySide6.QtCore import QEvent, QPointF, Qt, Signal
from PySide6.QtGui import QCursor, QKeyEvent, QMouseEvent, QWheelEvent
from PySide6.QtWidgets import QWidget

from hsi_viewer.core.geometry.pixels import Pixel
from hsi_viewer.ui.event_errors import reports_errors
from hsi_viewer.ui.scene.preview_item import OVER, PreviewItem
from hsi_viewer.ui.scene.scene_view import SceneView, cosmetic
from hsi_viewer.ui.tools.tool import Key, Pointer, Preview, Tool

SNAP = 8  # screen pixels that count as the same place
KEYS: dict[Qt.Key, Key] = {
    Qt.Key.Key_Return: "accept",
    Qt.Key.Key_Enter: "accept",
    Qt.Key.Key_Backspace: "back",
    Qt.Key.Key_Delete: "delete",
}


@reports_errors
class ImageCanvas(SceneView):
    """A scene view with a tool: the left button and some keys are the tool's.

    The wheel, the middle button, Space and the arrows stay the view's with any tool;
    with Ctrl the wheel sizes the tool.

    Signals
    -------
    preview_changed() : a tool is about to do something else.
    """

    preview_changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._outline = pg.PlotCurveItem(connect="pairs", pen=cosmetic("#ffffff", 1.5))
        self._outline_shadow = pg.PlotCurveItem(connect="pairs", pen=cosmetic("#000000", 3.0))
        for z, item in enumerate((self._outline_shadow, self._outline)):
            item.setZValue(OVER + 10 + z)
            self._box.addItem(item, ignoreBounds=True)
        self._preview = PreviewItem(self._box)
        self._tool: Tool | None = None
        self._painting = False
        self._hovered: Pixel | None = None

    def zoom(self, factor: float, at: QPointF | None = None) -> None:
        """Magnify by a factor about a point of the widget (its centre by default)."""
        super().zoom(factor, at)
        self._move_outline(at if at is not None else QPointF(self.rect().center()))

    # tool ------------------------------------------------------------------------------------

    def set_tool(self, tool: Tool | None) -> None:
        """Hand the left button to a tool; None navigates. A stroke ends, a preview is dropped."""
        if self._tool is not None:
            if self._painting:
                self._tool.release(self._pointer(self._mouse_position()))
            self._tool.cancel()
        self._painting = False
        self._tool = tool
        self.update_tool()

    def update_tool(self) -> None:
        """Draw the tool's cursor and preview again after they changed."""
        shape = self._tool.footprint() if self._tool else None
        for item in (self._outline, self._outline_shadow):
            if shape is None:
                item.hide()
            else:
                item.setData(*shape)
        self.setCursor(self._tool.cursor if self._tool else Qt.CursorShape.CrossCursor)
        self._move_outline(self._mouse_position())
        self.update_preview()

    def update_preview(self) -> None:
        """Draw what the tool is about to do."""
        preview = self._tool.preview() if self._tool else None
        if preview is not self._preview.shown:
            self._preview.show(preview)
            self.preview_changed.emit()

    @property
    def has_tool(self) -> bool:
        """Whether the left button belongs to a tool, and not to the view."""
        return self._tool is not None

    @property
    def preview(self) -> Preview | None:
        """The drawing of a stroke that has not changed labels yet."""
        return self._preview.shown

    @property
    def hovered_pixel(self) -> Pixel | None:
        """The pixel of the scene under the mouse, or None."""
        return self._hovered

    @property
    def is_drawing(self) -> bool:
        """Whether the mouse is panning or painting."""
        return self._painting or super().is_drawing

    def cancel_drawing(self) -> bool:
        """Undo what is being drawn; False if nothing is."""
        cancelled = self._tool is not None and self._tool.cancel()
        self._painting = self._painting and not cancelled
        self.update_preview()
        return cancelled

    def _move_outline(self, point: QPointF) -> None:
        pixel = self._pixel_at(point)
        shown = (
            self._tool is not None
            and self._tool.footprint() is not None
            and self._inside(pixel)
            and self._pan_from is None
        )
        for item in (self._outline, self._outline_shadow):
            item.setVisible(shown)
            if shown and pixel is not None:
                item.setPos(pixel[1], pixel[0])

    def _mouse_position(self) -> QPointF:
        return QPointF(self.mapFromGlobal(QCursor.pos()))

    def _pointer(
        self, position: QPointF, keys: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier
    ) -> Pointer:
        point = self._scene_position(position)
        beside = self._scene_position(position + QPointF(SNAP, 0))
        return Pointer(
            point.y(),
            point.x(),
            bool(keys & Qt.KeyboardModifier.ShiftModifier),
            bool(keys & Qt.KeyboardModifier.ControlModifier),
            bool(keys & Qt.KeyboardModifier.AltModifier),
            abs(beside.x() - point.x()),
        )

    # mouse -----------------------------------------------------------------------------------

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """The left button belongs to the tool, unless Space is held."""
        tool, left = self._tool, event.button() == Qt.MouseButton.LeftButton
        if tool is None or not left or self._space:
            super().mousePressEvent(event)
            return
        self.setFocus(Qt.FocusReason.MouseFocusReason)
        pixel = self._pixel_at(event.position())
        if pixel is not None and (tool.anywhere or self._inside(pixel)):
            self._painting = True
            tool.press(self._pointer(event.position(), event.modifiers()))
            self.update_preview()
        event.accept()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Hand the way to the tool while it has the button; else pan or hover."""
        tool = self._tool
        if tool is not None and self._pan_from is None and self._shape is not None:
            pointer = self._pointer(event.position(), event.modifiers())
            if self._painting:
                tool.drag(pointer)
            elif not event.buttons():
                tool.hover(pointer)
            self.update_preview()
        super().mouseMoveEvent(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """End the stroke, the pan or the click."""
        left = event.button() == Qt.MouseButton.LeftButton
        if self._pan_from is None and left and self._painting and self._tool is not None:
            self._painting = False
            self._tool.release(self._pointer(event.position(), event.modifiers()))
            self.update_preview()
        super().mouseReleaseEvent(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Fit the scene with the navigate tool; the others may know the stroke or press again."""
        left = event.button() == Qt.MouseButton.LeftButton
        if self._tool is None:
            super().mouseDoubleClickEvent(event)
        elif (
            left
            and not self._space
            and self._tool.double_click(self._pointer(event.position(), event.modifiers()))
        ):
            self.update_preview()
            event.accept()
        else:
            self.mousePressEvent(event)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """With Ctrl the wheel sizes the tool; else it zooms, with any tool."""
        delta = event.angleDelta().y()  # 0 where it is turned sideways
        steps = round(delta / 120) or (1 if delta > 0 else -1)
        ctrl = event.modifiers() & Qt.KeyboardModifier.ControlModifier
        if ctrl and delta and self._tool is not None and self._tool.resize(steps):
            self.update_tool()
            event.accept()
        else:
            super().wheelEvent(event)

    def leaveEvent(self, event: QEvent) -> None:
        """Hide the cursor's outline."""
        for item in (self._outline, self._outline_shadow):
            item.hide()
        if self._tool is not None:
            self._tool.leave()
            self.update_preview()
        self._hovered = None
        super().leaveEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter, Backspace and Delete belong to the tool; the rest to the view."""
        key = KEYS.get(cast("Qt.Key", event.key()))
        if key is not None and self._tool is not None and self._tool.key(key):
            self.update_preview()
            event.accept()
        else:
            super().keyPressEvent(event)

    def rest_cursor(self) -> None:
        """Show the tool's cursor and outline again."""
        self.update_tool()

    def _hover(self, position: QPointF) -> None:
        self._move_outline(position)
        pixel = self._pixel_at(position)
        self._hovered = pixel if self._inside(pixel) else None
        super()._hover(position)
