"""Results: what has been computed of an open document, and is kept until it changes or is left."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray
from psygnal import Signal

if TYPE_CHECKING:
    from hsi_viewer.analysis.library_matching import LoadedLibrary
    from hsi_viewer.analysis.scatter import ScatterResult
    from hsi_viewer.analysis.spectral_angle import AngleMap
    from hsi_viewer.core.assessment.assessment import Assessment
    from hsi_viewer.core.assessment.labelled_sample import LabelledSample
    from hsi_viewer.core.assessment.sample_assessment import SampleAssessment
    from hsi_viewer.core.classifier import Model
    from hsi_viewer.core.evidence import RunEvidence
    from hsi_viewer.learning.guidance.ground import Ground


class ModelResult(Struct, frozen=True, eq=False):
    """A model, and the pixels that it has learned from.

    Attributes
    ----------
    model : the latest one of the document.
    labelled : (rows, columns), True where it, or a model that it went on from, saw a label.
    """

    model: Model
    labelled: NDArray[np.bool_]


@dataclass(eq=False)
class Results:
    """Results of a document; what shows them reads them here.

    `assessed` is emitted when `assessment` or `assessing` changed, `sampled` when `sample` or
    `sample_assessment` did.

    Attributes
    ----------
    angle_map : spectral angle of each pixel to a spectrum, or None.
    scatter : density of two channels, or None.
    libraries : spectral libraries on the bands of the cube.
    model : the latest model, or None.
    evidence : cross-validation of the run whose map is shown, or None; another map removes it.
    assessment : how good the shown map is, honestly and optimistically; None while not known.
    assessing : what is being done to find it out, in words; "" where nothing is.
    ground : what proposals are made on, or None.
    sample : reference points that were drawn from a map, and their labels; or None.
    sample_assessment : what they say about the shown map; None until all are labelled.
    sample_reason : why they say nothing yet.
    """

    assessed = Signal()
    sampled = Signal()

    angle_map: AngleMap | None = None
    scatter: ScatterResult | None = None
    libraries: tuple[LoadedLibrary, ...] = ()
    model: ModelResult | None = None
    ground: Ground | None = None
    evidence: RunEvidence | None = None
    assessment: Assessment | None = None
    assessing: str = ""
    sample: LabelledSample | None = None
    sample_assessment: SampleAssessment | None = None
    sample_reason: str = ""

    def show_assessment(self, assessment: Assessment | None, assessing: str = "") -> None:
        """Take another assessment of the shown map, or none, and what is still under way."""
        self.assessment, self.assessing = assessment, assessing
        self.assessed.emit()

    def add_libraries(self, added: tuple[LoadedLibrary, ...]) -> None:
        """Put libraries after the others, in the place of those of the same name."""
        names = {a.library.name for a in added}
        self.libraries = (*(x for x in self.libraries if x.library.name not in names), *added)

    def forget_measured(self) -> None:
        """Drop what was measured with metadata that no longer hold: nodata, scale, bad bands."""
        self.angle_map = self.scatter = self.ground = None
