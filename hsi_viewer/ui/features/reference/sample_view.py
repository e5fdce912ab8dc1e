"""SampleView: shows the reference point that is asked about, on the canvas and in the panel."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import numpy as np

from hsi_viewer.analysis.pixel_spectrum import PixelSpectrum, SpectrumRequest, read_pixel
from hsi_viewer.core.geometry.pixels import Pixel
from hsi_viewer.ui.questions.question_view import AROUND, QuestionView
from hsi_viewer.ui.requests import LatestRequestQueue, Response

if TYPE_CHECKING:
    from hsi_viewer.core.assessment.labelled_sample import LabelledSample
    from hsi_viewer.ui.context import Context
    from hsi_viewer.ui.features.reference.sample_panel import SamplePanel

CLOSE = 20.0  # pixels across what the close-up shows
INTRODUCTION = (
    "Points drawn at random from the map, labelled without seeing it, give its accuracy and the "
    "areas of the classes without bias."
)


class SampleView(QuestionView):
    """What is on the screen of a sample.

    Parameters
    ----------
    context : whose canvas and layers are used.
    panel : of the sample.
    """

    def __init__(self, context: Context, panel: SamplePanel) -> None:
        super().__init__(context, panel)
        self.panel = panel
        self._shown: Pixel | None = None
        self._spectra = LatestRequestQueue(
            context.workspace.tasks, "Reading a spectrum", read_pixel, panel
        )
        self._spectra.response.connect(self._on_spectrum)
        self.show_scene()

    def show_scene(self) -> None:
        """Make place for the open scene."""
        self._shown = None
        super().show_scene()

    def show(self, sample: LabelledSample | None, typed: str, *, active: bool) -> None:
        """Show a sample, and fly to the point that is asked about if labelling is on.

        Parameters
        ----------
        typed : digits of an answer that waits for more.
        """
        document = self.document
        place = sample.place if sample is not None and active else None
        if document is not None:
            self.panel.show_classes(document.legend.classes)
        if place != self._shown:
            self._shown = place
            self._show_place(place)
        self.panel.show_question(_question(sample, place, typed))

    def _show_place(self, place: Pixel | None) -> None:
        document = self.document
        if place is None or document is None:
            self.outline_nothing()
            self.panel.plot.show_live(None)
            return
        self.outline(np.zeros((0, 2), np.int64), np.array([place], np.int64))
        self.fly_to((place[0] + 0.5, place[1] + 0.5), AROUND, CLOSE)
        request = SpectrumRequest(document.cube, *place)
        if document.cube.in_memory:
            self._draw(read_pixel(request))
        else:
            self._spectra.ask((request,))

    def _on_spectrum(self, response: Response) -> None:
        if response.error is None:
            self._draw(cast("PixelSpectrum", response.result))

    def _draw(self, pixel: PixelSpectrum) -> None:
        if (pixel.request.row, pixel.request.column) == self._shown:
            self.panel.plot.show_live(pixel.values)
            self.panel.plot.fit()


def _question(sample: LabelledSample | None, place: Pixel | None, typed: str) -> str:
    if sample is None:
        return INTRODUCTION
    if place is not None:
        asked = f"Which class is here? Row {place[0] + 1}, column {place[1] + 1}."
        return f"{asked} Class {typed}… (another digit, or Enter)" if typed else asked
    if sample.complete:
        return "All points are labelled; the Accuracy panel shows what follows."
    left = sample.total - sample.done
    return f"{left:,} of {sample.total:,} points aren't labelled yet. {INTRODUCTION}"
