"""Gestures as journal records, and documents from journal records."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hsi_viewer.core.classes import LandClass
from hsi_viewer.core.errors import FormatError, LabelError
from hsi_viewer.core.history import Edit, LabelChange, LegendChange, Step
from hsi_viewer.core.label_snapshot import LabelSnapshot
from hsi_viewer.core.labels import LabelEdit
from hsi_viewer.session.class_records import classes_from_json, classes_to_json
from hsi_viewer.session.document import Document
from hsi_viewer.session.records import Kind, Record


@dataclass(frozen=True)
class State:
    """A moment of a document, for the journal's thread: copies, and objects that never change.

    Attributes
    ----------
    classes, labels : as they are.
    steps : gestures that can be reached by undo and redo, oldest first.
    done : how many of them are done.
    truth : ground truth (rows, columns), or None.
    saved : whether all of it stands in a file of the user's.
    """

    classes: tuple[LandClass, ...]
    labels: LabelSnapshot
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
    return State(
        document.legend.classes,
        document.labels.snapshot(),
        history.steps,
        history.count,
        document.truth,
        not document.modified,
    )


def can_record(step: Step) -> bool:
    """Whether a journal knows how to tell this gesture again."""
    return all(isinstance(e, LabelChange | LegendChange) for e in step.edits)


def step_record(step: Step) -> Record:
    """A gesture; old class ids are left out, for they are there when it is told again."""
    told: list[dict[str, Any]] = []
    arrays: dict[str, NDArray[Any]] = {}
    for number, edit in enumerate(step.edits):
        if isinstance(edit, LabelChange):
            told.append({"of": "labels"})
            order = np.argsort(edit.edit.pixels)
            arrays[f"gaps{number}"] = _gaps(edit.edit.pixels[order])
            arrays[f"after{number}"] = _shortened(edit.edit.after[order])
        elif isinstance(edit, LegendChange):
            told.append({"of": "classes", "after": classes_to_json(edit.after)})
        else:
            raise TypeError(f"no record for {type(edit).__name__}")
    return Record(Kind.STEP, {"title": step.title, "edits": told}, arrays)


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

    Where the history holds a gesture that cannot be told, the state alone is.
    """
    whole = all(can_record(s) for s in state.steps)
    steps = state.steps if whole else ()
    classes, ids = _before(steps[: state.done], state)
    yield Record(Kind.STATE, {"classes": classes_to_json(classes)}, {"ids": ids})
    yield from (step_record(s) for s in steps)
    if whole and state.done < len(steps):
        yield Record(Kind.MOVE, {"steps": state.done - len(steps)})
    if state.truth is not None:
        yield truth_record(state.truth)
    yield flags_record(flags_of(state.classes))
    if state.saved:
        yield Record(Kind.SAVED)


def _before(
    steps: tuple[Step, ...], state: State
) -> tuple[tuple[LandClass, ...], NDArray[np.uint16]]:
    """Classes and labels before steps that lead to a state."""
    classes, ids = state.classes, state.ids.copy()
    for edit in (e for s in reversed(steps) for e in reversed(s.edits)):
        if isinstance(edit, LabelChange):
            np.put(ids, edit.edit.pixels, edit.edit.before)
        elif isinstance(edit, LegendChange):
            classes = edit.before
    return classes, ids


def truth_record(truth: NDArray[np.uint16] | None) -> Record:
    """A ground truth that was set, or taken away."""
    return Record(Kind.TRUTH, {}, {} if truth is None else {"ids": truth})


def flags_of(classes: Iterable[LandClass]) -> dict[str, list[int]]:
    """Ids of the classes that are hidden, locked and the like; that is no step of the history."""
    listed = tuple(classes)
    return {
        f.name: [c.id for c in listed if getattr(c, f.name) is not f.default]
        for f in fields(LandClass)
        if isinstance(f.default, bool)
    }


def flags_record(flags: Mapping[str, list[int]]) -> Record:
    """The flags of all classes."""
    return Record(Kind.FLAGS, {"flags": dict(flags)})


def _flagged(land_class: LandClass, flags: Mapping[str, list[int]]) -> LandClass:
    known = {f.name: f.default for f in fields(LandClass) if isinstance(f.default, bool)}
    values = {k: known[k] != (land_class.id in ids) for k, ids in flags.items() if k in known}
    return replace(land_class, **values)  # type: ignore[arg-type]


# back ------------------------------------------------------------------------------------------


def replay(records: Iterable[Record], document: Document) -> int:
    """Do again what records tell, in a document that nobody looks at yet.

    Returns
    -------
    int
        the number of gestures, undo and redo counted as such.

    Raises
    ------
    FormatError
        if a record does not fit the document.
    """
    gestures = 0
    for record in records:
        try:
            _tell(record, document)
        except (LabelError, ValueError, KeyError, TypeError, IndexError, OverflowError) as error:
            raise FormatError(f"The journal does not fit the scene: {error}") from error
        gestures += record.kind in (Kind.STEP, Kind.MOVE)
    return gestures


def _tell(record: Record, document: Document) -> None:
    match record.kind:
        case Kind.STATE:
            classes = classes_from_json(record.facts["classes"])
            document.restart(classes, record.arrays["ids"].reshape(document.labels.shape))
        case Kind.STEP:
            edits = []
            for number, told in enumerate(record.facts["edits"]):
                edits.append(_edit(told, number, record, document))
                edits[-1].redo()
            document.history.push(Step(str(record.facts["title"]), tuple(edits)))
        case Kind.MOVE:
            history = document.history
            history.go_to(history.count + int(record.facts["steps"]))
        case Kind.TRUTH:
            document.set_truth(record.arrays.get("ids"))
        case Kind.FLAGS:
            flags, legend = record.facts["flags"], document.legend
            legend.classes = tuple(_flagged(c, flags) for c in legend)
        case Kind.SAVED:
            document.mark_saved()


def _edit(told: Mapping[str, Any], number: int, record: Record, document: Document) -> Edit:
    """One edit of a step, made for the state that the ones before it led to."""
    if told["of"] == "classes":
        after = classes_from_json(told["after"])
        return LegendChange(document.legend, document.legend.classes, after)
    ids = document.labels.ids.ravel()
    pixels = np.cumsum(record.arrays[f"gaps{number}"], dtype=np.int64)
    if pixels.size and not 0 <= pixels[0] <= pixels[-1] < ids.size:
        raise ValueError("a gesture reaches outside the scene")
    given = np.broadcast_to(record.arrays[f"after{number}"], pixels.shape).astype(np.uint16)
    return LabelChange(document.labels, LabelEdit(pixels, ids[pixels], given))
