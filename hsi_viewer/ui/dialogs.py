"""The few questions that are asked in a window of their own."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QLabel,
    QMessageBox,
    QPushButton,
    QTextBrowser,
    QVBoxLayout,
    QWidget,
)

from hsi_viewer.core.text import listed
from hsi_viewer.ui.theme import text_scale
from hsi_viewer.ui.wrapped_box import WrappedBox
from hsi_viewer.ui.wrapped_label import WrappedLabel

OK = QDialogButtonBox.StandardButton.Ok


def accept_or_cancel(
    dialog: QDialog, accept: str, kind: QDialogButtonBox.StandardButton = OK
) -> QDialogButtonBox:
    """Buttons that accept a dialog, in these words, or reject it."""
    buttons = QDialogButtonBox(kind | QDialogButtonBox.StandardButton.Cancel)
    buttons.button(kind).setText(accept)
    buttons.accepted.connect(dialog.accept)
    buttons.rejected.connect(dialog.reject)
    return buttons


def accept_button(buttons: QDialogButtonBox) -> QPushButton:
    """The button that accepts."""
    return buttons.button(OK)


def resize_for_text(dialog: QDialog, width: int, height: int) -> None:
    """Give a dialog the size that it has at text of 100 %, in pixels, scaled by the text's size."""
    wanted = QSize(width, height) * text_scale()
    dialog.resize(wanted.boundedTo(dialog.screen().availableGeometry().size()))


def muted(text: str) -> QLabel:
    """A text that explains, in the quiet colour of the theme."""
    label = WrappedLabel(text)
    label.setObjectName("muted")
    return label


class Leave(Enum):
    """Answers to the question before a document is left."""

    SAVE = "save"
    DISCARD = "discard"
    STAY = "stay"


def ask_to_leave(parent: QWidget, unsaved: Sequence[str], running: Sequence[str]) -> Leave:
    """Ask before unsaved work is dropped or running tasks are stopped.

    Parameters
    ----------
    unsaved : what was not saved, e.g. "labels".
    running : what runs, e.g. "Training".
    """
    if not unsaved and not running:
        return Leave.DISCARD
    box = WrappedBox(QMessageBox.Icon.Question, parent)
    sentences = []
    if unsaved:
        sentences.append(f"Save {listed(unsaved)} before closing the scene?")
    if running:
        verb = "are" if running[1:] else "is"
        sentences.append(f"{listed(running)} {verb} still running and will be stopped.")
    box.setText(" ".join(sentences))
    save = None
    if unsaved:
        save = box.addButton("Save", QMessageBox.ButtonRole.AcceptRole)
        drop = box.addButton("Discard", QMessageBox.ButtonRole.DestructiveRole)
    else:
        drop = box.addButton(
            "Stop them" if running[1:] else "Stop it", QMessageBox.ButtonRole.AcceptRole
        )
    stay = box.addButton(QMessageBox.StandardButton.Cancel)
    box.setDefaultButton(save or drop)
    box.setEscapeButton(stay)
    box.exec()
    clicked = box.clickedButton()
    answer = Leave.STAY
    if save is not None and clicked is save:
        answer = Leave.SAVE
    elif clicked is drop:
        answer = Leave.DISCARD
    box.deleteLater()
    return answer


class TextDialog(QDialog):
    """Shows a text in Markdown, e.g. "About this scene"."""

    def __init__(self, title: str, markdown: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(title)
        self.browser = QTextBrowser()
        self.browser.setAccessibleName(title)
        self.browser.setOpenExternalLinks(True)
        self.browser.setMarkdown(markdown)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.addWidget(self.browser)
        layout.addWidget(buttons)
        resize_for_text(self, 560, 460)
