"""KeyFilter and AnswerKeyFilter: take the keys of answers before they start commands."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, get_args

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent

from hsi_viewer.ui.questions.answer_keys import KEYS, Action, AnswerKeys, action_of, digit_of

if TYPE_CHECKING:
    from hsi_viewer.ui.workspace import Workspace


class KeyFilter(QObject):
    """Event filter of widgets that have the keyboard while some keys are answers.

    Signals
    -------
    pressed(str) : the answer of a key.

    Parameters
    ----------
    keys : the answers.
    asking : whether they are asked for; otherwise keys stay what they are.
    """

    pressed = Signal(str)

    def __init__(
        self, keys: Mapping[Qt.Key, str], asking: Callable[[], bool], parent: QObject
    ) -> None:
        super().__init__(parent)
        self._answers, self._asking = keys, asking

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:
        """Take the keys of the answers."""
        if not isinstance(event, QKeyEvent) or not self._asking() or not self.takes(event):
            return False
        if event.type() == QEvent.Type.ShortcutOverride:
            event.accept()
            return True
        if event.type() == QEvent.Type.KeyPress:
            if not event.isAutoRepeat():
                self.press(event)
            return True
        return event.type() == QEvent.Type.KeyRelease

    def takes(self, event: QKeyEvent) -> bool:
        """Whether a key is an answer."""
        return bool(self.answer(event))

    def answer(self, event: QKeyEvent) -> str:
        """What a key answers, or ""."""
        return action_of(event, self._answers) or ""

    def press(self, event: QKeyEvent) -> None:
        """Give the answer of a key."""
        self.pressed.emit(self.answer(event))


class AnswerKeyFilter(KeyFilter):
    """Takes the numbers of classes, too.

    Signals
    -------
    chosen(int) : id of the class whose number was typed.
    pressed(str) : another answer, an `Action`.
    typed() : digits wait for more, or no longer do.
    unknown(str) : no class has the number that was typed.

    Parameters
    ----------
    workspace : whose document has the classes.
    asking : whether questions are asked; otherwise keys stay what they are.
    used : the actions that are answers here.
    """

    chosen = Signal(int)
    typed = Signal()
    unknown = Signal(str)

    def __init__(
        self,
        workspace: Workspace,
        asking: Callable[[], bool],
        parent: QObject,
        used: tuple[Action, ...] = get_args(Action),
    ) -> None:
        keys = {key: action for key, action in KEYS.items() if action in used}
        super().__init__(keys, asking, parent)
        self._workspace = workspace
        self._keys = AnswerKeys()

    @property
    def waiting(self) -> str:
        """Digits that wait for more."""
        return self._keys.typed

    def forget(self) -> None:
        """Drop the digits that wait."""
        self._keys.typed = ""

    def takes(self, event: QKeyEvent) -> bool:
        """Whether a key is an answer, or a digit of one."""
        return super().takes(event) or bool(digit_of(event))

    def press(self, event: QKeyEvent) -> None:
        """Give the answer of a key, or wait for more digits."""
        action, document = self.answer(event), self._workspace.document
        if document is None:
            return
        count = len(document.legend)
        if not action:
            self._choose(self._keys.digit(digit_of(event), count))
        elif action == "next" and self.waiting:
            self._choose(self._keys.confirm(count))
        elif action in ("erase", "leave") and self.waiting:
            self.forget()
            self.typed.emit()
        else:
            self.forget()
            self.pressed.emit(action)

    def _choose(self, number: int | None) -> None:
        document = self._workspace.document
        if number is not None and document is not None:
            self.chosen.emit(document.legend.classes[number - 1].id)
        else:
            self.typed.emit()
            if self._keys.refused:
                self.unknown.emit(self._keys.refused.lstrip("0") or "0")
