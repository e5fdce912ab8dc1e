"""OfferBar: questions over the image that can wait, each with its buttons."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QImage, QPixmap
from PySide6.QtWidgets import (
    QBoxLayout,
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from hsi_viewer.ui.theme import icon
from hsi_viewer.ui.widgets.choice import Choice
from hsi_viewer.ui.widgets.stack import Stack
from hsi_viewer.ui.wrapped_label import WrappedLabel

LONG = 100  # letters of a text that gets the whole width, its buttons below it


class OfferBar(Stack):
    """Offers, the latest below; they stay until one of their buttons is pressed, or Escape."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.offers: list[Offer] = []

    def items(self) -> list[Offer]:
        """The questions, also those that wait for room."""
        return self.offers

    def offer(self, key: str, text: str, choices: Sequence[Choice], sign: str) -> Offer:
        """Show an offer; one of the same key is replaced.

        Parameters
        ----------
        key : by which it can be removed again.
        text : the question.
        choices : its buttons.
        sign : name of an icon.
        """
        self.withdraw(key)
        offer = Offer(key, text, choices, sign, self)
        offer.chosen.connect(self._on_chosen)
        self.offers.append(offer)
        self._layout.addWidget(offer)
        self.show()
        return offer

    def withdraw(self, key: str) -> None:
        """Remove an offer."""
        for offer in [o for o in self.offers if o.key == key]:
            self.offers.remove(offer)
            self._layout.removeWidget(offer)
            offer.hide()
            offer.deleteLater()
        self.setVisible(bool(self.offers))

    def dismiss(self) -> bool:
        """Answer the newest question by the choice that changes nothing; False if there is none."""
        for offer in reversed(self.offers):
            number = next((n for n, c in enumerate(offer.choices) if c.escape), None)
            if number is not None:
                self._on_chosen(offer.key, number)
                return True
        return False

    def texts(self) -> list[str]:
        """The questions, oldest first."""
        return [o.text for o in self.offers]

    def press(self, key: str, text: str) -> None:
        """Press a button of an offer, as a user does."""
        offer = next(o for o in self.offers if o.key == key)
        next(b for b in offer.buttons if b.text() == text).click()

    @Slot(str, int)
    def _on_chosen(self, key: str, number: int) -> None:
        offer = next((o for o in self.offers if o.key == key), None)
        if offer is not None:
            choice = offer.choices[number]
            self.withdraw(key)
            choice.run()

    def refresh_theme(self) -> None:
        """Draw the icons in the colours of the theme."""
        for offer in self.offers:
            offer.refresh_theme()


class Offer(QFrame):
    """One question with its buttons.

    Signals
    -------
    chosen(key, number of the choice).
    """

    chosen = Signal(str, int)

    def __init__(
        self, key: str, text: str, choices: Sequence[Choice], sign: str, parent: QWidget
    ) -> None:
        super().__init__(parent)
        self.setObjectName("notice")
        self.setProperty("level", "info")
        self.setAccessibleName(text)
        self.key, self.text, self.choices = key, text, tuple(choices)
        self._sign_name = sign
        self._sign = QLabel()
        message = WrappedLabel(text)
        message.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        message.setMinimumWidth(1)  # the longest word, a file name, must not widen the window
        explained = any(choice.about for choice in choices)
        ways, is_long = QBoxLayout.Direction, explained or len(text) > LONG
        layout = QBoxLayout(ways.TopToBottom if is_long else ways.LeftToRight, self)
        layout.setContentsMargins(10, 6, 8, 6)
        head, row = QHBoxLayout(), QHBoxLayout()
        head.addWidget(self._sign, 0, Qt.AlignmentFlag.AlignVCenter)
        head.addWidget(message, 1)
        layout.addLayout(head, 1)
        layout.addLayout(row)
        if is_long and not explained:
            row.addStretch(1)
        self.buttons: list[QPushButton] = []
        for number, choice in enumerate(choices):
            button = QPushButton(choice.text)
            button.setProperty("number", number)
            if choice.primary:
                button.setObjectName("primary")
            button.clicked.connect(self._on_clicked)
            if explained:
                row.addLayout(_explained(choice, button), 1)
            else:
                row.addWidget(button, 0, Qt.AlignmentFlag.AlignVCenter)
            self.buttons.append(button)
        self.refresh_theme()

    def refresh_theme(self) -> None:
        """Draw the icon in the colours of the theme."""
        self._sign.setPixmap(icon(self._sign_name).pixmap(20, 20))

    @Slot()
    def _on_clicked(self) -> None:
        self.chosen.emit(self.key, int(self.sender().property("number")))


def _explained(choice: Choice, button: QPushButton) -> QVBoxLayout:
    """A button with a picture of what it comes to, and a sentence about it."""
    column = QVBoxLayout()
    column.addStretch(1)
    if choice.picture is not None:
        pixels = np.ascontiguousarray(choice.picture)
        height, width = pixels.shape[:2]
        image = QImage(pixels.data, width, height, 3 * width, QImage.Format.Format_RGB888)
        picture = QLabel()
        picture.setPixmap(QPixmap.fromImage(image))
        picture.setAccessibleName(f"Preview: {choice.text}")
        column.addWidget(picture, 0, Qt.AlignmentFlag.AlignHCenter)
    about = WrappedLabel(choice.about)
    about.setObjectName("muted")
    column.addWidget(about)
    column.addWidget(button)
    return column
