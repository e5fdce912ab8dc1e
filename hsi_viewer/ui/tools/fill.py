"""FillTool: labels the area around a click."""

from __future__ import annotations

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray
from PySide6.QtCore import QObject

from hsi_viewer.core.geometry.connected_regions import area_within, box_around, connected_area
from hsi_viewer.core.geometry.pixels import Pixel
from hsi_viewer.core.geometry.shapes import Pixels
from hsi_viewer.core.labels.history import Step
from hsi_viewer.core.progress import CancelToken, ProgressPort
from hsi_viewer.session.document.document import Document
from hsi_viewer.ui.tools.tool import Pointer, Tool
from hsi_viewer.ui.tools.tool_context import ToolContext
from hsi_viewer.ui.widgets.choice import Choice

AT_ONCE = 600_000  # pixels that are searched before the work goes to a worker
FURTHEST = 2048  # pixels from the click that the worker looks: what continues there is no area


class Filled(Struct, frozen=True, eq=False):
    """An area that a worker found, or None, and the state of the labels that it looked at."""

    document: Document
    step: Step
    pixels: Pixels | None


class FillTool(QObject, Tool):
    """Fills the connected area of one label, or of one class of the map, around the click."""

    def __init__(self, context: ToolContext, parent: QObject) -> None:
        super().__init__(parent)
        self._context = context

    def press(self, at: Pointer) -> None:
        """Fill."""
        document = self._context.document
        ids = self._source()
        if document is None or ids is None:
            return
        pixels = connected_area(ids, at.pixel, limit=AT_ONCE)
        if pixels is None:
            self._search_in_worker(document, ids, at.pixel)
        else:
            self._paint(pixels)

    def _source(self) -> NDArray[np.uint16] | None:
        document = self._context.document
        if document is None or self._context.settings.fill_by == "labels":
            return document.labels.ids if document is not None else None
        if document.prediction is None:
            self._context.notify(
                "There is no class map yet: train first, or fill by label.",
                "info",
                Choice("Fill by label", self._fill_by_label),
            )
            return None
        return document.prediction.class_map

    def _fill_by_label(self) -> None:
        self._context.settings.fill_by = "labels"
        self._context.option_changed()

    def _search_in_worker(self, document: Document, ids: NDArray[np.uint16], pixel: Pixel) -> None:
        shape, step = document.labels.shape, document.history.position
        box = box_around(pixel, FURTHEST, shape)
        window = ids[box[0] : box[2], box[1] : box[3]].copy()

        def work(_token: CancelToken, _port: ProgressPort) -> Filled:
            return Filled(document, step, area_within(window, box, shape, pixel))

        self._context.compute("Filling", work, self._on_filled)

    def _on_filled(self, filled: Filled) -> None:
        document = self._context.document
        if document is not filled.document or document.history.position is not filled.step:
            return
        if filled.pixels is not None:
            self._paint(filled.pixels)
        else:
            self._context.notify("This region is too large to fill: draw its border first.")

    def _paint(self, pixels: Pixels) -> None:
        self._context.label_area(pixels.size, lambda: pixels)
