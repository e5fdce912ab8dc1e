"""UncertaintyFeature: layers of doubt, class sets under the cursor, doubtful pixels left out."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import Slot

from hsi_viewer.core.assessment.conformal import ConformalSets
from hsi_viewer.core.assessment.map_assessment import conformal_of
from hsi_viewer.core.assessment.uncertainty import unclassified_where
from hsi_viewer.core.display.colour_bar import ColourBar
from hsi_viewer.core.display.layers import Layer
from hsi_viewer.core.display.rasters import ValueRaster
from hsi_viewer.core.prediction import Prediction
from hsi_viewer.core.progress import CancelToken, ProgressPort
from hsi_viewer.jobs.doubt_layers import KINDS, DoubtLayer, DoubtRule, MapFacts, doubt_layer
from hsi_viewer.session.document.document import Document
from hsi_viewer.session.document.map_change import MadeMap, MapChange, ShownMap
from hsi_viewer.session.storage.training_runs import MADE_FROM, UNCLASSIFIED
from hsi_viewer.ui.commands.table import Command
from hsi_viewer.ui.features.feature import Feature
from hsi_viewer.ui.features.training.torch_preload import import_trainer
from hsi_viewer.ui.plots.colour_maps import colour_table

if TYPE_CHECKING:
    from hsi_viewer.ui.context import Context
    from hsi_viewer.ui.widgets.doubt_dialog import DoubtDialog

NO_MAP = "Train first: there is no class map yet."
AREA = next(kind for kind in KINDS if kind.key == "applicability")
TITLES = {kind.title for kind in KINDS}
MOST_NAMED = 4


class UncertaintyFeature(Feature):
    """Adds the layers that are asked for, and binds the dialog to the map of the document."""

    key = "uncertainty"

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._area: DoubtLayer | None = None
        self._sets: tuple[Prediction, ConformalSets | None] | None = None
        self._whole: tuple[Prediction, Prediction] | None = None  # left out, and before
        self._applied = DoubtRule()
        self._previewing = False
        self._dialog: DoubtDialog | None = None
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
            self._dialog.changed.connect(self._preview)
            self._dialog.visibility_changed.connect(self._preview)
            self._dialog.apply_requested.connect(self.apply)
        return self._dialog

    def commands(self) -> list[Command]:
        """A command for each layer, and one for the dialog."""
        layers = [
            Command(
                f"doubt.{kind.key}",
                kind.title,
                "&View",
                partial(self.show_layer, kind.key),
                enabled=self._has_map,
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
            self._has_map,
            lambda: NO_MAP,
        )
        return [*layers, leave]

    def _has_map(self) -> bool:
        document = self.workspace.document
        return document is not None and document.prediction is not None

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
        facts = None if document is None else facts_of(document)
        if kind is None or facts is None:
            self.workspace.notify(NO_MAP, "warning")
            return

        def work(token: CancelToken, port: ProgressPort) -> DoubtLayer:
            if kind.key == "applicability":
                import_trainer(token, port)
            return doubt_layer(kind, facts, token, port)

        self.workspace.compute(
            f"Computing {kind.title.lower()}", work, self._on_layer, document=document
        )

    def _on_layer(self, found: DoubtLayer) -> None:
        document = self.workspace.document
        if document is None or document.prediction is not found.prediction:
            return
        if found.kind is AREA:
            self._area = found
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
        self._area = self._sets = self._whole = None
        document = self.workspace.document
        if document is not None:
            document.prediction_changed.connect(self._on_map)
        if self._dialog is not None:
            self.dialog.show_rule(0, applicable=False)
            self._preview()

    def _on_map(self) -> None:
        """Layers of another map say nothing of this one."""
        for name in TITLES.intersection(self.context.viewing.layers.names):
            self.context.viewing.layers.remove(name)
        self._sets = None
        document = self.workspace.document
        shown = document.prediction if document is not None else None
        if self._whole is not None and not any(shown is known for known in self._whole):
            self._whole = None
        whole = self._before()
        if self._area is not None and self._area.prediction is not whole:
            self._area = None
        left_out = self._whole is not None and shown is self._whole[0]
        if self._dialog is not None:
            rule = self._applied if left_out else DoubtRule()
            self.dialog.show_rule(rule.confidence, applicable=rule.applicable)
            self._preview()

    # the classes under the cursor ------------------------------------------------------------

    @Slot(int, int)
    def _on_hover(self, row: int, column: int) -> None:
        document = self.workspace.document
        prediction = document.prediction if document is not None else None
        if document is None or prediction is None or prediction.probabilities is None:
            self.context.readout.show_doubt("")
            return
        sets = self._class_sets(document, prediction)
        if sets is None:
            self.context.readout.show_doubt("")
            return
        inside = sets.contains(prediction.probabilities[row, column])
        names = [document.legend.name_of(prediction.class_ids[k]) for k in np.flatnonzero(inside)]
        more = len(names) - MOST_NAMED
        text = ", ".join(names[:MOST_NAMED]) + (f" and {more} more" if more > 0 else "")
        self.context.readout.show_doubt(f"90 % set: {text or 'no class is likely enough'}")

    @Slot()
    def _on_left(self) -> None:
        self.context.readout.show_doubt("")

    def _class_sets(self, document: Document, prediction: Prediction) -> ConformalSets | None:
        """The sets of a map, which follow from the evidence of its run."""
        evidence = document.results.evidence
        if evidence is None or evidence.class_ids != prediction.class_ids:
            return None
        if self._sets is None or self._sets[0] is not prediction:
            self._sets = prediction, conformal_of(evidence)
        return self._sets[1]

    # doubtful pixels -------------------------------------------------------------------------

    @property
    def rule(self) -> DoubtRule:
        """The rule in the dialog."""
        return DoubtRule(self.dialog.least, self.dialog.applicable.isChecked())

    def _before(self) -> Prediction | None:
        """The map with all of its pixels."""
        document = self.workspace.document
        shown = document.prediction if document is not None else None
        return self._whole[1] if self._whole is not None and shown is self._whole[0] else shown

    @Slot()
    def _preview(self) -> None:
        """Show on the image what the rule comes to, and say it in numbers."""
        if self._dialog is None:
            return
        whole, rule = self._before(), self.rule
        self.dialog.setEnabled(whole is not None)
        if whole is None:
            self.dialog.show_summary(NO_MAP, ready=False)
            return
        if rule.applicable and (self._area is None or self._area.prediction is not whole):
            self._find_area(whole)
            return
        document = self.workspace.document
        shown = whole if document is None else document.prediction or whole
        doubtful = rule.doubtful(whole, self._area)
        ids = unclassified_where(whole.class_map, doubtful)
        same = np.array_equal(shown.class_map, ids)
        if self._previewing or not same:
            self._previewing = self.dialog.isVisible() and not same
            self.context.viewing.preview_map(ids if self._previewing else None)
        count, total = int(doubtful.sum()), max(1, int((whole.class_map > 0).sum()))
        text = f"{count:,} of {total:,} pixels ({100 * count / total:.1f} %) are left unclassified."
        if not rule.anything:
            text = "" if same else "Every pixel gets its class back."
        self.dialog.show_summary(text, ready=whole.final and not same)

    def _find_area(self, whole: Prediction) -> None:
        document = self.workspace.document
        facts = None if document is None else facts_of(document)
        if facts is None:
            return
        facts = replace(facts, prediction=whole)
        self.dialog.show_summary("Comparing the scene with the training pixels…", ready=False)

        def work(token: CancelToken, port: ProgressPort) -> DoubtLayer:
            import_trainer(token, port)
            return doubt_layer(AREA, facts, token, port)

        self.workspace.compute(
            "Finding the area of applicability",
            work,
            self._on_area,
            document=document,
            on_failed=self._on_no_area,
        )

    def _on_area(self, found: DoubtLayer) -> None:
        self._area = found
        self._preview()

    def _on_no_area(self, error: Exception) -> None:
        self.dialog.show_rule(self.dialog.least, applicable=False)
        self._preview()
        self.workspace.notify_error(error, "Finding the area of applicability")

    @Slot()
    def apply(self) -> None:
        """Show the map with the rule, as one step and as a run of its own."""
        document, whole, rule = self.workspace.document, self._before(), self.rule
        if document is None or document.prediction is None or whole is None:
            return
        before = ShownMap(document.prediction, document.trained_on, self._run())
        made, run = whole, None
        if rule.anything:
            doubtful = rule.doubtful(whole, self._area)
            made = replace(
                whole,
                class_map=unclassified_where(whole.class_map, doubtful),
                confidence=np.where(doubtful, np.float32(0), whole.confidence),
                source=f"{whole.source}, doubtful pixels unclassified",
                unclassified=str(rule),
            )
            config = {MADE_FROM: before.run, UNCLASSIFIED: str(rule)}
            run = self.context.runs.keep_map(
                MadeMap(f"unclassified: {rule}", made, document.trained_on, config)
            )
        self._whole, self._applied = (made, whole), rule
        after = ShownMap(made, before.trained_on, run)
        change = MapChange(document, before, after, lambda m: self.context.runs.note_shown(m.run))
        document.history.do("Leave doubtful pixels unclassified", change)

    def _run(self) -> int | None:
        sessions = self.context.sessions
        return None if sessions.run_pending else sessions.shown_run


def facts_of(document: Document) -> MapFacts | None:
    """The shown map and what is known of its making; None without one."""
    prediction, known = document.prediction, document.results.model
    if prediction is None:
        return None
    evidence, trained_on = document.results.evidence, document.trained_on
    own = known is not None and np.array_equal(known.labelled, trained_on)
    labels = np.where(trained_on, document.labels.ids, 0).astype(np.uint16)
    return MapFacts(
        document.used_cube,
        prediction,
        known.model if own and known is not None else None,
        labels if evidence is None else evidence.labels,
        evidence,
    )
