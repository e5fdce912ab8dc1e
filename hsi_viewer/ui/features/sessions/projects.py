"""ProjectController: session files — save, save as, open, and who else has them open."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Slot
from PySide6.QtWidgets import QFileDialog

from hsi_viewer.core.errors import FileError
from hsi_viewer.core.progress import CancelToken, Progress, ProgressPort, TaskCancelledError
from hsi_viewer.session.session import Session, Snapshot
from hsi_viewer.session.storage.lock_file import LockedError, holder_of
from hsi_viewer.session.storage.project_file import SUFFIX, is_project, lock_of, read_project_data
from hsi_viewer.session.storage.session_data import SessionData
from hsi_viewer.ui.awaited import awaited
from hsi_viewer.ui.saving import folder_link, saving_folder
from hsi_viewer.ui.widgets.choice import Choice

if TYPE_CHECKING:
    from hsi_viewer.ui.context import Context

SESSIONS = f"HSI Viewer session (*{SUFFIX})"
LABEL_FORMATS = (
    "Labels only, NumPy (*.npy);;Labels only, ENVI classification (*.hdr);;"
    "Labels only, MATLAB (*.mat);;Labels only, GeoTIFF (*.tif)"
)
READ_ONLY = "read-only"


class ProjectController(QObject):
    """Saves and opens sessions; "Save" saves the file that the work was saved to last."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.context, self.workspace = context, context.workspace
        self.window = context.window
        context.opening.session_requested.connect(self.open)
        context.sessions.restored.connect(self._on_restored)
        context.sessions.changed.connect(self._on_changed)
        self._opening = Path()

    # saving ----------------------------------------------------------------------------------

    @Slot()
    def save(self) -> None:
        """Save where the work was saved last: the session file, else the label file, else ask."""
        session = self.context.sessions.session
        if session is None:
            return
        if session.project is not None and self._may_write(session):
            self._start_saving(session, session.project)
        elif session.project is not None:
            self._offer_read_only(session)
        elif self.context.labelling.files.label_path is not None:
            self.context.labelling.files.save()
        else:
            self._ask(labels_too=True)

    @Slot()
    def save_as(self) -> None:
        """Ask where to save the session, and save it."""
        self._ask(labels_too=False)

    def save_now(self) -> bool:
        """Save before the document is left; False if it is in no file then."""
        session = self.context.sessions.session
        if session is None:
            return False
        if not session.modified:
            return True
        path = session.project if session.project and self._may_write(session) else None
        if path is None and session.project is None and not session.extras_modified:
            path = self.context.labelling.files.label_path
        path = path or self._ask_where(labels_too=True)
        if path is None:
            return False
        if not is_project(str(path)):
            return self.context.labelling.files.save_now(path)
        if not self._may_replace(session, path):
            return False
        snapshot = self._snapshot(session)

        def work(token: CancelToken, _port: ProgressPort) -> None:
            snapshot.write(path, token)

        try:
            awaited(self.workspace.tasks, f"Saving {path.name}", work)
        except TaskCancelledError:
            return False
        except FileError as error:
            self._on_unsaved(error)
            return False
        session.mark_saved(snapshot)
        self.workspace.settings.add_recent(str(path))
        return True

    def _may_write(self, session: Session) -> bool:
        return not session.read_only and not session.taken_over

    def _ask(self, *, labels_too: bool) -> None:
        session, path = self.context.sessions.session, self._ask_where(labels_too=labels_too)
        if path is None or session is None:
            return
        if is_project(str(path)):
            self._start_saving(session, path)
        else:
            self.context.labelling.files.save_to(path)

    def _ask_where(self, *, labels_too: bool) -> Path | None:
        session = self.context.sessions.session
        if session is None:
            return None
        folder = saving_folder(self.workspace)
        name = session.reference.name
        stem = Path(name).stem if session.reference.is_file else name
        start = session.project or folder / f"{stem}{SUFFIX}"
        filters = f"{SESSIONS};;{LABEL_FORMATS}" if labels_too else SESSIONS
        name, _ = QFileDialog.getSaveFileName(self.window, "Save", str(start), filters)
        if not name:
            return None
        path = Path(name)
        if not path.suffix or (not labels_too and not is_project(name)):
            path = path.with_name(path.name + SUFFIX)
        return path

    def _snapshot(self, session: Session) -> Snapshot:
        data = self.context.sessions.data()
        return session.snapshot(data or SessionData(session.reference))

    def _may_replace(self, session: Session, path: Path) -> bool:
        """Whether no other program has a session file open; the user is told if one has."""
        ours = path == session.project and self._may_write(session)
        holder = None if ours else holder_of(lock_of(path))
        if holder is None:
            return True
        self.workspace.notify(
            f"{path} is open in {holder.words}. Save it under another name.",
            "error",
            Choice("Save as…", self.save_as),
        )
        return False

    def _start_saving(self, session: Session, path: Path) -> None:
        if not self._may_replace(session, path):
            return
        snapshot = self._snapshot(session)

        def work(token: CancelToken, port: ProgressPort) -> tuple[Session, Snapshot, Path]:
            port.report(Progress(f"Saving {path.name}"))
            snapshot.write(path, token)
            return session, snapshot, path

        self.workspace.perform(
            f"Saving {path.name}", work, self._on_saved, on_failed=self._on_unsaved, writes=True
        )

    def _on_unsaved(self, error: Exception) -> None:
        self.workspace.notify_error(error, "Saving the session", Choice("Save as…", self.save_as))

    def _on_saved(self, saved: tuple[Session, Snapshot, Path]) -> None:
        session, snapshot, path = saved
        if session is not self.context.sessions.session:
            return
        if path != session.project or session.read_only:
            self._take(session, path)
        session.mark_saved(snapshot)
        self.workspace.settings.add_recent(str(path))
        self.workspace.settings.last_folder = str(path.parent)
        self.workspace.notify(f"Session saved to {path}.", "success", folder_link(path))

    def _take(self, session: Session, path: Path, *, take_over: bool = False) -> None:
        try:
            doubt = session.take_project(path, take_over=take_over)
        except (LockedError, OSError) as error:
            self.workspace.notify_error(error, "Locking the session")
            return
        if doubt:
            self.workspace.notify(doubt, "warning")

    # opening ---------------------------------------------------------------------------------

    @Slot()
    def choose(self) -> None:
        """Ask for a session file and open it."""
        name, _ = QFileDialog.getOpenFileName(
            self.window,
            "Open a session",
            self.workspace.settings.last_folder,
            f"{SESSIONS};;Backup sessions (*{SUFFIX}.bak);;All files (*)",
        )
        if name:
            self.open(name)

    @Slot(str)
    def open(self, source: str) -> None:
        """Open a session file: its cube, and on it all that was saved."""
        path = Path(source).expanduser().absolute()
        self._opening = path

        def work(_token: CancelToken, port: ProgressPort) -> tuple[Path, SessionData, str | None]:
            port.report(Progress(f"Opening {path.name}"))
            data = read_project_data(path)
            return path, data, data.reference.found(path.parent)

        self.workspace.perform(
            f"Opening {path.name}", work, self._on_read, doing="Opening the session"
        )

    def _on_read(self, read: tuple[Path, SessionData, str | None]) -> None:
        path, data, source = read
        if path != self._opening:
            return  # another one was asked for meanwhile
        if source is not None:
            self.context.sessions.open_project(path, data, source)
            return
        reference = data.reference
        self.context.offers.offer(
            "missing",
            f"The cube of {path.name}, {Path(reference.source).name}, is neither in "
            f"{Path(reference.source).parent} nor next to the session.",
            (
                Choice("Find it…", partial(self._find, path, data), primary=True),
                Choice("Cancel", lambda: None, escape=True),
            ),
            "image-search-outline",
        )

    def _find(self, path: Path, data: SessionData) -> None:
        name, _ = QFileDialog.getOpenFileName(
            self.window, f"Where is {Path(data.reference.source).name}?", str(path.parent)
        )
        if name:
            self.context.sessions.open_project(path, data, data.reference.at(name))

    @Slot(object)
    def _on_restored(self, session: Session) -> None:
        if session.project is not None:
            self.workspace.settings.add_recent(str(session.project))
            self.workspace.settings.last_folder = str(session.project.parent)
            if not session.read_only:
                return  # to ask who holds the lock waits for it a while
            if not session.taken_over and holder_of(lock_of(session.project)) is None:
                self._take(session, session.project)  # it was this window that had it open
            if session.read_only:
                self._offer_read_only(session)

    # two programs on one file ----------------------------------------------------------------

    def _offer_read_only(self, session: Session) -> None:
        path = session.project
        if path is None:
            return
        holder = holder_of(lock_of(path))
        if session.taken_over:
            text = f"{path.name} was taken over by {holder.words if holder else 'another program'}"
        elif holder is not None:
            text = f"{path.name} is open in {holder.words}"
        else:
            text = f"{path.name} was open in another program"
        self.context.offers.offer(
            READ_ONLY,
            f"{text}: it is read-only here. If you take it over, the other program can no longer "
            "save it.",
            (
                Choice("Save as…", self.save_as, primary=True),
                Choice("Take over", partial(self._take, session, path, take_over=True)),
                Choice("Stay read-only", lambda: None, escape=True),
            ),
            "lock-outline",
        )

    @Slot()
    def _on_changed(self) -> None:
        session = self.context.sessions.session
        if session is None or not session.read_only:
            self.context.offers.withdraw(READ_ONLY)
