"""Selection: pixels singled out on the image, shown over it, labelled or averaged elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray
from PySide6.QtCore import Slot

from hsi_viewer.core.display.highlight import MaskRaster
from hsi_viewer.core.display.layers import Layer
from hsi_viewer.core.geometry.shapes import Point, polygon
from hsi_viewer.core.labels.classes import Colour
from hsi_viewer.session.document.assign_class import plan_assigning
from hsi_viewer.session.document.document import Document
from hsi_viewer.session.document.label_load import Base, LabelLoad
from hsi_viewer.ui.commands.table import Command
from hsi_viewer.ui.context import SELECT_FIRST
from hsi_viewer.ui.features.feature import Feature
from hsi_viewer.ui.features.labelling.toolbox import Guest
from hsi_viewer.ui.label_changes import told_labelled
from hsi_viewer.ui.tools.outline import LassoTool

if TYPE_CHECKING:
    from hsi_viewer.ui.context import Context
    from hsi_viewer.ui.features.labelling.labelling import LabelController

SPECTRA = "S&pectra"
SELECTION = "Selection"
COLOUR: Colour = (255, 0, 200)
NO_CLASS = "Choose a class first, or add one (A)."


class _SelectLasso(LassoTool):
    """Draw around pixels once; then the tool of before is active again."""

    def __init__(self, feature: SelectionFeature) -> None:
        super().__init__(feature.toolbox)
        self._feature = feature

    def cancel(self) -> bool:
        """Escape drops the line, and the lasso with it."""
        taken = self._feature.lassoing
        super().cancel()
        self._feature.put_lasso_away()
        return taken

    def _close(self) -> None:
        """Select what the line encloses; no label changes."""
        vertices = self._smooth(self._vertices)
        self._vertices = []
        self._show([])
        self._feature.select_inside(vertices)
        self._feature.put_lasso_away()

    def _show(self, points: list[Point], *, closed: bool = True) -> None:
        super()._show(points, closed=closed)
        if self._preview is not None:
            self._preview = replace(self._preview, colour=COLOUR)


class SelectionFeature(Feature):
    """Shows the document's selection and gives it a lasso on the image."""

    key = "selection"

    def __init__(self, context: Context, labelling: LabelController) -> None:
        super().__init__(context)
        self.labelling, self.toolbox = labelling, labelling.toolbox
        hint = "Draw around pixels to select them; Escape stops."
        self._lasso = Guest(_SelectLasso(self), "Select pixels", hint, ("smooth",))
        self._count = 0
        self.workspace.document_changed.connect(self._on_document)
        context.viewing.layers.removed.connect(self._on_layer_removed)

    def commands(self) -> list[Command]:
        """Selecting, labelling, and clearing."""
        return [
            Command(
                "select.lasso",
                "Select pi&xels with a lasso",
                SPECTRA,
                self.take_lasso,
                ("Ctrl+Shift+L",),
                "lasso",
                self.has_scene,
                checked=lambda: self.lassoing,
            ),
            Command(
                "select.class",
                "Select the labels of the active class",
                SPECTRA,
                self.select_class,
                (),
                "select-color",
                lambda: self._active() is not None,
                lambda: NO_CLASS,
            ),
            Command(
                "select.region",
                "Select the pixels of the chosen region",
                SPECTRA,
                self.select_region,
                (),
                "select-marker",
                lambda: self.toolbox.select.patch is not None,
                lambda: "Choose a region of labels with the select tool first (V).",
            ),
            Command(
                "select.label",
                "&Label the selected pixels as the active class",
                SPECTRA,
                self.label,
                ("Ctrl+Return",),
                "label-multiple-outline",
                self.has_selection,
                lambda: SELECT_FIRST,
            ),
            Command(
                "select.clear",
                "Clear the s&election",
                SPECTRA,
                self.clear,
                ("Ctrl+D",),
                "select-off",
                self.has_selection,
                lambda: "No pixels are selected.",
            ),
        ]

    # the lasso -------------------------------------------------------------------------------

    def take_lasso(self, taken: bool = True) -> None:
        """Give the left button to the lasso for one stroke."""
        if not taken:
            self.put_lasso_away()
            return
        self.toolbox.lend(self._lasso)
        self.workspace.state_changed.emit()

    def put_lasso_away(self) -> None:
        """Give the left button back to the tool of before."""
        if self.lassoing:
            self.labelling.use_tool(self.labelling.tool)

    @property
    def lassoing(self) -> bool:
        """Whether the lasso has the left button."""
        return self.toolbox.guest is self._lasso

    # the selection ---------------------------------------------------------------------------

    def select_inside(self, outline: list[Point]) -> None:
        """Select the pixels in an outline of rows and columns."""
        document = self.workspace.document
        if document is not None:
            self._select(polygon(outline, document.labels.shape), "lasso")

    def _select(self, pixels: NDArray[np.int64], name: str) -> None:
        document = self.workspace.document
        if document is not None:
            self._count += 1
            mask = np.zeros(document.labels.shape, bool)
            mask.ravel()[pixels] = True
            document.selection.select(mask, f"{name} {self._count}")

    @Slot()
    def select_class(self) -> None:
        """Select the labelled pixels of the active class."""
        document, active = self.workspace.document, self._active()
        if document is None or active is None:
            return
        name = document.legend.name_of(active)
        document.selection.select(document.labels.ids == active, f"labels of {name}")
        if not len(document.selection):
            self.workspace.notify(f"“{name}” has no labelled pixels yet.")

    @Slot()
    def select_region(self) -> None:
        """Select the pixels of the region that the select tool holds."""
        document, patch = self.workspace.document, self.toolbox.select.patch
        if document is not None and patch is not None:
            pixels, _ = patch.within(document.labels.shape)
            self._select(pixels, "region")

    @Slot()
    def label(self) -> None:
        """Give the selected pixels the active class, as one step."""
        document, active = self.workspace.document, self._active()
        if document is None or active is None:
            self.labelling.ask_for_class()
            return
        selection, name = document.selection.mask, document.legend.name_of(active)
        if selection is None:
            return

        def plan(document: Document, base: Base) -> LabelLoad | None:
            pixels = np.flatnonzero(selection)
            there = base.has(active)
            return plan_assigning(document, base, pixels, active, keep=False) if there else None

        done = told_labelled(self.workspace, name, self.labelling.undo_choice)
        self.labelling.changes.carry_out("Labelling the selection", plan, done)

    @Slot()
    def clear(self) -> None:
        """Select nothing."""
        if self.workspace.document is not None:
            self.workspace.document.selection.clear()

    def _active(self) -> int | None:
        document, active = self.workspace.document, self.labelling.active_class
        if document is None or active is None or active not in document.legend:
            return None
        return active

    @Slot()
    def _on_document(self) -> None:
        document = self.workspace.document
        if document is not None:
            self.put_lasso_away()
            document.selection.changed.connect(self._on_selection)

    def _on_selection(self) -> None:
        document, layers = self.workspace.document, self.context.viewing.layers
        if document is None:
            return
        mask = document.selection.mask
        if mask is None:
            layers.remove(SELECTION)
        else:
            about = f"{len(document.selection):,} pixels: {document.selection.name}"
            raster = MaskRaster(mask, COLOUR)
            layers.add(Layer(SELECTION, raster, removable=True, about=about))
        self.workspace.state_changed.emit()

    def _on_layer_removed(self, name: str) -> None:
        if name == SELECTION:
            self.clear()
