"""LegendFeature: the legend of what lies over the image, on the canvas."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QWidget

from hsi_viewer.core.display.layers import CLASS_MAP, GROUND_TRUTH, IMAGE, OUTSIDE
from hsi_viewer.ui.commands.table import Command
from hsi_viewer.ui.features.feature import Feature
from hsi_viewer.ui.scene.map_legend import Entry, MapLegend

if TYPE_CHECKING:
    from hsi_viewer.ui.context import Context


DIMMED = (70, 70, 76)  # what lies outside the region of interest
UNCLASSIFIED = (150, 150, 150)  # such pixels show the grey image


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
        outside = self._outside()
        for layer in reversed(self._layers.layers):
            if not layer.visible or layer.raster is None:
                continue
            if layer.name in (CLASS_MAP, GROUND_TRUTH):
                self.legend.show_classes([*self._classes(layer.name), *outside])
                return
            if layer.bar is not None:
                self.legend.show_bar(layer.bar)
                return
            if layer.name == IMAGE:
                break
        self.legend.show_classes(outside)

    def _outside(self) -> list[Entry]:
        """What dims the image outside of the region of interest."""
        if OUTSIDE not in self._layers or not self._layers[OUTSIDE].visible:
            return []
        return [(OUTSIDE, DIMMED)]

    def _classes(self, name: str) -> list[Entry]:
        document = self.workspace.document
        if document is None:
            return []
        prediction = document.prediction
        mapped = prediction.class_ids if prediction is not None else ()
        present = document.truth_ids if name == GROUND_TRUTH else frozenset(mapped)
        entries = [(c.name, c.colour) for c in document.legend if c.id in present and c.visible]
        if prediction is not None and prediction.unclassified and name == CLASS_MAP:
            entries.append((f"Unclassified: {prediction.unclassified}", UNCLASSIFIED))
        return entries
