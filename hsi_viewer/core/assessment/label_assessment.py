"""Accuracy of a map by cross-validation of the user's labels; no ground truth is needed.

A label counts as held out by place if all labels of its place (labels of a class that touch) were
held out with it, and no label of its class that was trained on lies within `GAP` pixels: the
labels of one field are alike, and a model that knows some of them knows the others. Figures of
labels that are nearer come out tens of points too high.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from hsi_viewer.core.assessment.accuracy import AccuracyReport, score_pixels
from hsi_viewer.core.assessment.assessment import Assessment, NameOf, is_enough, named
from hsi_viewer.core.assessment.reliability import reliability
from hsi_viewer.core.assessment.separation import distances_to, separation_of
from hsi_viewer.core.evidence import Evidence, HeldOut
from hsi_viewer.core.geometry.connected_labels import connected_labels

GAP = 8  # pixels between a held-out label and those of its class that are trained on
ENOUGH_PLACES = 2  # of a class, so that one can be held out

Ids = NDArray[np.uint16]
Numbers = NDArray[np.int64]


def assess_labels(
    evidence: Evidence,
    labels: Ids,
    class_ids: tuple[int, ...],
    *,
    reach: int | None = None,
    name_of: NameOf = str,
) -> Assessment:
    """Figures of the labels that a model was trained on, from its cross-validation.

    Parameters
    ----------
    evidence : of the model.
    labels : (rows, columns) class ids that it was trained on, 0 for none.
    class_ids : of the model, in the order of its probabilities.
    reach : how far the model looks, refinement included; that of the evidence if left out.
    name_of : name of a class.
    """
    ids = np.asarray(class_ids, np.int64)
    reach = evidence.reach if reach is None else reach
    random = None
    if evidence.random is not None:
        random = _report(evidence.random, ids, labels.shape[1])
    known = labels.astype(np.int64)
    held = evidence.separated
    if held is not None:
        known.flat[held.pixels] = ids[held.targets]
    places = Places.of(known)
    if held is None:
        too_few = _too_few(places.counts(ids), ids, name_of)
        return Assessment(None, random, None, None, reach, places.count, (too_few,))

    apart = places.apart(held)
    place = places.at(held.pixels)
    report = _report(held, ids, labels.shape[1], apart, place)
    count = len(np.unique(place[apart]))
    measured = np.bincount(held.targets[apart], minlength=ids.size) > 0
    if not is_enough(report, ids.size):
        too_few = _too_few(measured * ENOUGH_PLACES, ids, name_of)
        return Assessment(None, random, None, None, reach, count, (too_few,))
    audit = separation_of(places.distances(held, apart), reach)
    warnings = []
    if not measured.all():
        warnings.append(
            f"Not measured, because the labels lie in one place: {named(ids[~measured], name_of)}. "
            f"Label a second place of each, more than {GAP} pixels from the first."
        )
    if not audit.strict:
        warnings.append(str(audit))
    sure = reliability(held.probabilities[apart].max(axis=1), held.right[apart])
    return Assessment(report, random, audit, sure, reach, count, tuple(warnings))


def labels_apart(held: HeldOut, labels: Ids, class_ids: tuple[int, ...]) -> NDArray[np.bool_]:
    """Whether each held-out label (n,) was held out by place; arguments as of `assess_labels`."""
    known = labels.astype(np.int64)
    known.flat[held.pixels] = np.asarray(class_ids, np.int64)[held.targets]
    return Places.of(known).apart(held)


class Places:
    """Places of labels: those of a class that touch.

    Parameters
    ----------
    known : (rows, columns) class ids, 0 for none.
    pixels : (n,) flat indices of the labels, ascending.
    place : (n,) number of the place of each, from 0.
    """

    def __init__(self, known: Numbers, pixels: Numbers, place: Numbers) -> None:
        self.pixels, self.place, self.columns = pixels, place, known.shape[1]
        self.first = pixels[np.unique(place, return_index=True)[1]]
        self._class_of = known.ravel()[self.first]

    @classmethod
    def of(cls, known: Numbers) -> Places:
        """The places of labels."""
        pixels = np.flatnonzero(known)
        return cls(known, pixels, connected_labels(pixels, known.ravel()[pixels], known.shape[1]))

    @property
    def count(self) -> int:
        """Number of places."""
        return len(self.first)

    def counts(self, ids: Numbers) -> Numbers:
        """Number of places of each class."""
        return np.array([np.count_nonzero(self._class_of == i) for i in ids], np.int64)

    def at(self, pixels: Numbers) -> Numbers:
        """Place of each of some labels."""
        found: Numbers = self.place[np.searchsorted(self.pixels, pixels)]
        return found

    def fold_of(self, held: HeldOut) -> Numbers:
        """Fold in which each place is held out; -1 of those in pieces, or not at all."""
        place = self.at(held.pixels)
        least, most = np.full(self.count, np.iinfo(np.int64).max), np.full(self.count, -1)
        np.minimum.at(least, place, held.folds)
        np.maximum.at(most, place, held.folds)
        return np.where(least == most, most, -1)

    def apart(self, held: HeldOut) -> NDArray[np.bool_]:
        """Whether each held-out label was held out with its place, far from others of its class."""
        fold_of_place = self.fold_of(held)
        fold, class_of = fold_of_place[self.place], self._class_of[self.place]
        place = self.at(held.pixels)
        own, apart = self._class_of[place], fold_of_place[place] >= 0
        for k in np.unique(own):
            for f in np.unique(held.folds[own == k]):
                test = np.flatnonzero(apart & (own == k) & (held.folds == f))
                trained = self.pixels[(class_of == k) & (fold != f)]
                apart[test] = distances_to(trained, held.pixels[test], self.columns) > GAP
        return apart

    def distances(self, held: HeldOut, apart: NDArray[np.bool_]) -> NDArray[np.float64]:
        """Distance of each label that was held out by place to the nearest that was trained on."""
        fold_of_label = self.fold_of(held)[self.place]
        distances = np.empty(len(held.pixels))
        for fold in np.unique(held.folds[apart]):
            test = apart & (held.folds == fold)
            trained = self.pixels[fold_of_label != fold]
            distances[test] = distances_to(trained, held.pixels[test], self.columns)
        return distances[apart]


def _report(
    held: HeldOut,
    ids: Numbers,
    columns: int,
    counted: NDArray[np.bool_] | None = None,
    place: Numbers | None = None,
) -> AccuracyReport:
    """Accuracy of held-out labels, with intervals over groups of places."""
    use = np.ones(len(held.pixels), bool) if counted is None else counted
    regions = None if place is None else np.unique(place[use], return_inverse=True)[1].reshape(-1)
    return score_pixels(
        ids[held.targets[use]],
        ids[held.probabilities[use].argmax(axis=1)],
        held.pixels[use],
        columns,
        regions=regions,
    )


def _too_few(places: Numbers, ids: Numbers, name_of: NameOf) -> str:
    """A sentence that names the classes with too few places, or all of them."""
    lacking = ids[places < ENOUGH_PLACES]
    if lacking.size == 0:
        what = "label more places of every class"
    else:
        what = f"label another place of {named(lacking, name_of)}"
    return (
        f"Too few separate places are labelled for an honest figure: {what}, more than {GAP} "
        "pixels from its other labels."
    )
