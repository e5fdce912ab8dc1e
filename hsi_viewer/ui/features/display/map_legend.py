"""LegendFeature: the legend of what lies over the image, on the canvas."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QWidget

from hsi_viewer.core.display.layers import CLASS_MAP, GROUND_TRUTH, IMAGE, OUTSIDE
from hsi_viewer.ui.commands.table import Command
from hsi_viewer.ui.features.feature import Feature
from hsi_viewer.ui.legend_entries import legend_entries
from hsi_viewer.ui.scene.map_legend import MapLegend

if TYPE_CHECKING:
    from hsi_viewer.ui.context import Context


class LegendFeature(Feature):
    """Shows the legend of the uppermost layer that has one."""

    key = "legend"

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.legend = MapLegend(context.canvas.viewport())
        self._wanted = True
        self._layers = context.viewing.layers
        self._layers.changed.connect(self.refresh)
        self.workspace.document_changed.connect(self._on_document)

    def overlays(self) -> list[QWidget]:
        """The legend."""
        return [self.legend]

    def commands(self) -> list[Command]:
        """Show or hide it."""
        return [
            Command(
                "view.legend",
                "Le&gend on the image",
                "&View",
                self.show_legend,
                ("Shift+P",),
                "map-legend",
                checked=lambda: self._wanted,
            )
        ]

    def show_legend(self, wanted: bool) -> None:
        """Show the legend where there is one, or never."""
        self._wanted = wanted
        self.legend.set_wanted(wanted)
        self.workspace.state_changed.emit()

    def refresh_theme(self) -> None:
        """Take the colours of the theme."""
        self.legend.update()

    @Slot()
    def _on_document(self) -> None:
        document = self.workspace.document
        if document is not None:
            document.legend.changed.connect(self.refresh)
            document.prediction_changed.connect(self.refresh)
            document.truth_changed.connect(self.refresh)
        self.refresh()

    def refresh(self) -> None:
        """Show the legend of what is seen now."""
        document = self.workspace.document
        seen = [
            layer for layer in self._layers.layers if layer.visible and layer.raster is not None
        ]
        shown = {layer.name for layer in seen} & {OUTSIDE}
        for layer in reversed(seen):
            if layer.name in (CLASS_MAP, GROUND_TRUTH):
                shown.add(layer.name)
                break
            if layer.bar is not None:
                self.legend.show_bar(layer.bar)
                return
            if layer.name == IMAGE:
                break
        self.legend.show_classes(legend_entries(document, shown) if document is not None else ())
