"""SessionsFeature: undo, the session of the open document, and its files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hsi_viewer.ui.commands.table import Command
from hsi_viewer.ui.features.feature import Feature
from hsi_viewer.ui.features.sessions.edit_commands import edit_commands
from hsi_viewer.ui.features.sessions.projects import ProjectController
from hsi_viewer.ui.features.sessions.sessions import SessionController
from hsi_viewer.ui.features.sessions.stepping import StepController

if TYPE_CHECKING:
    from hsi_viewer.ui.context import Context


class SessionsFeature(Feature):
    """Keeps what the user did, and restores it."""

    key = "sessions"

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.sessions = SessionController(context)
        context.sessions = self.sessions
        self.projects = ProjectController(context)
        self.stepping = StepController(context.workspace, self)

    def commands(self) -> list[Command]:
        """Save and open sessions; undo and redo."""
        return [*self._file_commands(), *edit_commands(self.workspace, self.stepping)]

    def _file_commands(self) -> list[Command]:
        projects = self.projects
        return [
            Command(
                "session.open",
                "Open a se&ssion…",
                "&File",
                projects.choose,
                (),
                "folder-star-outline",
            ),
            Command(
                "file.save",
                "&Save",
                "&File",
                projects.save,
                ("Ctrl+S",),
                "content-save-outline",
                self.has_scene,
                toolbar=True,
            ),
            Command(
                "session.save_as",
                "Save session &as…",
                "&File",
                projects.save_as,
                ("Ctrl+Shift+S",),
                "content-save-all-outline",
                self.has_scene,
            ),
        ]

    def unsaved(self) -> tuple[str, ...]:
        """Labels, maps, notes."""
        return self.sessions.unsaved()

    def save_now(self) -> bool:
        """Save where the work was saved last, or ask."""
        return self.projects.save_now()

    def leave(self, *, discard: bool) -> None:
        """Let the session know that the work is given up."""
        if discard:
            self.sessions.give_up()

    def finish(self) -> bool:
        """Wait for strokes that have yet to reach the disk."""
        return self.sessions.finish()

    def close(self) -> None:
        """Write what is left, and let go of the session."""
        self.sessions.close()
