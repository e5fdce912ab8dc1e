"""FloatingColumn: messages and questions over the image, which never move it."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QPoint, Qt, Signal, Slot
from PySide6.QtWidgets import QVBoxLayout, QWidget

WIDEST = 100  # letters; a text of that width is read at a glance
NARROWEST = 50  # the same, beside what is avoided; else it is covered
DEPTH = 120  # pixels that messages and cards mostly take
MARGIN = 10
MOVES = (QEvent.Type.Resize, QEvent.Type.Move, QEvent.Type.Show, QEvent.Type.Hide)
CHANGES = (
    QEvent.Type.LayoutRequest,
    QEvent.Type.ShowToParent,
    QEvent.Type.HideToParent,
)


class FloatingColumn(QWidget):
    """Lies over a widget, at the top or foot of its middle, as high as what is in it.

    Parameters
    ----------
    host : what it lies over.
    below : a row at the top of the host that stays free, while it is shown.
    at_foot : whether it lies at the foot.
    parts : from top to bottom; hidden ones take no room.

    Signals
    -------
    settled() : its parts have changed, and lie in their place.
    """

    settled = Signal()

    def __init__(
        self, host: QWidget, below: list[QWidget], *parts: QWidget, at_foot: bool = False
    ) -> None:
        super().__init__(host)
        self._host, self._below, self._parts = host, below, parts
        self._at_foot = at_foot
        self.setAttribute(Qt.WidgetAttribute.WA_NoSystemBackground)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        for part in parts:
            layout.addWidget(part)
            part.installEventFilter(self)
        host.installEventFilter(self)
        self._avoided: list[QWidget] = []
        self.hide()

    def avoid(self, widget: QWidget) -> None:
        """Leave a widget free from now on."""
        self._avoided.append(widget)
        widget.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Follow the host's size and what is in the column."""
        changes = CHANGES if watched in self._parts else MOVES
        if event.type() in changes:
            self.settle()
        return False

    @Slot()
    def settle(self) -> None:
        """Take the room that the parts need."""
        shown = any(not part.isHidden() for part in self._parts)
        self.setVisible(shown)
        if shown:
            self._place()
        self.settled.emit()

    def _place(self) -> None:
        top = max([w.geometry().bottom() + 1 for w in self._below if w.isVisible()], default=0)
        foot = self._host.height()
        left, right = self._room(foot - DEPTH if self._at_foot else top + MARGIN)
        width = max(1, min(WIDEST * self._letter(), right - left))
        layout = self.layout()
        if layout is None:
            return
        layout.invalidate()
        height = max(layout.totalHeightForWidth(width), layout.totalMinimumSize().height())
        above = foot - MARGIN - height if self._at_foot else top + MARGIN
        self.setGeometry((left + right - width) // 2, above, width, height)
        self.raise_()

    def _room(self, top: int) -> tuple[int, int]:
        """Left and right end of the widest room below a line that nothing avoided lies in."""
        whole = (MARGIN, self._host.width() - MARGIN)
        taken = [
            (corner.x() - MARGIN, corner.x() + w.width() + MARGIN)
            for w in self._avoided
            if w.isVisible()
            and top - w.height() < (corner := w.mapTo(self._host, QPoint())).y() < top + DEPTH
        ]
        rooms, start = [], whole[0]
        for left, right in sorted(taken):
            rooms.append((start, left))
            start = max(start, right)
        rooms.append((start, whole[1]))
        widest = max(rooms, key=lambda room: room[1] - room[0])
        return widest if widest[1] - widest[0] >= NARROWEST * self._letter() else whole

    def _letter(self) -> int:
        return self.fontMetrics().averageCharWidth()
