"""Outlines: polygon by clicked vertices, lasso by a free hand."""

from __future__ import annotations

import math
from functools import partial

import numpy as np

from hsi_viewer.core.geometry.shapes import Point, polygon, smoothed, straightened
from hsi_viewer.ui.tools.tool import Key, Pointer, Preview, Tool
from hsi_viewer.ui.tools.tool_context import ToolContext


class OutlineTool(Tool):
    """Collects vertices; what they enclose is labelled as one step."""

    anywhere = True
    gap = 0.0  # pixels below which two vertices are one, when the outline is smoothed

    def __init__(self, context: ToolContext) -> None:
        self._context = context
        self._vertices: list[Point] = []
        self._preview: Preview | None = None

    @property
    def vertices(self) -> tuple[Point, ...]:
        """Rows and columns so far."""
        return tuple(self._vertices)

    @property
    def waiting(self) -> bool:
        """Whether vertices wait to be closed."""
        return len(self._vertices) >= 3

    def cancel(self) -> bool:
        """Drop the outline."""
        drawing = bool(self._vertices)
        self._vertices = []
        self._show([])
        return drawing

    def preview(self) -> Preview | None:
        """The outline so far."""
        return self._preview

    def _close(self) -> None:
        vertices = self._smooth(self._vertices)
        self._vertices = []
        self._show([])
        document = self._context.document
        if document is None:
            return
        height, width = np.ptp(np.array(vertices), axis=0).tolist()
        covered = partial(polygon, vertices, document.labels.shape)
        self._context.label_area(height * width, covered)

    def _smooth(self, vertices: list[Point]) -> list[Point]:
        if self._context.settings.smooth_outlines:
            return smoothed(vertices, self.gap)
        return list(vertices)

    def _show(self, points: list[Point], *, closed: bool = True) -> None:
        if points:
            lines = (np.array(points, np.float64),)
            self._preview = Preview(lines, closed=closed, colour=self._context.colour)
        else:
            self._preview = None


class PolygonTool(OutlineTool):
    """Click vertices; Enter, a double-click or a click on the first closes it.

    Backspace drops the last vertex, Shift keeps sides to eighths of a turn.
    """

    def press(self, at: Pointer) -> None:
        """Add a vertex, or close where the outline began."""
        if self._context.document is None:
            return
        point = self._constrained(at)
        if len(self._vertices) >= 3 and math.dist(at.point, self._vertices[0]) <= at.reach:
            self._close()
            return
        self._vertices.append(point)
        self.hover(at)

    def hover(self, at: Pointer) -> None:
        """Draw the side that a click would add."""
        if self._vertices:
            points = [*self._vertices, self._constrained(at)]
            if len(self._vertices) > 1:
                points = self._smooth(points)
            self._show(points, closed=len(self._vertices) > 1)

    def drag(self, at: Pointer) -> None:
        """The same while the button is still down."""
        self.hover(at)

    def double_click(self, at: Pointer) -> bool:
        """Close; the first of both clicks has added the last vertex."""
        if len(self._vertices) >= 3:
            self._close()
            return True
        # No second vertex in the place of the last one.
        return bool(self._vertices) and math.dist(at.point, self._vertices[-1]) <= at.reach

    def key(self, key: Key) -> bool:
        """Enter closes, Backspace drops the last vertex."""
        if not self._vertices:
            return False
        if key == "accept" and len(self._vertices) >= 3:
            self._close()
        elif key in ("back", "delete"):
            self._vertices.pop()
            self._show(list(self._vertices), closed=len(self._vertices) > 2)
        return True

    def _constrained(self, at: Pointer) -> Point:
        if at.shift and self._vertices:
            return straightened(self._vertices[-1], at.point)
        return at.point


class LassoTool(OutlineTool):
    """Draw around the pixels; letting the button go closes it. Shift draws straight on."""

    gap = 2.0

    def press(self, at: Pointer) -> None:
        """Begin."""
        if self._context.document is not None:
            self._vertices = [at.point]
            self._show(self._vertices, closed=False)

    def drag(self, at: Pointer) -> None:
        """Follow the mouse; a straight line while Shift is held."""
        if not self._vertices:
            return
        if at.shift and len(self._vertices) > 1:
            self._vertices[-1] = at.point
        elif math.dist(at.point, self._vertices[-1]) >= at.reach / 8:
            self._vertices.append(at.point)
        self._show(self._vertices)

    def release(self, at: Pointer) -> None:
        """Close."""
        if self._vertices:
            self.drag(at)
            self._close()
