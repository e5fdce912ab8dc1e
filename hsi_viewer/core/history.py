"""Undo and redo of everything that changes labels or classes."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, replace
from typing import Protocol

from psygnal import Signal

from hsi_viewer.core.classes import ClassLegend, LandClass
from hsi_viewer.core.labels import LabelEdit, LabelMap


class Edit(Protocol):
    """A change that can be carried out and taken back."""

    def redo(self) -> None:
        """Carry it out."""

    def undo(self) -> None:
        """Take it back."""

    @property
    def nbytes(self) -> int:
        """Memory it holds."""


@dataclass(frozen=True)
class LabelChange:
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
    def nbytes(self) -> int:
        """Memory of the edit."""
        return self.edit.nbytes


@dataclass(frozen=True)
class LegendChange:
    """One set of classes in place of another; which are shown stays as the user has it."""

    legend: ClassLegend
    before: tuple[LandClass, ...]
    after: tuple[LandClass, ...]

    def redo(self) -> None:
        """Show the new classes."""
        self._set(self.after)

    def undo(self) -> None:
        """Show the old classes."""
        self._set(self.before)

    def _set(self, classes: tuple[LandClass, ...]) -> None:
        shown = {c.id: c.visible for c in self.legend}
        self.legend.classes = tuple(replace(c, visible=shown.get(c.id, c.visible)) for c in classes)

    @property
    def nbytes(self) -> int:
        """About the memory of two tuples."""
        return 64 * (len(self.before) + len(self.after))


@dataclass(frozen=True, eq=False)
class Step:
    """One gesture of the user: edits that are undone together."""

    title: str
    edits: tuple[Edit, ...]

    @property
    def nbytes(self) -> int:
        """Memory that its edits hold."""
        return sum(e.nbytes for e in self.edits)


class History:
    """Steps that were done and undone; `changed` is emitted after each move.

    Parameters
    ----------
    max_steps, max_bytes : the oldest steps are dropped beyond either.
    """

    changed = Signal()

    def __init__(self, max_steps: int = 1000, max_bytes: int = 256 * 2**20) -> None:
        self._done: deque[Step] = deque()
        self._undone: list[Step] = []
        self._floor = Step("", ())  # the newest step that was dropped; at first the start
        self._max_steps, self._max_bytes = max_steps, max_bytes
        self._bytes = 0

    def push(self, step: Step) -> None:
        """Record a step that was carried out already."""
        self._done.append(step)
        self._undone.clear()
        self._bytes += step.nbytes
        while len(self._done) > self._max_steps or (
            self._bytes > self._max_bytes and len(self._done) > 1
        ):
            self._floor = self._done.popleft()
            self._bytes -= self._floor.nbytes
        self.changed.emit()

    def do(self, title: str, *edits: Edit) -> None:
        """Carry out edits as one step."""
        for edit in edits:
            edit.redo()
        self.push(Step(title, edits))

    def undo(self) -> None:
        """Take the last step back, if there is one."""
        if self._done:
            step = self._done.pop()
            self._bytes -= step.nbytes
            for edit in reversed(step.edits):
                edit.undo()
            self._undone.append(step)
            self.changed.emit()

    def redo(self) -> None:
        """Carry out the step undone last, if there is one."""
        if self._undone:
            step = self._undone.pop()
            self._bytes += step.nbytes
            for edit in step.edits:
                edit.redo()
            self._done.append(step)
            self.changed.emit()

    @property
    def position(self) -> Step:
        """The last step done, or the start: the same object again means the same state again."""
        return self._done[-1] if self._done else self._floor

    @property
    def undo_title(self) -> str | None:
        """Title of the step that `undo` would take back."""
        return self._done[-1].title if self._done else None

    @property
    def redo_title(self) -> str | None:
        """Title of the step that `redo` would carry out."""
        return self._undone[-1].title if self._undone else None
