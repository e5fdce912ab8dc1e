"""Session: an open document with all that is kept and saved together with it."""

from __future__ import annotations

import platform
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
from msgspec import Struct
from msgspec.structs import replace
from numpy.typing import NDArray
from psygnal import Signal

from hsi_viewer import __version__
from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.errors import FileError, LabelError
from hsi_viewer.core.labels.history import Step
from hsi_viewer.core.labels.label_map import LABELS
from hsi_viewer.core.labels.label_snapshot import LabelSnapshot
from hsi_viewer.core.progress import CancelToken
from hsi_viewer.core.text import counted
from hsi_viewer.session.document.document import Document
from hsi_viewer.session.storage.cube_reference import CubeReference, reference_to, sample_digest
from hsi_viewer.session.storage.journal import Journal
from hsi_viewer.session.storage.journal_numbering import Numbering
from hsi_viewer.session.storage.journal_queue import JournalQueue
from hsi_viewer.session.storage.journal_recorder import Recorder
from hsi_viewer.session.storage.journal_records import Record
from hsi_viewer.session.storage.lock_file import Lock, LockedError
from hsi_viewer.session.storage.project_file import lock_of, read_project_arrays, write_project
from hsi_viewer.session.storage.recoverable_sessions import put_away
from hsi_viewer.session.storage.session_data import SessionData, write_session_data
from hsi_viewer.session.storage.session_folder import SessionFolder, facts_record, new_folder
from hsi_viewer.session.storage.stroke_records import numbering_of, state_of, state_records
from hsi_viewer.session.storage.training_runs import TrainingRuns


