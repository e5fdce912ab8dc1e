"""GuideLoop: asks about one place after the other, and takes the answers."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal, Slot

from hsi_viewer.core.labels.classes import UNCLASSIFIED
from hsi_viewer.core.labels.decisions import Decision
from hsi_viewer.core.labels.paint_mode import Paint
from hsi_viewer.learning.guidance.progress import LabelProgress
from hsi_viewer.session.document.document import Document
from hsi_viewer.session.document.stroke import Stroke
from hsi_viewer.ui.features.guidance.answered_places import (
    Answer,
    AnsweredPlaces,
    Area,
    Kind,
    covered,
)
from hsi_viewer.ui.features.guidance.place_finder import Found, Place, PlaceFinder

if TYPE_CHECKING:
    from hsi_viewer.core.prediction import Prediction
    from hsi_viewer.ui.workspace import Workspace

CLOSED = (Decision.SKIPPED, Decision.NO_CLASS)
NOVEL_EVERY = 8  # of so many places, one is unlike all that is labelled


class GuideLoop(QObject):
    """The question on the screen, those that wait, and what was answered.

    Signals
    -------
    place_changed() : another place is asked about, or none.
    progressed() : an answer, an undo, a map, or a search that found nothing.
    """

    place_changed = Signal()
    progressed = Signal()

    def __init__(self, workspace: Workspace, parent: QObject) -> None:
        super().__init__(parent)
        self._workspace = workspace
        self.finder = PlaceFinder(workspace, self)
        self.finder.found.connect(self._on_found)
        self.finder.failed.connect(self._on_failed)
        self.active = False
        self.place: Place | None = None
        self._waiting: deque[Place] = deque()
        self._novel: deque[Place] = deque()
        self._postponed: deque[Place] = deque()
        self._since_novel = 0
        self.answers = AnsweredPlaces()
        self.progress = LabelProgress()
        self._noted: Prediction | None = None
        self.exhausted = False  # the last search found no place
        self._answering = False
        workspace.document_changed.connect(self._on_document)

    @property
    def document(self) -> Document | None:
        """The open document."""
        return self._workspace.document

    # on and off ------------------------------------------------------------------------------

    def start(self) -> None:
        """Ask about places from now on."""
        self.active, self.exhausted = True, False
        self._since_novel = NOVEL_EVERY - 2  # a class that is missing is missed from the start
        self._next()
        self._search()

    def stop(self) -> None:
        """Ask nothing any more; what was answered stays."""
        self.active = False
        for places in (self._waiting, self._novel, self._postponed):
            places.clear()
        self._show(None)
        self.finder.forget()

    @Slot()
    def _on_document(self) -> None:
        self.stop()
        self.answers, self.progress = AnsweredPlaces(), LabelProgress()
        self._noted = None
        document = self.document
        if document is not None:
            document.history.moved.connect(self._on_moved)
            document.history.changed.connect(self._on_history)
            document.prediction_changed.connect(self._on_map)
            document.cube_changed.connect(self._on_cube)
            document.results.assessed.connect(self._on_assessed)
        self.progressed.emit()

    # answers ---------------------------------------------------------------------------------

    @property
    def area(self) -> Area:
        """The pixels that an answer is about."""
        return self._workspace.settings.guide_area

    def covered(self, area: Area | None = None) -> NDArray[np.int64]:
        """Those pixels of the place on the screen, flat."""
        document, place = self.document, self.place
        if document is None or place is None:
            return np.zeros(0, np.int64)
        return covered(place, area or self.area, document.labels.shape[1])

    @property
    def likely(self) -> tuple[int, ...]:
        """Ids of the two most likely classes of the place by the map as it is now."""
        document, place = self.document, self.place
        prediction = document.prediction if document is not None else None
        if place is None or prediction is None:
            return ()
        if prediction.probabilities is not None:
            order = np.argsort(prediction.probabilities[place.row, place.column])[::-1]
            return tuple(prediction.class_ids[k] for k in order[:2].tolist())
        mapped = int(prediction.class_map[place.row, place.column])
        return tuple(dict.fromkeys((mapped, *place.classes)))[:2]

    def label(self, class_id: int, area: Area | None = None) -> None:
        """Label the place, as one step, and ask about the next one."""
        document, place = self.document, self.place
        if document is None or place is None or class_id not in document.legend:
            return
        locked = frozenset(c.id for c in document.legend if c.locked)
        pixels = self.covered(area)

        def paint() -> bool:
            before = document.history.position
            stroke = Stroke(document, Paint(class_id, frozenset({UNCLASSIFIED}), locked))
            stroke.paint(pixels)
            stroke.finish()
            return before is not document.history.position

        self._answer(document, place, "label", pixels, paint)

    def skip(self) -> None:
        """Ask about the place and its segment never again."""
        self._decide(Decision.SKIPPED, "skip", "segment")

    def no_class(self) -> None:
        """Note that none of the classes is here, and ask never again."""
        self._decide(Decision.NO_CLASS, "no_class", None)

    def _decide(self, decision: Decision, kind: Kind, area: Area | None) -> None:
        document, place = self.document, self.place
        if document is not None and place is not None:
            pixels = self.covered(area)
            self._answer(document, place, kind, pixels, lambda: document.decide(pixels, decision))

    def _answer(
        self,
        document: Document,
        place: Place,
        kind: Kind,
        pixels: NDArray[np.int64],
        note: Callable[[], bool],
    ) -> None:
        """Ask about the next place, then note the answer: it moves journal, training and panels."""
        self._answering = True
        self._next(pixels)
        try:
            noted = note()
        finally:
            self._answering = False
        if noted:
            self.answers.add(Answer(document.history.position, place, kind))
        self._search()
        self.progressed.emit()

    def later(self) -> None:
        """Go on to the next place; this one comes again after all that wait."""
        place = self.place
        if place is not None:
            self._postponed.append(place)
            self._next()
            self._search()

    # the queue -------------------------------------------------------------------------------

    def _search(self) -> None:
        places = self._postponed if self.place is None else (*self._postponed, self.place)
        self.finder.search(tuple((p.row, p.column) for p in places))

    def _is_open(self, place: Place) -> bool:
        """Whether a place is still unlabelled, and nothing was decided about it."""
        document = self.document
        at = (place.row, place.column)
        return (
            document is not None
            and not document.labels.ids[at]
            and document.decisions.ids[at] not in CLOSED
        )

    def _is_among(self, place: Place, pixels: NDArray[np.int64] | None) -> bool:
        document = self.document
        if document is None or pixels is None:
            return False
        return place.row * document.labels.shape[1] + place.column in pixels

    def _next(self, answered: NDArray[np.int64] | None = None) -> None:
        """Ask about the next place that waits, but for pixels (flat) that are being answered."""
        due = self._since_novel >= NOVEL_EVERY - 1
        order = (self._novel, self._waiting) if due else (self._waiting, self._novel)
        for places in (*order, self._postponed):
            while places:
                place = places.popleft()
                if self._is_open(place) and not self._is_among(place, answered):
                    self._since_novel = 0 if place.novel else self._since_novel + 1
                    self._show(place)
                    return
        self._show(None)

    def _show(self, place: Place | None) -> None:
        if place is not self.place:
            self.place = place
            self.place_changed.emit()

    def _on_found(self, found: Found) -> None:
        document = self.document
        if not self.active or document is None:
            return
        if found.prediction.final and found.prediction is not self._noted:
            self._noted = found.prediction
            self.progress.add(len(self.answers.done), found.sampled_map, found.accuracy)
            self._measure()
        asked = [(p.row, p.column) for p in (self.place, *self._postponed) if p is not None]
        places = [p for p in found.places if (p.row, p.column) not in asked and self._is_open(p)]
        self._waiting = deque(p for p in places if not p.novel)
        self._novel = deque(p for p in places if p.novel)
        if self.place is None:
            self._next()
        # A first look at a large scene may have seen only what was on the screen.
        final = found.prediction.final
        self.exhausted = final and self.place is None and not found.places
        self.progressed.emit()

    def _measure(self) -> None:
        """Take the accuracy of the last map of the series from its cross-validation."""
        document = self.document
        if document is None or self._noted is None or document.prediction is not self._noted:
            return
        assessment = document.results.assessment
        by_labels = document.truth is None and document.results.evidence is not None
        if by_labels and assessment is not None and assessment.separated is not None:
            self.progress.measure(assessment.separated.overall)

    def _on_assessed(self) -> None:
        self._measure()
        self.progressed.emit()

    def _on_failed(self, error: Exception) -> None:
        self._workspace.notify_error(error, "Looking for places to label")
        self.progressed.emit()

    # what happens meanwhile ------------------------------------------------------------------

    def _on_moved(self, _count: int) -> None:
        """Undone answers are asked again."""
        document = self.document
        if document is None:
            return
        place = self.answers.follow(document.history)
        if self.active and place is not None:
            if self.place is not None:
                self._waiting.appendleft(self.place)
            self._show(place)
            self._search()

    def _on_history(self) -> None:
        """The place on the screen may have been labelled in another way."""
        if not self.active or self._answering:
            return
        if self.place is not None and not self._is_open(self.place):
            self._next()
            self._search()
        self.progressed.emit()

    def _on_map(self) -> None:
        if self.active:
            self._search()

    def _on_cube(self) -> None:
        """Other metadata, other segments."""
        for places in (self._waiting, self._novel, self._postponed):
            places.clear()
        self._show(None)
        self.finder.forget()
        if self.active:
            self._search()
