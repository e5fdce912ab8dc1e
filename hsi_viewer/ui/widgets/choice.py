"""Choice: a button of a message or a question, and what it does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Choice:
    """One button.

    Attributes
    ----------
    text : on the button.
    run : what it does; the message goes away first.
    primary : whether it is the likely one.
    escape : whether Escape means it: it changes nothing.
    """

    text: str
    run: Callable[[], object]
    primary: bool = False
    escape: bool = False
