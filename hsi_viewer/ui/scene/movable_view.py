"""MovableView: a scene on the screen, zoomed, panned and hovered by mouse and keys."""

from __future__ import annotations

import math

import pyqtgraph as pg
from PySide6.QtCore import QEvent, QPoint, QPointF, QRect, QRectF, Qt, Signal, Slot
from PySide6.QtGui import QFocusEvent, QKeyEvent, QMouseEvent, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import QGraphicsItem, QWidget

from hsi_viewer.core.geometry.pixels import Pixel
from hsi_viewer.ui.event_errors import reports_errors

ZOOM_STEP = 1.2
PAN_STEP = 0.1
CLICK_SLOP = 4  # screen pixels that a click may move
NARROWEST = 12  # screen pixels across a fitted scene: a single line of a scanner is to be seen


@reports_errors
class MovableView(pg.GraphicsView):
    """The place of a scene of rows and columns in a view: square pixels, row 0 at the top.

    Signals
    -------
    hovered(row, column), left() : the mouse is over a pixel of the scene, or no longer.
    clicked(row, column) : a click that did not pan.
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
        self._shape: tuple[int, int] | None = None
        self._pan_from: QPointF | None = None
        self._press_at: QPointF | None = None
        self._space = False
        self._fitted = True
        self._mouse_at: QPointF | None = None  # None where it isn't over the view
        self.view_changed.connect(self._on_view)

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns of the scene; (0, 0) without one."""
        return self._shape or (0, 0)

    def set_shape(self, rows: int, columns: int) -> None:
        """Make place for a scene of this size; `fit` shows all of it."""
        self._shape = (rows, columns)
        self._mouse_at = None

    @property
    def is_drawing(self) -> bool:
        """Whether the mouse is panning or painting: what else depends on its place can wait."""
        return self._pan_from is not None

    def add_item(self, item: QGraphicsItem) -> None:
        """Draw something over the layers, in coordinates of column and row."""
        self._box.addItem(item, ignoreBounds=True)

    # view ------------------------------------------------------------------------------------

    def fit(self) -> None:
        """Show the whole scene; the middle of one that would be too narrow to be seen."""
        if self._shape is not None:
            rows, columns = self._shape
            self._box.setRange(QRectF(0, 0, columns, rows), padding=0.02)
            across = min(rows, columns) * self.magnification()
            if 0 < across < NARROWEST:
                self._box.scaleBy((across / NARROWEST, across / NARROWEST))
            self._fitted = True
            self.view_changed.emit()

    def scene_area(self) -> QRect:
        """The part of the viewport that shows the scene; empty where it is out of view."""
        rows, columns = self.shape
        corners = (self._box.mapViewToScene(QPointF(*p)) for p in ((0, 0), (columns, rows)))
        area: QRect = self.viewport().rect()
        return area & QRectF(*corners).normalized().toAlignedRect()

    def view_box(self) -> tuple[float, float, float, float] | None:
        """Left, top, width and height of what is in view, in pixels; None for the whole scene."""
        view = self._box.viewRect()
        return None if self._fitted else (view.left(), view.top(), view.width(), view.height())

    def set_view_box(self, box: tuple[float, float, float, float] | None) -> None:
        """Bring a box into view, as `view_box` gave it."""
        if box is None:
            self.fit()
            return
        self._box.setRange(QRectF(*box), padding=0)
        self._fitted = False
        self.view_changed.emit()

    def zoom(self, factor: float, at: QPointF | None = None) -> None:
        """Magnify by a factor about a point of the widget (its centre by default)."""
        point = at if at is not None else QPointF(self.rect().center())
        centre = self._scene_position(point)
        self._box.scaleBy((1 / factor, 1 / factor), center=centre)
        self._fitted = False
        self.view_changed.emit()

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

    def look_at(self, point: QPointF) -> None:
        """Bring a point of the scene (x column, y row) to the middle."""
        middle = self._box.viewRect().center()
        self._box.translateBy(x=point.x() - middle.x(), y=point.y() - middle.y())
        self._fitted = False
        self.view_changed.emit()

    def seen(self) -> QRectF:
        """The visible part, in pixels of the scene."""
        return QRectF(self._box.viewRect())

    def magnification(self) -> float:
        """Pixels of the screen for each of the scene."""
        width = self._box.viewRect().width()
        return float(self._box.width() / width) if width > 0 else 0.0

    def follow(self, other: MovableView) -> None:
        """Look at the same place as another view, equally large."""
        scale = other.magnification()
        if scale <= 0 or self._box.width() <= 0:
            return
        wanted = QRectF(0, 0, self._box.width() / scale, self._box.height() / scale)
        wanted.moveCenter(other.seen().center())
        self._box.setRange(wanted, padding=0)
        self._fitted = other._fitted
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

    # mouse and keys --------------------------------------------------------------------------

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Any of left, middle and Space with left pans; a left press may become a click."""
        self.setFocus(Qt.FocusReason.MouseFocusReason)
        button = event.button()
        if button == Qt.MouseButton.LeftButton and not self._space:
            self._press_at = event.position()
        if button in (Qt.MouseButton.LeftButton, Qt.MouseButton.MiddleButton):
            self._start_pan(event.position())
        event.accept()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Pan or hover."""
        position = event.position()
        if self._pan_from is not None:
            before, now = self._scene_position(self._pan_from), self._scene_position(position)
            self._box.translateBy(x=before.x() - now.x(), y=before.y() - now.y())
            self._pan_from = position
            self._fitted = False
            self.view_changed.emit()
        self._hover(position)
        event.accept()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """End the pan or the click."""
        if self._pan_from is not None:
            self._pan_from = None
            self.rest_cursor()
        self._hover(event.position())
        if event.button() == Qt.MouseButton.LeftButton and self._press_at is not None:
            moved = event.position() - self._press_at
            self._press_at = None
            pixel = self._pixel_at(event.position())
            if math.hypot(moved.x(), moved.y()) <= CLICK_SLOP and pixel and self._inside(pixel):
                self.clicked.emit(*pixel)
        event.accept()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Fit the scene."""
        if event.button() == Qt.MouseButton.LeftButton:
            self.fit()
            event.accept()
        else:
            self.mousePressEvent(event)

    def leaveEvent(self, event: QEvent) -> None:
        """The mouse is over no pixel any more."""
        self._mouse_at = None
        self.left.emit()
        super().leaveEvent(event)

    def rest_cursor(self) -> None:
        """Show the cursor of a view that is not being panned."""
        self.setCursor(Qt.CursorShape.CrossCursor)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Zoom at the cursor, with any tool."""
        delta = event.angleDelta().y()
        if delta:
            self.zoom(ZOOM_STEP ** (delta / 120.0), event.position())
        event.accept()

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
            self.rest_cursor()
        else:
            event.ignore()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Let go of Space, which another widget or window now gets the end of."""
        if self._space:
            self._space = False
            self.rest_cursor()
        super().focusOutEvent(event)

    # positions -------------------------------------------------------------------------------

    def _start_pan(self, position: QPointF) -> None:
        self._pan_from = position
        self.setCursor(Qt.CursorShape.ClosedHandCursor)

    @Slot()
    def _on_view(self) -> None:
        """Another pixel came under the mouse, which rests."""
        if self._mouse_at is not None and not self.is_drawing:
            self._hover(self._mouse_at)

    def _hover(self, position: QPointF) -> None:
        pixel = self._pixel_at(position)
        self._mouse_at = position
        if pixel is not None and self._inside(pixel):
            self.hovered.emit(*pixel)
        else:
            self.left.emit()

    def _scene_position(self, position: QPointF) -> QPointF:
        # mapToScene takes whole pixels only; the transform keeps the fraction.
        point = self.viewportTransform().inverted()[0].map(position)
        return QPointF(self._box.mapSceneToView(point))

    def pixel_at(self, position: QPoint) -> Pixel | None:
        """The pixel of the scene at a place of the viewport, or None beside the scene."""
        pixel = self._pixel_at(QPointF(position))
        return pixel if pixel is not None and self._inside(pixel) else None

    def _pixel_at(self, position: QPointF) -> Pixel | None:
        if self._shape is None:
            return None
        point = self._scene_position(position)
        return math.floor(point.y()), math.floor(point.x())

    def _inside(self, pixel: Pixel | None) -> bool:
        if pixel is None or self._shape is None:
            return False
        return 0 <= pixel[0] < self._shape[0] and 0 <= pixel[1] < self._shape[1]
