"""AnsweredPlaces: what the user answered, in step with undo and redo; and what an answer covers."""

from __future__ import annotations

from collections import Counter
from typing import Literal

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from hsi_viewer.core.labels.history import History, Step
from hsi_viewer.core.text import counted
from hsi_viewer.ui.features.guidance.place_finder import Place

Area = Literal["segment", "core", "pixel"]
Kind = Literal["label", "skip", "no_class"]

WORDS: dict[Kind, str] = {"label": "labelled", "skip": "skipped", "no_class": "without a class"}


class Answer(Struct, frozen=True, eq=False):
    """An answer, the place that it is about, and its step of the history."""

    step: Step
    place: Place
    kind: Kind


class AnsweredPlaces:
    """The answers that are done, and those that were undone and can be redone."""

    def __init__(self) -> None:
        self.done: list[Answer] = []
        self._undone: list[Answer] = []

    def add(self, answer: Answer) -> None:
        """Note an answer; what was undone before it cannot be redone."""
        self.done.append(answer)
        self._undone.clear()

    def follow(self, history: History) -> Place | None:
        """Note what was undone and redone; the place of the earliest answer undone just now."""
        undone = {id(step) for step in history.steps[history.count :]}
        gone = [a for a in self.done if id(a.step) in undone]
        back = [a for a in self._undone if id(a.step) not in undone]
        self.done = [a for a in self.done if id(a.step) not in undone]
        reachable = {id(step) for step in history.steps}
        self.done += [a for a in back if id(a.step) in reachable]
        self._undone = [*gone, *(a for a in self._undone if id(a.step) in undone)]
        return gone[0].place if gone else None

    @property
    def sentence(self) -> str:
        """How many answers there are, and of which kind."""
        kinds = Counter(a.kind for a in self.done)
        parts = ", ".join(f"{n} {WORDS[kind]}" for kind, n in kinds.items())
        return counted(len(self.done), "answer") + (f": {parts}" if parts else "")


def covered(place: Place, area: Area, columns: int) -> NDArray[np.int64]:
    """The pixels that an answer is about, as ascending flat indices.

    The core of a segment is what lies inside its border, together with the pixel; the pixel
    alone, where that is at the border.

    Parameters
    ----------
    place : asked about.
    area : of it.
    columns : of the scene.
    """
    alone = np.array([place.row * columns + place.column], np.int64)
    if area == "pixel" or not len(place.segment):
        return alone
    pixels = place.segment if area == "segment" else core_of(place)
    flat = pixels[:, 0] * columns + pixels[:, 1]
    return np.union1d(flat, alone)


def core_of(place: Place) -> NDArray[np.int64]:
    """Rows and columns (n, 2) inside the border of a segment that the pixel is connected with."""
    from scipy.ndimage import binary_erosion, label  # slow, and not needed at the start

    corner = place.segment.min(axis=0)
    inside = np.zeros(place.segment.max(axis=0) - corner + 1, bool)
    inside[tuple((place.segment - corner).T)] = True
    parts, _ = label(binary_erosion(inside))
    at = (place.row - corner[0], place.column - corner[1])
    here = parts[at] if inside[at] else 0
    found: NDArray[np.int64] = np.argwhere(parts == here) + corner
    return found if here else np.zeros((0, 2), np.int64)
