"""LayerController: the layers that the document brings — map, doubt, ground truth, labels."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Slot

from hsi_viewer.core.display.colour_bar import ColourBar
from hsi_viewer.core.display.highlight import BelowRaster, MaskRaster
from hsi_viewer.core.display.layers import (
    CLASS_MAP,
    DISAGREEMENT,
    GROUND_TRUTH,
    IMAGE,
    LABELS,
    UNCERTAINTY,
    Layer,
    LayerStack,
)
from hsi_viewer.core.display.outlines import OutlineRaster
from hsi_viewer.core.display.rasters import IdRaster, Raster, ValueRaster
from hsi_viewer.core.geometry.pixels import Box
from hsi_viewer.session.document.document import Document
from hsi_viewer.ui.plots.colour_maps import colour_table
from hsi_viewer.ui.workspace import Workspace

MAP_LAYERS = (CLASS_MAP, UNCERTAINTY, DISAGREEMENT)
CLASS_LAYERS = (CLASS_MAP, GROUND_TRUTH)
MapStyle = Literal["grey", "solid", "outlines"]


class LayerController(QObject):
    """Keeps the document's layers as the document is.

    Parameters
    ----------
    layers : where the layers lie; those of others are removed with each new document.
    """

    def __init__(self, workspace: Workspace, layers: LayerStack, parent: QObject) -> None:
        super().__init__(parent)
        self._workspace, self._layers = workspace, layers
        self._preview: NDArray[np.uint16] | None = None
        opacity, colours = self._opacity, colour_table()
        for layer in (
            Layer(IMAGE, about="The scene in the chosen bands"),
            Layer(
                GROUND_TRUTH,
                visible=False,
                opacity=opacity,
                about="The pixels that maps are scored on",
                coded=True,
            ),
            Layer(CLASS_MAP, opacity=opacity, about="The class of each pixel (P)", coded=True),
            Layer(
                UNCERTAINTY,
                visible=False,
                about="1 - probability of the mapped class: bright is uncertain (U)",
                coded=True,
                bar=ColourBar("Uncertainty", colours, 0.0, 1.0),
            ),
            Layer(
                DISAGREEMENT,
                visible=False,
                about="How much the network's exits disagree",
                coded=True,
                bar=ColourBar("Exit disagreement", colours, 0.0, 1.0),
            ),
            Layer(LABELS, about="The labelled pixels (Shift+L)"),
        ):
            layers.add(layer)
        self._own = layers.names

    def show_document(self, document: Document) -> None:
        """Show the layers of a document that was just opened."""
        for name in self._layers.names:
            if name not in self._own:
                self._layers.remove(name)
        self._preview = None
        self.choose_map_layer(CLASS_MAP)  # what was hidden of another scene isn't hidden here
        self._layers.show(False, GROUND_TRUTH)
        self._layers.show(True, IMAGE, LABELS)
        document.labels.changed.connect(self._on_labels)
        document.legend.changed.connect(self._on_legend)
        document.prediction_changed.connect(self._on_prediction)
        document.truth_changed.connect(self._draw_truth)
        self._on_legend()

    # which map layer is seen -----------------------------------------------------------------

    @property
    def map_layer(self) -> str:
        """Uppermost map layer that is shown, or "" when none is."""
        shown = [n for n in self._layers.names if n in MAP_LAYERS and self._layers[n].visible]
        return shown[-1] if shown else ""

    def choose_map_layer(self, name: str) -> None:
        """Show one of the map layers instead of the others; "" hides all."""
        self._layers.show(False, *(n for n in MAP_LAYERS if n != name))
        if name:
            self._layers.show(True, name)
            self.uncover()

    def uncover(self) -> None:
        """Hide what was laid over the scene and would hide all else, such as a kept image."""
        covering = [
            layer.name
            for layer in self._layers.layers
            if layer.visible
            and layer.removable
            and layer.opacity == 1.0
            and not isinstance(layer.raster, MaskRaster | BelowRaster)
        ]
        self._layers.show(False, *covering)

    # how the map is drawn --------------------------------------------------------------------

    @property
    def _opacity(self) -> float:
        settings = self._workspace.settings
        return settings.map_opacity if settings.map_style == "grey" else 1.0

    def set_style(self, style: MapStyle) -> None:
        """Draw maps of classes over a grey picture, solid, or as outlines."""
        if style != self._workspace.settings.map_style:
            self._workspace.settings.map_style = style
            self._layers.set_opacity(self._opacity, *CLASS_LAYERS)
            self._draw_map()
            self._draw_truth()

    def preview_map(self, ids: NDArray[np.uint16] | None) -> None:
        """Draw other ids in the place of the class map, until another map comes; None ends it."""
        if ids is not self._preview:
            self._preview = ids
            self._draw_map()

    # drawing ---------------------------------------------------------------------------------

    def _on_labels(self, top: int, left: int, bottom: int, right: int) -> None:
        box: Box = (top, left, bottom, right)
        document, drawn = self._workspace.document, self._layers[LABELS].raster
        replaced = document is not None and getattr(drawn, "ids", None) is not document.labels.ids
        if replaced:
            self._draw_labels()
        else:
            self._layers.redraw(LABELS, box)

    @Slot()
    def _on_legend(self) -> None:
        self._draw_labels()
        self._draw_map()
        self._draw_truth()

    def _draw_labels(self) -> None:
        document = self._workspace.document
        if document is not None:
            colours = document.legend.colour_table()
            self._layers.set_raster(LABELS, IdRaster(document.labels.ids, colours, sparse=True))

    def _on_prediction(self) -> None:
        self._preview = None
        self._draw_map()

    def _draw_map(self) -> None:
        document = self._workspace.document
        prediction = document.prediction if document is not None else None
        if document is None or prediction is None:
            for name in MAP_LAYERS:
                self._layers.set_raster(name, None)
            return
        mapped, split = prediction.class_map, prediction.disagreement
        seen = mapped if self._preview is None else self._preview
        self._layers.set_raster(CLASS_MAP, self._ids(seen, document.legend.colour_table()))
        colours = colour_table()
        doubt = ValueRaster(prediction.confidence, colours, low=1.0, high=0.0, shown=mapped)
        self._layers.set_raster(UNCERTAINTY, doubt)
        self._layers.set_raster(
            DISAGREEMENT, None if split is None else ValueRaster(split, colours, shown=mapped)
        )

    def _draw_truth(self) -> None:
        document = self._workspace.document
        if document is None or document.truth is None:
            self._layers.set_raster(GROUND_TRUTH, None)
            return
        colours = document.truth_legend.colour_table()
        self._layers.set_raster(GROUND_TRUTH, self._ids(document.truth, colours, sparse=True))

    def _ids(
        self, ids: NDArray[np.uint16], colours: NDArray[np.uint8], *, sparse: bool = False
    ) -> Raster:
        if self._workspace.settings.map_style == "outlines":
            return OutlineRaster(ids, colours)
        return IdRaster(ids, colours, sparse=sparse)