class Session:
    """A document, its journal, its runs, its notes, and the file that they are saved in.

    `changed` is emitted when notes, runs or the file changed.

    Parameters
    ----------
    document, reference : the open cube, and how to find it again.
    folder : of this session, locked; None where no place could be written.
    problem : why strokes are not kept where they should be, or "".
    """

    changed = Signal()

    def __init__(
        self,
        document: Document,
        reference: CubeReference,
        folder: SessionFolder | None,
        problem: str = "",
    ) -> None:
        self.document, self.reference, self.folder = document, reference, folder
        self.problem = problem
        self.warnings: tuple[str, ...] = ()
        self.recorder: Recorder | None = None
        self.training_runs = TrainingRuns(folder.runs if folder else Path())
        self.data = SessionData(reference)
        self.project: Path | None = None
        self.read_only = False
        self._lock: Lock | None = None
        self.journal_in_danger = False  # damaged, and not kept aside
        self._queue: JournalQueue | None = None
        self._notes = ""
        self._extras, self._extras_saved = 0, 0
        self._other_extras: dict[str, None] = {}
        self.training_runs.changed.connect(self._on_extras)

    def note_extra(self, words: str) -> None:
        """Note that something else that features keep has changed, named in the plural."""
        self._other_extras[words] = None
        self._on_extras()

    def _on_extras(self) -> None:
        self._extras += 1
        self._flag_extras()
        self.changed.emit()

    def _flag_extras(self) -> None:
        """Leave a sign in the folder for the program that may find it after a crash."""
        if self.folder is not None:
            with suppress(OSError):
                if self.extras_modified:
                    self.folder.unsaved.touch()
                else:
                    self.folder.unsaved.unlink(missing_ok=True)

    # what it holds ---------------------------------------------------------------------------

    @property
    def notes(self) -> str:
        """The user's notes."""
        return self._notes

    @notes.setter
    def notes(self, text: str) -> None:
        if text != self._notes:
            self._notes = text
            self._on_extras()

    def take_data(self, data: SessionData) -> None:
        """Take notes, view and the like as they were kept."""
        self.data, self._notes = data, data.notes

    @property
    def extras_modified(self) -> bool:
        """Whether runs, notes or what features keep are in no session file yet."""
        return self._extras != self._extras_saved

    @property
    def extras_words(self) -> tuple[str, ...]:
        """Contents other than labels, in words."""
        runs = len(self.training_runs.runs)
        maps = (counted(runs, "class map"),) if runs else ()
        return (*maps, *(("notes",) if self._notes else ()), *self._other_extras)

    @property
    def modified(self) -> bool:
        """Whether anything is in no file of the user's."""
        return self.document.modified or self.extras_modified

    @property
    def worth_keeping(self) -> bool:
        """Whether something would be lost with the session folder."""
        return self.document.wanted or (self.extras_modified and not self._given_up)

    @property
    def _given_up(self) -> bool:
        return self.document.abandoned is self.document.history.position

    def start_recording(
        self, numbering: Numbering | None = None, passed: Iterable[Record] = ()
    ) -> None:
        """Record every stroke from now on.

        Parameters
        ----------
        numbering : of the existing journal, which leads to the document as it is; None where
            there is none, or one without a record.
        passed : records that only a newer version understands.
        """
        if self.folder is None:
            return
        journal = None
        try:
            journal = Journal(self.folder.journal)
            facts = facts_record(self.reference, __version__)
            if numbering is None:
                numbering = self._begin(journal, facts)
            self._queue = JournalQueue(journal)
            self.recorder = Recorder(self.document, self._queue, facts, numbering, passed)
        except FileError as error:
            self.problem = str(error)
            if journal is not None:
                journal.close()

    def _begin(self, journal: Journal, facts: Record) -> Numbering:
        """Write the first records."""
        state = state_of(self.document)
        touched = state.steps or state.classes or state.others or self.document.labels.total
        records = tuple(state_records(state)) if touched else ()
        for record in (facts, *records):
            journal.append(lambda r=record: r)  # type: ignore[misc]
            journal.check_written()
        if self.folder is not None and not self.folder.data_file.exists():
            # So that the journal, which may be damaged, is not alone in naming the cube.
            with suppress(OSError):
                text = SessionData(self.reference).to_json()
                self.folder.data_file.write_text(text, encoding="utf-8")
        return numbering_of(state) if touched else Numbering()

    def data_with(
        self, view: Mapping[str, Any], features: Mapping[str, Any], shown_run: int | None
    ) -> SessionData:
        """Notes, classes, view and the like as they are now, to be saved."""
        return SessionData(
            self.reference,
            self.document.legend.classes,
            self._notes,
            view,
            features,
            shown_run if shown_run in self.training_runs else None,
        )

    def keep_data(self, data: SessionData) -> None:
        """Write notes, view and the like into the session folder.

        Raises
        ------
        ExportError
            if it cannot be written.
        """
        if self.folder is not None:
            write_session_data(self.folder.data_file, data)

    # the file --------------------------------------------------------------------------------

    def take_project(self, path: Path, *, take_over: bool = False) -> str:
        """Make a session file the one that is saved to, and lock it.

        Returns
        -------
        str
            why another program may be at work on it all the same, or "".

        Raises
        ------
        LockedError
            if another program has it open.
        """
        self.leave_project()
        doubt = ""
        try:
            self._lock = Lock(lock_of(path), take_over=take_over)
            doubt = _not_given_back(self._lock, path)
        except (PermissionError, FileNotFoundError):  # a folder that cannot be written
            pass
        except OSError as error:
            doubt = (
                f"{path.parent} cannot lock files ({error.strerror or error}), so another program "
                f"may save {path.name} at the same time: make sure that nobody else has it open."
            )
        self.project, self.read_only = path, False
        self.changed.emit()
        return doubt

    def open_read_only(self, path: Path) -> None:
        """Note the session file that another program works on."""
        self.leave_project()
        self.project, self.read_only = path, True

    def leave_project(self) -> None:
        """Give the session file back."""
        if self._lock is not None:
            self._lock.release()
        self._lock, self.project, self.read_only = None, None, False

    @property
    def taken_over(self) -> bool:
        """Whether another program took the session file over meanwhile."""
        return self._lock is not None and not self._lock.ours

    def snapshot(self, data: SessionData) -> Snapshot:
        """All that a worker needs to save."""
        return Snapshot(
            data,
            self.document.labels.snapshot(),
            {n: m.snapshot() for n, m in self.document.maps.items() if n != LABELS},
            self.document.truth,
            {run.id: self.training_runs.files(run.id) for run in self.training_runs.runs},
            self.document.history.position,
            self._extras,
        )

    def mark_saved(self, snapshot: Snapshot) -> None:
        """Note that a snapshot is in the session file."""
        self._extras_saved = snapshot.extras
        self._flag_extras()
        self.document.mark_saved(snapshot.step)
        self.changed.emit()

    def extras_as_saved(self) -> None:
        """Take notes and runs as they are for what is in the file."""
        self._extras_saved = self._extras
        self._flag_extras()

    @property
    def writing(self) -> bool:
        """Whether a stroke has yet to reach the disk; `close` waits for it."""
        return self._queue is not None and self._queue.busy

    def drain(self, seconds: float) -> None:
        """Wait at most so many seconds for the disk."""
        if self._queue is not None:
            self._queue.drain(seconds)

    def close(self) -> None:
        """Let go; the folder stays if something in it is in no file of the user's.

        What the user gave up is put among the discarded sessions, from where it can be restored.

        Raises
        ------
        OSError
            if it cannot be put there: it is found as unsaved work at the next start.
        """
        keep = self.worth_keeping or self.journal_in_danger
        if self.recorder is not None:
            self.recorder.close()
        self.leave_project()
        if self.folder is None:
            return
        if keep:
            self.folder.release()
        elif self.modified:
            put_away(self.folder)
        else:
            self.folder.remove()


