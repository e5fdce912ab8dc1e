"""Documents from journal records, also from journals with damaged places.

Nothing is assumed about a damaged place. Each record after it lists the steps that are done and
the classes that it gives to pixels: known steps that were undone within the place are undone, a
missing step is neither undone nor redone, and a class that was added there comes back with its
name. Where the records are silent, labels stay as they can be read, and the user is told.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields, replace
from typing import Any

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from hsi_viewer.core.errors import FormatError, LabelError
from hsi_viewer.core.labels.classes import LabelClass, legend_for
from hsi_viewer.core.labels.history import Edit, LabelChange, LegendChange, Step
from hsi_viewer.core.labels.label_edit import LabelEdit
from hsi_viewer.core.validation import checked
from hsi_viewer.session.document.document import Document
from hsi_viewer.session.storage.class_json import class_from_parts, classes_from_json
from hsi_viewer.session.storage.journal_numbering import is_done
from hsi_viewer.session.storage.journal_records import Gap, Kind, Record
from hsi_viewer.session.storage.record_facts import (
    FlagsFacts,
    MoveFacts,
    Ranges,
    StateFacts,
    StepFacts,
    StoredEdit,
)


class Replayed(Struct, frozen=True):
    """Result of a replay.

    Attributes
    ----------
    strokes : undo and redo counted as such.
    passed : records that only a newer version understands.
    doubts : a sentence for each thing that the records leave open.
    """

    strokes: int
    passed: tuple[Record, ...]
    doubts: tuple[str, ...]


def replay(records: Iterable[Record], document: Document, gaps: Sequence[Gap] = ()) -> Replayed:
    """Replays records in a document that is not shown yet.

    Parameters
    ----------
    records : of a journal.
    document : with nothing in it.
    gaps : the places between them that could not be read.

    Raises
    ------
    FormatError
        if a record does not fit the document.
    """
    replaying = _Replaying(document)
    damaged = {gap.index for gap in gaps}
    strokes, passed = 0, []
    for index, record in enumerate(records):
        if index in damaged:
            replaying.enter_gap()
        if not isinstance(record.kind, Kind):
            passed.append(record)
            continue
        try:
            replaying.replay(record)
        except (LabelError, ValueError, OverflowError) as error:
            raise FormatError(f"The journal does not match the scene: {error}") from error
        strokes += record.kind in (Kind.STEP, Kind.MOVE)
    if gaps:
        document.mark_unsaved()
    return Replayed(strokes, tuple(passed), tuple(dict.fromkeys(replaying.doubts)))


class _Replaying:
    """A document, and the numbers of the steps in its history."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.doubts: list[str] = []
        self._numbers: list[int] = []  # of the steps of the history
        self._last = 0  # number of the newest step, undone or not
        self._behind = False  # a damaged place, with no STATE since
        self._since = 0  # steps done since that place
        self._missing = 0  # steps within that place that were undone, as far as is known
        self._seen: dict[int, LabelClass] = {}

    def enter_gap(self) -> None:
        """Note that the records that follow are behind a damaged place."""
        self._behind, self._since, self._missing = True, 0, 0

    def replay(self, record: Record) -> None:
        """Replay a record."""
        document, facts = self.document, record.facts
        self._seen |= {c.id: c for c in document.legend}
        match record.kind:
            case Kind.STATE:
                classes = classes_from_json(checked(StateFacts, facts).classes)
                ids = _array(record, "ids").reshape(document.labels.shape)
                document.restart(classes, ids, record.arrays)
                self._numbers, self._last, self._behind = [], 0, False
            case Kind.STEP:
                self._step(record, checked(StepFacts, facts))
            case Kind.MOVE:
                move = checked(MoveFacts, facts)
                self._move(move.steps, move.done)
            case Kind.TRUTH:
                document.set_truth(record.arrays.get("ids"))
            case Kind.FLAGS:
                flags, legend = checked(FlagsFacts, facts).flags, document.legend
                legend.classes = tuple(_flagged(c, flags) for c in legend)
            case Kind.SAVED if not self._behind:
                document.mark_saved()

    def _step(self, record: Record, facts: StepFacts) -> None:
        done = facts.done
        number = self._last = done[-1][1] if done else self._last + 1
        if self._behind and done:
            self._align([*done[:-1], (done[-1][0], number - 1)])
        edits: list[Edit] = []
        if self._behind:
            self._carry_out(edits, self._classes_named(facts))
        if all(edit.of in (*self.document.maps, "classes") for edit in facts.edits):
            for index, described in enumerate(facts.edits):
                self._carry_out(edits, _edit(described, index, record, self.document))
        else:
            self.doubts.append("A stroke made by a newer HSI Viewer was left out.")
        if self._behind:
            self._carry_out(edits, self._classes_missing())
        history = self.document.history
        self._numbers = self._numbers[: history.count]
        history.push(Step(facts.title, tuple(edits)))
        self._numbers = [*self._numbers, number][-history.count :]
        self._since, self._missing = self._since + 1, 0

    def _carry_out(self, edits: list[Edit], edit: Edit | None) -> None:
        if edit is not None:
            edit.redo()
            edits.append(edit)

    def _move(self, steps: int, done: Ranges | None) -> None:
        history = self.document.history
        if not self._behind:
            history.go_to(history.count + steps)
        elif done is not None:
            self._align(done)
        elif steps < 0:  # a journal of an older version: no step before the damaged place is undone
            known = min(-steps, self._since)
            history.go_to(history.count - known)
            self._since -= known
            self._missing += -steps - known
            if known < -steps:
                self.doubts.append("Strokes that were undone may have reappeared.")
        else:
            known = max(steps - self._missing, 0)
            self._missing -= steps - known
            self._since += known
            history.go_to(history.count + known)

    def _align(self, done: Ranges) -> None:
        """Leave exactly those of the steps in the history done that a record says are done."""
        history, numbers = self.document.history, self._numbers
        count = history.count
        while count and not is_done(numbers[count - 1], done):
            count -= 1
        if count == history.count:
            while count < len(numbers) and is_done(numbers[count], done):
                count += 1
        history.go_to(count)

    def _classes_named(self, facts: StepFacts) -> LegendChange | None:
        """The classes that a step gives to pixels, as it names them."""
        legend = self.document.legend
        named = [class_from_parts(*parts) for parts in facts.named]
        changed = {c.id: c for c in named if c.id not in legend}
        present = {c.id: c for c in legend}
        for c in named:
            old = present.get(c.id, c)
            if old.name != c.name:
                self.doubts.append(
                    f"Class {c.id} was “{old.name}” before the damage and “{c.name}” after it."
                )
            if (old.name, old.colour) != (c.name, c.colour):
                changed[c.id] = replace(old, name=c.name, colour=c.colour)
        return self._legend_with(changed)

    def _classes_missing(self) -> LegendChange | None:
        """The classes of labelled pixels that the legend lacks."""
        document = self.document
        missing = [i for i in document.labels.present() if i not in document.legend]
        made = {c.id: c for c in legend_for(missing, None, {c.colour for c in document.legend})}
        known = {i: self._seen.get(i, made[i]) for i in missing}
        for c in known.values():
            self.doubts.append(f"“{c.name}” has labels that may have been removed or merged.")
        return self._legend_with(known)

    def _legend_with(self, changed: Mapping[int, LabelClass]) -> LegendChange | None:
        if not changed:
            return None
        legend = self.document.legend
        kept = [changed.get(c.id, c) for c in legend]
        new = [c for c in changed.values() if c.id not in legend]
        return LegendChange(legend, legend.classes, (*kept, *new))


