"""Spectral angle: a map of similarity to the picked spectrum, a threshold, labels from it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray
from PySide6.QtCore import Slot

from hsi_viewer.analysis.spectral_angle import STEPS, THRESHOLDS, AngleMap, angle_map
from hsi_viewer.core.display.colour_bar import ColourBar
from hsi_viewer.core.display.highlight import BelowRaster
from hsi_viewer.core.display.layers import Layer
from hsi_viewer.core.display.rasters import ValueRaster
from hsi_viewer.core.labels.classes import Colour
from hsi_viewer.core.progress import CancelToken, ProgressPort
from hsi_viewer.session.document.assign_class import plan_assigning
from hsi_viewer.session.document.document import Document
from hsi_viewer.session.document.label_load import Base, LabelLoad
from hsi_viewer.ui.commands.table import Command
from hsi_viewer.ui.features.panel_feature import PanelFeature
from hsi_viewer.ui.label_changes import LabelChanges, told_labelled
from hsi_viewer.ui.plots.colour_maps import colour_table

if TYPE_CHECKING:
    from hsi_viewer.ui.context import Context
    from hsi_viewer.ui.widgets.angle_panel import AnglePanel

TITLE = "Spectral angle"
WITHIN = "Within the angle"
COLOUR: Colour = (255, 90, 0)
DOING = "Mapping the spectral angle"
NO_SPECTRUM = "Click a pixel with the navigate tool first."


class Near(Struct, frozen=True, eq=False):
    """Pixels within a threshold, and the class that they are to get, or None to select them."""

    map: AngleMap
    step: int
    mask: NDArray[np.bool_]
    pixels: NDArray[np.int64]
    class_id: int | None
    keep: bool


class AngleFeature(PanelFeature["AnglePanel"]):
    """Shows the angle map of the open document by two layers."""

    key, title, icon, beside = "spectral-angle", TITLE, "angle-acute", "training"

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._changes = LabelChanges(self.workspace, self)
        context.plot.curves.changed.connect(self._on_curves)
        context.viewing.layers.removed.connect(self._on_layer_removed)
        context.viewing.layers.changed.connect(self._on_layers)
        self.workspace.document_changed.connect(self._on_document)
        self.workspace.state_changed.connect(self._on_state)

    @property
    def map(self) -> AngleMap | None:
        """The angle map of the open document."""
        document = self.workspace.document
        return document.results.angle_map if document is not None else None

    def make_panel(self) -> AnglePanel:
        """The panel, connected."""
        from hsi_viewer.ui.widgets.angle_panel import AnglePanel

        panel = AnglePanel(STEPS)
        panel.map_requested.connect(self.start)
        panel.visibility_changed.connect(self._show_layers)
        panel.threshold_changed.connect(self._show_within)
        panel.label_requested.connect(self.label)
        panel.select_requested.connect(self.select)
        return panel

    @Slot()
    def refresh(self) -> None:
        """Show the map and its spectrum."""
        self._show_name()
        self._on_curves()
        self._on_state()

    def commands(self) -> list[Command]:
        """Mapping, under Spectra."""
        return [
            Command(
                "spectra.angle",
                "Map the spectral an&gle to the picked spectrum",
                "S&pectra",
                self.start,
                ("Ctrl+Shift+A",),
                "angle-acute",
                lambda: self.context.plot.curves.picked is not None,
                lambda: NO_SPECTRUM,
            )
        ]

    # the map ---------------------------------------------------------------------------------

    @Slot()
    def start(self) -> None:
        """Map the angle to the picked spectrum in the background."""
        document, picked = self.workspace.document, self.context.plot.curves.picked
        self.open()
        if document is None or picked is None:
            self.workspace.notify(NO_SPECTRUM)
            return
        cube, reference, name = document.cube, picked.values, picked.name

        def work(token: CancelToken, port: ProgressPort) -> AngleMap:
            return angle_map(cube, reference, name, token, port)

        self.workspace.compute(
            f"Spectral angle to {name}", work, self._on_mapped, cube=cube, key=self.key, doing=DOING
        )

    def _on_mapped(self, found: AngleMap) -> None:
        document = self.workspace.document
        if document is None:
            return
        document.results.angle_map = found
        self.panel.show_map(found.name)
        reach = int(np.searchsorted(found.counts, 0.98 * found.counts[-1]))
        top = float(THRESHOLDS[max(reach, 1)])
        colours = colour_table("viridis")[::-1]
        raster = ValueRaster(found.angles, colours, 0.0, top)
        self.context.viewing.layers.add(
            Layer(
                TITLE,
                raster,
                removable=True,
                about=f"Spectral angle to {found.name}: bright is similar, 0 to {top:.3f} rad",
                coded=True,
                bar=ColourBar(f"Angle to {found.name}", colours, 0.0, top, "rad"),
            )
        )
        self._show_within()

    @Slot()
    def _show_within(self, _step: int = 0) -> None:
        if self.map is None:
            return
        raster = BelowRaster(self.map.angles, THRESHOLDS[self.panel.step], COLOUR)
        layers = self.context.viewing.layers
        if WITHIN in layers:
            layers.set_raster(WITHIN, raster)
        else:
            about = f"Spectral angle to {self.map.name} within the threshold"
            layers.add(Layer(WITHIN, raster, removable=True, about=about))
        self.panel.show_count(int(self.map.counts[self.panel.step]))

    @Slot(bool)
    def _show_layers(self, shown: bool) -> None:
        layers = self.context.viewing.layers
        layers.show(shown, *(name for name in (TITLE, WITHIN) if name in layers))

    def _on_layers(self) -> None:
        """Follow what is chosen in the Layers panel."""
        layers = self.context.viewing.layers
        if self.is_made and TITLE in layers:
            self.panel.show_visible(layers[TITLE].visible)

    # what becomes of the pixels --------------------------------------------------------------

    @Slot()
    def label(self) -> None:
        """Give the pixels within the threshold the active class, as one step."""
        document, active = self.workspace.document, self.context.labelling.active_class
        if document is None or self.map is None:
            return
        if active is None or active not in document.legend:
            self.context.labelling.ask_for_class()
            return
        self._find_pixels(active, keep=self.panel.keep.isChecked())

    @Slot()
    def select(self) -> None:
        """Make the pixels within the threshold the selection."""
        self._find_pixels(None, keep=False)

    def _find_pixels(self, class_id: int | None, *, keep: bool) -> None:
        """Look for the pixels in the background: in a large scene it takes a while."""
        if self.map is None:
            return
        found, step = self.map, self.panel.step

        def work(_token: CancelToken, _port: ProgressPort) -> Near:
            mask = found.within(step)
            return Near(found, step, mask, np.flatnonzero(mask), class_id, keep)

        self.workspace.compute(
            "Finding the pixels within the angle",
            work,
            self._on_near,
            cube=found.cube,
            key="",
            doing=DOING,
            quiet=True,
        )

    def _on_near(self, near: Near) -> None:
        document = self.workspace.document
        if document is None:
            return
        if near.class_id is None:
            name = f"within {near.step / 1000:.3f} rad of {near.map.name}"
            document.selection.select(near.mask, name)
        elif near.class_id in document.legend:
            self._label(document, near, near.class_id)

    def _label(self, document: Document, near: Near, class_id: int) -> None:
        def plan(document: Document, base: Base) -> LabelLoad | None:
            there = base.has(class_id)
            pixels, keep = near.pixels, near.keep
            return plan_assigning(document, base, pixels, class_id, keep=keep) if there else None

        name = document.legend.name_of(class_id)
        done = told_labelled(self.workspace, name, self.context.labelling.undo_choice)
        self._changes.carry_out("Labelling", plan, done)

    # state -----------------------------------------------------------------------------------

    def _show_name(self) -> None:
        if self.is_made:
            self.panel.show_map(self.map.name if self.map is not None else "")

    def _on_curves(self) -> None:
        picked = self.context.plot.curves.picked
        if self.is_made:
            self.panel.show_reference(picked.name if picked is not None else "")

    @Slot()
    def _on_document(self) -> None:
        document = self.workspace.document
        self._show_name()
        if document is not None:
            document.cube_changed.connect(self._on_cube)

    def _on_cube(self) -> None:
        """Other metadata, other bands: the map is no longer that of the cube."""
        for name in (TITLE, WITHIN):
            self.context.viewing.layers.remove(name)

    def _on_layer_removed(self, name: str) -> None:
        document = self.workspace.document
        if name == TITLE:
            if document is not None:
                document.results.angle_map = None
            self._show_name()
            self.context.viewing.layers.remove(WITHIN)

    @Slot()
    def _on_state(self) -> None:
        if not self.is_made:
            return
        document, active = self.workspace.document, self.context.labelling.active_class
        known = document is not None and active is not None and active in document.legend
        name = document.legend.name_of(active) if document and known and active else ""
        self.panel.show_class(name)
