"""Proposals: the places of a scene where a label helps the map most.

Each place is worth the doubt of the map that its label would settle. A label settles a place the
better, the more alike the two are, and what is labelled already has settled its own: the gain of a
label is the doubt at all places, times how much nearer its spectrum is to them than any label so
far (the facility-location rule of Wei, Iyer and Bilmes, "Submodularity in data subset selection
and active learning", ICML 2015). A map may doubt a place although its like is labelled elsewhere;
so a fifth of its doubt is settled by no label but its own. What is likely of none of the classes,
by the answers so far, has no doubt to settle. So proposals are uncertain, unlike labelled places,
unlike each other, and stand for many pixels.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt
from scipy.spatial.distance import cdist, pdist

from hsi_viewer.core.prediction import Prediction
from hsi_viewer.learning.features import FloatArray
from hsi_viewer.learning.guidance.absence import Absence, evenly, spectra_at
from hsi_viewer.learning.guidance.ground import OUTSIDE, Ground

# By the gain over segments or over single pixels, unlike all that is labelled, or drawn at random;
# the others are yardsticks of the benchmark: the summed doubt of a segment, the doubt of a pixel,
# and the gain were doubt the same everywhere.
Rule = Literal["gain", "fine", "novel", "drawn", "segment", "margin", "cover"]
Numbers = NDArray[np.int64]
Mask = NDArray[np.bool_]

MOST_PLACES = 1_500  # that are compared with one another
SAMPLED = 300  # of them, whose distances say what is near
NEAR = 0.05
SPREAD = 0.8  # part of the doubt of a place that a label of its like settles
APART = 2  # pixels between two proposals, at least


@dataclass(frozen=True, eq=False)
class Suggestion:
    """A place that is worth a label.

    Attributes
    ----------
    row, column : the pixel to look at, inside the segment.
    segment : (n, 2) rows and columns of the pixels around it that look alike, without those that
        are labelled or were skipped.
    classes : ids of the two most likely classes there, the likelier first.
    score : 0..1, how much a label helps in comparison with the best place.
    novel : whether it is proposed because it resembles none of the classes.
    """

    row: int
    column: int
    segment: Numbers
    classes: tuple[int, int]
    score: float
    novel: bool = False


@dataclass(frozen=True, eq=False)
class Doubt:
    """What a map does not know.

    Attributes
    ----------
    first, second : (rows, columns) index of the likeliest class and of the next.
    doubt : (rows, columns) 1 less the margin between their probabilities, 0..1.
    """

    first: NDArray[np.int16]
    second: NDArray[np.int16]
    doubt: FloatArray


def doubt_of(probabilities: FloatArray) -> Doubt:
    """The two likeliest classes of probabilities (rows, columns, classes), two classes at least."""
    shape = probabilities.shape[:2]
    best, next_best = np.full(shape, -1, np.float32), np.full(shape, -1, np.float32)
    first, second = np.zeros(shape, np.int16), np.zeros(shape, np.int16)
    for k in range(probabilities.shape[2]):
        p = probabilities[:, :, k]
        higher = p > best
        middle = ~higher & (p > next_best)
        next_best = np.where(higher, best, np.where(middle, p, next_best))
        second = np.where(higher, first, np.where(middle, k, second)).astype(np.int16)
        best, first = np.where(higher, p, best), np.where(higher, k, first).astype(np.int16)
    doubt = 1 - np.clip(best - next_best, 0, 1)
    return Doubt(first, second, np.nan_to_num(doubt, nan=1.0).astype(np.float32))


def doubt_of_map(prediction: Prediction) -> Doubt:
    """The same of a map; one that kept no probabilities gives the rest of its confidence evenly."""
    if prediction.probabilities is not None:
        return doubt_of(prediction.probabilities)
    ids = np.asarray(prediction.class_ids, np.int64)
    order = np.argsort(ids)
    place = np.searchsorted(ids, prediction.class_map, sorter=order).clip(max=ids.size - 1)
    first = order[place].astype(np.int16)
    sure = prediction.confidence
    margin = sure - (1 - sure) / max(ids.size - 1, 1)
    doubt = np.nan_to_num(1 - np.clip(margin, 0, 1), nan=1.0).astype(np.float32)
    return Doubt(first, np.where(first == 0, min(1, ids.size - 1), 0).astype(np.int16), doubt)


@dataclass(frozen=True, eq=False)
class Places:
    """Places that are compared with one another.

    Attributes
    ----------
    pixels : (n,) flat index of the pixel that is looked at.
    spectra : (n, components).
    doubt : (n,) of the map, summed over the place.
    sizes : (n,) pixels of the place.
    weights : (n,) how many such places of the scene each stands for.
    """

    pixels: Numbers
    spectra: FloatArray
    doubt: NDArray[np.float64]
    sizes: NDArray[np.float64]
    weights: NDArray[np.float64]


class Proposer:
    """Proposes places of one scene, given its map.

    Parameters
    ----------
    ground : the scene.
    said : the map's doubt, or the probabilities (rows, columns, classes) of the map, refined as it
        is shown; of what the arrays of the ground hold.
    class_ids : in the order of the probabilities.
    labelled, skipped : (rows, columns) pixels that are not asked for; a segment that holds a
        skipped pixel is skipped as a whole.
    background : (rows, columns) pixels that are of none of the classes.
    """

    def __init__(
        self,
        ground: Ground,
        said: FloatArray | Doubt,
        class_ids: tuple[int, ...],
        labelled: Mask,
        skipped: Mask | None = None,
        background: Mask | None = None,
    ) -> None:
        self.ground, self.class_ids = ground, class_ids
        self.said = said if isinstance(said, Doubt) else doubt_of(said)
        labelled, numbers = ground.seen(labelled), ground.segments
        empty = np.zeros_like(labelled) if background is None else ground.seen(background)
        self.open = ground.valid & (numbers != OUTSIDE) & ~labelled & ~empty
        if skipped is not None and skipped.any():
            skipped = ground.seen(skipped)
            self.open &= ~skipped & ~np.isin(numbers, np.unique(numbers[skipped & self.open]))
        self._count = int(numbers.max(initial=OUTSIDE)) + 1
        self._seed = int(np.count_nonzero((labelled | empty) & ground.valid))
        self._known = spectra_at(ground, evenly((labelled | empty) & ground.valid))
        self._absence = Absence(ground, labelled, empty)

    def suggestions(self, rules: tuple[Rule, ...]) -> list[Suggestion]:
        """One place by each of some rules, the best first; fewer where no place is left.

        A place that was drawn has the score of the one before it.
        """
        taken = np.zeros(self.open.shape, bool)
        makers = {rule: self._by(rule) for rule in dict.fromkeys(rules)}
        best: dict[Rule, float] = {}
        found: list[Suggestion] = []
        for rule in rules:
            made = makers[rule](taken)
            if made is None:
                continue
            pixel, score = made
            best.setdefault(rule, score)
            at = divmod(pixel, self.open.shape[1])
            share = float(min(score / best[rule], 1.0)) if best[rule] > 0 else 1.0
            if rule == "drawn":
                share = found[-1].score if found else 1.0
            found.append(self._suggestion(at, share, novel=rule == "novel"))
            taken[self.ground.segments == self.ground.segments[at]] |= rule not in (
                "margin",
                "fine",
                "drawn",
            )
            near = tuple(slice(max(0, i - APART), i + APART + 1) for i in at)
            taken[near] = True
        return sorted(found, key=lambda s: -s.score)

    def _suggestion(self, at: tuple[int, int], score: float, *, novel: bool) -> Suggestion:
        segment = np.argwhere((self.ground.segments == self.ground.segments[at]) & self.open)
        pair = (self.class_ids[int(i[at])] for i in (self.said.first, self.said.second))
        row, column = self.ground.in_scene(np.array([at], np.int64))[0].tolist()
        segment = self.ground.in_scene(segment.astype(np.int64))
        return Suggestion(row, column, segment, (next(pair), next(pair)), score, novel)

    def _by(self, rule: Rule) -> Callable[[Mask], tuple[int, float] | None]:
        """What gives the next place and its score, apart from a mask of taken pixels."""
        if rule == "drawn":
            return self._drawn()
        places = self._pixels() if rule in ("margin", "fine") else self._segments()
        if not places.pixels.size:
            return lambda taken: None
        if rule in ("cover", "gain", "fine"):
            return self._gains(places, places.doubt if rule != "cover" else np.ones(1))
        if rule == "novel":
            return self._novel(places)
        return self._diminishing(places)

    def _drawn(self) -> Callable[[Mask], tuple[int, float] | None]:
        """Single pixels at random, the same ones for as many labels."""
        inside = np.flatnonzero(self.open)
        rng = np.random.default_rng(self._seed)
        order = rng.choice(inside, min(inside.size, MOST_PLACES), replace=False)
        spectra = spectra_at(self.ground, order)
        none = self._absence.chance(order, spectra, width_of(spectra))
        order = order[np.argsort(rng.random(order.size) < none, kind="stable")]

        def drawn(taken: Mask) -> tuple[int, float] | None:
            free = order[~taken.ravel()[order]]
            return (int(free[0]), 1.0) if free.size else None

        return drawn

    def _diminishing(self, places: Places) -> Callable[[Mask], tuple[int, float] | None]:
        width, worth = width_of(places.spectra), places.doubt.copy()

        def best(taken: Mask) -> tuple[int, float] | None:
            left = np.where(taken.ravel()[places.pixels], -1.0, worth)
            i = int(left.argmax())
            if left[i] < 0:
                return None
            worth[:] *= 1 - alike(places.spectra, places.spectra[i : i + 1], width)[:, 0]
            return int(places.pixels[i]), float(left[i])

        return best

    def _novel(self, places: Places) -> Callable[[Mask], tuple[int, float] | None]:
        """Places further from all that is labelled than labels are from one another, large first.

        The distance takes the part of the doubt: a class that has no label yet may be mapped
        without any.
        """
        if len(self._known) < 2:
            return lambda taken: None
        apart = cdist(self._known, self._known)
        np.fill_diagonal(apart, np.inf)
        usual = apart.min(axis=1).max()
        distance = cdist(places.spectra, self._known).min(axis=1)
        strange = distance > usual
        best = self._gains(places, np.where(strange, places.sizes * distance, 0.0), spread=1.0)

        def novel(taken: Mask) -> tuple[int, float] | None:
            found = best(taken)
            return found if found is not None and found[1] > 0 else None

        return novel

    def _gains(
        self, places: Places, worth: NDArray[np.float64], spread: float = SPREAD
    ) -> Callable[[Mask], tuple[int, float] | None]:
        width = width_of(places.spectra)
        some = 1 - self._absence.chance(places.pixels, places.spectra, width)
        own = worth * some
        weights = places.weights * own
        among = alike(places.spectra, places.spectra, width)
        settled = alike(places.spectra, self._known, width).max(axis=1, initial=0.0)

        def best(taken: Mask) -> tuple[int, float] | None:
            gains = np.maximum(among - settled[:, None], 0).T @ weights * some
            gains = spread * gains + (1 - spread) * own
            gains[taken.ravel()[places.pixels]] = -1.0
            i = int(gains.argmax())
            if gains[i] < 0:
                return None
            np.maximum(settled, among[i], out=settled)
            return int(places.pixels[i]), float(gains[i])

        return best

    def _segments(self) -> Places:
        """Segments with a pixel that may be proposed; each is looked at in its core."""
        inside = np.flatnonzero(self.open)
        numbers = self.ground.segments.ravel()[inside]
        sizes = np.bincount(numbers, minlength=self._count)
        doubts = self.said.doubt.ravel()[inside].astype(np.float64)
        doubt: NDArray[np.float64] = np.bincount(numbers, doubts, minlength=self._count).astype(
            np.float64
        )
        used = np.flatnonzero(sizes)
        chosen, weights = chosen_places(doubt[used])
        used = used[chosen]
        spectra = np.stack(
            [
                np.bincount(numbers, plane.ravel()[inside], minlength=self._count)[used]
                / sizes[used]
                for plane in self.ground.components
            ],
            axis=1,
        )
        cores = self._cores(inside, numbers)[used]
        own = sizes[used].astype(np.float64)
        return Places(cores, spectra.astype(np.float32), doubt[used], own, weights)

    def _cores(self, inside: Numbers, numbers: NDArray[np.int32]) -> Numbers:
        """The pixel of each segment that is furthest from its border, -1 for none."""
        cores = np.full(self._count, -1, np.int64)
        deep = depth_of(self.ground.segments).ravel()[inside]
        order = np.argsort(deep, kind="stable")
        cores[numbers[order]] = inside[order]  # the deepest comes last
        return cores

    def _pixels(self) -> Places:
        """Single pixels that may be proposed."""
        inside = np.flatnonzero(self.open)
        doubt = self.said.doubt.ravel()[inside].astype(np.float64)
        chosen, weights = chosen_places(doubt)
        inside = inside[chosen]
        spectra = self.ground.components.reshape(len(self.ground.components), -1)[:, inside].T
        return Places(inside, spectra, doubt[chosen], np.ones(inside.size), weights)


def chosen_places(doubt: NDArray[np.float64]) -> tuple[Numbers, NDArray[np.float64]]:
    """At most `MOST_PLACES` places, ascending, and how many each stands for.

    Half of them are those of most doubt; the others stand for the rest.
    """
    if doubt.size <= MOST_PLACES:
        return np.arange(doubt.size), np.ones(doubt.size)
    half = MOST_PLACES // 2
    order = np.argsort(-doubt, kind="stable")
    rest = np.sort(order[half:])
    some = rest[np.linspace(0, rest.size - 1, half).astype(np.int64)]
    chosen = np.concatenate([order[:half], some])
    weights = np.concatenate([np.ones(half), np.full(half, rest.size / half)])
    ascending = np.argsort(chosen)
    return chosen[ascending], weights[ascending]


def depth_of(numbers: NDArray[np.int32]) -> FloatArray:
    """Distance (rows, columns) of each pixel from the border of its segment."""
    inner = np.ones(numbers.shape, bool)
    down, across = numbers[1:] != numbers[:-1], numbers[:, 1:] != numbers[:, :-1]
    inner[1:][down], inner[:-1][down] = False, False
    inner[:, 1:][across], inner[:, :-1][across] = False, False
    padded = np.pad(inner, 1)
    found: FloatArray = distance_transform_edt(padded)[1:-1, 1:-1].astype(np.float32)
    return found


def width_of(spectra: FloatArray) -> float:
    """The distance at which spectra are similar: that of the nearest `NEAR` of all pairs."""
    some = spectra[:: max(1, len(spectra) // SAMPLED)].astype(np.float64)
    apart = pdist(some)
    apart = apart[apart > 0]
    return float(np.quantile(apart, NEAR)) if apart.size else 1.0


def alike(one: FloatArray, other: FloatArray, width: float) -> NDArray[np.float64]:
    """Likeness of spectra (n, components) and (m, components) are: (n, m), 0..1."""
    found: NDArray[np.float64] = np.exp(-cdist(one, other, "sqeuclidean") / (2 * width**2))
    return found
