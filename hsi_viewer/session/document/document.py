"""Document: one open cube, its classes, labels, test pixels, model and map."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from psygnal import Signal

from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.cube.region import RegionOfInterest
from hsi_viewer.core.errors import LabelError
from hsi_viewer.core.evidence import RunEvidence
from hsi_viewer.core.labels.class_ids import checked_ids, present_ids
from hsi_viewer.core.labels.classes import ClassLegend, Colour, LabelClass, legend_for
from hsi_viewer.core.labels.decisions import DECISIONS, Decision
from hsi_viewer.core.labels.history import History, LabelChange, LegendChange, Step
from hsi_viewer.core.labels.label_map import LABELS, LabelMap
from hsi_viewer.core.labels.sampling import draw_per_class
from hsi_viewer.core.labels.selection import Selection
from hsi_viewer.core.prediction import Prediction
from hsi_viewer.io.source_files import SourceFiles
from hsi_viewer.session.document.class_meaning import regrouped_since
from hsi_viewer.session.document.label_load import (
    base_of,
    carry_out,
    plan_clearing,
    plan_load,
    plan_removal,
)
from hsi_viewer.session.document.results import Results
from hsi_viewer.session.document.used_region import UsedRegion


class Document:
    """The user's work; every change goes through it and is announced by an event.

    Events: `legend.changed`, `labels.changed`, `decisions.changed`, `history.changed`,
    `selection.changed`, and here `cube_changed`, `prediction_changed`, `truth_changed`,
    `saved_changed`.

    Parameters
    ----------
    cube : the open cube.

    Attributes
    ----------
    decisions : a `Decision` for each pixel that one was made about, 0 elsewhere.
    region : the pixels and bands that are trained on and mapped.
    results : what else was computed of it: angle map, scatter plot, libraries, model.
    ids_loaded : whether labels came from a file, whose ids are kept where they have gaps.
    """

    cube_changed = Signal()
    prediction_changed = Signal()
    truth_changed = Signal()
    saved_changed = Signal()

    def __init__(self, cube: HyperCube) -> None:
        self.cube = cube
        self.source_files = SourceFiles(cube.path)
        self.legend = ClassLegend()
        self.labels = LabelMap(cube.rows, cube.columns)
        self.decisions = LabelMap(cube.rows, cube.columns, DECISIONS)
        self.region = UsedRegion(*cube.shape, self.labels)
        self.history = History()
        self.selection = Selection(self.labels.shape)
        self.results = Results()
        self.ids_loaded = False
        self.truth: NDArray[np.uint16] | None = None
        self.truth_ids: tuple[int, ...] = ()
        self.prediction: Prediction | None = None
        self._trained_on: NDArray[np.bool_] | None = None
        self._map_step: Step | None = None
        self._mapped_ids: set[int] = set()
        self._saved_step = self.history.position
        self.abandoned: Step | None = None
        self.history.changed.connect(self.saved_changed.emit)
        self.region.changed.connect(self._on_region)

    def _on_region(self) -> None:
        self.results.ground = None

    def set_cube(self, cube: HyperCube) -> None:
        """Take the same pixels with other metadata; labels and map stay.

        Raises
        ------
        ValueError
            if the size differs.
        """
        if cube.shape != self.cube.shape:
            raise ValueError(f"The cube is {cube.shape}, not {self.cube.shape}")
        self.cube = cube
        self.results.forget_measured()
        self.cube_changed.emit()

    def restart(
        self,
        classes: tuple[LabelClass, ...],
        ids: NDArray[np.uint16],
        others: Mapping[str, NDArray[np.uint16]] | None = None,
    ) -> None:
        """Take classes, labels and other maps from a session; the history starts again.

        Parameters
        ----------
        others : `maps` by their names; those that are not named become empty.

        Raises
        ------
        LabelError
            if a size differs from the cube's.
        """
        edit = self.labels.edit_to(ids)
        given = others or {}
        edits = {
            name: map_.edit_to(given.get(name, np.zeros(map_.shape, np.uint16)))
            for name, map_ in self.maps.items()
            if name != LABELS and (name in given or map_.total)
        }
        self.legend.classes = classes
        self.labels.apply(edit)
        for name, other in edits.items():
            self.maps[name].apply(other)
        self.history.clear()

    @property
    def maps(self) -> dict[str, LabelMap]:
        """Every map that strokes change, by name."""
        known = (self.labels, self.decisions, self.region.pixels, self.region.bands)
        return {each.name: each for each in known}

    @property
    def used_cube(self) -> HyperCube:
        """The region of interest and chosen bands of the cube; the same object until changed."""
        return self.region.of(self.cube)

    @property
    def map_region(self) -> RegionOfInterest:
        """What of the scene the shown map was made of; without a map, what is used now."""
        if self.prediction is None:
            return self.region.now
        return self.prediction.region or RegionOfInterest()

    @property
    def mapped_cube(self) -> HyperCube:
        """What the shown map was made of; the same object until map or scene change."""
        return self.region.of(self.cube, self.map_region)

    # classes -------------------------------------------------------------------------------

    def add_class(self, name: str = "") -> LabelClass:
        """Add a class after the others and return it; its id is the lowest that is free.

        Ids that a class map of this document or its ground truth contains aren't given to a
        new class, which would appear in that map.
        """
        reserved = self._mapped_ids.union(self.truth_ids)
        if not name:
            name = self._unused_name(self.legend.next_id(reserved))
        self._set_classes("Add class", self.legend.with_added(name, reserved=reserved))
        return self.legend.classes[-1]

    def _unused_name(self, class_id: int) -> str:
        """The scene's own name of a class, unless another class has it."""
        name = self.cube.class_names.get(class_id, "")
        return "" if name in {c.name for c in self.legend} else name

    def known_names(self) -> tuple[str, ...]:
        """Names of the scene's classes that no class has yet, in the order of their ids."""
        present = {c.name.casefold() for c in self.legend}
        names = (name for _, name in sorted(self.cube.class_names.items()))
        return tuple(dict.fromkeys(n for n in names if n.casefold() not in present))

    def rename_class(self, class_id: int, name: str) -> None:
        """Give a class another name; an empty one is ignored."""
        if name.strip():
            renamed = self.legend.with_replaced(class_id, name=name.strip())
            self._set_classes("Rename class", renamed)

    def recolour_class(self, class_id: int, colour: Colour) -> None:
        """Give a class another colour."""
        recoloured = self.legend.with_replaced(class_id, colour=colour)
        self._set_classes("Recolour class", recoloured)

    def show_class(self, class_id: int, visible: bool) -> None:
        """Show or hide a class; a matter of view, so no step of the history."""
        self.legend.classes = self.legend.with_replaced(class_id, visible=visible)

    def lock_class(self, class_id: int, locked: bool) -> None:
        """Protect the labels of a class from tools; a matter of handling, so no step."""
        self.legend.classes = self.legend.with_replaced(class_id, locked=locked)

    def move_class(self, class_id: int, index: int) -> None:
        """Put a class at another place of the list, 0 the first; ids stay."""
        self._set_classes("Reorder classes", self.legend.with_moved(class_id, index))

    def set_classes(self, title: str, classes: tuple[LabelClass, ...]) -> None:
        """Put other names, colours or an order in the place of the present, as one step.

        Raises
        ------
        ValueError
            if a class that has labels would go.
        """
        gone = set(self.labels.present()) - {c.id for c in classes}
        if gone:
            raise ValueError(f"Classes {sorted(gone)} have labels")
        self._set_classes(title, classes)

    def merge_classes(self, class_id: int, into: int) -> None:
        """Give the labels of a class to another and remove it, as one step."""
        carry_out(self, plan_removal(self, base_of(self), class_id, into))

    def split_off(self, pixels: NDArray[np.int64]) -> LabelClass:
        """Give labelled pixels (flat indices) to a new class, as one step."""
        old = self.legend.name_of(int(self.labels.ids.ravel()[pixels[0]]))
        reserved = self._mapped_ids.union(self.truth_ids)
        classes = self.legend.with_added(f"{old} (part)", reserved=reserved)
        self.history.do(
            f"Split {old}",
            LegendChange(self.legend, self.legend.classes, classes),
            LabelChange(self.labels, self.labels.edit_for(pixels, classes[-1].id)),
        )
        return classes[-1]

    def clear_class(self, class_id: int) -> None:
        """Take all labels of a class away; the class stays."""
        carry_out(self, plan_clearing(self, base_of(self), class_id))

    def remove_class(self, class_id: int) -> None:
        """Remove a class together with its labels, as one step."""
        carry_out(self, plan_removal(self, base_of(self), class_id))

    def _set_classes(self, title: str, classes: tuple[LabelClass, ...]) -> None:
        if classes != self.legend.classes:
            self.history.do(title, LegendChange(self.legend, self.legend.classes, classes))

    # labels --------------------------------------------------------------------------------

    def load_labels(
        self,
        ids: NDArray[np.uint16],
        names: Mapping[int, str] | None = None,
        colours: Mapping[int, Colour] | None = None,
        title: str = "Load labels",
    ) -> None:
        """Replace all labels, as one step; classes that are missing are added, all that are named.

        Raises
        ------
        LabelError
            if the size differs from the cube's.
        """
        carry_out(self, plan_load(self, base_of(self), ids, names, colours, title))
        self.ids_loaded = True

    def draw_training_pixels(
        self,
        truth: NDArray[np.uint16],
        n: int,
        seed: int,
        names: Mapping[int, str] | None = None,
        colours: Mapping[int, Colour] | None = None,
    ) -> None:
        """Label n random pixels a class of a ground truth; the rest become test pixels.

        Raises
        ------
        LabelError
            if the size differs from the cube's or the ground truth is empty.
        """
        ids = checked_ids(truth, self.labels.shape)
        training, _ = draw_per_class(ids, n, seed)
        self.load_labels(training, names, colours, f"Draw {n} pixels per class")
        self.set_truth(ids)

    def set_truth(
        self, ids: NDArray[np.uint16] | None, present: tuple[int, ...] | None = None
    ) -> None:
        """Set the ground truth (rows, columns) that maps are scored on; None removes it.

        Parameters
        ----------
        ids : an array of uint16 is kept as it is: nobody changes it from now on.
        present : the class ids in it, where they are known: `truth_ids`.
        """
        self.truth = None if ids is None else checked_ids(ids, self.labels.shape, copy=False)
        self.truth_ids = present_ids(self.truth) if present is None else present
        self.truth_changed.emit()

    @property
    def truth_legend(self) -> ClassLegend:
        """The classes and, for ids of the ground truth that they lack, further ones."""
        missing = set(self.truth_ids) - {c.id for c in self.legend} - {0}
        taken = {c.colour for c in self.legend}
        return ClassLegend((*self.legend, *legend_for(missing, self.cube.class_names, taken)))

    def training_disabled_reason(self) -> str | None:
        """Reason why training cannot start, in the user's words; None when it can."""
        present = self.labels.present()
        if not present:
            return "Label some pixels first: choose a class, then paint on the image."
        if len(present) < 2:
            name = self.legend.name_of(present[0])
            return f"Only “{name}” has labels: label pixels of a second class."
        return self.region.training_disabled_reason()

    def require_trainable(self) -> None:
        """Raise LabelError with the reason of `training_disabled_reason`, if there is one."""
        reason = self.training_disabled_reason()
        if reason:
            raise LabelError(reason)

    @property
    def ids_given(self) -> bool:
        """Whether class ids follow a file, a ground truth or the scene's own list of classes."""
        return self.ids_loaded or self.truth is not None or bool(self.cube.class_names)

    def decide(self, pixels: NDArray[np.int64], decision: Decision) -> bool:
        """Note a decision about pixels (flat indices), as one step; False if it was noted."""
        edit = self.decisions.edit_for(pixels, decision)
        if edit.pixels.size:
            self.history.do(decision.title, LabelChange(self.decisions, edit))
        return bool(edit.pixels.size)

    # results -------------------------------------------------------------------------------

    def set_prediction(
        self,
        prediction: Prediction | None,
        trained_on: NDArray[np.bool_] | None = None,
        evidence: RunEvidence | None = None,
    ) -> None:
        """Show a map in place of the last one.

        Parameters
        ----------
        prediction : the new map; None removes it.
        trained_on : (rows, columns), True where its model saw a label.
        evidence : of the run that made it, if it is known already.
        """
        self.prediction = prediction
        self.results.evidence = evidence
        self._trained_on = trained_on
        self._map_step = self.history.position
        if prediction is not None:
            self._mapped_ids.update(prediction.class_ids)
        self.prediction_changed.emit()

    @property
    def trained_on(self) -> NDArray[np.bool_]:
        """Pixels whose labels the model of the current map has seen, (rows, columns)."""
        if self._trained_on is None:
            return np.zeros(self.labels.shape, bool)
        return self._trained_on

    @property
    def map_outdated(self) -> bool:
        """Whether the classes are no longer those of the map, so that it can't be scored."""
        if self.prediction is None:
            return False
        ids = self.prediction.class_ids
        unknown = bool(self.truth_ids) and not set(ids) & set(self.truth_ids)
        return unknown or regrouped_since(self.history, self._map_step, ids)

    # saving --------------------------------------------------------------------------------

    @property
    def modified(self) -> bool:
        """True when labels or classes changed since they were saved."""
        return self.history.position is not self._saved_step

    def abandon(self) -> None:
        """Note that the user discards the unsaved work; work that continues is kept again."""
        self.abandoned = self.history.position

    @property
    def wanted(self) -> bool:
        """True when there are changes that are neither saved nor given up."""
        return self.modified and self.history.position is not self.abandoned

    def mark_saved(self, step: Step | None = None) -> None:
        """Note that labels and classes are in a file.

        Parameters
        ----------
        step : the last step that the file contains, where work went on meanwhile; by default
            the present one.
        """
        self._saved_step = step or self.history.position
        self.saved_changed.emit()

    def mark_unsaved(self) -> None:
        """Note that no file holds what is here, wherever in the history one goes."""
        self._saved_step = Step("", ())
        self.saved_changed.emit()
