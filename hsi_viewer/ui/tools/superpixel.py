"""SuperpixelTool: paints whole superpixels, those that the mouse passes."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QObject, Slot

from hsi_viewer.core.geometry.brush import disc_path
from hsi_viewer.core.geometry.pixels import Pixel
from hsi_viewer.core.labels.classes import Colour
from hsi_viewer.ui.tools.spectral_neighbourhood import SpectralNeighbourhood
from hsi_viewer.ui.tools.stroke_tool import StrokeTool
from hsi_viewer.ui.tools.tool import Pointer, Preview
from hsi_viewer.ui.tools.tool_context import ToolContext


class SuperpixelTool(QObject, StrokeTool):
    """Shows the superpixel under the mouse; click or drag labels it and those on the way."""

    def __init__(
        self, context: ToolContext, neighbourhood: SpectralNeighbourhood, parent: QObject
    ) -> None:
        super().__init__(parent)
        self._context, self._neighbourhood = context, neighbourhood
        self._last: Pixel = (0, 0)
        self._at: Pixel | None = None
        self._shown: tuple[object, int, Colour] | None = None
        self._preview: Preview | None = None
        neighbourhood.ready.connect(self._on_ready)

    def hover(self, at: Pointer) -> None:
        """Show the superpixel under the mouse."""
        self._at = at.pixel
        self._show()

    def leave(self) -> None:
        """Show none."""
        self._at = None
        self._show()

    def press(self, at: Pointer) -> None:
        """Begin a stroke."""
        self._stroke = self._context.begin()
        self._last = at.pixel
        self.drag(at)

    def drag(self, at: Pointer) -> None:
        """Label the superpixels between the last position and this one."""
        self.hover(at)
        document = self._context.document
        if self._stroke is None or document is None:
            return
        shape = document.labels.shape
        numbers = set()
        for flat in disc_path(self._last, at.pixel, 1, shape).tolist():
            segments = self._neighbourhood.segments_at(divmod(flat, shape[1]), self._size)
            if segments is None:
                return  # the superpixels are on their way
            number = segments.number_at(divmod(flat, shape[1]))
            if number not in numbers:
                numbers.add(number)
                self._stroke.paint(segments.pixels(number, shape[1]))
        self._last = at.pixel

    def resize(self, steps: int) -> bool:
        """Larger or smaller superpixels."""
        settings = self._context.settings
        settings.segment_size = min(max(round(settings.segment_size * 1.25**steps), 9), 2500)
        self._show()
        self._context.option_changed()
        return True

    def settings_changed(self) -> None:
        """Another size."""
        self._show()

    def preview(self) -> Preview | None:
        """The superpixel under the mouse."""
        return self._preview

    @property
    def _size(self) -> int:
        return self._context.settings.segment_size

    @Slot()
    def _on_ready(self) -> None:
        if self._at is not None:
            self._show()
            self._context.update_preview()

    def _show(self) -> None:
        document, at = self._context.document, self._at
        inside = (
            document is not None
            and at is not None
            and 0 <= at[0] < document.labels.shape[0]
            and 0 <= at[1] < document.labels.shape[1]
        )
        segments = self._neighbourhood.segments_at(at, self._size) if inside and at else None
        if document is None or at is None or segments is None:
            self._shown, self._preview = None, None
            return
        number = segments.number_at(at)
        colour = self._context.colour
        if self._shown == (segments, number, colour) and self._preview is not None:
            return
        self._shown = (segments, number, colour)
        width = document.labels.shape[1]
        rows, columns = np.divmod(segments.pixels(number, width), width)
        top, left = int(rows.min()), int(columns.min())
        mask = np.zeros((int(rows.max()) - top + 1, int(columns.max()) - left + 1), bool)
        mask[rows - top, columns - left] = True
        self._preview = Preview(mask=mask, origin=(top, left), colour=colour)
