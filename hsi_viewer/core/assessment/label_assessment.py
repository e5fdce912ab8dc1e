"""What a user's own labels say about a map, by cross-validation; no ground truth is needed.

A label counts as held out by place if all labels of its place (labels of a class that touch) were
held out with it. A class whose labels lie in one place can only be held out in pieces, beside what
is trained on; it counts for the optimistic figure alone.
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
        too_few = _too_few(places.counts(ids), ids, reach, name_of)
        return Assessment(None, random, None, None, reach, places.count, (too_few,))

    whole = places.whole(held)
    place = places.at(held.pixels)
    report = _report(held, ids, labels.shape[1], whole, place)
    count = len(np.unique(place[whole]))
    of_class = np.bincount(
        np.searchsorted(ids, known.flat[places.first[np.unique(place[whole])]]), minlength=ids.size
    )
    if not is_enough(report, ids.size):
        too_few = _too_few(of_class, ids, reach, name_of)
        return Assessment(None, random, None, None, reach, count, (too_few,))
    distances = places.distances(held, whole)
    audit = separation_of(distances, reach)
    warnings = []
    if (of_class == 0).any():
        missing = named(ids[of_class == 0], name_of)
        warnings.append(
            f"Not measured, because the labels lie in one place: {missing}. Label a second place "
            "of each."
        )
    if not audit.strict:
        warnings.append(str(audit))
    sure = reliability(held.probabilities[whole].max(axis=1), held.right[whole])
    return Assessment(report, random, audit, sure, reach, count, tuple(warnings))


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

    def whole(self, held: HeldOut) -> NDArray[np.bool_]:
        """Whether each held-out label was held out with all of its place."""
        whole: NDArray[np.bool_] = self.fold_of(held)[self.at(held.pixels)] >= 0
        return whole

    def distances(self, held: HeldOut, whole: NDArray[np.bool_]) -> NDArray[np.float64]:
        """Distance of each label that was held out by place to the nearest that was trained on."""
        fold_of_label = self.fold_of(held)[self.place]
        distances = np.empty(len(held.pixels))
        for fold in np.unique(held.folds[whole]):
            test = whole & (held.folds == fold)
            trained = self.pixels[fold_of_label != fold]
            distances[test] = distances_to(trained, held.pixels[test], self.columns)
        return distances[whole]


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


def _too_few(places: Numbers, ids: Numbers, reach: int, name_of: NameOf) -> str:
    lacking = ids[places < ENOUGH_PLACES]
    apart = f", more than {reach} pixels from its other labels" if reach else ""
    if lacking.size == 0:
        what = f"label more places of every class{apart}"
    else:
        what = f"label another place of {named(lacking, name_of)}{apart}"
    return f"Too few separate places are labelled for an honest figure: {what}."
