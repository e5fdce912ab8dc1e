"""TrainController: trains in the background and shows each map as it comes."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace

import numpy as np
from msgspec import Struct, structs
from numpy.typing import NDArray
from PySide6.QtCore import QObject, QSignalBlocker, Signal, Slot

from hsi_viewer.core.classifier import Classifier, Model
from hsi_viewer.core.cube.region import RegionOfInterest, labels_inside, require_classes_inside
from hsi_viewer.core.errors import HsiError
from hsi_viewer.core.evidence import Evidence
from hsi_viewer.core.prediction import Prediction
from hsi_viewer.core.progress import CancelToken, Note, Progress, ProgressPort
from hsi_viewer.core.time_left import TimeLeft, took
from hsi_viewer.core.training import EpochReport, Learned, TrainingConfig
from hsi_viewer.core.viewed import Viewed
from hsi_viewer.session.document.document import Document
from hsi_viewer.session.document.results import ModelResult
from hsi_viewer.ui.features.training.torch_preload import import_trainer
from hsi_viewer.ui.task_thread import Task
from hsi_viewer.ui.widgets.training_panel import TrainingPanel
from hsi_viewer.ui.workspace import Workspace

LONG = 30.0  # seconds: a map that takes longer isn't waited for where labels have changed


class Trained(Struct, frozen=True):
    """Result of a training run.

    Attributes
    ----------
    model, prediction : the results.
    config : the user's choices.
    classifier : what was trained.
    labels : (rows, columns) class ids that it was trained on, 0 for none.
    live : whether it followed a stroke, and took the place of such a model before.
    epochs : what the training reported, in order.
    """

    model: Model
    prediction: Prediction
    config: TrainingConfig
    classifier: Classifier
    labels: NDArray[np.uint16]
    live: bool = False
    epochs: tuple[EpochReport, ...] = ()


@dataclass(frozen=True, eq=False)
class Seen:
    """Told before the first map: (rows, columns), True where the model sees a label."""

    labelled: NDArray[np.bool_]


class TrainController(QObject):
    """Binds the training panel to the document.

    Signals
    -------
    started() : a run has begun.
    trained(Trained) : a run ended and its map is the document's.
    first_map() : the first map of a run that the user asked for is the document's.
    """

    started = Signal()
    trained = Signal(object)
    first_map = Signal()

    def __init__(self, workspace: Workspace, panel: TrainingPanel, parent: QObject) -> None:
        super().__init__(parent)
        self._workspace, self._panel = workspace, panel
        self.viewed = Viewed()  # where early maps are painted first
        self._task: Task | None = None
        self._document: Document | None = None
        self._labelled: NDArray[np.bool_] | None = None
        self._labels_changed = False
        self._region: RegionOfInterest | None = None  # that is trained on
        self._again = False
        self._learned = False  # whether only the map is missing of the run
        self._left, self._slow = TimeLeft(), False  # whether the map of this scene takes long
        self._asked = False  # whether the user asked for this run, and waits for its first map
        self._epochs: list[EpochReport] = []  # of the run that is under way
        self._noted: set[str] = set()  # of this document: each stroke trains again
        panel.choose_classifier(workspace.settings.classifier)
        panel.classifier_changed.connect(self._on_classifier)
        panel.live_changed.connect(self._on_live)
        panel.train_requested.connect(self.train)
        panel.cancel_requested.connect(self.cancel)
        workspace.document_changed.connect(self._on_document)
        workspace.state_changed.connect(self._on_state)

    @property
    def known(self) -> ModelResult | None:
        """The latest model of the open document, from which a live training goes on."""
        document = self._workspace.document
        return document.results.model if document is not None else None

    @property
    def model(self) -> Model | None:
        """The model without its training data."""
        return self.known.model if self.known is not None else None

    @property
    def running(self) -> bool:
        """True while a training runs."""
        return self._task is not None and self._task.running

    @Slot()
    def train_with_panel(self) -> None:
        """Train with the settings of the panel."""
        self.train(self._panel.config())

    @property
    def live(self) -> bool:
        """Whether each finished stroke leads to a new map."""
        return self._panel.live.isChecked()

    def set_live(self, live: bool) -> None:
        """Train on after each stroke, or only when asked."""
        self._panel.live.setChecked(live)

    def follow_labels(self) -> None:
        """Train after each stroke from now on; at once only if there is no map yet."""
        document = self._workspace.document
        with QSignalBlocker(self._panel.live):
            self.set_live(True)
        if document is not None and document.prediction is None and not self.running:
            self._train_on()
        self._workspace.state_changed.emit()

    @Slot(object)
    def train(self, config: TrainingConfig) -> None:
        """Start training again on the labels as they are now."""
        running = self.running
        self._start(config, None)
        self._asked = not running and self.running

    def _start(self, config: TrainingConfig, before: ModelResult | None) -> None:
        document = self._workspace.document
        if document is None or self.running:
            return
        reason = document.training_disabled_reason()
        if reason is not None:
            self._workspace.notify(reason, "warning")
            return
        config = replace(config, device=self._workspace.settings.device)
        cube = document.used_cube
        snapshot, legend = document.labels.snapshot(), document.legend.classes
        chosen = self._panel.classifier
        live = before is not None and before.model.name == chosen.name
        known = before.model if before is not None and live else None
        options = chosen.options(known, self.viewed)
        # What the model saw before is in it still.
        seen = before.labelled if before is not None and live and chosen.warm_start else None
        self._document, self._again, self._epochs = document, False, []
        self._learned, self._left = False, TimeLeft()
        self._region = document.region.now

        def work(token: CancelToken, port: ProgressPort) -> Trained:
            if told := document.source_files.change():
                port.report(Note(told))
            labels, outside = labels_inside(
                snapshot.ids, cube, names={c.id: c.name for c in legend}
            )
            if outside:
                port.report(Note(outside))
                require_classes_inside(labels)
            port.report(Seen(labels > 0 if seen is None else (labels > 0) | seen))
            import_trainer(token, port)
            model = chosen.fit(
                cube, labels, config, legend=legend, token=token, port=port, **options
            )
            port.report(Progress("Mapping the scene"))
            prediction = model.predict(
                cube, labels=labels, refine=config.refine, token=token, port=port
            )
            if (change := document.source_files.change()) not in ("", told):
                port.report(Note(change))  # meanwhile
            return Trained(model, prediction, config, chosen, labels, live)

        self._panel.show_running(True)
        self._panel.show_message("Starting")
        self._task = self._workspace.tasks.start("Training", work)
        self._task.reported.connect(self._on_report)
        self._task.succeeded.connect(self._on_trained)
        self._task.cancelled.connect(self._on_cancelled)
        self._task.failed.connect(self._on_failed)
        self.started.emit()
        self._workspace.state_changed.emit()

    @Slot()
    def cancel(self) -> None:
        """Stop the running training; the last map stays."""
        if self._task is not None:
            self._task.cancel()

    @Slot(object)
    def _on_report(self, item: object) -> None:
        if isinstance(item, Seen):
            self._labelled = item.labelled
        elif isinstance(item, EpochReport):
            self._epochs.append(item)
            self._panel.show_epoch(item)
        elif isinstance(item, Prediction):
            self._show(structs.replace(item, region=self._region))
            self._panel.show_message(f"Current map: {item.source}")
        elif isinstance(item, Learned):
            self._keep(item.model)
            self._learned = True
            self._start_over()
        elif isinstance(item, Progress):
            self._panel.show_progress(item.message, item.fraction)
            self._look_ahead(item)
        elif isinstance(item, Note) and item.text not in self._noted:
            self._noted.add(item.text)
            self._workspace.notify(item.text, "warning")

    @Slot(object)
    def _on_trained(self, trained: Trained) -> None:
        mapped = structs.replace(trained.prediction, region=self._region)
        trained = structs.replace(trained, prediction=mapped, epochs=tuple(self._epochs))
        self._keep(trained.model)
        self._panel.show_running(False)
        self._show(trained.prediction)
        seconds = sum(trained.model.seconds.values())  # as in the list of runs
        evidence: Evidence | None = getattr(trained.model, "evidence", None)
        text = f"The final map took {took(seconds)}."
        details = f"{trained.prediction.source}, trained in {seconds:.1f} s."
        if evidence is not None:
            text, details = f"{text} {evidence.decided}", f"{details} {evidence.weighed}"
        self._panel.show_message(text.strip(), details)
        if trained.model.warning:
            self._workspace.notify(trained.model.warning, "warning")
        self._workspace.state_changed.emit()
        if self._document is self._workspace.document:
            self.trained.emit(trained)
        if self._again:
            self._train_on()

    def _keep(self, model: Model) -> None:
        if self._document is not None and self._labelled is not None:
            self._document.results.model = ModelResult(model, self._labelled)

    def adopt(self, model: Model, labelled: NDArray[np.bool_]) -> None:
        """Use the model of a session, so that training continues from it."""
        document = self._workspace.document
        if document is None:
            return
        self._document, self._labelled = document, labelled
        document.results.model = ModelResult(model, labelled)
        self._workspace.state_changed.emit()

    @Slot(str)
    def _on_classifier(self, name: str) -> None:
        self._workspace.settings.classifier = name

    # live ------------------------------------------------------------------------------------

    @Slot(bool)
    def _on_live(self, live: bool) -> None:
        self._workspace.state_changed.emit()
        if live:
            self._train_on()

    def _on_labels(self, _top: int, _left: int, _bottom: int, _right: int) -> None:
        self._labels_changed = True

    def _on_history(self) -> None:
        """A stroke ended: one run follows, and one more after a run that is on its way."""
        if self.live and self._labels_changed:
            self._train_on()
        self._labels_changed = False

    def _train_on(self) -> None:
        document = self._workspace.document
        if document is None or document.training_disabled_reason():
            return
        if self.running:
            self._again = True
            self._start_over()
        else:
            self._start(self._panel.config(), self.known)

    def _look_ahead(self, item: Progress) -> None:
        now = time.monotonic()
        self._left.update(item.fraction, now, item.message)
        left = self._left.seconds(now)
        if self._learned and left is not None:
            self._slow = left > LONG
            self._start_over()

    def _start_over(self) -> None:
        """Train on at once where labels have changed and a map without them would take long."""
        if self._again and self._learned and self._slow:
            self.cancel()
            self._train_on()

    # ends ------------------------------------------------------------------------------------

    @Slot()
    def _on_cancelled(self) -> None:
        self._panel.show_running(False)
        shown = self._workspace.document.prediction if self._workspace.document else None
        kept = f" Current map: {shown.source}." if shown else ""
        self._panel.show_message(f"Training was cancelled.{kept}")
        self._on_state()

    @Slot(object)
    def _on_failed(self, error: Exception) -> None:
        self._panel.show_running(False)
        reason = f" {error}" if isinstance(error, HsiError) else ""  # stays, the message goes
        self._panel.show_message(f"Training failed.{reason}")
        self._workspace.notify_error(error, "Training")
        self._on_state()

    def _show(self, prediction: Prediction) -> None:
        document = self._workspace.document
        if document is not None and document is self._document:
            document.set_prediction(prediction, self._labelled)
            if self._asked:
                self._asked = False
                self.first_map.emit()

    @Slot()
    def _on_document(self) -> None:
        self.cancel()
        self._labelled, self._slow = None, False
        self._noted.clear()
        document = self._workspace.document
        self._panel.show_message("")
        self._panel.clear_curves()
        if document is not None:
            document.labels.changed.connect(self._on_labels)
            document.history.changed.connect(self._on_history)

    @Slot()
    def _on_state(self) -> None:
        document = self._workspace.document
        reason = document.training_disabled_reason() if document else "Open a scene first."
        self._panel.show_reason(None if self.running else reason)
        if self.running:
            self._panel.train_button.setEnabled(False)
