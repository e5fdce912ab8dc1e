"""BusyBar: what runs in the background, its progress, how long it takes, and cancel."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct
from PySide6.QtCore import QPoint, Qt, Signal, Slot
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from hsi_viewer.core.time_left import in_words
from hsi_viewer.ui.theme import icon

STEPS = 1000
TEXT_LETTERS = 56
BAR_LETTERS = 16  # width of a bar in letters: it grows with the text


class Activity(Struct, frozen=True):
    """A running task as it is shown.

    Attributes
    ----------
    key : names the task in `cancel_requested`.
    title, message : what it is, and what it does now.
    fraction : 0..1 done, or None while the end is not known.
    seconds : time left, or None.
    """

    key: int
    title: str
    message: str = ""
    fraction: float | None = None
    seconds: float | None = None

    @property
    def text(self) -> str:
        """The task and the time left."""
        left = f" · {in_words(self.seconds)}" if self.seconds is not None else ""
        return f"{self.message or self.title}{left}"


class ActivityRow(QWidget):
    """One task: its text, a bar, and cancel.

    Signals
    -------
    cancel_requested(int) : key of the task.
    """

    cancel_requested = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._key = -1
        self.label = QLabel()
        self.bar = QProgressBar()
        self.bar.setFixedWidth(BAR_LETTERS * self.fontMetrics().averageCharWidth())
        self.bar.setTextVisible(False)
        self.bar.setAccessibleName("Progress")
        self.cancel = QToolButton()
        self.cancel.setAutoRaise(True)
        self.cancel.setToolTip("Cancel (Escape)")
        self.cancel.clicked.connect(self._on_cancel)
        self.refresh_theme()
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.label, 1)
        layout.addWidget(self.bar)
        layout.addWidget(self.cancel)

    def show_activity(self, activity: Activity) -> None:
        """Show a task as it is now."""
        self._key = activity.key
        width = TEXT_LETTERS * self.fontMetrics().averageCharWidth()
        elide = Qt.TextElideMode.ElideMiddle  # a long path must not widen the window
        self.label.setText(self.fontMetrics().elidedText(activity.text, elide, width))
        self.label.setToolTip(f"{activity.title}\n{activity.text}")
        self.cancel.setAccessibleName(f"Cancel: {activity.title}")
        self.bar.setAccessibleDescription(activity.text)
        self.bar.setRange(0, 0 if activity.fraction is None else STEPS)
        if activity.fraction is not None:
            self.bar.setValue(round(STEPS * activity.fraction))

    def refresh_theme(self) -> None:
        """Draw the icon in the colours of the theme."""
        self.cancel.setIcon(icon("close-circle-outline"))

    @Slot()
    def _on_cancel(self) -> None:
        self.cancel_requested.emit(self._key)


class BusyBar(QWidget):
    """Shown in the status bar while something runs; several tasks open as a list.

    Signals
    -------
    cancel_requested(int) : key of the task.
    """

    cancel_requested = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.first = ActivityRow()
        self.first.cancel_requested.connect(self.cancel_requested)
        self.more = QToolButton()
        self.more.setAutoRaise(True)
        self.more.setToolTip("All running tasks")
        self.more.clicked.connect(self.open_list)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.first)
        layout.addWidget(self.more)
        self.list = QFrame(self, Qt.WindowType.Popup)
        self.list.setObjectName("panel")
        self.list.setAccessibleName("Running tasks")
        self._list_layout = QVBoxLayout(self.list)
        self.rows: list[ActivityRow] = []
        self.hide()

    def show_activities(self, activities: Sequence[Activity]) -> None:
        """Show what runs, the latest first; nothing hides the bar."""
        self.setVisible(bool(activities))
        if not activities:
            self.list.hide()
            return
        self.first.show_activity(activities[0])
        self.more.setText(f"+{len(activities) - 1}")
        self.more.setAccessibleName(f"{len(activities)} tasks are running; show all")
        self.more.setVisible(len(activities) > 1)
        while len(self.rows) < len(activities):
            row = ActivityRow()
            row.cancel_requested.connect(self.cancel_requested)
            self.rows.append(row)
            self._list_layout.addWidget(row)
        for n, row in enumerate(self.rows):
            row.setVisible(n < len(activities))
            if n < len(activities):
                row.show_activity(activities[n])

    @Slot()
    def open_list(self) -> None:
        """Show every running task above the bar."""
        self.list.adjustSize()
        size = self.list.sizeHint()
        corner = self.mapToGlobal(QPoint(self.width() - size.width(), -size.height() - 4))
        self.list.move(corner)
        self.list.show()

    def refresh_theme(self) -> None:
        """Draw the icons in the colours of the theme."""
        for row in (self.first, *self.rows):
            row.refresh_theme()
