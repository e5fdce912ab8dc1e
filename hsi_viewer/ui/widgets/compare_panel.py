"""ComparePanel: which two layers are compared, by a swipe or by flickering."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack

from PySide6.QtCore import QSignalBlocker, Signal, Slot
from PySide6.QtWidgets import (
    QComboBox,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QToolButton,
    QWidget,
)

from hsi_viewer.ui.widgets.choice_box import ChoiceBox
from hsi_viewer.ui.widgets.decimal_box import DecimalBox


class ComparePanel(QWidget):
    """Two layers, and how they are compared.

    Signals
    -------
    changed() : another layer, mode or speed was chosen.
    """

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._chosen = False
        self.left, self.right = ChoiceBox(), ChoiceBox()
        self.left.setAccessibleName("Layer to compare, left")
        self.right.setAccessibleName("Layer to compare, right")
        for box in (self.left, self.right):
            box.setSizeAdjustPolicy(
                QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
            )
            box.setMinimumContentsLength(9)
            box.currentIndexChanged.connect(self._on_choice)
        self.swipe = self._button("Swipe", "Drag a line over the image: one layer on each side")
        self.flicker = self._button("Flicker", "Alternate between the two layers")
        self.swipe.toggled.connect(self._on_swipe)
        self.flicker.toggled.connect(self._on_flicker)
        self.rate = DecimalBox()
        self.rate.setRange(0.2, 5.0)
        self.rate.setSingleStep(0.2)
        self.rate.setDecimals(1)
        self.rate.setValue(1.0)
        self.rate.setSuffix(" /s")
        self.rate.setAccessibleName("Flicker rate, changes per second")
        self.rate.setToolTip("Flicker rate, changes per second")
        self.rate.valueChanged.connect(self._on_changed)
        modes = QHBoxLayout()
        modes.addWidget(self.swipe)
        modes.addWidget(self.flicker)
        modes.addWidget(self.rate)
        modes.addStretch(1)
        layout = QGridLayout(self)
        layout.setContentsMargins(8, 0, 8, 6)
        layout.addWidget(QLabel("Compare"), 0, 0)
        layout.addWidget(self.left, 0, 1)
        layout.addWidget(QLabel("with"), 1, 0)
        layout.addWidget(self.right, 1, 1)
        layout.addLayout(modes, 2, 0, 1, 2)
        layout.setColumnStretch(1, 1)
        layout.setColumnStretch(3, 1)

    @property
    def mode(self) -> str:
        """swipe, flicker, or nothing."""
        return "swipe" if self.swipe.isChecked() else "flicker" if self.flicker.isChecked() else ""

    def set_mode(self, mode: str) -> None:
        """Start or stop comparing."""
        self.swipe.setChecked(mode == "swipe")
        self.flicker.setChecked(mode == "flicker")

    def pair(self) -> tuple[str, str]:
        """The two layers."""
        return self.left.currentText(), self.right.currentText()

    def show_layers(self, names: Sequence[str]) -> None:
        """Offer layers, the uppermost first; chosen ones stay chosen while they exist."""
        before = self.pair()
        with ExitStack() as quiet:
            for box in (self.left, self.right):
                quiet.enter_context(QSignalBlocker(box))
                box.clear()
                box.addItems(list(names))
            kept = before[0] if self._chosen else ""  # until then, what is compared most
            left = kept if kept in names else next(iter(names), "")
            others = [n for n in names if n != left]
            kept = before[1] if self._chosen else ""
            right = kept if kept in others else (others[-1] if others else "")
            self.left.setCurrentText(left)
            self.right.setCurrentText(right)
        possible = len(names) > 1
        for button in (self.swipe, self.flicker):
            button.setEnabled(possible)
            button.setToolTip(
                button.statusTip() if possible else "There is only one layer to show."
            )
        if not possible:
            self.set_mode("")
        if self.pair() != before:
            self.changed.emit()

    def _button(self, text: str, tip: str) -> QToolButton:
        button = QToolButton()
        button.setText(text)
        button.setCheckable(True)
        button.setStatusTip(tip)
        button.setToolTip(tip)
        button.setAccessibleName(f"{text} between two layers")
        return button

    @Slot()
    def _on_choice(self) -> None:
        self._chosen = True
        self.changed.emit()

    @Slot()
    def _on_changed(self) -> None:
        self.changed.emit()

    @Slot(bool)
    def _on_swipe(self, on: bool) -> None:
        if on:
            self.flicker.setChecked(False)
        self.changed.emit()

    @Slot(bool)
    def _on_flicker(self, on: bool) -> None:
        if on:
            self.swipe.setChecked(False)
        self.changed.emit()
