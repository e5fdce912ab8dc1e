"""Controls that can be used now and then say why they can't."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

TIP = "tip_when_allowed"  # property


def allow(control: QWidget, reason: str) -> None:
    """Grey a control and say why in its tip; "" enables it, with the tip that it had at first."""
    tip = control.property(TIP)
    if tip is None:
        tip = control.toolTip()
        control.setProperty(TIP, tip)
    control.setEnabled(not reason)
    control.setToolTip(reason or tip)
