"""ResultCard: what a training brought, and what can be done next, at the foot of the image."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct
from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QToolButton, QVBoxLayout

from hsi_viewer.ui.theme import icon
from hsi_viewer.ui.widgets.flow_row import FlowRow
from hsi_viewer.ui.wrapped_label import WrappedLabel


class NextStep(Struct, frozen=True):
    """A command that helps from here.

    Attributes
    ----------
    command : its id.
    text, tip, icon : of its button.
    """

    command: str
    text: str
    tip: str
    icon: str


class ResultCard(QFrame):
    """Shows facts about a map.

    Signals
    -------
    chosen(str) : id of the command of a button.
    """

    chosen = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("notice")
        self.setProperty("level", "success")
        self.setAccessibleName("Result of the training")
        self.title, self.accuracy, self.change = WrappedLabel(), WrappedLabel(), WrappedLabel()
        self.title.setObjectName("heading")
        self.close_button = QToolButton()
        self.close_button.setAutoRaise(True)
        self.close_button.setAccessibleName("Close the result")
        self.close_button.setToolTip("Close (Escape)")
        self.close_button.clicked.connect(self.hide)
        self.buttons: list[QPushButton] = []
        self._steps: tuple[NextStep, ...] = ()
        head = QHBoxLayout()
        head.addWidget(self.title, 1)
        head.addWidget(self.close_button, 0, Qt.AlignmentFlag.AlignTop)
        self._row = FlowRow()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 6, 6, 8)
        layout.setSpacing(4)
        layout.addLayout(head)
        layout.addWidget(self.accuracy)
        layout.addWidget(self.change)
        layout.addLayout(self._row)
        self.refresh_theme()
        self.hide()

    def show_map(self, title: str, details: str) -> None:
        """Show what the map is; the figures follow."""
        _fill(self.title, title)
        self.title.setToolTip(details)
        self.show_accuracy("")
        self.show_change("")
        self.show()

    def show_accuracy(self, text: str) -> None:
        """Show how good the map is; "" hides the line."""
        _fill(self.accuracy, text)
        self.accuracy.setVisible(bool(text))

    def show_change(self, text: str) -> None:
        """Show what differs from the map before; "" hides the line."""
        _fill(self.change, text)
        self.change.setVisible(bool(text))

    def show_steps(self, steps: Sequence[NextStep]) -> None:
        """Offer what can be done next."""
        if tuple(steps) == self._steps:
            return
        self._steps = tuple(steps)
        while (item := self._row.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.hide()
                widget.deleteLater()
        self.buttons = []
        for step in steps:
            button = QPushButton(step.text)
            button.setToolTip(step.tip)
            button.setIcon(icon(step.icon))
            button.setProperty("command", step.command)
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            button.clicked.connect(self._on_button)
            self._row.addWidget(button)
            self.buttons.append(button)

    def dismiss(self) -> bool:
        """Close it; False if it is closed."""
        if self.isHidden():
            return False
        self.hide()
        return True

    def refresh_theme(self) -> None:
        """Draw the icons in the colours of the theme."""
        self.close_button.setIcon(icon("close"))
        for button, step in zip(self.buttons, self._steps, strict=True):
            button.setIcon(icon(step.icon))

    @Slot()
    def _on_button(self) -> None:
        self.hide()
        self.chosen.emit(self.sender().property("command"))


def _fill(label: QLabel, text: str) -> None:
    """Show a text that can be copied; an empty label takes no part in the keyboard's way."""
    flag = Qt.TextInteractionFlag
    label.setText(text)
    label.setTextInteractionFlags(flag.TextSelectableByMouse if text else flag.NoTextInteraction)
