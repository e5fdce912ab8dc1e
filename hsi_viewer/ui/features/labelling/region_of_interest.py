"""RegionOfInterestFeature: the pixels and bands that are used, drawn or from files."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray
from PySide6.QtCore import Slot
from PySide6.QtWidgets import QFileDialog

from hsi_viewer.core.cube.band_choice import written
from hsi_viewer.core.display.highlight import MaskRaster
from hsi_viewer.core.display.layers import OUTSIDE, Layer
from hsi_viewer.core.geometry.shapes import Point, polygon
from hsi_viewer.core.labels.classes import Colour
from hsi_viewer.core.progress import CancelToken, ProgressPort
from hsi_viewer.io.files.reading import ChoiceNeededError
from hsi_viewer.session.document.document import Document
from hsi_viewer.ui.array_dialog import ask_array
from hsi_viewer.ui.commands.table import Command
from hsi_viewer.ui.context import SELECT_FIRST
from hsi_viewer.ui.features.feature import Feature
from hsi_viewer.ui.features.labelling.toolbox import Guest
from hsi_viewer.ui.tools.outline import PolygonTool
from hsi_viewer.ui.widgets.bands_dialog import BandsDialog

if TYPE_CHECKING:
    from hsi_viewer.ui.context import Context
    from hsi_viewer.ui.features.labelling.labelling import LabelController
    from hsi_viewer.ui.widgets.training_panel import TrainingPanel

MENU = "&Map"
DIM: Colour = (70, 70, 76)
OUTLINE: Colour = (255, 255, 255)
READING = "Reading the region of interest"
CORNERS = "Click the corners; Enter or a double-click closes the outline, Escape stops."
NOTHING = "No region of interest is set."
ICONS = {
    "selection": "select",
    "picked": "select-marker",
    "file": "file-image",
    "mask": "cloud-outline",
    "bands": "format-list-checks",
    "invert": "invert-colors",
    "clear": "select-off",
}
Mask = NDArray[np.bool_]


class _RegionPolygon(PolygonTool):
    """Click vertices once; what they enclose is added to the region."""

    def __init__(self, feature: RegionOfInterestFeature) -> None:
        super().__init__(feature.labelling.toolbox)
        self._feature = feature

    def cancel(self) -> bool:
        """Escape drops the outline, and the tool with it."""
        taken = self._feature.drawing
        super().cancel()
        self._feature.put_away()
        return taken

    def _close(self) -> None:
        vertices = self._smooth(self._vertices)
        self._vertices = []
        self._show([])
        self._feature.add_inside(vertices)
        self._feature.put_away()

    def _show(self, points: list[Point], *, closed: bool = True) -> None:
        super()._show(points, closed=closed)
        if self._preview is not None:
            self._preview = replace(self._preview, colour=OUTLINE)


class RegionOfInterestFeature(Feature):
    """Draws the region, reads it from files, shows it on the image and in the Training panel."""

    key = "region_of_interest"

    def __init__(self, context: Context, labelling: LabelController, panel: TrainingPanel) -> None:
        super().__init__(context)
        self.labelling, self._panel = labelling, panel
        self._polygon = Guest(_RegionPolygon(self), "Region of interest", CORNERS, ("smooth",))
        self._bands: BandsDialog | None = None
        self._described: tuple[object, object] = None, None  # cube and region, in the panel
        panel.clear_region_requested.connect(self.clear)
        self.workspace.document_changed.connect(self._on_document)
        self.workspace.state_changed.connect(self._show_state)

    def commands(self) -> list[Command]:
        """The submenu Region of interest."""
        opened, inside, any_set = self.has_scene, self._has_inside, self._is_set
        picked = "Choose a region of labels with the select tool first (V)."

        return [
            Command(
                "roi.draw",
                "&Draw a region of interest",
                MENU,
                self.draw,
                (),
                "vector-polygon",
                opened,
                checked=lambda: self.drawing,
            ),
            self._row(
                "selection",
                "Use the &selected pixels",
                self.take_selection,
                self.has_selection,
                SELECT_FIRST,
            ),
            self._row(
                "picked",
                "Use the chosen re&gion of labels",
                self.take_picked,
                self._has_picked,
                picked,
            ),
            self._row("file", "Region of interest from a &file…", self.choose_file, opened),
            self._row("mask", "Leave out a &mask from a file…", self.choose_mask, opened),
            self._row("bands", "Choose &bands for training…", self.choose_bands, opened),
            self._row("invert", "&Invert the region of interest", self.invert, inside, NOTHING),
            self._row("clear", "&Clear region and bands", self.clear, any_set, NOTHING),
        ]

    def _row(
        self,
        name: str,
        title: str,
        run: Callable[[], None],
        enabled: Callable[[], bool],
        reason: str | None = None,
    ) -> Command:
        return Command(f"roi.{name}", title, MENU, run, (), ICONS[name], enabled, lambda: reason)

    # drawing ---------------------------------------------------------------------------------

    def draw(self, taken: bool = True) -> None:
        """Give the left button to the polygon for one outline."""
        if not taken:
            self.put_away()
            return
        self.labelling.toolbox.lend(self._polygon)
        self.workspace.state_changed.emit()

    def put_away(self) -> None:
        """Give the left button back to the tool of before."""
        if self.drawing:
            self.labelling.use_tool(self.labelling.tool)

    @property
    def drawing(self) -> bool:
        """Whether the polygon has the left button."""
        return self.labelling.toolbox.guest is self._polygon

    def add_inside(self, outline: list[Point]) -> None:
        """Add what an outline of rows and columns encloses to the region."""
        document = self.workspace.document
        if document is None:
            return
        now = document.region.now.inside
        inside = np.zeros(document.labels.shape, bool) if now is None else now.copy()
        inside.ravel()[polygon(outline, document.labels.shape)] = True
        self._set(document, "Draw region of interest", inside)

    # from what is there ----------------------------------------------------------------------

    @Slot()
    def take_selection(self) -> None:
        """Use the selected pixels."""
        document = self.workspace.document
        if document is not None and document.selection.mask is not None:
            self._set(document, "Region of interest from selection", document.selection.mask)

    @Slot()
    def take_picked(self) -> None:
        """Use the region of labels that the select tool holds."""
        document, patch = self.workspace.document, self.labelling.toolbox.select.patch
        if document is not None and patch is not None:
            inside = np.zeros(document.labels.shape, bool)
            inside.ravel()[patch.within(document.labels.shape)[0]] = True
            self._set(document, "Region of interest from labels", inside)

    @Slot()
    def invert(self) -> None:
        """Use what was outside."""
        document = self.workspace.document
        if document is not None and document.region.now.inside is not None:
            self._set(document, "Invert region of interest", ~document.region.now.inside)

    @Slot()
    def clear(self) -> None:
        """Use the whole scene and all good bands."""
        document = self.workspace.document
        if document is not None:
            document.region.clear(document.history)

    # files -----------------------------------------------------------------------------------

    @Slot()
    def choose_file(self) -> None:
        """Ask for polygons or a raster of what lies inside."""
        self._choose("Region of interest", self.read)

    @Slot()
    def choose_mask(self) -> None:
        """Ask for polygons or a raster of what is left out."""
        self._choose("Mask: what is left out", partial(self.read, left_out=True))

    def _choose(self, title: str, then: Callable[[Path], None]) -> None:
        from hsi_viewer.io.regions.import_export import import_filters

        document = self.workspace.document
        if document is None:
            return
        folder = "" if document.cube.path is None else str(document.cube.path.parent)
        filters = [f"{name} ({' '.join(patterns)})" for name, patterns in import_filters()]
        filters = [filters[-1], *filters[:-1]]
        path, _ = QFileDialog.getOpenFileName(self.window, title, folder, ";;".join(filters))
        if path:
            then(Path(path))

    def read(self, path: Path, left_out: bool = False, array: str = "") -> None:
        """Read a file in the background, and use what it marks, or leave that out.

        Parameters
        ----------
        array : of a file of several arrays; "" asks which.
        """
        document = self.workspace.document
        if document is None:
            return
        cube = document.cube

        def work(_token: CancelToken, _port: ProgressPort) -> Mask | ChoiceNeededError:
            from hsi_viewer.io.regions.region_file import read_mask

            try:
                return read_mask(f"{path}:{array}" if array else path, cube)
            except ChoiceNeededError as needed:
                return needed

        def done(marked: Mask | ChoiceNeededError) -> None:
            if isinstance(marked, ChoiceNeededError):
                shape = document.labels.shape
                name = ask_array(self.window, path, marked.choices, shape, "the region")
                if name:
                    self.read(path, left_out, name)
                return
            now = document.region.now.inside
            if left_out:
                kept = ~marked if now is None else now & ~marked
                self._set(document, f"Leave out {path.name}", kept)
            else:
                self._set(document, f"Region of interest from {path.name}", marked)

        self.workspace.compute(READING, work, done, document=document)

    # bands -----------------------------------------------------------------------------------

    @Slot()
    def choose_bands(self) -> None:
        """Ask which bands are trained on."""
        document = self.workspace.document
        if document is None:
            return
        chosen = document.region.now.bands
        text = "" if chosen is None else written(chosen)
        self._bands = BandsDialog(document.cube, text, self.window)
        self._bands.accepted.connect(self._on_bands)
        self._bands.finished.connect(self._forget_bands)
        self._bands.open()

    @Slot()
    def _on_bands(self) -> None:
        document, dialog = self.workspace.document, self._bands
        if document is not None and dialog is not None:
            title = "Use all bands" if dialog.chosen is None else "Choose bands"
            document.region.set_bands(document.history, title, dialog.chosen)

    @Slot()
    def _forget_bands(self) -> None:
        dialog, self._bands = self._bands, None
        if dialog is not None:
            dialog.deleteLater()

    # what is shown ---------------------------------------------------------------------------

    def _set(self, document: Document, title: str, inside: Mask) -> None:
        if not inside.any():
            self.workspace.notify(
                "That would leave no pixel of the scene to train on; the region stays as it is.",
                "warning",
            )
            return
        document.region.set_inside(document.history, title, inside)

    @Slot()
    def _on_document(self) -> None:
        document = self.workspace.document
        self.put_away()
        if self._bands is not None:
            self._bands.reject()
        if document is not None:
            document.region.changed.connect(self._on_region)
            self._on_region()
        self._show_state()

    def _on_region(self) -> None:
        document, layers = self.workspace.document, self.context.viewing.layers
        if document is None:
            return
        inside = document.region.now.inside
        if inside is None:
            layers.remove(OUTSIDE)
        else:
            about = "What lies outside the region of interest is neither trained on nor mapped"
            layers.add(Layer(OUTSIDE, MaskRaster(~inside, DIM), about=about))

    @Slot()
    def _show_state(self) -> None:
        document = self.workspace.document
        if document is None:
            self._panel.show_region("")
            return
        cube, region = document.cube, document.region.now
        if self._described[0] is cube and self._described[1] is region:
            return  # counting pixels takes a while
        self._described = cube, region
        self._panel.show_region(region.sentence(cube))

    def _has_picked(self) -> bool:
        return self.labelling.toolbox.select.patch is not None

    def _has_inside(self) -> bool:
        document = self.workspace.document
        return document is not None and document.region.pixels.total > 0

    def _is_set(self) -> bool:
        document = self.workspace.document
        return document is not None and bool(document.region.now)
