"""FloatingColumn: messages and questions over the image, which never move it."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt, Slot
from PySide6.QtWidgets import QVBoxLayout, QWidget

WIDEST = 620  # pixels; a text of that width is read at a glance
MARGIN = 10
CHANGES = (
    QEvent.Type.LayoutRequest,
    QEvent.Type.ShowToParent,
    QEvent.Type.HideToParent,
)


class FloatingColumn(QWidget):
    """Lies over a widget, at the top of its middle, as high as what is in it.

    Parameters
    ----------
    host : what it lies over.
    below : a row at the top of the host that stays free, while it is shown.
    parts : from top to bottom; hidden ones take no room.
    """

    def __init__(self, host: QWidget, below: list[QWidget], *parts: QWidget) -> None:
        super().__init__(host)
        self._host, self._below, self._parts = host, below, parts
        self.setAttribute(Qt.WidgetAttribute.WA_NoSystemBackground)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        for part in parts:
            layout.addWidget(part)
            part.installEventFilter(self)
        host.installEventFilter(self)
        self.hide()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Follow the host's size and what is in the column."""
        changes = (QEvent.Type.Resize,) if watched is self._host else CHANGES
        if event.type() in changes:
            self.settle()
        return False

    @Slot()
    def settle(self) -> None:
        """Take the room that the parts need."""
        shown = any(not part.isHidden() for part in self._parts)
        self.setVisible(shown)
        if not shown:
            return
        width = max(1, min(WIDEST, self._host.width() - 2 * MARGIN))
        layout = self.layout()
        if layout is None:
            return
        layout.invalidate()
        height = max(layout.totalHeightForWidth(width), layout.totalMinimumSize().height())
        top = max([w.geometry().bottom() + 1 for w in self._below if w.isVisible()], default=0)
        self.setGeometry((self._host.width() - width) // 2, top + MARGIN, width, height)
        self.raise_()
