"""SampleView: shows the reference point that is asked about, on the canvas and in the panel."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import numpy as np

from hsi_viewer.analysis.pixel_spectrum import PixelSpectrum, SpectrumRequest, read_pixel
from hsi_viewer.core.display.layers import IMAGE
from hsi_viewer.core.geometry.pixels import Pixel
from hsi_viewer.ui.requests import LatestRequestQueue, Response
from hsi_viewer.ui.scene.place_outline import PlaceOutline

if TYPE_CHECKING:
    from hsi_viewer.core.assessment.labelled_sample import LabelledSample
    from hsi_viewer.ui.context import Context
    from hsi_viewer.ui.features.reference.sample_panel import SamplePanel

AROUND, CLOSE = 72.0, 20.0  # pixels across what is shown of the scene, and of the close-up
INTRODUCTION = (
    "Points drawn at random from the map, labelled without seeing it, give its accuracy and the "
    "areas of the classes without bias."
)


class SampleView:
    """What is on the screen of a sample.

    Parameters
    ----------
    context : whose canvas and layers are used.
    panel : of the sample.
    """

    def __init__(self, context: Context, panel: SamplePanel) -> None:
        self._context, self.panel = context, panel
        panel.close_up.show_layers(context.viewing.tiles)
        panel.close_up.show_only([IMAGE])
        self._outlines = [PlaceOutline(context.canvas), PlaceOutline(panel.close_up)]
        self._shown: Pixel | None = None
        self._spectra = LatestRequestQueue(
            context.workspace.tasks, "Reading a spectrum", read_pixel, panel
        )
        self._spectra.response.connect(self._on_spectrum)
        self.show_scene()

    def show_scene(self) -> None:
        """Make place for the open scene."""
        document, self._shown = self._context.workspace.document, None
        if document is not None:
            self.panel.close_up.show_scene(*document.labels.shape)
            self.panel.plot.show_cube(document.cube)

    def show(self, sample: LabelledSample | None, typed: str, *, active: bool) -> None:
        """Show a sample, and fly to the point that is asked about if labelling is on.

        Parameters
        ----------
        typed : digits of an answer that waits for more.
        """
        document = self._context.workspace.document
        place = sample.place if sample is not None and active else None
        if document is not None:
            self.panel.show_classes(document.legend.classes)
        if place != self._shown:
            self._shown = place
            self._show_place(place)
        self.panel.show_question(_question(sample, place, typed))

    def _show_place(self, place: Pixel | None) -> None:
        document = self._context.workspace.document
        if place is None or document is None:
            for outline in self._outlines:
                outline.hide()
            self.panel.plot.show_live(None)
            return
        for outline in self._outlines:
            outline.show(np.zeros((0, 2), np.int64), np.array([place], np.int64))
        shape = document.labels.shape
        self._context.canvas.set_view_box(_around(place, AROUND, shape))
        self.panel.close_up.set_view_box(_around(place, CLOSE, shape))
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


def _around(place: Pixel, side: float, shape: tuple[int, int]) -> tuple[float, float, float, float]:
    """Left, top, width and height of what is shown around a pixel, inside the scene."""
    top, left = (
        min(max(at + 0.5 - side / 2, 0.0), size - side) if side < size else (size - side) / 2
        for at, size in zip(place, shape, strict=True)
    )
    return left, top, side, side
