"""RollingArea: lets a panel be smaller than its contents, so that many fit beside a large image."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QSize, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QScrollArea, QWidget

MAX_LETTERS = 42  # a panel that needs more is rolled sideways
MIN_LINES = 6
LEAST_LINES = "least_lines"  # property of a panel that is of no use with fewer


class RollingArea(QScrollArea):
    """Gives the panel all the room there is, and rolls below its least size.

    (A resizable QScrollArea rolls below the preferred height as soon as some text wraps.)

    Signals
    -------
    outgrown() : the panel needs more than before, and more than there is.
    """

    outgrown = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._needed = 0
        self._panel = QWidget(self)  # until there is a panel
        self._panel.hide()
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)

    def take(self, panel: QWidget) -> None:
        """Hold a panel."""
        self._panel.deleteLater()
        self._panel = panel
        self.setWidget(panel)
        self.updateGeometry()
        self._fit()

    def minimumSizeHint(self) -> QSize:
        """All of its width, if that is not much, and some lines."""
        metrics = self.fontMetrics()
        lines = self._panel.property(LEAST_LINES) or MIN_LINES
        width = self._panel.minimumSizeHint().width() + self.verticalScrollBar().sizeHint().width()
        return QSize(min(width, MAX_LETTERS * metrics.averageCharWidth()), lines * metrics.height())

    def sizeHint(self) -> QSize:
        """All of the panel."""
        return self._panel.sizeHint()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Give the panel the new room."""
        super().resizeEvent(event)
        self._fit()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Follow contents that need more or less room than before."""
        if event.type() == QEvent.Type.LayoutRequest and watched is self._panel:
            self._fit()
        return super().eventFilter(watched, event)

    def spare(self) -> int:
        """Height that the panel can do without; what it lacks is negative."""
        room = self.maximumViewportSize()
        return room.height() - self._height(max(room.width(), self._panel.minimumWidth()))

    def _fit(self) -> None:
        room, least = self.maximumViewportSize(), self._panel.minimumSizeHint()
        width = max(room.width(), least.width())
        if self._height(width) > room.height():
            width = max(room.width() - self.verticalScrollBar().sizeHint().width(), least.width())
        needed, before = self._height(width), self._needed
        self._panel.resize(width, max(room.height(), needed))
        self._needed = needed
        if needed > max(before, room.height()):
            self.outgrown.emit()

    def _height(self, width: int) -> int:
        layout = self._panel.layout()
        if layout is not None and layout.hasHeightForWidth():
            return layout.minimumHeightForWidth(width)
        return self._panel.minimumSizeHint().height()
