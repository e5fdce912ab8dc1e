"""ResultFeature: after a training, what the map is, how good, what changed, and what is next."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from msgspec import Struct
from PySide6.QtCore import Slot
from PySide6.QtWidgets import QWidget

from hsi_viewer.core.assessment.assessment import Assessment
from hsi_viewer.core.progress import CancelToken, ProgressPort
from hsi_viewer.core.text import counted
from hsi_viewer.core.time_left import took
from hsi_viewer.session.document.results import Results
from hsi_viewer.ui.features.feature import Feature
from hsi_viewer.ui.features.training.training import TrainController, Trained
from hsi_viewer.ui.widgets.result_card import NextStep, ResultCard

if TYPE_CHECKING:
    from hsi_viewer.ui.context import Context

STEPS = (
    NextStep("labels.guide", "Label here next", "Goes where a label helps most", "compass-outline"),
    NextStep("labels.check", "Check labels", "Lists labels that may be wrong", "magic-staff"),
    NextStep(
        "file.export", "Export…", "Saves the class map for GIS, ENVI and more", "export-variant"
    ),
    NextStep("file.report", "Report…", "Saves a report on this run", "file-chart-outline"),
)
READ_BY = ("map.sample", "map.label_sample", "map.why", "map.clean")  # the card is read then, too
UNMEASURED = (
    "How accurate it is isn't known: label more places, or load a ground truth (Labels menu)."
)


class Change(Struct, frozen=True):
    """What differs from the map before.

    Attributes
    ----------
    changed, mapped : pixels that have another class than in the map before, of all with a class.
    more : labelled pixels that were learned from, more than before.
    """

    changed: int
    mapped: int
    more: int


def accuracy_text(results: Results) -> str:
    """The figure to quote with its interval, and what it was measured on."""
    found = results.assessment
    report = None if found is None else (found.separated or found.random)
    if found is None or report is None:
        return f"{results.assessing}…" if results.assessing else UNMEASURED
    basis = found.separated_on if found.separated is not None else found.random_on
    apart = "place by place" if found.separated is not None else "at random"
    where = f"of your labels, held out {apart}" if basis == "labels" else "test pixels"
    is_apart = found.separated is not None and found.separation is not None
    if basis == "test pixels" and is_apart:
        where += " apart from the training pixels"
    optimistic = "" if found.separated is not None else "Optimistic: "
    overall = report.overall
    text = f"{optimistic}{100 * overall.value:.1f} % right"
    if not np.isnan(overall.low):
        text += f" (95 % interval {100 * overall.low:.1f} to {100 * overall.high:.1f} %)"
    text += f" on {report.total:,} {where}"
    if found.separated is not None and basis == "labels" and found.random_on == "test pixels":
        text += f"; {_beside(found)}"
    return f"{text}."


def _beside(found: Assessment) -> str:
    """The figure of all test pixels, where too few lie apart for the one to quote."""
    report = found.random
    if report is None:
        return ""
    title = "optimistic, " if found.optimistic else ""
    share = f"{100 * report.overall.value:.1f} %"
    return f"{title}{share} on all {report.total:,} test pixels, which lie beside training pixels"


def change_text(change: Change) -> str:
    """What differs from the map before, in a sentence."""
    share = 100 * change.changed / max(1, change.mapped)
    pixels = counted(change.changed, "pixel")
    text = f"Since the map before, {pixels} ({share:.1f} %) changed class"
    if change.more:
        word = "more" if change.more > 0 else "fewer"
        text += f", with {counted(abs(change.more), f'{word} labelled pixel')}"
    return f"{text}."


class ResultFeature(Feature):
    """Shows a card after each training that the user asked for."""

    key = "result"

    def __init__(self, context: Context, training: TrainController) -> None:
        super().__init__(context)
        self._training = training
        self._before: Trained | None = None  # the last training of the document
        self._followed = False  # whether its steps close the card whichever way they are taken
        self.card = ResultCard()
        self.card.chosen.connect(self._on_chosen)
        context.dismissible.append(self.card.dismiss)
        training.trained.connect(self._on_trained)
        self.workspace.document_changed.connect(self._on_document)
        self.workspace.state_changed.connect(self._on_state)

    def cards(self) -> list[QWidget]:
        """The card."""
        return [self.card]

    def refresh_theme(self) -> None:
        """Draw its icons again."""
        self.card.refresh_theme()

    @Slot(object)
    def _on_trained(self, trained: Trained) -> None:
        document = self.workspace.document
        if document is None:
            return
        before, self._before = self._before, trained
        if trained.live:
            return
        if not self._followed:
            self._followed = True
            for command in (*(step.command for step in STEPS), *READ_BY):
                self.context.commands.action(command).triggered.connect(self._on_step)
        seconds = sum(trained.model.seconds.values())
        self.card.show_map(
            f"{len(trained.prediction.class_ids)} classes mapped by {trained.classifier.title} "
            f"in {took(seconds)}",
            trained.prediction.source,
        )
        self._on_state()
        self._show_accuracy()
        if before is None:
            return

        def work(_token: CancelToken, _port: ProgressPort) -> Change:
            now = trained.prediction.class_map
            changed = int(np.count_nonzero(now != before.prediction.class_map))
            labelled = [int(np.count_nonzero(t.labels)) for t in (before, trained)]
            return Change(changed, int(np.count_nonzero(now)), labelled[1] - labelled[0])

        self.workspace.compute(
            "Comparing the maps", work, self._on_compared, document=document, quiet=True
        )

    def _on_compared(self, change: Change) -> None:
        self.card.show_change(change_text(change))

    def _show_accuracy(self) -> None:
        """Show what is known by now; cross-validation of the labels takes longer."""
        document = self.workspace.document
        if document is not None and not self.card.isHidden():
            self.card.show_accuracy(accuracy_text(document.results))

    @Slot()
    def _on_document(self) -> None:
        self._before = None
        self.card.hide()
        document = self.workspace.document
        if document is not None:
            document.labels.changed.connect(self._on_labels)
            document.results.assessed.connect(self._show_accuracy)

    def _on_labels(self, _top: int, _left: int, _bottom: int, _right: int) -> None:
        """The user labels on: the card is read."""
        self.card.hide()

    @Slot()
    def _on_state(self) -> None:
        if self._training.running:
            self.card.hide()
        elif not self.card.isHidden():
            commands = self.context.commands
            known = {  # a step that is being taken would be stopped
                c.id for c in commands.commands if c.enabled() and not (c.checked and c.checked())
            }
            self.card.show_steps([step for step in STEPS if step.command in known])

    @Slot()
    def _on_step(self) -> None:
        """One of the next steps is taken, by a button or otherwise: the card is read."""
        self.card.hide()

    @Slot(str)
    def _on_chosen(self, command: str) -> None:
        self.context.commands.action(command).trigger()
