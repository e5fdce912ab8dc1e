"""Numbers that are typed with a point or a comma, in every language of the system."""

from __future__ import annotations

from typing import cast

from PySide6.QtCore import QLocale, QObject
from PySide6.QtGui import QDoubleValidator, QValidator
from PySide6.QtWidgets import QDoubleSpinBox, QWidget

Validated = tuple[QValidator.State, str, int]


class DecimalBox(QDoubleSpinBox):
    """Shows a point, as all numbers of the window do.

    Qt's own takes the sign that isn't the system's for one between thousands: 1.5 would become 15.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setLocale(QLocale.c())

    def validate(self, text: str, position: int) -> Validated:
        """Take a comma for a point."""
        return super().validate(text.replace(",", "."), position)


class DecimalValidator(QDoubleValidator):
    """The same for a line of text."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.setLocale(QLocale.c())

    def validate(self, text: str, position: int) -> Validated:
        """Take a comma for a point."""
        return cast("Validated", super().validate(text.replace(",", "."), position))
