"""Stroke: what a tool paints between press and release, one step of the history."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from hsi_viewer.core.history import LabelChange, Step
from hsi_viewer.core.labels import LabelEdit, merged
from hsi_viewer.core.paint import Paint
from hsi_viewer.session.document import Document

# So many pixels are merged while the gesture goes on, so that its end is no long pause.
BLOCK_PIXELS = 1 << 16


class Stroke:
    """Paints at once and remembers, so that the whole gesture is undone together.

    Parameters
    ----------
    document : whose labels are painted.
    paint : what pixels get and which take it, or simply a class id (0 erases).
    """

    def __init__(self, document: Document, paint: Paint | int) -> None:
        self._document = document
        self._paint = Paint(paint) if isinstance(paint, int) else paint
        self._blocks: list[LabelEdit] = []
        self._recent: list[LabelEdit] = []
        document.history.start_gesture()

    def paint(self, pixels: NDArray[np.int64]) -> None:
        """Label pixels (flat indices, ascending)."""
        labels = self._document.labels
        if self._paint.choosy:
            pixels = pixels[self._paint.takes(labels.ids.ravel()[pixels])]
        edit = labels.edit_for(pixels, self._paint.class_id)
        if edit.pixels.size:
            labels.apply(edit)
            self._recent.append(edit)
            if sum(e.pixels.size for e in self._recent) >= BLOCK_PIXELS:
                self._blocks.append(merged(self._recent))
                self._recent = []

    def finish(self) -> None:
        """End the gesture: it becomes one step, unless it changed nothing."""
        edits = self._blocks + self._recent
        self._blocks, self._recent = [], []
        if not edits:
            return
        edit = merged(edits)
        if edit.pixels.size:
            verb = "Label" if self._paint.class_id else "Erase"
            title = f"{verb} {edit.pixels.size} pixel{'s' if edit.pixels.size > 1 else ''}"
            change = LabelChange(self._document.labels, edit)
            self._document.history.push(Step(title, (change,)))

    def cancel(self) -> None:
        """Take back what the gesture painted so far."""
        for edit in reversed(self._blocks + self._recent):
            self._document.labels.apply(edit.reverse)
        self._blocks, self._recent = [], []
