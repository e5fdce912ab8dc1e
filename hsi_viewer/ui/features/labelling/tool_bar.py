"""ToolRail: the bar of tools at the left and the row of their options above the image."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QSize, Qt, Slot
from PySide6.QtWidgets import QToolBar

from hsi_viewer.core.labels.paint_mode import PaintMode
from hsi_viewer.ui.features.labelling.toolbox import Toolbox
from hsi_viewer.ui.tools.brush import MAX_SIZE
from hsi_viewer.ui.tools.catalogue import TOOLS
from hsi_viewer.ui.widgets.tool_options import ToolOptions

if TYPE_CHECKING:
    from hsi_viewer.ui.context import Context

NAVIGATE = "Drag to move the scene, scroll to zoom, click to keep the spectrum of a pixel."
SPECS = {spec.name: spec for spec in TOOLS}


class ToolRail(QObject):
    """Shows the toolbox of the labels.

    Attributes
    ----------
    options : the row above the image.
    bar : made by `make_bar`, once there are commands.
    """

    def __init__(self, context: Context, toolbox: Toolbox) -> None:
        super().__init__(context)
        self.context, self.window = context, context.window
        self._toolbox = toolbox
        self.options = ToolOptions(MAX_SIZE)
        self.options.hide()
        self.options.option_changed.connect(self._on_option)
        self.options.mode_chosen.connect(self._on_mode)
        self.options.accept_requested.connect(self._on_accept)
        self.options.drop_requested.connect(self._on_drop)
        self._toolbox.changed.connect(self.refresh)
        context.canvas.preview_changed.connect(self._on_preview)
        self._waited = False
        context.workspace.document_changed.connect(self._on_document)

    def make_bar(self) -> QToolBar:
        """A vertical bar with the command of each tool."""
        bar = QToolBar("Labelling tools", self.window)
        bar.setObjectName("labelling tools")
        bar.setMovable(False)
        bar.setOrientation(Qt.Orientation.Vertical)
        bar.setIconSize(QSize(20, 20))
        bar.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonIconOnly)
        for spec in TOOLS:
            action = self.context.commands.action(f"tool.{spec.name}")
            bar.addAction(action)
            button = bar.widgetForAction(action)
            button.setAccessibleName(spec.title.replace("&", ""))
        self.window.addToolBar(Qt.ToolBarArea.LeftToolBarArea, bar)
        bar.style().polish(bar)  # the style sheet has rules of its own for upright bars
        self.bar = bar
        return bar

    @Slot()
    def refresh(self) -> None:
        """Show the active tool and its options as they are."""
        settings = self._toolbox.settings
        spec = self._toolbox.guest or SPECS[self._toolbox.name]
        title = spec.title.replace("&", "")
        self._waited = self._toolbox.waiting
        groups = (*spec.options, *(("accept",) if self._waited else ()))
        self.options.show_tool(title, spec.hint or NAVIGATE, groups)
        tolerance = (
            settings.wand_angle if settings.wand_measure == "angle" else settings.wand_distance
        )
        self.options.show_values(self._toolbox.mode, asdict(settings), tolerance)

    @Slot(str, object)
    def _on_option(self, name: str, value: object) -> None:
        self._toolbox.set_option(name, value)

    @Slot(object)
    def _on_mode(self, mode: PaintMode) -> None:
        self._toolbox.set_mode(mode)
        self.context.canvas.setFocus()

    @Slot()
    def _on_accept(self) -> None:
        self._toolbox.accept()
        self.context.canvas.setFocus()

    @Slot()
    def _on_drop(self) -> None:
        self.context.canvas.cancel_drawing()
        self.context.canvas.setFocus()

    @Slot()
    def _on_preview(self) -> None:
        if self._toolbox.waiting != self._waited:
            self.refresh()

    @Slot()
    def _on_document(self) -> None:
        self.options.show()
        self.refresh()
