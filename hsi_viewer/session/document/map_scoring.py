"""MapScoring: a map and all that it is scored on, as it was when a worker began."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from hsi_viewer.core.assessment.accuracy import AccuracyReport, score
from hsi_viewer.core.assessment.assessment import Assessment
from hsi_viewer.core.assessment.map_assessment import assess_map
from hsi_viewer.core.cube.region import RegionOfInterest
from hsi_viewer.core.evidence import RunEvidence
from hsi_viewer.core.labels.classes import ClassLegend
from hsi_viewer.core.labels.label_snapshot import LabelSnapshot
from hsi_viewer.core.prediction import Prediction

if TYPE_CHECKING:
    from hsi_viewer.session.document.document import Document


class MapScoring(Struct, frozen=True, eq=False):
    """A map, the ground truth, and the pixels whose labels a model may have seen.

    Attributes
    ----------
    prediction : the map; None where there is none.
    trained_on : (rows, columns), True where its model saw a label.
    region : what the map was made of.
    evidence : of the run that made it.
    truth : (rows, columns) true class ids, 0 where unknown; None without a ground truth.
    outdated : whether the classes are no longer those of the map: its test pixels don't count.
    labels : at the moment when this was made.
    legend : the classes, at that moment.
    """

    prediction: Prediction | None
    trained_on: NDArray[np.bool_]
    region: RegionOfInterest
    evidence: RunEvidence | None
    truth: NDArray[np.uint16] | None
    outdated: bool
    labels: LabelSnapshot
    legend: ClassLegend

    def test_pixels(self) -> NDArray[np.uint16] | None:
        """True ids of the pixels that may be scored, 0 elsewhere; None without a ground truth.

        What is labelled and what the map was trained on is left out, so that no pixel is
        scored whose label a model has seen; so is what lies outside the region.
        """
        if self.truth is None:
            return None
        seen = (self.labels.ids > 0) | self.trained_on
        if self.region.inside is not None:
            seen |= ~self.region.inside
        return np.where(seen, np.uint16(0), self.truth)

    def accuracy(self) -> AccuracyReport | None:
        """Accuracy of the map on the test pixels; None without a map or test pixels."""
        test = None if self.prediction is None or self.outdated else self.test_pixels()
        if self.prediction is None or test is None or not test.any():
            return None
        return score(self.prediction.class_map, test)

    def assessment(self) -> Assessment | None:
        """The map measured by all that is known of it; None where nothing is."""
        if self.prediction is None:
            return None
        test = None if self.outdated else self.test_pixels()
        return assess_map(
            self.prediction, self.trained_on, self.evidence, test, self.legend.name_of
        )


def scoring_of(document: Document) -> MapScoring:
    """What the map that is shown is scored on, as it is now."""
    return MapScoring(
        document.prediction,
        document.trained_on,
        document.map_region,
        document.results.evidence,
        document.truth,
        document.map_outdated,
        document.labels.snapshot(),
        ClassLegend(document.legend.classes),
    )


def scoring_of_map(
    document: Document, prediction: Prediction, trained_on: NDArray[np.bool_]
) -> MapScoring:
    """What another map of the scene is scored on, now: one that was made just before.

    Parameters
    ----------
    prediction, trained_on : of that map, as in `Document.set_prediction`.
    """
    return MapScoring(
        prediction,
        trained_on,
        prediction.region or RegionOfInterest(),
        None,
        document.truth,
        False,
        document.labels.snapshot(),
        ClassLegend(document.legend.classes),
    )
