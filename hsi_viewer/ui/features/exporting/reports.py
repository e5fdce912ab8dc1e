"""ReportController: the report and the bundle of the map that is shown."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QUrl, Slot
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QFileDialog

from hsi_viewer.core.progress import CancelToken, ProgressPort
from hsi_viewer.jobs.report.names import CSV, HTML, JSON, PDF
from hsi_viewer.ui.commands.table import Command
from hsi_viewer.ui.context import NO_MAP
from hsi_viewer.ui.saving import ask_where, file_stem, folder_link, may_replace, saving_folder
from hsi_viewer.ui.widgets.choice import Choice

if TYPE_CHECKING:
    from hsi_viewer.jobs.session_run import SessionRun
    from hsi_viewer.session.document.document import Document
    from hsi_viewer.ui.context import Context

REPORT, BUNDLE = "Saving the report", "Saving the bundle"
NOT_HERE = "A bundle trains its model again, and that of this map was not trained here."
SAVING = "The map is being saved: wait a moment."
NOT_SAVED = "The map could not be saved with the session: make it again first."
EARLY = "The training is still running: wait for its final map."


class ReportController(QObject):
    """Writes what is known about the map, for people and for those who check it."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._context, self._workspace, self._window = context, context.workspace, context.window

    def commands(self) -> list[Command]:
        """Both, in the menu File."""
        return [
            Command(
                "file.report",
                "Save a &report…",
                "&File",
                self.choose_report,
                (),
                "file-chart-outline",
                self._can,
                self._reason,
            ),
            Command(
                "file.bundle",
                "Save a &bundle…",
                "&File",
                self.choose_bundle,
                (),
                "folder-zip-outline",
                lambda: self._can() and not self._is_applied(),
                lambda: NOT_HERE if self._is_applied() else self._reason(),
            ),
        ]

    def _can(self) -> bool:
        document = self._workspace.document
        prediction = document.prediction if document is not None else None
        return prediction is not None and prediction.final and not self._is_unsaved()

    def _is_unsaved(self) -> bool:
        """Whether nothing is known yet of how the map was made, since no training made it."""
        document = self._workspace.document
        unkept = self._context.runs.unkept
        return document is not None and unkept is not None and document.prediction is unkept

    def _is_applied(self) -> bool:
        sessions = self._context.sessions
        session, shown = sessions.session, sessions.known_run
        if session is None or shown is None or shown not in session.training_runs:
            return False
        return session.training_runs[shown].applied is not None

    def _reason(self) -> str:
        document = self._workspace.document
        if self._is_unsaved():
            return SAVING if self._context.sessions.run_pending else NOT_SAVED
        return NO_MAP if document is None or document.prediction is None else EARLY

    @Slot()
    def choose_report(self) -> None:
        """Ask for a folder and write the report into a new one of the scene's name there."""
        document = self._workspace.document
        if document is None or not self._can():
            return
        name = QFileDialog.getExistingDirectory(
            self._window, "Folder for the report", str(saving_folder(self._workspace))
        )
        if name:
            target = Path(name) / file_stem(document.cube, self._run_word(), "report")
            if may_replace(self._window, [target / n for n in (HTML, PDF, JSON, *CSV)]):
                self.save_report(target)

    def save_report(self, target: Path) -> None:
        """Write the report into a folder."""
        document = self._workspace.document
        if document is None:
            return
        run = self._run(document)

        def work(token: CancelToken, port: ProgressPort) -> list[Path]:
            from hsi_viewer.jobs.make_report import write

            return write(run.mapped(token, port), target, token, port)[1]

        self._workspace.perform(REPORT, work, self._on_report, doing=REPORT, writes=True)

    @Slot()
    def choose_bundle(self) -> None:
        """Ask for a file and write the bundle."""
        document = self._workspace.document
        if document is None or not self._can() or self._is_applied():
            return
        stem = file_stem(document.cube, self._run_word())
        path = ask_where(
            self._workspace, self._window, "Save a bundle", f"{stem}.zip", "Bundle (*.zip)"
        )
        if path is not None:
            self.save_bundle(path)

    def save_bundle(self, path: Path) -> None:
        """Write the bundle."""
        document = self._workspace.document
        if document is None:
            return
        run = self._run(document)

        def work(token: CancelToken, port: ProgressPort) -> Path:
            from hsi_viewer.jobs.bundle.write import write_bundle
            from hsi_viewer.jobs.report.gather import gather

            mapped = run.mapped(token, port)
            write_bundle(mapped, gather(mapped, token, port), path, token, port)
            return path

        self._workspace.perform(BUNDLE, work, self._on_bundle, doing=BUNDLE, writes=True)

    def _run_word(self) -> str:
        run = self._context.sessions.known_run
        return f"run{run}" if run is not None else ""

    def _run(self, document: Document) -> SessionRun:
        """What is known of the map now; the work itself is the worker's."""
        from hsi_viewer.jobs.session_run import SessionRun

        session, prediction = self._context.sessions.session, document.prediction
        if session is None or prediction is None:  # which the commands are disabled for
            raise ValueError("There is no map to report on")
        labels = self._context.labelling.files.label_path
        known = document.results.model
        return SessionRun(
            source=session.reference.at(session.reference.source),
            cube=document.mapped_cube,
            labels_source=f"labels of the session {session.reference.name}"
            if labels is None
            else str(labels),
            labels=document.labels.snapshot(),
            trained_on=document.trained_on,
            evidence=document.results.evidence,
            test_source=None if document.truth is None else "ground truth of the session",
            truth=document.truth,
            classes=document.legend.classes,
            prediction=prediction,
            runs={run.id: run for run in session.training_runs.runs},
            folder=session.training_runs.folder,
            shown=self._context.sessions.known_run,
            model=None if known is None else known.model,
            sample=document.results.sample,
            decisions=document.decisions.snapshot(),
        )

    def _on_report(self, files: list[Path]) -> None:
        page = files[0]
        self._workspace.notify(
            f"Report saved to {page.parent}.",
            "success",
            Choice("Open the report", lambda: _open(page), primary=True),
            folder_link(page),
        )

    def _on_bundle(self, path: Path) -> None:
        self._workspace.notify(
            f"Bundle saved to {path}. Check it with: hsi-viewer verify {path.name}",
            "success",
            folder_link(path),
        )


def _open(path: Path) -> None:
    QDesktopServices.openUrl(QUrl.fromLocalFile(str(path)))
