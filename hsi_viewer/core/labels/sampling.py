"""Training pixels drawn from a ground truth, class by class, seeded.

Two protocols. At random: pixels anywhere, all others are test pixels; optimistic for every method
that looks at neighbours, because a test pixel often touches a training pixel. By fields: a whole
field gives either training pixels or test pixels, and test pixels lie further from training pixels
than the model looks, as far as the scene allows.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Literal

import numpy as np
from msgspec import Struct, field
from numpy.typing import ArrayLike, NDArray

from hsi_viewer.core.errors import LabelError, SettingError
from hsi_viewer.core.labels.class_ids import class_ids, count_ids
from hsi_viewer.core.training import whole_number

REACH = 27  # pixels that the engine looks far: three sigma of its widest window, and its network
SMALL_FIELD = 8  # fewer pixels are not a field, where a class has larger ones
FIELD_SHARE = 0.4  # of a class's pixels, about this share lies in fields for training
LEAST_TEST = 20  # test pixels that a class keeps, with a smaller gap if need be
# Where the fields drawn first lie too close: others at random, and those on one side of the scene.
MORE_POOLS, DIRECTIONS = 8, 16

Ids = NDArray[np.uint16]


class Draw(Struct, frozen=True):
    """How training pixels are drawn.

    Attributes
    ----------
    amount : pixels per class, or percent of each class.
    unit : which of both.
    protocol : "random", or "fields" kept apart.
    seed : of the generator.
    gap : pixels that lie between training and test pixels of separate fields, at least.
    strict : whether the gap is kept at any cost, with fields drawn once, at random: classes
        without a pixel beyond it are not scored. Otherwise such classes get a smaller gap.
    """

    amount: float
    unit: Literal["pixels", "percent"] = "pixels"
    protocol: Literal["random", "fields"] = "random"
    seed: int = 0
    gap: int = REACH
    strict: bool = False

    def __str__(self) -> str:
        unit = " %" if self.unit == "percent" else " pixels"
        where = ", separate fields" if self.protocol == "fields" else ""
        return f"{self.amount:g}{unit} per class{where}, seed {self.seed}"


class Split(Struct, frozen=True, eq=False):
    """Training and test pixels of one ground truth.

    Attributes
    ----------
    training, test : (rows, columns) class ids each, 0 elsewhere.
    draw : how they were drawn.
    smaller_gaps : by class id, the gap that was kept where the wanted one could not be; -1 for
        classes without a test pixel. Empty for random pixels.
    """

    training: Ids
    test: Ids
    draw: Draw
    smaller_gaps: Mapping[int, int] = field(default_factory=dict)

    def note(self, name_of: Callable[[int], str] = str) -> str | None:
        """What the split could not keep, in one or two sentences; None if nothing."""
        near = [(i, gap) for i, gap in self.smaller_gaps.items() if gap >= 0]
        none = [i for i, gap in self.smaller_gaps.items() if gap < 0]
        parts = []
        if near:
            listed = ", ".join(f"{name_of(i)} ({gap})" for i, gap in near)
            parts.append(
                f"The scene has no room for a gap of {self.draw.gap} pixels between training and "
                f"test pixels in {len(near)} of {len(_ids(self.training))} classes, whose figures "
                f"are optimistic; they keep fewer: {listed}."
            )
        if none:
            listed = ", ".join(name_of(i) for i in none)
            parts.append(f"No test pixels could be kept apart for {listed}.")
        return " ".join(parts) or None


def split_of(truth: Ids, draw: Draw) -> Split:
    """Draw training pixels of every class; a class gives at most half of those it has there.

    Raises
    ------
    LabelError
        if the ground truth holds no class or nothing would be drawn.
    """
    if not draw.amount > 0:
        raise LabelError("At least one training pixel per class is needed.")
    if not truth.any():
        raise LabelError("The ground truth contains no labelled pixels.")
    rng = np.random.default_rng(draw.seed)
    if draw.protocol == "random":
        training = _drawn(truth, truth > 0, draw, rng)
        test = np.where(training == 0, truth, 0).astype(truth.dtype)
        return Split(training, test, draw)
    fields = _fields(truth)
    first = _random_pool(fields, truth.shape, rng)
    best = _separated(truth, first, draw, rng)
    if draw.strict or not best.smaller_gaps:
        return best
    angles = np.pi * (rng.random() + 2 * np.arange(DIRECTIONS)) / DIRECTIONS
    pools = [_random_pool(fields, truth.shape, rng) for _ in range(MORE_POOLS)]
    for pool in (*pools, *(_side_pool(fields, truth.shape, a) for a in angles)):
        best = max(best, _separated(truth, pool, draw, rng), key=_room)
    return best


def draw_training(truth: Ids, draw: Draw) -> tuple[Ids, Ids]:
    """Training and test pixels, (rows, columns) class ids each, 0 elsewhere; see `split_of`."""
    split = split_of(truth, draw)
    return split.training, split.test


def _drawn(truth: Ids, pool: NDArray[np.bool_], draw: Draw, rng: np.random.Generator) -> Ids:
    """Training pixels of the pool."""
    training = np.zeros_like(truth)
    for class_id in _ids(truth):
        own = truth == class_id
        where = np.flatnonzero(pool & own)
        wanted = int(draw.amount)
        if draw.unit == "percent":
            wanted = max(round(draw.amount / 100 * np.count_nonzero(own)), 1)
        k = min(wanted, max(where.size // 2, 1))
        training.flat[rng.choice(where, k, replace=False)] = class_id
    return training


def _separated(truth: Ids, pool: NDArray[np.bool_], draw: Draw, rng: np.random.Generator) -> Split:
    """A split with test pixels outside the pool, each class with the gap it can keep."""
    from scipy.ndimage import distance_transform_cdt

    training = _drawn(truth, pool, draw, rng)
    rest = np.flatnonzero((truth > 0) & ~pool)
    classes = truth.ravel()[rest]
    distances = distance_transform_cdt(training == 0, "chessboard").ravel()[rest]
    kept = distances > draw.gap
    smaller: dict[int, int] = {}
    for class_id in _ids(truth):
        own = classes == class_id
        enough = max(min(LEAST_TEST, int(own.sum()) // 4), 1)
        if int((kept & own).sum()) >= enough:
            continue
        if draw.strict or not own.any():
            if not (kept & own).any():
                smaller[class_id] = -1
            continue
        gap = int(np.sort(distances[own])[-enough]) - 1
        kept[own] = distances[own] > gap
        smaller[class_id] = gap
    test = np.zeros_like(truth)
    test.flat[rest[kept]] = classes[kept]
    return Split(training, test, draw, smaller)


def _room(split: Split) -> tuple[int, int]:
    """How well a split keeps apart: classes with the whole gap first, then the others' gaps."""
    return -len(split.smaller_gaps), sum(split.smaller_gaps.values())


