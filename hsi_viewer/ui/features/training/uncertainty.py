"""UncertaintyFeature: layers of doubt, and class sets under the cursor."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import Slot

from hsi_viewer.core.assessment.conformal import ConformalSets
from hsi_viewer.core.assessment.map_assessment import conformal_of
from hsi_viewer.core.display.colour_bar import ColourBar
from hsi_viewer.core.display.layers import Layer
from hsi_viewer.core.display.rasters import ValueRaster
from hsi_viewer.core.evidence import RunEvidence
from hsi_viewer.core.prediction import Prediction
from hsi_viewer.core.progress import CancelToken, ProgressPort
from hsi_viewer.core.text import MOST_OF_NAME, short_name
from hsi_viewer.jobs.doubt_layers import KINDS, DoubtLayer, doubt_layer
from hsi_viewer.session.document.document import Document
from hsi_viewer.ui.commands.table import Command
from hsi_viewer.ui.context import NO_MAP
from hsi_viewer.ui.features.feature import Feature
from hsi_viewer.ui.features.training.leaving_out import LeavingOut, facts_later
from hsi_viewer.ui.features.training.torch_preload import import_trainer
from hsi_viewer.ui.plots.colour_maps import colour_table

if TYPE_CHECKING:
    from hsi_viewer.ui.context import Context
    from hsi_viewer.ui.widgets.doubt_dialog import DoubtDialog

TITLES = {kind.title for kind in KINDS}
MOST_NAMED = 4
SETS = "Fitting class sets"


class UncertaintyFeature(Feature):
    """Adds the layers that are asked for, and binds the dialog to the map of the document."""

    key = "uncertainty"

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._sets: ConformalSets | None = None
        self._sets_of: RunEvidence | None = None  # what they follow from, or will
        self._dialog: DoubtDialog | None = None
        self.leaving_out = LeavingOut(context, self)
        context.canvas.hovered.connect(self._on_hover)
        context.canvas.left.connect(self._on_left)
        self.workspace.document_changed.connect(self._on_document)

    @property
    def dialog(self) -> DoubtDialog:
        """The controls, made when they are first wanted."""
        if self._dialog is None:
            from hsi_viewer.ui.widgets.doubt_dialog import DoubtDialog

            self._dialog = DoubtDialog([(k.key, k.title, k.about) for k in KINDS], self.window)
            self._dialog.layer_requested.connect(self.show_layer)
            self.leaving_out.bind(self._dialog)
        return self._dialog

    def commands(self) -> list[Command]:
        """A command for each layer, and one for the dialog."""
        layers = [
            Command(
                f"doubt.{kind.key}",
                kind.title,
                "&View",
                partial(self.show_layer, kind.key),
                enabled=self.has_map,
                disabled_reason=lambda: NO_MAP,
            )
            for kind in KINDS
        ]
        leave = Command(
            "map.doubtful",
            "&Leave doubtful pixels unclassified…",
            "&Map",
            self.open,
            (),
            "help-rhombus-outline",
            self.has_map,
            lambda: NO_MAP,
        )
        return [*layers, leave]

    @Slot()
    def open(self) -> None:
        """Open the controls beside the image, with the map on it."""
        corner = self.context.canvas.mapToGlobal(self.context.canvas.rect().topLeft())
        self.dialog.move(corner)
        self.dialog.show()
        self.dialog.raise_()
        self.context.viewing.show_map(True)

    # layers ----------------------------------------------------------------------------------

    @Slot(str)
    def show_layer(self, key: str) -> None:
        """Compute a layer in the background, and lay it over the image."""
        document = self.workspace.document
        kind = next((k for k in KINDS if k.key == key), None)
        facts = None if document is None else facts_later(document)
        if kind is None or facts is None:
            self.workspace.notify(NO_MAP, "warning")
            return

        def work(token: CancelToken, port: ProgressPort) -> DoubtLayer:
            if kind.key == "applicability":
                import_trainer(token, port)
            return doubt_layer(kind, facts(), token, port)

        self.workspace.compute(
            f"Computing {kind.title.lower()}", work, self._on_layer, document=document
        )

    def _on_layer(self, found: DoubtLayer) -> None:
        document = self.workspace.document
        if document is None or document.prediction is not found.prediction:
            return
        self.leaving_out.take_area(found)
        colours = colour_table()
        raster = ValueRaster(
            found.values, colours, found.sure, found.doubtful, shown=found.prediction.class_map
        )
        self.context.viewing.layers.add(
            Layer(
                found.kind.title,
                raster,
                removable=True,
                about=found.about,
                coded=True,
                bar=ColourBar(found.kind.title, colours, found.sure, found.doubtful),
            )
        )

    @Slot()
    def _on_document(self) -> None:
        self._forget_sets()
        document = self.workspace.document
        if document is not None:
            document.prediction_changed.connect(self._on_map)
            document.results.assessed.connect(self._tell_again)
        self.leaving_out.take_document()

    def _on_map(self) -> None:
        """Layers of another map say nothing of this one."""
        for name in TITLES.intersection(self.context.viewing.layers.names):
            self.context.viewing.layers.remove(name)
        self._forget_sets()
        self._tell_again()
        self.leaving_out.take_map()

    # the classes under the cursor ------------------------------------------------------------

    @Slot(int, int)
    def _on_hover(self, row: int, column: int) -> None:
        document = self.workspace.document
        prediction = document.prediction if document is not None else None
        if document is None or prediction is None or prediction.probabilities is None:
            self.context.readout.show_doubt("")
            return
        sets = self._class_sets(document, prediction)
        if sets is None or not prediction.class_map[row, column]:
            self.context.readout.show_doubt("")
            return
        inside = sets.contains(prediction.probabilities[row, column])
        ids = [prediction.class_ids[k] for k in np.flatnonzero(inside)]
        names = [short_name(document.legend.name_of(i), MOST_OF_NAME) for i in ids]
        more = len(names) - MOST_NAMED
        text = ", ".join(names[:MOST_NAMED]) + (f" and {more} more" if more > 0 else "")
        self.context.readout.show_doubt(f"90 % set: {text or 'no class is likely enough'}")

    @Slot()
    def _tell_again(self) -> None:
        """The cursor may rest while what is under it changes."""
        pixel = self.context.canvas.hovered_pixel
        if pixel is not None:
            self._on_hover(*pixel)

    @Slot()
    def _on_left(self) -> None:
        self.context.readout.show_doubt("")

    def _class_sets(self, document: Document, prediction: Prediction) -> ConformalSets | None:
        """The sets of a map, by the evidence of its run; None until a worker has found them."""
        evidence = document.results.evidence
        if evidence is None or evidence.class_ids != prediction.class_ids:
            return None
        if self._sets_of is not evidence:
            self._sets_of = evidence

            def work(_token: CancelToken, _port: ProgressPort) -> ConformalSets | None:
                return conformal_of(evidence)

            self.workspace.compute(SETS, work, self._on_sets, document=document, quiet=True)
        return self._sets

    def _on_sets(self, sets: ConformalSets | None) -> None:
        self._sets = sets
        self._tell_again()

    def _forget_sets(self) -> None:
        self._sets = self._sets_of = None
        self.workspace.cancel(SETS)
