"""Sessions of programs that are gone, taken up where they ended, as far as they can be read."""

from __future__ import annotations

from pathlib import Path

from hsi_viewer import __version__
from hsi_viewer.core.errors import FileError
from hsi_viewer.core.text import counted
from hsi_viewer.session.document.document import Document
from hsi_viewer.session.session import Session, require_fit
from hsi_viewer.session.storage.cube_reference import reference_to
from hsi_viewer.session.storage.journal import replace_journal
from hsi_viewer.session.storage.journal_damage import losses
from hsi_viewer.session.storage.journal_numbering import Numbering, numbering_after
from hsi_viewer.session.storage.journal_records import Contents, Kind, Record
from hsi_viewer.session.storage.journal_replay import Replayed, replay
from hsi_viewer.session.storage.recoverable_sessions import RecoverableSession, journal_contents
from hsi_viewer.session.storage.session_data import session_data_from_json
from hsi_viewer.session.storage.session_folder import SessionFolder, facts_record, keep_aside
from hsi_viewer.session.storage.stroke_records import numbering_of, state_of, state_records


def recovered_session(document: Document, leftover: RecoverableSession, source: str) -> Session:
    """The session that a program left behind; its journal continues.

    Raises
    ------
    FileError
        if it does not fit the cube, or another program took it up.
    """
    if leftover.reference is not None:
        require_fit(leftover.reference, document.cube)
    try:
        folder = SessionFolder(leftover.path)
    except OSError as error:
        raise FileError(
            f"{leftover.path} cannot be recovered: {error.strerror or error}. If its disk cannot "
            "lock files, copy the folder to another one."
        ) from error
    try:
        session = _taken_up(document, leftover, folder, source)
    except OSError as error:
        folder.release()
        raise FileError(f"{leftover.path}: {error.strerror or error}") from error
    except FileError:
        folder.release()
        raise
    return session


def _taken_up(
    document: Document, leftover: RecoverableSession, folder: SessionFolder, source: str
) -> Session:
    contents = Contents((), (), 0)
    if folder.journal.exists():
        contents = journal_contents(folder.journal)
    replayed = replay(contents.records, document, contents.gaps)
    reference = leftover.reference or reference_to(source, document.cube)
    session = Session(document, reference, folder)
    warnings = [leftover.reference.doubt(document.cube)] if leftover.reference else []
    warnings += [_read_data(session, folder.data_file), *session.training_runs.load()]
    if contents.damaged:
        warnings += _put_in_order(session, folder, contents, replayed)
    elif contents.records:
        session.start_recording(numbering_after(contents.records), replayed.passed)
    else:
        session.start_recording()
    if replayed.passed:
        warnings.append(
            f"{counted(len(replayed.passed), 'change')} that only a newer HSI Viewer understands "
            "cannot be shown here, but are kept."
        )
    session.warnings = tuple(w for w in warnings if w)
    return session


def _read_data(session: Session, path: Path) -> str:
    """Read notes, view and the like; a sentence if they are lost."""
    if not path.exists():
        return ""
    try:
        session.take_data(session_data_from_json(path.read_bytes()))
    except FileError as error:
        moved_to = keep_aside(path)
        return f"Notes and view could not be read and are kept in {moved_to}: {error}"
    return ""


def _put_in_order(
    session: Session, folder: SessionFolder, contents: Contents, replayed: Replayed
) -> list[str]:
    """Keep a damaged journal aside, continue with what could be read, and return what to report."""
    lost = losses(contents).words()
    summary = f"The journal was damaged: {counted(replayed.strokes, 'stroke')} recovered. {lost}"
    try:
        moved_to = keep_aside(folder.journal)
        records, numbering = _mended(session, contents, replayed)
        replace_journal(folder.journal, records)
    except (OSError, FileError) as error:
        session.journal_in_danger = True
        reason = getattr(error, "strerror", None) or error
        session.problem = f"{folder.journal}: the damaged journal remains in use: {reason}"
        return [summary, *replayed.doubts]
    session.start_recording(numbering, replayed.passed)
    return [
        f"{summary} Check the labels; the damaged file is kept in {moved_to}.",
        *replayed.doubts,
    ]


def _mended(
    session: Session, contents: Contents, replayed: Replayed
) -> tuple[tuple[Record, ...], Numbering]:
    """The records of a journal that leads to the document as it is."""
    facts = facts_record(session.reference, __version__)
    records = list(contents.records)
    if records and records[0].kind is Kind.FACTS and contents.gaps[0].index == len(records):
        while records[-1].kind is Kind.SAVED:  # what follows is lost, so not all is saved
            records.pop()
        return tuple(records), numbering_after(records)
    state = state_of(session.document)
    return (facts, *state_records(state), *replayed.passed), numbering_of(state)