class Snapshot(Struct, frozen=True):
    """A session at one moment, for the worker that saves it."""

    data: SessionData
    labels: LabelSnapshot
    others: Mapping[str, LabelSnapshot]
    truth: NDArray[np.uint16] | None
    runs: Mapping[int, Mapping[str, Path]]
    step: Step
    extras: int

    def write(self, path: Path, token: CancelToken | None = None) -> None:
        """Write the session file; see `write_project`."""
        others = {name: each.ids for name, each in self.others.items()}
        write_project(path, self.data, self.labels.ids, self.truth, self.runs, token, others)


# made in a worker, before anybody looks at the document ------------------------------------------


def _folder() -> tuple[SessionFolder | None, str]:
    try:
        return new_folder()
    except FileError as error:
        return None, str(error)


def new_session(document: Document, source: str) -> Session:
    """A session of a cube that was just opened."""
    reference = reference_to(source, document.cube, sample_digest(document.cube))
    session = Session(document, reference, *_folder())
    session.start_recording()
    return session


def opened_session(document: Document, path: Path, data: SessionData, source: str) -> Session:
    """The session in a session file.

    Raises
    ------
    FileError
        if it cannot be read or does not fit the cube.
    """
    require_fit(data.reference, document.cube)
    doubt = data.reference.doubt(document.cube)
    reference = reference_to(source, document.cube, data.reference.digest)
    folder, problem = _folder()
    session = Session(document, reference, folder, problem)
    try:
        problems = _read_into(session, path, data)
    except Exception:
        if folder is not None:
            folder.remove()
        raise
    try:
        problems.append(session.take_project(path))
    except LockedError:
        session.open_read_only(path)
    session.warnings = tuple(w for w in (doubt, *problems) if w)
    session.start_recording()
    return session


def _read_into(session: Session, path: Path, data: SessionData) -> list[str]:
    """Take what a session file holds; a sentence for each part that is lost."""
    document = session.document
    contents = read_project_arrays(path, data, session.training_runs.folder)
    try:
        document.restart(data.classes, contents.ids, contents.others)
    except LabelError as error:
        raise FileError(f"{path}: {error}") from error
    document.set_truth(contents.truth)
    document.mark_saved()
    problems = [*contents.problems, *session.training_runs.load()]
    session.take_data(replace(data, reference=session.reference))
    session.extras_as_saved()
    return problems


def _not_given_back(lock: Lock, path: Path) -> str:
    """A doubt, where the file system may not tell computers of each other's locks."""
    before = lock.before
    if before is None or before.host in ("", platform.node()):
        return ""
    return (
        f"{path.name} was not closed by {before.words}. If that program is still running, save "
        "under another name."
    )


def require_fit(reference: CubeReference, cube: HyperCube) -> None:
    """Raise FileError if labels of one cube do not fit another."""
    reason = reference.disabled_reason(cube)
    if reason:
        raise FileError(f"{reason} Choose the cube they were made on.")
