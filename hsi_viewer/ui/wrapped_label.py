"""WrappedLabel: text in several lines, none of which ends between a number and its unit."""

from __future__ import annotations

from PySide6.QtWidgets import QLabel, QWidget

from hsi_viewer.core.text import with_units_kept


class WrappedLabel(QLabel):
    """A label whose text is wrapped between words."""

    def __init__(self, text: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._text = ""
        self.setWordWrap(True)
        self.setText(text)

    def setText(self, text: str) -> None:
        """Show a text."""
        self._text = text
        super().setText(with_units_kept(text))

    def clear(self) -> None:
        """Show no text."""
        self.setText("")

    def text(self) -> str:
        """The text as it was given."""
        return self._text
