"""AssessmentController: measures each map, by cross-validation of the labels and test pixels."""

from __future__ import annotations

from collections import deque
from functools import partial
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace
from PySide6.QtCore import QObject, Signal, Slot

from hsi_viewer.atomic import replacing
from hsi_viewer.core.assessment.assessment import Assessment
from hsi_viewer.core.assessment.confusion_table import TextTable
from hsi_viewer.core.evidence import RunEvidence
from hsi_viewer.core.prediction import Prediction
from hsi_viewer.core.progress import CancelToken, Progress, ProgressPort
from hsi_viewer.session.document.document import Document
from hsi_viewer.session.document.map_scoring import scoring_of
from hsi_viewer.ui.features.training.torch_preload import import_trainer
from hsi_viewer.ui.features.training.training import TrainController, Trained
from hsi_viewer.ui.saving import ask_where, file_stem, folder_link
from hsi_viewer.ui.task_thread import Task
from hsi_viewer.ui.widgets.accuracy_panel import AccuracyPanel
from hsi_viewer.ui.workspace import Workspace

VALIDATING, MEASURING = "Cross-validating the labels", "Measuring the map"
NO_MAP = (
    "No map yet. After each training your own labels are cross-validated, place by place, and the "
    "result is shown here; a ground truth (Labels menu) is scored, too."
)
EARLY = "This is an early map; its accuracy is measured when training ends."
STOPPED = "Cross-validation was stopped because {}. Train again to measure the map."
OUTDATED = (
    "The classes have changed since this map was made, so it isn't scored on the ground truth. "
    "Train again to score the new classes."
)
MADE = (
    "This map was made of another one, which is the one that was measured: undo, or show its run "
    "(Ctrl+R), to see its accuracy. A ground truth is scored in any case."
)
MOST_KNOWN = 8  # maps whose evidence is at hand when they are shown again, as by undo
UNKNOWN = "This map was not measured. Train again, or load a ground truth (Labels menu)."


class Measured(Struct, frozen=True):
    """A run and what cross-validation of its labels has brought."""

    trained: Trained
    evidence: RunEvidence


