"""ViewController: the picture, the overlays, the spectra and the readout."""

from __future__ import annotations

from typing import cast, get_args

import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal, Slot

from hsi_viewer.analysis.pixel_spectrum import PixelSpectrum, SpectrumRequest, read_pixel
from hsi_viewer.core.cube.band_selection import band_name
from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.display.composite import Composite
from hsi_viewer.core.display.layers import (
    CLASS_MAP,
    GROUND_TRUTH,
    LABELS,
    UNCERTAINTY,
    LayerStack,
)
from hsi_viewer.core.geometry.pixels import Pixel
from hsi_viewer.core.labels.classes import Colour
from hsi_viewer.core.progress import CancelToken, ProgressPort
from hsi_viewer.core.spectra.curves import Curve, curve_library
from hsi_viewer.core.spectra.spectral_library import SpectralLibrary
from hsi_viewer.core.text import MOST_OF_NAME, short_name
from hsi_viewer.rendering.scene_picture import ScenePicture
from hsi_viewer.session.document.document import Document
from hsi_viewer.ui.features.display.document_layers import MAP_LAYERS, LayerController, MapStyle
from hsi_viewer.ui.features.display.picture_controller import PictureController
from hsi_viewer.ui.opened_cube import OpenedCube
from hsi_viewer.ui.plots.spectrum_plot import SpectrumPlot
from hsi_viewer.ui.requests import LatestRequestQueue, Response
from hsi_viewer.ui.scene.image_canvas import ImageCanvas
from hsi_viewer.ui.scene.tiles import TileStore
from hsi_viewer.ui.widgets.display_panel import DisplayPanel
from hsi_viewer.ui.widgets.readout import Readout
from hsi_viewer.ui.workspace import Workspace

READING = "Reading a spectrum"
LAYER_KEYS = ("classes", "uncertainty", "disagreement")  # in the panel, as MAP_LAYERS


