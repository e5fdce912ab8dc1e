"""Shapes drawn from press to release: rectangle, ellipse, line."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from functools import partial

from hsi_viewer.core.geometry.brush import disc_path
from hsi_viewer.core.geometry.pixels import Pixel
from hsi_viewer.core.geometry.shapes import (
    Pixels,
    box_outline,
    capsule_outline,
    corner_box,
    ellipse,
    ellipse_outline,
    mask_edges,
    rectangle,
    squared,
    straightened,
)
from hsi_viewer.ui.tools.brush import ONE_PIXEL, resize_brush
from hsi_viewer.ui.tools.tool import Pointer, Preview, Segments, Tool
from hsi_viewer.ui.tools.tool_context import ToolContext


class DragShapeTool(Tool, ABC):
    """A shape between two pixels, labelled when the button is let go; Escape drops it."""

    anywhere = True

    def __init__(self, context: ToolContext) -> None:
        self._context = context
        self._start: Pixel | None = None
        self._end: Pixel = (0, 0)
        self._preview: Preview | None = None

    def press(self, at: Pointer) -> None:
        """Fix the first pixel."""
        if self._context.document is not None:
            self._start = at.pixel
            self.drag(at)

    def drag(self, at: Pointer) -> None:
        """Show the shape as it would be."""
        if self._start is not None:
            self._end = self.constrained(self._start, at) if at.shift else at.pixel
            self._preview = self.drawn(self._start, self._end)

    def release(self, at: Pointer) -> None:
        """Label the shape."""
        if self._start is None:
            return
        self.drag(at)
        start, self._start, self._preview = self._start, None, None
        document, end = self._context.document, self._end
        if document is not None:
            size = (abs(start[0] - end[0]) + 1) * (abs(start[1] - end[1]) + 1)
            covered = partial(self.covered, start, end, document.labels.shape)
            self._context.label_area(size, covered)

    def cancel(self) -> bool:
        """Drop the shape."""
        drawing = self._start is not None
        self._start, self._preview = None, None
        return drawing

    def preview(self) -> Preview | None:
        """The outline of the shape."""
        return self._preview

    def constrained(self, start: Pixel, at: Pointer) -> Pixel:
        """The end while Shift is held."""
        return squared(start, at.pixel)

    @abstractmethod
    def drawn(self, start: Pixel, end: Pixel) -> Preview:
        """Preview of the shape before it is labelled."""

    @abstractmethod
    def covered(self, start: Pixel, end: Pixel, shape: tuple[int, int]) -> Pixels:
        """The pixels of the shape."""


class RectangleTool(DragShapeTool):
    """All pixels between two corners, both included; a square with Shift."""

    def drawn(self, start: Pixel, end: Pixel) -> Preview:
        """Its four sides."""
        return Preview((box_outline(corner_box(start, end)),), colour=self._context.colour)

    def covered(self, start: Pixel, end: Pixel, shape: tuple[int, int]) -> Pixels:
        """Its pixels."""
        return rectangle(start, end, shape)


class EllipseTool(DragShapeTool):
    """The ellipse in the box of two corners; a circle with Shift."""

    def drawn(self, start: Pixel, end: Pixel) -> Preview:
        """Its outline."""
        return Preview((ellipse_outline(start, end),), colour=self._context.colour)

    def covered(self, start: Pixel, end: Pixel, shape: tuple[int, int]) -> Pixels:
        """Its pixels."""
        return ellipse(start, end, shape)


class LineTool(DragShapeTool):
    """A straight line as wide as the brush; in eighths of a turn with Shift."""

    def resize(self, steps: int) -> bool:
        """Widen the line."""
        resize_brush(self._context, steps)
        return True

    def footprint(self) -> Segments | None:
        """The pixel that the line would begin at."""
        return mask_edges(ONE_PIXEL) if self._start is None else None

    def constrained(self, start: Pixel, at: Pointer) -> Pixel:
        """The end on the nearest of eight directions."""
        row, column = straightened((start[0] + 0.5, start[1] + 0.5), at.point)
        return math.floor(row), math.floor(column)

    def drawn(self, start: Pixel, end: Pixel) -> Preview:
        """Its outline."""
        width = self._context.settings.brush_size
        return Preview((capsule_outline(start, end, width),), colour=self._context.colour)

    def covered(self, start: Pixel, end: Pixel, shape: tuple[int, int]) -> Pixels:
        """The pixels of the line."""
        return disc_path(start, end, self._context.settings.brush_size, shape)
