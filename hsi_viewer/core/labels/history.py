"""Undo and redo of everything that changes labels or classes."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Protocol

from msgspec import Struct
from psygnal import Signal

from hsi_viewer.core.labels.classes import ClassLegend, LabelClass
from hsi_viewer.core.labels.label_edit import LabelEdit, merged
from hsi_viewer.core.labels.label_map import LABELS, LabelMap


class Edit(Protocol):
    """A change that can be redone and undone."""

    def redo(self) -> None:
        """Redo it."""

    def undo(self) -> None:
        """Undo it."""

    @property
    def nbytes(self) -> int:
        """Memory it holds."""


class LabelChange(Struct, frozen=True):
    """An edit of a label map."""

    labels: LabelMap
    edit: LabelEdit

    def redo(self) -> None:
        """Apply the edit."""
        self.labels.apply(self.edit)

    def undo(self) -> None:
        """Apply its reverse."""
        self.labels.apply(self.edit.reverse)

    @property
    def is_of_labels(self) -> bool:
        """Whether it changes labels, not decisions about pixels or the region of interest."""
        return self.labels.name == LABELS

    @property
    def reverse(self) -> LabelChange:
        """The change that undoes it."""
        return LabelChange(self.labels, self.edit.reverse)

    @property
    def nbytes(self) -> int:
        """Memory of the edit."""
        return self.edit.nbytes


class LegendChange(Struct, frozen=True):
    """One set of classes in place of another; which are shown or locked stays as it is now."""

    legend: ClassLegend
    before: tuple[LabelClass, ...]
    after: tuple[LabelClass, ...]

    def redo(self) -> None:
        """Show the new classes."""
        self.legend.classes = self.redone(self.legend.classes)

    def undo(self) -> None:
        """Show the old classes."""
        self.reverse.redo()

    def redone(self, present: tuple[LabelClass, ...]) -> tuple[LabelClass, ...]:
        """The new classes, shown and locked as those that are present."""
        now = {c.id: c for c in present}
        return tuple(
            replace(c, visible=now[c.id].visible, locked=now[c.id].locked) if c.id in now else c
            for c in self.after
        )

    @property
    def reverse(self) -> LegendChange:
        """The change that undoes it."""
        return LegendChange(self.legend, self.after, self.before)

    @property
    def nbytes(self) -> int:
        """About the memory of two tuples."""
        return 64 * (len(self.before) + len(self.after))


class Step(Struct, frozen=True, eq=False):
    """One stroke of the user: edits that are undone together."""

    title: str
    edits: tuple[Edit, ...]

    @property
    def nbytes(self) -> int:
        """Memory that its edits hold."""
        return sum(e.nbytes for e in self.edits)


def _carry_out(edits: Sequence[Edit], *, back: bool) -> None:
    """Apply edits in order, or undo them; many are shown as one change."""
    known = [e for e in edits if isinstance(e, LabelChange | LegendChange)]
    if len(edits) == 1 or len(known) < len(edits):
        for edit in edits:
            (edit.undo if back else edit.redo)()
        return
    classes: dict[int, tuple[ClassLegend, tuple[LabelClass, ...]]] = {}
    pixels: dict[int, list[LabelChange]] = {}
    for edit in (e.reverse if back else e for e in known):
        if isinstance(edit, LegendChange):  # one by one: a removed id may have been given again
            legend, present = classes.get(id(edit.legend), (edit.legend, edit.legend.classes))
            classes[id(legend)] = legend, edit.redone(present)
        else:
            pixels.setdefault(id(edit.labels), []).append(edit)
    for legend, wanted in classes.values():
        legend.classes = wanted
    for changes in pixels.values():
        changes[0].labels.apply(merged([c.edit for c in changes]))


class History:
    """Steps that were done and undone, the oldest forgotten beyond a limit.

    Events: `pushed(step)` after a step was recorded and `moved(count)` after steps were redone
    (count > 0) or undone (count < 0), each followed by `changed`. `stroke_started` is emitted
    before anything changes, so that others can finish something first.

    Parameters
    ----------
    max_steps, max_bytes : the oldest steps are dropped beyond either.
    """

    stroke_started = Signal()
    pushed = Signal(object)
    moved = Signal(int)
    changed = Signal()

    def __init__(self, max_steps: int = 1000, max_bytes: int = 256 * 2**20) -> None:
        self._done: deque[Step] = deque()
        self._undone: list[Step] = []
        self._floor = Step("", ())  # the newest step that was dropped; at first the start
        self._max_steps, self._max_bytes = max_steps, max_bytes
        self._bytes = 0

    def start_stroke(self) -> None:
        """Announce that labels or classes are about to change."""
        self.stroke_started.emit()

    def push(self, step: Step) -> None:
        """Record a step that was already applied."""
        self._done.append(step)
        self._undone.clear()
        self._bytes += step.nbytes
        while len(self._done) > self._max_steps or (
            self._bytes > self._max_bytes and len(self._done) > 1
        ):
            self._floor = self._done.popleft()
            self._bytes -= self._floor.nbytes
        self.pushed.emit(step)
        self.changed.emit()

    def do(self, title: str, *edits: Edit) -> None:
        """Apply edits as one step."""
        self.start_stroke()
        for edit in edits:
            edit.redo()
        self.push(Step(title, edits))

    def undo(self) -> None:
        """Undo the last step, if there is one; of an open stroke, what it painted."""
        if self._done:
            self.start_stroke()
            self._move_to(len(self._done) - 1)

    def redo(self) -> None:
        """Redo the step that was undone last, if there is one."""
        if self._undone:
            self.start_stroke()
            self._move_to(len(self._done) + 1)

    def go_to(self, count: int) -> None:
        """Undo or redo steps until `count` are done, as far as there are steps."""
        if min(max(count, 0), len(self.steps)) != len(self._done):
            self.start_stroke()
            self._move_to(count)

    def _move_to(self, count: int) -> None:
        before = len(self._done)  # an open stroke may have become a step just now
        count = min(max(count, 0), len(self.steps))
        if count == before:
            return
        back = count < before
        move = self._last_done if back else self._last_undone
        edits = [edit for _ in range(abs(count - before)) for edit in move()]
        _carry_out(edits, back=back)
        self.moved.emit(count - before)
        self.changed.emit()

    def _last_done(self) -> Iterable[Edit]:
        step = self._done.pop()
        self._bytes -= step.nbytes
        self._undone.append(step)
        return reversed(step.edits)

    def _last_undone(self) -> Iterable[Edit]:
        step = self._undone.pop()
        self._bytes += step.nbytes
        self._done.append(step)
        return step.edits

    def clear(self) -> None:
        """Forget every step; what they did stays, as another start."""
        self._floor = Step("", ())
        self._done.clear()
        self._undone.clear()
        self._bytes = 0
        self.changed.emit()

    @property
    def steps(self) -> tuple[Step, ...]:
        """Every step that can be reached, oldest first: those done, then those undone."""
        return (*self._done, *reversed(self._undone))

    @property
    def count(self) -> int:
        """Number of `steps` that are done."""
        return len(self._done)

    @property
    def forgot(self) -> bool:
        """Whether steps were dropped, so that the first one here is not the first of all."""
        return bool(self._floor.edits)

    @property
    def position(self) -> Step:
        """The last step done, or the start: the same object again means the same state again."""
        return self._done[-1] if self._done else self._floor

    @property
    def undo_title(self) -> str | None:
        """Title of the step that `undo` would undo."""
        return self._done[-1].title if self._done else None

    @property
    def redo_title(self) -> str | None:
        """Title of the step that `redo` would redo."""
        return self._undone[-1].title if self._undone else None
