"""WhyFeature: why the picked pixel has its class, explained in the background."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from msgspec import Struct
from PySide6.QtCore import Slot

from hsi_viewer.core.errors import LabelError
from hsi_viewer.core.explanation import Explanation
from hsi_viewer.core.geometry.pixels import Pixel
from hsi_viewer.core.progress import CancelToken, ProgressPort
from hsi_viewer.jobs.doubt_layers import MapFacts
from hsi_viewer.session.document.document import Document
from hsi_viewer.ui.commands.table import Command
from hsi_viewer.ui.context import NO_MAP
from hsi_viewer.ui.features.panel_feature import PanelFeature
from hsi_viewer.ui.features.training.leaving_out import facts_later
from hsi_viewer.ui.features.training.torch_preload import import_trainer
from hsi_viewer.ui.scene.place_outline import PlaceOutline

if TYPE_CHECKING:
    from hsi_viewer.learning.explaining import Explainer
    from hsi_viewer.ui.context import Context
    from hsi_viewer.ui.widgets.why_panel import WhyPanel

NO_MODEL = "The model of this map isn't at hand: train again to see why."
BLIND = "Not shown while reference points are labelled without seeing the map."
EARLY = "This is an early map; it is explained when training ends."


class Prepared(Struct, frozen=True, eq=False):
    """An explainer, and what it was made for."""

    facts: MapFacts
    explainer: Explainer

    def serves(self, facts: MapFacts) -> bool:
        """Whether it explains this map, too."""
        own = self.facts
        same = own.background is facts.background or (
            own.background is not None
            and facts.background is not None
            and np.array_equal(own.background, facts.background)
        )
        return (
            own.model is facts.model
            and own.cube is facts.cube
            and same
            and np.array_equal(own.labels, facts.labels)
        )


class WhyFeature(PanelFeature["WhyPanel"]):
    """Explains the pixel that was picked last, as long as its panel is seen."""

    key, title, icon, beside = "why", "Why this class?", "help-circle-outline", "accuracy"

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._prepared: Prepared | None = None
        self._outline: PlaceOutline | None = None
        self._blind = False
        context.viewing.picked_changed.connect(self.refresh)
        self.workspace.document_changed.connect(self._on_document)
        self.workspace.state_changed.connect(self._on_state)

    def make_panel(self) -> WhyPanel:
        """The panel, connected."""
        from hsi_viewer.ui.widgets.why_panel import WhyPanel

        panel = WhyPanel()
        panel.shown.connect(self.refresh)
        panel.pixel_chosen.connect(self._on_pixel)
        return panel

    def commands(self) -> list[Command]:
        """In the menu Map."""
        return [
            Command(
                "map.why",
                "&Why this class?",
                "&Map",
                self.open,
                (),
                "help-circle-outline",
                self.has_map,
                lambda: NO_MAP,
            )
        ]

    @Slot()
    def open(self) -> None:
        """Show the panel, with the picked pixel."""
        super().open()
        self.refresh()

    @Slot()
    def _on_document(self) -> None:
        self._prepared = None
        document = self.workspace.document
        if document is not None:
            document.prediction_changed.connect(self.refresh)
        self.refresh()

    @Slot()
    def _on_state(self) -> None:
        blind = self.context.viewing.layers.blind
        if blind != self._blind:
            self._blind = blind
            self.refresh()

    @Slot()
    def refresh(self) -> None:
        """Explain the picked pixel; an earlier one is no longer wanted."""
        if not self.is_made:
            return
        from hsi_viewer.ui.widgets.why_panel import PICK

        self._hide_outline()
        self.workspace.cancel(self.key)
        document, picked = self.workspace.document, self.context.viewing.picked
        facts = None if document is None else facts_later(document)
        if document is None or document.prediction is None or facts is None:
            self.panel.show_message(NO_MAP)
        elif self.context.viewing.layers.blind:
            self.panel.show_message(BLIND)
        elif not document.prediction.final:
            self.panel.show_message(EARLY)
        elif picked is None:
            self.panel.show_message(PICK)
        elif self.panel.isVisible():
            self._start(document, facts, picked)

    def _start(self, document: Document, facts_of: Callable[[], MapFacts], picked: Pixel) -> None:
        known = self._prepared
        prediction = document.prediction
        mapped = 0 if prediction is None else int(prediction.class_map[picked])

        def work(token: CancelToken, port: ProgressPort) -> tuple[Prepared, Explanation]:
            facts, prepared = facts_of(), known
            if facts.model is None:
                raise LabelError(NO_MODEL)
            if prepared is None or not prepared.serves(facts):
                import_trainer(token, port)
                from hsi_viewer.learning.explaining import Explainer

                given = facts.model, facts.cube, facts.labels, facts.background
                prepared = Prepared(facts, Explainer(*given, token=token))
            class_id = mapped if mapped in facts.model.class_ids else None
            return prepared, prepared.explainer.explain(*picked, class_id, token)

        self.workspace.compute(
            "Explaining a pixel",
            work,
            self._on_explained,
            document=document,
            key=self.key,
            on_failed=self._on_failed,
            quiet=True,
        )

    def _on_failed(self, error: Exception) -> None:
        if isinstance(error, LabelError):
            self.panel.show_message(str(error))
        else:
            self.workspace.notify_error(error, "Explaining a pixel")

    def _on_explained(self, made: tuple[Prepared, Explanation]) -> None:
        self._prepared, found = made
        document = self.workspace.document
        if document is None or self.context.viewing.picked != (found.row, found.column):
            return
        cube, legend = document.mapped_cube, document.legend
        self.panel.show_explanation(found, cube, legend, self._note(document, found))

    def _note(self, document: Document, found: Explanation) -> str:
        """Where the map says otherwise, and whether the model knows such pixels."""
        name, prediction = document.legend.name_of, document.prediction
        mapped = 0 if prediction is None else int(prediction.class_map[found.row, found.column])
        notes = []
        if mapped == 0:
            notes.append("The map leaves this pixel unclassified; this is the model's answer.")
        elif found.answer != mapped:
            notes.append(
                f"The model by itself predicts {name(found.answer)} here; refinement along the "
                f"image, or cleaning, made it {name(mapped)}."
            )
        if not found.applies:
            notes.append(
                "Outside the area of applicability: the model was trained on nothing like it."
            )
        return " ".join(notes)

    # a training pixel on the image -----------------------------------------------------------

    @Slot(int, int)
    def _on_pixel(self, row: int, column: int) -> None:
        """Move the image to a training pixel, and outline it."""
        if self._outline is None:
            self._outline = PlaceOutline(self.context.canvas)
        self._outline.show(np.zeros((0, 2), np.int64), np.array([[row, column]]))
        self.context.canvas.centre_on(row, column)

    def _hide_outline(self) -> None:
        if self._outline is not None:
            self._outline.hide()
