"""ApplicationFeature: what runs, the theme, the panels, and the way out."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Slot

from hsi_viewer.ui.commands.table import Command
from hsi_viewer.ui.features.application.activity import ActivityController
from hsi_viewer.ui.features.application.panel_commands import panel_commands
from hsi_viewer.ui.features.feature import Feature
from hsi_viewer.ui.theme import THEMES, ThemeChoice

if TYPE_CHECKING:
    from hsi_viewer.ui.context import Context


class ApplicationFeature(Feature):
    """Commands that need no scene."""

    key = "application"

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.activity = ActivityController(context.workspace.tasks, context.busy, self)

    def commands(self) -> list[Command]:
        """Cancel, quit, themes and panels."""
        return [
            Command("edit.cancel", "&Cancel", "&Edit", self.cancel, ("Escape",), "cancel"),
            Command(
                "file.quit",
                "&Quit",
                "&File",
                self.window.close,
                ("Ctrl+Q",),
                "exit-to-app",
            ),
            *(self._theme(name) for name in THEMES),
            *panel_commands(self.context.docking),
        ]

    def _theme(self, name: ThemeChoice) -> Command:
        return Command(
            f"theme.{name}",
            f"{name.title()} theme",
            "&View",
            partial(self._set_theme, name),
            checked=lambda: self.workspace.settings.theme == name,
        )

    def _set_theme(self, name: ThemeChoice, _checked: bool = True) -> None:
        self.context.set_theme(name)

    @Slot()
    def cancel(self) -> None:
        """Cancel what is being drawn; else what runs; else close a message or question."""
        shared = self.context
        if shared.canvas.cancel_drawing():
            return
        if self.activity.shown:
            self.activity.cancel_all()
        else:
            ways = (shared.notices.dismiss, shared.offers.dismiss, *shared.dismissible)
            next((way for way in ways if way()), None)

    def refresh_theme(self) -> None:
        """Draw the busy bar's icons again."""
        self.context.busy.refresh_theme()
