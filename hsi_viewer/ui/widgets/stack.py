"""Stack: items one below the other, of which as many are shown as there is room for."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtWidgets import QVBoxLayout, QWidget

SPACING = 4  # pixels between two items


class Stack(QWidget):
    """Items one below the other, the newest at the foot; without room the oldest wait."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(SPACING)
        self._waiting: list[QWidget] = []
        self.hide()

    def items(self) -> Sequence[QWidget]:
        """All of them, oldest first."""
        raise NotImplementedError

    def waits(self, item: QWidget) -> bool:
        """Whether an item is hidden until there is room for it."""
        return item in self._waiting

    def least_height(self, width: int) -> int:
        """Pixels that the newest item needs at a width; 0 without items."""
        return sum(_height(item, width) for item in self.items()[-1:])

    def keep_to(self, width: int, room: int) -> int:
        """Show the newest items that fit, at least one.

        Parameters
        ----------
        width, room : pixels; of their height.

        Returns
        -------
        Pixels of the room that they take.
        """
        taken, waits, waiting = 0, False, []
        for item in reversed(self.items()):
            needed = taken + _height(item, width) + (SPACING if taken else 0)
            waits = waits or (taken > 0 and needed > room)  # nor is one shown that is older yet
            if waits:
                waiting.append(item)
            else:
                taken = needed
            if waits != self.waits(item):
                item.setHidden(waits)
        self._waiting = waiting
        return taken


def _height(item: QWidget, width: int) -> int:
    """What an item needs, also while it is hidden."""
    return max(item.heightForWidth(width), item.minimumSizeHint().height())