class AssessmentController(QObject):
    """Keeps the assessment of the document's map, and shows it.

    `Results.assessment` has it for others, and `Results.assessed` tells them.

    Signals
    -------
    measured(Measured) : cross-validation of a run has ended.
    """

    measured = Signal(object)

    def __init__(
        self,
        workspace: Workspace,
        training: TrainController,
        panel: AccuracyPanel,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._workspace, self._training, self._panel = workspace, training, panel
        self._task: Task | None = None
        self._reason = NO_MAP
        self._known: deque[tuple[Prediction, RunEvidence]] = deque(maxlen=MOST_KNOWN)
        self._names: tuple[tuple[int, str], ...] = ()
        training.started.connect(self._on_started)
        training.trained.connect(self.validate)
        panel.stop_requested.connect(self._on_stop)
        panel.save_requested.connect(self.save_table)
        workspace.document_changed.connect(self._on_document)
        self._show()

    @property
    def validating(self) -> bool:
        """Whether labels are being cross-validated."""
        return self._task is not None and self._task.running

    # cross-validation ------------------------------------------------------------------------

    @Slot(object)
    def validate(self, trained: Trained) -> None:
        """Cross-validate the labels of a run whose map is shown, in the background."""
        document = self._workspace.document
        if document is None:
            return
        cube, model, config, labels = (
            document.mapped_cube,
            trained.model,
            trained.config,
            trained.labels,
        )
        continued = trained.live and trained.classifier.warm_start

        def work(token: CancelToken, port: ProgressPort) -> Measured:
            import_trainer(token, port)
            from hsi_viewer.learning.cross_validation import evidence_of, reach_of

            reach = reach_of(model, refined=config.refine)
            before = getattr(model, "evidence", None)
            if continued and before is not None:  # until there is that of these labels
                port.report(RunEvidence(before, labels, model.class_ids, reach))
            found = evidence_of(model, cube, labels, config, token, port, continued=continued)
            return Measured(trained, RunEvidence(found, labels, model.class_ids, reach))

        self._reason = UNKNOWN
        self._task = self._workspace.compute(
            VALIDATING,
            work,
            partial(self._on_validated, document, trained.prediction),
            cube=document.cube,
            document=document,
            on_failed=self._on_failed,
            quiet=True,
            patient=True,
        )
        self._task.reported.connect(self._on_report)
        self._task.cancelled.connect(self._on_end)
        self._state(VALIDATING)

    def stop(self, why: str) -> None:
        """Cancel cross-validation; the figure it was about isn't known then."""
        if self.validating:
            self._reason = STOPPED.format(why)
            self._workspace.cancel(VALIDATING)

    @Slot()
    def _on_stop(self) -> None:
        self.stop("you asked for it")

    @Slot()
    def _on_started(self) -> None:
        self.stop("the next training began")

    def _on_labels(self, _top: int, _left: int, _bottom: int, _right: int) -> None:
        self.stop("the labels changed")

    @Slot(object)
    def _on_report(self, item: object) -> None:
        if isinstance(item, Progress):
            self._state(item.message)
        elif isinstance(item, RunEvidence):
            self._take(item)

    def _on_validated(self, document: Document, prediction: Prediction, found: Measured) -> None:
        if document.prediction is prediction:
            self._take(found.evidence)
        self.measured.emit(found)

    @Slot()
    def _on_end(self) -> None:
        self._state("")

    def _on_failed(self, error: Exception) -> None:
        self._reason = f"Cross-validation failed ({error}). The log has the details."
        self._state("")

    def _take(self, evidence: RunEvidence) -> None:
        document = self._workspace.document
        if document is not None:
            document.results.evidence = evidence
            if document.prediction is not None:
                self._known.append((document.prediction, evidence))
            self._measure()

    @Slot(object)
    def save_table(self, table: TextTable) -> None:
        """Ask where to save a table of figures, and save it as CSV."""
        document, parent = self._workspace.document, self._panel.window()
        if document is None:
            return
        name = f"{file_stem(document.cube, 'accuracy')}.csv"
        path = ask_where(self._workspace, parent, "Save the figures", name, "CSV (*.csv)")
        if path is None:
            return

        def work(_token: CancelToken, _port: ProgressPort) -> Path:
            with replacing(path) as (new,):
                new.write_text(table.csv(), encoding="utf-8")
            return path

        self._workspace.perform("Saving the figures", work, self._on_saved, writes=True)

    def _on_saved(self, path: Path) -> None:
        self._workspace.notify(f"Saved {path}.", "success", folder_link(path))

    # the assessment --------------------------------------------------------------------------

    @Slot()
    def _on_document(self) -> None:
        document = self._workspace.document
        self._reason = NO_MAP
        self._known.clear()
        self._panel.show_assessment(None, str)
        if document is not None:
            self._names = _names(document)
            document.labels.changed.connect(self._on_labels)
            document.prediction_changed.connect(self._on_prediction)
            document.truth_changed.connect(self._measure)
            document.legend.changed.connect(self._on_legend)
        self._show()

    def _on_prediction(self) -> None:
        document = self._workspace.document
        if document is None:
            return
        prediction, results = document.prediction, document.results
        self._reason = NO_MAP if prediction is None else UNKNOWN if prediction.final else EARLY
        if prediction is not None and results.evidence is None:
            found = (e for known, e in self._known if known is prediction)
            results.evidence = next(found, None)
            if prediction.unclassified or prediction.source.endswith(", cleaned"):
                self._reason = MADE
        elif prediction is not None and results.evidence is not None:
            self._known.append((prediction, results.evidence))
        self._measure()

    def _on_legend(self) -> None:
        document = self._workspace.document
        if document is not None and self._names != _names(document):
            self._names = _names(document)
            self._measure()

    def _measure(self) -> None:
        document = self._workspace.document
        if document is None:
            return
        document.results.assessment = None
        self._state(VALIDATING if self.validating else MEASURING)
        scoring = scoring_of(document)

        def work(_token: CancelToken, _port: ProgressPort) -> Assessment | None:
            return scoring.assessment()

        self._workspace.compute(
            MEASURING,
            work,
            partial(self._on_assessed, document),
            document=document,
            on_failed=self._on_failed,
            quiet=True,
        )

    def _on_assessed(self, document: Document, found: Assessment | None) -> None:
        if document.truth is not None and document.map_outdated:
            self._reason = OUTDATED
            if found is not None:
                found = replace(found, warnings=(OUTDATED, *found.warnings))
        document.results.assessment = found
        self._state(VALIDATING if self.validating else "")

    def _state(self, doing: str) -> None:
        """Tell everybody what is known now, and what is under way."""
        document = self._workspace.document
        if document is not None:
            document.results.show_assessment(document.results.assessment, doing)
        self._show()

    def _show(self) -> None:
        document = self._workspace.document
        if document is None:
            self._panel.show_assessment(None, str)
            self._panel.show_state(NO_MAP, stoppable=False)
            return
        results = document.results
        if results.assessment is None and results.assessing:
            self._panel.show_waiting()
        else:
            self._panel.show_assessment(results.assessment, document.legend.name_of)
        self._panel.show_state(results.assessing or self._reason, stoppable=self.validating)


def _names(document: Document) -> tuple[tuple[int, str], ...]:
    return tuple((c.id, c.name) for c in document.legend)
