"""Numbers of a journal's records, by which what is missing is counted and undo finds its steps."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from hsi_viewer.core.validation import checked
from hsi_viewer.session.storage.journal_records import Kind, Record
from hsi_viewer.session.storage.record_facts import MoveFacts, Ranges

RANGES = 8  # of numbers in a record: a list of all steps that are done would grow without end


class Numbering:
    """Counts records, strokes and steps from the last STATE on.

    A record gets "n" and "g": how many records and strokes (undo and redo counted as such) there
    are with it; and "s": 1 if a STATE is before. One that changes the history gets "done": the
    numbers of the steps that are done after it, as up to `RANGES` ranges [first, last], the newest
    last. Behind a damaged place that says which of the steps known are still done.
    """

    def __init__(self) -> None:
        self.records = self.strokes = self.steps = 0
        self.after_state = False
        self._done: list[list[int]] = []
        self._undone: list[int] = []

    def state(self) -> dict[str, Any]:
        """Of a record that holds everything: counting begins again."""
        self.__init__()  # type: ignore[misc]
        self.after_state = True
        return self.other()

    def other(self) -> dict[str, Any]:
        """Of a record that leaves the history as it is."""
        self.records += 1
        marks: dict[str, Any] = {"n": self.records, "g": self.strokes}
        return marks | {"s": 1} if self.after_state else marks

    def step(self) -> dict[str, Any]:
        """Of a new step."""
        self.strokes += 1
        self.steps += 1
        self._undone.clear()
        self._push(self.steps)
        return self.other() | {"done": self._listed()}

    def move(self, count: int) -> dict[str, Any]:
        """Of steps redone (count > 0) or undone (count < 0)."""
        self.strokes += 1
        for _ in range(-count):
            if self._done:
                self._undone.append(self._pop())
        for _ in range(count):
            if self._undone:
                self._push(self._undone.pop())
        return self.other() | {"done": self._listed()}

    def _push(self, number: int) -> None:
        if self._done and self._done[-1][1] == number - 1:
            self._done[-1][1] = number
        else:
            self._done.append([number, number])

    def _pop(self) -> int:
        last = self._done[-1]
        last[1] -= 1
        if last[1] < last[0]:
            self._done.pop()
        return last[1] + 1

    def _listed(self) -> list[list[int]]:
        return [list(r) for r in self._done[-RANGES:]]


def numbering_after(records: Iterable[Record]) -> Numbering:
    """State of the numbering after the records of a journal without gaps."""
    numbering = Numbering()
    for record in records:
        match record.kind:
            case Kind.FACTS:
                pass
            case Kind.STATE:
                numbering.state()
            case Kind.STEP:
                numbering.step()
            case Kind.MOVE:
                numbering.move(checked(MoveFacts, record.facts).steps)
            case _:
                numbering.other()
    return numbering


def is_done(number: int, done: Ranges) -> bool:
    """Whether a step is among those of a record's "done"; below a full list it is believed."""
    if len(done) == RANGES and number < done[0][0]:
        return True
    return any(first <= number <= last for first, last in done)
