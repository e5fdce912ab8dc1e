"""What a labelled reference sample says about a class map: its accuracy, and areas without bias."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from hsi_viewer.core.assessment.area_estimates import AreaEstimates, Estimate
from hsi_viewer.core.assessment.areas import UNITS, suited_unit
from hsi_viewer.core.assessment.confusion_table import TextTable
from hsi_viewer.core.assessment.reference_sample import Ids, Numbers, ReferenceSample
from hsi_viewer.core.labels.classes import ClassLegend

NO_SAMPLE = (
    "Areas can only be estimated from a probability sample of the scene, and labels or test pixels "
    "that somebody chose aren't one. Draw a reference sample (Map menu, or hsi-viewer sample) and "
    "label its points."
)
OTHER, OTHER_NAME = 65535, "None of the classes"  # reference of a point that has no class
OWN_STRATA = "The strata are the classes of this map (Olofsson et al. 2014)."
OTHER_STRATA = (
    "The points were drawn from another map than this one, whose classes are the strata (Stehman "
    "2014)."
)


class SampleAssessment(Struct, frozen=True, eq=False):
    """Accuracy and areas of a map by a labelled reference sample.

    Attributes
    ----------
    estimates : of the classified part of the map that the points were drawn from.
    own_strata : whether that is the assessed map.
    counted : share of the classified part that each class has in the assessed map, as counted.
    classified : pixels of that part; another map than that of the points may have fewer or more.
    square_metres : of the classified part; None where it isn't known.
    seed : of the draw.
    """

    estimates: AreaEstimates
    own_strata: bool
    counted: tuple[float, ...]
    classified: int
    square_metres: float | None
    seed: int

    @property
    def unit(self) -> str:
        """Unit of the areas: "pixels" where the scene gives no area of a pixel."""
        return "pixels" if self.square_metres is None else suited_unit(self.square_metres)

    def in_unit(self, share: float | Estimate) -> float | Estimate:
        """The area that a share has."""
        whole = float(self.estimates.total)
        if self.square_metres is not None:
            whole = self.square_metres / UNITS[self.unit]
        return share.times(whole) if isinstance(share, Estimate) else share * whole

    @property
    def areas(self) -> tuple[Estimate, ...]:
        """Area of each class with its interval."""
        found = (self.in_unit(share) for share in self.estimates.shares)
        return tuple(area for area in found if isinstance(area, Estimate))

    @property
    def method(self) -> str:
        """What the strata are, in a sentence."""
        return OWN_STRATA if self.own_strata else OTHER_STRATA

    @property
    def notes(self) -> tuple[str, ...]:
        """What the figures cannot say, in sentences."""
        found, notes = self.estimates, []
        if found.untold:
            low, high = (100 * x for x in found.bounds)
            notes.append(
                f"The class of {found.untold} of {found.points + found.untold} points is unknown; "
                "the estimates take them to be like the others of their stratum. Were all of them "
                f"wrong or all right, the overall accuracy would be {low:.1f} or {high:.1f} %."
            )
        if found.unmapped > 0:
            notes.append(
                f"{100 * found.unmapped:.1f} % of the area that the points stand for is "
                "unclassified in the map, and counts as wrong."
            )
        return tuple(notes)


def reference_name(legend: ClassLegend) -> Callable[[int], str]:
    """Names of classes, and of `OTHER`."""

    def name_of(class_id: int) -> str:
        known = class_id != OTHER or class_id in legend
        return legend.name_of(class_id) if known else OTHER_NAME

    return name_of


def assess_sample(
    sample: ReferenceSample,
    reference: Numbers,
    class_map: Ids,
    pixel_area: NDArray[np.float64] | None = None,
) -> SampleAssessment:
    """Accuracy and areas of a map from a labelled sample.

    Parameters
    ----------
    sample : drawn from the map, or from another one of the scene.
    reference : (n,) class of each point, or `CANNOT_TELL`.
    class_map : (rows, columns) the map to be assessed.
    pixel_area : (rows,) square metres of a pixel of each row; None if not known.

    Raises
    ------
    LabelError
        if the points cannot stand for the scene, with the reason.
    """
    found = sample.estimates(reference, class_map)
    population = class_map > 0
    pixels = np.count_nonzero(population, axis=1)
    metres = None
    if pixel_area is not None:
        by_row = pixels if pixels.any() else np.ones_like(pixels)
        metres = found.total * float(np.average(pixel_area, weights=by_row))
    counts = [np.count_nonzero(class_map == i) for i in found.class_ids]
    whole = int(pixels.sum())
    shares = tuple(n / max(whole, 1) for n in counts)
    return SampleAssessment(found, sample.is_from(class_map), shares, whole, metres, sample.seed)


def sample_table(found: SampleAssessment, name_of: Callable[[int], str] = str) -> TextTable:
    """Overall accuracy, then accuracies and areas by class, each with its 95 % interval."""
    estimates, unit = found.estimates, found.unit
    rows = [("All", "Overall accuracy, %", *_texts(estimates.overall, 100))]
    for k, class_id in enumerate(estimates.class_ids):
        name = name_of(class_id)
        rows += [
            (name, "User's accuracy, %", *_texts(estimates.users[k], 100)),
            (name, "Producer's accuracy, %", *_texts(estimates.producers[k], 100)),
            (name, "Share of the area, %", *_texts(estimates.shares[k], 100)),
            (name, f"Area, {unit}", *_texts(found.areas[k], 1)),
        ]
    title = (
        f"Estimated from {estimates.points} reference points drawn at random (seed {found.seed}), "
        f"with 95 % intervals. {found.method}"
    )
    return TextTable(title, ("Class", "Figure", "Value", "Low", "High", "Standard error"), (*rows,))


def areas_table(found: SampleAssessment, name_of: Callable[[int], str] = str) -> TextTable:
    """A row for each class: accuracies in percent, counted and estimated area, with intervals."""
    estimates, unit = found.estimates, found.unit
    rows = []
    for k, class_id in enumerate(estimates.class_ids):
        counted = found.in_unit(found.counted[k] * found.classified / estimates.total)
        rows.append(
            (
                name_of(class_id),
                _ranged(estimates.users[k].times(100), ".1f"),
                _ranged(estimates.producers[k].times(100), ".1f"),
                f"{counted:,.4g}" if unit != "pixels" else f"{counted:,.0f}",
                _ranged(found.areas[k], ",.4g" if unit != "pixels" else ",.0f"),
            )
        )
    return TextTable(
        f"From {estimates.points} reference points drawn at random, with 95 % intervals.",
        ("Class", "User's, %", "Producer's, %", f"Counted, {unit}", f"Estimated, {unit}"),
        tuple(rows),
    )


def _texts(estimate: Estimate, factor: float) -> tuple[str, str, str, str]:
    scaled = estimate.times(factor)
    value, low, high, error = (
        "" if np.isnan(x) else f"{x:.6g}"
        for x in (scaled.value, scaled.low, scaled.high, scaled.error)
    )
    return value, low, high, error


def _ranged(estimate: Estimate, form: str) -> str:
    if np.isnan(estimate.value):
        return "no points"
    value, low, high = (format(x, form) for x in (estimate.value, estimate.low, estimate.high))
    return f"{value} ({low} to {high})"
