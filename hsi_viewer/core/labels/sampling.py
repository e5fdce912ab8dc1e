"""Training pixels drawn from a ground truth, class by class, seeded.

Two protocols. At random: pixels anywhere, all others are test pixels; optimistic for every method
that looks at neighbours, because a test pixel often touches a training pixel. By fields: a whole
field gives either training pixels or test pixels.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from hsi_viewer.core.errors import LabelError
from hsi_viewer.core.labels.class_ids import count_ids

BUFFER = 8  # pixels between training and scored ones, when fields are kept apart
SMALL_FIELD = 8  # fewer pixels are not a field, where a class has larger ones
FIELD_SHARE = 0.4  # of a class's pixels, about so many lie in fields for training


@dataclass(frozen=True)
class Draw:
    """How training pixels are drawn.

    Attributes
    ----------
    amount : pixels per class, or percent of each class.
    unit : which of both.
    protocol : "random", or "fields" kept apart.
    seed : of the generator.
    """

    amount: float
    unit: Literal["pixels", "percent"] = "pixels"
    protocol: Literal["random", "fields"] = "random"
    seed: int = 0

    def __str__(self) -> str:
        unit = "%" if self.unit == "percent" else " pixels"
        where = ", separate fields" if self.protocol == "fields" else ""
        return f"{self.amount:g}{unit} per class{where}, seed {self.seed}"


def draw_training(
    truth: NDArray[np.uint16], draw: Draw
) -> tuple[NDArray[np.uint16], NDArray[np.uint16]]:
    """Draw training pixels of every class; a class gives at most half of those it has there.

    Returns
    -------
    training, test : (rows, columns) class ids each, 0 elsewhere.

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
    labelled = truth > 0
    pool = _field_pool(truth, rng) if draw.protocol == "fields" else labelled
    training = np.zeros_like(truth)
    for class_id in _ids(truth):
        own = truth == class_id
        where = np.flatnonzero(pool & own)
        wanted = int(draw.amount)
        if draw.unit == "percent":
            wanted = max(round(draw.amount / 100 * np.count_nonzero(own)), 1)
        k = min(wanted, max(where.size // 2, 1))
        training.flat[rng.choice(where, k, replace=False)] = class_id
    scored = labelled & (training == 0)
    if draw.protocol == "fields":
        scored &= ~pool & ~_near(training > 0)
    return training, np.where(scored, truth, 0).astype(truth.dtype)


def _ids(truth: NDArray[np.uint16]) -> list[int]:
    return [int(i) for i in np.flatnonzero(count_ids(truth)) if i]


def _field_pool(truth: NDArray[np.uint16], rng: np.random.Generator) -> NDArray[np.bool_]:
    """Pixels of the fields that may be trained on; a class of one field is cut in two."""
    from scipy.ndimage import label

    pool = np.zeros(truth.shape, bool)
    for class_id in _ids(truth):
        fields, count = label(truth == class_id, np.ones((3, 3)))
        sizes = np.bincount(fields.ravel())[1:]
        numbers = range(1, count + 1)
        large = [i for i in numbers if sizes[i - 1] >= SMALL_FIELD] or list(numbers)
        if len(large) == 1:
            rows, columns = np.nonzero(fields == large[0])
            along = rows if np.ptp(rows) >= np.ptp(columns) else columns
            side = along <= np.median(along)
            if rng.integers(2) and not side.all():
                side = ~side
            pool[rows[side], columns[side]] = True
            continue
        order, taken = rng.permutation(large), 0
        total = sizes[[n - 1 for n in large]].sum()
        for number in order[:-1]:
            pool |= fields == number
            taken += sizes[number - 1]
            if taken >= FIELD_SHARE * total:
                break
    return pool


def _near(training: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """What is at most BUFFER rows and columns from a training pixel."""
    from scipy.ndimage import maximum_filter1d

    size = 2 * BUFFER + 1
    rows = maximum_filter1d(training.view(np.uint8), size, axis=0, mode="constant")
    near: NDArray[np.bool_] = maximum_filter1d(rows, size, axis=1, mode="constant") > 0
    return near


def draw_per_class(
    truth: NDArray[np.uint16], n: int, seed: int = 0
) -> tuple[NDArray[np.uint16], NDArray[np.uint16]]:
    """Draw n training pixels of each class at random; the rest are test pixels.

    A class gives at most half of its pixels (at least one), so that each can be scored.

    Parameters
    ----------
    truth : (rows, columns) class ids, 0 unlabelled.
    n : training pixels per class.
    seed : of the generator.

    Returns
    -------
    training, test : (rows, columns) class ids each, 0 elsewhere.

    Raises
    ------
    LabelError
        if the ground truth holds no class or n is below 1.
    """
    return draw_training(truth, Draw(n, seed=seed))
