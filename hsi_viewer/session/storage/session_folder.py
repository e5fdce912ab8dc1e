"""SessionFolder: what a running program keeps of one open scene, until it is saved or given up.

sessions/20261122-231500-1a2b3c4d/
    lock          held by the program that works on it; lock.json says who that is
    journal       every stroke
    journal.tally how many there are
    session.json  notes, view and the like, written now and then
    runs/1/       every finished training: facts, map, model

Beside them: .damaged with journals that could not all be read, as they were found, and .discarded.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import uuid
from contextlib import suppress
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from msgspec.structs import replace

from hsi_viewer.atomic import second_name
from hsi_viewer.core.errors import FileError
from hsi_viewer.core.paths import data_folder
from hsi_viewer.session.storage.cube_reference import CubeReference
from hsi_viewer.session.storage.journal_records import Kind, Record
from hsi_viewer.session.storage.lock_file import Lock, LockedError

TRIES = 3  # another program may clear a new folder away before it is locked


def sessions_folder() -> Path:
    """Folder of all sessions."""
    return data_folder() / "sessions"


class SessionFolder:
    """A session's folder, locked for this process.

    Parameters
    ----------
    path : an existing folder.

    Raises
    ------
    LockedError
        if another program works on it.
    OSError
        if it cannot be written.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = Lock(path / "lock")

    @property
    def journal(self) -> Path:
        """The journal."""
        return self.path / "journal"

    @property
    def data_file(self) -> Path:
        """Everything but labels and runs."""
        return self.path / "session.json"

    @property
    def unsaved(self) -> Path:
        """A sign that notes or runs are in no file of the user's."""
        return self.path / "unsaved"

    @property
    def runs(self) -> Path:
        """The folder of the runs."""
        return self.path / "runs"

    def release(self) -> None:
        """Release it for the next program."""
        self._lock.release()

    def remove(self) -> None:
        """Delete it: all of it is saved, or given up."""
        if os.name == "nt":  # where an open file stays
            self.release()
        shutil.rmtree(self.path, ignore_errors=True)
        self.release()
        with suppress(OSError):  # drives of the network keep an open file under another name
            self.path.rmdir()

    def move(self, target: Path) -> None:
        """Put it at another place of the same disk, and let go.

        Raises
        ------
        OSError
            if it cannot be moved.
        """
        if os.name == "nt":
            self.release()
        try:
            self.path.replace(target)
        finally:
            self.release()


def new_folder() -> tuple[SessionFolder, str]:
    """A new folder in the user's data; where that cannot be, in the system's temporary folder.

    Returns
    -------
    folder : locked.
    problem : why it is not in the user's data, or "".

    Raises
    ------
    FileError
        if no place can be written.
    """
    problem = ""
    for parent in (sessions_folder, temporary_folder):
        try:
            return _locked_folder(parent()), problem
        except (OSError, FileError) as error:
            reason = getattr(error, "strerror", None) or error
            problem = problem or f"{sessions_folder()}: {reason}"
    raise FileError(problem)


def _locked_folder(parent: Path) -> SessionFolder:
    """A new folder; one that another program clears away before it is locked is made again."""
    for _ in range(TRIES - 1):
        with suppress(FileNotFoundError, LockedError):
            return _made_folder(parent)
    return _made_folder(parent)


def _made_folder(parent: Path) -> SessionFolder:
    path = parent / f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{uuid.uuid4().hex[:8]}"
    path.mkdir(parents=True)
    try:
        return SessionFolder(path)
    except OSError:  # without locks two programs could write one journal
        shutil.rmtree(path, ignore_errors=True)
        raise


def temporary_folder() -> Path:
    """Folder of the sessions that cannot be kept in the user's data."""
    return Path(tempfile.gettempdir()) / "hsi-viewer-sessions"


def facts_record(reference: CubeReference, application: str) -> Record:
    """The first record of a journal: which cube, which program."""
    return renewed(Record(Kind.FACTS, {"cube": asdict(reference), "application": application}))


def renewed(facts: Record) -> Record:
    """The first record for another journal, told from all others by it."""
    return replace(facts, facts={**facts.facts, "journal": uuid.uuid4().hex})


def keep_aside(path: Path) -> Path:
    """Give a damaged file of a session a second place, where it stays.

    Returns
    -------
    Path
        where it lies now, too.

    Raises
    ------
    OSError
        if that cannot be; the file itself is unchanged.
    """
    folder = path.parent.parent / ".damaged"
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / f"{path.parent.name}-{path.name}"
    number = 1
    while target.exists():
        number += 1
        target = folder / f"{path.parent.name}-{path.name}-{number}"
    second_name(path, target)
    return target
