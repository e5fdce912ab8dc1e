"""NoticeBar: messages above the image instead of modal boxes."""

from __future__ import annotations

from typing import Literal

from PySide6.QtCore import Qt, QTimer, Slot
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QToolButton, QVBoxLayout, QWidget

from hsi_viewer.ui.theme import icon

Level = Literal["info", "success", "warning", "error"]

ICONS: dict[Level, str] = {
    "info": "information-outline",
    "success": "check-circle-outline",
    "warning": "alert-outline",
    "error": "alert-circle-outline",
}
SHOWN_MS = 8000
MAX_NOTICES = 3


class NoticeBar(QWidget):
    """The last few messages; errors and warnings stay until they are closed."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(4)
        self.notices: list[Notice] = []
        self.hide()

    def show_notice(self, text: str, level: Level = "info") -> None:
        """Show a message; one with the same text is replaced."""
        for old in [n for n in self.notices if n.text == text]:
            self.remove(old)
        while len(self.notices) >= MAX_NOTICES:
            self.remove(self.notices[0])
        notice = Notice(text, level, self)
        self.notices.append(notice)
        self._layout.addWidget(notice)
        self.show()

    def remove(self, notice: Notice) -> None:
        """Take a message away."""
        if notice in self.notices:
            self.notices.remove(notice)
            self._layout.removeWidget(notice)
            notice.hide()
            notice.deleteLater()
        self.setVisible(bool(self.notices))

    def clear(self) -> None:
        """Take all messages away."""
        for notice in list(self.notices):
            self.remove(notice)

    def texts(self) -> list[str]:
        """The messages that are shown, oldest first."""
        return [n.text for n in self.notices]


class Notice(QFrame):
    """One message with an icon and a close button."""

    def __init__(self, text: str, level: Level, bar: NoticeBar) -> None:
        super().__init__(bar)
        self.setObjectName("notice")
        self.setProperty("level", level)
        self.text = text
        self._bar = bar
        sign = QLabel()
        sign.setPixmap(icon(ICONS[level]).pixmap(18, 18))
        message = QLabel(text)
        message.setWordWrap(True)
        message.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        close = QToolButton()
        close.setIcon(icon("close"))
        close.setAutoRaise(True)
        close.setAccessibleName("Close the message")
        close.clicked.connect(self.close_notice)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(10, 5, 5, 5)
        layout.addWidget(sign, 0, Qt.AlignmentFlag.AlignTop)
        layout.addWidget(message, 1)
        layout.addWidget(close, 0, Qt.AlignmentFlag.AlignTop)
        if level in ("info", "success"):
            timer = QTimer(self)
            timer.setSingleShot(True)
            timer.timeout.connect(self.close_notice)
            timer.start(SHOWN_MS)

    @Slot()
    def close_notice(self) -> None:
        """Take this message away."""
        self._bar.remove(self)
