"""AnswerKeys: the keys that answer a question of the guide, digits of two keys included."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent

Action = Literal[
    "next", "skip", "no_class", "new_class", "take_back", "only_pixel", "erase", "leave"
]

KEYS: dict[Qt.Key, Action] = {
    Qt.Key.Key_Space: "next",
    Qt.Key.Key_Return: "next",
    Qt.Key.Key_Enter: "next",
    Qt.Key.Key_S: "skip",
    Qt.Key.Key_X: "no_class",
    Qt.Key.Key_N: "new_class",
    Qt.Key.Key_U: "take_back",
    Qt.Key.Key_Period: "only_pixel",
    Qt.Key.Key_Backspace: "erase",
    Qt.Key.Key_Escape: "leave",
}
DIGITS = "0123456789"


class AnswerKeys:
    """Makes numbers of classes, and actions, of keys.

    A digit names a class at once unless another class begins with it: of 16 classes, 2 is the
    second, and 1 waits for another digit or Enter.

    Attributes
    ----------
    typed : digits that wait for more.
    refused : the number that was typed last, if no class has it; otherwise "".
    """

    def __init__(self) -> None:
        self.typed = self.refused = ""

    def digit(self, digit: str, count: int) -> int | None:
        """The number of a class, from 1, or None: more digits may follow, or no class has it.

        Parameters
        ----------
        digit : that was typed.
        count : of classes.
        """
        typed = self.typed + digit
        possible = self._possible(typed, count)
        self.typed, self.refused = (typed, "") if possible else ("", typed)
        longer = any(self._possible(typed + d, count) for d in DIGITS)
        return None if not possible or longer else self.confirm(count)

    def confirm(self, count: int) -> int | None:
        """The number that was typed, if there is such a class; its digits are used up."""
        typed, self.typed = self.typed, ""
        number = int(typed or 0)
        known = 1 <= number <= count
        self.refused = "" if known else typed
        return number if known else None

    @staticmethod
    def _possible(typed: str, count: int) -> bool:
        """Whether the number of a class begins so; zeros in front are allowed."""
        width = len(str(count))
        return any(
            name.startswith(typed)
            for n in range(1, count + 1)
            for name in ({str(n), f"{n:0{width}d}"} if len(typed) <= width else ())
        )


def action_of(event: QKeyEvent, keys: Mapping[Qt.Key, str] = KEYS) -> str | None:
    """The action of a key without Ctrl, Alt and the like; None for other keys."""
    plain = (
        Qt.KeyboardModifier.NoModifier,
        Qt.KeyboardModifier.KeypadModifier,
    )
    return keys.get(Qt.Key(event.key())) if event.modifiers() in plain else None


def digit_of(event: QKeyEvent) -> str:
    """The digit of a key, with Shift where a keyboard has digits so; "" for other keys."""
    held = event.modifiers() & ~(
        Qt.KeyboardModifier.KeypadModifier | Qt.KeyboardModifier.ShiftModifier
    )
    text = event.text()
    is_digit = len(text) == 1 and text in DIGITS and held == Qt.KeyboardModifier.NoModifier
    return text if is_digit else ""
