"""An assessment: the honest and the optimistic figure, what they rest on, and what to add."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from hsi_viewer.core.assessment.accuracy import AccuracyReport
from hsi_viewer.core.assessment.reliability import Reliability
from hsi_viewer.core.assessment.sample_assessment import SampleAssessment
from hsi_viewer.core.assessment.separation import Separation

NOTABLE = 0.005  # a smaller difference of the two figures is not worth a word
MOST_NAMES = 8

NameOf = Callable[[int], str]
Basis = Literal["labels", "test pixels"]


class Assessment(Struct, frozen=True, eq=False):
    """Accuracy of a map: the honest figure, and the optimistic one beside it.

    Attributes
    ----------
    separated : of test pixels that lie apart from the training pixels; None where there are too
        few places for it, which the warnings say.
    random : of test pixels that may touch training pixels; None where there are too few.
    separation : of the test pixels of `separated`.
    reliability : of the confidence of their answers.
    reach : how far the model looks from a pixel, in pixels.
    places : separate places of the test pixels that could be scored apart.
    warnings : what the figures cannot say, and what to label for it.
    separated_on, random_on : what each was measured on: the labels, by cross-validation, or test
        pixels.
    sample : what labelled reference points say about the map; None without any.
    name_of : names of the classes.
    cross_validated : of the labels, held out place by place, where `separated` is of test pixels.
    """

    separated: AccuracyReport | None
    random: AccuracyReport | None
    separation: Separation | None
    reliability: Reliability | None
    reach: int
    places: int
    warnings: tuple[str, ...] = ()
    separated_on: Basis = "labels"
    random_on: Basis = "labels"
    sample: SampleAssessment | None = None
    name_of: NameOf = str
    cross_validated: AccuracyReport | None = None

    @property
    def calibration_error(self) -> float:
        """Expected calibration error, 0..1; NaN where nothing was scored apart."""
        return float("nan") if self.reliability is None else self.reliability.error

    @property
    def optimistic(self) -> bool:
        """Whether the figure beside training pixels is above the honest one, or alone."""
        if self.random is None or self.separated is None:
            return self.random is not None
        return bool(self.random.overall.value - self.separated.overall.value >= NOTABLE)

    @property
    def second_title(self) -> str:
        """What `random` is the accuracy of."""
        return "All test pixels" if self._is_unseen else "Beside training pixels"

    @property
    def _is_unseen(self) -> bool:
        """Whether no pixel of the scene was trained on."""
        on_test = self.separated_on == self.random_on == "test pixels"
        return self.separated is not None and self.separation is None and on_test

    @property
    def _lacks_classes(self) -> bool:
        """Whether some classes of `random` could not be scored apart."""
        if self.separated is None or self.random is None:
            return False
        return not _scored(self.random) <= _scored(self.separated)

    @property
    def sentence(self) -> str | None:
        """Why the two figures differ, and which one to quote; None without a second one."""
        if self.random is None:
            return None
        why, quote = self._compared(self.random)
        if self.sample is not None:
            quote = "Quote the figure of the reference points: they were drawn at random for it."
        return f"{why} {quote}".strip()

    def _compared(self, random: AccuracyReport) -> tuple[str, str]:
        """Why the two figures differ, and which one to quote."""
        if self.separated is None:
            return (
                "This figure is optimistic: its test pixels lie beside training pixels and look "
                "like them. It says nothing about places without labels."
            ), ""
        if self._is_unseen:
            return (
                "Both figures agree, because no pixel of this scene was trained on: all test "
                "pixels lie apart."
            ), ""
        gap = random.overall.value - self.separated.overall.value
        if self.separated_on != self.random_on:
            return (
                "The two figures are of different pixels: the first of your labels, held out place "
                "by place, the second of all test pixels, many of which the model sees from its "
                "training pixels."
            ), "Quote the first: it holds where nothing was labelled."
        if self._lacks_classes:
            there = _scored(random)
            measured = len(there & _scored(self.separated))
            why = (
                "and test pixels beside training pixels look like them, which raises the second"
                if gap >= NOTABLE
                else "so the two cannot be compared"
            )
            return (
                f"The first figure is of {measured} of {len(there)} classes alone, {why}."
            ), "Quote the first only with the classes that it is of."
        if gap <= -NOTABLE:
            return (
                f"Test pixels beside training pixels score {-100 * gap:.1f} points lower here, so "
                "nearness isn't what makes them right."
            ), "Quote the figure of separate places."
        if gap < NOTABLE:
            return (
                "Both figures agree: test pixels beside training pixels are not easier here than "
                "those of other places."
            ), "Quote the figure of separate places."
        return (
            f"Test pixels beside training pixels score {100 * gap:.1f} points higher, because "
            "they look like them."
        ), "Quote the figure of separate places: it holds where nothing was labelled."


def _scored(report: AccuracyReport) -> set[int]:
    """The classes that test pixels have."""
    counts = zip(report.class_ids, report.truth_counts.tolist(), strict=True)
    return {class_id for class_id, count in counts if count}


def is_enough(report: AccuracyReport, classes: int) -> bool:
    """Whether a report may be shown: of two classes and half of all at least, with an interval.

    Parameters
    ----------
    report : of separate places.
    classes : that there are.
    """
    measured = int(np.count_nonzero(report.truth_counts))
    return measured >= max(2, -(-classes // 2)) and not np.isnan(report.overall.low)


def named(ids: Sequence[int] | NDArray[np.integer], name_of: NameOf) -> str:
    """Names in a sentence: "corn, oats and wheat"; of many, the first."""
    names = [name_of(int(i)) for i in ids]
    if len(names) > MOST_NAMES:
        names = [*names[: MOST_NAMES - 1], f"{len(names) - MOST_NAMES + 1} more classes"]
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
