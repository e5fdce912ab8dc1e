"""SampleEstimator: what the labelled sample says about the map that is shown."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Slot

from hsi_viewer.analysis.pixel_area import pixel_area
from hsi_viewer.core.assessment.sample_assessment import SampleAssessment, assess_sample
from hsi_viewer.core.progress import CancelToken, ProgressPort
from hsi_viewer.session.document.document import Document

if TYPE_CHECKING:
    from hsi_viewer.ui.workspace import Workspace

TITLE = "Estimating areas from the reference points"


class SampleEstimator(QObject):
    """Keeps `Results.sample_assessment` as sample and map are, and tells by `Results.sampled`."""

    def __init__(self, workspace: Workspace, parent: QObject) -> None:
        super().__init__(parent)
        self._workspace = workspace
        workspace.document_changed.connect(self._on_document)

    @Slot()
    def _on_document(self) -> None:
        document = self._workspace.document
        if document is not None:
            document.prediction_changed.connect(self.estimate)
            document.cube_changed.connect(self.estimate)

    def estimate(self) -> None:
        """Estimate again, in the background, if every point is labelled."""
        document = self._workspace.document
        if document is None:
            return
        self._workspace.cancel(TITLE)
        sample, prediction, results = document.results.sample, document.prediction, document.results
        results.sample_assessment = None
        results.sample_reason = ""
        if sample is None or prediction is None or not sample.complete:
            if sample is not None and sample.done and not sample.complete:
                results.sample_reason = (
                    f"{sample.total - sample.done} of {sample.total} reference points aren't "
                    "labelled yet; accuracy and areas follow once all of them are."
                )
            results.sampled.emit()
            return
        drawn, reference, ids = sample.sample, sample.reference.copy(), prediction.class_map
        cube = document.cube

        def work(_token: CancelToken, _port: ProgressPort) -> SampleAssessment:
            area = pixel_area(cube.georeference, cube.rows, cube.columns)
            return assess_sample(drawn, reference, ids, area)

        self._workspace.compute(
            TITLE,
            work,
            partial(self._on_done, document),
            document=document,
            on_failed=partial(self._on_failed, document),
            quiet=True,
        )

    def _on_done(self, document: Document, found: SampleAssessment) -> None:
        document.results.sample_assessment = found
        document.results.sampled.emit()

    def _on_failed(self, document: Document, error: Exception) -> None:
        document.results.sample_reason = str(error)
        document.results.sampled.emit()
