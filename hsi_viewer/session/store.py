"""SessionFolder: what a running program keeps of one open scene, until it is saved or given up.

sessions/20261122-231500-1a2b3c4d/
    lock          who works on it
    journal       every gesture
    session.json  notes, view and the like, written now and then
    runs/1/       every finished training: facts, map, model
"""

from __future__ import annotations

import shutil
import tempfile
import uuid
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from hsi_viewer.core.errors import FileError
from hsi_viewer.io.data_folder import data_folder
from hsi_viewer.session.cube_reference import CubeReference, reference_from_json
from hsi_viewer.session.lock import Holder, Lock, holder_of
from hsi_viewer.session.records import Contents, Kind, Record, read_records

DISCARDED_KEPT = 5


def sessions_folder() -> Path:
    """Where the folders of all sessions lie."""
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
    def body(self) -> Path:
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
        """Leave it to whoever comes next."""
        self._lock.release()

    def remove(self) -> None:
        """Delete it: all of it is saved, or given up."""
        self.release()
        shutil.rmtree(self.path, ignore_errors=True)


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
    name = f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{uuid.uuid4().hex[:8]}"
    problem = ""
    for parent in (sessions_folder, _temporary):
        try:
            path = parent() / name
            path.mkdir(parents=True)
            return SessionFolder(path), problem
        except OSError as error:
            problem = problem or f"{sessions_folder()}: {error.strerror or error}"
    raise FileError(problem)


def _temporary() -> Path:
    return Path(tempfile.gettempdir()) / "hsi-viewer-sessions"


def facts_record(reference: CubeReference, application: str) -> Record:
    """The first record of a journal: which cube, which program."""
    return Record(Kind.FACTS, {"cube": asdict(reference), "application": application})


def reference_in(contents: Contents) -> CubeReference | None:
    """The cube that a journal is about."""
    for record in reversed(contents.records):
        if record.kind is Kind.FACTS:
            return reference_from_json(record.facts.get("cube"))
    return None


# what other programs left, or work on ----------------------------------------------------------


@dataclass(frozen=True)
class Leftover:
    """Work that no program has open and that is in no file of the user's.

    Attributes
    ----------
    path : its session folder.
    reference : the cube.
    when : of its last gesture, seconds since 1970.
    gestures, runs : how much there is.
    torn : whether a last gesture was not written to its end.
    """

    path: Path
    reference: CubeReference
    when: float
    gestures: int
    runs: int
    torn: bool


def leftovers() -> tuple[Leftover, ...]:
    """Unsaved work of programs that are gone, the newest first; empty folders are cleared away."""
    found = []
    for path in _session_paths():
        if holder_of(path / "lock") is not None:
            continue
        leftover = _examine(path)
        if leftover is not None:
            found.append(leftover)
    return tuple(sorted(found, key=lambda o: -o.when))


def _examine(path: Path) -> Leftover | None:
    """What a folder holds; one that holds nothing to keep is removed, one in doubt stays."""
    journal = path / "journal"
    try:
        contents = read_records(journal, arrays=False)
        reference = reference_in(contents)
        when = journal.stat().st_mtime
    except FileNotFoundError:
        contents, reference, when = Contents((), 0, torn=False), None, 0.0
    except (OSError, FileError):
        return None
    kinds = [r.kind for r in contents.records if r.kind not in (Kind.FACTS, Kind.FLAGS)]
    saved = not kinds or kinds[-1] is Kind.SAVED
    runs = len(list((path / "runs").glob("[0-9]*")))
    if saved and not (path / "unsaved").exists():
        shutil.rmtree(path, ignore_errors=True)
        return None
    if reference is None:
        return None  # of a cube that nobody knows: kept, but it cannot be offered
    gestures = sum(k in (Kind.STEP, Kind.MOVE) for k in kinds)
    return Leftover(path, reference, when, gestures, runs, contents.torn)


def others_on(reference: CubeReference, but: Path | None) -> tuple[Holder, ...]:
    """The running programs that have the same cube open."""
    holders = []
    for path in _session_paths():
        holder = holder_of(path / "lock") if path != but else None
        if holder is None:
            continue
        with suppress(OSError, FileError):
            theirs = reference_in(read_records(path / "journal", arrays=False))
            if theirs is not None and _same_place(theirs, reference):
                holders.append(holder)
    return tuple(holders)


def _same_place(one: CubeReference, other: CubeReference) -> bool:
    return (one.source, one.part) == (other.source, other.part)


def _session_paths() -> list[Path]:
    paths: list[Path] = []
    for parent in (sessions_folder(), _temporary()):
        with suppress(OSError):
            paths += [p for p in parent.iterdir() if p.is_dir() and not p.name.startswith(".")]
    return paths


def discard(leftover: Leftover) -> Path:
    """Put work away that the user does not want; the last few can be brought back.

    Returns
    -------
    Path
        where it lies now.

    Raises
    ------
    OSError
        if it cannot be moved.
    """
    bin_folder = leftover.path.parent.parent / "discarded"
    bin_folder.mkdir(parents=True, exist_ok=True)
    target = bin_folder / leftover.path.name
    leftover.path.replace(target)
    for old in sorted(bin_folder.iterdir())[:-DISCARDED_KEPT]:
        shutil.rmtree(old, ignore_errors=True)
    return target


def bring_back(discarded: Path) -> Path:
    """Undo `discard`.

    Raises
    ------
    OSError
        if it cannot be moved.
    """
    target = discarded.parent.parent / "sessions" / discarded.name
    discarded.replace(target)
    return target
