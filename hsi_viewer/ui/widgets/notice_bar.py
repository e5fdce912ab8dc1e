"""NoticeBar: messages above the image instead of modal boxes."""

from __future__ import annotations

import re

from PySide6.QtCore import Qt, QTimer, Slot
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QToolButton, QVBoxLayout, QWidget

from hsi_viewer.core.log_entry import Level
from hsi_viewer.ui.theme import icon

ICONS: dict[Level, str] = {
    "info": "information-outline",
    "success": "check-circle-outline",
    "warning": "alert-outline",
    "error": "alert-circle-outline",
}
SHOWN_MS = 8000
MAX_NOTICES = 3
NUMBERS = re.compile(r"\d+")  # a file that has become short tells of each window that it misses


class NoticeBar(QWidget):
    """The last few messages; errors and warnings stay until they are closed."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(4)
        self.notices: list[Notice] = []
        self.hide()

    def show_lasting(self, text: str) -> None:
        """Show a warning that belongs to no scene: it stays until it is closed."""
        self.show_notice(text, "warning")
        self.notices[-1].lasting = True

    def show_notice(self, text: str, level: Level = "info") -> None:
        """Show a message; one that differs in nothing but numbers is replaced."""
        words = NUMBERS.sub("", text)
        for old in [n for n in self.notices if NUMBERS.sub("", n.text) == words]:
            self.remove(old)
        while len(self.notices) >= MAX_NOTICES:
            self.remove(self.notices[0])
        notice = Notice(text, level, self)
        self.notices.append(notice)
        self._layout.addWidget(notice)
        self.show()

    def remove(self, notice: Notice) -> None:
        """Remove a message."""
        if notice in self.notices:
            self.notices.remove(notice)
            self._layout.removeWidget(notice)
            notice.hide()
            notice.deleteLater()
        self.setVisible(bool(self.notices))

    @Slot()
    def forget(self) -> None:
        """Remove errors and warnings: they concern the last scene. The others go by themselves."""
        for notice in [n for n in self.notices if n.level in ("error", "warning")]:
            if not notice.lasting:
                self.remove(notice)

    def refresh_theme(self) -> None:
        """Draw the icons in the colours of the theme."""
        for notice in self.notices:
            notice.refresh_theme()

    def texts(self) -> list[str]:
        """The messages that are shown, oldest first."""
        return [n.text for n in self.notices]


class Notice(QFrame):
    """One message with an icon and a close button."""

    def __init__(self, text: str, level: Level, bar: NoticeBar) -> None:
        super().__init__(bar)
        self.setObjectName("notice")
        self.setProperty("level", level)
        self.text, self.lasting = text, False
        self._bar = bar
        self._sign, self.level = QLabel(), level
        message = QLabel(text)
        message.setTextFormat(Qt.TextFormat.PlainText)  # names of files may look like HTML
        message.setWordWrap(True)
        message.setMinimumWidth(1)  # the longest word, a file name, must not widen the window
        message.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        close = self._close = QToolButton()
        close.setAutoRaise(True)
        close.setAccessibleName("Close the message")
        close.clicked.connect(self.close_notice)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(10, 5, 5, 5)
        layout.addWidget(self._sign, 0, Qt.AlignmentFlag.AlignTop)
        layout.addWidget(message, 1)
        layout.addWidget(close, 0, Qt.AlignmentFlag.AlignTop)
        self.refresh_theme()
        if level in ("info", "success"):
            timer = QTimer(self)
            timer.setSingleShot(True)
            timer.timeout.connect(self.close_notice)
            timer.start(SHOWN_MS)

    def refresh_theme(self) -> None:
        """Draw the icons in the colours of the theme."""
        self._sign.setPixmap(icon(ICONS[self.level]).pixmap(18, 18))
        self._close.setIcon(icon("close"))

    @Slot()
    def close_notice(self) -> None:
        """Remove this message."""
        self._bar.remove(self)
