"""Feature: one ability of the window — its panels, its commands and what they do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject

from hsi_viewer.ui.commands.table import Command
from hsi_viewer.ui.docking import Panel

if TYPE_CHECKING:
    from hsi_viewer.ui.main_window import MainWindow


__all__ = ("Feature", "Panel")


class Feature(QObject):
    """Base of all features; each overrides what it has.

    The window's core (workspace, canvas, plot, panels, controllers) exists when a feature is
    made; docks, commands and menus are made from its answers right after.

    Parameters
    ----------
    window : the main window, which owns the feature.
    """

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self.window = window
        self.workspace = window.workspace

    def panels(self) -> list[Panel]:
        """Docks, asked for once; their panels are made when they are first seen."""
        return []

    def made(self, title: str) -> bool:
        """Whether a panel was seen or asked for yet; what was not needs no news."""
        return title in self.window.docking.panels

    def show_panel(self, title: str) -> None:
        """Bring a panel to the front of its tabs."""
        self.window.docking.show(title)

    def commands(self) -> list[Command]:
        """Commands, asked for once."""
        return []

    def refresh_theme(self) -> None:
        """Draw icons and plots again after a change of theme."""

    def session_state(self) -> dict[str, Any]:
        """What belongs into a session file: JSON values only; {} for nothing."""
        return {}

    def restore_session_state(self, state: dict[str, Any]) -> None:
        """Take what `session_state` gave, maybe in an older version: read it tolerantly."""

    def may_leave(self) -> bool:
        """Whether the document may be left now; asked before another is opened and at the end."""
        return True

    def close(self) -> None:
        """The window is about to close: put away what is not Qt's."""
