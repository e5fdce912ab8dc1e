"""LogPage: every message to the user, and what was logged, with a copy button."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QColor, QGuiApplication, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QBoxLayout,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QPushButton,
    QTreeWidget,
    QTreeWidgetItem,
    QWidget,
)

from hsi_viewer.core.log_entry import LEVELS, Level, LogEntry
from hsi_viewer.ui.theme import icon
from hsi_viewer.ui.widgets.allowed import allow
from hsi_viewer.ui.widgets.choice_box import ChoiceBox
from hsi_viewer.ui.widgets.notice_bar import ICONS

MAX_ENTRIES = 1000
STRIP = 3  # times as wide as high: a panel below the image
ACROSS, DOWN = QBoxLayout.Direction.LeftToRight, QBoxLayout.Direction.TopToBottom
ENTRY_ROLE = Qt.ItemDataRole.UserRole
FILTERS: dict[str, Level] = {
    "Everything": "info",
    "Warnings and errors": "warning",
    "Errors": "error",
}


class LogPage(QWidget):
    """The messages since the start, oldest first.

    Signals
    -------
    folder_requested() : the user wants to see the log file.
    """

    folder_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.filter = ChoiceBox()
        self.filter.addItems(list(FILTERS))
        self.filter.setAccessibleName("Messages to show")
        self.filter.currentTextChanged.connect(self._on_filter)
        self.copy = QPushButton("&Copy")
        self.copy.setToolTip("Copy the selected messages, or all messages shown")
        self.copy.clicked.connect(self.copy_text)
        self.clear = QPushButton("C&lear")
        self.clear.setToolTip("Clear this list; the log file is kept")
        self.clear.clicked.connect(self.clear_entries)
        self.folder = QPushButton("Log &file")
        self.folder.setToolTip("Show the log file in its folder")
        self.folder.clicked.connect(self.folder_requested)
        self.tree = QTreeWidget()
        self.tree.setAccessibleName("Messages")
        self.tree.setHeaderLabels(["Time", "Message"])
        self.tree.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.tree.header().setStretchLastSection(False)
        self.tree.header().setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        self.tree.setMinimumHeight(3 * self.tree.fontMetrics().lineSpacing())
        buttons = QHBoxLayout()
        for button in (self.copy, self.clear, self.folder):
            buttons.addWidget(button)
        self.empty = QLabel("No messages yet.")
        self.empty.setObjectName("muted")
        self._controls, self._pages = QBoxLayout(ACROSS), QBoxLayout(DOWN, self)
        self._controls.addWidget(self.filter)
        self._controls.addWidget(self.empty)
        self._controls.addStretch(1)
        self._controls.addLayout(buttons)
        self._pages.addLayout(self._controls)
        self._pages.addWidget(self.tree, 1)
        self._pages.setContentsMargins(8, 4, 8, 4)
        self._update_buttons()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """In a strip, put the controls beside the messages, not above them."""
        super().resizeEvent(event)
        is_strip = event.size().width() > STRIP * event.size().height()
        self._controls.setDirection(DOWN if is_strip else ACROSS)
        self._pages.setDirection(ACROSS if is_strip else DOWN)

    def _update_buttons(self) -> None:
        there = self.tree.topLevelItemCount() > 0
        self.empty.setVisible(not there)
        for button in (self.copy, self.clear):
            allow(button, "" if there else self.empty.text().rstrip("."))

    def add(self, entry: LogEntry) -> None:
        """Add a message; the oldest goes when there are too many."""
        while self.tree.topLevelItemCount() >= MAX_ENTRIES:
            self.tree.takeTopLevelItem(0)
        item = QTreeWidgetItem(self.tree, [f"{entry.time:%H:%M:%S}", entry.text])
        item.setData(0, ENTRY_ROLE, entry)
        item.setIcon(1, icon(ICONS[entry.level]))
        item.setToolTip(1, entry.text)
        item.setData(1, Qt.ItemDataRole.AccessibleTextRole, f"{entry.level}: {entry.text}")
        if entry.detail:
            detail = QTreeWidgetItem(item, ["", entry.detail])
            detail.setForeground(1, QColor(self.palette().placeholderText().color()))
        item.setHidden(not self._is_shown(entry))
        self._update_buttons()
        self.tree.scrollToItem(item)

    def entries(self) -> list[LogEntry]:
        """The messages that are shown."""
        return [e for item in self._items() if self._is_shown(e := item.data(0, ENTRY_ROLE))]

    @Slot()
    def copy_text(self) -> None:
        """Copy the selected messages, or all messages shown."""
        chosen = [i for i in self.tree.selectedItems() if i.data(0, ENTRY_ROLE) is not None]
        entries = [i.data(0, ENTRY_ROLE) for i in chosen] or self.entries()
        QGuiApplication.clipboard().setText("\n".join(e.as_text for e in entries))

    @Slot()
    def clear_entries(self) -> None:
        """Empty the list."""
        self.tree.clear()
        self._update_buttons()

    def refresh_theme(self) -> None:
        """Draw the icons in the colours of the theme."""
        for item in self._items():
            item.setIcon(1, icon(ICONS[item.data(0, ENTRY_ROLE).level]))

    def _items(self) -> list[QTreeWidgetItem]:
        found = (self.tree.topLevelItem(n) for n in range(self.tree.topLevelItemCount()))
        return [item for item in found if item is not None]

    def _is_shown(self, entry: LogEntry) -> bool:
        least = LEVELS.index(FILTERS[self.filter.currentText()])
        return LEVELS.index(entry.level) >= least

    @Slot()
    def _on_filter(self) -> None:
        for item in self._items():
            item.setHidden(not self._is_shown(item.data(0, ENTRY_ROLE)))
