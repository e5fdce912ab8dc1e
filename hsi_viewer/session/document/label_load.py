"""Large changes of labels, worked out by a worker: only a moment is left for the interface."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Protocol

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.labels.class_ids import checked_ids, count_ids
from hsi_viewer.core.labels.classes import (
    UNCLASSIFIED,
    ClassLegend,
    Colour,
    LabelClass,
    legend_for,
)
from hsi_viewer.core.labels.history import Edit, History, LabelChange, LegendChange
from hsi_viewer.core.labels.label_edit import LabelEdit
from hsi_viewer.core.labels.label_map import LabelMap
from hsi_viewer.core.labels.label_snapshot import LabelSnapshot
from hsi_viewer.core.labels.paint_mode import Paint
from hsi_viewer.core.labels.prepared_edit import PreparedEdit


class Labelled(Protocol):
    """The parts of a document that labels are loaded into."""

    cube: HyperCube
    labels: LabelMap
    legend: ClassLegend
    history: History


class Base(Struct, frozen=True, eq=False):
    """A document's labels and classes at the time when a worker begins.

    Attributes
    ----------
    labels, classes : as they are.
    """

    labels: LabelSnapshot
    classes: tuple[LabelClass, ...]

    def has(self, *class_ids: int) -> bool:
        """Whether the document has these classes."""
        return {*class_ids} <= {c.id for c in self.classes}

    def is_current(self, document: Labelled) -> bool:
        """Whether they still are so."""
        return self.labels.current and self.classes == document.legend.classes


def base_of(document: Labelled) -> Base:
    """The document as it is now."""
    return Base(document.labels.snapshot(), document.legend.classes)


class LabelLoad(Struct, frozen=True, eq=False):
    """Labels and classes that are ready to take the place of others.

    Attributes
    ----------
    base : what they take the place of.
    title : of the step.
    classes : all classes after it.
    prepared : the edit and what it comes to.
    """

    base: Base
    title: str
    classes: tuple[LabelClass, ...]
    prepared: PreparedEdit


def plan_load(
    document: Labelled,
    base: Base,
    ids: NDArray[np.uint16],
    names: Mapping[int, str] | None = None,
    colours: Mapping[int, Colour] | None = None,
    title: str = "Load labels",
    kept: Sequence[LabelClass] | None = None,
) -> LabelLoad:
    """Work out what `Document.load_labels` does; in a worker.

    Parameters
    ----------
    kept : classes of the base that stay, also without labels; by default all.

    Raises
    ------
    LabelError
        if the size differs from the cube's.
    """
    before = base.labels.ids
    wanted = checked_ids(ids, before.shape, copy=False)
    pixels = np.flatnonzero(before != wanted)
    edit = LabelEdit(pixels, before.ravel()[pixels], wanted.ravel()[pixels])
    present = np.flatnonzero(count_ids(wanted))
    stay = base.classes if kept is None else tuple(kept)
    classes = classes_with(document.cube, stay, present.tolist(), names, colours)
    return LabelLoad(base, title, classes, document.labels.prepare(edit, base.labels))


def plan_removal(
    document: Labelled, base: Base, class_id: int, into: int = UNCLASSIFIED
) -> LabelLoad:
    """Work out what removing a class comes to, whose labels go with it or to another class.

    Raises
    ------
    KeyError
        if one of the classes is not there.
    """
    names = {c.id: c.name for c in base.classes}
    title = f"Remove {names[class_id]}" if into == UNCLASSIFIED else ""
    title = title or f"Merge {names[class_id]} into {names[into]}"
    classes = tuple(c for c in base.classes if c.id != class_id)
    return _relabel(document, base, title, class_id, into, classes)


def plan_clearing(document: Labelled, base: Base, class_id: int) -> LabelLoad:
    """Work out what deleting the labels of a class comes to.

    Raises
    ------
    KeyError
        if the class is not there.
    """
    names = {c.id: c.name for c in base.classes}
    title = f"Delete the labels of {names[class_id]}"
    return _relabel(document, base, title, class_id, UNCLASSIFIED, base.classes)


def _relabel(
    document: Labelled,
    base: Base,
    title: str,
    class_id: int,
    into: int,
    classes: tuple[LabelClass, ...],
) -> LabelLoad:
    pixels = np.flatnonzero(base.labels.ids == class_id)
    before, after = (np.full(pixels.size, i, np.uint16) for i in (class_id, into))
    edit = LabelEdit(pixels, before, after)
    return LabelLoad(base, title, classes, document.labels.prepare(edit, base.labels))


def plan_paint(
    document: Labelled, base: Base, paint: Paint, pixels: NDArray[np.int64]
) -> LabelLoad:
    """Work out what painting many pixels comes to, as a stroke does it; in a worker.

    Parameters
    ----------
    paint : what the pixels get, and which take it.
    pixels : flat indices, each once.
    """
    before = base.labels.ids.ravel()[pixels]
    touched = before != paint.class_id
    if paint.choosy:
        touched &= paint.takes(before)
    pixels, before = pixels[touched], before[touched]
    edit = LabelEdit(pixels, before, np.full(pixels.size, paint.class_id, np.uint16))
    prepared = document.labels.prepare(edit, base.labels)
    return LabelLoad(base, paint.title(pixels.size), base.classes, prepared)


def classes_with(
    cube: HyperCube,
    classes: tuple[LabelClass, ...],
    ids: list[int],
    names: Mapping[int, str] | None,
    colours: Mapping[int, Colour] | None,
) -> tuple[LabelClass, ...]:
    """Classes together with those of other ids and names, in ascending order where any is new."""
    missing = {*ids, *(names or {})} - {c.id for c in classes}
    known = {**cube.class_names, **(names or {})}
    found = legend_for(missing, known, {c.colour for c in classes})
    new = [replace(c, colour=(colours or {}).get(c.id, c.colour)) for c in found]
    return tuple(sorted((*classes, *new), key=lambda c: c.id)) if new else classes


def carry_out(document: Labelled, load: LabelLoad) -> bool:
    """Do it as one step; False if the document has changed since, and nothing was done."""
    if not load.base.is_current(document):
        return False
    labels, before, after = document.labels, load.base.classes, load.classes
    edits: list[Edit] = [LabelChange(labels, load.prepared.edit)]
    if before != after:
        removed = {c.id for c in before} - {c.id for c in after}  # after their labels
        place = len(edits) if removed else 0
        edits.insert(place, LegendChange(document.legend, before, after))
    elif not load.prepared.edit.pixels.size:
        return True
    labels.expect(load.prepared)
    document.history.do(load.title, *edits)
    labels.expect(None)
    return True
