"""LabellingFeature: the classes, the tools, and the row of their options."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QWidget

from hsi_viewer.ui.commands.table import Command
from hsi_viewer.ui.docking import Panel
from hsi_viewer.ui.features.feature import Feature
from hsi_viewer.ui.features.labelling.label_commands import label_commands
from hsi_viewer.ui.features.labelling.labelling import LabelController
from hsi_viewer.ui.features.labelling.tool_bar import ToolRail
from hsi_viewer.ui.widgets.class_panel import ClassPanel

if TYPE_CHECKING:
    from hsi_viewer.ui.context import Context


class LabellingFeature(Feature):
    """Labels pixels by class."""

    key = "labelling"

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.panel = ClassPanel()
        self.labelling = LabelController(context, self.panel)
        self.tools = ToolRail(context, self.labelling.toolbox)
        context.file_uses["labels"] = self.labelling.files.take
        context.labelling = self.labelling

    def panels(self) -> list[Panel]:
        """The Classes panel."""
        return [
            Panel(
                "classes",
                "Classes",
                lambda: self.panel,
                "right",
                shown=True,
                at_once=True,
                icon="tag-multiple-outline",
            )
        ]

    def commands(self) -> list[Command]:
        """The menu Labels."""
        return label_commands(self.workspace, self.labelling, self.context)

    def rows_above_image(self) -> list[QWidget]:
        """The options of the active tool."""
        return [self.tools.options]

    def add_bars(self) -> None:
        """The bar of tools, at the left."""
        self.tools.make_bar()

    def leave(self, *, discard: bool) -> None:
        """Accept a name that is being typed, because the document is about to close."""
        self.panel.end_naming()

    def close(self) -> None:
        """Close the line of a name while the window is whole."""
        self.panel.end_naming()

    def refresh_theme(self) -> None:
        """Draw the icons of panel and options again."""
        self.panel.refresh_theme()
        self.tools.options.refresh_theme()