def _array(record: Record, name: str) -> NDArray[Any]:
    if name not in record.arrays:
        raise ValueError(f"a record has no array “{name}”")
    return record.arrays[name]


def _flagged(label_class: LabelClass, flags: Mapping[str, list[int]]) -> LabelClass:
    known = {f.name: f.default for f in fields(LabelClass) if isinstance(f.default, bool)}
    values = {k: known[k] != (label_class.id in ids) for k, ids in flags.items() if k in known}
    return replace(label_class, **values)  # type: ignore[arg-type]


def _edit(described: StoredEdit, number: int, record: Record, document: Document) -> Edit:
    """One edit of a step, made for the state that the ones before it led to."""
    if described.of == "classes":
        after = classes_from_json(described.after)
        return LegendChange(document.legend, document.legend.classes, after)
    changed = document.maps[described.of]
    ids = changed.ids.ravel()
    pixels = np.cumsum(_array(record, f"gaps{number}"), dtype=np.int64)
    if pixels.size and not 0 <= pixels[0] <= pixels[-1] < ids.size:
        raise ValueError("a stroke reaches outside the scene")
    given = np.broadcast_to(_array(record, f"after{number}"), pixels.shape).astype(np.uint16)
    return LabelChange(changed, LabelEdit(pixels, ids[pixels], given))
