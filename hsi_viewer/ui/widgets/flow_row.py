"""FlowRow: widgets in a row that goes on below where it is too narrow for all of them."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QRect, QSize, Qt
from PySide6.QtWidgets import QLayout, QLayoutItem

SPACING = 6  # pixels between widgets, and between rows


class FlowRow(QLayout):
    """Each widget has the size that it asks for; rows begin at the left."""

    def __init__(self) -> None:
        super().__init__()
        self.setContentsMargins(0, 0, 0, 0)
        self._items: list[QLayoutItem] = []

    def addItem(self, item: QLayoutItem) -> None:
        """Put an item at the end."""
        self._items.append(item)
        self.invalidate()

    def count(self) -> int:
        """Number of items."""
        return len(self._items)

    def itemAt(self, index: int) -> QLayoutItem | None:
        """The item of that number; None if there is none, as Qt asks until then."""
        return self._items[index] if 0 <= index < len(self._items) else None

    def takeAt(self, index: int) -> QLayoutItem | None:
        """The same, which is in the row no longer."""
        return self._items.pop(index) if 0 <= index < len(self._items) else None

    def expandingDirections(self) -> Qt.Orientation:
        """Neither: what is left over belongs to others."""
        return Qt.Orientation(0)

    def hasHeightForWidth(self) -> bool:
        """Whether a narrow one is higher."""
        return True

    def heightForWidth(self, width: int) -> int:
        """Pixels that the rows need."""
        return self._place(QRect(0, 0, width, 0), move=False)

    def minimumSize(self) -> QSize:
        """As wide as the widest item."""
        sizes = [item.minimumSize() for item in self._items]
        return QSize(
            max((s.width() for s in sizes), default=0), max((s.height() for s in sizes), default=0)
        )

    def sizeHint(self) -> QSize:
        """One row."""
        widths = [item.sizeHint().width() + SPACING for item in self._items]
        return QSize(max(0, sum(widths) - SPACING), self.minimumSize().height())

    def setGeometry(self, area: QRect) -> None:
        """Place the widgets."""
        super().setGeometry(area)
        self._place(area, move=True)

    def _place(self, area: QRect, *, move: bool) -> int:
        """Height of the rows in an area of some width; `move` puts the widgets there."""
        at, high = area.topLeft(), 0
        for item in self._items:
            size = item.sizeHint()
            if at.x() > area.left() and at.x() + size.width() > area.left() + area.width():
                at, high = QPoint(area.left(), at.y() + high + SPACING), 0
            if move:
                item.setGeometry(QRect(at, size))
            at += QPoint(size.width() + SPACING, 0)
            high = max(high, size.height())
        return at.y() + high - area.top()
