"""LabelMap: the class id of every labelled pixel, changed by edits that can be undone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from weakref import WeakSet

import numpy as np
from numpy.typing import ArrayLike, NDArray
from psygnal import Signal

from hsi_viewer.core.errors import LabelError
from hsi_viewer.core.geometry.pixels import Box
from hsi_viewer.core.labels.classes import MAX_CLASS_ID
from hsi_viewer.core.labels.label_snapshot import LabelSnapshot


@dataclass(frozen=True)
class LabelEdit:
    """The pixels that one gesture changed.

    Attributes
    ----------
    pixels : (n,) flat indices in row-major order, unique, in any order.
    before, after : (n,) class ids.
    """

    pixels: NDArray[np.int64]
    before: NDArray[np.uint16]
    after: NDArray[np.uint16]

    @property
    def reverse(self) -> LabelEdit:
        """The edit that undoes this one."""
        return LabelEdit(self.pixels, self.after, self.before)

    @property
    def nbytes(self) -> int:
        """Memory that the edit holds."""
        return self.pixels.nbytes + self.before.nbytes + self.after.nbytes


def joined(edits: list[LabelEdit]) -> LabelEdit:
    """One edit with the effect of several that touch different pixels; far faster than `merged`."""
    return LabelEdit(
        np.concatenate([e.pixels for e in edits]),
        np.concatenate([e.before for e in edits]),
        np.concatenate([e.after for e in edits]),
    )


def merged(edits: list[LabelEdit]) -> LabelEdit:
    """One edit with the effect of several, applied in order."""
    if len(edits) == 1:
        return edits[0]
    pixels = np.concatenate([e.pixels for e in edits])
    order = np.argsort(pixels, kind="stable")
    pixels = pixels[order]
    is_first, is_last = np.ones((2, pixels.size), bool)
    is_first[1:] = is_last[:-1] = pixels[1:] != pixels[:-1]
    unique = pixels[is_first]
    before = np.concatenate([e.before for e in edits])[order[is_first]]
    after = np.concatenate([e.after for e in edits])[order[is_last]]
    changed = before != after
    return LabelEdit(unique[changed], before[changed], after[changed])


@dataclass(frozen=True, eq=False)
class PreparedEdit:
    """What a large edit comes to: see `LabelMap.prepare`.

    Attributes
    ----------
    edit, before : what was worked out, from which labels.
    ids, counts, box : the labels after it, pixels of each id, and the box that it touches.
    """

    edit: LabelEdit
    before: LabelSnapshot
    ids: NDArray[np.uint16]
    counts: NDArray[np.int64]
    box: Box

    def is_for(self, edit: LabelEdit) -> bool:
        """Whether this is the edit, and nothing has changed the labels meanwhile."""
        same = self.edit.pixels is edit.pixels and self.edit.after is edit.after
        return same and self.before.current


class LabelMap:
    """Class ids of a scene, 0 where unlabelled.

    `changed(top, left, bottom, right)` names the box that an edit touched.

    Parameters
    ----------
    rows, columns : size of the cube.
    """

    changed = Signal(int, int, int, int)

    def __init__(self, rows: int, columns: int) -> None:
        self._ids = np.zeros((rows, columns), np.uint16)
        self._counts = np.zeros(1, np.int64)
        self._snapshots: WeakSet[LabelSnapshot] = WeakSet()
        self._prepared: PreparedEdit | None = None

    @property
    def ids(self) -> NDArray[np.uint16]:
        """Read-only view, (rows, columns)."""
        view = self._ids.view()
        view.flags.writeable = False
        return view

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
        counts = np.bincount(ids.ravel())
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
        wanted = checked_ids(ids, self.shape).ravel()
        before = self._ids.ravel()
        pixels = np.flatnonzero(before != wanted)
        return LabelEdit(pixels, before[pixels], wanted[pixels])

    def apply(self, edit: LabelEdit) -> None:
        """Carry out an edit."""
        if edit.pixels.size == 0:
            return
        prepared, self._prepared = self._prepared, None
        ready = prepared is not None and prepared.is_for(edit)
        for snapshot in self._snapshots:
            snapshot.note(edit)
        if ready and prepared is not None:
            np.copyto(self._ids, prepared.ids)
            self._counts = prepared.counts
            self.changed.emit(*prepared.box)
            return
        np.put(self._ids, edit.pixels, edit.after)
        size = int(max(self._counts.size - 1, edit.before.max(), edit.after.max())) + 1
        counts = np.zeros(size, np.int64)
        counts[: self._counts.size] = self._counts
        counts += np.bincount(edit.after, minlength=size)
        counts -= np.bincount(edit.before, minlength=size)
        counts[0] = 0
        self._counts = counts
        self.changed.emit(*self._box(edit.pixels))

    def _box(self, pixels: NDArray[np.int64]) -> Box:
        columns = pixels % self.shape[1]
        width = self.shape[1]
        return (
            int(pixels.min() // width),
            int(columns.min()),
            int(pixels.max() // width) + 1,
            int(columns.max()) + 1,
        )


def checked_ids(
    ids: ArrayLike, shape: tuple[int, int], name: str = "the labels", *, copy: bool = True
) -> NDArray[np.uint16]:
    """Class ids as (rows, columns) uint16, by the rules of `class_ids`.

    Raises
    ------
    LabelError
        if the size differs from the cube's, or values are no class ids.
    """
    array = _as_array(ids, name)
    if array.shape != shape:
        found = " x ".join(str(n) for n in array.shape) or "a single value, not"
        raise LabelError(
            f"{name}: the labels are {found} pixels but the cube is {shape[0]} x {shape[1]}; "
            "choose the label file of this cube."
        )
    return class_ids(array, name, copy=copy)


def class_ids(ids: ArrayLike, name: str = "the labels", *, copy: bool = True) -> NDArray[np.uint16]:
    """Class ids of numbers of any type: a copy, unless none is wanted and they are so already.

    These are the rules for labels from everywhere. What is negative, NaN or masked is unlabelled,
    as 0 is; ids are whole numbers, of whichever type, up to 65535.

    Raises
    ------
    LabelError
        if values are no class ids.
    """
    array = _as_array(ids, name)
    if array.dtype.kind not in "biuf":
        kind = "numbers and something else" if array.dtype == object else array.dtype
        raise LabelError(f"{name}: class ids are whole numbers, not {kind}.")
    if array.dtype.kind in "if":
        if array.dtype.kind == "f" and np.isnan(array).any():
            array = np.where(np.isnan(array), 0, array)
        if array.size and array.min() < 0:
            array = np.maximum(array, 0)
    if np.can_cast(array.dtype, np.uint16):
        return array.astype(np.uint16, copy=copy)
    if array.size and float(array.max()) > MAX_CLASS_ID:
        raise LabelError(f"{name}: class ids lie in 0..{MAX_CLASS_ID}; it holds {array.max():g}.")
    if array.dtype.kind == "f" and not np.array_equal(array, np.rint(array)):
        raise LabelError(f"{name}: class ids are whole numbers, but it holds fractions.")
    return array.astype(np.uint16)


def _as_array(ids: ArrayLike, name: str) -> NDArray[Any]:
    """An array of one type; what is masked in it is 0."""
    try:
        return np.asarray(np.ma.filled(ids, 0) if np.ma.isMaskedArray(ids) else ids)
    except ValueError as error:  # lists of different lengths
        raise LabelError(f"{name}: the rows of the labels differ in length.") from error
