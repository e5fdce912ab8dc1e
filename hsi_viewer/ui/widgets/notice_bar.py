"""NoticeBar: messages over the image instead of modal boxes."""

from __future__ import annotations

import re
from collections.abc import Sequence

from PySide6.QtCore import QEvent, QObject, Qt, QTimer, Slot
from PySide6.QtGui import QCursor
from PySide6.QtWidgets import (
    QBoxLayout,
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QToolButton,
    QWidget,
)

from hsi_viewer.core.log_entry import Level
from hsi_viewer.ui.theme import icon
from hsi_viewer.ui.widgets.choice import Choice
from hsi_viewer.ui.widgets.stack import Stack
from hsi_viewer.ui.wrapped_label import WrappedLabel

ICONS: dict[Level, str] = {
    "info": "information-outline",
    "success": "check-circle-outline",
    "warning": "alert-outline",
    "error": "alert-circle-outline",
}
MAX_NOTICES = 3
TICK_MS = 250
PRESENT_MS = 10_000  # a user who moved the mouse or typed within this time can read
# Time to notice a message, and to read each of its letters.
NOTICED_MS: dict[Level, int] = {
    "info": 5000,
    "success": 6000,
    "warning": 9000,
    "error": 14_000,
}
LETTER_MS = 60
GLANCE_MS = 1000  # what is newer, such as "saved", is about what leads to the next scene
LONG = 90  # letters of a text that gets the whole width, its buttons below it
NUMBERS = re.compile(r"\d+")  # a truncated file gives a message for each window that it lacks


class NoticeBar(Stack):
    """The last few messages; each goes once there was time to read it, or by Escape."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.notices: list[Notice] = []
        self._before: list[Notice] | None = None  # the next scene was asked for; None: all
        self._cursor, self._still_ms = QCursor.pos(), 0
        self._clock = QTimer(self)
        self._clock.setInterval(TICK_MS)
        self._clock.timeout.connect(self._on_tick)

    def items(self) -> list[Notice]:
        """The messages, also those that wait for room."""
        return self.notices

    def show_lasting(self, text: str) -> None:
        """Show a warning that belongs to no scene: it stays until it is closed."""
        self.show_notice(text, "warning")
        self.notices[-1].lasting = True

    @Slot(str, str, object)
    def show_notice(self, text: str, level: Level = "info", choices: Sequence[Choice] = ()) -> None:
        """Show a message; one that differs in nothing but numbers is replaced.

        Parameters
        ----------
        choices : what can be done about it, as buttons.
        """
        words = NUMBERS.sub("", text)
        for old in [n for n in self.notices if NUMBERS.sub("", n.text) == words]:
            self.remove(old)
        while len(self.notices) >= MAX_NOTICES:
            self.remove(self.notices[0])
        notice = Notice(text, level, choices, self)
        self.notices.append(notice)
        self._layout.addWidget(notice)
        self._still_ms = 0
        handle = self.window().windowHandle()
        if handle is not None:
            handle.installEventFilter(self)  # once, however often it is called
        self._clock.start()
        self.show()

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:
        """A user who types is present, too."""
        if event.type() == QEvent.Type.KeyPress:
            self._still_ms = 0
        return False

    def remove(self, notice: Notice) -> None:
        """Remove a message."""
        if notice in self.notices:
            self.notices.remove(notice)
            self._layout.removeWidget(notice)
            notice.hide()
            notice.deleteLater()
        if not self.notices:
            self._clock.stop()
        self.setVisible(bool(self.notices))

    def withdraw(self, text: str) -> None:
        """Remove a message that isn't true any more."""
        for notice in [n for n in self.notices if n.text == text]:
            self.remove(notice)

    def dismiss(self) -> bool:
        """Remove the newest message; False if there is none."""
        if not self.notices:
            return False
        self.remove(self.notices[-1])
        return True

    @Slot()
    def expect(self) -> None:
        """What is told from now on leads to the next scene, however long that takes to open."""
        self._before = list(self.notices)

    @Slot()
    def forget(self) -> None:
        """Remove what concerns the last scene: errors, warnings, and what could be read by now."""
        last = self.notices if self._before is None else self._before
        for notice in [n for n in self.notices if not n.lasting]:
            read = notice in last and notice.shown_ms >= GLANCE_MS
            if read or notice.level in ("error", "warning"):
                self.remove(notice)
        self._before = None

    def elapse(self, milliseconds: int) -> None:
        """Let time pass for somebody who reads; what waits or is under the mouse stays."""
        read = [n for n in self.notices if not self.waits(n) and not n.underMouse()]
        for notice in [n for n in read if not n.lasting]:
            notice.left_ms -= milliseconds
            notice.shown_ms += milliseconds
            if notice.left_ms <= 0:
                self.remove(notice)

    @Slot()
    def _on_tick(self) -> None:
        """Time passes while somebody is there, at the mouse or the keys of this window."""
        cursor = QCursor.pos()
        self._still_ms = 0 if cursor != self._cursor else self._still_ms + TICK_MS
        self._cursor = cursor
        if self.window().isActiveWindow() and self._still_ms < PRESENT_MS:
            self.elapse(TICK_MS)

    def refresh_theme(self) -> None:
        """Draw the icons in the colours of the theme."""
        for notice in self.notices:
            notice.refresh_theme()

    def texts(self) -> list[str]:
        """The messages, oldest first."""
        return [n.text for n in self.notices]


