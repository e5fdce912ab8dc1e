"""ViewController: the picture, the overlays, the spectra and the readout."""

from __future__ import annotations

from typing import cast

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Slot

from hsi_viewer.core.band_selection import Triple, initial_bands
from hsi_viewer.core.classes import ClassLegend
from hsi_viewer.core.footprint import Pixel
from hsi_viewer.core.prediction import Prediction
from hsi_viewer.core.progress import CancelToken, ProgressPort
from hsi_viewer.core.spectral_library import SpectralLibrary
from hsi_viewer.session.document import Document
from hsi_viewer.session.scene_picture import ScenePicture, render_scene
from hsi_viewer.ui.adapters.image_canvas import ImageCanvas
from hsi_viewer.ui.adapters.overlay import id_picture, value_picture
from hsi_viewer.ui.adapters.spectrum_plot import SpectrumPlot
from hsi_viewer.ui.controllers.opening import OpenedCube
from hsi_viewer.ui.task_thread import Task
from hsi_viewer.ui.widgets.display_panel import DisplayPanel
from hsi_viewer.ui.widgets.readout import Readout
from hsi_viewer.ui.workspace import Workspace


class ViewController(QObject):
    """Binds the document to the canvas, the spectrum plot and the readout."""

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
        self._picture: ScenePicture | None = None
        self._drawing: Task | None = None
        self._percent = (2.0, 98.0)
        self._picked: Pixel | None = None
        self._marks: list[tuple[int, int, tuple[int, int, int]]] = []
        self._pinned: list[tuple[str, NDArray[np.float64]]] = []
        canvas.hovered.connect(self._on_hover)
        canvas.left.connect(self._on_left)
        canvas.clicked.connect(self.pin)
        panel.bands_changed.connect(self.show_bands)
        panel.percent_changed.connect(self._on_percent)
        panel.map_shown.connect(canvas.map_overlay.setVisible)
        panel.labels_shown.connect(canvas.label_overlay.setVisible)
        panel.map_opacity_changed.connect(self._on_opacity)
        panel.layer_changed.connect(self._on_layer)
        panel.opacity.setValue(round(100 * workspace.settings.map_opacity))
        canvas.map_overlay.setOpacity(workspace.settings.map_opacity)

    @property
    def picture(self) -> ScenePicture | None:
        """The picture on the screen."""
        return self._picture

    @Slot(object)
    def show_opened(self, opened: OpenedCube) -> None:
        """Show a cube that was just opened."""
        document = cast("Document", self._workspace.document)
        self._cancel_drawing()
        self._picked, self._marks, self._pinned = None, [], []
        self._percent = opened.picture.percent
        self._canvas.show_scene(opened.cube.rows, opened.cube.columns)
        self._plot.show_cube(opened.cube)
        self._panel.show_cube(opened.cube, opened.picture.bands)
        self._readout.clear()
        self._show_picture(opened.picture)
        document.cube_changed.connect(self._on_cube)
        document.labels.changed.connect(self._on_labels)
        document.legend.changed.connect(self._on_legend)
        document.prediction_changed.connect(self._draw_map)

    def _on_cube(self) -> None:
        document, picture = self._workspace.document, self._picture
        if document is not None and picture is not None:
            self.clear_pins()
            self._plot.show_cube(document.cube)
            bands = picture.bands
            if not all(document.cube.good_bands[b] for b in bands):
                bands = initial_bands(document.cube)
            self._panel.show_cube(document.cube, bands)
            self.show_bands(bands)

    # picture ---------------------------------------------------------------------------------

    @Slot(object)
    def show_bands(self, bands: Triple) -> None:
        """Draw other bands, in the background; the latest wish wins."""
        document = self._workspace.document
        if document is None:
            return
        self._cancel_drawing()
        cube, percent = document.cube, self._percent

        def work(token: CancelToken, _port: ProgressPort) -> ScenePicture:
            return render_scene(cube, bands, percent, token)

        self._drawing = self._workspace.tasks.start("Drawing the picture", work)
        self._drawing.succeeded.connect(self._show_picture)
        self._drawing.failed.connect(self._on_drawing_failed)

    @Slot(float, float)
    def _on_percent(self, low: float, high: float) -> None:
        self._percent = (low, high)
        if self._picture is not None:
            self.show_bands(self._picture.bands)

    @Slot(object)
    def _show_picture(self, picture: ScenePicture) -> None:
        self._picture = picture
        self._canvas.set_raster(self._canvas.picture, picture.rgba)
        self._plot.mark_bands(picture.bands)
        self._panel.show_bands(picture.bands)

    @Slot(object)
    def _on_drawing_failed(self, error: Exception) -> None:
        self._workspace.notify_error(error, "Drawing the picture")

    def _cancel_drawing(self) -> None:
        if self._drawing is not None:
            self._drawing.cancel()
            self._drawing = None

    # overlays --------------------------------------------------------------------------------

    def _on_labels(self, _top: int, _left: int, _bottom: int, _right: int) -> None:
        document = self._workspace.document
        if document is not None:
            rgba = id_picture(document.labels.ids, document.legend)
            self._canvas.set_raster(self._canvas.label_overlay, rgba)

    def _on_legend(self) -> None:
        self._on_labels(0, 0, 0, 0)
        self._draw_map()

    def _draw_map(self) -> None:
        document = self._workspace.document
        if document is None or document.prediction is None:
            self._canvas.set_raster(self._canvas.map_overlay, None)
            return
        self._canvas.set_raster(
            self._canvas.map_overlay, self._layer(document.prediction, document.legend)
        )

    def _layer(self, prediction: Prediction, legend: ClassLegend) -> NDArray[np.uint8]:
        layer, mapped = self._panel.layer.currentData(), prediction.class_map > 0
        if layer == "disagreement" and prediction.disagreement is not None:
            return value_picture(prediction.disagreement, mapped)
        if layer != "classes":
            return value_picture(1.0 - prediction.confidence, mapped)
        return id_picture(prediction.class_map, legend)

    @Slot(str)
    def _on_layer(self, _name: str) -> None:
        self._draw_map()
        self._workspace.state_changed.emit()

    @Slot(bool)
    def show_uncertainty(self, shown: bool) -> None:
        """Show how doubtful each pixel is, or the classes again."""
        names = [self._panel.layer.itemData(i) for i in range(self._panel.layer.count())]
        self._panel.layer.setCurrentIndex(names.index("uncertainty" if shown else "classes"))
        self.show_map(True)

    @property
    def uncertainty_shown(self) -> bool:
        """Whether a layer of doubt lies over the image in place of the classes."""
        return bool(self._panel.layer.currentData() != "classes")

    @Slot(float)
    def _on_opacity(self, opacity: float) -> None:
        self._workspace.settings.map_opacity = opacity
        self._canvas.map_overlay.setOpacity(opacity)

    @Slot(bool)
    def show_map(self, shown: bool) -> None:
        """Show or hide the class map."""
        self._panel.show_map.setChecked(shown)

    @Slot(bool)
    def show_labels(self, shown: bool) -> None:
        """Show or hide the labels."""
        self._panel.show_labels.setChecked(shown)

    @Slot(bool)
    def show_image_only(self, alone: bool) -> None:
        """Hide the map and the labels, or show both again."""
        self.show_map(not alone)
        self.show_labels(not alone)

    @property
    def map_shown(self) -> bool:
        """Whether the class map lies over the image."""
        return self._panel.show_map.isChecked()

    @property
    def labels_shown(self) -> bool:
        """Whether the labels lie over the image."""
        return self._panel.show_labels.isChecked()

    # spectra and readout ---------------------------------------------------------------------

    @Slot(int, int)
    def _on_hover(self, row: int, column: int) -> None:
        document = self._workspace.document
        if document is None:
            return
        self._plot.show_live(document.cube.spectrum(row, column))
        self._read_out(document, row, column)

    @Slot()
    def _on_left(self) -> None:
        self._readout.clear()
        document = self._workspace.document
        if document is not None and self._picked is not None:
            self._plot.show_live(document.cube.spectrum(*self._picked))
        else:
            self._plot.show_live(None)

    @Slot(int, int)
    def pin(self, row: int, column: int) -> None:
        """Keep the spectrum of a pixel in the plot and mark the pixel."""
        document = self._workspace.document
        if document is None:
            return
        spectrum = document.cube.spectrum(row, column)
        name = f"row {row + 1} col {column + 1}"
        colour = self._plot.add_pin(spectrum, name)
        self._pinned.append((name, spectrum))
        self._marks.append((row, column, colour))
        self._canvas.set_marks(self._marks)
        self._picked = (row, column)
        self._workspace.state_changed.emit()

    @Slot()
    def clear_pins(self) -> None:
        """Take all pinned spectra away."""
        self._plot.clear_pins()
        self._marks, self._pinned, self._picked = [], [], None
        self._canvas.set_marks([])
        self._workspace.state_changed.emit()

    @property
    def pins(self) -> int:
        """Number of pinned spectra."""
        return len(self._marks)

    def pinned_library(self) -> SpectralLibrary | None:
        """The pinned spectra, or None if there are none."""
        document = self._workspace.document
        if document is None or not self._pinned:
            return None
        names, spectra = zip(*self._pinned, strict=True)
        cube = document.cube
        return SpectralLibrary(names, cube.wavelengths, np.stack(spectra), name=cube.name)

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
        marks = [*self._marks, (row, column, (255, 255, 255))]
        self._canvas.set_marks(marks)
        self._canvas.centre_on(row, column)
        self._on_hover(row, column)

    def _read_out(self, document: Document, row: int, column: int) -> None:
        cube, picture, prediction = document.cube, self._picture, document.prediction
        map_xy = ""
        if cube.georeference is not None:
            place = cube.georeference.map_xy(row + 0.5, column + 0.5)
            map_xy = f"x {place[0]:,.2f}  y {place[1]:,.2f}" if place else ""
        values = ""
        if picture is not None:
            stored = cube.read(slice(row, row + 1), slice(column, column + 1), picture.bands)
            red, green, blue = (v * cube.scale for v in stored[0, 0].tolist())
            values = f"R {red:.5g}  G {green:.5g}  B {blue:.5g}"
        label = int(document.labels.ids[row, column])
        mapped = ""
        if prediction is not None:
            name = document.legend.name_of(int(prediction.class_map[row, column]))
            mapped = f"Map: {name}, {100 * float(prediction.confidence[row, column]):.0f} %"
        self._readout.show_pixel(
            f"Row {row + 1}, column {column + 1}",
            map_xy,
            values,
            f"Label: {document.legend.name_of(label)}" if label else "",
            mapped,
        )
