"""GuideView: shows the place that is asked about, on the canvas and in the panel."""

from __future__ import annotations

from operator import is_not
from typing import TYPE_CHECKING

import numpy as np

from hsi_viewer.core.text import MOST_OF_NAME, counted, short_name
from hsi_viewer.ui.features.guidance.answered_places import Area
from hsi_viewer.ui.features.guidance.guide_loop import GuideLoop
from hsi_viewer.ui.features.guidance.guide_panel import GuidePanel
from hsi_viewer.ui.features.guidance.place_finder import Place
from hsi_viewer.ui.plots.compared_spectra import show_compared
from hsi_viewer.ui.questions.question_view import AROUND, QuestionView
from hsi_viewer.ui.rest_timer import RestTimer

if TYPE_CHECKING:
    from hsi_viewer.session.document.document import Document
    from hsi_viewer.ui.context import Context

CLOSE = 24.0  # pixels across what the close-up shows, at least


class GuideView(QuestionView):
    """What is on the screen of a loop.

    Parameters
    ----------
    context : whose canvas and layers are used.
    loop : what is shown.
    panel : of the guide.
    """

    def __init__(self, context: Context, loop: GuideLoop, panel: GuidePanel) -> None:
        super().__init__(context, panel)
        self._loop, self.panel = loop, panel
        self._likely: tuple[int, ...] = ()
        self._drawn: list[object] = []
        # Drawn once a turn, after the place itself: it takes longer than all the rest.
        self._spectra = RestTimer(0, self._draw_spectra, panel)

    def show_scene(self) -> None:
        """Make place for the open scene."""
        self._drawn = []
        super().show_scene()

    def show_place(self, area: Area) -> None:
        """Fly to the place of the loop, and show what is known of it."""
        document, place, panel = self.document, self._loop.place, self.panel
        panel.show_place(place is not None)
        self.show_outlines(area)
        if document is None:
            return
        self._show_classes(document)
        self._spectra.start()
        if place is not None:
            middle, extent = _middle_and_extent(place)
            self.fly_to(middle, max(AROUND, 3 * extent), max(CLOSE, 1.3 * extent))

    def paint_now(self) -> None:
        """Bring the place to the screen before anything else that an answer leads to."""
        self._context.canvas.viewport().repaint()
        self.panel.question.repaint()

    def show_outlines(self, area: Area) -> None:
        """Outline the segment of the place, and what an answer covers of it."""
        document, place = self.document, self._loop.place
        if document is None or place is None:
            self.outline_nothing()
        else:
            rows, columns = np.divmod(self._loop.covered(area), document.labels.shape[1])
            self.outline(place.segment, np.stack([rows, columns], axis=1))

    def _show_classes(self, document: Document) -> None:
        """The classes, the two likely ones in bold."""
        self._likely = self._loop.likely
        self.panel.show_classes(document.legend.classes, self._likely)

    def _draw_spectra(self) -> None:
        """The spectrum of the place against the means of the likely classes, if they changed."""
        document, place = self.document, self._loop.place
        if document is None:
            return
        likely, means = self._loop.likely, self._loop.finder.means.spectra
        drawn: list[object] = [place, *(means.get(class_id) for class_id in likely)]
        if len(drawn) != len(self._drawn) or any(map(is_not, drawn, self._drawn)):
            self._drawn = drawn
            panel, spectrum = self.panel, place.spectrum if place is not None else None
            show_compared(panel.plot, panel.legend, spectrum, likely, means, document.legend)

    # words -----------------------------------------------------------------------------------

    def show_question(self, typed: str, *, only_pixel: bool) -> None:
        """Ask about the place, or say what is waited for.

        Parameters
        ----------
        typed : digits that wait for more.
        only_pixel : whether the next answer is about the pixel alone.
        """
        text = self._question()
        if self._loop.place is not None and only_pixel:
            text += " Next answer: only the pixel."
        if self._loop.place is not None and typed:
            text += f" Class {typed}… (another digit, or Enter)"
        self.panel.show_question(text)

    def _question(self) -> str:
        document, place = self.document, self._loop.place
        if document is None or place is None:
            return self._waiting_for()
        names = [short_name(document.legend.name_of(i), MOST_OF_NAME) for i in self._loop.likely]
        where = f"Row {place.row + 1}, column {place.column + 1}."
        if document.prediction is None or not names:
            return f"Which class is here? {where}"
        if place.novel:
            asked = f"A new class (N), or {' or '.join(names)}?"
            return f"Nothing labelled looks like this. {asked} {where}"
        sure = 100 * float(document.prediction.confidence[place.row, place.column])
        return f"{' or '.join(names)}? The map is {sure:.0f} % sure of {names[0]}. {where}"

    def _waiting_for(self) -> str:
        document = self.document
        if self._loop.exhausted:
            return "Every place is labelled or skipped: there is nothing left to ask."
        if document is not None and document.prediction is None:
            return "Waiting for the first map…"
        return "Looking for places where a label helps…"

    def show_progress(self) -> None:
        """Say what the answers have come to."""
        document, place = self.document, self._loop.place
        if document is not None and place is not None:
            if self._loop.likely != self._likely:
                self._show_classes(document)
            self._spectra.start()
        points, panel = self._loop.progress.points, self.panel
        panel.progress.setText(self._progress(document.labels.total if document else 0))
        panel.progress.setVisible(self._loop.active or bool(points))
        panel.progress_plot.show_points(points)
        panel.progress_plot.setVisible(len(points) > 1)

    def _progress(self, labelled: int) -> str:
        points = self._loop.progress.points
        total = counted(labelled, "pixel", "is", "are")
        parts = [f"{self._loop.answers.sentence}; {total} labelled."]
        last = points[-1] if points else None
        if last is not None and None not in (last.accuracy, last.low, last.high):
            value, low, high = (100 * (v or 0.0) for v in (last.accuracy, last.low, last.high))
            parts.append(f"Accuracy, from your labels: {value:.0f} % ({low:.0f} to {high:.0f} %).")
        elif last is not None:
            parts.append("Accuracy: label more separate places of each class to measure it.")
        return " ".join(part for part in (*parts, self._loop.progress.sentence) if part)


def _middle_and_extent(place: Place) -> tuple[tuple[float, float], float]:
    """Row and column in the middle of a place and its segment, and how wide or high they are."""
    pixels = np.concatenate([place.segment, [[place.row, place.column]]])
    top, left = pixels.min(axis=0)
    bottom, right = pixels.max(axis=0) + 1
    return ((top + bottom) / 2, (left + right) / 2), float(max(bottom - top, right - left))
