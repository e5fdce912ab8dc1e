"""PlaceFinder: computes the places that are asked about next, while the user answers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from msgspec import Struct, field
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal, Slot

from hsi_viewer.analysis.labelled_spectra import labelled_spectra
from hsi_viewer.core.assessment.intervals import Interval
from hsi_viewer.core.assessment.label_assessment import assess_labels
from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.evidence import Evidence
from hsi_viewer.core.geometry.pixels import Pixel
from hsi_viewer.core.labels.class_ids import count_ids
from hsi_viewer.core.labels.decisions import Decision, background_of
from hsi_viewer.core.labels.label_snapshot import LabelSnapshot
from hsi_viewer.core.prediction import Prediction
from hsi_viewer.core.progress import CancelToken, ProgressPort
from hsi_viewer.learning.guidance.progress import sampled
from hsi_viewer.ui.task_thread import Task

if TYPE_CHECKING:
    from hsi_viewer.learning.guidance.ground import Ground
    from hsi_viewer.learning.guidance.proposals import Suggestion
    from hsi_viewer.session.document.document import Document
    from hsi_viewer.ui.workspace import Workspace

TITLE = "Looking for places to label"
AHEAD = 12  # places that wait to be shown

Ids = NDArray[np.uint16]
Spectra = Mapping[int, NDArray[np.float64]]


class Place(Struct, frozen=True, eq=False):
    """A place that the user is asked about, with all that is shown of it.

    Attributes
    ----------
    row, column : the pixel to look at.
    segment : (n, 2) rows and columns of the pixels around it that look alike.
    classes : ids of the two most likely classes, the likelier first.
    spectrum : (bands,) of the pixel.
    novel : whether nothing that is labelled looks like it.
    """

    row: int
    column: int
    segment: NDArray[np.int64]
    classes: tuple[int, int]
    spectrum: NDArray[np.float64]
    novel: bool = False


class MeanSpectra(Struct, frozen=True, eq=False):
    """Mean spectra of the classes, and of how many labels each was taken."""

    counts: Mapping[int, int] = field(default_factory=dict)
    spectra: Spectra = field(default_factory=dict)


class Found(Struct, frozen=True, eq=False):
    """What a search has come to.

    Attributes
    ----------
    places : the best first.
    means : of the labelled classes.
    prediction : the map that was searched.
    sampled_map : pixels of it that are compared with other maps.
    accuracy : of its labels by cross-validation; None with too few places.
    ground : of the scene, for the next search.
    """

    places: tuple[Place, ...]
    means: MeanSpectra
    prediction: Prediction
    sampled_map: Ids
    accuracy: Interval | None
    ground: Ground


class Search(Struct, frozen=True, eq=False):
    """What a worker needs: the scene at one moment.

    Attributes
    ----------
    cube, prediction, evidence : the scene, its map and what the map rests on.
    labels, decisions : as they were.
    ground, means : of an earlier search, or None.
    asked : pixels of the place on the screen and of those that come later: not proposed again.
    """

    cube: HyperCube
    prediction: Prediction
    evidence: Evidence | None
    labels: LabelSnapshot
    decisions: LabelSnapshot
    ground: Ground | None
    means: MeanSpectra
    asked: tuple[Pixel, ...]

    def run(self, token: CancelToken, port: ProgressPort) -> Found:
        """Find places, in a worker."""
        from hsi_viewer.learning.guidance.ground import ground_of
        from hsi_viewer.learning.guidance.suggest import places_to_label

        ground = self.ground or ground_of(self.cube, token, port)
        labels, decisions = self.labels.ids, self.decisions.ids
        background = background_of(decisions)
        skipped = background | (decisions == Decision.SKIPPED)
        for pixel in self.asked:
            skipped[pixel] = True
        token.check()
        found = places_to_label(
            self.prediction, ground, labels > 0, skipped, self.evidence, AHEAD, background
        )
        token.check()
        means = means_of(self.cube, labels, self.means, token, port)
        return Found(
            tuple(self._place(one) for one in found),
            means,
            self.prediction,
            sampled(self.prediction.class_map),
            self._accuracy(labels),
            ground,
        )

    def _place(self, one: Suggestion) -> Place:
        spectrum = self.cube.spectrum(one.row, one.column)
        return Place(one.row, one.column, one.segment, one.classes, spectrum, one.novel)

    def _accuracy(self, labels: Ids) -> Interval | None:
        if self.evidence is None:
            return None
        report = assess_labels(self.evidence, labels, self.prediction.class_ids).separated
        return None if report is None else report.overall


def means_of(
    cube: HyperCube, labels: Ids, known: MeanSpectra, token: CancelToken, port: ProgressPort
) -> MeanSpectra:
    """Mean spectra (bands,) of the labelled classes; only of those whose labels became more."""
    totals = count_ids(labels)
    counts = {int(i): int(totals[i]) for i in np.flatnonzero(totals) if i}
    stale = [i for i, n in counts.items() if known.counts.get(i) != n]
    spectra = {i: s for i, s in known.spectra.items() if i in counts}
    if stale:
        wanted = np.where(np.isin(labels, stale), labels, np.uint16(0))
        bands = np.flatnonzero(cube.good_bands)
        bands = bands if bands.size else np.arange(cube.bands)
        for class_id, values in labelled_spectra(cube, wanted, token=token, port=port).items():
            mean = np.full(cube.bands, np.nan)
            if len(values):
                mean[bands] = values.mean(axis=0)
            spectra[class_id] = mean
    return MeanSpectra(counts, spectra)


class PlaceFinder(QObject):
    """Searches one after the other; what is asked for meanwhile leads to one more search.

    Signals
    -------
    found(Found), failed(Exception).
    """

    found = Signal(object)
    failed = Signal(object)

    def __init__(self, workspace: Workspace, parent: QObject) -> None:
        super().__init__(parent)
        self._workspace = workspace
        self._task: Task | None = None
        self._again = False
        self._asked: tuple[Pixel, ...] = ()
        self.means = MeanSpectra()

    @property
    def searching(self) -> bool:
        """Whether a search is under way."""
        return self._task is not None and self._task.running

    def search(self, asked: tuple[Pixel, ...]) -> None:
        """Look for places in the map as it is now; without a map nothing happens.

        Parameters
        ----------
        asked : pixels of places that are not to be found again.
        """
        self._asked = asked
        document = self._workspace.document
        if document is None or document.prediction is None:
            return
        if self.searching:
            self._again = True
            return
        self._start(document, document.prediction)

    def _start(self, document: Document, prediction: Prediction) -> None:
        self._again = False
        known = document.results.model
        search = Search(
            document.mapped_cube,
            prediction,
            getattr(known.model, "evidence", None) if known is not None else None,
            document.labels.snapshot(),
            document.decisions.snapshot(),
            document.results.ground,
            self.means,
            self._asked,
        )
        self._task = self._workspace.compute(
            TITLE,
            search.run,
            self._on_found,
            cube=document.cube,
            document=document,
            on_failed=self._on_failed,
            quiet=True,
        )
        self._task.cancelled.connect(self._on_cancelled)

    def forget(self) -> None:
        """Stop searching: another scene is open, or nothing is asked any more."""
        self._again = False
        self._workspace.cancel(TITLE)
        self._task, self.means = None, MeanSpectra()

    def _on_found(self, found: Found) -> None:
        document, self._task = self._workspace.document, None
        self.means = found.means
        if document is not None:
            document.results.ground = found.ground
        self.found.emit(found)
        if self._again:
            self.search(self._asked)

    def _on_failed(self, error: Exception) -> None:
        self._task = None
        self.failed.emit(error)

    @Slot()
    def _on_cancelled(self) -> None:
        self._task = None
