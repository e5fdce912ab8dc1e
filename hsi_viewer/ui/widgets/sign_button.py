"""SignButton: a button with words and an icon in the colours of the theme."""

from __future__ import annotations

from PySide6.QtWidgets import QPushButton, QWidget

from hsi_viewer.ui.theme import icon


class SignButton(QPushButton):
    """A push button that draws its icon again in another theme.

    Parameters
    ----------
    text : what it does.
    sign : name of its icon.
    clicked : slot or signal that a click calls.
    """

    def __init__(
        self, text: str, sign: str, clicked: object, parent: QWidget | None = None
    ) -> None:
        super().__init__(text, parent)
        self._sign = sign
        self.refresh_theme()
        self.clicked.connect(clicked)

    def refresh_theme(self) -> None:
        """Draw the icon in the colours of the theme."""
        self.setIcon(icon(self._sign))