def _ids(truth: Ids) -> list[int]:
    return [int(i) for i in np.flatnonzero(count_ids(truth)) if i]


def _fields(truth: Ids) -> list[list[NDArray[np.int64]]]:
    """Flat indices of each field, by class; small ones only where a class has no larger."""
    from scipy.ndimage import label

    found = []
    for class_id in _ids(truth):
        numbers, count = label(truth == class_id, np.ones((3, 3)))
        inside = np.flatnonzero(numbers)
        of = numbers.ravel()[inside]
        order = np.argsort(of, kind="stable")
        ends = np.cumsum(np.bincount(of, minlength=count + 1)[1:])
        fields = np.split(inside[order], ends[:-1])
        found.append([f for f in fields if f.size >= SMALL_FIELD] or fields)
    return found


def _random_pool(
    fields: list[list[NDArray[np.int64]]], shape: tuple[int, ...], rng: np.random.Generator
) -> NDArray[np.bool_]:
    """Pixels of random fields, which may be trained on; a class of one field is cut in two."""
    pool = np.zeros(shape, bool)
    for own in fields:
        if len(own) == 1:
            rows, columns = np.divmod(own[0], shape[1])
            along = rows if np.ptp(rows) >= np.ptp(columns) else columns
            side = along <= np.median(along)
            if rng.integers(2) and not side.all():
                side = ~side
            pool.flat[own[0][side]] = True
        else:
            _take(pool, [own[i] for i in rng.permutation(len(own))])
    return pool


def _side_pool(
    fields: list[list[NDArray[np.int64]]], shape: tuple[int, ...], angle: float
) -> NDArray[np.bool_]:
    """Pixels of the fields on one side of the scene; a class of one field is cut in two."""
    pool = np.zeros(shape, bool)
    for own in fields:
        along = [np.cos(angle) * (f // shape[1]) + np.sin(angle) * (f % shape[1]) for f in own]
        if len(own) == 1:
            pool.flat[own[0][along[0] <= np.median(along[0])]] = True
        else:
            _take(pool, [own[i] for i in np.argsort([a.mean() for a in along], kind="stable")])
    return pool


def _take(pool: NDArray[np.bool_], ordered: list[NDArray[np.int64]]) -> None:
    """Mark fields one after the other, up to about the wanted share; the last is never taken."""
    total, taken = sum(f.size for f in ordered), 0
    for pixels in ordered[:-1]:
        pool.flat[pixels] = True
        taken += pixels.size
        if taken >= FIELD_SHARE * total:
            break


def draw_per_class(truth: ArrayLike, n: int, seed: int = 0) -> tuple[Ids, Ids]:
    """Draw n training pixels of each class at random; the rest are test pixels.

    A class gives at most half of its pixels (at least one), so that each can be scored.

    Parameters
    ----------
    truth : (rows, columns) class ids; 0, negative and NaN are unlabelled.
    n : training pixels per class.
    seed : of the generator.

    Returns
    -------
    training, test : (rows, columns) class ids each, 0 elsewhere.

    Raises
    ------
    LabelError
        if the ground truth holds no class, or other values, or n is below 1.
    SettingError
        if n or the seed is not a whole number, or the seed is negative.
    """
    count, number = whole_number(n, "The number of pixels per class"), whole_number(seed, "A seed")
    if number < 0:
        raise SettingError(f"A seed must be a whole number of at least 0, not {number}.")
    draw = Draw(count, seed=number)
    return draw_training(class_ids(truth, "the ground truth", copy=False), draw)
