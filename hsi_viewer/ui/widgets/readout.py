"""Readout: position, values and class of the pixel under the cursor."""

from __future__ import annotations

from PySide6.QtCore import QSize
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QWidget


class Readout(QWidget):
    """Labels of the status bar: position, map coordinates, values, label, mapped class."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        # Not in a layout of this widget: a text that changes with each move of the mouse must not
        # lay out the status bar, and with it the window, again.
        self._row = QWidget(self)
        layout = QHBoxLayout(self._row)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(10)
        self._all = [QLabel() for _ in range(7)]
        self.position, self.map_xy, self.degrees, self.values = self._all[:4]
        self.label, self.mapped, self.doubt = self._all[4:]
        # left out in this order where not all have room
        self._spare = (self.degrees, self.doubt, self.values, self.map_xy)
        for widget in self._all:
            layout.addWidget(widget)
        layout.addStretch(1)
        self._blind = False

    def set_blind(self, blind: bool) -> None:
        """Leave out what the labels and the map say of pixels, or show it again."""
        self._blind = blind
        if blind:
            self._show((self.label, ""), (self.mapped, ""), (self.doubt, ""))

    def sizeHint(self) -> QSize:
        """The height of a line; any width."""
        return QSize(0, self.fontMetrics().height() + 4)

    def minimumSizeHint(self) -> QSize:
        """The height of a line."""
        return self.sizeHint()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Give the labels all the room."""
        super().resizeEvent(event)
        self._row.setGeometry(self.rect())
        self._share()

    def show_pixel(self, position: str, map_xy: str, label: str, mapped: str) -> None:
        """Show a pixel; empty texts are hidden. Its values stay until `show_values`."""
        self._show(
            (self.position, position),
            (self.map_xy, map_xy),
            (self.label, "" if self._blind else label),
            (self.mapped, "" if self._blind else mapped),
        )

    def show_values(self, values: str) -> None:
        """Show the values of the shown bands."""
        self._show((self.values, values))

    def show_degrees(self, degrees: str) -> None:
        """Show latitude and longitude."""
        self._show((self.degrees, degrees))

    def show_doubt(self, doubt: str) -> None:
        """Show which classes the pixel may have."""
        self._show((self.doubt, "" if self._blind else doubt))

    def clear(self) -> None:
        """Show nothing: the cursor has left the scene."""
        self.show_pixel("", "", "", "")
        self.show_values("")
        self.show_degrees("")
        self.show_doubt("")

    def _show(self, *texts: tuple[QLabel, str]) -> None:
        for widget, text in texts:
            widget.setText(text)
        self._share()

    def _share(self) -> None:
        """Leave out what has no room: a coordinate that is cut reads as another one."""
        wanted = {w: w.sizeHint().width() for w in self._all if w.text()}
        layout = self._row.layout()
        gap = layout.spacing() if layout is not None else 0
        left = self.width() - sum(wanted.values()) - gap * len(wanted)
        for widget in self._spare:
            if left < 0 and widget in wanted:
                left += wanted.pop(widget) + gap
        for widget in self._all:
            widget.setVisible(widget in wanted)
        hidden = any(w.text() and w not in wanted for w in self._all)
        self.setToolTip("\n".join(w.text() for w in self._all if w.text()) if hidden else "")
