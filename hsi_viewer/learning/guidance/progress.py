"""LabelProgress: what the answers of the user have come to, map by map."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Annotated, Any

import numpy as np
from msgspec import Meta
from numpy.typing import NDArray

from hsi_viewer.core.assessment.intervals import Interval
from hsi_viewer.core.validation import InvalidError, checked

RECENT = 20  # answers whose effect on the map is told
LITTLE = 0.005  # share of the map; where they changed less, more labels help little
SAMPLED = 250_000  # pixels of a map that are compared with earlier ones
MOST_POINTS = 2_000

Ids = NDArray[np.uint16]
Share = Annotated[float, Meta(ge=0, le=1)]


@dataclass(frozen=True)
class Point:
    """A map of the series.

    Attributes
    ----------
    answers : given before it.
    since : answers between it and the map that it is compared with; 0 for the first map.
    changed : share of the map that they changed, or None.
    accuracy, low, high : by cross-validation of the labels, with its 95 % interval, or None.
    """

    answers: Annotated[int, Meta(ge=0)]
    since: Annotated[int, Meta(ge=0)] = 0
    changed: Share | None = None
    accuracy: Share | None = None
    low: Share | None = None
    high: Share | None = None


def sampled(class_map: Ids) -> Ids:
    """Every n-th row and column of a map, flat: what is compared with other maps."""
    step = max(1, int(np.ceil(np.sqrt(class_map.size / SAMPLED))))
    return class_map[::step, ::step].ravel().copy()


class LabelProgress:
    """Accuracy and change of the maps since guidance began.

    Each map is compared with one that is `RECENT` answers older, or the first.

    Attributes
    ----------
    points : of the maps, in the order of the answers.
    """

    def __init__(self) -> None:
        self.points: list[Point] = []
        self._maps: list[tuple[int, Ids]] = []

    def add(self, answers: int, class_map: Ids, accuracy: Interval | None = None) -> Point:
        """Note a map.

        Parameters
        ----------
        answers : given before it; what was noted after more answers, since undone, is dropped.
        class_map : (n,) of the sampled pixels; see `sampled`.
        accuracy : of the labels that were held out, or None where there are too few.
        """
        self.points = [p for p in self.points if p.answers < answers][-MOST_POINTS:]
        self._maps = [m for m in self._maps if m[0] < answers and m[1].size == class_map.size]
        old_enough = [m for m in self._maps if answers - m[0] >= RECENT]
        before = old_enough[-1] if old_enough else next(iter(self._maps), None)
        since = answers - before[0] if before is not None else 0
        changed = changed_share(before[1], class_map) if before is not None else None
        self.points.append(Point(answers, since, changed))
        self.measure(accuracy)
        kept = old_enough[-1:] if old_enough else self._maps[:1]
        self._maps = [*kept, *(m for m in self._maps if m not in kept and m[0] > kept[0][0])]
        self._maps.append((answers, class_map))
        return self.points[-1]

    def measure(self, accuracy: Interval | None) -> None:
        """Note the accuracy of the last map, once it is known with its interval."""
        if accuracy is None or np.isnan([accuracy.value, accuracy.low, accuracy.high]).any():
            return
        if self.points:
            value, low, high = accuracy.value, accuracy.low, accuracy.high
            self.points[-1] = replace(self.points[-1], accuracy=value, low=low, high=high)

    @property
    def sentence(self) -> str:
        """What the last answers changed, and whether more labels help; "" for the first map."""
        last = self.points[-1] if self.points else None
        if last is None or last.changed is None or last.since == 0:
            return ""
        what = "answer" if last.since == 1 else f"{last.since} answers"
        told = f"The last {what} changed {100 * last.changed:.1f} % of the map."
        if last.since >= RECENT and last.changed < LITTLE:
            told += " More labels help little now."
        return told

    def to_json(self) -> list[dict[str, Any]]:
        """The points, for a session."""
        return [asdict(p) for p in self.points]

    def restore(self, values: object) -> None:
        """Take points as `to_json` gave them; what isn't valid is left out."""
        try:
            self.points = checked(list[Point], values)[-MOST_POINTS:]
        except InvalidError:
            self.points = []
        self._maps = []


def changed_share(before: Ids, after: Ids) -> float:
    """Share of the pixels that either map classifies whose class differs."""
    mapped = (before > 0) | (after > 0)
    count = int(np.count_nonzero(mapped))
    return float(np.count_nonzero((before != after) & mapped) / count) if count else 0.0