class Notice(QFrame):
    """One message with an icon, what can be done about it, and a close button.

    Attributes
    ----------
    buttons : what can be done about it.
    shown_ms, left_ms : time for reading so far, and that is left.
    lasting : whether it stays until it is closed.
    """

    def __init__(self, text: str, level: Level, choices: Sequence[Choice], bar: NoticeBar) -> None:
        super().__init__(bar)
        self.setObjectName("notice")
        self.setProperty("level", level)
        self.text, self.lasting, self.shown_ms = text, False, 0
        self.left_ms = NOTICED_MS[level] + LETTER_MS * len(text)
        self._bar, self._choices = bar, tuple(choices)
        self._sign, self.level = QLabel(), level
        message = WrappedLabel(text)
        message.setMinimumWidth(1)  # the longest word, a file name, must not widen the window
        message.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        close = self._close = QToolButton()
        close.setAutoRaise(True)
        close.setAccessibleName("Close the message")
        close.setToolTip("Close (Escape)")
        close.clicked.connect(self.close_notice)
        ways, is_long = QBoxLayout.Direction, len(text) > LONG
        layout = QBoxLayout(ways.TopToBottom if is_long else ways.LeftToRight, self)
        layout.setContentsMargins(10, 5, 5, 5)
        head, row = QHBoxLayout(), QHBoxLayout()
        head.addWidget(self._sign, 0, Qt.AlignmentFlag.AlignTop)
        head.addWidget(message, 1)
        layout.addLayout(head, 1)
        row.addStretch(1)
        self.buttons = [self._button(number) for number in range(len(self._choices))]
        for button in self.buttons:
            row.addWidget(button)
        if is_long:
            head.addWidget(close, 0, Qt.AlignmentFlag.AlignTop)
            layout.addLayout(row)
        else:
            layout.addLayout(row)
            layout.addWidget(close, 0, Qt.AlignmentFlag.AlignTop)
        self.refresh_theme()

    def _button(self, number: int) -> QPushButton:
        button = QPushButton(self._choices[number].text)
        button.setProperty("number", number)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        button.clicked.connect(self._on_choice)
        return button

    def refresh_theme(self) -> None:
        """Draw the icons in the colours of the theme."""
        self._sign.setPixmap(icon(ICONS[self.level]).pixmap(18, 18))
        self._close.setIcon(icon("close"))

    @Slot()
    def _on_choice(self) -> None:
        choice = self._choices[int(self.sender().property("number"))]
        self._bar.remove(self)
        choice.run()

    @Slot()
    def close_notice(self) -> None:
        """Remove this message."""
        self._bar.remove(self)
