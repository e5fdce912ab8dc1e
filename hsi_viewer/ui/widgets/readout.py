"""Readout: position, values and class of the pixel under the cursor."""

from __future__ import annotations

from PySide6.QtWidgets import QHBoxLayout, QLabel, QWidget


class Readout(QWidget):
    """Labels of the status bar: position, map coordinates, values, label, mapped class."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(10)
        self.position, self.map_xy, self.values, self.label, self.mapped = (
            QLabel() for _ in range(5)
        )
        for widget in (self.position, self.map_xy, self.values, self.label, self.mapped):
            layout.addWidget(widget)
        layout.addStretch(1)

    def show_pixel(self, position: str, map_xy: str, values: str, label: str, mapped: str) -> None:
        """Show a pixel; empty texts are hidden."""
        texts = (position, map_xy, values, label, mapped)
        widgets = (self.position, self.map_xy, self.values, self.label, self.mapped)
        for widget, text in zip(widgets, texts, strict=True):
            widget.setText(text)
            widget.setVisible(bool(text))

    def clear(self) -> None:
        """Show nothing: the cursor has left the scene."""
        self.show_pixel("", "", "", "", "")
