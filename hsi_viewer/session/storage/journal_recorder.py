"""Recorder: writes everything that happens to a document's labels and classes to a journal."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from psygnal import Signal

from hsi_viewer.core.errors import FileError
from hsi_viewer.core.labels.history import Step
from hsi_viewer.session.document.document import Document
from hsi_viewer.session.storage.journal import Journal
from hsi_viewer.session.storage.journal_numbering import Numbering
from hsi_viewer.session.storage.journal_queue import JournalQueue
from hsi_viewer.session.storage.journal_records import Kind, Record
from hsi_viewer.session.storage.session_folder import renewed
from hsi_viewer.session.storage.stroke_records import (
    can_record,
    flags_of,
    flags_record,
    numbering_of,
    state_of,
    state_records,
    step_record,
    truth_record,
)

COMPACT_FROM = 16 * 2**20  # bytes
COMPACT_GROWTH = 4  # times its length when it was compact


class Recorder:
    """Listens to a document and writes its journal.

    `status_changed(problem)` says why the journal cannot be written, or "" when it can again.

    Parameters
    ----------
    document : whose labels, classes and ground truth are recorded.
    journal : what is in it leads to the document as it is now, or it is empty.
    facts : the record that is first when the journal is written again, or None.
    numbering : how the numbers of its records continue; by default from the first.
    passed : records that only a newer version understands, kept when it is written again.
    """

    status_changed = Signal(str)

    def __init__(
        self,
        document: Document,
        journal: Journal | JournalQueue,
        facts: Record | None = None,
        numbering: Numbering | None = None,
        passed: Iterable[Record] = (),
    ) -> None:
        self.document, self.journal = document, journal
        self._facts, self._passed = () if facts is None else (facts,), tuple(passed)
        self._numbering = numbering or Numbering()
        self.problem = ""
        self.strokes = 0
        self._saved = not document.modified
        self._compact_length = journal.length
        self._truth = document.truth
        self._flags = flags_of(document.legend)
        history = document.history
        history.stroke_started.connect(self.check_written)
        history.pushed.connect(self._on_pushed)
        history.moved.connect(self._on_moved)
        document.truth_changed.connect(self._on_truth)
        document.saved_changed.connect(self._on_saved)
        document.legend.changed.connect(self._on_legend)

    # events ----------------------------------------------------------------------------------

    def check_written(self) -> None:
        """Find out whether the strokes until now could be written."""
        try:
            self.journal.check_written()
        except FileError as error:
            self._fail(error)

    def _on_pushed(self, step: Step) -> None:
        self.strokes += 1
        self._saved = False
        if can_record(step):
            marks, classes = self._numbering.step(), self.document.legend.classes
            self._append(lambda: step_record(step, classes, marks), step.nbytes)
        else:
            self.write_state()

    def _on_moved(self, count: int) -> None:
        self.strokes += 1
        self._saved = False
        marks = self._numbering.move(count)
        self._append(lambda: Record(Kind.MOVE, {"steps": count, **marks}))

    def _on_truth(self) -> None:
        truth = self.document.truth
        if truth is not self._truth:
            self._truth = truth
            marks = self._numbering.other()
            self._append(lambda: truth_record(truth, marks), 0 if truth is None else truth.nbytes)

    def _on_saved(self) -> None:
        if not self._saved and not self.document.modified:
            self._saved = True
            marks: dict[str, Any] = self._numbering.other()
            self._append(lambda: Record(Kind.SAVED, marks))

    def _on_legend(self) -> None:
        flags = flags_of(self.document.legend)
        if flags != self._flags:
            self._flags = flags
            marks = self._numbering.other()
            self._append(lambda: flags_record(flags, marks))

    # writing ---------------------------------------------------------------------------------

    def _append(self, make: Callable[[], Record], nbytes: int = 0) -> None:
        if self.problem:
            self.write_state()  # what was missed is in it
            return
        try:
            self.journal.append(make, nbytes)
        except FileError as error:
            self._fail(error)

    def write_state(self) -> None:
        """Write the whole state in the place of all records, in the journal's thread."""
        state = state_of(self.document)
        self._numbering = numbering_of(state)
        before, after = tuple(map(renewed, self._facts)), self._passed
        self.journal.rewrite(lambda: (*before, *state_records(state), *after))
        self._compact_length = -1

    def maintain(self) -> None:
        """Called now and then while nothing is drawn: try again after a failure, keep it short."""
        if self.journal.busy:
            return
        try:
            self.journal.check_written()
        except FileError as error:
            self._fail(error)
            self.write_state()
            return
        if self._compact_length < 0:
            self._compact_length = self.journal.length
            self._succeed()
        elif self.problem or self._long:
            self.write_state()

    @property
    def _long(self) -> bool:
        return self.journal.length > max(COMPACT_FROM, COMPACT_GROWTH * self._compact_length)

    def _fail(self, error: FileError) -> None:
        if str(error) != self.problem:
            self.problem = str(error)
            self.status_changed.emit(self.problem)

    def _succeed(self) -> None:
        if self.problem:
            self.problem = ""
            self.status_changed.emit("")

    def close(self) -> None:
        """Stop listening and finish the journal."""
        history = self.document.history
        history.stroke_started.disconnect(self.check_written)
        history.pushed.disconnect(self._on_pushed)
        history.moved.disconnect(self._on_moved)
        self.document.truth_changed.disconnect(self._on_truth)
        self.document.saved_changed.disconnect(self._on_saved)
        self.document.legend.changed.disconnect(self._on_legend)
        self.journal.close()
