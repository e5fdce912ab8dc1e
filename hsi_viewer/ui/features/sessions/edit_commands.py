"""Undo and redo, in the menu Edit."""

from __future__ import annotations

from hsi_viewer.ui.commands.table import Command
from hsi_viewer.ui.features.sessions.stepping import StepController
from hsi_viewer.ui.workspace import Workspace

EDIT = "&Edit"


def edit_commands(workspace: Workspace, stepping: StepController) -> list[Command]:
    """Undo and redo of the open document."""

    def can_undo() -> bool:
        return workspace.document is not None and workspace.document.history.undo_title is not None

    def can_redo() -> bool:
        return workspace.document is not None and workspace.document.history.redo_title is not None

    return [
        Command(
            "edit.undo",
            "&Undo",
            EDIT,
            stepping.undo,
            ("Ctrl+Z",),
            "undo",
            can_undo,
            lambda: "There is nothing to undo.",
            toolbar=True,
        ),
        Command(
            "edit.redo",
            "&Redo",
            EDIT,
            stepping.redo,
            ("Ctrl+Y", "Ctrl+Shift+Z"),
            "redo",
            can_redo,
            lambda: "There is nothing to redo.",
            toolbar=True,
        ),
    ]
