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
        self.position, self.map_xy, self.degrees, self.values, self.label, self.mapped = (
            QLabel() for _ in range(6)
        )
        self.doubt = QLabel()
        for widget in (
            self.position,
            self.map_xy,
            self.degrees,
            self.values,
            self.label,
            self.mapped,
            self.doubt,
        ):
            layout.addWidget(widget)
        layout.addStretch(1)
        self._blind = False

    def set_blind(self, blind: bool) -> None:
        """Leave out what the labels and the map say of pixels, or show it again."""
        self._blind = blind
        if blind:
            self.show_doubt("")
            for widget in (self.label, self.mapped):
                _show(widget, "")

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

    def show_pixel(self, position: str, map_xy: str, label: str, mapped: str) -> None:
        """Show a pixel; empty texts are hidden. Its values stay until `show_values`."""
        for widget, text in (
            (self.position, position),
            (self.map_xy, map_xy),
            (self.label, "" if self._blind else label),
            (self.mapped, "" if self._blind else mapped),
        ):
            _show(widget, text)

    def show_values(self, values: str) -> None:
        """Show the values of the shown bands."""
        _show(self.values, values)

    def show_degrees(self, degrees: str) -> None:
        """Show latitude and longitude."""
        _show(self.degrees, degrees)

    def show_doubt(self, doubt: str) -> None:
        """Show which classes the pixel may have."""
        _show(self.doubt, "" if self._blind else doubt)

    def clear(self) -> None:
        """Show nothing: the cursor has left the scene."""
        self.show_pixel("", "", "", "")
        self.show_values("")
        self.show_degrees("")
        self.show_doubt("")


def _show(widget: QLabel, text: str) -> None:
    widget.setText(text)
    widget.setVisible(bool(text))
