"""CleanFeature: the class map without stray pixels and small regions, seen before it is kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray
from PySide6.QtCore import Slot

from hsi_viewer.analysis.pixel_area import pixel_area
from hsi_viewer.core.postprocess.clean import Cleaning, cleaned
from hsi_viewer.core.postprocess.cleaned_prediction import cleaned_prediction, cleaning_sentence
from hsi_viewer.core.postprocess.map_steps import with_step
from hsi_viewer.core.prediction import Prediction
from hsi_viewer.core.progress import CancelToken, Progress, ProgressPort
from hsi_viewer.session.document.map_change import MadeMap, MapChange, ShownMap
from hsi_viewer.session.storage.training_runs import MADE_FROM
from hsi_viewer.ui.commands.table import Command
from hsi_viewer.ui.context import NO_MAP
from hsi_viewer.ui.features.panel_feature import PanelFeature
from hsi_viewer.ui.rest_timer import RestTimer
from hsi_viewer.ui.widgets.allowed import allow

if TYPE_CHECKING:
    from hsi_viewer.ui.context import Context
    from hsi_viewer.ui.widgets.clean_panel import CleanPanel

REST_MS = 150  # the controls rest so long before the preview is computed
DOING = "Cleaning the map"
UNFINISHED = "The training is still running: its map will be replaced."


class Cleaned(Struct, frozen=True, eq=False):
    """What cleaning makes of a map.

    Attributes
    ----------
    prediction : the map before.
    cleaning : what was done.
    ids : (rows, columns) the map after it.
    changed : number of pixels that got another class.
    row_area : (rows,) square metres of a pixel, or None.
    """

    prediction: Prediction
    cleaning: Cleaning
    ids: NDArray[np.uint16]
    changed: int
    row_area: NDArray[np.float64] | None


class CleanFeature(PanelFeature["CleanPanel"]):
    """Binds the panel to the map of the open document."""

    key, title, icon, beside = "clean-map", "Clean the map", "auto-fix", "training"

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._found: Cleaned | None = None
        self._rest = RestTimer(REST_MS, self._compute, self)
        self.workspace.document_changed.connect(self._on_document)

    def make_panel(self) -> CleanPanel:
        """The panel, connected."""
        from hsi_viewer.ui.widgets.clean_panel import CleanPanel

        panel = CleanPanel()
        panel.changed.connect(self.refresh)
        panel.visibility_changed.connect(self.refresh)
        panel.apply_requested.connect(self.apply)
        return panel

    def commands(self) -> list[Command]:
        """Cleaning, in the menu Map."""
        return [
            Command(
                "map.clean",
                "&Clean the map…",
                "&Map",
                self.open,
                ("Ctrl+Shift+K",),
                "auto-fix",
                self.has_map,
                lambda: NO_MAP,
            )
        ]

    @Slot()
    def open(self) -> None:
        """Bring the panel to the front, with the map on the image."""
        super().open()
        self.context.viewing.show_map(True)
        if self.context.commands.checked("view.uncertainty"):  # it would hide the preview
            self.context.commands.action("view.uncertainty").trigger()

    # preview ---------------------------------------------------------------------------------

    @Slot()
    def _on_document(self) -> None:
        self._found = None
        document = self.workspace.document
        if document is not None:
            document.prediction_changed.connect(self._on_map)
            document.legend.changed.connect(self.refresh)
        self.refresh()

    def _on_map(self) -> None:
        self._found = None
        self.refresh()

    @Slot()
    def refresh(self) -> None:
        """Compute the preview once the controls rest; hide it where it isn't wanted."""
        if not self.is_made:
            return
        document, panel = self.workspace.document, self.panel
        prediction = document.prediction if document is not None else None
        mapped = set(prediction.class_ids) if prediction is not None else set()
        panel.show_classes([c for c in document.legend if c.id in mapped] if document else [])
        allow(panel, "" if prediction is not None else NO_MAP)
        self._show_preview()
        if prediction is None:
            panel.show_result(NO_MAP, ready=False)
        elif self._found is not None and self._found.cleaning == panel.cleaning():
            self._on_cleaned(self._found)
        elif panel.isVisible():
            panel.show_result("", ready=False)
            self._rest.start()

    def _show_preview(self) -> None:
        found, panel, cleaning = self._found, self.panel, self.panel.cleaning()
        current = found is not None and found.cleaning == cleaning
        seen = current and panel.isVisible() and panel.preview.isChecked() and panel.anything
        self.context.viewing.preview_map(found.ids if seen and found is not None else None)

    @Slot()
    def _compute(self) -> None:
        document = self.workspace.document
        if document is None or document.prediction is None or not self.is_made:
            return
        prediction, cube, cleaning = document.prediction, document.cube, self.panel.cleaning()

        def work(token: CancelToken, port: ProgressPort) -> Cleaned:
            port.report(Progress(DOING))
            row_area = pixel_area(cube.georeference, cube.rows, cube.columns)
            ids = cleaned(prediction.class_map, cleaning, row_area, token, port)
            changed = int(np.count_nonzero(ids != prediction.class_map))
            return Cleaned(prediction, cleaning, ids, changed, row_area)

        self.workspace.compute(
            "Cleaning the map", work, self._on_cleaned, document=document, key=self.key, doing=DOING
        )

    def _on_cleaned(self, found: Cleaned) -> None:
        document, panel = self.workspace.document, self.panel
        if document is None or document.prediction is not found.prediction:
            return
        self._found = found
        panel.allow_areas(known=found.row_area is not None)
        if found.cleaning != panel.cleaning():
            return  # the next result is on its way
        mapped = max(1, int(np.count_nonzero(found.ids)))
        share = (
            f"{found.changed:,} of {mapped:,} pixels change ({100 * found.changed / mapped:.1f} %)."
        )
        text = "" if not panel.anything else share if found.changed else "No pixel changes."
        final = found.prediction.final
        panel.show_result(text if final else UNFINISHED, ready=final and found.changed > 0)
        self._show_preview()

    # keeping it ------------------------------------------------------------------------------

    @Slot()
    def apply(self) -> None:
        """Show the cleaned map in the place of the map, as one step and as a run of its own."""
        document, found = self.workspace.document, self._found
        if document is None or found is None or document.prediction is not found.prediction:
            return

        def work(_token: CancelToken, _port: ProgressPort) -> tuple[Cleaned, Prediction]:
            return found, cleaned_prediction(found.prediction, found.cleaning, found.ids)

        self.workspace.compute("Cleaning the map", work, self._on_made, document=document)

    def _on_made(self, made: tuple[Cleaned, Prediction]) -> None:
        (found, prediction), document = made, self.workspace.document
        if document is None or document.prediction is not found.prediction:
            return
        sentence = cleaning_sentence(found.cleaning, {c.id: c.name for c in document.legend})
        before = ShownMap(found.prediction, document.trained_on, self.context.sessions.known_run)
        run = self.context.runs.keep_map(self._record(found, prediction, before, sentence))
        after = ShownMap(prediction, before.trained_on, run)
        change = MapChange(document, before, after, lambda m: self.context.runs.note_shown(m.run))
        self.panel.reset()
        document.history.do("Clean the map", change)
        undo = self.context.labelling.undo_choice()
        self.workspace.notify(f"Cleaned: {sentence}.", "success", undo)

    def _record(
        self, found: Cleaned, prediction: Prediction, before: ShownMap, sentence: str
    ) -> MadeMap:
        """The cleaned map as a run: with the settings of the run before it."""
        session = self.context.sessions.session
        runs = session.training_runs.runs if session is not None else ()
        origin = next((run for run in runs if run.id == before.run), None)
        config = dict(origin.config) if origin is not None else {}
        earlier = [config["cleaned"]] if "cleaned" in config else []
        made = {MADE_FROM: before.run, "cleaned": "; ".join([*earlier, sentence])}
        named = "" if origin is None else origin.title.partition(": ")[2] or origin.title
        title = ", ".join(part for part in (named.removesuffix(", cleaned"), "cleaned") if part)
        return MadeMap(
            title, prediction, before.trained_on, {**with_step(config, found.cleaning), **made}
        )
