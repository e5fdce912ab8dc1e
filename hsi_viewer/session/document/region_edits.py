"""Moving, pasting and deleting of patches: one step of the history each."""

from __future__ import annotations

import numpy as np

from hsi_viewer.core.labels.classes import UNCLASSIFIED
from hsi_viewer.core.labels.history import LabelChange
from hsi_viewer.core.labels.label_patch import Patch
from hsi_viewer.session.document.document import Document


def delete_patch(document: Document, patch: Patch) -> None:
    """Take the labels of a patch away."""
    _change(document, "Delete region", patch, None)


def move_patch(document: Document, patch: Patch, rows: int, columns: int) -> Patch:
    """Move the labels of a patch; what would leave the scene is lost, and undo restores it."""
    moved = patch.moved(rows, columns)
    _change(document, "Move region", patch, moved)
    return moved


def paste_patch(document: Document, patch: Patch) -> None:
    """Label the pixels of a patch."""
    _change(document, "Paste region", None, patch)


def _change(document: Document, title: str, old: Patch | None, new: Patch | None) -> None:
    labels = document.labels
    locked = [c.id for c in document.legend if c.locked]
    pixels, ids = [np.zeros(0, np.int64)], [np.zeros(0, np.uint16)]
    if old is not None:
        indices, _ = old.within(labels.shape)
        pixels.append(indices)
        ids.append(np.full(indices.size, UNCLASSIFIED, np.uint16))
    if new is not None:
        indices, values = new.within(labels.shape)
        known = np.isin(values, [c.id for c in document.legend])  # its class may be gone by now
        pixels.append(indices[known])
        ids.append(values[known])
    edit = labels.edit_with(np.concatenate(pixels), np.concatenate(ids))
    if locked:
        free = ~np.isin(edit.before, locked)
        edit = type(edit)(edit.pixels[free], edit.before[free], edit.after[free])
    if edit.pixels.size:
        document.history.do(title, LabelChange(labels, edit))
