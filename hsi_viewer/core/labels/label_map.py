"""LabelMap: the class id of every labelled pixel, changed by edits that can be undone."""

from __future__ import annotations

from weakref import WeakSet

import numpy as np
from numpy.typing import ArrayLike, NDArray
from psygnal import Signal

from hsi_viewer.core.geometry.pixels import Box
from hsi_viewer.core.labels.class_ids import checked_ids, count_ids
from hsi_viewer.core.labels.label_edit import LabelEdit
from hsi_viewer.core.labels.label_snapshot import LabelSnapshot
from hsi_viewer.core.labels.prepared_edit import PreparedEdit

LABELS = "labels"  # name of the map of labels in steps and journals
BOXED = 1 << 20  # pixels whose columns are computed at once


class LabelMap:
    """Class ids of a scene, 0 where unlabelled.

    `changed(top, left, bottom, right)` names the box that an edit touched.

    Parameters
    ----------
    rows, columns : size of the cube.
    name : by which steps and journals tell it from other maps of the document.
    """

    changed = Signal(int, int, int, int)

    def __init__(self, rows: int, columns: int, name: str = LABELS) -> None:
        self.name = name
        self._hold(np.zeros((rows, columns), np.uint16))
        self._counts = np.zeros(1, np.int64)
        self._snapshots: WeakSet[LabelSnapshot] = WeakSet()
        self._prepared: PreparedEdit | None = None

    @property
    def ids(self) -> NDArray[np.uint16]:
        """Read-only view, (rows, columns): the same until a prepared edit brings another array."""
        return self._view

    def _hold(self, ids: NDArray[np.uint16]) -> None:
        self._ids, self._view = ids, ids.view()
        self._view.flags.writeable = False

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return self._ids.shape[0], self._ids.shape[1]

    def snapshot(self) -> LabelSnapshot:
        """The labels as they are now, for a worker that copies them."""
        taken = LabelSnapshot(self._ids)
        self._snapshots.add(taken)
        return taken

    def prepare(self, edit: LabelEdit, before: LabelSnapshot) -> PreparedEdit:
        """Work out in a worker what a large edit comes to; `apply` then takes a moment.

        Parameters
        ----------
        edit : as it will be given to `apply`.
        before : the labels that it will be applied to.
        """
        ids = before.ids.copy()
        np.put(ids, edit.pixels, edit.after)
        counts = count_ids(ids)
        counts[0] = 0
        box = self._box(edit.pixels) if edit.pixels.size else (0, 0, 0, 0)
        return PreparedEdit(edit, before, ids, counts, box)

    def expect(self, prepared: PreparedEdit | None) -> None:
        """Keep what `prepare` gave until its edit is applied."""
        self._prepared = prepared

    def count(self, class_id: int) -> int:
        """Number of pixels with a class id (not 0)."""
        return int(self._counts[class_id]) if class_id < self._counts.size else 0

    def present(self) -> tuple[int, ...]:
        """Ids with at least one pixel, ascending."""
        return tuple(int(i) for i in np.flatnonzero(self._counts) if i > 0)

    @property
    def total(self) -> int:
        """Number of labelled pixels."""
        return int(self._counts[1:].sum())

    def edit_for(self, pixels: NDArray[np.int64], class_id: int) -> LabelEdit:
        """The edit that gives pixels a class id; those that have it already are left out."""
        before = self._ids.ravel()[pixels]
        touched = before != class_id
        pixels, before = pixels[touched], before[touched]
        return LabelEdit(pixels, before, np.full(pixels.size, class_id, np.uint16))

    def edit_with(self, pixels: NDArray[np.int64], after: NDArray[np.uint16]) -> LabelEdit:
        """The edit that gives each pixel an id of its own; of one named twice the last counts."""
        unique, last = np.unique(pixels[::-1], return_index=True)
        wanted = after[::-1][last]
        before = self._ids.ravel()[unique]
        touched = before != wanted
        return LabelEdit(unique[touched], before[touched], wanted[touched])

    def edit_to(self, ids: ArrayLike) -> LabelEdit:
        """The edit that turns this map into another.

        Raises
        ------
        LabelError
            if the sizes differ or ids are out of range.
        """
        wanted = checked_ids(ids, self.shape, copy=False).ravel()
        before = self._ids.ravel()
        pixels = np.flatnonzero(before != wanted)
        return LabelEdit(pixels, before[pixels], wanted[pixels])

    def apply(self, edit: LabelEdit) -> None:
        """Apply an edit."""
        if edit.pixels.size == 0:
            return
        prepared, self._prepared = self._prepared, None
        ready = prepared is not None and prepared.is_for(edit)
        if ready and prepared is not None:
            self._replace(prepared)
            return
        for snapshot in self._snapshots:
            snapshot.note(edit)
        np.put(self._ids, edit.pixels, edit.after)
        size = int(max(self._counts.size - 1, edit.before.max(), edit.after.max())) + 1
        counts = np.zeros(size, np.int64)
        counts[: self._counts.size] = self._counts
        counts += np.bincount(edit.after, minlength=size)
        counts -= np.bincount(edit.before, minlength=size)
        counts[0] = 0
        self._counts = counts
        self.changed.emit(*self._box(edit.pixels))

    def _replace(self, prepared: PreparedEdit) -> None:
        """Take the array that a worker made: to copy it would touch all of its memory here."""
        for snapshot in self._snapshots:
            snapshot.keep()
        self._snapshots.clear()  # no edit concerns them any more
        self._hold(prepared.ids)
        self._counts = prepared.counts
        self.changed.emit(*prepared.box)

    def _box(self, pixels: NDArray[np.int64]) -> Box:
        width = self.shape[1]
        left, right = width, 0
        for start in range(0, pixels.size, BOXED):  # in parts: all at once takes much memory
            columns = pixels[start : start + BOXED] % width
            left, right = min(left, int(columns.min())), max(right, int(columns.max()))
        return int(pixels.min() // width), left, int(pixels.max() // width) + 1, right + 1
