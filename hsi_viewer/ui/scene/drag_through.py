"""DragThrough: the image can be painted, moved and zoomed where a message lies over it."""

from __future__ import annotations

from PySide6.QtCore import QElapsedTimer, QEvent, QObject, QPointF, Qt, Slot
from PySide6.QtGui import QMouseEvent, QWheelEvent
from PySide6.QtWidgets import QAbstractButton, QApplication, QLabel, QWidget

from hsi_viewer.ui.event_errors import reports_errors
from hsi_viewer.ui.scene.image_canvas import ImageCanvas
from hsi_viewer.ui.scene.movable_view import MovableView
from hsi_viewer.ui.widgets.floating import FloatingColumn

AIMED_MS = 600  # a message that came later than this before a press was not what it was aimed at
PRESSES = (QEvent.Type.MouseButtonPress, QEvent.Type.MouseButtonDblClick)


@reports_errors
class DragThrough(QObject):
    """Hands drags and the wheel over what floats to the view below; clicks stay with it.

    A drag is of the image: a stroke that begins on a message is painted, and presses no button.
    So is any press of a tool on a message that has just come up where the user was painting.
    With Navigate a drag over a text selects it, to be copied.

    Parameters
    ----------
    column : what floats.
    host : holds the column and the views below it.
    """

    def __init__(self, column: FloatingColumn, host: QWidget) -> None:
        super().__init__(column)
        self._column, self._host = column, host
        self._pressed_at: QPointF | None = None  # on the screen; what may become a drag
        self._view: MovableView | None = None  # that has the drag
        self._shown, self._height = QElapsedTimer(), 0
        column.settled.connect(self._watch)

    @Slot()
    def _watch(self) -> None:
        for widget in self._column.findChildren(QWidget):
            widget.installEventFilter(self)  # once, however often it is called
        before, self._height = self._height, self._column.height() * self._column.isVisible()
        if self._height > before:
            self._shown.invalidate()
            if any(v.viewport().underMouse() for v in self._host.findChildren(MovableView)):
                self._shown.start()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Take what is the image's."""
        if isinstance(event, QWheelEvent):
            return self._on_wheel(event)
        if isinstance(event, QMouseEvent):
            if event.type() in PRESSES:
                return self._on_press(watched, event)
            if event.type() == QEvent.Type.MouseMove:
                return self._on_move(watched, event)
            if event.type() == QEvent.Type.MouseButtonRelease:
                return self._on_release(event)
        return False

    def _on_press(self, watched: QObject, event: QMouseEvent) -> bool:
        self._pressed_at = self._view = None  # a message that went in a drag had no release
        view = self._view_at(event.globalPosition())
        left = event.button() == Qt.MouseButton.LeftButton
        if view is None:
            return False
        has_tool = isinstance(view, ImageCanvas) and view.has_tool
        if event.button() == Qt.MouseButton.MiddleButton or (
            left and has_tool and self._shown.isValid() and self._shown.elapsed() < AIMED_MS
        ):
            self._begin(view, event.globalPosition(), event.button(), event.modifiers())
            return True
        if left and (has_tool or not isinstance(watched, QLabel)):
            self._pressed_at = event.globalPosition()
        return False

    def _on_move(self, watched: QObject, event: QMouseEvent) -> bool:
        if self._view is None and self._pressed_at is not None:
            moved = (event.globalPosition() - self._pressed_at).manhattanLength()
            view = self._view_at(self._pressed_at)
            if moved < QApplication.startDragDistance() or view is None:
                return False
            if isinstance(watched, QAbstractButton):
                watched.setDown(False)  # letting go of it is not a click then
            left = Qt.MouseButton.LeftButton
            self._begin(view, self._pressed_at, left, event.modifiers())
        if self._view is None:
            return False
        self._send(event.type(), event.globalPosition(), event.buttons(), event)
        return True

    def _on_release(self, event: QMouseEvent) -> bool:
        self._pressed_at = None
        if self._view is None:
            return False
        self._send(event.type(), event.globalPosition(), event.buttons(), event)
        self._view = None
        self._column.raise_()
        return False  # what was pressed is let go, but wasn't clicked

    def _on_wheel(self, event: QWheelEvent) -> bool:
        view = self._view_at(event.globalPosition())
        if view is None:
            return False
        place = view.viewport().mapFromGlobal(event.globalPosition())
        wheel = QWheelEvent(
            place,
            event.globalPosition(),
            event.pixelDelta(),
            event.angleDelta(),
            event.buttons(),
            event.modifiers(),
            event.phase(),
            event.inverted(),
        )
        QApplication.sendEvent(view.viewport(), wheel)
        return True

    def _begin(
        self,
        view: MovableView,
        at: QPointF,
        button: Qt.MouseButton,
        keys: Qt.KeyboardModifier,
    ) -> None:
        """Give a drag to a view; what is drawn is seen, not what lies over it."""
        self._view, self._pressed_at = view, None
        self._column.lower()
        place = view.viewport().mapFromGlobal(at)
        kind = QEvent.Type.MouseButtonPress
        QApplication.sendEvent(view.viewport(), QMouseEvent(kind, place, at, button, button, keys))

    def _send(
        self, kind: QEvent.Type, at: QPointF, held: Qt.MouseButton, event: QMouseEvent
    ) -> None:
        if self._view is not None:
            viewport, keys = self._view.viewport(), event.modifiers()
            place = QPointF(viewport.mapFromGlobal(at))
            moved = QMouseEvent(kind, place, at, event.button(), held, keys)
            QApplication.sendEvent(viewport, moved)

    def _view_at(self, at: QPointF) -> MovableView | None:
        """The view below a place of the screen."""
        for view in self._host.findChildren(MovableView):
            if view.isVisible() and view.rect().contains(view.mapFromGlobal(at).toPoint()):
                return view
        return None
