"""The commands of the main window: the one table of words, keys, icons and conditions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hsi_viewer.ui.commands.table import Command
from hsi_viewer.ui.features.application.panel_commands import panel_commands
from hsi_viewer.ui.features.display.view_commands import view_commands
from hsi_viewer.ui.features.labelling.label_commands import label_commands, train_commands
from hsi_viewer.ui.features.opening.file_commands import edit_commands, file_commands

if TYPE_CHECKING:
    from hsi_viewer.ui.main_window import MainWindow


def main_commands(window: MainWindow) -> list[Command]:
    """Every command, in the order of menus and tool bar."""
    return [
        *file_commands(window),
        *edit_commands(window),
        *label_commands(window),
        *train_commands(window),
        *view_commands(window),
        *panel_commands(window),
    ]
