"""ResultFeature: after a training, what the map is, how good, what changed, and what is next."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import Slot
from PySide6.QtWidgets import QWidget

from hsi_viewer.core.assessment.accuracy import AccuracyReport
from hsi_viewer.core.prediction import Prediction
from hsi_viewer.core.progress import CancelToken, ProgressPort
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
UNMEASURED = "How accurate it is isn't known: load a ground truth for scoring (Labels menu)."


@dataclass(frozen=True)
class Facts:
    """What a worker finds out about a map.

    Attributes
    ----------
    report : its accuracy, or None without test pixels.
    changed, mapped : pixels that have another class than in the map before, of all with a class;
        None where there was no map before.
    labelled : labelled pixels that were learned from.
    """

    report: AccuracyReport | None
    changed: int | None
    mapped: int
    labelled: int


def accuracy_text(report: AccuracyReport | None) -> str:
    """The overall accuracy with its interval, and what it was measured on."""
    if report is None:
        return UNMEASURED
    found = report.overall
    text = f"{100 * found.value:.1f} % of {report.total:,} test pixels are right"
    if np.isnan(found.low):
        return f"{text}; too few separate places for an interval."
    return f"{text} (95 % interval {100 * found.low:.1f} to {100 * found.high:.1f} %)."


def change_text(facts: Facts, labelled_before: int) -> str:
    """What differs from the map before."""
    if facts.changed is None:
        return ""
    share = 100 * facts.changed / max(1, facts.mapped)
    text = f"Since the map before, {facts.changed:,} pixels ({share:.1f} %) changed class"
    more = facts.labelled - labelled_before
    if more:
        text += f", with {abs(more):,} {'more' if more > 0 else 'fewer'} labelled pixels"
    return f"{text}."


class ResultFeature(Feature):
    """Shows a card after each training that the user asked for."""

    key = "result"

    def __init__(self, context: Context, training: TrainController) -> None:
        super().__init__(context)
        self._training = training
        self._before: Prediction | None = None  # the map of the last training of the document
        self._labelled_before = 0
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
        prediction, before = trained.prediction, self._before
        self._before = prediction
        labelled, score = document.trained_on, document.accuracy_later()
        if not trained.live:
            seconds = sum(trained.model.seconds.values())
            self.card.show_map(
                f"{len(prediction.class_ids)} classes mapped by {trained.classifier.title} "
                f"in {seconds:.0f} s",
                prediction.source,
            )
            self._on_state()

        def work(_token: CancelToken, _port: ProgressPort) -> Facts:
            now = prediction.class_map
            changed = None if before is None else int(np.count_nonzero(now != before.class_map))
            mapped = int(np.count_nonzero(now))
            return Facts(score(), changed, mapped, int(np.count_nonzero(labelled)))

        self.workspace.compute(
            "Comparing the maps", work, self._on_facts, document=document, quiet=True
        )

    def _on_facts(self, facts: Facts) -> None:
        self.card.show_accuracy(accuracy_text(facts.report))
        self.card.show_change(change_text(facts, self._labelled_before))
        self._labelled_before = facts.labelled

    @Slot()
    def _on_document(self) -> None:
        self._before, self._labelled_before = None, 0
        self.card.hide()
        document = self.workspace.document
        if document is not None:
            document.labels.changed.connect(self._on_labels)

    def _on_labels(self, _top: int, _left: int, _bottom: int, _right: int) -> None:
        """The user labels on: the card is read."""
        self.card.hide()

    @Slot()
    def _on_state(self) -> None:
        if self._training.running:
            self.card.hide()
        elif not self.card.isHidden():
            commands = self.context.commands
            known = {c.id for c in commands.commands if c.enabled()}
            self.card.show_steps([step for step in STEPS if step.command in known])

    @Slot(str)
    def _on_chosen(self, command: str) -> None:
        self.context.commands.action(command).trigger()
