"""EvidenceKeeper: writes what cross-validation has brought beside the map of its run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct
from PySide6.QtCore import QObject, Signal, Slot

from hsi_viewer.core.assessment.map_assessment import assess_map
from hsi_viewer.core.errors import FileError
from hsi_viewer.core.progress import CancelToken, ProgressPort
from hsi_viewer.session.session import Session
from hsi_viewer.session.storage.run_evidence import write_evidence
from hsi_viewer.session.storage.training_runs import accuracy_facts

if TYPE_CHECKING:
    from hsi_viewer.ui.context import Context
    from hsi_viewer.ui.features.training.assessing import AssessmentController, Measured
    from hsi_viewer.ui.features.training.training import Trained

DOING = "Saving the accuracy"


class Kept(Struct, frozen=True):
    """The run of a session whose evidence is on the disk, and its figures on separate places."""

    session: Session
    run: int
    honest: dict[str, float] | None


class EvidenceKeeper(QObject):
    """Waits for a run to be written and for its cross-validation, whichever comes last.

    Signals
    -------
    kept() : the list of runs has the figures of another run.
    """

    kept = Signal()

    def __init__(self, context: Context, assessing: AssessmentController, parent: QObject) -> None:
        super().__init__(parent)
        self._context, self._workspace = context, context.workspace
        self._expected: tuple[Trained, int] | None = None
        self._measured: Measured | None = None
        assessing.measured.connect(self._on_measured)

    def expect(self, trained: Trained, number: int) -> None:
        """A run is being written under this number."""
        self._expected = trained, number

    @Slot(object)
    def _on_measured(self, measured: Measured) -> None:
        self._measured = measured
        self.keep()

    def keep(self) -> None:
        """Write the evidence of the last run, if both are there by now."""
        session, measured = self._context.sessions.session, self._measured
        if session is None or measured is None or self._expected is None:
            return
        trained, number = self._expected
        if trained is not measured.trained or number not in session.training_runs:
            return
        self._measured, evidence = None, measured.evidence
        folder = session.training_runs.folder / str(number)

        def work(_token: CancelToken, _port: ProgressPort) -> Kept:
            write_evidence(folder, evidence)
            found = assess_map(trained.prediction, evidence.labels > 0, evidence, None)
            return Kept(session, number, accuracy_facts(found.separated if found else None))

        self._workspace.perform(DOING, work, self._on_kept, quiet=True, writes=True)

    def _on_kept(self, kept: Kept) -> None:
        runs = kept.session.training_runs
        if kept.session is self._context.sessions.session and kept.run in runs:
            try:
                runs.measure(kept.run, kept.honest)
            except FileError as error:
                self._workspace.notify_error(error, DOING)
            self.kept.emit()
