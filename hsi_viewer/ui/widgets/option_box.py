"""OptionBox: a check box that isn't ticked while it has no effect, and says why it hasn't."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker
from PySide6.QtWidgets import QCheckBox, QWidget


class OptionBox(QCheckBox):
    """A choice that is possible now and then.

    Parameters
    ----------
    text : beside the box.
    checked : at the start.
    tip : while it is possible.
    """

    def __init__(
        self, text: str, *, checked: bool = False, tip: str = "", parent: QWidget | None = None
    ) -> None:
        super().__init__(text, parent)
        self._tip, self._wanted = tip, checked
        self.setChecked(checked)
        self.setToolTip(tip)

    def allow(self, reason: str = "") -> None:
        """Grey and untick the box for a reason; "" enables it, ticked as it was before.

        Neither is a choice of the user's: `toggled` isn't emitted.
        """
        if self.isEnabled():
            self._wanted = self.isChecked()
        self.setEnabled(not reason)
        self.setToolTip(reason or self._tip)
        with QSignalBlocker(self):
            self.setChecked(self._wanted and not reason)
        self.update()

    def want(self, checked: bool) -> None:
        """Tick the box as soon as it is possible, or untick it."""
        self._wanted = checked
        with QSignalBlocker(self):
            self.setChecked(checked and self.isEnabled())
        self.update()
