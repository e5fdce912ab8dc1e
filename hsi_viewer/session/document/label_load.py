"""Labels from a file, worked out by a worker so that only a moment is left for the interface."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.labels.class_ids import checked_ids
from hsi_viewer.core.labels.classes import ClassLegend, Colour, LabelClass, legend_for
from hsi_viewer.core.labels.history import Edit, History, LabelChange, LegendChange
from hsi_viewer.core.labels.label_edit import LabelEdit
from hsi_viewer.core.labels.label_map import LabelMap
from hsi_viewer.core.labels.label_snapshot import LabelSnapshot
from hsi_viewer.core.labels.prepared_edit import PreparedEdit


class Labelled(Protocol):
    """The parts of a document that labels are loaded into."""

    cube: HyperCube
    labels: LabelMap
    legend: ClassLegend
    history: History
    ids_loaded: bool


@dataclass(frozen=True, eq=False)
class Base:
    """A document's labels and classes at the time when a worker begins.

    Attributes
    ----------
    labels, classes : as they are.
    """

    labels: LabelSnapshot
    classes: tuple[LabelClass, ...]

    def is_current(self, document: Labelled) -> bool:
        """Whether they still are so."""
        return self.labels.current and self.classes == document.legend.classes


def base_of(document: Labelled) -> Base:
    """The document as it is now."""
    return Base(document.labels.snapshot(), document.legend.classes)


@dataclass(frozen=True, eq=False)
class LabelLoad:
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
) -> LabelLoad:
    """Work out what `Document.load_labels` does; in a worker.

    Raises
    ------
    LabelError
        if the size differs from the cube's.
    """
    before = base.labels.ids
    wanted = checked_ids(ids, before.shape, copy=False)
    pixels = np.flatnonzero(before != wanted)
    edit = LabelEdit(pixels, before.ravel()[pixels], wanted.ravel()[pixels])
    present = np.flatnonzero(np.bincount(wanted.ravel()))
    classes = classes_with(document.cube, base.classes, present.tolist(), names, colours)
    return LabelLoad(base, title, classes, document.labels.prepare(edit, base.labels))


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
    labels, legend = document.labels, document.legend
    edits: list[Edit] = [LabelChange(labels, load.prepared.edit)]
    if load.classes != load.base.classes:
        edits.insert(0, LegendChange(legend, load.base.classes, load.classes))
    labels.expect(load.prepared)
    document.ids_loaded = True
    document.history.do(load.title, *edits)
    return True
