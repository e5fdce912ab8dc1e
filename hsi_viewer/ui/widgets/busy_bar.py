"""BusyBar: what runs in the background, how far it is, and cancel."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QProgressBar, QToolButton, QWidget

from hsi_viewer.ui.theme import icon


class BusyBar(QWidget):
    """Stands in the status bar while something runs.

    Signals
    -------
    cancel_requested().
    """

    cancel_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.label = QLabel()
        self.bar = QProgressBar()
        self.bar.setFixedWidth(140)
        self.bar.setTextVisible(False)
        self.bar.setAccessibleName("Progress")
        self.cancel = QToolButton()
        self.cancel.setIcon(icon("close-circle-outline"))
        self.cancel.setAutoRaise(True)
        self.cancel.setToolTip("Cancel (Escape)")
        self.cancel.setAccessibleName("Cancel")
        self.cancel.clicked.connect(self.cancel_requested)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        for widget in (self.label, self.bar, self.cancel):
            layout.addWidget(widget)
        self.hide()

    def show_busy(self, text: str, fraction: float | None = None) -> None:
        """Show what is being done; fraction 0..1, or None while the end is not known."""
        self.label.setText(text)
        self.bar.setRange(0, 0 if fraction is None else 1000)
        if fraction is not None:
            self.bar.setValue(round(1000 * fraction))
        self.show()
