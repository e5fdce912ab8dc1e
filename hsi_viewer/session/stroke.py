"""Stroke: what a tool paints between press and release, one step of the history."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from hsi_viewer.core.history import LabelChange, Step
from hsi_viewer.core.labels import LabelEdit, merged
from hsi_viewer.session.document import Document


class Stroke:
    """Paints at once and remembers, so that the whole gesture is undone together.

    Parameters
    ----------
    document : whose labels are painted.
    class_id : given to the pixels; 0 erases.
    """

    def __init__(self, document: Document, class_id: int) -> None:
        self._document = document
        self._class_id = class_id
        self._edits: list[LabelEdit] = []

    def paint(self, pixels: NDArray[np.int64]) -> None:
        """Label pixels (flat indices, ascending)."""
        labels = self._document.labels
        edit = labels.edit_for(pixels, self._class_id)
        if edit.pixels.size:
            labels.apply(edit)
            self._edits.append(edit)

    def finish(self) -> None:
        """End the gesture: it becomes one step, unless it changed nothing."""
        if not self._edits:
            return
        edit = merged(self._edits)
        self._edits = []
        if edit.pixels.size:
            verb = "Label" if self._class_id else "Erase"
            title = f"{verb} {edit.pixels.size} pixel{'s' if edit.pixels.size > 1 else ''}"
            change = LabelChange(self._document.labels, edit)
            self._document.history.push(Step(title, (change,)))

    def cancel(self) -> None:
        """Take back what the gesture painted so far."""
        for edit in reversed(self._edits):
            self._document.labels.apply(edit.reverse)
        self._edits = []
