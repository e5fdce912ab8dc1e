"""Messages: the page of all messages and log entries since the start."""

from __future__ import annotations

import logging
from collections import deque
from datetime import datetime
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QUrl, Signal, Slot
from PySide6.QtGui import QDesktopServices
from shiboken6 import isValid

from hsi_viewer.core.log_entry import LEVELS, Level, LogEntry
from hsi_viewer.preferences.log_file import log_path
from hsi_viewer.ui.commands.table import Command
from hsi_viewer.ui.features.panel_feature import PanelFeature
from hsi_viewer.ui.widgets.choice import Choice
from hsi_viewer.ui.widgets.log_page import MAX_ENTRIES, LogPage

if TYPE_CHECKING:
    from hsi_viewer.ui.context import Context


class _Relay(QObject):
    """Carries records from any thread into that of the window."""

    logged = Signal(object)


class _RelayHandler(logging.Handler):
    def __init__(self, relay: _Relay) -> None:
        super().__init__(logging.WARNING)
        self._relay = relay
        self.setFormatter(logging.Formatter("%(message)s"))

    def emit(self, record: logging.LogRecord) -> None:
        if not isValid(self._relay):  # the window is gone
            return
        level: Level = "error" if record.levelno >= logging.ERROR else "warning"
        text, _, detail = self.format(record).partition("\n")
        self._relay.logged.emit(
            LogEntry(datetime.fromtimestamp(record.created), level, text, detail)
        )


class MessagesFeature(PanelFeature["LogPage"]):
    """Collects notices and log records."""

    key, title, icon = "messages", "Messages", "message-text-outline"
    area, always = "bottom", True

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._early: deque[LogEntry] = deque(maxlen=MAX_ENTRIES)
        self._relay = _Relay(self)
        self._relay.logged.connect(self._add)
        self._handler = _RelayHandler(self._relay)
        logging.getLogger("hsi_viewer").addHandler(self._handler)
        self.workspace.noticed.connect(self._on_notice)
        self.workspace.ways_to_log = (Choice("Show the log", self.show_page),)

    def make_panel(self) -> LogPage:
        """The panel, connected."""
        page = LogPage()
        page.folder_requested.connect(self._open_folder)
        return page

    @Slot(object)
    def _add(self, entry: LogEntry) -> None:
        if self.is_made:
            self.panel.add(entry)
        else:
            self._early.append(entry)

    @Slot()
    def refresh(self) -> None:
        """List what came before the page was made."""
        while self._early:
            self.panel.add(self._early.popleft())

    def commands(self) -> list[Command]:
        """The page, under Help."""
        return [
            Command(
                "help.messages",
                "&Messages and log",
                "&Help",
                self.show_page,
                ("Ctrl+Shift+M",),
                "message-text-outline",
            )
        ]

    def close(self) -> None:
        """Listen no longer."""
        logging.getLogger("hsi_viewer").removeHandler(self._handler)
        self.workspace.ways_to_log = ()  # a workspace that holds a feature would keep the window

    @Slot()
    def show_page(self) -> None:
        """Open the page, in front of other tabs."""
        self.open()
        self.panel.tree.setFocus()

    @Slot(str, str)
    def _on_notice(self, text: str, level: str) -> None:
        known = level if level in LEVELS else "info"
        self._add(LogEntry(datetime.now(), known, text))

    @Slot()
    def _open_folder(self) -> None:
        path = log_path()
        if not path.exists():
            self.workspace.notify(f"The log {path} is empty: no warnings or errors so far.")
        elif not QDesktopServices.openUrl(QUrl.fromLocalFile(str(path.parent))):
            self.workspace.notify(f"The log file is {path}.")
