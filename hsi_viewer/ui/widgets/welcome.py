"""Welcome: what to do while no cube is open."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from hsi_viewer.ui.theme import application_icon, icon

STEPS = (
    ("1", "Open a cube", "or drop a file on this window"),
    ("2", "Label some pixels of each class", "press A to add a class, then paint with the mouse"),
    ("3", "Train", "a first map appears within seconds and improves as you watch"),
    ("4", "Export the class map", "for ENVI, GIS, MATLAB, Python or a report"),
)


class Welcome(QWidget):
    """Offers a file and the sample scene, and shows what comes next.

    Signals
    -------
    open_requested(), sample_requested(), tour_requested().
    """

    open_requested = Signal()
    sample_requested = Signal()
    tour_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        sign = QLabel()
        sign.setPixmap(application_icon().pixmap(84, 84))
        sign.setAlignment(Qt.AlignmentFlag.AlignCenter)
        title = QLabel("HSI Viewer")
        title.setObjectName("figure")
        title.setAlignment(Qt.AlignmentFlag.AlignCenter)
        text = QLabel(
            "<table cellspacing='7'>"
            + "".join(
                f"<tr><td><b>{n}</b></td><td>&nbsp;<b>{what}</b>, {how}</td></tr>"
                for n, what, how in STEPS
            )
            + "</table>"
        )
        text.setTextFormat(Qt.TextFormat.RichText)
        self.open_button = QPushButton("Open a cube…")
        self.open_button.setObjectName("primary")
        self.open_button.clicked.connect(self.open_requested)
        self.sample_button = QPushButton("Open the sample scene")
        self.sample_button.clicked.connect(self.sample_requested)
        self.tour_button = QPushButton("Show me around")
        self.tour_button.setToolTip("Four short hints about this window")
        self.tour_button.clicked.connect(self.tour_requested)
        self.tour_button.hide()
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        buttons.addWidget(self.open_button)
        buttons.addWidget(self.sample_button)
        buttons.addWidget(self.tour_button)
        buttons.addStretch(1)
        layout = QVBoxLayout(self)
        layout.addStretch(1)
        layout.addWidget(sign)
        layout.addWidget(title)
        layout.addSpacing(8)
        layout.addWidget(text, 0, Qt.AlignmentFlag.AlignHCenter)
        layout.addSpacing(8)
        layout.addLayout(buttons)
        layout.addStretch(2)
        self.refresh_theme()

    def offer_tour(self, offered: bool) -> None:
        """Show or hide the button that starts the tour."""
        self.tour_button.setVisible(offered)

    def refresh_theme(self) -> None:
        """Draw the icons in the colours of the theme."""
        self.open_button.setIcon(icon("folder-open-outline", "accent_text"))
        self.sample_button.setIcon(icon("image-multiple-outline"))
        self.tour_button.setIcon(icon("map-marker-path"))
