"""MiniMap: the whole scene in a corner, with a frame around what is seen; dragging it pans."""

from __future__ import annotations

import time

from PySide6.QtCore import QEvent, QObject, QPointF, QRectF, Qt, Slot
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from hsi_viewer.core.display.layers import IMAGE
from hsi_viewer.ui.event_errors import reports_errors
from hsi_viewer.ui.scene.scene_view import SceneView
from hsi_viewer.ui.scene.tiles import FRAME_SECONDS, TileStore

SIDE, NARROWEST, MARGIN = 170, 30, 8


@reports_errors
class MiniMap(QWidget):
    """Shown in the lower right corner while the view shows only a part of the scene."""

    def __init__(self, view: SceneView, store: TileStore) -> None:
        super().__init__(view.viewport())
        self._view, self._store, self._wanted = view, store, True
        self.setAccessibleName("Overview of the scene")
        self.setToolTip("The whole scene; drag the frame to move the view")
        self.setCursor(Qt.CursorShape.OpenHandCursor)
        view.view_changed.connect(self.refresh)
        store.drawn.connect(self._on_drawn)
        view.viewport().installEventFilter(self)
        self.hide()

    @Slot(bool)
    def set_wanted(self, wanted: bool) -> None:
        """Show the map when the view is zoomed in, or never."""
        self._wanted = wanted
        self.refresh()

    @Slot()
    def refresh(self) -> None:
        """Follow the view."""
        rows, columns = self._view.shape
        scene = QRectF(0, 0, columns, rows)
        needed = self._wanted and rows > 0 and not self._view.seen().contains(scene)
        if needed:
            self._move_to_corner()
        else:
            self._store.want(id(self), ())
        self.setVisible(needed)
        self.update()

    def frame(self) -> QRectF:
        """The visible part, in pixels of this widget."""
        scale = self._scale()
        seen = self._view.seen()
        return QRectF(
            seen.left() * scale[0],
            seen.top() * scale[1],
            seen.width() * scale[0],
            seen.height() * scale[1],
        )

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Stay in the corner."""
        if event.type() == QEvent.Type.Resize and watched is self._view.viewport():
            self.refresh()
        return False

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw the coarsest tiles of the image, and the frame."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(0, 0, 0, 110))
        shape = self._view.shape
        level, (across, down) = self._store.top_level(shape), self._scale()
        painter.save()
        painter.scale(across, down)
        missing = []
        until = time.perf_counter() + FRAME_SECONDS
        everywhere = QRectF(0, 0, shape[1], shape[0])
        for key in self._store.keys(IMAGE, level, everywhere, shape):
            tile, complete = self._store.tile(key, until)
            if not complete:
                missing.append(key)
            if tile is not None and tile.image is not None:
                top, left, _, _ = key.box(shape)
                size = tile.image.size() * key.step
                painter.drawImage(QRectF(left, top, size.width(), size.height()), tile.image)
        painter.restore()
        self._store.want(id(self), missing)
        frame = self.frame()
        for colour, width in (("#000000", 3.0), ("#ffffff", 1.4)):
            painter.setPen(QPen(QColor(colour), width))
            painter.drawRect(frame.intersected(QRectF(self.rect()).adjusted(1, 1, -1, -1)))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Show the part that was clicked."""
        self._go_to(event.position())
        event.accept()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Drag the frame."""
        if event.buttons() & Qt.MouseButton.LeftButton:
            self._go_to(event.position())
        event.accept()

    def _go_to(self, position: QPointF) -> None:
        across, down = self._scale()
        rows, columns = self._view.shape
        x = min(max(position.x() / across, 0), columns)
        y = min(max(position.y() / down, 0), rows)
        self._view.look_at(QPointF(x, y))

    def _scale(self) -> tuple[float, float]:
        rows, columns = self._view.shape
        return self.width() / max(1, columns), self.height() / max(1, rows)

    def _move_to_corner(self) -> None:
        rows, columns = self._view.shape
        viewport = self._view.viewport()
        longest = min(SIDE, viewport.width() // 3, viewport.height() // 3)
        scale = longest / max(rows, columns)
        width = max(NARROWEST, round(columns * scale))
        height = max(NARROWEST, round(rows * scale))
        self.setGeometry(
            viewport.width() - width - MARGIN, viewport.height() - height - MARGIN, width, height
        )

    @Slot(str, QRectF)
    def _on_drawn(self, name: str, _area: QRectF) -> None:
        if name == IMAGE and self.isVisible():
            self.update()
