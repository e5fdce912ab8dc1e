"""A title in a menu: style sheets leave out the text of Qt's own sections."""

from __future__ import annotations

from PySide6.QtGui import QFont
from PySide6.QtWidgets import QMenu


def add_title(menu: QMenu, text: str) -> None:
    """Add a line in bold that is read, and can't be chosen, and a separator below it."""
    title = menu.addAction(text.replace("&", "&&"))
    font = QFont(menu.font())
    font.setBold(True)
    title.setFont(font)
    title.setEnabled(False)
    menu.addSeparator()
