"""WrappedLabel: text in several lines, broken where it is read best, and copied as it was given."""

from __future__ import annotations

from PySide6.QtCore import Qt, Slot
from PySide6.QtGui import QClipboard, QContextMenuEvent, QKeyEvent, QKeySequence, QMouseEvent
from PySide6.QtWidgets import QApplication, QLabel, QMenu, QWidget

from hsi_viewer.core.text import with_breaks, with_units_kept, without_breaks

SELECTABLE = Qt.TextInteractionFlag.TextSelectableByMouse


class WrappedLabel(QLabel):
    """A label whose text, plain unless a format is set, is wrapped between words.

    No line ends between a number and its unit, and long words, such as paths, are broken, so that
    they neither are cut nor need a wide window.
    """

    def __init__(self, text: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._text = ""
        self.setTextFormat(Qt.TextFormat.PlainText)  # names of files may look like HTML
        self.setWordWrap(True)
        self.setText(text)

    def setText(self, text: str) -> None:
        """Show a text."""
        self._text = text
        shown = with_units_kept(text)
        plain = self.textFormat() == Qt.TextFormat.PlainText
        super().setText(with_breaks(shown) if plain else shown)

    def clear(self) -> None:
        """Show no text."""
        self.setText("")

    def text(self) -> str:
        """The text as it was given."""
        return self._text

    @Slot()
    def copy(self) -> None:
        """Copy what is selected, or all of it."""
        self._copy(QClipboard.Mode.Clipboard)

    def _copy(self, mode: QClipboard.Mode) -> None:
        selected = without_breaks(self.selectedText())
        QApplication.clipboard().setText(selected or self._text, mode)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Copy without the marks of where the text may be broken."""
        if event.matches(QKeySequence.StandardKey.Copy) and self.hasSelectedText():
            self.copy()
        else:
            super().keyPressEvent(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Hand on what was selected, where a system pastes it with the middle button."""
        super().mouseReleaseEvent(event)
        if self.hasSelectedText() and QApplication.clipboard().supportsSelection():
            self._copy(QClipboard.Mode.Selection)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Offer to copy a text that can be selected."""
        if not self.textInteractionFlags() & SELECTABLE:
            event.ignore()
            return
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addAction("&Copy", self.copy)
        menu.popup(event.globalPos())
