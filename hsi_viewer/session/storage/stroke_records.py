"""Strokes and states as journal records; `replay` makes documents of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields
from typing import Any

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from hsi_viewer.core.labels.class_ids import count_ids
from hsi_viewer.core.labels.classes import LabelClass
from hsi_viewer.core.labels.history import LabelChange, LegendChange, Step
from hsi_viewer.core.labels.label_map import LABELS
from hsi_viewer.core.labels.label_snapshot import LabelSnapshot
from hsi_viewer.session.document.document import Document
from hsi_viewer.session.document.map_change import MapChange
from hsi_viewer.session.storage.class_json import classes_to_json
from hsi_viewer.session.storage.journal_numbering import Numbering
from hsi_viewer.session.storage.journal_records import Kind, Record


class State(Struct, frozen=True):
    """A moment of a document, for the journal's thread: copies, and objects that never change.

    Attributes
    ----------
    classes, labels : as they are.
    others : the other maps of the document that hold something or did, by name.
    steps : strokes that can be reached by undo and redo, oldest first.
    done : how many of them are done.
    truth : ground truth (rows, columns), or None.
    saved : whether all of it is in a file of the user's.
    """

    classes: tuple[LabelClass, ...]
    labels: LabelSnapshot
    others: Mapping[str, LabelSnapshot]
    steps: tuple[Step, ...]
    done: int
    truth: NDArray[np.uint16] | None
    saved: bool

    @property
    def ids(self) -> NDArray[np.uint16]:
        """(rows, columns) class ids, copied by the first who asks."""
        return self.labels.ids


def state_of(document: Document) -> State:
    """The document as it is now."""
    history = document.history
    edits = (e for s in history.steps for e in s.edits if isinstance(e, LabelChange))
    changed = {edit.labels.name for edit in edits}
    others = ((n, m) for n, m in document.maps.items() if n != LABELS)
    return State(
        document.legend.classes,
        document.labels.snapshot(),
        {name: each.snapshot() for name, each in others if each.total or name in changed},
        history.steps,
        history.count,
        document.truth,
        not document.modified,
    )


def can_record(step: Step) -> bool:
    """Whether a journal can record this stroke."""
    return all(isinstance(e, LabelChange | LegendChange | MapChange) for e in step.edits)


def step_record(
    step: Step, classes: Iterable[LabelClass] = (), marks: Mapping[str, Any] | None = None
) -> Record:
    """A stroke; old class ids are left out, because they are known when it is replayed.

    Changes of the map are left out: the runs keep the maps.

    Parameters
    ----------
    step : what was done.
    classes : as they are after it. Name and colour of those that it gives to pixels are recorded,
        so that damage before it costs no names.
    marks : its numbers (see `journal_numbering`).
    """
    described: list[dict[str, Any]] = []
    arrays: dict[str, NDArray[Any]] = {}
    used: set[int] = set()
    kept = (edit for edit in step.edits if not isinstance(edit, MapChange))
    for number, edit in enumerate(kept):
        if isinstance(edit, LabelChange):
            described.append({"of": edit.labels.name})
            order = np.argsort(edit.edit.pixels)
            arrays[f"gaps{number}"] = _gaps(edit.edit.pixels[order])
            arrays[f"after{number}"] = after = _shortened(edit.edit.after[order])
            if edit.is_of_labels:
                used.update(np.flatnonzero(count_ids(after)).tolist())
        elif isinstance(edit, LegendChange):
            described.append({"of": "classes", "after": classes_to_json(edit.after)})
        else:
            raise TypeError(f"no record for {type(edit).__name__}")
    named = [[c.id, c.name, c.colour] for c in classes if c.id in used]
    facts = {"title": step.title, "edits": described, "named": named, **(marks or {})}
    return Record(Kind.STEP, facts, arrays)


def _gaps(pixels: NDArray[np.int64]) -> NDArray[Any]:
    """Distances between ascending flat indices, the first from 0: small numbers pack well."""
    gaps = np.diff(pixels, prepend=np.int64(0))
    fits = not gaps.size or gaps.max() < 2**32
    return gaps.astype("<u4" if fits else "<i8")


def _shortened(ids: NDArray[np.uint16]) -> NDArray[np.uint16]:
    """One value where all are the same."""
    same = ids.size > 1 and bool((ids == ids[0]).all())
    return ids[:1] if same else ids


def state_records(state: State) -> Iterator[Record]:
    """The shortest journal that leads to a state, its history included.

    Where the history holds a stroke that cannot be recorded, the state alone is.
    """
    whole = all(can_record(s) for s in state.steps)
    steps = state.steps if whole else ()
    classes, maps = _before(steps[: state.done], state)
    numbering = Numbering()
    facts = {"classes": classes_to_json(classes), **numbering.state()}
    ids = maps.pop(LABELS)
    others = {name: values for name, values in maps.items() if values.any()}
    yield Record(Kind.STATE, facts, {"ids": ids, **others})
    for step in steps:
        for edit in step.edits:
            classes = edit.after if isinstance(edit, LegendChange) else classes
        yield step_record(step, classes, numbering.step())
    if whole and state.done < len(steps):
        count = state.done - len(steps)
        yield Record(Kind.MOVE, {"steps": count, **numbering.move(count)})
    if state.truth is not None:
        yield truth_record(state.truth, numbering.other())
    yield flags_record(flags_of(state.classes), numbering.other())
    if state.saved:
        yield Record(Kind.SAVED, numbering.other())


def numbering_of(state: State) -> Numbering:
    """State of the numbering after the records of a state."""
    numbering = Numbering()
    numbering.state()
    if all(can_record(s) for s in state.steps):
        for _ in state.steps:
            numbering.step()
        if state.done < len(state.steps):
            numbering.move(state.done - len(state.steps))
    for there in (state.truth is not None, True, state.saved):
        if there:
            numbering.other()
    return numbering


def _before(
    steps: tuple[Step, ...], state: State
) -> tuple[tuple[LabelClass, ...], dict[str, NDArray[np.uint16]]]:
    """Classes, and maps by name, before steps that lead to a state."""
    classes, maps = state.classes, {LABELS: state.ids}
    maps |= {name: others.ids for name, others in state.others.items()}
    copied = set()  # what no step changed stays the snapshot: a copy of 40 million labels is slow
    for edit in (e for s in reversed(steps) for e in reversed(s.edits)):
        if isinstance(edit, LabelChange):
            name = edit.labels.name
            if name not in copied:
                maps[name] = maps[name].copy()
                copied.add(name)
            np.put(maps[name], edit.edit.pixels, edit.edit.before)
        elif isinstance(edit, LegendChange):
            classes = edit.before
    return classes, maps


def truth_record(
    truth: NDArray[np.uint16] | None, marks: Mapping[str, Any] | None = None
) -> Record:
    """A ground truth that was set, or removed."""
    return Record(Kind.TRUTH, marks or {}, {} if truth is None else {"ids": truth})


def flags_of(classes: Iterable[LabelClass]) -> dict[str, list[int]]:
    """Ids of the hidden and the locked classes; these are not steps of the history."""
    listed = tuple(classes)
    return {
        f.name: [c.id for c in listed if getattr(c, f.name) is not f.default]
        for f in fields(LabelClass)
        if isinstance(f.default, bool)
    }


def flags_record(flags: Mapping[str, list[int]], marks: Mapping[str, Any] | None = None) -> Record:
    """The flags of all classes."""
    return Record(Kind.FLAGS, {"flags": dict(flags), **(marks or {})})
