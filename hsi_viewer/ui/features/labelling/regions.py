"""Commands on selected regions: copy, paste, delete, a class of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hsi_viewer.ui.commands.table import Command
from hsi_viewer.ui.features.feature import Feature

if TYPE_CHECKING:
    from hsi_viewer.ui.context import Context
    from hsi_viewer.ui.features.labelling.labelling import LabelController
    from hsi_viewer.ui.widgets.class_panel import ClassPanel


class RegionFeature(Feature):
    """Commands for the regions that the select tool holds."""

    key = "regions"

    def __init__(self, context: Context, labelling: LabelController, panel: ClassPanel) -> None:
        super().__init__(context)
        self._labelling, self._classes = labelling, panel
        self._select = labelling.toolbox.select
        self._toolbox = labelling.toolbox
        self._toolbox.changed.connect(self.workspace.state_changed)

    def commands(self) -> list[Command]:
        """Menu Edit."""

        def selected() -> bool:
            return self._toolbox.name == "select" and self._select.patch is not None

        def disabled_reason() -> str:
            return "Select a region first (V)."

        return [
            Command(
                "region.copy",
                "&Copy region",
                "&Edit",
                self._select.copy,
                ("Ctrl+C",),
                "content-copy",
                selected,
                disabled_reason,
            ),
            Command(
                "region.paste",
                "&Paste region",
                "&Edit",
                self._paste,
                ("Ctrl+V",),
                "content-paste",
                lambda: self._select.can_paste and self.workspace.document is not None,
                lambda: "Copy a region first.",
            ),
            Command(
                "region.delete",
                "&Delete region",
                "&Edit",
                self._select.delete,
                (),
                "trash-can-outline",
                selected,
                disabled_reason,
            ),
            Command(
                "region.split",
                "Make the region a ne&w class",
                "&Labels",
                self._split,
                (),
                "call-split",
                selected,
                disabled_reason,
            ),
        ]

    def _paste(self) -> None:
        self._labelling.use_tool("select")
        self._select.paste(self.context.canvas.hovered_pixel)

    def _split(self) -> None:
        document, patch = self.workspace.document, self._select.patch
        if document is not None and patch is not None:
            pixels, _ = patch.within(document.labels.shape)
            added = document.split_off(pixels)
            self._select.drop()
            self.context.canvas.update_preview()
            self._labelling.take_class(added.id)
            self._classes.edit_name(added.id)
