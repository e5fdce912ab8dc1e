"""SwipeLine: the line between two layers that are compared, dragged or moved by keys."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QPointF, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from hsi_viewer.ui.event_errors import reports_errors

WIDTH = 15
STEP = 0.02


@reports_errors
class SwipeLine(QWidget):
    """A vertical line over a view.

    Signals
    -------
    moved(float) : its place, in pixels of the view.

    Parameters
    ----------
    view : the viewport that it lies over; the line keeps its relative place when that is resized.
    """

    moved = Signal(float)

    def __init__(self, view: QWidget) -> None:
        super().__init__(view)
        self._view = view
        self.setCursor(Qt.CursorShape.SplitHCursor)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("Line between the compared layers")
        self.setToolTip("Drag it, or move it with the arrow keys")
        self._part = 0.5
        self._grip: float | None = None
        view.installEventFilter(self)
        self.hide()

    @property
    def position(self) -> float:
        """Position of the line, in pixels of the view."""
        return self._part * self._view.width()

    def start(self) -> None:
        """Show the line."""
        self._update_position()
        self.show()
        self.raise_()

    def move_to(self, position: float) -> None:
        """Put the line somewhere, in pixels of the view."""
        self._part = min(max(position / max(1, self._view.width()), 0.0), 1.0)
        self._update_position()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Follow the size of the view."""
        if event.type() == QEvent.Type.Resize and watched is self._view and self.isVisible():
            self._update_position()
        return False

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw the line and its grip."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        x, y = self.width() / 2, self.height() / 2
        for colour, width in (("#000000", 3.0), ("#ffffff", 1.5)):
            painter.setPen(QPen(QColor(colour), width))
            painter.drawLine(QPointF(x, 0), QPointF(x, self.height()))
        painter.setPen(QPen(QColor("#000000"), 1.0))
        painter.setBrush(QColor("#ffffff"))
        painter.drawRoundedRect(int(x) - 4, int(y) - 14, 8, 28, 4, 4)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Take hold of the line."""
        self._grip = event.position().x() - self.width() / 2
        event.accept()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Drag the line."""
        if self._grip is not None:
            self.move_to(self.mapToParent(event.position()).x() - self._grip)
        event.accept()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Let go."""
        self._grip = None
        event.accept()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Move the line by the arrow keys."""
        steps = {Qt.Key.Key_Left: -STEP, Qt.Key.Key_Right: STEP}
        if event.key() in steps:
            part = self._part + steps[Qt.Key(event.key())]
            self.move_to(part * self._view.width())
        else:
            super().keyPressEvent(event)

    def _update_position(self) -> None:
        self.setGeometry(round(self.position - WIDTH / 2), 0, WIDTH, self._view.height())
        self.moved.emit(self.position)
