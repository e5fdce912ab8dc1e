"""WandTool: takes the pixels whose spectra are like that of the clicked one."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Slot

from hsi_viewer.core.geometry.pixels import Pixel
from hsi_viewer.core.geometry.shapes import box_pixels
from hsi_viewer.core.spectra.spectral_window import SpectralWindow, flood_selected
from hsi_viewer.ui.tools.spectral_neighbourhood import SpectralNeighbourhood
from hsi_viewer.ui.tools.tool import Key, Pointer, Preview, Tool
from hsi_viewer.ui.tools.tool_context import ToolContext

DRAG_FOLD = 150  # screen pixels that multiply the tolerance by e
LIMITS = {"angle": (0.001, 2.0), "distance": (0.001, 20.0)}


class WandTool(QObject, Tool):
    """Click, drag right or left for the tolerance; Enter or a second click in it labels it."""

    def __init__(
        self, context: ToolContext, neighbourhood: SpectralNeighbourhood, parent: QObject
    ) -> None:
        super().__init__(parent)
        self._context, self._neighbourhood = context, neighbourhood
        self._seed: Pixel | None = None
        self._window: SpectralWindow | None = None
        self._unlike: NDArray[np.float32] | None = None
        self._mask: NDArray[np.bool_] | None = None
        self._start: tuple[float, float] = (0.0, 0.0)  # column and tolerance of the press
        self._preview: Preview | None = None
        neighbourhood.ready.connect(self._on_ready)

    @property
    def waiting(self) -> bool:
        """Whether a preview waits for Enter or Escape."""
        return self._mask is not None

    def hover(self, at: Pointer) -> None:
        """Have the spectra ready before the click."""
        self._neighbourhood.window_at(at.pixel)

    def press(self, at: Pointer) -> None:
        """Label the preview, if the click is in it; else look around the pixel."""
        if self._shows(at.pixel):
            self._accept()
            return
        self.cancel()
        self._seed, self._start = at.pixel, (at.column, self._tolerance)
        self._update()

    def drag(self, at: Pointer) -> None:
        """Change the tolerance by the way to the right or left."""
        if self._seed is not None:
            way = 8 * (at.column - self._start[0]) / at.reach
            self._set_tolerance(self._start[1] * math.exp(way / DRAG_FOLD))

    def key(self, key: Key) -> bool:
        """Enter labels the preview."""
        if key != "accept" or self._mask is None:
            return False
        self._accept()
        return True

    def resize(self, steps: int) -> bool:
        """A wider or narrower tolerance."""
        self._set_tolerance(self._tolerance * 1.1**steps)
        return True

    def settings_changed(self) -> None:
        """Another measure or tolerance."""
        if self._seed is not None:
            self._update()

    def cancel(self) -> bool:
        """Drop the preview."""
        had = self._seed is not None
        self._seed = self._window = self._unlike = self._mask = self._preview = None
        return had

    def preview(self) -> Preview | None:
        """The pixels that would be labelled."""
        return self._preview

    @property
    def _tolerance(self) -> float:
        settings = self._context.settings
        return settings.wand_angle if settings.wand_measure == "angle" else settings.wand_distance

    def _set_tolerance(self, value: float) -> None:
        measure = self._context.settings.wand_measure
        low, high = LIMITS[measure]
        setattr(self._context.settings, f"wand_{measure}", round(min(max(value, low), high), 4))
        self._grow()
        self._context.option_changed()

    @Slot()
    def _on_ready(self) -> None:
        if self._seed is not None and self._window is None:
            self._update()
            self._context.update_preview()

    def _update(self) -> None:
        if self._seed is None:
            return
        self._window = self._neighbourhood.window_at(self._seed)
        if self._window is not None:
            measure = self._context.settings.wand_measure
            self._unlike = self._window.spectral_distance(self._seed, measure)
            self._grow()
        else:  # the spectra are on their way: show where
            self._preview = Preview(
                mask=np.ones((1, 1), bool), origin=self._seed, colour=self._context.colour
            )

    def _grow(self) -> None:
        if self._seed is None or self._window is None or self._unlike is None:
            return
        top, left = self._window.box[:2]
        self._mask = flood_selected(
            self._unlike,
            (self._seed[0] - top, self._seed[1] - left),
            self._tolerance,
            connected=self._context.settings.wand_connected,
        )
        self._preview = cropped(self._mask, (top, left), self._context.colour)

    def _shows(self, pixel: Pixel) -> bool:
        if self._mask is None or self._window is None or not self._window.holds(pixel):
            return False
        top, left = self._window.box[:2]
        return bool(self._mask[pixel[0] - top, pixel[1] - left])

    def _accept(self) -> None:
        mask, window, document = self._mask, self._window, self._context.document
        self.cancel()
        stroke = self._context.begin()
        if stroke is not None and document is not None and mask is not None and window is not None:
            stroke.paint(box_pixels(window.box, document.labels.shape, mask))
            stroke.finish()


def cropped(mask: NDArray[np.bool_], origin: Pixel, colour: tuple[int, int, int]) -> Preview | None:
    """A preview of a mask, no larger than what is in it; None for an empty one."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if not rows.size:
        return None
    part = mask[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    return Preview(
        mask=np.ascontiguousarray(part),
        origin=(origin[0] + int(rows[0]), origin[1] + int(columns[0])),
        colour=colour,
    )
