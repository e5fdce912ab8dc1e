"""Folds that hold out labels by place: whole strokes or stretches, far from what is trained on.

Labels of one stroke look alike, and wide windows around them overlap. Folds drawn label by label
therefore favour models that look far. Here the labels of a class are cut where they lie furthest
apart, along the axis on which they spread most, into parts of similar size; connected labels stay
together as long as the class then keeps labels to train on.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, partial

import numpy as np
from numpy.typing import NDArray

from hsi_viewer.core.geometry.connected_labels import connected_labels

FOLDS = 3
WHOLE = 0.75  # share of a class's labels up to which a connected group is held out in one piece
SLACK = 0.25  # how far a cut may move to a wider gap, in parts of a fold
NEVER = -1


@dataclass(frozen=True, eq=False)
class SpatialFolds:
    """Which labels are held out together.

    Attributes
    ----------
    positions : (n, 2) row and column of each label.
    targets : (n,) class indices.
    folds : (n,) fold in which each label is held out, -1 for one that is always trained on.
    groups : (n,) connected labels of a class, or a piece of too large a group; from 0. A group is
        never in two folds.
    """

    positions: NDArray[np.int64]
    targets: NDArray[np.int64]
    folds: NDArray[np.int64]
    groups: NDArray[np.int64]

    @property
    def used(self) -> NDArray[np.int64]:
        """The folds that hold out labels, ascending."""
        found: NDArray[np.int64] = np.unique(self.folds[self.folds != NEVER])
        return found

    @property
    def is_held(self) -> NDArray[np.bool_]:
        """(n,) whether each label is held out in some fold."""
        held: NDArray[np.bool_] = self.folds != NEVER
        return held

    @property
    def too_few(self) -> str | None:
        """Why the folds say nothing about the scene, in a sentence; None if they do."""
        classes, held = len(np.unique(self.targets)), len(np.unique(self.targets[self.is_held]))
        if len(self.used) >= 2 and held >= 2 and 2 * held >= classes:
            return None
        return (
            f"Labels can be held out in {held} of {classes} classes, because the others have one "
            "label each. Label more places of each class."
        )

    @cached_property
    def apart(self) -> NDArray[np.float64]:
        """(n,) distance (pixels) to the nearest label of its class that is trained on, when held.

        NaN for labels that are never held out.
        """
        from scipy.spatial import KDTree  # slow to import

        distance = np.full(len(self.targets), np.nan)
        far = 2.0 * (np.ptp(self.positions) + 1 if len(self.positions) else 1)
        places = np.column_stack([self.positions, far * self.targets])
        for fold in self.used:
            test = self.folds == fold
            distance[test] = KDTree(places[~test]).query(places[test])[0]
        return distance


def spatial_folds(
    pixels: NDArray[np.int64],
    targets: NDArray[np.int64],
    columns: int,
    folds: int = FOLDS,
    *,
    joined_at: Sequence[int] = (),
) -> SpatialFolds:
    """Folds of labelled pixels; the same labels in any order always give the same folds.

    Of several scenes that were joined, whole scenes are held out.

    Parameters
    ----------
    pixels : (n,) flat indices in the scene, row-major, each once.
    targets : (n,) class indices.
    columns : of the scene.
    folds : to cut each class into, at most; every class keeps labels in each training part.
    joined_at : first rows of the scenes in a cube of several; see `HyperCube.joined_at`.
    """
    make = partial(_spatial_folds, columns=columns, folds=folds)
    return _in_order_of_place(make, pixels, targets, columns, folds, joined_at)


def half_folds(
    pixels: NDArray[np.int64],
    targets: NDArray[np.int64],
    columns: int,
    *,
    joined_at: Sequence[int] = (),
) -> SpatialFolds:
    """Two folds, the halves of the labelled area: as far as labels of one scene can be apart.

    Of several scenes that were joined, each half is of whole scenes.

    Labels of a class that lies in one half only are never held out; parameters as of
    `spatial_folds`.
    """
    make = partial(_half_folds, columns=columns)
    return _in_order_of_place(make, pixels, targets, columns, 2, joined_at)


def _in_order_of_place(
    make: Callable[[NDArray[np.int64], NDArray[np.int64]], SpatialFolds],
    pixels: NDArray[np.int64],
    targets: NDArray[np.int64],
    columns: int,
    folds: int,
    joined_at: Sequence[int],
) -> SpatialFolds:
    """Folds of labels in any order: cuts between places that lie equally far depend on it.

    Of several scenes that were joined, they are whole scenes where these can be held out.
    """
    pixels, targets = np.asarray(pixels, np.int64), np.asarray(targets, np.int64)
    order = np.argsort(pixels, kind="stable")
    labels, back = (pixels[order], targets[order]), np.argsort(order)
    whole = _scene_folds(*labels, columns, folds, joined_at) if joined_at else None
    found = make(*labels) if whole is None or whole.too_few is not None else whole
    return SpatialFolds(
        found.positions[back], found.targets[back], found.folds[back], found.groups[back]
    )


def _spatial_folds(
    pixels: NDArray[np.int64],
    targets: NDArray[np.int64],
    columns: int,
    folds: int,
) -> SpatialFolds:
    """Folds of labels in the order of their pixels."""
    positions = np.column_stack(np.divmod(pixels, columns))
    groups = connected_labels(pixels, targets, columns)
    held = np.full(pixels.size, NEVER)
    count = int(groups.max(initial=-1)) + 1
    for k in np.unique(targets):
        members = np.flatnonzero(targets == k)
        if members.size < 2:
            continue
        sizes = np.bincount(groups[members], minlength=1)
        for large in np.flatnonzero(sizes > WHOLE * members.size):
            piece = members[groups[members] == large]
            parts = _cut(positions[piece], np.ones(piece.size, np.int64), folds)
            groups[piece] = np.where(parts == 0, large, count + parts - 1)
            count += int(parts.max())
        held[members] = _folds_of_groups(positions[members], groups[members], folds)
    groups = np.unique(groups, return_inverse=True)[1].reshape(-1)
    return SpatialFolds(positions, targets, held, groups)


def _scene_folds(
    pixels: NDArray[np.int64],
    targets: NDArray[np.int64],
    columns: int,
    folds: int,
    joined_at: Sequence[int],
) -> SpatialFolds:
    """Folds of whole scenes, of similar numbers of labels; a class of one scene is never held."""
    positions = np.column_stack(np.divmod(pixels, columns))
    scene = np.searchsorted(np.asarray(joined_at), positions[:, 0], side="right") - 1
    sizes = np.bincount(scene, minlength=len(joined_at))
    fold_of, filled = np.zeros(sizes.size, np.int64), np.zeros(min(folds, sizes.size))
    for largest in np.argsort(-sizes, kind="stable"):
        fold_of[largest] = int(filled.argmin())
        filled[fold_of[largest]] += sizes[largest]
    held = np.full(pixels.size, NEVER)
    for k in np.unique(targets):
        members = targets == k
        if np.ptp(fold_of[scene[members]]) > 0:
            held[members] = fold_of[scene[members]]
    return SpatialFolds(positions, targets, held, connected_labels(pixels, targets, columns))


def _half_folds(
    pixels: NDArray[np.int64],
    targets: NDArray[np.int64],
    columns: int,
) -> SpatialFolds:
    """The halves of labels in the order of their pixels."""
    positions = np.column_stack(np.divmod(pixels, columns))
    groups = connected_labels(pixels, targets, columns)
    spread = np.ptp(positions, axis=0) if pixels.size else np.zeros(2)
    along = positions[:, int(spread.argmax())]
    side = _cut(along[:, None], np.ones(along.size, np.int64), 2)
    if groups.size:  # a group is on the side of most of its labels
        most = np.bincount(groups, side) * 2 > np.bincount(groups)
        side = most[groups].astype(np.int64)
    held = np.full(pixels.size, NEVER)
    for k in np.unique(targets):
        members = targets == k
        if np.ptp(side[members]) > 0:
            held[members] = side[members]
    return SpatialFolds(positions, targets, held, groups)


def _folds_of_groups(
    positions: NDArray[np.int64], groups: NDArray[np.int64], folds: int
) -> NDArray[np.int64]:
    """Fold (n,) of the labels of one class, whose groups stay whole; -1 of a single group."""
    _, index, sizes = np.unique(groups, return_inverse=True, return_counts=True)
    if sizes.size < 2:
        return np.full(groups.size, NEVER)
    centres = np.column_stack([np.bincount(index, p) / sizes for p in positions.T])
    return _cut(centres, sizes, folds)[index]


def _cut(
    positions: NDArray[np.floating | np.int64], sizes: NDArray[np.int64], folds: int
) -> NDArray[np.int64]:
    """Part (n,) of each of several places, cut at wide gaps along the axis of most spread.

    Parameters
    ----------
    positions : (n, axes).
    sizes : (n,) labels at each place: the parts are to be of similar size in these.
    folds : parts, fewer where there are fewer places.
    """
    part = np.zeros(len(positions), np.int64)
    folds = min(folds, len(positions))
    if folds < 2:
        return part
    centred = positions - np.average(positions, axis=0, weights=sizes)
    axis = np.linalg.eigh((centred * sizes[:, None]).T @ centred)[1][:, -1]
    along = centred @ (axis * np.sign(axis[np.abs(axis).argmax()]))
    order = np.argsort(along, kind="stable")
    gaps = np.diff(along[order])
    before = np.cumsum(sizes[order])[:-1] * folds / sizes.sum()  # parts that end at each gap
    start = 0
    for cut in range(1, folds):
        last = len(gaps) - (folds - 1 - cut)  # one place at least for each later part
        off = np.abs(before[start:last] - cut)
        near = np.flatnonzero(off <= max(SLACK, float(off.min()) + 1e-9))
        wide = gaps[start:last][near]
        widest = near[wide >= wide.max() * (1 - 1e-6)]
        start += int(widest[off[widest].argmin()]) + 1
        part[order[start:]] = cut
    return part
