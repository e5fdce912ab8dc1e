"""FloatingColumn: messages and questions over the image, which never move it."""

from __future__ import annotations

from typing import cast

from PySide6.QtCore import QEvent, QObject, QPoint, QRect, Qt, Signal, Slot
from PySide6.QtWidgets import QLayout, QVBoxLayout, QWidget

from hsi_viewer.ui.widgets.stack import SPACING, Stack

WIDEST = 100  # letters; a text of that width is read at a glance
NARROWEST = 50  # the same, beside what is avoided; else it lies below, where there is room
TIGHTEST = 28  # where there isn't; else what is avoided is covered
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
        layout.setSpacing(SPACING)
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
        edge = self._host.height() - MARGIN if self._at_foot else top + MARGIN
        taken = [
            QRect(w.mapTo(self._host, QPoint()), w.size()) for w in self._avoided if w.isVisible()
        ]
        self._keep_inside(edge)
        covering = self._area((MARGIN, self._host.width() - MARGIN), edge)
        beside = self._room(edge, taken)
        room = beside[1] - beside[0]
        if room < NARROWEST * self._letter() and (past := self._past(covering, taken)):
            self.setGeometry(past)
        elif room >= max(TIGHTEST * self._letter(), self.minimumSizeHint().width()) and (
            self._inside(narrow := self._area(beside, edge))
        ):
            self.setGeometry(narrow)
        else:
            self.setGeometry(covering)
        self.raise_()

    def _keep_inside(self, edge: int) -> None:
        """Let what is older wait while all of it would be higher than the host."""
        width = self._width(MARGIN, self._host.width() - MARGIN)
        room = (edge if self._at_foot else self._host.height() - edge) - MARGIN
        stacks = [part for part in self._parts if isinstance(part, Stack) and part.items()]
        kept = [stack.least_height(width) + SPACING for stack in stacks]
        for number, stack in enumerate(stacks):
            room -= stack.keep_to(width, room - sum(kept[number + 1 :])) + SPACING

    def _inside(self, area: QRect) -> bool:
        return area.top() >= MARGIN and area.bottom() <= self._host.height() - MARGIN

    def _area(self, ends: tuple[int, int], edge: int) -> QRect:
        """What it takes between a left and a right end, and from its upper or lower edge on."""
        left, right = ends
        width = self._width(left, right)
        layout = cast("QLayout", self.layout())
        layout.invalidate()
        height = max(layout.totalHeightForWidth(width), layout.totalMinimumSize().height())
        above = edge - height if self._at_foot else edge
        return QRect((left + right - width) // 2, above, width, height)

    def _past(self, covering: QRect, taken: list[QRect]) -> QRect | None:
        """The area below (at the foot: above) what it would cover; None without room for it."""
        near = [area for area in taken if area.intersects(covering)]
        if not near:
            return covering
        free = QRect(covering)
        if self._at_foot:
            free.moveBottom(min(area.top() for area in near) - MARGIN)
        else:
            free.moveTop(max(area.bottom() for area in near) + MARGIN)
        return free if self._inside(free) and not any(map(free.intersects, taken)) else None

    def _room(self, edge: int, taken: list[QRect]) -> tuple[int, int]:
        """Left and right end of the widest room at an edge that nothing avoided lies in."""
        top = edge - DEPTH if self._at_foot else edge
        rooms, start = [], MARGIN
        for area in sorted(taken, key=QRect.left):
            if area.bottom() >= top and area.top() < top + DEPTH:
                rooms.append((start, area.left() - MARGIN))
                start = max(start, area.right() + 1 + MARGIN)
        rooms.append((start, self._host.width() - MARGIN))
        return max(rooms, key=lambda room: room[1] - room[0])

    def _width(self, left: int, right: int) -> int:
        return max(1, min(WIDEST * self._letter(), right - left))

    def _letter(self) -> int:
        return self.fontMetrics().averageCharWidth()
