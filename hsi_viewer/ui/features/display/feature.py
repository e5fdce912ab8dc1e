"""DisplayFeature: the scene on the canvas, and the panel that sets how it is drawn."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Slot

from hsi_viewer.ui.commands.table import Command
from hsi_viewer.ui.docking import Panel
from hsi_viewer.ui.features.display.view_commands import view_commands
from hsi_viewer.ui.features.display.viewing import ViewController
from hsi_viewer.ui.features.feature import Feature
from hsi_viewer.ui.opened_cube import OpenedCube
from hsi_viewer.ui.widgets.display_panel import DisplayPanel

if TYPE_CHECKING:
    from hsi_viewer.ui.context import Context


class DisplayFeature(Feature):
    """Shows what was opened."""

    key = "display"

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.panel = DisplayPanel()
        self.view = ViewController(
            context.workspace, context.canvas, context.plot, self.panel, context.readout, self
        )
        context.opening.opened.connect(self._on_opened)
        self.panel.show_map.toggled.connect(context.workspace.state_changed)
        self.panel.show_labels.toggled.connect(context.workspace.state_changed)
        context.viewing = self.view

    def panels(self) -> list[Panel]:
        """The Display panel."""
        return [
            Panel(
                "display",
                "Display",
                lambda: self.panel,
                "right",
                shown=True,
                at_once=True,
                icon="palette-outline",
            ),
        ]

    def commands(self) -> list[Command]:
        """The menu View."""
        return view_commands(self.workspace, self.view, self.context.canvas)

    @Slot(object)
    def _on_opened(self, opened: OpenedCube) -> None:
        self.context.welcome.hide()
        self.context.canvas.show()
        if (centre := self.window.centralWidget()) is not None:
            centre.setFocusProxy(self.context.canvas)
        self.view.show_opened(opened)
        self.context.canvas.setFocus()

    def refresh_theme(self) -> None:
        """Draw the panel's icons again."""
        self.panel.refresh_theme()
