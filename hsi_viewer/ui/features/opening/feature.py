"""OpeningFeature: scenes come in, are repaired, and have their metadata edited."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hsi_viewer.ui.commands.table import Command
from hsi_viewer.ui.features.feature import Feature
from hsi_viewer.ui.features.opening.file_commands import file_commands
from hsi_viewer.ui.features.opening.metadata_editing import MetadataController
from hsi_viewer.ui.features.opening.opening import OpenController
from hsi_viewer.ui.features.opening.repairing import RepairController

if TYPE_CHECKING:
    from hsi_viewer.ui.context import Context


class OpeningFeature(Feature):
    """Opens scenes; what does not open is examined."""

    key = "opening"

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        workspace, window = context.workspace, context.window
        self.opening = OpenController(workspace, window, context.may_leave, context.painting)
        self.repairing = RepairController(
            workspace, window, self.opening.open, context.offers, context.file_uses
        )
        self.metadata = MetadataController(workspace, window)
        self.opening.opened.connect(self.repairing.check)
        self.opening.refused.connect(self.repairing.explain)
        self.opening.kept.connect(self.repairing.take_back)
        self.opening.labels_found.connect(self.repairing.ask_labels)
        context.welcome.open_requested.connect(self.opening.choose)
        context.welcome.folder_requested.connect(self.opening.choose_folder)
        context.welcome.sample_requested.connect(self.opening.open_sample)
        context.opening = self.opening

    def commands(self) -> list[Command]:
        """Open, metadata, header doctor."""
        return file_commands(self.workspace, self.opening, self.repairing, self.metadata)
