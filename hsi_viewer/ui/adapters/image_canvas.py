"""ImageCanvas: the picture, the map and the labels over it, the cursor, and the mouse."""

from __future__ import annotations

import math
from typing import Protocol

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QCursor,
    QKeyEvent,
    QMouseEvent,
    QPen,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QWidget

from hsi_viewer.core.footprint import Pixel

ZOOM_STEP = 1.2
PAN_STEP = 0.1
CLICK_SLOP = 4  # screen pixels that a click may move


class MouseTool(Protocol):
    """What the canvas asks of the active tool; positions are (row, column) pixels."""

    cursor: Qt.CursorShape

    def press(self, pixel: Pixel) -> None:
        """The left button went down on a pixel."""

    def drag(self, pixel: Pixel) -> None:
        """The mouse moved with the left button down; the pixel may lie outside the scene."""

    def release(self) -> None:
        """The left button went up."""

    def cancel(self) -> None:
        """Escape: take the unfinished gesture back."""

    def outline(self) -> tuple[NDArray[np.float64], NDArray[np.float64]] | None:
        """Segments x, y around the touched pixels, relative to the hovered pixel's corner."""


class ImageCanvas(pg.GraphicsView):
    """Shows rasters of one scene, row-major, square pixels, row 0 at the top.

    Signals
    -------
    hovered(row, column), left() : the mouse is over a pixel of the scene, or no longer.
    clicked(row, column) : a click with the navigate tool.
    view_changed() : zoomed or panned.
    """

    hovered = Signal(int, int)
    left = Signal()
    clicked = Signal(int, int)
    view_changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("Scene")
        self.setAcceptDrops(False)  # files are dropped on the window
        self._box = pg.ViewBox(
            lockAspect=True, invertY=True, enableMouse=False, enableMenu=False, defaultPadding=0.02
        )
        self._box.disableAutoRange()
        self.setCentralItem(self._box)
        self.picture = self._raster(0)
        self.map_overlay = self._raster(10)
        self.label_overlay = self._raster(20)
        self._outline = pg.PlotCurveItem(connect="pairs", pen=_cosmetic("#ffffff", 1.5))
        self._outline_shadow = pg.PlotCurveItem(connect="pairs", pen=_cosmetic("#000000", 3.0))
        self._marks = pg.ScatterPlotItem(pxMode=True, symbol="o", size=11)
        for z, item in ((30, self._outline_shadow), (31, self._outline), (40, self._marks)):
            item.setZValue(z)
            self._box.addItem(item)
        self._shape: tuple[int, int] | None = None
        self._tool: MouseTool | None = None
        self._painting = False
        self._pan_from: QPointF | None = None
        self._press_at: QPointF | None = None
        self._space = False
        self._fitted = True

    def _raster(self, z: float) -> pg.ImageItem:
        item = pg.ImageItem(axisOrder="row-major")
        item.setZValue(z)
        self._box.addItem(item)
        return item

    # what is shown ---------------------------------------------------------------------------

    def show_scene(self, rows: int, columns: int) -> None:
        """Make place for a scene of this size and fit it."""
        self._shape = (rows, columns)
        for item in (self.picture, self.map_overlay, self.label_overlay):
            item.clear()
        self._marks.clear()
        self.fit()

    def set_raster(self, item: pg.ImageItem, rgba: NDArray[np.uint8] | None) -> None:
        """Show (rows, columns, 4) RGBA stretched over the scene; None clears it."""
        if rgba is None or self._shape is None:
            item.clear()
            return
        item.setImage(rgba, autoLevels=False, levels=None)
        item.setRect(QRectF(0, 0, self._shape[1], self._shape[0]))

    def set_marks(self, marks: list[tuple[int, int, tuple[int, int, int]]]) -> None:
        """Mark pixels: (row, column, colour) each."""
        self._marks.setData(
            [
                {
                    "pos": (column + 0.5, row + 0.5),
                    "brush": QColor(*colour),
                    "pen": _cosmetic("#ffffff", 1.5),
                }
                for row, column, colour in marks
            ]
        )

    # view ------------------------------------------------------------------------------------

    def fit(self) -> None:
        """Show the whole scene."""
        if self._shape is not None:
            rows, columns = self._shape
            self._box.setRange(QRectF(0, 0, columns, rows), padding=0.02)
            self._fitted = True
            self.view_changed.emit()

    def zoom(self, factor: float, at: QPointF | None = None) -> None:
        """Magnify by a factor about a point of the widget (its centre by default)."""
        point = at if at is not None else QPointF(self.rect().center())
        centre = self._scene_position(point)
        self._box.scaleBy((1 / factor, 1 / factor), center=centre)
        self._fitted = False
        self.view_changed.emit()
        self._move_outline(point)

    def pan(self, dx: float, dy: float) -> None:
        """Move the view by a fraction of its size; positive looks right and down."""
        view = self._box.viewRect()
        self._box.translateBy(x=dx * view.width(), y=dy * view.height())
        self._fitted = False
        self.view_changed.emit()

    def centre_on(self, row: int, column: int) -> None:
        """Bring a pixel into view, if it is not."""
        view = self._box.viewRect()
        if not view.contains(QPointF(column + 0.5, row + 0.5)):
            self._box.translateBy(
                x=column + 0.5 - view.center().x(), y=row + 0.5 - view.center().y()
            )
            self._fitted = False
            self.view_changed.emit()

    def widget_position(self, row: float, column: float) -> QPointF:
        """Where the centre of a pixel is drawn in this widget."""
        point = self._box.mapViewToScene(QPointF(column + 0.5, row + 0.5))
        return QPointF(self.mapFromScene(point))

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        """Keep the whole scene in view while the user has not zoomed."""
        super().resizeEvent(event)
        if getattr(self, "_fitted", False):
            self.fit()

    # tool ------------------------------------------------------------------------------------

    def set_tool(self, tool: MouseTool | None) -> None:
        """Hand the left button to a tool; None navigates."""
        if self._painting and self._tool is not None:
            self._tool.release()
            self._painting = False
        self._tool = tool
        self.update_tool()

    def update_tool(self) -> None:
        """Draw the tool's cursor again after its size changed."""
        shape = self._tool.outline() if self._tool else None
        for item in (self._outline, self._outline_shadow):
            if shape is None:
                item.hide()
            else:
                item.setData(*shape)
        self.setCursor(self._tool.cursor if self._tool else Qt.CursorShape.CrossCursor)
        self._move_outline(QPointF(self.mapFromGlobal(QCursor.pos())))

    def cancel_gesture(self) -> bool:
        """Take back what is being drawn; False if nothing is."""
        if self._painting and self._tool is not None:
            self._painting = False
            self._tool.cancel()
            return True
        return False

    def _move_outline(self, point: QPointF) -> None:
        pixel = self._pixel_at(point)
        shown = (
            self._tool is not None
            and self._tool.outline() is not None
            and self._inside(pixel)
            and self._pan_from is None
        )
        for item in (self._outline, self._outline_shadow):
            item.setVisible(shown)
            if shown and pixel is not None:
                item.setPos(pixel[1], pixel[0])

    # mouse and keys --------------------------------------------------------------------------

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Middle button or Space pans; the left button belongs to the tool."""
        self.setFocus(Qt.FocusReason.MouseFocusReason)
        position = event.position()
        left = event.button() == Qt.MouseButton.LeftButton
        if event.button() == Qt.MouseButton.MiddleButton or (left and self._space):
            self._start_pan(position)
        elif left and self._tool is not None:
            pixel = self._pixel_at(position)
            if pixel is not None and self._inside(pixel):
                self._painting = True
                self._tool.press(pixel)
        elif left:
            self._press_at = position
            self._start_pan(position)
        event.accept()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Pan, paint or hover."""
        position = event.position()
        if self._pan_from is not None:
            before, now = self._scene_position(self._pan_from), self._scene_position(position)
            self._box.translateBy(x=before.x() - now.x(), y=before.y() - now.y())
            self._pan_from = position
            self._fitted = False
            self.view_changed.emit()
        elif self._painting and self._tool is not None:
            pixel = self._pixel_at(position)
            if pixel is not None:
                self._tool.drag(pixel)
        self._hover(position)
        event.accept()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """End the pan, the stroke or the click."""
        left = event.button() == Qt.MouseButton.LeftButton
        if self._pan_from is not None:
            self._pan_from = None
            self.update_tool()
        elif left and self._painting and self._tool is not None:
            self._painting = False
            self._tool.release()
        if left and self._press_at is not None:
            moved = event.position() - self._press_at
            self._press_at = None
            pixel = self._pixel_at(event.position())
            if math.hypot(moved.x(), moved.y()) <= CLICK_SLOP and pixel and self._inside(pixel):
                self.clicked.emit(*pixel)
        event.accept()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Fit the scene with the navigate tool; a second press for the others."""
        if event.button() == Qt.MouseButton.LeftButton and self._tool is None:
            self.fit()
            event.accept()
        else:
            self.mousePressEvent(event)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Zoom at the cursor, whatever tool is active."""
        delta = event.angleDelta().y()
        if delta:
            self.zoom(ZOOM_STEP ** (delta / 120.0), event.position())
        event.accept()

    def leaveEvent(self, event: QEvent) -> None:
        """Hide the cursor's outline."""
        for item in (self._outline, self._outline_shadow):
            item.hide()
        self.left.emit()
        super().leaveEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Space pans while held; arrows pan."""
        arrows = {
            Qt.Key.Key_Left: (-PAN_STEP, 0.0),
            Qt.Key.Key_Right: (PAN_STEP, 0.0),
            Qt.Key.Key_Up: (0.0, -PAN_STEP),
            Qt.Key.Key_Down: (0.0, PAN_STEP),
        }
        plain = event.modifiers() in (
            Qt.KeyboardModifier.NoModifier,
            Qt.KeyboardModifier.KeypadModifier,
        )
        key = Qt.Key(event.key())
        if key == Qt.Key.Key_Space:
            if not event.isAutoRepeat():
                self._space = True
                self.setCursor(Qt.CursorShape.OpenHandCursor)
        elif plain and key in arrows:
            self.pan(*arrows[key])
        else:
            event.ignore()

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        """Give the cursor back to the tool when Space is let go."""
        if event.key() == Qt.Key.Key_Space and not event.isAutoRepeat():
            self._space = False
            self.update_tool()
        else:
            event.ignore()

    # positions -------------------------------------------------------------------------------

    def _start_pan(self, position: QPointF) -> None:
        self._pan_from = position
        self.setCursor(Qt.CursorShape.ClosedHandCursor)

    def _hover(self, position: QPointF) -> None:
        self._move_outline(position)
        pixel = self._pixel_at(position)
        if pixel is not None and self._inside(pixel):
            self.hovered.emit(*pixel)
        else:
            self.left.emit()

    def _scene_position(self, position: QPointF) -> QPointF:
        # mapToScene takes whole pixels only; the transform keeps the fraction.
        point = self.viewportTransform().inverted()[0].map(position)
        return QPointF(self._box.mapSceneToView(point))

    def _pixel_at(self, position: QPointF) -> Pixel | None:
        if self._shape is None:
            return None
        point = self._scene_position(position)
        return math.floor(point.y()), math.floor(point.x())

    def _inside(self, pixel: Pixel | None) -> bool:
        if pixel is None or self._shape is None:
            return False
        return 0 <= pixel[0] < self._shape[0] and 0 <= pixel[1] < self._shape[1]


def _cosmetic(colour: str, width: float) -> QPen:
    pen = QPen(QColor(colour))
    pen.setWidthF(width)
    pen.setCosmetic(True)
    return pen
