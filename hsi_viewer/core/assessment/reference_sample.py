"""A reference sample: points drawn at random in each class of a map, for areas and accuracy.

Size and allocation after Olofsson et al. (2014, Remote Sens. Environ. 148, 42-57).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Literal

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from hsi_viewer.core.assessment.area_estimates import (
    LEAST_POINTS,
    AreaEstimates,
    estimate_areas,
)
from hsi_viewer.core.assessment.intervals import Z95
from hsi_viewer.core.errors import LabelError

LEAST_IN_CLASS = 50  # points of a rare class, if it has as many pixels
USERS = 0.8  # user's accuracy that is expected where nothing is known

Allocation = Literal["recommended", "proportional", "equal"]

Ids = NDArray[np.uint16]
Numbers = NDArray[np.int64]


class ReferenceSample(Struct, frozen=True, eq=False):
    """Points to be labelled, in a random order that tells nothing of their class.

    Attributes
    ----------
    pixels : (n,) flat indices in the scene, row-major.
    strata : (n,) class of each in the map that it was drawn from.
    sizes : pixels of each class of that map.
    shape : rows and columns of the scene.
    seed : of the draw.
    digest : of the map, by `map_digest`; "" if it isn't known.
    """

    pixels: Numbers
    strata: Numbers
    sizes: Mapping[int, int]
    shape: tuple[int, int]
    seed: int
    digest: str = ""

    @property
    def inclusion(self) -> NDArray[np.float64]:
        """(n,) probability with which each point was drawn."""
        drawn = {s: int(np.count_nonzero(self.strata == s)) for s in self.sizes}
        return np.array([drawn[s] / self.sizes[s] for s in self.strata.tolist()], np.float64)

    def is_from(self, class_map: Ids) -> bool:
        """Whether the points were drawn from this map, so that its classes are the strata."""
        if class_map.shape != self.shape:
            return False
        if self.digest:
            return self.digest == map_digest(class_map)
        own = class_map.ravel()[self.pixels]
        return stratum_sizes(class_map) == dict(self.sizes) and bool((own == self.strata).all())

    def estimates(self, reference: Numbers, class_map: Ids | None = None) -> AreaEstimates:
        """Accuracy and areas from the labels of the points.

        Parameters
        ----------
        reference : (n,) labels, 0 for none yet, `CANNOT_TELL` for none possible.
        class_map : (rows, columns) the map to be assessed, if it is another than the one that the
            points were drawn from; the strata then differ from its classes.

        Raises
        ------
        LabelError
            if the points cannot stand for the scene, with the reason.
        """
        mapped = self.strata
        if class_map is not None:
            if class_map.shape != self.shape:
                raise LabelError(
                    f"The map is {class_map.shape[0]} x {class_map.shape[1]}, but the reference "
                    f"sample was drawn from one of {self.shape[0]} x {self.shape[1]}."
                )
            mapped = class_map.ravel()[self.pixels].astype(np.int64)
        return estimate_areas(self.strata, mapped, reference.astype(np.int64), self.sizes)


def map_digest(class_map: Ids) -> str:
    """Sixteen digits that name a map: its size and the class of every pixel."""
    rows, columns = class_map.shape
    digest = hashlib.sha256(f"{rows} x {columns}:".encode())
    digest.update(np.ascontiguousarray(class_map, "<u2").data)
    return digest.hexdigest()[:16]


def stratum_sizes(class_map: Ids) -> dict[int, int]:
    """Pixels of each class of a map, without 0."""
    counts = np.bincount(class_map.ravel())
    return {int(i): int(counts[i]) for i in np.flatnonzero(counts) if i > 0}


def sample_size(
    sizes: Mapping[int, int], half_width: float, users: Mapping[int, float] | None = None
) -> int:
    """Points that are needed for an interval of the overall accuracy, by equation 13.

    Parameters
    ----------
    sizes : pixels of each class of the map.
    half_width : of the wanted 95 % interval, such as 0.03.
    users : user's accuracy expected of each class; `USERS` where not given.

    Raises
    ------
    LabelError
        if the width isn't above 0 or there are no pixels.
    """
    if not half_width > 0:
        raise LabelError("The interval must be wider than 0.")
    total = sum(sizes.values())
    if total == 0:
        raise LabelError("The map has no classified pixels, so no points can be drawn.")
    expected = {i: (users or {}).get(i, USERS) for i in sizes}
    spread = {i: np.sqrt(max(u * (1 - u), 0.0)) for i, u in expected.items()}
    mean = sum(n / total * spread[i] for i, n in sizes.items())
    squares = sum(n / total * spread[i] ** 2 for i, n in sizes.items())
    wanted = mean**2 / ((half_width / Z95) ** 2 + squares / total)
    return max(1, min(total, int(np.ceil(round(float(wanted), 9)))))


def allocation(
    sizes: Mapping[int, int],
    points: int,
    least: int = LEAST_IN_CLASS,
    kind: Allocation = "recommended",
) -> dict[int, int]:
    """Points of each class.

    More points than wanted where even the least of every class are more.

    Parameters
    ----------
    sizes : pixels of each class of the map; a class never gets more points.
    points : wanted in all.
    least : points of each class of "recommended", as far as it has pixels.
    kind : "recommended" gives some to every rare class and the others by area; "proportional" all
        by area, but the two that a variance needs; "equal" as many to each class.
    """
    least = max(least, LEAST_POINTS) if kind == "recommended" else LEAST_POINTS
    fixed: dict[int, int] = {}
    growing = {i: 1 if kind == "equal" else n for i, n in sizes.items()}
    while growing:
        rest, total = points - sum(fixed.values()), sum(growing.values())
        fair = {i: rest * n / total for i, n in growing.items()}
        low = {i: min(least, sizes[i]) for i in growing if fair[i] <= min(least, sizes[i])}
        full = {i: sizes[i] for i in growing if fair[i] >= sizes[i]}
        if not (low or full):
            whole = {i: int(f) for i, f in fair.items()}
            by_rest = sorted(growing, key=lambda i: (int(fair[i]) - fair[i], i))
            for i in by_rest[: rest - sum(whole.values())]:
                whole[i] += 1
            fixed |= whole
            break
        fixed |= low or full
        growing = {i: n for i, n in growing.items() if i not in fixed}
    return {i: fixed[i] for i in sizes}


def draw_sample(class_map: Ids, points: Mapping[int, int], seed: int = 0) -> ReferenceSample:
    """Points drawn at random, without replacement, in each class of a map.

    Parameters
    ----------
    class_map : (rows, columns) class ids; 0 is never drawn.
    points : of each class, as `allocation` gives them.
    seed : of the generator.

    Raises
    ------
    LabelError
        if a class has fewer pixels than points.
    """
    sizes = stratum_sizes(class_map)
    rng = np.random.default_rng(seed)
    drawn = []
    for class_id, count in sorted(points.items()):
        own = np.flatnonzero(class_map == class_id) if class_id in sizes else np.zeros(0, np.int64)
        if own.size < count:
            raise LabelError(
                f"Class {class_id} has {own.size} pixels in the map, too few for {count} points."
            )
        drawn.append(rng.choice(own, count, replace=False))
    pixels = rng.permutation(np.concatenate(drawn)) if drawn else np.zeros(0, np.int64)
    strata = class_map.ravel()[pixels].astype(np.int64)
    shape = (class_map.shape[0], class_map.shape[1])
    return ReferenceSample(
        pixels.astype(np.int64), strata, sizes, shape, seed, map_digest(class_map)
    )
