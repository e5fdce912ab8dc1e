"""SessionController: the session of the open document, kept as the user continues."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from hsi_viewer.core.errors import FileError
from hsi_viewer.core.progress import CancelToken, Progress, ProgressPort, TaskCancelledError
from hsi_viewer.session.document.document import Document
from hsi_viewer.session.recovering import recovered_session
from hsi_viewer.session.session import Session, new_session, opened_session
from hsi_viewer.session.storage.recoverable_sessions import RecoverableSession, others_on
from hsi_viewer.session.storage.session_data import SessionData
from hsi_viewer.ui.awaited import awaited
from hsi_viewer.ui.features.sessions.screen_state import restore_screen, screen_state
from hsi_viewer.ui.opened_cube import OpenedCube
from hsi_viewer.ui.rest_timer import RestTimer

if TYPE_CHECKING:
    from hsi_viewer.ui.context import Context

MAINTAIN_MS = 2000
PATIENCE_SECONDS = 0.1  # between two looks at whether the user still waits


class SessionController(QObject):
    """Gives each opened document its session, and lets go of the last one.

    Signals
    -------
    changed() : another session, or its runs, notes or file changed.
    restored(Session) : a session that had something in it is on the screen.
    """

    changed = Signal()
    restored = Signal(object)

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.context, self._workspace = context, context.workspace
        self.session: Session | None = None
        self.shown_run: int | None = None
        self.run_pending = False  # the map on the screen is of a run that is still being saved
        self._made: dict[Session, CancelToken] = {}  # and of what they were made in
        self._soon = RestTimer(0, self._show, self)  # a result that is posted would not wait
        opening = context.opening
        opening.prepare = self._prepare
        opening.opened.connect(self._adopt)
        opening.kept.connect(self._put_away)
        opening.ended.connect(self._close_unwanted)
        self._timer = QTimer(self)
        self._timer.setInterval(MAINTAIN_MS)
        self._timer.timeout.connect(self.maintain)
        self._autosave = QTimer(self)
        self._autosave.timeout.connect(self.keep_data)
        self._workspace.preferences_changed.connect(self._on_preferences)
        self._on_preferences()

    @property
    def known_run(self) -> int | None:
        """Number of the run of the map on the screen; None while it is still being saved."""
        return None if self.run_pending else self.shown_run

    # in the worker that opens a cube ---------------------------------------------------------

    def _prepare(
        self, document: Document, source: str, token: CancelToken, _port: ProgressPort
    ) -> Session:
        return self._remember(new_session(document, source), token)

    def _remember(self, session: Session, token: CancelToken) -> Session:
        if token.cancelled:  # another scene was asked for meanwhile
            session.close()
            token.check()
        self._made[session] = token
        return session

    def recover(self, leftover: RecoverableSession, source: str) -> None:
        """Open a cube with the work that a program left behind."""

        def prepare(document: Document, source: str, token: CancelToken, _p: ProgressPort) -> Any:
            return self._remember(recovered_session(document, leftover, source), token)

        self.context.opening.open(source, prepare)

    def open_project(self, path: Path, data: SessionData, source: str) -> None:
        """Open a cube with the session in a session file."""

        def prepare(document: Document, source: str, token: CancelToken, _p: ProgressPort) -> Any:
            return self._remember(opened_session(document, path, data, source), token)

        self.context.opening.open(source, prepare)

    # the document is open --------------------------------------------------------------------

    @Slot(object)
    def _adopt(self, opened: OpenedCube) -> None:
        """Before anything can be drawn in the new document."""
        old = self.session
        if old is not None and old.modified and not old.worth_keeping:
            self._workspace.notify(
                f"The unsaved work on {old.reference.name} was discarded. To get it back, choose "
                "File › Restore discarded work.",
                "info",
                self.context.commands.choice("file.discarded"),
            )
        self._let_go()
        session: Session = opened.prepared
        for stale in [one for one in self._made if one is not session]:
            self._close(stale)  # of an opening that was cancelled
        self.session, self.shown_run = session, session.data.shown_run
        self.run_pending = False
        session.changed.connect(self._on_changed)
        if session.recorder is not None:
            session.recorder.status_changed.connect(self._on_status)
        elif session.problem:
            self._warn(session.problem)
        self._timer.start()
        self.changed.emit()
        self._soon.start()

    @Slot()
    def _show(self) -> None:
        """After the views have drawn the new document."""
        session = self.session
        if session is None:
            return
        document = session.document
        if session.recorder is not None and session.problem:
            self._workspace.notify(
                f"Strokes are kept in {session.folder.path if session.folder else ''}, which the "
                f"system may delete, because {session.problem}.",
                "warning",
            )
        if (
            document.history.steps
            or len(document.legend)
            or session.training_runs.runs
            or session.notes
        ):
            self.context.painting.begin()
            self._draw(session)
            self.restored.emit(session)
        for warning in session.warnings:
            self._workspace.notify(warning, "warning")
        self._look_for_others(session)
        self.changed.emit()

    def _draw(self, session: Session) -> None:
        """The document came with content: emit its signals, then show the view as it was."""
        document, data = session.document, session.data
        document.legend.changed.emit()
        document.labels.changed.emit(0, 0, *document.labels.shape)
        document.truth_changed.emit()
        document.history.changed.emit()
        left_out = restore_screen(self.context, dict(data.view))
        if left_out:
            names = ", ".join(left_out)
            self._workspace.notify(
                f"Not restored because it doesn't match this scene: {names}.", "warning"
            )
        for feature in self.context.features:
            state = data.features.get(feature.key)
            if isinstance(state, dict) and state:
                feature.restore_session_state(state)

    def _look_for_others(self, session: Session) -> None:
        reference, own = session.reference, session.folder.path if session.folder else None

        def work(_token: CancelToken, _port: ProgressPort) -> str:
            return "; ".join(holder.words for holder in others_on(reference, own))

        self._workspace.compute(
            "Looking for other programs",
            work,
            self._on_others,
            document=session.document,
            quiet=True,
            patient=True,
        )

    def _on_others(self, words: str) -> None:
        if words:
            self._workspace.notify(
                f"This scene is also open in {words}. Each window has its own labels; save them "
                "under different names.",
                "warning",
            )

    # kept up to date -------------------------------------------------------------------------

    @Slot()
    def maintain(self) -> None:
        """While nothing is drawn: let the journal try again, or become short."""
        if self.session is not None and self.session.recorder is not None:
            self.session.recorder.maintain()

    def set_autosave(self, minutes: int) -> None:
        """Set the interval at which notes and view are written beside the journal; 0 for never."""
        self._workspace.settings.autosave_minutes = minutes
        if minutes:
            self._autosave.start(minutes * 60_000)
        else:
            self._autosave.stop()

    @Slot()
    def _on_preferences(self) -> None:
        self.set_autosave(self._workspace.settings.autosave_minutes)

    def unsaved(self) -> tuple[str, ...]:
        """Unsaved work, in words."""
        session = self.session
        if session is None:
            return ()
        extras = session.extras_words if session.extras_modified else ()
        return (*(("labels",) if session.document.modified else ()), *extras)

    def data(self) -> SessionData | None:
        """The session's data as they are on the screen."""
        if self.session is None:
            return None
        states = {f.key: f.session_state() for f in self.context.features}
        features = {name: state for name, state in states.items() if state}
        return self.session.data_with(screen_state(self.context), features, self.shown_run)

    @Slot()
    def keep_data(self) -> None:
        """Write notes, view and the like into the session's own folder, in the background."""
        session, data = self.session, self.data()
        if session is None or data is None or session.folder is None:
            return

        def work(_token: CancelToken, _port: ProgressPort) -> None:
            session.keep_data(data)

        self._workspace.perform("Keeping notes and view", work, quiet=True, writes=True)

    def _on_changed(self) -> None:
        self.changed.emit()
        self._workspace.state_changed.emit()

    def _on_status(self, problem: str) -> None:
        if problem:
            self._warn(problem)
        else:
            self._workspace.notify("Crash recovery is on again; nothing was lost.", "success")

    def _warn(self, problem: str) -> None:
        self._workspace.notify(
            f"Crash recovery is off: {problem}. Your labels are still here: free some space or "
            "save them elsewhere. Recovery is retried every few seconds.",
            "error",
            self.context.commands.choice("session.save_as"),
        )

    # the end ---------------------------------------------------------------------------------

    def give_up(self) -> None:
        """The user discards the unsaved work; it can be restored, with notes and view."""
        session = self.session
        if session is not None and session.modified:
            self._keep_data_now(session)
            session.document.abandon()

    def _keep_data_now(self, session: Session) -> None:
        data = self.data()
        if data is None:
            return
        try:
            session.keep_data(data)
        except FileError as error:
            self._workspace.notify(str(error), "warning")

    @Slot(object)
    def _put_away(self, opened: OpenedCube) -> None:
        if isinstance(opened.prepared, Session):
            self._close(opened.prepared)

    @Slot()
    def _close_unwanted(self) -> None:
        """Close what was ready when its opening was cancelled: it would keep its file locked."""
        for session in [one for one, token in self._made.items() if token.cancelled]:
            self._close(session)

    def _let_go(self) -> None:
        if self.session is not None:
            self.session.changed.disconnect(self._on_changed)
            self._close(self.session)
            self.session = None

    def _close(self, session: Session) -> None:
        self._made.pop(session, None)
        if session.writing:

            def work(_token: CancelToken, _port: ProgressPort) -> None:
                session.close()

            title = "Writing the last strokes"
            self._workspace.perform(title, work, on_failed=self._on_not_closed, writes=True)
            return
        try:
            session.close()
        except (OSError, FileError) as error:
            self._on_not_closed(error)

    def _on_not_closed(self, error: Exception) -> None:
        self._workspace.notify(f"The session didn't close properly: {error}", "warning")

    def finish(self) -> bool:
        """Wait for the disk with the window alive; False if the user doesn't want to wait."""
        session = self.session
        if session is None or not session.writing:
            return True

        def work(token: CancelToken, port: ProgressPort) -> None:
            port.report(Progress("Writing the last strokes"))
            while session.writing and not token.cancelled:
                session.drain(PATIENCE_SECONDS)

        try:
            awaited(self._workspace.tasks, "Writing the last strokes", work)
        except TaskCancelledError:
            return False
        return True

    def close(self) -> None:
        """The window is about to close; what is unsaved and not given up stays for the next."""
        self._timer.stop()
        self._autosave.stop()
        session = self.session
        if session is not None and session.worth_keeping:
            self._keep_data_now(session)
        self._let_go()
        for session in list(self._made):
            self._close(session)
