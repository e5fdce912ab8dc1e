"""Welcome: what to do while no scene is open."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import (
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from hsi_viewer.core.text import short_name
from hsi_viewer.ui.theme import application_icon, icon
from hsi_viewer.ui.widgets.rolling_area import RollingArea
from hsi_viewer.ui.wrapped_label import WrappedLabel

MOST_RECENT = 6
NAME_LETTERS, FOLDER_LETTERS = 30, 44
FILE = "ENVI, GeoTIFF, MATLAB, NumPy, HDF5, netCDF and more; products such as PRISMA or EMIT"
FOLDER = (
    "A product in a folder (EnMAP, DESIS), a scan of a laboratory camera (Specim, Headwall, "
    "Resonon, HySpex), Zarr, or one image for each band"
)
SAMPLE = "Indian Pines: 145 × 145 pixels, 200 bands and a ground truth; nothing is downloaded"
DROP = "or drop a file or a folder here"


class Welcome(QWidget):
    """Offers ways to open a scene.

    Signals
    -------
    open_requested(), folder_requested(), sample_requested(), tour_requested() : a button.
    recent_requested(source) : a scene of the list.
    """

    open_requested = Signal()
    folder_requested = Signal()
    sample_requested = Signal()
    tour_requested = Signal()
    recent_requested = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.open_button = QPushButton("Open a file…")
        self.open_button.setObjectName("primary")
        self.folder_button = QPushButton("Open a folder…")
        self.sample_button = QPushButton("Open the sample scene")
        self.tour_button = QPushButton("Show me around")
        self.tour_button.setToolTip("Four short hints about this window")
        self.tour_button.hide()
        for button, signal in (
            (self.open_button, self.open_requested),
            (self.folder_button, self.folder_requested),
            (self.sample_button, self.sample_requested),
            (self.tour_button, self.tour_requested),
        ):
            button.clicked.connect(signal)
        self.recent: list[QPushButton] = []
        self._recent_list = QWidget()
        self._recent_rows = QGridLayout(self._recent_list)
        self._recent_rows.setContentsMargins(0, 0, 0, 0)
        self.drop = QFrame()
        self.drop.setObjectName("drop")
        self._lay_out()
        self.show_recent(())
        self.refresh_theme()

    def offer_tour(self, offered: bool) -> None:
        """Show or hide the button that starts the tour."""
        self.tour_button.setVisible(offered)

    def show_recent(self, sources: Sequence[str]) -> None:
        """List scenes that were open before and are still there; the latest first."""
        for old in self._recent_list.findChildren(QWidget):
            old.deleteLater()
        self.recent = []
        for row, source in enumerate(sources[:MOST_RECENT]):
            path = Path(source)
            known = source.startswith(("sample:", "scene:"))
            button = QPushButton(short_name(source if known else path.name, NAME_LETTERS))
            button.setObjectName("link")
            button.setToolTip(source)
            button.setProperty("source", source)
            button.clicked.connect(self._on_recent)
            folder = QLabel("" if known else short_name(str(path.parent), FOLDER_LETTERS))
            folder.setObjectName("muted")
            self._recent_rows.addWidget(button, row, 0, Qt.AlignmentFlag.AlignLeft)
            self._recent_rows.addWidget(folder, row, 1)
            self.recent.append(button)
        self._recent_rows.setColumnStretch(1, 1)
        self._recent_list.setVisible(bool(self.recent))
        self._recent_title.setVisible(bool(self.recent))

    def show_drag(self, over: bool) -> None:
        """Show that what is held over the window can be dropped."""
        self.drop.setProperty("over", over)
        self.drop.style().polish(self.drop)

    def refresh_theme(self) -> None:
        """Draw the icons in the colours of the theme."""
        self.open_button.setIcon(icon("folder-open-outline", "accent_text"))
        self.folder_button.setIcon(icon("folder-multiple-outline"))
        self.sample_button.setIcon(icon("image-multiple-outline"))
        self.tour_button.setIcon(icon("map-marker-path"))

    @Slot()
    def _on_recent(self) -> None:
        self.recent_requested.emit(self.sender().property("source"))

    def _lay_out(self) -> None:
        sign = QLabel()
        sign.setPixmap(application_icon().pixmap(64, 64))
        title = QLabel("HSI Viewer")
        title.setObjectName("figure")
        about = QLabel("Classify hyperspectral images from a few labelled pixels")
        about.setObjectName("muted")
        names = QVBoxLayout()
        names.addStretch(1)
        names.addWidget(title)
        names.addWidget(about)
        names.addStretch(1)
        head = QHBoxLayout()
        head.addStretch(1)
        head.addWidget(sign)
        head.addSpacing(8)
        head.addLayout(names)
        head.addStretch(1)
        ways = QGridLayout()
        ways.setHorizontalSpacing(14)
        ways.setVerticalSpacing(10)
        ways.setColumnStretch(1, 1)
        for row, (button, text) in enumerate(
            ((self.open_button, FILE), (self.folder_button, FOLDER), (self.sample_button, SAMPLE))
        ):
            ways.addWidget(button, row, 0)
            ways.addWidget(_about(text), row, 1)
        hint = _about(DROP)
        hint.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._recent_title = QLabel("Recent")
        self._recent_title.setObjectName("heading")
        foot = QHBoxLayout()
        foot.addStretch(1)
        foot.addWidget(self.tour_button)
        foot.addStretch(1)
        inside = QVBoxLayout(self.drop)
        inside.setContentsMargins(28, 24, 28, 20)
        inside.setSpacing(12)
        inside.addLayout(ways)
        inside.addWidget(hint)
        inside.addWidget(self._recent_title)
        inside.addWidget(self._recent_list)
        page = QWidget()
        rows = QVBoxLayout(page)
        rows.addStretch(1)
        rows.addLayout(head)
        rows.addSpacing(10)
        middle = QHBoxLayout()
        middle.addStretch(1)
        middle.addWidget(self.drop, 6)
        middle.addStretch(1)
        rows.addLayout(middle)
        rows.addSpacing(6)
        rows.addLayout(foot)
        rows.addStretch(2)
        area = RollingArea()
        area.take(page)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(area)


def _about(text: str) -> QLabel:
    label = WrappedLabel(text)
    label.setObjectName("muted")
    return label
