"""TourFeature: four callouts on the window, offered at the first start and from Help."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QWidget

from hsi_viewer.preferences.settings import save_settings
from hsi_viewer.ui.commands.table import Command
from hsi_viewer.ui.features.feature import Feature
from hsi_viewer.ui.widgets.tour import Stop, Tour

if TYPE_CHECKING:
    from hsi_viewer.ui.context import Context


class TourFeature(Feature):
    """Shows a newcomer around; knows whether it was offered before."""

    key = "tour"

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        context.welcome.tour_requested.connect(self.start)
        context.welcome.offer_tour(not self.workspace.settings.tour_seen)

    def commands(self) -> list[Command]:
        """The tour, under Help."""
        return [
            Command(
                "help.tour",
                "Show me &around",
                "&Help",
                self.start,
                (),
                "map-marker-path",
            )
        ]

    @Slot()
    def start(self) -> None:
        """Show the first callout."""
        for old in self.window.findChildren(Tour):
            old.end()
        tour = Tour(self._stops(), self.window)
        tour.ended.connect(self._on_ended)
        tour.start()

    @Slot()
    def _on_ended(self) -> None:
        self.context.welcome.offer_tour(False)
        if self.context.canvas.isVisible():
            self.context.canvas.setFocus()
        if not self.workspace.settings.tour_seen:
            self.workspace.settings.tour_seen = True
            save_settings(self.workspace.settings)

    def _stops(self) -> list[Stop]:
        keys = self.context.commands.keys
        return [
            Stop(
                "Open a scene",
                f"Open a cube ({keys('file.open')}), drop a file on the window, or start with "
                "the sample scene. The image appears in true colour; the wheel zooms, the "
                "middle button pans.",
                lambda: self._button("file.open"),
            ),
            Stop(
                "Label some pixels",
                f"Add a class ({keys('class.add')}), then paint a few of its pixels on the image "
                f"with the brush ({keys('tool.brush')}). Ten per class, in several places, are a "
                f"good start; {keys('edit.undo')} undoes a stroke.",
                lambda: self._panel("classes"),
            ),
            Stop(
                "Train",
                f"{keys('train.start')} trains. A first map appears within seconds and improves "
                "while you watch; label more pixels where it is wrong, and train again.",
                lambda: self._panel("training"),
            ),
            Stop(
                "Export the map",
                f"Save it ({keys('file.export')}) for ENVI, GIS, MATLAB, Python or a report. "
                f"{keys('help.guide')} opens the guide for the current panel, "
                f"{keys('edit.palette')} finds every command by name.",
                lambda: self._button("file.export"),
            ),
        ]

    def _button(self, command_id: str) -> QWidget:
        bar = self.context.tool_bar
        button = bar.widgetForAction(self.context.commands.action(command_id))
        return button if button is not None and button.isVisible() else bar

    def _panel(self, title: str) -> QWidget:
        dock = self.context.docking.docks[title]
        dock.show()
        dock.raise_()
        return dock
