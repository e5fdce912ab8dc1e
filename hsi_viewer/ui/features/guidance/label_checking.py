"""CheckFeature: labels that may be wrong, checked in the background; the user decides on each."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray
from PySide6.QtCore import Slot

from hsi_viewer.analysis.pixel_spectrum import PixelSpectrum, SpectrumRequest, read_pixel
from hsi_viewer.core.cube.region import labels_inside
from hsi_viewer.core.labels.decisions import Decision
from hsi_viewer.core.labels.paint_mode import Paint
from hsi_viewer.core.progress import CancelToken, ProgressPort
from hsi_viewer.learning.guidance.suspects import (
    AlikePair,
    Suspect,
    alike_pairs,
    contradicted,
    suspects_of,
    where_they_meet,
)
from hsi_viewer.session.document.document import Document
from hsi_viewer.session.document.stroke import Stroke
from hsi_viewer.ui.commands.table import Command
from hsi_viewer.ui.features.guidance.place_finder import MeanSpectra, means_of
from hsi_viewer.ui.features.panel_feature import PanelFeature
from hsi_viewer.ui.plots.compared_spectra import show_compared
from hsi_viewer.ui.questions.question_view import square_around
from hsi_viewer.ui.widgets.allowed import allow
from hsi_viewer.ui.widgets.choice import Choice

if TYPE_CHECKING:
    from hsi_viewer.ui.context import Context
    from hsi_viewer.ui.features.guidance.check_panel import CheckPanel
    from hsi_viewer.ui.features.training.training import TrainController, Trained
    from hsi_viewer.ui.widgets.training_panel import TrainingPanel

CHECKING, READING = "Checking labels", "Reading a spectrum for the check"
AROUND = 40  # pixels across what is shown around a label
Source = Literal["labels", "truth"]


class Checked(Struct, frozen=True, eq=False):
    """What a check has come to.

    Attributes
    ----------
    source : what was checked.
    suspects : the most suspicious first.
    pairs : classes that look alike.
    judged, total : labels that could be held out, and all.
    means : mean spectra of the classes.
    """

    source: Source
    suspects: list[Suspect]
    pairs: list[AlikePair]
    judged: int
    total: int
    means: Mapping[int, NDArray[np.float64]]


class CheckFeature(PanelFeature["CheckPanel"]):
    """Lists suspicious labels, and tells in the Training panel how many there are.

    Parameters
    ----------
    training, panel : whose models tell after each training which labels look wrong.
    """

    key, title, icon = "label-errors", "Label errors", "tag-search-outline"
    beside = "training"

    def __init__(self, context: Context, training: TrainController, panel: TrainingPanel) -> None:
        super().__init__(context)
        self._training_panel = panel
        self._checked: Checked | None = None
        self._open: list[Suspect] = []
        self._shown: Suspect | None = None
        self._flies = True
        self._truth_steps: list[tuple[Suspect, bool]] = []  # with whether it was fixed, not kept
        training.trained.connect(self._on_trained)
        panel.check_requested.connect(self.check)
        self.workspace.document_changed.connect(self._on_document)
        self.workspace.state_changed.connect(self._on_state)

    # panel and command -----------------------------------------------------------------------

    def make_panel(self) -> CheckPanel:
        """The panel, connected."""
        from hsi_viewer.ui.features.guidance.check_panel import CheckPanel

        panel = CheckPanel()
        panel.check_requested.connect(self.check)
        panel.chosen.connect(self._on_chosen)
        panel.acted.connect(self._act)
        panel.meeting_requested.connect(self.show_meeting)
        panel.source.activated.connect(self._on_state)
        return panel

    @Slot()
    def refresh(self) -> None:
        """Show what can be checked."""
        document = self.workspace.document
        if document is not None:
            self.panel.plot.show_cube(document.cube)
        self._on_state()

    def commands(self) -> list[Command]:
        """Labels › Check labels."""
        return [
            Command(
                "labels.check",
                "Chec&k labels for errors",
                "&Labels",
                self.check,
                (),
                "tag-search-outline",
                lambda: self._reason("labels") is None or self._reason("truth") is None,
                lambda: self._reason("labels"),
            )
        ]

    def _reason(self, source: Source) -> str | None:
        """Why these labels cannot be checked, or None."""
        document = self.workspace.document
        if document is None:
            return "Open a scene first."
        if source == "labels":
            return document.training_disabled_reason()
        return None if len(document.truth_ids) > 1 else "Load a ground truth of two classes first."

    # checking --------------------------------------------------------------------------------

    @Slot()
    def check(self) -> None:
        """Look for labels that models fitted without them contradict."""
        document = self.workspace.document
        self.open()
        source: Source = self.panel.source.currentData()
        reason = self._reason(source)
        if document is None or reason is not None:
            self.panel.show_state(reason or "")
            return
        cube, labels, decisions = document.used_cube, document.labels, document.decisions.snapshot()
        snapshot, truth = labels.snapshot(), document.truth

        def work(token: CancelToken, port: ProgressPort) -> Checked:
            from hsi_viewer.learning.guidance.check_labels import check_labels

            given = truth if source == "truth" and truth is not None else snapshot.ids
            ids, _ = labels_inside(given, cube)
            found = check_labels(cube, ids, token=token, port=port)
            kept = decisions.ids == Decision.KEPT
            asked = [one for one in found if not kept[one.row, one.column]]
            return Checked(
                source,
                suspects_of(asked, cube.columns),
                alike_pairs(asked),
                len(found),
                int(np.count_nonzero(ids)),
                means_of(cube, ids, MeanSpectra(), token, port).spectra,
            )

        task = self.workspace.compute(
            CHECKING, work, self._on_checked, document=document, on_failed=self._on_failed
        )
        task.cancelled.connect(self._on_cancelled)
        self.panel.show_state("Checking…")

    def _on_checked(self, checked: Checked) -> None:
        document = self.workspace.document
        self._checked = checked
        self._truth_steps.clear()
        self._list(0)
        if document is not None:
            self.panel.show_pairs(checked.pairs, document.legend.name_of)

    def _on_failed(self, error: Exception) -> None:
        self.panel.show_state("")
        self.workspace.notify_error(error, CHECKING)

    @Slot()
    def _on_cancelled(self) -> None:
        if self.is_made:
            self.panel.show_state("Cancelled.")

    def _list(self, row: int, *, fly: bool = True) -> None:
        """Show those that are neither fixed nor kept, and fly to the one in a row."""
        document, checked = self.workspace.document, self._checked
        if document is None or checked is None or not self.is_made:
            return
        self._open = self._still_open(document, checked)
        count = sum(s.pixels.size for s in self._open)
        judged = f"{checked.judged:,} of {checked.total:,} labels could be judged; "
        found = f"{count:,} look" if count > 1 else f"{count or 'none'} looks"
        self.panel.show_state(f"{judged}{found} like another class.")
        self._shown, self._flies = None, fly
        self.panel.show_suspects(self._open, document.legend.name_of, row)
        self._flies = True

    def _still_open(self, document: Document, checked: Checked) -> list[Suspect]:
        ids = document.truth if checked.source == "truth" else document.labels.ids
        if ids is None:
            return []
        asked = np.where(document.decisions.ids == Decision.KEPT, 0, ids).ravel()
        fixable = [
            s
            for s in checked.suspects
            if checked.source == "truth" or s.looks_like in document.legend
        ]
        return [s for s in fixable if (asked[s.pixels] == s.label).any()]

    # decisions -------------------------------------------------------------------------------

    @Slot(str)
    def _act(self, action: str) -> None:
        row, document = self.panel.table.currentRow(), self.workspace.document
        if document is None or self._checked is None:
            return
        if action == "undo":
            self._undo(document)
        elif 0 <= row < len(self._open):
            suspect, on_truth = self._open[row], self._checked.source == "truth"
            if on_truth:
                self._truth_steps.append((suspect, action == "fix"))
            if action == "keep":
                document.decide(suspect.pixels, Decision.KEPT)
            elif on_truth:
                self._set_truth(document, suspect, suspect.looks_like)
            else:
                self._fix(document, suspect)
        self._list(max(row, 0))

    def _fix(self, document: Document, suspect: Suspect) -> None:
        if document.legend[suspect.label].locked:
            name = document.legend.name_of(suspect.label)
            unlock = Choice("Unlock", partial(document.lock_class, suspect.label, False))
            self.workspace.notify(f"“{name}” is locked: unlock it first.", "warning", unlock)
            return
        stroke = Stroke(document, Paint(suspect.looks_like, frozenset({suspect.label})))
        stroke.paint(suspect.pixels)
        stroke.finish()

    def _set_truth(self, document: Document, suspect: Suspect, class_id: int) -> None:
        if document.truth is not None:
            truth = document.truth.copy()
            truth.flat[suspect.pixels] = class_id
            document.set_truth(truth)

    def _undo(self, document: Document) -> None:
        """Undo the last step; a ground truth has no history of its own."""
        suspect, fixed = self._truth_steps.pop() if self._truth_steps else (None, False)
        if suspect is not None and fixed:
            self._set_truth(document, suspect, suspect.label)
        else:
            self.context.commands.action("edit.undo").trigger()

    # what is shown ---------------------------------------------------------------------------

    @Slot(int)
    def _on_chosen(self, row: int) -> None:
        document, checked = self.workspace.document, self._checked
        suspect = self._open[row] if 0 <= row < len(self._open) else None
        self._shown = suspect
        if document is None or checked is None or suspect is None:
            self.panel.plot.setVisible(False)
            self.panel.legend.setVisible(False)
            return
        at = divmod(suspect.worst, document.labels.shape[1])
        if self._flies:
            self._go_to(at)
        request = SpectrumRequest(document.cube, *at)
        if document.cube.in_memory:
            self._on_read(read_pixel(request))
            return

        def work(_token: CancelToken, _port: ProgressPort) -> PixelSpectrum:
            return read_pixel(request)

        self.workspace.compute(READING, work, self._on_read, cube=document.cube, quiet=True)

    def _on_read(self, pixel: PixelSpectrum) -> None:
        document, checked, suspect = self.workspace.document, self._checked, self._shown
        if document is None or checked is None or suspect is None:
            return
        if (pixel.request.row, pixel.request.column) != divmod(
            suspect.worst, pixel.request.cube.columns
        ):
            return
        panel = self.panel
        panel.plot.setVisible(True)
        panel.legend.setVisible(True)
        pair = (suspect.label, suspect.looks_like)
        show_compared(panel.plot, panel.legend, pixel.values, pair, checked.means, document.legend)

    def _go_to(self, at: tuple[int, int]) -> None:
        document = self.workspace.document
        if document is None:
            return
        middle = at[0] + 0.5, at[1] + 0.5
        self.context.canvas.set_view_box(square_around(middle, AROUND, document.labels.shape))
        self.context.canvas.show_cursor(at)

    @Slot(int, int)
    def show_meeting(self, first: int, second: int) -> None:
        """Go to the unlabelled place that the map finds most like both classes."""
        document = self.workspace.document
        if document is None:
            return
        at = None
        if document.prediction is not None:
            at = where_they_meet(document.prediction, (first, second), document.labels.ids > 0)
        if at is None:
            self.workspace.notify("Train first: the map then shows where the classes meet.")
        else:
            self._go_to(at)

    # what happens meanwhile ------------------------------------------------------------------

    @Slot(object)
    def _on_trained(self, trained: Trained) -> None:
        """Count the labels that the model's cross-validation contradicts."""
        document = self.workspace.document
        evidence = getattr(trained.model, "evidence", None)
        held = evidence.separated if evidence is not None else None
        count = 0
        if document is not None and held is not None:
            wrong = contradicted(held)
            kept = document.decisions.ids.flat[wrong] == Decision.KEPT
            count = int(np.count_nonzero((document.labels.ids.flat[wrong] > 0) & ~kept))
        self._training_panel.show_suspects(count)

    @Slot()
    def _on_document(self) -> None:
        self.workspace.cancel(CHECKING)
        self._checked, self._open, self._shown = None, [], None
        self._truth_steps.clear()
        self._training_panel.show_suspects(0)
        document = self.workspace.document
        if document is not None:
            document.history.changed.connect(self._on_history)
        if self.is_made:
            self.panel.show_suspects((), str, 0)
            self.panel.show_pairs((), str)
            self.panel.show_state("")
            self.refresh()

    def _on_history(self) -> None:
        document, checked = self.workspace.document, self._checked
        if document is None or checked is None or not self.is_made:
            return
        if self._still_open(document, checked) != self._open:
            self._list(max(self.panel.table.currentRow(), 0), fly=False)

    @Slot()
    def _on_state(self) -> None:
        if self.is_made:
            self.panel.show_sources({s: self._reason(s) for s in get_args(Source)})
            document = self.workspace.document
            steps = document.history.count if document is not None else 0
            undone = bool(self._truth_steps) or steps > 0
            allow(self.panel.buttons["undo"], "" if undone else "There is nothing to undo")
