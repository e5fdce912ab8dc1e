"""ExportingFeature: class maps and spectra as files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hsi_viewer.ui.commands.table import Command
from hsi_viewer.ui.context import NO_MAP
from hsi_viewer.ui.features.exporting.exporting import ExportController
from hsi_viewer.ui.features.exporting.reports import ReportController
from hsi_viewer.ui.features.feature import Feature

if TYPE_CHECKING:
    from hsi_viewer.ui.context import Context


class ExportingFeature(Feature):
    """Writes what other programs read."""

    key = "exporting"

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.exporting, self.reports = ExportController(context), ReportController(context)
        context.exporting = self.exporting

    def commands(self) -> list[Command]:
        """Export, in the menu File."""
        return [
            Command(
                "file.export",
                "&Export class map…",
                "&File",
                self.exporting.choose,
                ("Ctrl+E",),
                "export-variant",
                self.has_map,
                lambda: NO_MAP,
                toolbar=True,
            ),
            Command(
                "file.export_layers",
                "Export &layers as images…",
                "&File",
                self.exporting.choose_layers,
                ("Ctrl+Alt+E",),
                "layers-outline",
                self.has_scene,
            ),
            *self.reports.commands(),
        ]
