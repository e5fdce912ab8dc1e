"""Cancel and progress: what a worker shares with its starter."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

from msgspec import Struct

Item = TypeVar("Item")


class TaskCancelledError(Exception):
    """Raised inside a worker at the first check after its token was cancelled."""


class CancelToken:
    """Thread-safe flag that a worker asks at every step it can stop at."""

    def __init__(self) -> None:
        self._event = threading.Event()

    def cancel(self) -> None:
        """Ask the worker to stop."""
        self._event.set()

    @property
    def cancelled(self) -> bool:
        """True once `cancel` was called."""
        return self._event.is_set()

    def check(self) -> None:
        """Raise `TaskCancelledError` if `cancel` was called."""
        if self._event.is_set():
            raise TaskCancelledError


class Progress(Struct, frozen=True):
    """One report of a running task.

    Attributes
    ----------
    message : what is being done, in the user's words.
    fraction : 0..1, or None while the end is not known.
    detail : how far it is, such as the time left; may differ in every report.
    """

    message: str
    fraction: float | None = None
    detail: str = ""


@dataclass(frozen=True)
class Note:
    """A remark on a task that continues: what was left out or interpreted differently."""

    text: str


@dataclass(frozen=True)
class UnlikeSpectra(Note):
    """A remark that a scene has spectra unlike those that a model was trained on.

    Attributes
    ----------
    share : of the pixels, 0..1.
    """

    share: float = 0.0


class ProgressPort(Protocol):
    """Receives the reports of a worker, and decides what each means.

    `report` takes `Progress`, `Note` and any richer frozen record of the task (an epoch, a map).
    """

    def report(self, item: object) -> None:
        """Take one record; called from the worker's thread."""


class SilentPort:
    """A port that drops every report."""

    def report(self, item: object) -> None:
        """Drop the record."""


def counted(items: Sequence[Item], message: str, port: ProgressPort) -> Iterator[Item]:
    """Each item in turn; once the caller is done with it, the share of all is reported."""
    for n, item in enumerate(items, 1):
        yield item
        port.report(Progress(message, n / len(items)))


class CallbackPort:
    """A port that calls a function with each report, in the worker's thread.

    An exception of the function ends the task.

    Parameters
    ----------
    function : takes one record: `Progress`, `Note`, an epoch, an early map.
    """

    def __init__(self, function: Callable[[object], object]) -> None:
        self._function = function

    def report(self, item: object) -> None:
        """Call the function."""
        self._function(item)


class NotingPort:
    """The port of a notebook: drops every report but notes, which become Python warnings."""

    def report(self, item: object) -> None:
        """Warn of a note."""
        if isinstance(item, Note):
            warnings.warn(item.text, stacklevel=3)
