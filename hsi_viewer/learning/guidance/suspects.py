"""Suspects: labels that may be wrong, as strokes to look at; and classes that look alike."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from hsi_viewer.core.geometry.connected_labels import connected_labels

if TYPE_CHECKING:
    from hsi_viewer.core.evidence import HeldOut
    from hsi_viewer.core.prediction import Prediction
    from hsi_viewer.learning.guidance.check_labels import SuspiciousLabel

MUCH = 0.2  # share of the labels of two classes that look like the other one
MOST_PAIRS = 3

Numbers = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Suspect:
    """Labels of a class that touch and look like the same other class.

    Attributes
    ----------
    pixels : (n,) flat indices, ascending.
    worst : the one of them that is contradicted most.
    label, looks_like : class ids.
    margin : mean of the pixels, below 0.
    """

    pixels: Numbers
    worst: int
    label: int
    looks_like: int
    margin: float


def suspects_of(found: Iterable[SuspiciousLabel], columns: int) -> list[Suspect]:
    """Contradicted labels in groups that touch, in the order of the first label of each.

    Parameters
    ----------
    found : as `check_labels` gives them, most suspicious first.
    columns : of the scene.
    """
    wrong = [one for one in found if one.margin < 0]
    if not wrong:
        return []
    pixels = np.array([one.row * columns + one.column for one in wrong], np.int64)
    margins = np.array([one.margin for one in wrong])
    pairs = np.array([(one.label, one.looks_like) for one in wrong], np.int64)
    kinds = np.unique(pairs, axis=0, return_inverse=True)[1].reshape(-1)
    groups = connected_labels(pixels, kinds, columns)
    suspects = []
    for group in dict.fromkeys(groups.tolist()):
        mine = np.flatnonzero(groups == group)
        worst = mine[margins[mine].argmin()]
        label, looks_like = pairs[mine[0]].tolist()
        suspects.append(
            Suspect(
                np.sort(pixels[mine]),
                int(pixels[worst]),
                label,
                looks_like,
                float(margins[mine].mean()),
            )
        )
    return suspects


def contradicted(held: HeldOut) -> Numbers:
    """Flat indices of the labels that models fitted without them take for another class."""
    return held.pixels[~held.right]


@dataclass(frozen=True)
class AlikePair:
    """Two classes whose labels look like one another.

    Attributes
    ----------
    first, second : class ids.
    confused : labels of both that look like the other one.
    of_first, of_second : labels that were judged.
    """

    first: int
    second: int
    confused: int
    of_first: int
    of_second: int

    @property
    def labels(self) -> int:
        """Labels of both that were judged."""
        return self.of_first + self.of_second

    @property
    def more(self) -> tuple[int, int]:
        """How many labels of each to add before the next check.

        A class with few labels draws level, and classes with about as many double them. What that
        gains is not foretold: from 10 to 20 labels per class, the errors of the development scenes
        fell by hardly anything (EnMAP) to more than half (Indian Pines).
        """
        few, many = sorted((self.of_first, self.of_second))
        if many < 2 * few:
            return many, many
        return many - self.of_first, many - self.of_second


def alike_pairs(found: Sequence[SuspiciousLabel]) -> list[AlikePair]:
    """Pairs of classes of which `MUCH` of the judged labels look like the other, worst first."""
    judged = Counter(one.label for one in found)
    confused = Counter(
        (min(one.label, one.looks_like), max(one.label, one.looks_like))
        for one in found
        if one.margin < 0
    )
    pairs = [AlikePair(*pair, n, *(judged[i] for i in pair)) for pair, n in confused.items()]
    alike = [p for p in pairs if p.confused >= max(2, MUCH * p.labels)]
    return sorted(alike, key=lambda p: -p.confused / p.labels)[:MOST_PAIRS]


def where_they_meet(
    prediction: Prediction, pair: tuple[int, int], labelled: NDArray[np.bool_]
) -> tuple[int, int] | None:
    """Row and column of the unlabelled pixel that a map finds most like both of two classes.

    Parameters
    ----------
    prediction : a map; None is returned where it kept no probabilities, or has not both classes.
    pair : class ids.
    labelled : (rows, columns) pixels that are left out.
    """
    if prediction.probabilities is None or not {*pair} <= {*prediction.class_ids}:
        return None
    first, second = (prediction.class_ids.index(i) for i in pair)
    both = np.minimum(prediction.probabilities[:, :, first], prediction.probabilities[:, :, second])
    both = np.where(labelled | (prediction.class_map == 0), -1.0, both)
    at = int(both.argmax())
    if both.flat[at] <= 0:
        return None
    row, column = divmod(at, both.shape[1])
    return row, column
