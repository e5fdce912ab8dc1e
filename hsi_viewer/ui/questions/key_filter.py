"""AnswerKeyFilter: takes the keys of answers before they start commands."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, get_args

from PySide6.QtCore import QEvent, QObject, Signal
from PySide6.QtGui import QKeyEvent

from hsi_viewer.ui.questions.answer_keys import Action, AnswerKeys, action_of, digit_of

if TYPE_CHECKING:
    from hsi_viewer.ui.workspace import Workspace


class AnswerKeyFilter(QObject):
    """Event filter of the widgets that have the keyboard while questions are asked.

    Signals
    -------
    chosen(int) : id of the class whose number was typed.
    pressed(str) : another answer, an `Action`.
    typed() : digits wait for more, or no longer do.

    Parameters
    ----------
    workspace : whose document has the classes.
    asking : whether questions are asked; otherwise keys stay what they are.
    used : the actions that are answers here.
    """

    chosen = Signal(int)
    pressed = Signal(str)
    typed = Signal()

    def __init__(
        self,
        workspace: Workspace,
        asking: Callable[[], bool],
        parent: QObject,
        used: tuple[Action, ...] = get_args(Action),
    ) -> None:
        super().__init__(parent)
        self._workspace, self._asking, self._used = workspace, asking, used
        self._keys = AnswerKeys()

    @property
    def waiting(self) -> str:
        """Digits that wait for more."""
        return self._keys.typed

    def forget(self) -> None:
        """Drop the digits that wait."""
        self._keys.typed = ""

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:
        """Take the keys of the answers."""
        if not isinstance(event, QKeyEvent) or not self._asking():
            return False
        if action_of(event) not in self._used and not digit_of(event):
            return False
        if event.type() == QEvent.Type.ShortcutOverride:
            event.accept()
            return True
        if event.type() == QEvent.Type.KeyPress:
            if not event.isAutoRepeat():
                self._press(event)
            return True
        return event.type() == QEvent.Type.KeyRelease

    def _press(self, event: QKeyEvent) -> None:
        action, document = action_of(event), self._workspace.document
        if document is None:
            return
        count = len(document.legend)
        if action is None:
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
