"""Work that programs left behind, or have open: found, discarded, and restored."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from msgspec import Struct

from hsi_viewer.core.errors import FileError, FormatError
from hsi_viewer.session.storage.cube_reference import CubeReference, reference_from_json
from hsi_viewer.session.storage.journal_damage import Losses, losses
from hsi_viewer.session.storage.journal_records import STROKES, Contents, Gap, Kind, read_records
from hsi_viewer.session.storage.lock_file import Holder, holder_of
from hsi_viewer.session.storage.session_data import session_data_from_json
from hsi_viewer.session.storage.session_folder import (
    SessionFolder,
    sessions_folder,
    temporary_folder,
)

DISCARDED_KEPT = 10
DISCARDED_FOLDER = ".discarded"
DISCARDED = re.compile(r"(\d{1,9})-(.+)")
DATA_LIMIT = 64 * 2**20


class RecoverableSession(Struct, frozen=True):
    """Work that no program has open and that is in no file of the user's.

    Attributes
    ----------
    path : its session folder.
    reference : the cube; None where the journal is damaged and nothing else names it.
    when : of its last stroke, seconds since 1970.
    strokes : number of strokes.
    runs : number of training runs.
    losses : what is missing where the journal is damaged; None where it is whole.
    """

    path: Path
    reference: CubeReference | None
    when: float
    strokes: int
    runs: int
    losses: Losses | None = None

    @property
    def name(self) -> str:
        """Short name of the cube."""
        return "an unknown scene" if self.reference is None else self.reference.name


def journal_contents(path: Path, *, arrays: bool = True) -> Contents:
    """Contents of a session's journal; one that cannot be read at all is a single gap.

    Raises
    ------
    OSError
        if it cannot be read.
    """
    try:
        return read_records(path, arrays=arrays)
    except FormatError:
        return Contents((), (Gap(0, 0, path.stat().st_size),), 0)


def reference_in(contents: Contents) -> CubeReference | None:
    """The cube that a journal is about."""
    for record in reversed(contents.records):
        if record.kind is Kind.FACTS:
            with suppress(FormatError):
                return reference_from_json(record.facts.get("cube"))
    return None


def recoverable_sessions() -> tuple[RecoverableSession, ...]:
    """Unsaved work of programs that are gone, the newest first; empty folders are cleared away."""
    found = []
    for path in _session_paths():
        if holder_of(path / "lock") is not None:
            continue
        with suppress(OSError):  # in doubt it stays
            leftover = _examined(path)
            if leftover is not None:
                found.append(leftover)
            else:
                _clear_away(path)
    return tuple(sorted(found, key=lambda o: -o.when))


def _examined(path: Path) -> RecoverableSession | None:
    """Contents of a folder; None if there is nothing to keep."""
    journal, when = path / "journal", 0.0
    try:
        contents = journal_contents(journal, arrays=False)
        when = journal.stat().st_mtime
    except FileNotFoundError:
        contents = Contents((), (), 0)
    kinds = [r.kind for r in contents.records if r.kind not in (Kind.FACTS, Kind.FLAGS)]
    saved = not contents.damaged and (not kinds or kinds[-1] is Kind.SAVED)
    if saved and not (path / "unsaved").exists():
        return None
    reference = reference_in(contents) or _reference_in_data(path / "session.json")
    strokes = sum(k in STROKES for k in kinds)
    runs = len(list((path / "runs").glob("[0-9]*")))
    lost = losses(contents) if contents.damaged else None
    return RecoverableSession(path, reference, when, strokes, runs, lost)


def _reference_in_data(path: Path) -> CubeReference | None:
    with suppress(OSError, FileError):
        if path.stat().st_size <= DATA_LIMIT:
            return session_data_from_json(path.read_bytes()).reference
    return None


def _clear_away(path: Path) -> None:
    """Remove a folder with nothing to keep, unless a program has just begun to work in it."""
    try:
        folder = SessionFolder(path)
    except FileError:
        return
    if _examined(path) is None:
        folder.remove()
    else:
        folder.release()


def others_on(reference: CubeReference, but: Path | None) -> tuple[Holder, ...]:
    """The running programs that have the same cube open."""
    holders = []
    for path in _session_paths():
        holder = holder_of(path / "lock") if path != but else None
        if holder is None:
            continue
        with suppress(OSError, FileError):
            theirs = reference_in(read_records(path / "journal", arrays=False))
            if theirs is not None and _same_location(theirs, reference):
                holders.append(holder)
    return tuple(holders)


def _same_location(one: CubeReference, other: CubeReference) -> bool:
    return (one.source, one.part) == (other.source, other.part)


def _session_paths() -> list[Path]:
    paths: list[Path] = []
    for parent in (sessions_folder(), temporary_folder()):
        with suppress(OSError):
            paths += [p for p in parent.iterdir() if p.is_dir() and not p.name.startswith(".")]
    return paths


# discarded -------------------------------------------------------------------------------------


def discard(leftover: RecoverableSession) -> Path:
    """Discard work that the user does not want; what was discarded last can be restored.

    Returns
    -------
    Path
        where it lies now.

    Raises
    ------
    LockedError
        if another program works on it.
    OSError
        if it cannot be moved.
    """
    target = put_away(SessionFolder(leftover.path))
    forget_old_discarded()
    return target


def put_away(folder: SessionFolder) -> Path:
    """Put a session among the discarded ones, and let go of it.

    Returns
    -------
    Path
        where it lies now.

    Raises
    ------
    OSError
        if it cannot be moved: it stays where it is.
    """
    place = folder.path.parent / DISCARDED_FOLDER
    try:
        place.mkdir(exist_ok=True)
        before = _numbered(place)
        number = before[-1][0] + 1 if before else 1  # clocks are set back, and names may be older
        target = place / f"{number}-{folder.path.name}"
        folder.move(target)
    finally:
        folder.release()
    return target


def forget_old_discarded() -> None:
    """Delete the discarded sessions before the last ten; damaged ones stay."""
    for parent in (sessions_folder(), temporary_folder()):
        with suppress(OSError):
            for _, old in _numbered(parent / DISCARDED_FOLDER)[:-DISCARDED_KEPT]:
                if _is_whole(old / "journal"):
                    shutil.rmtree(old, ignore_errors=True)


def _is_whole(journal: Path) -> bool:
    """Whether nothing in a journal is damaged: such a one is never deleted."""
    try:
        return not journal_contents(journal, arrays=False).damaged
    except FileNotFoundError:
        return True
    except OSError:
        return False


def _numbered(folder: Path) -> list[tuple[int, Path]]:
    """Discarded sessions with their numbers, in the order in which they were discarded."""

    def found() -> Iterator[tuple[int, Path]]:
        for path in folder.iterdir():
            name = DISCARDED.fullmatch(path.name)
            if name is not None:
                yield int(name[1]), path

    return sorted(found())


def discarded() -> tuple[RecoverableSession, ...]:
    """Discarded sessions that can be restored, the latest first."""
    found = []
    for parent in (sessions_folder(), temporary_folder()):
        with suppress(OSError):
            for _, path in reversed(_numbered(parent / DISCARDED_FOLDER)):
                with suppress(OSError):
                    found.append(_examined(path))
    return tuple(leftover for leftover in found if leftover is not None)


def bring_back(discarded: Path) -> Path:
    """Undo `discard`.

    Raises
    ------
    OSError
        if it cannot be moved.
    """
    name = DISCARDED.fullmatch(discarded.name)
    target = discarded.parent.parent / (name[2] if name else discarded.name)
    discarded.replace(target)
    return target
