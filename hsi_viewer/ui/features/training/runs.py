"""Runs: every training, kept with its map and model, shown again, and compared."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Callable
from dataclasses import asdict, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray
from PySide6.QtCore import Slot
from PySide6.QtWidgets import QFileDialog

from hsi_viewer.core.assessment.comparison import McNemar, Transition, mcnemar, transitions
from hsi_viewer.core.classifier import Model
from hsi_viewer.core.errors import FileError
from hsi_viewer.core.evidence import RunEvidence
from hsi_viewer.core.prediction import Prediction
from hsi_viewer.core.progress import CancelToken, ProgressPort
from hsi_viewer.learning.classifiers import DEFAULT, load_model
from hsi_viewer.session.document.map_change import MadeMap
from hsi_viewer.session.document.map_scoring import scoring_of_map
from hsi_viewer.session.session import Session
from hsi_viewer.session.storage.run_evidence import read_evidence
from hsi_viewer.session.storage.training_runs import (
    MADE_FROM,
    MODEL,
    KeptMap,
    Run,
    accuracy_facts,
    read_map,
    write_run,
)
from hsi_viewer.ui.commands.table import Command
from hsi_viewer.ui.features.panel_feature import PanelFeature
from hsi_viewer.ui.features.training.evidence_keeper import EvidenceKeeper
from hsi_viewer.ui.features.training.run_rows import row_of
from hsi_viewer.ui.features.training.torch_preload import import_trainer
from hsi_viewer.ui.features.training.training import Trained
from hsi_viewer.ui.features.training.unkept_map import UnkeptMap
from hsi_viewer.ui.saving import file_stem, folder_link, may_replace, saving_folder
from hsi_viewer.ui.widgets.choice import Choice
from hsi_viewer.ui.widgets.runs_panel import RunsPanel

if TYPE_CHECKING:
    from hsi_viewer.ui.context import Context
    from hsi_viewer.ui.features.training.assessing import AssessmentController
    from hsi_viewer.ui.features.training.training import TrainController

log = logging.getLogger(__name__)

DOING = "Saving or reading a run"


class Shown(Struct, frozen=True, eq=False):
    """A run that was read to be shown again; its evidence, where there is any that is whole."""

    session: Session
    run: Run
    map: KeptMap
    evidence: RunEvidence | None


Compared = tuple[tuple[Run, Run], int, tuple[Transition, ...], McNemar | None, int]


class RunsFeature(PanelFeature["RunsPanel"]):
    """Keeps each finished training and shows the list."""

    key, title, icon, beside = "runs", "Runs", "format-list-checks", "accuracy"

    def __init__(
        self, context: Context, training: TrainController, assessing: AssessmentController
    ) -> None:
        super().__init__(context)
        self._training = training
        self.unkept: Prediction | None = None
        self._pending: Prediction | None = None  # the latest map whose run is being written
        self._evidence = EvidenceKeeper(context, assessing, self)
        self._evidence.kept.connect(self.refresh)
        self._lost = UnkeptMap(context, self)
        context.runs = self
        training.trained.connect(self.keep)
        context.sessions.changed.connect(self.refresh)
        context.sessions.restored.connect(self._on_restored)
        self.workspace.document_changed.connect(self._on_document)

    def make_panel(self) -> RunsPanel:
        """The panel, connected."""
        panel = RunsPanel()
        panel.show_requested.connect(self._on_show_requested)
        panel.renamed.connect(self.rename)
        panel.compare_requested.connect(self.compare)
        panel.export_requested.connect(self.export_model)
        panel.delete_requested.connect(self.ask_to_delete)
        return panel

    def commands(self) -> list[Command]:
        """Train › Runs."""
        return [
            Command(
                "train.runs",
                "&Runs…",
                "&Train",
                self.open,
                ("Ctrl+R",),
                "format-list-numbered",
                lambda: self._session is not None,
            )
        ]

    @property
    def _session(self) -> Session | None:
        return self.context.sessions.session

    @Slot()
    def refresh(self) -> None:
        """List the runs as they are now."""
        runs = self._session.training_runs.runs if self._session else ()
        if self.is_made:
            self.panel.show_runs([row_of(run) for run in runs], self.context.sessions.shown_run)

    @Slot()
    def _on_document(self) -> None:
        self.unkept = self._pending = None
        if self.is_made:
            self.panel.hide_comparison()  # of runs of another scene

    def unsaved(self) -> tuple[str, ...]:
        """The map on the screen, where nothing else has it."""
        return self._lost.words()

    def save_now(self) -> bool:
        """Export that map."""
        return self._lost.save()

    # a training ended ------------------------------------------------------------------------

    @Slot(object)
    def keep(self, trained: Trained) -> None:
        """Write map and model into the session's folder, then list the run."""
        session, document = self._session, self.workspace.document
        if session is None or document is None:
            return
        if session.folder is None:
            self._lost.note(trained.prediction)
            return
        model, number = trained.model, session.training_runs.new_id()
        self._evidence.expect(trained, number)
        row, every = trained.classifier, asdict(trained.config)
        config = {k: v for k, v in every.items() if k in row.settings}
        preset = f"{config['preset']}, " if "preset" in config else ""
        name = "" if row.name == DEFAULT else f"{row.title}, "
        title = f"{number}: {name}{preset}seed {every['seed']}"
        config = {"classifier": row.name, **config}
        run = Run(
            number,
            f"{title}, live" if trained.live else title,
            datetime.now(UTC).isoformat(timespec="seconds"),
            float(sum(model.seconds.values())),
            config,
            trained.prediction.source,
            0,
            trained.prediction.class_ids,
            None,
            trained.live,
            training=trained.epochs,
        )
        self._write(session, run, trained.prediction, document.trained_on, model.save)

    def keep_map(self, made: MadeMap) -> int | None:
        """Keep a map that no training made; the number of its run, None where none is kept."""
        session = self._session
        self.unkept = made.prediction
        if session is None or session.folder is None:
            self._lost.note(made.prediction)
            return None
        number, prediction = session.training_runs.new_id(), made.prediction
        run = Run(
            number,
            f"{number}: {made.title}",
            datetime.now(UTC).isoformat(timespec="seconds"),
            made.seconds,
            made.config,
            prediction.source,
            0,
            prediction.class_ids,
        )
        own = made.trained_on, made.save_model
        self._write(session, run, prediction, *own, saved=made.written)
        return number

    def note_shown(self, run_id: int | None) -> None:
        """Note that the map of a run is on the screen."""
        known = self._session is not None and run_id in self._session.training_runs
        self.context.sessions.shown_run = run_id if known else None
        self.refresh()

    def _write(
        self,
        session: Session,
        run: Run,
        prediction: Prediction,
        trained_on: NDArray[np.bool_],
        save_model: Callable[[Path], object] | None,
        *,
        saved: bool = False,
    ) -> None:
        """Write a run in the background, with the accuracy of its map.

        Parameters
        ----------
        saved : whether a file of the user's has the map.
        """
        self.context.sessions.run_pending, self._pending = True, prediction
        scoring = scoring_of_map(session.document, prediction, trained_on)
        kept, folder = KeptMap(prediction, trained_on), session.training_runs.folder

        def work(_token: CancelToken, _port: ProgressPort) -> tuple[Session, Run, Prediction]:
            labelled = int(np.count_nonzero(trained_on))
            whole = replace(run, labelled=labelled, accuracy=accuracy_facts(scoring.accuracy()))
            return session, write_run(folder, whole, kept, save_model), prediction

        failed, kept_as = partial(self._on_not_kept, prediction), partial(self._on_kept, saved)
        self.workspace.perform(
            "Saving the run", work, kept_as, on_failed=failed, quiet=True, writes=True
        )

    def _end_waiting(self, prediction: Prediction) -> None:
        """A run was written, or could not be; of several, the latest is waited for."""
        if prediction is self._pending:
            self.context.sessions.run_pending, self._pending = False, None

    def _on_not_kept(self, prediction: Prediction, error: Exception) -> None:
        self._end_waiting(prediction)
        self.workspace.notify_error(error, DOING)
        self._lost.note(prediction)

    def _on_kept(self, saved: bool, kept: tuple[Session, Run, Prediction]) -> None:
        session, run, prediction = kept
        self._end_waiting(prediction)
        if self.unkept is prediction:
            self.unkept = None
            self.workspace.state_changed.emit()
        if session is self._session:
            if session.document.prediction is prediction:
                self.context.sessions.shown_run = run.id
            saved = saved and not session.extras_modified
            session.training_runs.enter(run)
            if saved:
                session.extras_as_saved()
            self.context.sessions.keep_data()
            self._evidence.keep()

    # shown again -----------------------------------------------------------------------------

    @Slot(int)
    def _on_show_requested(self, run_id: int) -> None:
        self.context.viewing.show_map(True)
        self.show_run(run_id)

    def show_run(self, run_id: int) -> None:
        """Show the map of a run in place of the present one."""
        session = self._session
        if session is None or run_id not in session.training_runs:
            return
        run, folder = session.training_runs[run_id], session.training_runs.folder
        shape = session.document.cube.shape

        def work(_token: CancelToken, _port: ProgressPort) -> Shown:
            kept = read_map(folder, run, shape)
            try:
                evidence = read_evidence(folder / str(run.id), shape[:2])
            except FileError as error:
                log.warning("%s", str(error))  # the map is shown, and its accuracy is unknown
                evidence = None
            return Shown(session, run, kept, evidence)

        self.workspace.perform(f"Reading “{run.title}”", work, self._on_map, doing=DOING)

    def _on_map(self, read: Shown) -> None:
        session, run, kept = read.session, read.run, read.map
        if session is self._session:
            session.document.set_prediction(kept.prediction, kept.trained_on, read.evidence)
            self.context.sessions.shown_run = run.id
            self.refresh()

    @Slot(object)
    def _on_restored(self, session: Session) -> None:
        runs = session.training_runs.runs
        self.refresh()
        if not runs:
            return
        shown = session.data.shown_run
        run = next((r for r in runs if r.id == shown), runs[-1])
        self.show_run(run.id)
        folder = session.training_runs.folder
        shape = session.document.cube.shape
        while MODEL[0] not in session.training_runs.files(run.id):
            origin = run.config.get(MADE_FROM)  # a cleaned map has the model of the map before
            before = next((r for r in runs if r.id == origin and r.id < run.id), None)
            if before is None:
                return
            run = before

        def work(
            token: CancelToken, port: ProgressPort
        ) -> tuple[Session, Model, NDArray[np.bool_]]:
            import_trainer(token, port)
            kept = read_map(folder, run, shape)
            return session, load_model(folder / str(run.id)), kept.trained_on

        self.workspace.perform("Reading the model", work, self._on_model, doing=DOING, quiet=True)

    def _on_model(self, read: tuple[Session, Model, NDArray[np.bool_]]) -> None:
        session, model, trained_on = read
        training = self._training
        if session is self._session and training.model is None and not training.running:
            training.adopt(model, trained_on)

    # compared, renamed, saved, deleted -------------------------------------------------------

    @Slot(int, int)
    def compare(self, first: int, second: int) -> None:
        """Say how the maps of two runs differ, and which is better on the test pixels."""
        session = self._session
        if session is None:
            return
        runs = (session.training_runs[first], session.training_runs[second])
        folder, document = session.training_runs.folder, session.document
        truth, labels = document.truth, document.labels.snapshot()
        shape = document.cube.shape

        def work(_token: CancelToken, _port: ProgressPort) -> Compared:
            a, b = (read_map(folder, run, shape) for run in runs)
            count, listed = transitions(a.prediction.class_map, b.prediction.class_map)
            test = None
            if truth is not None:
                unseen = ~(a.trained_on | b.trained_on | (labels.ids > 0))
                fair = np.where(unseen, truth, 0).astype(np.uint16)
                test = mcnemar(a.prediction.class_map, b.prediction.class_map, fair)
            return runs, count, listed, test, labels.shape[0] * labels.shape[1]

        self.workspace.compute(
            "Comparing two runs", work, self._on_compared, document=document, doing=DOING
        )

    def _on_compared(self, compared: Compared) -> None:
        runs, count, listed, test, total = compared
        document = self.workspace.document
        if document is not None:
            name = document.legend.name_of
            changes = [(name(t.before), name(t.after), t) for t in listed]
            titles = (runs[0].title, runs[1].title)
            ids = (runs[0].id, runs[1].id)
            self.panel.show_comparison(ids, titles, (count, total), changes, test)

    @Slot(int, str)
    def rename(self, run_id: int, title: str) -> None:
        """Give a run another title."""
        if self._session is not None:
            try:
                self._session.training_runs.rename(run_id, title)
            except FileError as error:
                self.workspace.notify_error(error, DOING)
                self.refresh()

    @Slot(int)
    def export_model(self, run_id: int) -> None:
        """Ask for a folder and put the model there, for `hsi-viewer apply`."""
        session = self._session
        if session is None:
            return
        files = [p for n, p in session.training_runs.files(run_id).items() if n in MODEL]
        if not files:
            self.workspace.notify("This run has no model.", "warning")
            return
        name = QFileDialog.getExistingDirectory(
            self.window, "Folder for the model", str(saving_folder(self.workspace))
        )
        if not name:
            return
        target = Path(name) / f"{file_stem(session.document.cube)}_run{run_id}_model"
        if not may_replace(self.window, [target / path.name for path in files]):
            return

        def work(_token: CancelToken, _port: ProgressPort) -> Path:
            target.mkdir(parents=True, exist_ok=True)
            for path in files:
                shutil.copy2(path, target / path.name)
            return target

        self.workspace.perform(
            "Saving the model", work, self._on_exported, doing=DOING, writes=True
        )

    def _on_exported(self, folder: Path) -> None:
        self.workspace.notify(f"Model saved to {folder}.", "success", folder_link(folder))

    @Slot(int)
    def ask_to_delete(self, run_id: int) -> None:
        """Offer to delete a run."""
        if self._session is not None and run_id in self._session.training_runs:
            title = self._session.training_runs[run_id].title
            self.context.offers.offer(
                f"run {run_id}",
                f"Delete run “{title}” with its map and model? This can't be undone.",
                (
                    Choice("Delete", partial(self.delete, run_id)),
                    Choice("Keep", lambda: None, escape=True),
                ),
                "trash-can-outline",
            )

    def delete(self, run_id: int) -> None:
        """Delete a run; a map of it that is on the screen stays there."""
        if self._session is not None and run_id in self._session.training_runs:
            if self.context.sessions.shown_run == run_id:
                self.context.sessions.shown_run = None
            self._session.training_runs.remove(run_id)
