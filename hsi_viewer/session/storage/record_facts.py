"""Facts of each kind of journal record, as they are read; others in them are ignored."""

from __future__ import annotations

from typing import Any

from msgspec import Struct, field

Ranges = list[tuple[int, int]]  # of numbers of steps: first and last


class StateFacts(Struct, frozen=True):
    """Of a STATE: the classes, as `class_json` reads them."""

    classes: list[Any]


class StoredEdit(Struct, frozen=True):
    """Of one edit of a step: what it changes, and the classes after it where it changes these."""

    of: str
    after: Any = None


class StepFacts(Struct, frozen=True):
    """Of a STEP.

    Attributes
    ----------
    title, edits : of the stroke.
    named : id, name and colour of each class that it gives to pixels.
    done : numbers of the steps that are done after it; None in journals of older versions.
    """

    title: str
    edits: list[StoredEdit]
    named: list[tuple[Any, Any, Any]] = field(default_factory=list)
    done: Ranges | None = None


class MoveFacts(Struct, frozen=True):
    """Of a MOVE: steps redone, negative for undone, and `done` as in `StepFacts`."""

    steps: int
    done: Ranges | None = None


class FlagsFacts(Struct, frozen=True):
    """Of a FLAGS: ids of the classes whose flag isn't the default, by the name of the flag."""

    flags: dict[str, list[int]]
