"""StrokeTool: base of the tools that paint while the mouse is dragged."""

from __future__ import annotations

from hsi_viewer.session.document.stroke import Stroke
from hsi_viewer.ui.tools.tool import Pointer, Tool


class StrokeTool(Tool):
    """A stroke that lasts from press to release; Escape takes it back."""

    _stroke: Stroke | None = None

    def release(self, _at: Pointer) -> None:
        """End the stroke: one step of the history."""
        if self._stroke is not None:
            self._stroke.finish()
            self._stroke = None

    def cancel(self) -> bool:
        """Take the unfinished stroke back."""
        stroke, self._stroke = self._stroke, None
        if stroke is not None:
            stroke.cancel()
        return stroke is not None