class ViewController(QObject):
    """Binds the document to the canvas, the spectrum plot and the readout.

    Signals
    -------
    picked_changed() : another pixel was picked, or none is.
    """

    picked_changed = Signal()

    def __init__(
        self,
        workspace: Workspace,
        canvas: ImageCanvas,
        plot: SpectrumPlot,
        panel: DisplayPanel,
        readout: Readout,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._workspace = workspace
        self._canvas, self._plot, self._panel, self._readout = canvas, plot, panel, readout
        self._picked: Pixel | None = None
        self._picked_spectrum: NDArray[np.float64] | None = None
        self._hovered: Pixel | None = None
        self._probes = LatestRequestQueue(workspace.tasks, READING, read_pixel, self)
        self._probes.response.connect(self._on_probed)
        self._last_map_layer = CLASS_MAP
        canvas.hovered.connect(self._on_hover)
        canvas.left.connect(self._on_left)
        canvas.clicked.connect(self.pin)
        plot.curves.changed.connect(self._on_curves)
        panel.map_shown.connect(self.show_map)
        panel.labels_shown.connect(self.show_labels)
        panel.map_opacity_changed.connect(self._on_opacity)
        panel.layer_changed.connect(self._on_layer)
        panel.style_chosen.connect(self.set_map_style)
        self.layers = LayerStack()
        self.tiles = TileStore(self.layers, workspace.tasks, self)
        self.tiles.failed.connect(self._on_reading_failed)
        self.pictures = PictureController(workspace, self.layers, self)
        self.pictures.drawn.connect(self._on_picture)
        self._layering = LayerController(workspace, self.layers, self)
        self.layers.changed.connect(self._on_layers)
        self._on_layers()
        canvas.show_layers(self.tiles)

    @property
    def picture(self) -> ScenePicture | None:
        """The picture on the screen."""
        return self.pictures.picture

    @property
    def derived_images(self) -> tuple[HyperCube, ...]:
        """Images that were derived of the scene."""
        return self.pictures.images

    def show_composite(self, composite: Composite) -> None:
        """Draw the scene with other bands or another contrast."""
        self.pictures.show(composite)

    @Slot(object)
    def show_opened(self, opened: OpenedCube) -> None:
        """Show a cube that was just opened."""
        document = cast("Document", self._workspace.document)
        self._picked = None
        self._picked_spectrum, self._hovered = None, None
        self.tiles.clear()
        with self.layers.changed.paused(lambda *_: ()):  # announced once, at the end
            self._layering.show_document(document)
            self._plot.show_cube(opened.cube)
            self._readout.clear()
            self.pictures.show_first(opened.picture)
        self._canvas.show_scene(opened.cube.rows, opened.cube.columns)
        document.cube_changed.connect(self._on_cube)
        for changed in (document.prediction_changed, document.legend.changed):
            changed.connect(self._read_out_again)
        document.labels.changed.connect(self._on_labels)

    def _on_labels(self, top: int, left: int, bottom: int, right: int) -> None:
        row, column = self._hovered or (-1, -1)
        if top <= row < bottom and left <= column < right:
            self._read_out_again()

    @Slot()
    def _read_out_again(self) -> None:
        """The map, a label or a name under the resting cursor has changed."""
        document = self._workspace.document
        if document is not None and self._hovered is not None and self._readout.position.text():
            self._read_out(document, *self._hovered)

    def _on_cube(self) -> None:
        document = self._workspace.document
        if document is not None:
            curves, self._picked_spectrum = self._plot.curves.curves, None
            self._plot.show_cube(document.cube)
            self._read_again(document.cube, [c for c in curves if c.position is not None])
            if any(c.position is None for c in curves):
                self._workspace.notify(
                    "Means and library spectra were removed from the plot, because the metadata "
                    "changed."
                )
            self.pictures.refresh()

    def _read_again(self, cube: HyperCube, pins: list[Curve]) -> None:
        """Put spectra of pixels back into the plot, by the metadata that hold now."""
        if not pins:
            return

        def read() -> list[Curve]:
            return [replace(c, values=cube.spectrum(*c.position or (0, 0))) for c in pins]

        if cube.in_memory:
            self._on_read_again(read())
            return

        def work(_token: CancelToken, _port: ProgressPort) -> list[Curve]:
            return read()

        self._workspace.compute(
            "Reading spectra", work, self._on_read_again, cube=cube, doing=READING, quiet=True
        )

    def _on_read_again(self, curves: list[Curve]) -> None:
        self._plot.curves.add(*curves)

    @Slot(object)
    def _on_picture(self, picture: ScenePicture) -> None:
        """Mark the bands in the plot; those of a derived image are not in it."""
        self._plot.mark_bands(picture.composite.bands if picture.composite.image is None else ())
        if self._hovered is not None and self._readout.position.text():
            self._on_hover(*self._hovered)  # the readout shows values of these bands
        self._workspace.state_changed.emit()

    @Slot(object)
    def _on_reading_failed(self, error: Exception) -> None:
        self._workspace.notify_error(error, "Drawing the image")

    # layers ----------------------------------------------------------------------------------

    @Slot(str)
    def _on_layer(self, layer: str) -> None:
        self._layering.choose_map_layer(dict(zip(LAYER_KEYS, MAP_LAYERS, strict=True))[layer])

    @Slot(bool)
    def show_uncertainty(self, shown: bool) -> None:
        """Show how doubtful each pixel is, or the classes again."""
        self._layering.choose_map_layer(UNCERTAINTY if shown else CLASS_MAP)

    @property
    def uncertainty_shown(self) -> bool:
        """Whether a layer of doubt lies over the image in place of the classes."""
        return self._layering.map_layer not in ("", CLASS_MAP)

    @Slot(float)
    def _on_opacity(self, opacity: float) -> None:
        self.layers.set_opacity(opacity, self._last_map_layer)

    @Slot(bool)
    def show_map(self, shown: bool) -> None:
        """Show or hide the class map, or what was chosen in its place."""
        if shown != self.map_shown:
            self._layering.choose_map_layer(self._last_map_layer if shown else "")
        elif shown:
            self._layering.uncover()

    def show_image(self) -> None:
        """Show the picture: what lies over all of it would hide it and its colour bar."""
        self.show_map(False)
        self.layers.show(False, GROUND_TRUTH)
        self._layering.uncover()

    def preview_map(self, ids: NDArray[np.uint16] | None) -> None:
        """Draw other ids in the place of the class map, until another map comes; None ends it."""
        self._layering.preview_map(ids)

    @Slot(str)
    def set_map_style(self, style: MapStyle) -> None:
        """Draw maps of classes over a grey picture, solid, or as outlines."""
        self._layering.set_style(style)
        self._on_layers()

    @property
    def map_style(self) -> MapStyle:
        """How maps of classes are drawn."""
        return self._workspace.settings.map_style

    def next_map_style(self) -> None:
        """Draw maps of classes in the next of the three ways."""
        styles = get_args(MapStyle)
        self.set_map_style(styles[(styles.index(self.map_style) + 1) % len(styles)])

    @Slot(bool)
    def show_labels(self, shown: bool) -> None:
        """Show or hide the labels."""
        self.layers.show(shown, LABELS)

    @Slot(bool)
    def show_image_only(self, alone: bool) -> None:
        """Hide the map and the labels, or show both again."""
        self.show_map(not alone)
        self.show_labels(not alone)

    @property
    def map_shown(self) -> bool:
        """Whether the class map, or a layer of doubt, lies over the image."""
        return bool(self._layering.map_layer)

    @property
    def labels_shown(self) -> bool:
        """Whether the labels lie over the image."""
        return self.layers[LABELS].visible

    def _on_layers(self) -> None:
        """The list of layers is the truth; the panel shows what it says."""
        self._last_map_layer = self._layering.map_layer or self._last_map_layer
        settings = self._workspace.settings
        if settings.map_style == "grey":
            settings.map_opacity = self.layers[CLASS_MAP].opacity
        self._panel.show_layers(
            self.map_shown,
            self.labels_shown,
            LAYER_KEYS[MAP_LAYERS.index(self._last_map_layer)],
            self.layers[self._last_map_layer].opacity,
        )
        self._panel.show_style(settings.map_style)
        self._workspace.state_changed.emit()

    # spectra and readout ---------------------------------------------------------------------

    @Slot(int, int)
    def _on_hover(self, row: int, column: int) -> None:
        document = self._workspace.document
        if document is None:
            return
        self._hovered = (row, column)
        self._read_out(document, row, column)
        if self._canvas.is_drawing:
            return  # the spectrum comes when the button is let go
        composite = self.pictures.composite
        request = SpectrumRequest(
            document.cube, row, column, composite.image if composite else None
        )
        if document.cube.in_memory:
            self._show_spectrum(read_pixel(request))
        else:
            self._probes.ask((request,))

    @Slot(object)
    def _on_probed(self, response: Response) -> None:
        document = self._workspace.document
        if response.error is not None:
            self._workspace.notify_error(response.error, READING)
            return
        pixel = cast("PixelSpectrum", response.result)
        if document is not None and pixel.request.cube is document.cube:
            self._show_spectrum(pixel)

    def _show_spectrum(self, pixel: PixelSpectrum) -> None:
        """Show the spectrum that the cursor is at, unless it has gone elsewhere meanwhile."""
        position = (pixel.request.row, pixel.request.column)
        if position == self._picked:
            self._picked_spectrum = pixel.values
        if position == self._hovered:
            self._plot.show_live(pixel.values)
            self._readout.show_values(self._values_text(pixel))

    @Slot()
    def _on_left(self) -> None:
        self._readout.clear()
        self._hovered = self._picked
        self._plot.show_live(self._picked_spectrum if self._picked is not None else None)

    @Slot(int, int)
    def pin(self, row: int, column: int) -> None:
        """Keep the spectrum of a pixel in the plot and mark the pixel."""
        document = self._workspace.document
        if document is None:
            return
        request = SpectrumRequest(document.cube, row, column)
        if document.cube.in_memory:
            self._on_pinned(read_pixel(request))
            return

        def work(_token: CancelToken, _port: ProgressPort) -> PixelSpectrum:
            return read_pixel(request)

        self._workspace.compute(
            READING, work, self._on_pinned, cube=document.cube, key="", quiet=True
        )

    def _on_pinned(self, pixel: PixelSpectrum) -> None:
        row, column = pixel.request.row, pixel.request.column
        self._picked, self._picked_spectrum = (row, column), pixel.values
        self._plot.add_pin(pixel.values, f"row {row + 1} col {column + 1}", (row, column))
        self.picked_changed.emit()

    @Slot()
    def clear_pins(self) -> None:
        """Remove all pinned spectra."""
        self._picked, self._picked_spectrum = None, None
        self._plot.clear_pins()
        self.picked_changed.emit()

    @property
    def pins(self) -> int:
        """Number of pinned spectra."""
        return self._plot.pinned()

    @property
    def picked(self) -> Pixel | None:
        """The pixel that was clicked last or moved to by keys."""
        return self._picked

    def _marks(self) -> list[tuple[int, int, Colour]]:
        """Pinned pixels in the colours of their curves."""
        pins = (c for c in self._plot.curves.of("pin") if c.visible)
        return [(*c.position, c.colour) for c in pins if c.position and c.colour]

    def _on_curves(self) -> None:
        self._canvas.set_marks(self._marks())
        self._workspace.state_changed.emit()

    def pinned_library(self) -> SpectralLibrary | None:
        """The spectra that are kept in the plot, or None if there are none."""
        document, curves = self._workspace.document, self._plot.curves.curves
        if document is None or not curves:
            return None
        return curve_library(curves, document.cube.wavelengths, document.cube.name)

    def move_picked(self, rows: int, columns: int) -> None:
        """Move the picked pixel, showing its spectrum; the first move starts in the middle."""
        document = self._workspace.document
        if document is None:
            return
        height, width = document.labels.shape
        row, column = self._picked or (height // 2, width // 2)
        row = min(max(row + rows, 0), height - 1)
        column = min(max(column + columns, 0), width - 1)
        self._picked = (row, column)
        marks = [*self._marks(), (row, column, (255, 255, 255))]
        self._canvas.set_marks(marks)
        self._canvas.centre_on(row, column)
        self._on_hover(row, column)
        self.picked_changed.emit()

    def _read_out(self, document: Document, row: int, column: int) -> None:
        cube, prediction = document.cube, document.prediction
        map_xy = ""
        if cube.georeference is not None:
            on_map = cube.georeference.map_xy(row + 0.5, column + 0.5)
            map_xy = f"x {on_map[0]:,.2f}  y {on_map[1]:,.2f}" if on_map else ""
        label = int(document.labels.ids[row, column])
        mapped = ""
        if prediction is not None:
            mapped_id = int(prediction.class_map[row, column])
            name = short_name(document.legend.name_of(mapped_id), MOST_OF_NAME)
            sure = f", {100 * float(prediction.confidence[row, column]):.0f} %" if mapped_id else ""
            mapped = f"Map: {name}{sure}"
        self._readout.show_pixel(
            f"Row {row + 1}, column {column + 1}",
            map_xy,
            f"Label: {short_name(document.legend.name_of(label), MOST_OF_NAME)}" if label else "",
            mapped,
        )

    def _values_text(self, pixel: PixelSpectrum) -> str:
        picture = self.pictures.picture
        if picture is None:
            return ""
        bands = picture.composite.bands
        source = pixel.values if pixel.shown is None else pixel.shown
        if max(bands) >= source.size or (pixel.shown is None) != (picture.composite.image is None):
            return ""  # another picture came meanwhile
        if not np.isfinite(source[list(bands)]).any():
            return "No data"
        band = short_name(band_name(picture.cube, bands[0]), MOST_OF_NAME)
        names = "RGB" if len(bands) == 3 else (band,)
        shown = zip(names, source[list(bands)].tolist(), strict=True)
        return "  ".join(f"{name} {value:.5g}" for name, value in shown)
