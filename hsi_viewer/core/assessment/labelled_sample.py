"""A reference sample while it is labelled: the next point, answers, undo, and JSON for sessions."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Any

import numpy as np
from msgspec import Meta, Struct

from hsi_viewer.core.assessment.area_estimates import CANNOT_TELL
from hsi_viewer.core.assessment.reference_sample import Numbers, ReferenceSample
from hsi_viewer.core.geometry.pixels import Pixel
from hsi_viewer.core.labels.classes import MAX_CLASS_ID
from hsi_viewer.core.validation import InvalidError, checked

Number = Annotated[int, Meta(ge=CANNOT_TELL, lt=2**53)]


@dataclass(eq=False)
class LabelledSample:
    """Points, their labels so far, and the one that is asked about.

    Attributes
    ----------
    sample : as it was drawn.
    reference : (n,) class of each, 0 where it isn't labelled, `CANNOT_TELL` where nobody can tell.
    answered : numbers of the points in the order of the answers.
    at : number of the point that is asked about; None once all are labelled.
    """

    sample: ReferenceSample
    reference: Numbers = field(default_factory=lambda: np.zeros(0, np.int64))
    answered: list[int] = field(default_factory=list)
    at: int | None = None

    def __post_init__(self) -> None:
        if not self.reference.size:
            self.reference = np.zeros(self.sample.pixels.size, np.int64)
        if self.at is None:
            self.at = self._next(-1)

    @property
    def total(self) -> int:
        """Number of points."""
        return int(self.reference.size)

    @property
    def done(self) -> int:
        """Points that have an answer."""
        return int(np.count_nonzero(self.reference))

    @property
    def complete(self) -> bool:
        """Whether all have one."""
        return self.done == self.total

    @property
    def place(self) -> Pixel | None:
        """Row and column of the point that is asked about."""
        if self.at is None:
            return None
        row, column = divmod(int(self.sample.pixels[self.at]), self.sample.shape[1])
        return row, column

    def answer(self, class_id: int) -> None:
        """Label the point with a class or `CANNOT_TELL`, and go on to the next."""
        if self.at is not None:
            self.reference[self.at] = class_id
            self.answered.append(self.at)
            self.at = self._next(self.at)

    def later(self) -> None:
        """Go on to the next point without an answer; this one comes again after the others."""
        if self.at is not None:
            self.at = self._next(self.at)

    def take_back(self) -> bool:
        """Ask again about the point that was answered last; False where none was."""
        if not self.answered:
            return False
        self.at = self.answered.pop()
        self.reference[self.at] = 0
        return True

    def _next(self, after: int) -> int | None:
        """The next point without an answer, from the start again after the last one."""
        free = np.flatnonzero(self.reference == 0)
        later = free[free > after]
        return int(later[0]) if later.size else int(free[0]) if free.size else None

    def to_json(self) -> dict[str, Any]:
        """JSON values for a session."""
        sample = self.sample
        return {
            "shape": list(sample.shape),
            "seed": sample.seed,
            "digest": sample.digest,
            "sizes": [[i, n] for i, n in sample.sizes.items()],
            "pixels": sample.pixels.tolist(),
            "strata": sample.strata.tolist(),
            "reference": self.reference.tolist(),
            "answered": list(self.answered),
            "at": self.at,
        }


class _Stored(Struct, frozen=True):
    """A sample in a session, as it is read."""

    shape: tuple[Number, Number]
    seed: Number
    digest: str
    sizes: tuple[tuple[Number, Number], ...]
    pixels: tuple[Number, ...]
    strata: tuple[Number, ...]
    reference: tuple[Number, ...]
    answered: tuple[Number, ...] = ()
    at: Number | None = None


def sample_from_json(values: Any, shape: tuple[int, int]) -> LabelledSample | None:
    """The sample of a session; None where it isn't valid, or of a scene of another size."""
    try:
        stored = checked(_Stored, values)
    except InvalidError:
        return None
    pixels, strata, reference = (
        np.array(column, np.int64) for column in (stored.pixels, stored.strata, stored.reference)
    )
    sizes, count = dict(stored.sizes), pixels.size
    numbers = [*stored.answered, *([] if stored.at is None else [stored.at])]
    fits = (
        tuple(stored.shape) == tuple(shape)
        and 0 < count == strata.size == reference.size == np.unique(pixels).size
        and 0 <= pixels.min() <= pixels.max() < shape[0] * shape[1]
        and set(strata.tolist()) <= set(sizes)
        and reference.min() >= CANNOT_TELL
        and reference.max() <= MAX_CLASS_ID
        and all(0 <= n < count for n in numbers)
    )
    if not fits:
        return None
    sample = ReferenceSample(pixels, strata, sizes, shape, stored.seed, stored.digest)
    answered = [n for n in dict.fromkeys(stored.answered) if reference[n]]
    at = stored.at if stored.at is not None and not reference[stored.at] else None
    return LabelledSample(sample, reference, answered, at)
